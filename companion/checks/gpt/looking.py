"""Debug: attention weights that may look back only. Three bugs, and each hides behind the others.

`_weights` has a switch for each bug; what a learner leaves unrepaired is a combination of them.
"""

from functools import partial

import numpy as np

from companion.course.exercise import Exercise, Mistake, Relation
from companion.probes import gpt as probes


def _weights(scores, forward=False, zeros=False, columns=False):
    """Rows of softmax over the past and the present; a bug a switch."""
    time = len(scores)
    seen = np.tri(time, dtype=bool)
    if forward:
        seen = seen.T
    scores = np.where(seen, scores, 0.0 if zeros else -np.inf)
    axis = 0 if columns else 1
    powers = np.exp(scores - scores.max(axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


def _strictly_past(scores):
    seen = np.tri(len(scores), k=-1, dtype=bool)
    seen[0, 0] = True
    masked = np.where(seen, scores, -np.inf)
    powers = np.exp(masked - masked.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def _masked_afterwards(scores):
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.tri(len(scores)) * powers / powers.sum(axis=1, keepdims=True)


def _not_masked(scores):
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def _cases(rng, size):
    time = (3, 2, 4, 1, 5, 3)[size % 6]
    return {"scores": rng.normal(scale=2, size=(time, time)).round(2) - (size % 3)}


def _future_changed(case, rng):
    scores = case["scores"].copy()
    scores[np.triu_indices(len(scores), 1)] += 5.0
    return {"scores": scores}


causal_weights = Exercise(
    name="causal_weights",
    kind="debug",
    title="Three bugs, and it looks ahead",
    minutes=30,
    difficulty=3,
    cases=_cases,
    sizes=6,
    probe=probes.array,
    reference=_weights,
    starter=partial(_weights, forward=True, zeros=True, columns=True),
    relations=[
        Relation(
            "the-future-does-not-count",
            _future_changed,
            lambda out, other: bool(np.allclose(out["result"], other["result"])),
            "Scores above the diagonal belong to the future and must change nothing.",
        ),
        Relation(
            "rows-sum-to-one",
            lambda case, rng: case,
            lambda out, same: bool(np.allclose(out["result"].sum(axis=-1), 1)),
            "Each row must sum to 1: the weights of one place that looks.",
        ),
    ],
    mistakes=[
        Mistake(
            "looks-ahead",
            partial(_weights, forward=True),
            "Two bugs are gone; row t still sees t and what comes *after* it. Which triangle is "
            "the past?",
        ),
        Mistake(
            "zero-is-a-score",
            partial(_weights, zeros=True),
            "Two bugs are gone; a hidden place still has the score 0, and e⁰ is 1. It needs a "
            "score whose exponential is 0.",
        ),
        Mistake(
            "columns-sum-to-one",
            partial(_weights, columns=True),
            "Two bugs are gone; your columns sum to 1. A row is one place that looks: it is the "
            "rows that share out a weight of 1.",
        ),
        Mistake(
            "ahead-and-zeros",
            partial(_weights, forward=True, zeros=True),
            "The softmax runs along the rows now. Two bugs are left: which triangle is shown, and "
            "which score a hidden place gets.",
        ),
        Mistake(
            "ahead-and-columns",
            partial(_weights, forward=True, columns=True),
            "Hidden places get no weight now. Two bugs are left: which triangle is hidden, and "
            "along which axis the weights sum to 1.",
        ),
        Mistake(
            "zeros-and-columns",
            partial(_weights, zeros=True, columns=True),
            "The triangle is right now. Two bugs are left: the score of a hidden place, and the "
            "axis of the softmax.",
        ),
        Mistake(
            "not-itself",
            _strictly_past,
            "Place t may look at t as well: the token that was just read is the best clue to the "
            "next one.",
        ),
        Mistake(
            "masked-afterwards",
            _masked_afterwards,
            "You hide the future after the softmax, so the rows no longer sum to 1; hide the "
            "scores before it.",
        ),
        Mistake(
            "not-masked",
            _not_masked,
            "Nothing is hidden any more: every place sees the whole text, and the loss of such a "
            "model falls to nearly nothing.",
        ),
    ],
    hints=[
        "Print the weights for `np.zeros((3, 3))`. Right are the rows 1 0 0, ½ ½ 0, ⅓ ⅓ ⅓.",
        "One bug is about where the triangle lies, one about which number hides, one about an "
        "axis; each can be seen on zeros.",
        "`np.tri(time, dtype=bool)` is True on and below the diagonal; a hidden score is "
        "`-np.inf`; `axis=1` runs along a row.",
    ],
)
