"""Speculative decoding: how many guesses are kept, and what is drawn instead of the others."""

from functools import partial

import numpy as np

from companion.course.exercise import Exercise, Mistake, Relation
from companion.probes import generation as probes


def _check(p, q, **bugs):
    """Σ min(p, q), and max(0, p − q) made a distribution; one part wrong on demand."""
    rate = bugs.get("rate", lambda p, q: np.minimum(p, q).sum())(p, q)
    with np.errstate(all="ignore"):
        rest = bugs.get("rest", lambda p, q: np.maximum(p - q, 0))(p, q)
        whole = rest.sum()
        if bugs.get("guard", True) and whole == 0:
            return rate, p.copy()
        return rate, bugs.get("norm", lambda rest, whole: rest / whole)(rest, whole)


def _ratio(p, q):
    """min(1, p/q), 0 where neither is possible."""
    return np.minimum(1, np.divide(p, q, out=np.full_like(p, np.inf), where=q > 0))


def _cases(rng, size):
    count = (4, 3, 5, 3, 4, 6)[size % 6]
    p, q = (np.round(rng.dirichlet(np.ones(count)), 3) for _ in range(2))
    if size % 6 == 1:
        q = p.copy()  # a draft that is the model
    if size % 6 == 3:
        p, q = np.array([0.5, 0.5, 0.0]), np.array([0.0, 0.25, 0.75])
    if size % 6 == 4:
        p[0] = 0.0
    p, q = p / p.sum(), q / q.sum()
    return {"p": p, "q": q if size % 6 != 1 else p.copy()}


def _keeps_the_model(case, rng):
    """The same case: the relation is between what goes in and what comes out."""
    return dict(case)


guess_check = Exercise(
    name="guess_check",
    kind="implement",
    title="Guess, check, and stay honest",
    minutes=30,
    difficulty=3,
    cases=_cases,
    sizes=6,
    probe=probes.rate_and_rest,
    reference=_check,
    relations=[
        Relation(
            "what-is-drawn-instead-is-a-distribution",
            _keeps_the_model,
            lambda out, more: bool(abs(np.sum(out["rest"]) - 1) < 1e-6),
            "What is drawn instead of a refused guess has to add up to 1.",
        ),
    ],
    mistakes=[
        Mistake(
            "ratio-upside-down",
            partial(_check, rate=lambda p, q: (q * _ratio(q, p)).sum()),
            "You keep a guess with probability q/p; a guess that the draft likes *more* than the "
            "model is the one to refuse: p/q.",
        ),
        Mistake(
            "weighted-by-the-model",
            partial(_check, rate=lambda p, q: (p * _ratio(p, q)).sum()),
            "The guesses come from the draft: each has the probability q, not p, of being made.",
        ),
        Mistake(
            "mean-ratio",
            partial(_check, rate=lambda p, q: _ratio(p, q).mean()),
            "You took the plain mean of min(1, p/q); tokens are guessed with different "
            "probabilities q.",
        ),
        Mistake(
            "same-draw",
            partial(_check, rate=lambda p, q: (p * q).sum()),
            "That is how often two draws, one of each, are the same token. A guess need not be "
            "what the model would have drawn; it is kept with probability min(1, p/q).",
        ),
        Mistake(
            "refusals",
            partial(_check, rate=lambda p, q: 1 - np.minimum(p, q).sum()),
            "That is the share of refused guesses.",
        ),
        Mistake(
            "drawn-from-the-model-again",
            partial(_check, rest=lambda p, q: p.copy()),
            "You draw from p anew; but tokens where q is large have had their chance already, and "
            "would come too often. Draw from what is missing, p − q.",
        ),
        Mistake(
            "difference-upside-down",
            partial(_check, rest=lambda p, q: np.maximum(q - p, 0)),
            "You draw from where the *draft* has too much; what is missing is p − q.",
        ),
        Mistake(
            "absolute-difference",
            partial(_check, rest=lambda p, q: np.abs(p - q)),
            "Where q is larger than p nothing is missing: negative differences become 0.",
        ),
        Mistake(
            "not-normalised",
            partial(_check, norm=lambda rest, whole: rest),
            "What is missing adds up to the share of refusals; divide by the sum to draw from it.",
        ),
        Mistake(
            "nothing-missing",
            partial(_check, guard=False),
            "Where draft and model agree nothing is missing and you divide 0 by 0. No guess is "
            "ever refused then; return p.",
        ),
    ],
    hints=[
        "Token x is guessed with probability q(x) and kept with min(1, p(x)/q(x)); multiply.",
        "The kept part of a token has min(p, q); what is missing to p is (V,) too.",
        "`np.minimum(p, q).sum()`, and `np.maximum(p - q, 0)` divided by its sum, if it has one.",
    ],
)
