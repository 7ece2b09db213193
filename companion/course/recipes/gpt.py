"""`gpt-mini-en` and `gpt-mini-zh`: the language models of chapters 7 and 8."""

import dataclasses
import time
from pathlib import Path

from .base import Dish, Recipe, Say, told, train_by


def _gpt(recipe: Recipe, state: Path, say: Say) -> Dish:
    """A small GPT on the train splits of the recipe's corpora, its own BPE learned from them."""
    from companion import backend, training  # backend first: it silences TensorFlow
    from companion import gpt as gpt_chapter
    from companion.gpt import trained
    from companion.tokenization import BPE

    begun = time.perf_counter()
    set_ = recipe.settings
    texts = [text for name in recipe.corpora for text in running_texts(name, "train")]
    tokenizer = BPE.train(texts, set_["vocab_size"], special_tokens=[trained.END_OF_TEXT])
    ids = trained.joined(texts, tokenizer)
    config = gpt_chapter.GPTConfig(vocab_size=len(tokenizer), **set_["model"])
    say(f"{sum(map(len, texts)):,} characters, {len(ids):,} tokens, vocabulary {len(tokenizer):,}")

    training.seed(recipe.seed)
    with backend.fast_precision() as precision:
        model = gpt_chapter.GPT(config)
    gpt_chapter.compile_for_pretraining(model, recipe.steps, **set_["learning"])
    prepared = time.perf_counter() - begun
    model, history = train_by(
        recipe,
        model,
        gpt_chapter.GPT(config),
        gpt_chapter.batches(ids, config.context_length, set_["batch_size"], recipe.seed),
        state,
        say,
    )
    kept = state.with_name("tokenizer.json")
    tokenizer.save(kept)
    say("measuring on the held-out splits")
    metrics = {
        f"{name}, {split}": round(
            trained.bits_per_character(model, tokenizer, running_texts(name, split)), 4
        )
        for name in recipe.corpora
        for split in ("validation", "test")
    }
    facts = {
        "title": recipe.title,
        "made by": f"companion train {recipe.name}",
        "data": {
            "train splits only": list(recipe.corpora),
            "characters": sum(map(len, texts)),
            "tokens": len(ids),
            "licences": set_["licences"],
        },
        "config": dataclasses.asdict(config),
        "parameters": model.count_params(),
        "training": {
            "tokens a batch": set_["batch_size"] * config.context_length,
            "passes over the text": round(
                recipe.steps * set_["batch_size"] * config.context_length / len(ids), 2
            ),
            **told(recipe, history, prepared, precision, "last loss (nats a token)"),
        },
        "bits per character, of the float16 weights": metrics,
    }
    return Dish(model, facts, {"tokenizer.json": kept})


def running_texts(name: str, split: str) -> list[str]:
    """The texts of a corpus as people would read them; of the newspaper and the reviews one string.

    There `<|endoftext|>` stands only once, before the whole split.
    """
    from companion import corpora

    records = corpora.load(name, split)
    if name == "peoples_daily":  # words with tags, a sentence a line
        return ["\n".join("".join(record.words) for record in records)]
    if name == "reviews_zh":
        return ["\n".join(record.text for record in records)]
    return [record.text for record in records]


# Set by hand after a few runs on the validation works; not searched.
ENGLISH = Recipe(
    name="gpt-mini-en",
    title="A small GPT that has read Shakespeare",
    corpora=("shakespeare",),
    minutes=60,
    cook=_gpt,
    steps=1800,
    settings={
        "vocab_size": 2048,
        "model": {
            "context_length": 128,
            "d_model": 256,
            "num_layers": 4,
            "num_heads": 4,
            "d_ff": 1024,
            "dropout": 0.0,
        },
        "learning": {"rate": 1.5e-3, "warmup": 100, "decay": 0.1},
        "batch_size": 32,
        "every": 100,
        "licences": ["shakespeare: public domain (Project Gutenberg's texts)"],
    },
)
CHINESE = dataclasses.replace(
    ENGLISH,
    name="gpt-mini-zh",
    title="A small GPT that has read a novel, a newspaper and reviews, in Chinese",
    corpora=("sanguo", "peoples_daily", "reviews_zh"),
    minutes=17,
    steps=700,
    settings={
        **ENGLISH.settings,
        "vocab_size": 6000,
        "learning": {"rate": 5e-3, "warmup": 70, "muon": True},
        "licences": [
            "sanguo: public domain",
            "peoples_daily, reviews_zh: research; read from the package, not in this file",
        ],
    },
)
