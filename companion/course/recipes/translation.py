"""`translate-en-zh`: the translator of chapter 5, one small Transformer for both directions."""

import dataclasses
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .base import Dish, Recipe, Say, told, train_by


def _translate(recipe: Recipe, state: Path, say: Say) -> Dish:
    """One small Transformer for both directions, on microworld, ui_strings and short verses."""
    from companion import backend, training  # backend first: it silences TensorFlow
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
    with backend.fast_precision() as precision:
        model = tr.Transformer(config)
    tr.compile_for_translation(model, recipe.steps, **set_["learning"])
    prepared = time.perf_counter() - begun
    model, history = train_by(
        recipe,
        model,
        tr.Transformer(config),
        tr.batches(source, target, set_["tokens"], recipe.seed),
        state,
        say,
    )
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
            "tokens a batch and side": set_["tokens"],
            **told(recipe, history, prepared, precision),
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
RECIPE = Recipe(
    name="translate-en-zh",
    title="English to Chinese and Chinese to English, one small Transformer",
    corpora=("ui_strings", "web_bible", "cuv_bible"),
    minutes=60,
    cook=_translate,
    steps=6000,
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
            "dropout": 0.0,
            "norm": "pre",
            "rotary": True,
        },
        "learning": {"rate": 3e-3, "warmup": 300, "smoothing": 0.1},
        "tokens": 2048,
        "every": 100,
        "licences": [
            "microworld: part of this course, synthetic",
            "ui_strings: BSD (jupyterlab-language-pack-zh-cn)",
            "web_bible: World English Bible, public domain",
            "cuv_bible: Chinese Union Version (1919), public domain",
        ],
    },
)
