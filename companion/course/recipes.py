"""What `companion train NAME` can make: the committed checkpoints, each with all that fixes it.

A recipe is a pure function of its numbers: the data are pinned, batches depend on the step alone,
and the state is kept in the cache, so that a run which is killed and started again makes the same
weights. Keras is imported when a recipe is cooked.
"""

import dataclasses
import hashlib
import json
import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from companion import cache

Say = Callable[[str], None]


@dataclass(frozen=True)
class Recipe:
    """A checkpoint's name, what it is for, what it reads, and the function that makes it.

    `cook(recipe, state, say)` trains, resuming from the file `state`, and returns a `Dish`.
    """

    name: str
    title: str
    corpora: tuple[str, ...]
    minutes: int  # on two cores
    cook: Callable[["Recipe", Path, Say], "Dish"]
    steps: int
    seed: int = 0
    settings: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def digest(self) -> str:
        """Changes with every number of the recipe; a state belongs to one digest."""
        numbers = [self.name, self.steps, self.seed, dict(self.settings)]
        return hashlib.sha256(json.dumps(numbers, sort_keys=True).encode()).hexdigest()[:12]


@dataclass(frozen=True)
class Dish:
    """A trained model, what its card says, and the files that belong to it."""

    model: Any
    facts: dict[str, Any]
    files: dict[str, Path]


def train(
    name: str,
    folder: Path | None = None,
    steps: int | None = None,
    restart: bool = False,
    say: Say = print,
) -> Path:
    """Make the checkpoint `name` and return its folder, by default among one's own checkpoints.

    `steps` other than the recipe's make a run of its own (with its own state). Raises `ValueError`
    for an unknown name or no steps, `CorpusUnavailable` where the data cannot be had.
    """
    from companion import checkpoints

    recipe = find(name)
    if steps is not None:
        if steps < 1:
            raise ValueError(f"steps is {steps}; train for at least 1")
        recipe = dataclasses.replace(recipe, steps=steps)
    state = cache.root() / "training" / name / f"{recipe.digest}.npz"
    with cache.lock(f"train-{name}"):
        if restart:
            state.unlink(missing_ok=True)
        if state.exists():
            say(f"resuming from {state}")
        dish = recipe.cook(recipe, state, say)
        return checkpoints.write(
            dish.model, folder or checkpoints.own() / name, dish.facts, dish.files
        )


def find(name: str) -> Recipe:
    """The recipe of that name. Raises `ValueError` that lists what there is."""
    if name not in RECIPES:
        raise ValueError(f"no recipe {name!r}; there are: {', '.join(RECIPES)}")
    return RECIPES[name]


def machine() -> str:
    """One line on where a model was trained."""
    import os

    return f"{os.cpu_count()} processors ({platform.machine()}), Python {platform.python_version()}"


def _translate_en_zh(recipe: Recipe, state: Path, say: Say) -> Dish:
    """One small Transformer for both directions, on microworld, ui_strings and short verses."""
    from companion import backend, checkpoints, training  # backend first: it silences TensorFlow
    from companion import transformer as tr

    begun = time.perf_counter()
    set_ = recipe.settings
    train_pairs = translation_pairs("train", set_)
    everything = [pair for pairs in train_pairs.values() for pair in pairs]
    texts = (text for pair in everything for text in (pair.source, pair.target))
    tokenizer = tr.train_tokenizer(texts, set_["vocab_size"])
    config = tr.TransformerConfig(vocab_size=len(tokenizer), **set_["model"])
    source, target = tr.examples(everything, tokenizer, longest=set_["longest"])
    say(f"{len(source)} rows of {len(everything)} pairs, {len(tokenizer)} tokens in the vocabulary")

    training.seed(recipe.seed)
    model = tr.Transformer(config)
    tr.compile_for_translation(model, recipe.steps, **set_["learning"])
    prepared = time.perf_counter() - begun
    history = training.fit(
        model,
        tr.batches(source, target, set_["tokens"], recipe.seed),
        recipe.steps,
        every=set_["every"],
        resume=state,
        callbacks=[training.Progress(recipe.steps, set_["every"], say)],
    )
    checkpoints.round_weights(model)
    kept = state.with_name("tokenizer.json")
    tokenizer.save(kept)
    say("measuring on the test splits")
    translator = tr.Translator(model, tokenizer)
    metrics = {
        name: tr.compare(translator, pairs, train_pairs[name])
        for name, pairs in translation_pairs("test", set_).items()
    }
    facts = {
        "title": recipe.title,
        "made by": f"companion train {recipe.name}",
        "data": {
            "train splits only": [f"{k}: {len(v)} pairs" for k, v in train_pairs.items()],
            "licences": set_["licences"],
        },
        "config": dataclasses.asdict(config),
        "parameters": model.count_params(),
        "training": {
            "steps": recipe.steps,
            "seed": recipe.seed,
            "tokens a batch and side": set_["tokens"],
            "seconds": round(prepared + sum(history["seconds"])),
            "last loss (nats a token)": round(history["loss"][-1], 4),
            "machine": machine(),
            "versions": backend.describe()["backend"],
            **set_["learning"],
        },
        "metrics on the test splits, of the float16 weights": metrics,
    }
    return Dish(model, facts, {"tokenizer.json": kept})


def translation_pairs(split: str, settings: Mapping[str, Any]) -> dict[str, list]:
    """The pairs of one split by corpus; of the Bible the verses that are short enough."""
    from companion import corpora, microworld

    count = settings["microworld"][split]
    short = settings["verse_words"]
    verses = corpora.bible_pairs(split)
    return {
        "microworld": microworld.parallel(count, seed=0, split=split),
        "ui_strings": list(corpora.load("ui_strings", split)),
        "bible": [pair for pair in verses if len(pair.source.split()) <= short],
    }


# Set by hand after a few runs on microworld's validation split; not searched.
RECIPES: dict[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            name="translate-en-zh",
            title="English to Chinese and Chinese to English, one small Transformer",
            corpora=("ui_strings", "web_bible", "cuv_bible"),
            minutes=15,
            cook=_translate_en_zh,
            steps=4000,
            settings={
                "microworld": {"train": 8000, "test": 1000},
                "verse_words": 20,
                "vocab_size": 4000,
                "longest": 64,
                "model": {
                    "context_length": 128,
                    "d_model": 128,
                    "num_layers": 2,
                    "num_heads": 4,
                    "d_ff": 512,
                    "dropout": 0.1,
                    "norm": "pre",
                    "rotary": True,
                },
                "learning": {"rate": 2e-3, "warmup": 300, "smoothing": 0.1},
                "tokens": 512,
                "every": 200,
                "licences": [
                    "microworld: part of this course, synthetic",
                    "ui_strings: BSD (jupyterlab-language-pack-zh-cn)",
                    "web_bible: World English Bible, public domain",
                    "cuv_bible: Chinese Union Version (1919), public domain",
                ],
            },
        ),
    )
}
