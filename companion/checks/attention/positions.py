"""Rotary positions: pairs of numbers turned by an angle that grows with the position."""

from functools import partial

import numpy as np

from companion.checks.attention.arrays import normal
from companion.course.exercise import Exercise, Mistake, Relation
from companion.probes import attention as probes

BASE = 10_000.0
TOLERANCE = 1e-5  # float32 is welcome


def _rotary(x, first=0, sign=1, speed=None, half=False):
    """Each pair of columns turned by position · speed; the parameters are what can go wrong."""
    time, width = x.shape
    speed = speed or (lambda i, k: BASE ** (-2 * i / k))
    angles = sign * (first + np.arange(time))[:, None] * speed(np.arange(width // 2), width)
    cos, sin = np.cos(angles), np.sin(angles)
    turned = np.empty(x.shape)
    one, other = (
        (slice(0, width // 2), slice(width // 2, None))
        if half
        else (
            slice(0, None, 2),
            slice(1, None, 2),
        )
    )
    turned[:, one] = x[:, one] * cos - x[:, other] * sin
    turned[:, other] = x[:, one] * sin + x[:, other] * cos
    return turned


def _added(x):
    turned = x.copy()
    time, width = x.shape
    angles = np.arange(time)[:, None] * BASE ** (-2 * np.arange(width // 2) / width)
    turned[:, 0::2] += np.sin(angles)
    turned[:, 1::2] += np.cos(angles)
    return turned


def _overwritten(x):
    """The second column of a pair computed from the first one after that was turned."""
    time, width = x.shape
    angles = np.arange(time)[:, None] * BASE ** (-2 * np.arange(width // 2) / width)
    cos, sin = np.cos(angles), np.sin(angles)
    turned = x.copy()
    turned[:, 0::2] = turned[:, 0::2] * cos - turned[:, 1::2] * sin
    turned[:, 1::2] = turned[:, 0::2] * sin + turned[:, 1::2] * cos
    return turned


def _cases(rng, size):
    time, width = ((1, 4), (2, 2), (3, 4), (4, 6), (5, 8), (12, 4))[size % 6]
    return {"x": normal(rng, time, width)}


def _distance_only(out, same_row):
    """All rows were equal: the products of the turned rows depend on the distance alone."""
    rows = np.asarray(same_row["result"], np.float64)
    gram = rows @ rows.T
    near = TOLERANCE * (1 + np.abs(gram).max())
    return all(np.ptp(np.diagonal(gram, k)) < near for k in range(len(gram)))


rotary = Exercise(
    name="rotary",
    kind="implement",
    title="Rotary positions",
    minutes=30,
    difficulty=3,
    cases=_cases,
    sizes=6,
    tolerance=TOLERANCE,
    probe=probes.array,
    reference=_rotary,
    relations=[
        Relation(
            "distance-only",
            lambda case, rng: {"x": np.tile(case["x"][:1], (6, 1))},
            _distance_only,
            "When all rows are the same vector, the product of two turned rows must depend on "
            "their distance only.",
        ),
    ],
    mistakes=[
        Mistake(
            "half-split",
            partial(_rotary, half=True),
            "You paired column i with column i + K/2, as GPT-NeoX does; the paper pairs "
            "neighbours, columns 2i and 2i + 1.",
        ),
        Mistake(
            "clockwise",
            partial(_rotary, sign=-1),
            "You turn the other way; check the signs: (a, b) becomes "
            "(a·cos − b·sin, a·sin + b·cos).",
        ),
        Mistake(
            "counts-from-one",
            partial(_rotary, first=1),
            "The first row is turned too; positions count from 0, and angle 0 turns nothing.",
        ),
        Mistake(
            "half-the-exponent",
            partial(_rotary, speed=lambda i, k: BASE ** (-i / k)),
            "The exponent is half as large as it should be: pair i has the speed 10000^(−2i/K).",
        ),
        Mistake(
            "one-speed",
            partial(_rotary, speed=lambda i, k: np.ones(len(i))),
            "All pairs turn equally fast; pair i has the speed 10000^(−2i/K).",
        ),
        Mistake(
            "upside-down",
            partial(_rotary, speed=lambda i, k: BASE ** (2 * i / k)),
            "Later pairs turn faster and faster; the exponent is negative.",
        ),
        Mistake(
            "added",
            _added,
            "You added sine and cosine, as the first Transformer does; here each pair is turned, "
            "and its length stays as it is.",
        ),
        Mistake(
            "overwritten",
            _overwritten,
            "The second column of a pair was computed from the first after that had changed; "
            "compute both from the old values.",
        ),
    ],
    hints=[
        "A pair (a, b) is a point in the plane; position t turns it by t times the pair's speed.",
        "Speeds: one a pair, (K/2,); angles: (time, K/2); `x[:, 0::2]` and `x[:, 1::2]` are the "
        "two halves of all pairs.",
        "Make an empty array of the shape of x, and fill its even and its odd columns.",
    ],
)
