"""The frame of an exercise that asks for a number: nothing to call, no cases to draw.

Each mistake of such an exercise is the number that a known misconception arrives at. What is given
stands in the statement, and a personal variant has other givens.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from companion.course.exercise import Exercise, Variant
from companion.probes.values import number


def prediction(
    name: str,
    title: str,
    givens: dict[str, Any],
    vary: Callable[[np.random.Generator], Variant] | None = None,
    **options: Any,
) -> Exercise:
    """An exercise whose answer is a number, exactly, unless `options` have another tolerance.

    `givens` are its reference, mistakes and hints, as a `Variant` has them too.
    """
    frame = {"kind": "predict", "minutes": 5, "difficulty": 1, "tolerance": 1e-9}
    return Exercise(
        name=name,
        title=title,
        cases=lambda rng, size: {},
        sizes=1,
        probe=number,
        vary=vary,
        **(frame | options | givens),
    )
