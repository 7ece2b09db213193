"""`reader-mini-en`: an encoder that has learned to read the microworld, for chapter 10's tasks."""

import dataclasses
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .base import Dish, Recipe, Say, told, train_by


def _read_roles(recipe: Recipe, state: Path, say: Say) -> Dish:
    """A small encoder and a head for the roles of names; the head is left behind.

    What is asked about a text names one or two people; for every name, pronoun, city and job of the
    text the head says what it is to them. That is more than the answer to any one question, and so
    a denser lesson.
    """
    from companion import backend, checkpoints, training  # backend first: it silences TensorFlow
    from companion import finetuning as ft
    from companion.bert import Bert

    begun = time.perf_counter()
    set_ = recipe.settings
    items = role_items("train", set_)
    test = role_items("test", set_)
    kind = ft.Tagging.of(items)
    start = kind.start(ft.texts_of(items), set_["model"])
    say(f"{len(items)} texts with a question, {len(start.tokenizer)} tokens in the vocabulary")

    training.seed(recipe.seed)
    with backend.fast_precision() as precision:
        model = kind.model(start, "scratch")
    learning = set_["learning"]
    kind.compile(model, learning["rate"], recipe.steps, learning["muon"])
    prepared = time.perf_counter() - begun
    longest = start.config.context_length
    model, history = train_by(
        recipe,
        model,
        kind.model(start, "scratch"),
        kind.batches(start.tokenizer, items, longest, set_["batch_size"], recipe.seed),
        state,
        say,
    )
    kept = state.with_name("tokenizer.json")
    start.tokenizer.save(kept)
    say("measuring on combinations that no training text has")
    answers = kind.reader(model, start.tokenizer, longest)(test)
    facts = {
        "kind": ft.READER,
        "title": recipe.title,
        "made by": f"companion train {recipe.name}",
        "data": {
            "synthetic": f"{len(items)} texts of the microworld",
            "licences": set_["licences"],
        },
        "config": dataclasses.asdict(start.config),
        "parameters": model.encoder.count_params(),
        "training": told(recipe, history, prepared, precision),
        "roles in test texts, of the float16 weights": kind.errors(test, answers),
    }
    encoder = checkpoints.copied(model.encoder, Bert(start.config))
    return Dish(encoder, facts, {"tokenizer.json": kept})


def role_items(split: str, settings: Mapping[str, Any]) -> list:
    """Texts of one split with a question each, as many and of as many people as the settings say.

    Words are tagged B- and I- with what they are to whom the question is about.
    """
    from companion import finetuning as ft
    from companion import microworld

    items = []
    for people, brief, count in settings["texts"][split]:
        for one in microworld.roles(count, split=split, people=people, brief=brief):
            words, tags = ft.word_tags(one.text, one.spans)
            items.append(
                ft.TaggedText(one.id, tuple(words), tuple(tags), group=one.group, second=one.second)
            )
    return items


# [people, whether one thing is said of each, texts]: short texts are what reading begins with.
RECIPE = Recipe(
    name="reader-mini-en",
    title="What each name of a text is to whom a question is about (microworld, synthetic)",
    corpora=(),
    minutes=30,
    cook=_read_roles,
    steps=2200,
    settings={
        "texts": {
            "train": [[2, True, 10_000], [3, True, 10_000], [1, False, 10_000],
                      [2, False, 40_000], [3, False, 80_000]],
            "test": [[3, False, 1000]],
        },
        "model": {"context_length": 256, "d_model": 128, "num_layers": 4, "num_heads": 8,
                  "d_ff": 512, "dropout": 0.0, "num_segments": 3,  # those of `reading.marks`
                  "activation": "relu"},  # an exact GELU takes two fifths of a step
        "batch_size": 64,
        "learning": {"rate": 6e-3, "muon": True},
        "every": 100,
        "licences": ["microworld: part of this course, synthetic"],
    },
)  # fmt: skip
