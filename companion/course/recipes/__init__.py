"""What `companion train NAME` can make: the committed checkpoints, each with all that fixes it.

Reading order: `base` (what a recipe is), then one recipe a file.
"""

import dataclasses
from pathlib import Path

from companion import cache

from . import bert, gpt, reader, translation
from .base import Dish, Recipe, Say

__all__ = ["RECIPES", "Dish", "Recipe", "Say", "find", "train"]

RECIPES: dict[str, Recipe] = {
    recipe.name: recipe
    for recipe in (translation.RECIPE, bert.RECIPE, gpt.ENGLISH, gpt.CHINESE, reader.RECIPE)
}


def train(
    name: str,
    folder: Path | None = None,
    steps: int | None = None,
    restart: bool = False,
    say: Say = print,
) -> Path:
    """Make the checkpoint `name` and return its folder, by default among one's own checkpoints.

    Given `steps` make a run of its own, with its own state and by default its own folder,
    `NAME-N-steps`: it does not stand in for the recipe's. Raises `ValueError`
    for an unknown name or no steps, `CorpusUnavailable` where the data cannot be had.
    """
    from companion import checkpoints

    recipe, place = find(name), name
    if steps is not None:
        if steps < 1:
            raise ValueError(f"steps is {steps}; train for at least 1")
        recipe = dataclasses.replace(recipe, steps=steps)
        place = f"{name}-{steps}-steps"
    state = cache.root() / "training" / name / f"{recipe.digest}.npz"
    with cache.lock(f"train-{name}"):
        for part in sorted(state.parent.glob(f"{state.stem}*.npz")):  # a recipe may have two
            if restart:
                part.unlink()
            else:
                say(f"resuming from {part}")
        dish = recipe.cook(recipe, state, say)
        return checkpoints.write(
            dish.model, folder or checkpoints.own() / place, dish.facts, dish.files
        )


def find(name: str) -> Recipe:
    """The recipe of that name. Raises `ValueError` that lists what there is."""
    if name not in RECIPES:
        raise ValueError(f"no recipe {name!r}; there are: {', '.join(RECIPES)}")
    return RECIPES[name]
