"""`companion train reader-mini-en`: a toy of the recipe, and what chapter 10 starts from it."""

import dataclasses

import numpy as np
import pytest

from companion import checkpoints, training
from companion import finetuning as ft
from companion.course import recipes
from companion.course.recipes import reader


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """The recipe with three hundred texts and a tiny encoder, and a cache of its own."""
    monkeypatch.setenv("COMPANION_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(checkpoints, "COMMITTED", tmp_path / "committed")
    recipe = recipes.RECIPES["reader-mini-en"]
    tiny = {"d_model": 32, "num_layers": 1, "num_heads": 4, "d_ff": 32}
    settings = recipe.settings | {
        "texts": {"train": [[2, True, 100], [2, False, 200]], "test": [[3, False, 20]]},
        "model": recipe.settings["model"] | tiny,
        "batch_size": 8,
        "every": 2,
    }
    changed = dataclasses.replace(recipe, settings=settings, steps=4)
    monkeypatch.setitem(recipes.RECIPES, recipe.name, changed)
    return changed


def test_words_are_tagged_with_what_they_are_to_whom_is_asked_about(toy):
    items = reader.role_items("test", toy.settings)
    assert len(items) == 20
    for item in items:
        assert item.second
        assert len(item.words) == len(item.tags)
    assert {tag for item in items for tag in item.tags} >= {"O", "B-own", "B-not", "B-was"}


def test_a_run_of_other_steps_does_not_stand_in_for_the_recipes_own(toy):
    trial = recipes.train(toy.name, steps=2, say=str)
    assert trial == checkpoints.own() / "reader-mini-en-2-steps"
    assert checkpoints.card(trial)["training"]["steps"] == 2
    assert checkpoints.names() == (trial.name,)
    with pytest.raises(checkpoints.CheckpointError, match="no checkpoint 'reader-mini-en'"):
        checkpoints.find(toy.name)


def test_the_encoder_is_kept_and_a_task_starts_from_it(toy):
    folder = recipes.train(toy.name, say=str)
    card = checkpoints.verify(folder)
    assert card["training"]["steps"] == 4
    assert 0 <= card["roles in test texts, of the float16 weights"]["all"]["F1"] <= 1
    start = ft.load_start(toy.name)
    model = ft.new_model(start, ft.SpanHead(name="head"))
    assert isinstance(model, ft.Reader)  # it tells the encoder which words the question has too
    for weight, kept in zip(model.encoder.weights, start.weights, strict=True):
        np.testing.assert_array_equal(np.asarray(weight), kept)
    assert start.tokenizer.encode_ordinary("Anna lives in Paris")


def test_a_run_that_was_broken_off_ends_at_the_same_weights(toy, monkeypatch):
    whole = recipes.train(toy.name, say=str)
    expected = (whole / checkpoints.WEIGHTS).read_bytes()
    fit, calls = training.fit, []

    class Killed(Exception):
        pass

    def broken(model, batches, steps, **options):
        if calls:
            return fit(model, batches, steps, **options)
        calls.append(1)
        fit(model, batches, steps // 2, **options)
        raise Killed

    for state in whole.parents[1].glob("training/*/*.npz"):
        state.unlink()
    monkeypatch.setattr(training, "fit", broken)
    with pytest.raises(Killed):
        recipes.train(toy.name, restart=True, say=str)
    again = recipes.train(toy.name, say=str)
    assert (again / checkpoints.WEIGHTS).read_bytes() == expected
