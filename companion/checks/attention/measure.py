"""Measured: how sharp a row of weights is, and what attention costs at a length."""

import math

import numpy as np

from companion.checks.attention.arrays import softmax
from companion.course.exercise import Exercise, Mistake, Relation
from companion.probes import attention as probes


def _terms(weights):
    """−w·log w, with 0·log 0 = 0."""
    weights = np.asarray(weights, dtype=np.float64)
    return -weights * np.log(np.where(weights > 0, weights, 1))


def _row_entropy(weights):
    return _terms(weights).sum(axis=-1).mean()


def _no_guard(weights):
    with np.errstate(all="ignore"):
        return -(weights * np.log(weights)).sum(axis=-1).mean()


def _in_loops(weights):
    return -sum(w * math.log(w) for row in weights for w in row) / len(weights)


def _of_the_mean(weights):
    return _terms(weights.mean(axis=0)).sum()


def _entropy_cases(rng, size):
    targets, sources = ((1, 3), (2, 4), (3, 5), (4, 2), (5, 6))[size % 5]
    weights = softmax(rng.normal(scale=2, size=(targets, sources)))
    if size in (2, 4):
        weights[0] = np.eye(sources)[0]  # all of it on one source: 0·log 0
    return {"weights": weights}


row_entropy = Exercise(
    name="row_entropy",
    kind="measure",
    title="How sharp is the look?",
    minutes=15,
    difficulty=1,
    cases=_entropy_cases,
    sizes=5,
    probe=probes.mean_of_rows,
    reference=_row_entropy,
    relations=[
        Relation(
            "order-of-sources",
            lambda case, rng: {"weights": case["weights"][:, ::-1].copy()},
            lambda out, turned: abs(out["value"] - turned["value"]) < 1e-5,  # float32 is welcome
            "The order of the sources must not matter.",
        ),
    ],
    mistakes=[
        Mistake(
            "zero-log-zero",
            _no_guard,
            "Right where all weights are positive; a weight of 0 gives 0·log 0, which Python calls "
            "NaN and entropy calls 0.",
        ),
        Mistake(
            "log-of-zero",
            _in_loops,
            "Right where all weights are positive; math.log refuses a 0. For entropy 0·log 0 is 0: "
            "leave those weights out.",
        ),
        Mistake(
            "no-mean",
            lambda weights: _terms(weights).sum(axis=-1),
            "You return the entropy of every row; one number is wanted, their mean.",
        ),
        Mistake(
            "bits",
            lambda weights: _row_entropy(weights) / np.log(2),
            "That is in bits; take the natural logarithm.",
        ),
        Mistake(
            "negative",
            lambda weights: -_row_entropy(weights),
            "The sign is missing: logarithms of weights are negative, entropy is not.",
        ),
        Mistake(
            "sum-of-rows",
            lambda weights: _terms(weights).sum(),
            "You added the rows' entropies up; return their mean.",
        ),
        Mistake(
            "mean-of-cells",
            lambda weights: _terms(weights).mean(),
            "You averaged over all cells; sum over the sources of a row, then average the rows.",
        ),
        Mistake(
            "entropy-of-the-mean",
            _of_the_mean,
            "You averaged the rows first; sharp rows that look at different places would seem "
            "blunt. Take each row's entropy, then the mean.",
        ),
        Mistake(
            "columns",
            lambda weights: _terms(weights).sum(axis=0).mean(),
            "You summed over the targets; a row, over the sources, is the distribution.",
        ),
    ],
    hints=[
        "Entropy is 0 when one source gets everything and log S when all S get the same.",
        "One number a row, over the last axis; then their mean.",
        "Where a weight is 0 let the logarithm see a 1: `np.where(weights > 0, weights, 1)`.",
    ],
)


def _cost(multiplications=None, weights=None):
    """(multiplications, weights) of one layer; give a function of (T, D, H) to get one wrong."""
    count = multiplications or (lambda t, d, h: 2 * t * t * d)
    held = weights or (lambda t, d, h: h * t * t)

    def attention_cost(length, d_model, num_heads):
        return count(length, d_model, num_heads), held(length, d_model, num_heads)

    return attention_cost


def _cost_cases(rng, size):
    heads = (1, 2, 4, 8, 3)[size % 5]
    return {
        "length": int(rng.integers(2, 5) * 10 ** (1 + size % 3)) + 1,
        "d_model": heads * int(rng.integers(2, 40)),
        "num_heads": heads,
    }


attention_cost = Exercise(
    name="attention_cost",
    kind="measure",
    title="What a longer text costs",
    minutes=15,
    difficulty=2,
    cases=_cost_cases,
    sizes=5,
    tolerance=1e-9,
    probe=probes.multiplications_and_weights,
    reference=_cost(),
    relations=[
        Relation(
            "twice-the-length",
            lambda case, rng: case | {"length": 2 * case["length"]},
            lambda out, twice: all(twice[name] == 4 * out[name] for name in out),
            "At twice the length both numbers must be four times as large.",
        ),
    ],
    mistakes=[
        Mistake(
            "linear",
            _cost(lambda t, d, h: 2 * t * d, lambda t, d, h: h * t),
            "Every word is compared with every other: the length enters squared, in both numbers.",
        ),
        Mistake(
            "linear-time",
            _cost(lambda t, d, h: 2 * t * d),
            "The weights are right; each of them took a product of vectors, so the multiplications "
            "grow with the square of the length too.",
        ),
        Mistake(
            "scores-only",
            _cost(lambda t, d, h: t * t * d),
            "You counted Q·Kᵀ; mixing the values costs the same again.",
        ),
        Mistake(
            "heads-multiply",
            _cost(lambda t, d, h: 2 * h * t * t * d),
            "More heads are narrower heads: together they multiply as often as one wide head.",
        ),
        Mistake(
            "one-matrix",
            _cost(weights=lambda t, d, h: t * t),
            "The multiplications are right; there is a matrix of weights for every head.",
        ),
        Mistake(
            "projections-too",
            _cost(lambda t, d, h: 2 * t * t * d + 4 * t * d * d),
            "You counted the four projections as well; the question is about the two products with "
            "every pair of words.",
        ),
        Mistake(
            "width-kept",
            _cost(weights=lambda t, d, h: t * t * d),
            "You kept a vector for every pair of words; a pair has one number a head.",
        ),
        Mistake(
            "one-head",
            _cost(lambda t, d, h: 2 * t * t * (d // h)),
            "You counted one head; the question is about all heads together.",
        ),
        Mistake(
            "additions-too",
            _cost(lambda t, d, h: 4 * t * t * d),
            "Twice as many: you counted additions as well; only multiplications are asked for.",
        ),
        Mistake(
            "swapped",
            lambda **case: _cost()(**case)[::-1],
            "You returned the weights first; the pair is (multiplications, weights).",
        ),
    ],
    hints=[
        "How many pairs (target, source) are there, and what happens for each?",
        "A pair costs one product of vectors for its score and one scaled vector for the mix.",
        "Inside a head those vectors have d_model / num_heads numbers; there are num_heads heads.",
    ],
)
