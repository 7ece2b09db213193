"""Measured: how much of a gradient comes down through a stack, with and without a way around."""

from functools import partial

import numpy as np

from companion.checks.transformer.arrays import normal
from companion.course.exercise import Exercise, Mistake, Relation
from companion.probes import transformer as probes


def _norms(x, weights, residual, **bugs):
    """‖∂Σh_L/∂h_l‖ for l = 0 … L, back-propagated by hand, with a part done wrong on demand."""
    up = bugs.get("up", residual)
    inputs, bent = [x], []
    for matrix in weights:
        bent.append(np.tanh(inputs[-1] @ matrix))
        inputs.append(bent[-1] + inputs[-1] * up)
    gradient = bugs.get("top", np.ones_like)(inputs[-1])
    gradients = [gradient]
    layers = list(zip(weights, bent, inputs[1:], inputs[:-1], strict=True))
    order = layers if bugs.get("order") == "upwards" else layers[::-1]
    for matrix, a, after, before in order:
        slope = bugs.get("slope", lambda a, after, before: 1 - a**2)(a, after, before)
        turned = matrix if bugs.get("turned") is False else matrix.T
        through = (gradient * slope) @ turned
        if bugs.get("order") == "matrix first":
            through = gradient @ turned * slope
        around = bugs.get("around", lambda through, g: g)(through, gradient)
        gradient = through + around * bugs.get("down", residual)
        gradients.append(gradient)
    size = bugs.get("size", lambda g: np.sqrt((g**2).sum()))
    return np.array([size(g) for g in gradients[::-1]])


def _cases(rng, size):
    layers, width = ((1, 2), (2, 3), (3, 2), (1, 3), (2, 4), (4, 3))[size % 6]
    return {
        "x": normal(rng, width),
        "weights": normal(rng, layers, width, width) * 0.8,
        "residual": size % 2 == 1,
    }


gradient_norms = Exercise(
    name="gradient_norms",
    kind="measure",
    title="What reaches the bottom?",
    minutes=30,
    difficulty=3,
    cases=_cases,
    sizes=6,
    probe=probes.array,
    reference=_norms,
    relations=[
        Relation(
            "same-size-on-the-other-side",
            lambda case, rng: case | {"x": -case["x"]},
            lambda out, other: bool(np.allclose(out["result"], other["result"], atol=1e-7)),
            "tanh is odd: from −x every gradient must have the same size as from x.",
        ),
    ],
    mistakes=[
        Mistake(
            "way-around-not-taken-back",
            partial(_norms, down=False),
            "On the way up you add h, on the way down you do not: the gradient takes the way "
            "around too, unchanged, and both are added.",
        ),
        Mistake(
            "way-around-only-back",
            partial(_norms, up=False),
            "The gradient takes a way around that the values never took: add h on the way up too.",
        ),
        Mistake(
            "always-around",
            partial(_norms, up=True, down=True),
            "The way around is there even where `residual` is False.",
        ),
        Mistake(
            "never-around",
            partial(_norms, up=False, down=False),
            "`residual` is not used.",
        ),
        Mistake(
            "slope-of-the-sum",
            partial(_norms, slope=lambda a, after, before: 1 - after**2),
            "Right without the way around. The slope of tanh is 1 − tanh², and with it the next h "
            "is no longer a tanh but a sum: keep the tanh itself.",
        ),
        Mistake(
            "slope-of-the-input",
            partial(_norms, slope=lambda a, after, before: 1 - before**2),
            "You took the slope from what goes into the matrix; it is 1 − tanh(h·W)².",
        ),
        Mistake(
            "no-slope",
            partial(_norms, slope=lambda a, after, before: 1),
            "The slope of tanh is missing: multiply by 1 − tanh(h·W)² before you go back through "
            "the matrix.",
        ),
        Mistake(
            "matrix-before-slope",
            partial(_norms, order="matrix first"),
            "Upwards the matrix comes first and tanh second; on the way back the slope of tanh "
            "comes first, then the matrix.",
        ),
        Mistake(
            "one-added",
            partial(_norms, around=lambda through, g: np.ones_like(g)),
            "You add 1 for the way around, its slope; what comes down it is the gradient from "
            "above times that 1.",
        ),
        Mistake(
            "around-through-the-sublayer",
            partial(_norms, around=lambda through, g: through),
            "You send the gradient twice through the sublayer; along the way around it comes down "
            "unchanged.",
        ),
        Mistake(
            "starts-with-h",
            partial(_norms, top=lambda h: h),
            "At the top you start with h itself; the loss is the sum of its columns, so its "
            "gradient there is 1 in each.",
        ),
        Mistake(
            "not-transposed",
            partial(_norms, turned=False),
            "You went back through W as you went up; the way back is Wᵀ.",
        ),
        Mistake(
            "upwards",
            partial(_norms, order="upwards"),
            "You went back through the layers from the first to the last; start with the last.",
        ),
        Mistake(
            "top-first",
            lambda x, weights, residual: _norms(x, weights, residual)[::-1],
            "The numbers are right and stand in the wrong order: the bottom comes first.",
        ),
        Mistake(
            "squares",
            partial(_norms, size=lambda g: (g**2).sum()),
            "You forgot the root: the size of a vector is the root of the sum of squares.",
        ),
        Mistake(
            "sums",
            partial(_norms, size=np.sum),
            "You added the entries up, and plus and minus cancel; take the root of the sum of "
            "squares.",
        ),
        Mistake(
            "sizes-of-entries",
            partial(_norms, size=lambda g: np.abs(g).sum()),
            "You added absolute values; take the root of the sum of squares.",
        ),
        Mistake(
            "without-the-top",
            lambda x, weights, residual: _norms(x, weights, residual)[:-1],
            "One number is missing: L sublayers have L + 1 places, the top included.",
        ),
        Mistake(
            "without-the-bottom",
            lambda x, weights, residual: _norms(x, weights, residual)[1:],
            "The first number is missing, the one that was asked for: what reaches x itself.",
        ),
    ],
    hints=[
        "At the top the gradient is 1 in every column, because the loss is a plain sum.",
        "Keep a = tanh(h·W) of each layer on the way up; on the way down, multiply by (1 − a²), "
        "go through Wᵀ, and add the gradient itself where there is a way around.",
        "Collect L + 1 vectors of the shape of x, turn the list round, and take the root of each "
        "one's sum of squares.",
    ],
)
