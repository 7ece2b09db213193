"""What does somebody want of the house, and of what in it? Intents and slots, jointly."""

from functools import partial

from .base import Data, Task

# How many sentences are drawn of each template.
EACH = {"train": 48, "validation": 4, "new values": 2, "new templates": 10}
# So many of the slots of training hold any words: what an unknown thing is, its neighbours tell.
FREE = 0.1
LISTS = 2  # edition of `finetuning.fillings`: results on another say nothing of this one


def _load(language: str, by: str, task: Task) -> Data:
    """Tests: templates of training with values that it never held; and templates that are new."""
    from companion import corpora
    from companion import finetuning as ft

    known = [t for t in corpora.load("home_intents", "train") if t.language == language]
    intents = {template.intent for template in known}
    new = [t for t in corpora.load("home_intents", "test") if t.intent in intents]
    tuning = [t for t in corpora.load("home_intents", "validation") if t.intent in intents]
    each = task.numbers["sentences a template"]
    train = ft.utterances(known, language, each["train"], free=task.numbers["free"])
    texts = {item.id for item in train}
    return Data(
        kind=ft.IntentSlots.of(train),
        train=train,
        validation=[
            *ft.utterances(
                known, language, each["validation"], seed=1, part="validation", but=texts
            ),
            *ft.utterances(tuning, language, each["validation"], seed=1, but=texts),
        ],
        tests={
            "known templates, new values": ft.utterances(
                known, language, each["new values"], seed=2, part="test", but=texts
            ),
            "new templates": ft.utterances(new, language, each["new templates"], seed=3, but=texts),
        },
        baselines={"bag and windows": partial(ft.bag_and_tags, by=by)},
    )


def _task(name: str, language: str, by: str, checkpoint: str, extra: tuple[str, ...], **settings):
    return Task(
        name=name,
        title=f"Intent and slots of what is said to a house ({language}, drawn from a grammar)",
        corpora=("home_intents", *extra),
        minutes=12,
        checkpoint=checkpoint,
        load=partial(_load, language, by),
        bar=0.97,
        settings={
            "longest": 40,
            "every": 100,
            "epochs": 2,
            "patience": 20,  # the slots are learnt last, while the rate falls
            "chosen by": "slot F1",
            "sentences a template": EACH,
            "free": FREE,
            "lists": LISTS,
            **settings,
        },
        licences=("home_intents: Home Assistant, Apache-2.0",),
    )


ENGLISH = _task(
    "intents-en", "en", "word", "minilm", ("minilm", "bert_vocab_en"),
    rates={"full": 1e-4, "frozen": 2e-3, "lora": 1e-3, "adapter": 1e-3, "scratch": 3e-4},
)  # fmt: skip
CHINESE = _task(
    "intents-zh", "zh-CN", "char", "bert-mini-zh", ("jieba_dict",),
    muon=True, dropout=0.1, epochs=3,
    rates={"full": 3e-3, "frozen": 6e-3, "lora": 6e-3, "adapter": 6e-3, "scratch": 6e-3},
)  # fmt: skip
