"""What a recipe and its dish are. The recipes themselves stand one a file beside this one.

A recipe is a pure function of its numbers: the data are pinned, batches depend on the step alone,
and the state is kept in the cache, so that a run which is killed and started again makes the same
weights. Keras is imported when a recipe is cooked.
"""

import dataclasses
import hashlib
import json
import os
import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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


def machine() -> str:
    """One line on where a model was trained."""
    return f"{os.cpu_count()} processors ({platform.machine()}), Python {platform.python_version()}"


def train_by(recipe: Recipe, model, fresh, batches, state: Path, say: Say) -> tuple[Any, dict]:
    """Train `model` as the recipe says, resuming from `state`; (model to measure, history)."""
    history = train_on(recipe, model, batches, state, say)
    return as_written(model, fresh), history


def train_on(recipe: Recipe, model, batches, state: Path, say: Say) -> dict[str, list[float]]:
    """Train `model` for the recipe's steps, resuming from `state`; returns the history."""
    from companion import training

    every = recipe.settings["every"]
    progress = training.Progress(recipe.steps, every, say)
    return training.fit(
        model, batches, recipe.steps, every=every, resume=state, callbacks=[progress]
    )


def as_written(model, fresh):
    """`fresh`, made in float32, with the weights that reading the file to be written will give.

    What is measured of it is true of the checkpoint, on any machine.
    """
    from companion import checkpoints

    checkpoints.round_weights(model)
    return checkpoints.copied(model, fresh)


def told(
    recipe: Recipe, history: dict, seconds: float, precision: str, loss: str = "last loss"
) -> dict[str, Any]:
    """What every card says of a training; `seconds` went by before the first step.

    `loss` is what the card calls the last loss, with its unit where it has a plain one.
    """
    from companion import backend

    return {
        "steps": recipe.steps,
        "seed": recipe.seed,
        "seconds": round(seconds + sum(history["seconds"])),
        loss: round(history["loss"][-1], 4),
        "machine": machine(),
        "precision": precision,
        "versions": backend.describe()["backend"],
        **recipe.settings["learning"],
    }
