"""Training word vectors: the loss of negative sampling, and one step downhill with three bugs."""

from functools import partial

import numpy as np

from companion.course.exercise import Exercise, Mistake, Relation
from companion.probes import neural_lm as probes


def _signs(scores):
    """+1 for the real word in the first column, -1 for noise."""
    return np.where(np.arange(scores.shape[1]) == 0, 1.0, -1.0)


def _row_sums(costs):
    return costs.sum(axis=1)


def _loss(scores, signs=_signs, join=_row_sums):
    """−Σ log σ(s x), with other signs or another way to join the columns."""
    return join(np.logaddexp(0, -signs(scores) * scores))


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


def _naive(scores, inner=None, floor=0.0):
    """−log σ as one reads it: exp overflows, or 1 − σ loses everything, or a floor hides it."""
    inner = inner or (lambda x: _sigmoid(-x))
    with np.errstate(all="ignore"):
        real = -np.log(_sigmoid(scores[:, 0]) + floor)
        return real - np.log(inner(scores[:, 1:]) + floor).sum(axis=1)


def _softmax_loss(scores):
    shifted = scores - scores.max(axis=1, keepdims=True)
    return np.log(np.exp(shifted).sum(axis=1)) - shifted[:, 0]


def _mean_of_noise(scores):
    costs = np.logaddexp(0, -_signs(scores) * scores)
    return costs[:, 0] + costs[:, 1:].mean(axis=1)


def _loss_cases(rng, size):
    rows, noise = ((1, 2), (3, 2), (2, 4), (2, 3), (4, 2), (3, 3), (2, 2), (3, 5))[size % 8]
    scores = rng.normal(scale=2, size=(rows, 1 + noise)).round(2)
    if size % 4 == 2:
        scores[0, :2] = -40, 40  # 1 − σ(40) is 0 in floating point, σ(−40) is not
    if size % 4 == 3:
        scores[-1, :2] = -900, 800  # exp overflows
    return {"scores": scores}


def _worse(case, rng):
    """The real word's score falls by 2000."""
    return {"scores": case["scores"] - 2000 * (_signs(case["scores"]) > 0)}


def _barely_rises(rise):
    """Upwards, but by less than 100: what was computed is not the loss but a floor under it."""
    return bool(np.any((rise > 0) & (rise < 100)))


negative_sampling_loss = Exercise(
    name="negative_sampling_loss",
    kind="implement",
    title="The loss of negative sampling",
    minutes=15,
    difficulty=2,
    cases=_loss_cases,
    probe=probes.array,
    reference=_loss,
    relations=[
        Relation(
            "no-floor",
            _worse,
            lambda out, worse: not _barely_rises(worse["result"] - out["result"]),
            "When the score of the real word falls by 2000, the loss must rise by about 2000; a "
            "small number inside the logarithm, or a clipped score, hides how wrong it is.",
        ),
        Relation(
            "order-of-noise",
            lambda case, rng: {
                "scores": np.hstack([case["scores"][:, :1], case["scores"][:, :0:-1]])
            },
            lambda out, turned: bool(np.allclose(out["result"], turned["result"])),
            "The order of the noise words must not matter.",
        ),
    ],
    mistakes=[
        Mistake(
            "overflow",
            _naive,
            "Right for small scores; for large ones `np.exp` overflows and the loss is infinite, "
            "whether you wrote −log σ(x) or log(1 + e^−x). `np.logaddexp(0, -x)` is the same "
            "number, computed without overflow.",
        ),
        Mistake(
            "one-minus-sigmoid",
            partial(_naive, inner=lambda x: 1 - _sigmoid(x)),
            "Right for small scores; from about 37 on 1 − σ(x) is exactly 0. It equals σ(−x), "
            "and −log σ(−x) is log(1 + e^x), which `np.logaddexp` gives safely.",
        ),
        Mistake(
            "floor",
            partial(_naive, floor=1e-10),
            "You add a small number inside the logarithm, so no error costs more than 23; take "
            "−log σ(x) = log(1 + e^−x) instead, with `np.logaddexp`.",
        ),
        Mistake(
            "noise-rewarded",
            partial(_loss, signs=np.ones_like),
            "Noise counts like the real word in your loss; the score of a noise word should be "
            "low, so its sign is turned.",
        ),
        Mistake(
            "swapped",
            partial(_loss, signs=lambda scores: -_signs(scores)),
            "You took the first column for noise and the rest for real; it is the other way round.",
        ),
        Mistake(
            "no-minus",
            lambda scores: -_loss(scores),
            "That is the log-likelihood, which grows as the model gets better; a loss is its "
            "negative.",
        ),
        Mistake(
            "mean-of-noise",
            _mean_of_noise,
            "You averaged over the noise words; the paper adds them up.",
        ),
        Mistake(
            "mean-of-candidates",
            partial(_loss, join=lambda costs: costs.mean(axis=1)),
            "You averaged over the candidates; add them up.",
        ),
        Mistake(
            "mean-of-batch",
            partial(_loss, join=lambda costs: costs.sum(axis=1).mean()),
            "You return one number for the batch; return one for each row.",
        ),
        Mistake(
            "noise-forgotten",
            partial(_loss, join=lambda costs: costs[:, 0]),
            "Only the real word costs anything; without noise the model would make all scores "
            "large.",
        ),
        Mistake(
            "softmax",
            _softmax_loss,
            "That is the cross-entropy of a softmax over the candidates; negative sampling asks "
            "one yes-or-no question about each of them.",
        ),
    ],
    hints=[
        "Every candidate is one yes-or-no question: the real word should score high, noise low.",
        "Turn the sign of the noise columns; then every entry costs −log σ(entry), and a row adds "
        "its entries up.",
        "−log σ(x) = log(e^0 + e^−x), and `np.logaddexp(0, ...)` computes that without overflow.",
    ],
)


def _step(sign=1, own_sign=1, old=True, turned=False, every=True):
    """One step of gradient descent; the options are the bugs of the starter, and other ones.

    `sign` and `own_sign` are -1 to climb; `old` takes both gradients before either table changes;
    `turned` changes the centre first; `every` adds up what a repeated candidate gets.
    """

    def skip_gram_step(vectors, neighbours, centre, candidates, labels, learning_rate):
        vectors, neighbours = vectors.copy(), neighbours.copy()
        rows, row = neighbours[candidates], vectors[centre].copy()
        errors = sign * learning_rate * (_sigmoid(rows @ row) - labels)
        if turned:
            vectors[centre] -= own_sign * errors @ rows
            row = vectors[centre]
        if every:
            np.subtract.at(neighbours, candidates, errors[:, None] * row)
        else:
            neighbours[candidates] -= errors[:, None] * row
        if not turned:
            vectors[centre] -= own_sign * errors @ (rows if old else neighbours[candidates])
        return vectors, neighbours

    return skip_gram_step


def _step_cases(rng, size):
    words, width = 6 + size, 2 + size % 3
    real, *others = rng.permutation(words)
    noise = np.array(others[: 2 + size % 3])
    if size % 2:
        noise = np.concatenate([noise, noise[:1], noise[:1]])  # the same noise word, drawn thrice
    candidates = np.concatenate([[real], noise])
    return {
        "vectors": rng.normal(size=(words, width)).round(2),
        "neighbours": rng.normal(size=(words, width)).round(2),
        "centre": int(rng.integers(words)),
        "candidates": candidates,
        "labels": np.eye(len(candidates))[0],
        "learning_rate": float(rng.choice([0.2, 0.5, 1.0])),
    }


def _one_by_one(vectors, neighbours, centre, candidates, labels, learning_rate):
    vectors, neighbours = vectors.copy(), neighbours.copy()
    row = vectors[centre].copy()
    for candidate, label in zip(candidates, labels, strict=True):
        error = learning_rate * (_sigmoid(neighbours[candidate] @ row) - label)
        vectors[centre] -= error * neighbours[candidate]
        neighbours[candidate] -= error * row
    return vectors, neighbours


CLIMBS = "the sign is wrong, so the step goes uphill: the gradient is σ(x) minus the label"
MIXED = (
    "the second update reads a table that the first has changed; take both gradients from the "
    "old tables"
)
LOST = (
    "a candidate that was drawn twice gets one update: `-=` with an array of indices keeps the "
    "last, `np.subtract.at` adds them all"
)

skip_gram_step = Exercise(
    name="skip_gram_step",
    kind="debug",
    title="Three bugs in a step downhill",
    minutes=30,
    difficulty=3,
    cases=_step_cases,
    probe=probes.two_tables,
    reference=_step(),
    starter=_step(sign=-1, old=False, every=False),
    mistakes=[
        Mistake(
            "mixed-and-lost",
            _step(old=False, every=False),
            f"It goes downhill now; two bugs are left. First: {MIXED}.",
        ),
        Mistake(
            "climbs-and-lost",
            _step(sign=-1, every=False),
            f"Both gradients are taken in time; two bugs are left. First: {CLIMBS}.",
        ),
        Mistake(
            "climbs-and-mixed",
            _step(sign=-1, old=False),
            f"Repeated candidates are right; two bugs are left. First: {CLIMBS}.",
        ),
        Mistake("lost", _step(every=False), f"One bug is left: {LOST}."),
        Mistake("mixed", _step(old=False), f"One bug is left: {MIXED}."),
        Mistake("climbs", _step(sign=-1), f"One bug is left: {CLIMBS}."),
        Mistake(
            "turned",
            _step(turned=True),
            "You changed the order of the updates: now the neighbours read a centre that has "
            "moved (an indexed row is a view, so a name for it moves along; `.copy()` keeps it).",
        ),
        Mistake(
            "turned-and-lost",
            _step(turned=True, every=False),
            "You changed the order of the updates: now the neighbours read a centre that has "
            f"moved. And {LOST}.",
        ),
        Mistake(
            "turned-and-climbs",
            _step(sign=-1, turned=True, every=False),
            "You changed the order of the updates: now the neighbours read a centre that has "
            f"moved. And {CLIMBS}.",
        ),
        Mistake(
            "centre-climbs",
            _step(own_sign=-1),
            "The neighbours go downhill, the centre uphill; both subtract their gradient.",
        ),
        Mistake(
            "neighbours-climb",
            _step(sign=-1, own_sign=-1),
            "The centre goes downhill, the neighbours uphill; both subtract their gradient.",
        ),
        Mistake(
            "one-by-one",
            _one_by_one,
            "A candidate that stands twice in the list is scored the second time with a vector "
            "that has moved; take all scores from the old tables.",
        ),
    ],
    hints=[
        "After a step on one example the loss on that example must be lower. Try it; then try a "
        "candidate that stands twice in the list.",
        "Three questions: which way does the step go, from which state is each gradient taken, "
        "and what does `-=` do when an index comes twice?",
        "Compute both gradients before you change either table; the error is the probability "
        "minus the label; NumPy's `ufunc.at` functions add up for repeated indices.",
    ],
)
