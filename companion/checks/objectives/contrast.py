"""InfoNCE (implement), and which losses need company (measure)."""

from functools import partial

import numpy as np

from companion.checks.transformer.arrays import log_softmax, normal
from companion.course.exercise import Exercise, Mistake, Relation
from companion.probes import objectives as probes


def _unit(x):
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def _scores(a, b, temperature):
    return _unit(a) @ _unit(b).T / temperature


def _loss(a, b, temperature, scores=_scores, pick=lambda z: -np.diagonal(log_softmax(z)).mean()):
    return pick(scores(a, b, temperature))


def _others_only(z):
    others = np.where(np.eye(len(z), dtype=bool), -np.inf, z)
    top = np.max(others, axis=1, initial=-1e9)
    return (top + np.log(np.exp(others - top[:, None]).sum(axis=1)) - np.diagonal(z)).mean()


def _contrast_cases(rng, size):
    rows, width = ((2, 2), (3, 2), (3, 4), (5, 3), (4, 6))[size % 5]
    a = normal(rng, rows, width) + 0.1
    b = np.round(a * rng.uniform(0.5, 2, (rows, 1)) + 0.7 * normal(rng, rows, width), 2) + 0.01
    return {"a": a, "b": b, "temperature": (1.0, 0.5, 0.2, 0.1, 2.0)[size % 5]}


contrastive_loss = Exercise(
    name="contrastive_loss",
    kind="implement",
    title="Which vector belongs to this one?",
    minutes=15,
    difficulty=2,
    cases=_contrast_cases,
    sizes=5,
    probe=probes.loss,
    reference=_loss,
    relations=[
        Relation(
            "length-does-not-count",
            lambda case, rng: case | {"a": 7 * case["a"]},
            lambda out, longer: bool(np.isclose(out["value"], longer["value"])),
            "Seven times as long, a vector points where it did: a cosine must not change.",
        ),
        Relation(
            "order-does-not-count",
            lambda case, rng: case | {"a": case["a"][::-1], "b": case["b"][::-1]},
            lambda out, turned: bool(np.isclose(out["value"], turned["value"])),
            "The same pairs in another order must cost the same.",
        ),
    ],
    mistakes=[
        Mistake(
            "dot-product",
            partial(_loss, scores=lambda a, b, t: a @ b.T / t),
            "These are products of vectors of any length; divide each vector by its length first.",
        ),
        Mistake(
            "one-norm",
            partial(
                _loss,
                scores=lambda a, b, t: (a / np.linalg.norm(a)) @ (b / np.linalg.norm(b)).T / t,
            ),
            "Without `axis=1` the norm is one number for the whole array; each row has a length of "
            "its own (`axis=1, keepdims=True`).",
        ),
        Mistake(
            "no-temperature",
            partial(_loss, scores=lambda a, b, t: _scores(a, b, 1.0)),
            "The temperature is not used: the cosines are divided by it before the softmax.",
        ),
        Mistake(
            "times-temperature",
            partial(_loss, scores=lambda a, b, t: _scores(a, b, 1 / t)),
            "You multiplied by the temperature; *dividing* by a small one makes the softmax sharp.",
        ),
        Mistake(
            "temperature-outside",
            lambda a, b, temperature: _loss(a, b, 1.0) / temperature,
            "The temperature stands outside of the softmax; it belongs inside, at the cosines.",
        ),
        Mistake(
            "sum",
            partial(_loss, pick=lambda z: -np.diagonal(log_softmax(z)).sum()),
            "That is the sum over the rows; return the mean.",
        ),
        Mistake(
            "each-row",
            partial(_loss, pick=lambda z: -np.diagonal(log_softmax(z))),
            "Those are the losses of the rows; return their mean, one number.",
        ),
        Mistake(
            "others-only",
            partial(_loss, pick=_others_only),
            "The right pair is missing in the denominator: it is one of the candidates.",
        ),
        Mistake(
            "axis-0",
            partial(_loss, pick=lambda z: -np.diagonal(log_softmax(z.T)).mean()),
            "Your softmax runs over the wrong axis: for each row of a, the candidates are the rows "
            "of b.",
        ),
        Mistake(
            "both-directions",
            partial(
                _loss,
                pick=lambda z: -np.diagonal(log_softmax(z) + log_softmax(z.T)).mean() / 2,
            ),
            "You took the mean of both directions, as CLIP does; here only the rows of a ask, and "
            "the rows of b are the candidates.",
        ),
        Mistake(
            "no-negatives",
            partial(_loss, pick=lambda z: -np.diagonal(z).mean()),
            "Only the right pairs count, so that making all vectors alike would be best. What is "
            "missing is the denominator, with the rows that do *not* belong together.",
        ),
        Mistake(
            "negative",
            partial(_loss, pick=lambda z: np.diagonal(log_softmax(z)).mean()),
            "The sign is turned round: a loss is −log p.",
        ),
        Mistake(
            "all-pairs",
            partial(_loss, pick=lambda z: -log_softmax(z).mean()),
            "You averaged over all pairs; only those on the diagonal belong together.",
        ),
    ],
    hints=[
        "It is a classification: for row i of a, which row of b is right? The classes are the "
        "rows, the logits are cosines.",
        "(rows, rows) cosines over the temperature; a softmax for each row; the diagonal.",
        "−mean of `np.diagonal(log_probs)`, where log_probs = scores − log Σ exp(scores) over "
        "axis 1.",
    ],
)


def _company(losses, x, show=lambda together, alone: np.abs(together - alone)):
    alone = np.array([losses(x[i : i + 1])[0] for i in range(len(x))])
    return show(losses(x), alone)


def _left_out(losses, x):
    """What the *others* lose when a row goes: another question."""
    together = losses(x)
    found = []
    for i in range(len(x)):
        rest = np.delete(np.arange(len(x)), i)
        found.append(np.abs(together[rest] - losses(x[rest])).mean())
    return np.array(found)


def _first_alone(losses, x):
    return np.abs(losses(x) - losses(x[:1])[0])


def _every_with_every(losses, x):
    """The losses alone as (rows, 1): their `[0]` is forgotten."""
    return np.abs(losses(x) - np.array([losses(x[i : i + 1]) for i in range(len(x))]))


def _company_cases(rng, size):
    rows, width = ((2, 2), (3, 4), (4, 2), (5, 4), (3, 2))[size % 5]
    kind = ("contrastive", "own", "shared", "contrastive", "centred")[size % 5]
    return {"kind": kind, "x": normal(rng, rows, width)}


company = Exercise(
    name="company",
    kind="measure",
    title="Whose loss needs company?",
    minutes=30,
    difficulty=2,
    cases=_company_cases,
    sizes=5,
    probe=probes.company,
    reference=_company,
    mistakes=[
        Mistake(
            "signed",
            partial(_company, show=lambda together, alone: together - alone),
            "Some of your numbers may be negative; wanted is the size of the change, `np.abs`.",
        ),
        Mistake(
            "mean",
            partial(_company, show=lambda together, alone: np.abs(together - alone).mean()),
            "That is one number for the batch; return one for each row.",
        ),
        Mistake(
            "largest",
            partial(_company, show=lambda together, alone: np.abs(together - alone).max()),
            "That is the largest change; return one for each row.",
        ),
        Mistake(
            "alone",
            partial(_company, show=lambda together, alone: alone),
            "Those are the losses of the rows alone; compare them with those in the batch.",
        ),
        Mistake(
            "together",
            partial(_company, show=lambda together, alone: together),
            "Those are the losses in the batch; compare them with those of the rows alone.",
        ),
        Mistake(
            "ratio",
            partial(_company, show=lambda together, alone: together / alone),
            "You divided. Alone, a contrastive loss is 0; wanted is the difference.",
        ),
        Mistake(
            "always-the-first",
            _first_alone,
            "You compare every row with the *first* row's loss alone; each with its own.",
        ),
        Mistake(
            "every-with-every",
            _every_with_every,
            "Your losses alone are (rows, 1), so that each row is compared with every other one: "
            "take the `[0]` of each, or `np.concatenate` them.",
        ),
        Mistake(
            "left-out",
            _left_out,
            "You took each row out and looked at the others. Wanted is the row itself: its loss "
            "in the batch, and its loss when nobody else is there.",
        ),
    ],
    hints=[
        "Ask for the losses of the whole batch once, then of each row as a batch of its own.",
        "`losses` wants (rows, width): a single row is `x[i : i + 1]`, and its answer has one "
        "number.",
        "The absolute difference of two arrays (rows,): together, and alone.",
    ],
)
