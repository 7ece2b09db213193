"""Which record is for training, validation or testing: fixed for good, for the whole project.

Duplicates go first, then documents are dealt out: by name where a person chose the works, by
place in time or in the file where neighbours belong together, else by a hash of the text, which
does not depend on order, on a random generator or on what else is in the corpus. Whatever trains
sees `"train"` only.
"""

import hashlib
import unicodedata
from collections.abc import Callable, Iterable, Sequence

from companion.corpora.records import Document, Labelled, Pair, Record, TaggedSentence, Template

SPLITS = ("train", "validation", "test")

# A tragedy, a comedy, a history and verse on either side. Two poems of The Passionate Pilgrim are
# versions of sonnets, so it must not be in training either.
SHAKESPEARE_TEST = frozenset({"henry_vi_part_2", "measure_for_measure", "othello", "sonnets"})
SHAKESPEARE_VALIDATION = frozenset(
    {"macbeth", "twelfth_night", "richard_ii", "lovers_complaint", "passionate_pilgrim"}
)

# Books that no other book of the Bible retells (as Kings and Chronicles, or the first three
# gospels, retell each other): Ruth, Job, Daniel, John, Romans; Esther, Proverbs, Acts, Hebrews.
BIBLE_TEST = frozenset({"08", "18", "27", "43", "45"})
BIBLE_VALIDATION = frozenset({"17", "20", "44", "58"})

# The month in order of days: later news is tested on earlier news. Both lines begin an article.
PEOPLES_DAILY_VALIDATION = 15_585
PEOPLES_DAILY_TEST = 17_541

# The films are in the order of the file. Both pairs begin a film.
DIALOGUE_VALIDATION = 51_540
DIALOGUE_TEST = 58_012


def distinct(records: Iterable[Record]) -> tuple[Record, ...]:
    """The records without repetitions, the first of each kept, in order.

    Two texts are the same if they agree up to blanks and the width of letters; not up to case,
    which means something to the scores of "good" and "GOOD". A text that carries two labels is
    left out altogether, and so is a pair with an empty side.
    """
    kept: dict[object, Record] = {}
    contradicted = set()
    for record in records:
        if isinstance(record, Pair) and not (record.source.strip() and record.target.strip()):
            continue
        key = _sameness(record)
        first = kept.setdefault(key, record)
        if isinstance(record, Labelled) and record.label != first.label:
            contradicted.add(key)
    return tuple(record for key, record in kept.items() if key not in contradicted)


def split_of(name: str, record: Record) -> str:
    """The split of one record of the corpus `name`, `"train"`, `"validation"` or `"test"`."""
    return _RULES.get(name, _by_text)(record)


def linked(pairs: Sequence[tuple[str, str]]) -> list[int]:
    """The group of each pair: pairs that share either text, up to case and signs, are one group.

    So are those that share a text with a third pair, and so on. A group is the place of its first.
    """
    parents: list[int] = []

    def root(place: int) -> int:
        while parents[place] != place:
            parents[place] = parents[parents[place]]  # half the way for whoever asks next
            place = parents[place]
        return place

    holders: dict[tuple[int, str], int] = {}
    for place, pair in enumerate(pairs):
        parents.append(place)
        for side, text in enumerate(pair):
            holder = holders.setdefault((side, _letters(text)), place)
            first, later = sorted((root(holder), root(place)))
            parents[later] = first
    return [root(place) for place in range(len(pairs))]


def _sameness(record: Record) -> object:
    match record:
        case Document(id=ident):
            return ident
        case Pair(source=source, target=target):
            return _plain(source), _plain(target)
        case Template(language=language, intent=intent, text=text):
            return language, intent, _plain(text)
        case TaggedSentence(words=words, tags=tags):
            return words, tags
        case _:
            return _plain(record.text)


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).split())


def _letters(text: str) -> str:
    """Letters and digits only, so that twins that differ in case or signs share their split."""
    plain = _plain(text).casefold()
    return "".join(filter(str.isalnum, plain)) or plain


def _by_hash(key: str) -> str:
    """80 % train, 10 % validation, 10 % test, by the first eight bytes of the key's sha256."""
    first = int.from_bytes(hashlib.sha256(key.encode("utf-8")).digest()[:8], "big")
    tenth = first * 10 >> 64
    return "train" if tenth < 8 else "validation" if tenth == 8 else "test"


def _by_text(record: Record) -> str:
    match record:
        case Pair(source=text) | Labelled(text=text) | Template(text=text):
            return _by_hash(_letters(text))
        case _:
            return _by_hash(record.id)


def _by_document(record: Record) -> str:
    """The sentences of one review, or of one group, stay together: ids are `document_number`."""
    return _by_hash(record.id.partition("_")[0])


def _named(validation: frozenset[str], test: frozenset[str]) -> Callable[[Record], str]:
    def rule(record: Record) -> str:
        document = record.id.partition(":")[0]  # a verse, `book:chapter:verse`, is of its book
        if document in test:
            return "test"
        return "validation" if document in validation else "train"

    return rule


def _placed(validation: int, test: int) -> Callable[[Record], str]:
    def rule(record: Record) -> str:
        place = int(record.id)
        return "train" if place < validation else "validation" if place < test else "test"

    return rule


def _every_tenth(record: Record) -> str:
    """Chapters 10, 20, … are for testing, 5, 15, … for validation: all of the story is seen."""
    last = int(record.id) % 10
    return "test" if last == 0 else "validation" if last == 5 else "train"


_RULES: dict[str, Callable[[Record], str]] = {
    "shakespeare": _named(SHAKESPEARE_VALIDATION, SHAKESPEARE_TEST),
    "sanguo": _every_tenth,
    "peoples_daily": _placed(PEOPLES_DAILY_VALIDATION, PEOPLES_DAILY_TEST),
    "amazon_snippets": _by_document,
    "nyt_snippets": _by_document,
    "tatoeba": _by_document,
    "movie_dialogue": _placed(DIALOGUE_VALIDATION, DIALOGUE_TEST),
    "web_bible": _named(BIBLE_VALIDATION, BIBLE_TEST),
    "cuv_bible": _named(BIBLE_VALIDATION, BIBLE_TEST),
    "bible_pairs": _named(BIBLE_VALIDATION, BIBLE_TEST),
}
