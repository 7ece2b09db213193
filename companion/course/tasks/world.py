"""Tasks of the microworld, whose gold answers are exact: opinions, relations, entailment, reading.

Trained on texts drawn by the ten thousand, from new weights or, where a text is asked about, from
`reader-mini-en`: one question teaches little about a text, and answers alone, 2,000 steps of them,
left two fifths wrong of what takes two sentences. Test texts join people with cities and jobs, or
nouns with adjectives, as no training text does; a second test has texts longer than those. Some
training texts are short: what is asked of a single person teaches what an answer looks like, and
texts that say one thing of each person teach to find out whom of several it is asked of. The
encoder is told which words the question has too, and its heads start where sentences hold together
(`finetuning.reading`).
"""

from functools import partial
from typing import Any

from .base import Data, Task

PEOPLE, MORE = 3, 6  # at most in a text of training, and in a longer one
BRIEF = (2, 3)  # people of the training texts that say one thing of each
JUDGED, ALL = 3, 5  # the same of what a review judges
SHARED = {
    "texts": {"train": 30_000, "validation": 600, "test": 1000},
    "longest": 256,
    "batch_size": 64,
    "patience": 12,  # whom a text speaks of is found out late
}
ENCODER = SHARED | {
    "model": {"context_length": 256, "d_model": 128, "num_layers": 4, "num_heads": 8, "d_ff": 512,
              "dropout": 0.0, "num_segments": 3,  # those of `reading.marks`
              "activation": "relu"},  # an exact GELU takes two fifths of a step
    "longest": 64,
    "epochs": 4,
    "every": 100,
    "rates": {"scratch": 6e-3},
    "muon": True,
}  # fmt: skip
READER = SHARED | {
    "texts": SHARED["texts"] | {"train": 32_000},
    "epochs": 1,
    "every": 100,
    "rates": {"full": 2e-3, "scratch": 6e-3, "frozen": 6e-3, "lora": 6e-3, "adapter": 6e-3},
    "muon": True,
    "brief": BRIEF,
}
# A statement has two questions in it, of whom and whether: after 500 steps it was still learnt.
LONGER = READER | {"texts": SHARED["texts"] | {"train": 96_000}}
WRITER = SHARED | {
    "model": {"context_length": 256, "d_model": 128, "num_layers": 2, "num_heads": 4, "d_ff": 512,
              "dropout": 0.0, "norm": "pre", "rotary": True},
    "epochs": 8,
    "every": 200,
    "rates": {"scratch": 1e-3},
}  # fmt: skip


def training_sizes(count: int, most: int, least: int = 1) -> list[tuple[int, int]]:
    """(how many texts, of how many people or judgements): shorter ones and those of full length."""
    sizes = range(least, most + 1)
    return [(count // len(sizes), size) for size in sizes]


def read(task: Task, what: str, split: str, people: int = PEOPLE) -> list:
    """Readings of a split, as many as the task's settings say."""
    from companion import microworld

    count = task.numbers["texts"][split]
    if split != "train":
        return microworld.readings(what, count, split=split, people=people)
    least = 2 if what == "replies" else 1  # "and Tom?" takes two
    kinds = [(size, True) for size in task.numbers.get("brief", BRIEF)]
    kinds += [(size, False) for size in range(least, people + 1)]
    return [
        reading
        for size, brief in kinds
        for reading in microworld.readings(what, count // len(kinds), people=size, brief=brief)
    ]


def _data(task: Task, kind, items, what: str, baselines) -> Data:
    """The splits of readings, made into items, and the longer test."""
    return Data(
        kind=kind,
        train=items(read(task, what, "train")),
        validation=items(read(task, what, "validation")),
        tests={
            "new combinations": items(read(task, what, "test")),
            "longer texts": items(read(task, what, "test", MORE)),
        },
        baselines=baselines,
    )


def _labelled(what: str, nothing: str | None, task: Task) -> Data:
    from companion import finetuning as ft
    from companion import microworld

    labels = microworld.RELATIONS if what == "relations" else microworld.VERDICTS
    return _data(
        task,
        ft.Classification(tuple(sorted(labels)), pooling="first", nothing=nothing),
        lambda made: [ft.Example(r.id, r.text, r.answer, r.second, r.kind, r.group) for r in made],
        what,
        {"bag of words": ft.bag_of_words, "commonest": ft.commonest},
    )


def _asked(task: Task) -> Data:
    from companion import finetuning as ft

    return _data(
        task,
        ft.Answering(),
        lambda made: [
            ft.Asked(r.id, r.text, r.second, r.answer, r.start, r.kind, r.group) for r in made
        ],
        "answers",
        {"overlapping sentence": ft.overlapping_sentence},
    )


def _written(what: str, task: Task) -> Data:
    from companion import finetuning as ft

    baselines: dict[str, Any] = {"nearest text": ft.nearest_target}
    if what == "summaries":
        baselines["lead"] = ft.lead
    return _data(
        task,
        ft.Writing(exact_first=what == "replies"),
        lambda made: [ft.Rewrite(r.id, r.text, r.answer, r.second, r.kind, r.group) for r in made],
        what,
        baselines,
    )


def _judged(task: Task) -> Data:
    """Reviews of up to three aspects, and longer ones of all five."""
    from companion import finetuning as ft
    from companion import microworld

    def items(split: str, count: int, judged: int):
        made = microworld.opinions(count, split=split, judged=judged)
        return [ft.Example(o.id, o.text, o.label, o.aspect, o.kind, o.group) for o in made]

    texts = task.numbers["texts"]
    train = [i for size in training_sizes(texts["train"], JUDGED) for i in items("train", *size)]
    return Data(
        kind=ft.Classification.of(train, pooling="first"),
        train=train,
        validation=items("validation", texts["validation"], JUDGED),
        tests={
            "new combinations": items("test", texts["test"], JUDGED),
            "longer texts": items("test", texts["test"], ALL),
        },
        baselines={"bag of words": ft.bag_of_words, "commonest": ft.commonest},
    )


def _task(
    name: str, title: str, load, bar: float, minutes: int, settings, checkpoint: str | None = None
) -> Task:
    return Task(
        name=name,
        title=f"{title} (microworld, synthetic)",
        corpora=(),
        minutes=minutes,
        checkpoint=checkpoint,
        load=load,
        bar=bar,
        settings=settings,
        licences=("microworld: synthetic, made by this course",),
    )


_READER = "reader-mini-en"
TASKS = (
    _task("aspects", "What a review says of one of several things", _judged, 0.95, 5, ENCODER),
    _task("relations", "What joins two names in a text", partial(_labelled, "relations", "none"),
          0.95, 8, READER, _READER),
    _task("entailment", "Whether a statement follows from a text, contradicts it, or neither",
          partial(_labelled, "verdicts", None), 0.95, 12, LONGER, _READER),
    _task("answers", "The words of a text that answer a question, or none", _asked, 0.95, 5,
          READER, _READER),
    _task("summaries", "Who lives where, in a sentence a city", partial(_written, "summaries"),
          0.90, 55, WRITER),
    _task("replies", "The reply to a question that only the talk before makes clear",
          partial(_written, "replies"), 0.95, 55, WRITER),
)  # fmt: skip
