"""Implement: how often each of several tasks gets a turn."""

from functools import partial

import numpy as np

from companion.course.exercise import Exercise, Mistake, Relation
from companion.probes import objectives as probes


def _rates(sizes, temperature, limit, count=lambda s, t, k: np.minimum(s, k) ** (1 / t)):
    counted = count(np.asarray(sizes, float), temperature, limit)
    return counted / counted.sum()


def _softmax(s, t, k):
    z = np.minimum(s, k) / t
    return np.exp(z - z.max())


def _cases(rng, size):
    tasks = (2, 3, 4, 2, 5, 3)[size % 6]
    sizes = rng.permutation(np.array([3, 10, 40, 150, 600, 2500]))[:tasks] + rng.integers(0, 3)
    # Limits that bind and, once, one that does not; a temperature of 1 and others.
    ranked = np.sort(sizes)
    limit = float(ranked[-1] * 2) if size % 6 == 3 else float(ranked[-1] + ranked[-2]) / 2
    temperature = (2.0, 1.0, 4.0, 3.0, 1.5, 0.5)[size % 6]
    return {"sizes": sizes, "temperature": temperature, "limit": limit}


mixing_rates = Exercise(
    name="mixing_rates",
    kind="implement",
    title="Large tasks and small ones",
    minutes=15,
    difficulty=1,
    cases=_cases,
    sizes=6,
    probe=probes.array,
    reference=_rates,
    relations=[
        Relation(
            "hot-is-even",
            lambda case, rng: case | {"temperature": 1e9},
            lambda out, hot: bool(np.ptp(hot["result"]) < 1e-6),
            "At a very high temperature all tasks must come equally often.",
        ),
    ],
    mistakes=[
        Mistake(
            "no-limit",
            partial(_rates, count=lambda s, t, k: s ** (1 / t)),
            "The limit is not used: a task counts for no more than `limit` examples.",
        ),
        Mistake(
            "no-temperature",
            partial(_rates, count=lambda s, t, k: np.minimum(s, k)),
            "The temperature has no effect: raise the counted sizes to 1/T. (Divided by T they all "
            "shrink alike, and the rates stay as they are.)",
        ),
        Mistake(
            "power-t",
            partial(_rates, count=lambda s, t, k: np.minimum(s, k) ** t),
            "You raised to T, so that a high temperature favours the large tasks even more; raise "
            "to 1/T.",
        ),
        Mistake(
            "limit-last",
            partial(_rates, count=lambda s, t, k: np.minimum(s ** (1 / t), k)),
            "The limit is one on *sizes*: cut first, then take the power.",
        ),
        Mistake(
            "at-least",
            partial(_rates, count=lambda s, t, k: np.maximum(s, k) ** (1 / t)),
            "`np.maximum` lifts the small tasks up to the limit; `np.minimum` cuts the large ones.",
        ),
        Mistake(
            "not-divided",
            lambda sizes, temperature, limit: np.minimum(sizes, limit) ** (1 / temperature),
            "Rates sum to 1: divide by the sum.",
        ),
        Mistake(
            "divided-first",
            lambda sizes, temperature, limit: (
                (np.minimum(sizes, limit) / np.minimum(sizes, limit).sum()) ** (1 / temperature)
            ),
            "You divided by the sum *before* the power; afterwards they no longer sum to 1.",
        ),
        Mistake(
            "softmax",
            partial(_rates, count=_softmax),
            "That is a softmax of the sizes: the largest task takes nearly all. Sizes are raised "
            "to a power, not put into an exponential.",
        ),
    ],
    hints=[
        "Three steps: cut the sizes, flatten them, make them sum to 1.",
        "`np.minimum` with the limit; a power of 1/T; a division by the sum.",
        "counted = min(size, limit) to the power 1/temperature; rates = counted / Σ counted.",
    ],
)
