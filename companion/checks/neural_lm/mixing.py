"""Mixing the layers of a model: a weighted mean whose weights went through a softmax."""

import numpy as np

from companion.course.exercise import Exercise, Mistake, Relation
from companion.probes import neural_lm as probes


def _softmax(weights):
    powers = np.exp(weights - weights.max())
    return powers / powers.sum()


def _mix(shares=_softmax, scale=lambda gamma, layers: gamma):
    """γ Σ_j shares_j h_j."""

    def scalar_mix(layers, weights, gamma):
        with np.errstate(all="ignore"):
            return scale(gamma, layers) * np.tensordot(shares(weights), layers, axes=1)

    return scalar_mix


def _naive_softmax(weights):
    powers = np.exp(weights)
    return powers / powers.sum()


def _gamma_inside(layers, weights, gamma):
    return np.tensordot(_softmax(gamma * weights), layers, axes=1)


def _last_axis(layers, weights, gamma):
    return gamma * (_softmax(weights) * layers).sum(axis=0)


def _not_summed(layers, weights, gamma):
    return gamma * _softmax(weights)[:, None, None] * layers


def _in_place(layers, weights, gamma):
    layers *= _softmax(weights)[:, None, None]
    return gamma * layers.sum(axis=0)


def _mix_cases(rng, size):
    depth, time, width = ((2, 1, 3), (3, 2, 2), (3, 2, 3), (2, 4, 2), (4, 3, 5), (1, 2, 2))[
        size % 6
    ]
    weights = rng.normal(scale=1.5, size=depth).round(2)
    if size in (3, 7):
        weights = weights + 800  # exp alone overflows
    if size == 6:
        weights[0] = -900  # a layer that is switched off
    layers = rng.normal(scale=3, size=(depth, time, width)).round(2)
    gamma = float(rng.choice([0.3, 0.5, 1.7, 2.5]))
    return {"layers": layers, "weights": weights, "gamma": gamma}


scalar_mix = Exercise(
    name="scalar_mix",
    kind="implement",
    title="A blend of all layers",
    minutes=15,
    difficulty=2,
    cases=_mix_cases,
    probe=probes.array,
    reference=_mix(),
    relations=[
        Relation(
            "same-added-to-all-weights",
            lambda case, rng: case | {"weights": case["weights"] + 3},
            lambda out, more: bool(np.allclose(out["result"], more["result"])),
            "The same number added to all weights must change nothing.",
        ),
    ],
    mistakes=[
        Mistake(
            "no-softmax",
            _mix(lambda w: w),
            "You used the weights as they are; the softmax first makes shares out of them that "
            "are positive and sum to one.",
        ),
        Mistake(
            "divides-by-the-sum",
            _mix(lambda w: w / w.sum()),
            "You divided the weights by their sum; negative weights stay negative that way. The "
            "softmax divides exponentials.",
        ),
        Mistake(
            "no-gamma",
            _mix(scale=lambda gamma, layers: 1),
            "γ is missing: the whole mixture is multiplied by it.",
        ),
        Mistake(
            "gamma-inside",
            _gamma_inside,
            "You put γ inside the softmax, where it makes the shares sharper or flatter; it "
            "multiplies the mixture.",
        ),
        Mistake(
            "overflow",
            _mix(_naive_softmax),
            "Right for small weights; with large ones `np.exp` overflows. Subtract the largest "
            "weight first, which changes nothing else.",
        ),
        Mistake(
            "mean-of-the-parts",
            _mix(scale=lambda gamma, layers: gamma / len(layers)),
            "You took the mean of the weighted layers; the shares sum to one already, so add.",
        ),
        Mistake(
            "plain-mean",
            _mix(lambda w: np.full(len(w), 1 / len(w))),
            "That is the plain mean of the layers; the weights were not used.",
        ),
        Mistake(
            "last-layer",
            _mix(lambda w: np.eye(len(w))[-1]),
            "That is the last layer alone; all of them are mixed.",
        ),
        Mistake(
            "sigmoid",
            _mix(lambda w: 1 / (1 + np.exp(-w))),
            "You squeezed each weight by itself with a sigmoid, so the shares do not sum to one; "
            "the softmax looks at all of them together.",
        ),
        Mistake(
            "not-summed",
            _not_summed,
            "The layers are weighted but not added up; sum over the first axis.",
        ),
        Mistake(
            "last-axis",
            _last_axis,
            "Without more axes NumPy lays the shares along the last axis of the layers; give "
            "them the shape (layers, 1, 1).",
        ),
        Mistake(
            "changes-input",
            _in_place,
            "The mixture is right, but `*=` has changed the caller's layers; make a new array.",
        ),
    ],
    hints=[
        "A task may choose its own blend of the layers: shares that sum to one, and one volume "
        "knob.",
        "Shares of shape (layers,) from a softmax; the sum over the first axis has the shape of "
        "one layer.",
        "`np.tensordot(shares, layers, axes=1)` sums over the layers; subtract the largest "
        "weight before `np.exp`.",
    ],
)
