"""Checkpoints of chapter 7: made by a recipe, read back, and scored in bits per character."""

import dataclasses
import math
import time

import numpy as np
import pytest

from companion import checkpoints, gpt, training
from companion.course import recipes
from companion.course.recipes import gpt as recipe_file
from companion.gpt import trained
from companion.tokenization import BPE

TEXTS = {"train": ["to be or not to be, that is the question. " * 8] * 3, "test": ["to be."]}
TINY = {"context_length": 16, "d_model": 16, "num_layers": 1, "num_heads": 2, "d_ff": 16}


@pytest.fixture
def small(monkeypatch, tmp_path):
    """The recipe gpt-mini-en with a tiny model and one sentence in place of Shakespeare."""
    monkeypatch.setenv("COMPANION_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(checkpoints, "COMMITTED", tmp_path / "committed")
    recipe = recipes.RECIPES["gpt-mini-en"]
    settings = recipe.settings | {
        "vocab_size": 270,
        "model": TINY | {"dropout": 0.1},
        "batch_size": 4,
        "every": 2,
    }
    changed = dataclasses.replace(recipe, settings=settings, steps=6)
    monkeypatch.setitem(recipes.RECIPES, recipe.name, changed)
    monkeypatch.setattr(
        recipe_file, "running_texts", lambda name, split: TEXTS.get(split, TEXTS["test"])
    )
    return changed


def test_each_text_of_a_row_stands_after_the_end_symbol():
    tokenizer = BPE.train("aaab", 258, special_tokens=[trained.END_OF_TEXT])
    end = tokenizer.special_tokens[trained.END_OF_TEXT]
    a, b = tokenizer.encode("a"), tokenizer.encode("b")
    np.testing.assert_array_equal(trained.joined(["a", "b"], tokenizer), [end, *a, end, *b])


def test_a_model_that_knows_nothing_needs_log_v_bits_a_token():
    tokenizer = BPE.train("xy", 257, special_tokens=[trained.END_OF_TEXT])
    model = gpt.GPT(gpt.GPTConfig(vocab_size=257, **TINY))
    model.embedding.embeddings.assign(np.zeros((257, 16)))  # every logit is 0
    # "we" is two tokens of 257 equally likely ones, on two characters; 我 is three on one.
    assert trained.bits_per_character(model, tokenizer, ["we"]) == pytest.approx(math.log2(257))
    assert trained.bits_per_character(model, tokenizer, ["w", "我"]) == pytest.approx(
        (1 + 3) * math.log2(257) / 2
    )


def test_the_recipe_writes_a_checkpoint_that_is_read_back(small):
    said = []
    folder = recipes.train(small.name, say=said.append)
    model, tokenizer = trained.load(small.name)
    card = checkpoints.card(folder)
    assert (card["config"]["d_model"], card["training"]["steps"]) == (16, 6)
    assert model.compute_dtype == "float32"
    scores = card["bits per character, of the float16 weights"]
    assert set(scores) == {"shakespeare, validation", "shakespeare, test"}
    # What the card says is what whoever reads the file measures.
    again = trained.bits_per_character(model, tokenizer, TEXTS["test"])
    assert scores["shakespeare, test"] == pytest.approx(again, abs=1e-4)
    assert any("step 6/6" in line for line in said)


def test_a_run_that_was_killed_ends_at_the_same_weights(small, tmp_path, monkeypatch):
    whole = recipes.train(small.name, tmp_path / "whole", say=lambda line: None)
    monkeypatch.setenv("COMPANION_DATA", str(tmp_path / "other"))

    class Killed(BaseException):
        pass

    def die(self, epoch, logs=None):
        if epoch:  # in the second interval: the state of the first is on disk
            raise Killed
        self.begun = time.perf_counter()

    with monkeypatch.context() as patch:
        patch.setattr(training.Progress, "on_epoch_begin", die)
        with pytest.raises(Killed):
            recipes.train(small.name, tmp_path / "again", say=lambda line: None)
    said = []
    again = recipes.train(small.name, tmp_path / "again", say=said.append)
    assert said[0].startswith("resuming from ")
    assert (whole / "weights.safetensors").read_bytes() == (
        again / "weights.safetensors"
    ).read_bytes()


def test_a_missing_checkpoint_is_named_with_the_command_that_makes_it(small):
    with pytest.raises(checkpoints.CheckpointError, match="companion train gpt-mini-en"):
        trained.load("gpt-mini-en")
