"""Layer norm: one vector at a time, over its own columns."""

from functools import partial

import numpy as np

from companion.checks.transformer.arrays import normal
from companion.course.exercise import Exercise, Mistake, Relation
from companion.probes import transformer as probes


def _normed(x, gain, offset, epsilon, **bugs):
    """gain·(x − mean)/√(variance + ε) + offset, with a part at a time done wrong on demand."""
    axis = bugs.get("axis", -1)
    mean = x.mean(axis=axis, keepdims=True)
    centred = x - mean
    about = 0 if bugs.get("spread") == "square" else mean
    variance = ((x - about) ** 2).mean(axis=axis, keepdims=True)
    if bugs.get("sample"):
        variance = variance * x.shape[-1] / (x.shape[-1] - 1)
    root = bugs.get("root", lambda v, e: np.sqrt(v + e))
    with np.errstate(all="ignore"):
        numbers = (x if bugs.get("centred") is False else centred) / root(variance, epsilon)
    return bugs.get("learned", lambda n, g, o: g * n + o)(numbers, gain, offset)


def _no_keepdims(x, gain, offset, epsilon):
    return gain * (x - x.mean(axis=-1)) / np.sqrt(x.var(axis=-1) + epsilon) + offset


def _own_epsilon(x, gain, offset, epsilon):
    return _normed(x, gain, offset, 1e-5)


def _cases(rng, size):
    shape, epsilon = (
        ((1, 1, 4), 1e-5),
        ((1, 3, 3), 0.1),
        ((2, 3, 4), 1e-3),
        ((2, 1, 5), 0.5),
        ((3, 2, 2), 1e-6),
        ((2, 4, 3), 0.01),
    )[size % 6]
    x = normal(rng, *shape)
    if size == 2:
        x[0, 1] = x[0, 1, 0]  # all columns equal: a variance of 0
    if size == 4:
        x = x * 1e-3  # a variance about as small as epsilon
    if size == 5:
        x = x + 20  # a mean far from 0
    gain = np.round(rng.uniform(0.5, 2, shape[-1]), 2)
    return {"x": x, "gain": gain, "offset": normal(rng, shape[-1]), "epsilon": epsilon}


layer_norm = Exercise(
    name="layer_norm",
    kind="implement",
    title="Layer norm",
    minutes=15,
    difficulty=1,
    cases=_cases,
    sizes=6,
    tolerance=1e-4,  # float32 will do
    probe=probes.array,
    reference=_normed,
    relations=[
        Relation(
            "the-mean-goes",
            lambda case, rng: case | {"x": case["x"] + 3},
            lambda out, moved: bool(np.allclose(out["result"], moved["result"], atol=1e-3)),
            "The same number added to all columns must change nothing: it is part of the mean.",
        ),
        Relation(
            "each-vector-alone",
            lambda case, rng: case | {"x": case["x"][:, ::-1].copy()},
            lambda out, back: bool(np.allclose(out["result"][:, ::-1], back["result"], atol=1e-5)),
            "Each position is normed by itself: turning their order round must only turn the rows "
            "of the output round.",
        ),
    ],
    mistakes=[
        Mistake(
            "over-time",
            partial(_normed, axis=-2),
            "You took mean and variance over the positions, column by column; a layer norm takes "
            "them over the columns of each vector, the last axis.",
        ),
        Mistake(
            "over-the-batch",
            partial(_normed, axis=0),
            "That is a batch norm: mean and variance over the sentences. Take them over the "
            "columns of each vector, the last axis.",
        ),
        Mistake(
            "over-batch-and-time",
            partial(_normed, axis=(0, 1)),
            "That is a batch norm: each column over all words of all sentences. Take mean and "
            "variance over the columns of each vector, the last axis.",
        ),
        Mistake(
            "over-the-sentence",
            partial(_normed, axis=(-2, -1)),
            "One mean for a whole sentence: then a word changes with its neighbours. Take it over "
            "the last axis only.",
        ),
        Mistake(
            "no-keepdims",
            _no_keepdims,
            "The mean has lost its last axis, so broadcasting subtracts it from the wrong places, "
            "or fails: keepdims=True.",
        ),
        Mistake(
            "over-everything",
            partial(_normed, axis=None),
            "One mean for the whole array: then a vector depends on its neighbours. Name the axis, "
            "the last, and keep it (keepdims).",
        ),
        Mistake(
            "sample-variance",
            partial(_normed, sample=True),
            "You divided the squares by D − 1; here the variance is their plain mean, over D.",
        ),
        Mistake(
            "epsilon-outside",
            partial(_normed, root=lambda v, e: np.sqrt(v) + e),
            "You added ε to the standard deviation; it is added to the variance, inside the root.",
        ),
        Mistake(
            "epsilon-squared-inside",
            partial(_normed, root=lambda v, e: np.sqrt(v + e**2)),
            "You squared ε; it is added to the variance as it is.",
        ),
        Mistake(
            "no-epsilon",
            partial(_normed, root=lambda v, e: np.sqrt(v)),
            "Without ε a vector whose columns are all equal is 0/0.",
        ),
        Mistake(
            "own-epsilon",
            _own_epsilon,
            "You use an ε of your own, 1e-5; take the argument.",
        ),
        Mistake(
            "no-root",
            partial(_normed, root=lambda v, e: v + e),
            "You divided by the variance; divide by its square root.",
        ),
        Mistake(
            "root-mean-square",
            partial(_normed, spread="square", centred=False),
            "That is RMSNorm: the mean is never subtracted. A layer norm subtracts it first.",
        ),
        Mistake(
            "mean-kept",
            partial(_normed, centred=False),
            "The variance is right, but you divide x itself; subtract its mean first.",
        ),
        Mistake(
            "mean-in-the-variance",
            partial(_normed, spread="square"),
            "You subtract the mean above the fraction bar but take the mean of x² below it; the "
            "variance is the mean of (x − mean)².",
        ),
        Mistake(
            "no-gain",
            partial(_normed, learned=lambda n, g, o: n + o),
            "The gain is not used; multiply by it before the offset is added.",
        ),
        Mistake(
            "no-offset",
            partial(_normed, learned=lambda n, g, o: g * n),
            "The offset is not used; add it at the end.",
        ),
        Mistake(
            "nothing-learned",
            partial(_normed, learned=lambda n, g, o: n),
            "The vector is normed; what is learned is missing: times gain, plus offset.",
        ),
        Mistake(
            "offset-first",
            partial(_normed, learned=lambda n, g, o: g * (n + o)),
            "You multiplied the offset by the gain; multiply first, then add.",
        ),
    ],
    hints=[
        "Every position has a mean and a variance of its own; other words do not matter.",
        "Mean and variance have the shape (…, 1): one number a vector, the last axis kept.",
        "`x.mean(axis=-1, keepdims=True)`, and `x.var` with the same arguments divides by D.",
    ],
)
