"""Measured: how alike two texts are, and how likely a text looks from both sides."""

import numpy as np

from companion.checks.transformer.arrays import normal
from companion.course.exercise import Exercise, Mistake, Relation
from companion.probes import bert as probes


def _pooled(x, seen):
    return (x * seen[:, None]).sum(axis=0) / seen.sum()


def _cosine(a, b):
    return a @ b / (np.linalg.norm(a) * np.linalg.norm(b))


def _similarity(x, x_seen, y, y_seen):
    return _cosine(_pooled(x, x_seen), _pooled(y, y_seen))


def _mean_of_cosines(x, x_seen, y, y_seen):
    return np.mean([_cosine(a, b) for a in x[x_seen] for b in y[y_seen]])


def _similarity_cases(rng, size):
    a, b, width = ((2, 2, 3), (3, 2, 4), (4, 5, 3), (5, 3, 6), (6, 6, 4))[size % 5]
    behind = (0, 2, 1, 3, 2)[size % 5]
    case = {}
    for name, length in (("x", a), ("y", b)):
        x = normal(rng, length + behind, width) + 0.5
        if size == 3:
            x[0] *= 30  # one long vector: the mean of cosines would not notice
        case |= {name: x, f"{name}_seen": np.arange(length + behind) < length}
    return case


def _louder_padding(case, rng):
    x = np.where(case["x_seen"][:, None], case["x"], 100 * normal(rng, *case["x"].shape))
    return case | {"x": x}


def _same(out, other):
    return bool(np.isclose(out["value"], other["value"], rtol=1e-5, atol=1e-5))  # float32 will do


similarity = Exercise(
    name="similarity",
    kind="measure",
    title="How alike are two texts?",
    minutes=15,
    difficulty=1,
    cases=_similarity_cases,
    sizes=5,
    probe=probes.scalar,
    reference=_similarity,
    relations=[
        Relation(
            "padding-does-not-count",
            _louder_padding,
            _same,
            "Whatever stands in the padding must not matter.",
        ),
        Relation(
            "length-does-not-count",
            lambda case, rng: case | {"x": 7 * case["x"]},
            _same,
            "Seven times as long, a vector points where it did: a cosine must not change.",
        ),
    ],
    mistakes=[
        Mistake(
            "padding-too",
            lambda x, x_seen, y, y_seen: _cosine(x.mean(axis=0), y.mean(axis=0)),
            "You averaged over the padding as well.",
        ),
        Mistake(
            "dot-product",
            lambda x, x_seen, y, y_seen: _pooled(x, x_seen) @ _pooled(y, y_seen),
            "That is the product of the two vectors; divide it by their lengths.",
        ),
        Mistake(
            "first-token",
            lambda x, x_seen, y, y_seen: _cosine(x[0], y[0]),
            "You compared the vectors of [CLS] alone; take the mean over the tokens.",
        ),
        Mistake(
            "mean-of-cosines",
            _mean_of_cosines,
            "You averaged the cosines of all pairs of tokens; average the vectors first.",
        ),
        Mistake(
            "distance",
            lambda x, x_seen, y, y_seen: 1 - _similarity(x, x_seen, y, y_seen),
            "That is the cosine *distance*, 1 − cosine.",
        ),
        Mistake(
            "largest",
            lambda x, x_seen, y, y_seen: _cosine(x[x_seen].max(axis=0), y[y_seen].max(axis=0)),
            "You took the largest number of each column; take the mean.",
        ),
        Mistake(
            "squared-lengths",
            lambda x, x_seen, y, y_seen: (
                _pooled(x, x_seen)
                @ _pooled(y, y_seen)
                / (np.sum(_pooled(x, x_seen) ** 2) * np.sum(_pooled(y, y_seen) ** 2))
            ),
            "You divided by the squares of the lengths; the roots are missing.",
        ),
    ],
    hints=[
        "Two steps: one vector for each text, then the angle between the two.",
        "`x[x_seen]` are the vectors of the tokens, (tokens, d_model); their mean is over axis 0.",
        "a @ b / (|a| · |b|); `np.linalg.norm` gives a length.",
    ],
)


def _scored(log_probs, ids, mask_id):
    total = 0.0
    for place in range(1, len(ids) - 1):
        shown = np.array(ids)
        shown[place] = mask_id
        total += log_probs(shown)[place, ids[place]]
    return total


def _nothing_hidden(log_probs, ids, mask_id):
    found = log_probs(ids)
    return sum(found[place, ids[place]] for place in range(1, len(ids) - 1))


def _all_hidden(log_probs, ids, mask_id):
    shown = np.array(ids)
    shown[1:-1] = mask_id
    found = log_probs(shown)
    return sum(found[place, ids[place]] for place in range(1, len(ids) - 1))


def _never_restored(log_probs, ids, mask_id):
    total, shown = 0.0, np.array(ids)
    for place in range(1, len(ids) - 1):
        shown[place] = mask_id
        total += log_probs(shown)[place, ids[place]]
    return total


def _rest_hidden(log_probs, ids, mask_id):
    total = 0.0
    for place in range(1, len(ids) - 1):
        shown = np.array(ids)
        shown[place:-1] = mask_id
        total += log_probs(shown)[place, ids[place]]
    return total


def _ends_too(log_probs, ids, mask_id):
    total = 0.0
    for place in range(len(ids)):
        shown = np.array(ids)
        shown[place] = mask_id
        total += log_probs(shown)[place, ids[place]]
    return total


def _last_forgotten(log_probs, ids, mask_id):
    total = 0.0
    for place in range(1, len(ids) - 2):
        shown = np.array(ids)
        shown[place] = mask_id
        total += log_probs(shown)[place, ids[place]]
    return total


def _score_of_mask(log_probs, ids, mask_id):
    total = 0.0
    for place in range(1, len(ids) - 1):
        shown = np.array(ids)
        shown[place] = mask_id
        total += log_probs(shown)[place, mask_id]
    return total


def _probabilities(log_probs, ids, mask_id):
    total = 0.0
    for place in range(1, len(ids) - 1):
        shown = np.array(ids)
        shown[place] = mask_id
        total += np.exp(log_probs(shown)[place, ids[place]])
    return total


def _in_place(log_probs, ids, mask_id):
    total = _scored(log_probs, ids, mask_id)
    ids[1:-1] = mask_id
    return total


def _scoring_cases(rng, size):
    time, vocab = ((4, 6), (5, 7), (6, 6), (7, 9), (9, 8))[size % 5]
    ids = rng.integers(3, vocab, time)
    ids[0], ids[-1] = 0, 1
    own = normal(rng, vocab, vocab) + 3 * np.eye(vocab)
    return {"near": normal(rng, vocab, vocab), "own": own, "ids": ids, "mask_id": 2}


pseudo_log_likelihood = Exercise(
    name="pseudo_log_likelihood",
    kind="measure",
    title="How likely does a text look from both sides?",
    minutes=30,
    difficulty=3,
    cases=_scoring_cases,
    sizes=5,
    probe=probes.scoring,
    reference=_scored,
    mistakes=[
        Mistake(
            "nothing-hidden",
            _nothing_hidden,
            "The model is shown the very token that it has to guess. Hide it first.",
        ),
        Mistake(
            "all-hidden",
            _all_hidden,
            "You hid all tokens at once; one is hidden at a time, the others are shown.",
        ),
        Mistake(
            "never-restored",
            _never_restored,
            "Each hidden token stays hidden for the rest of the loop; begin each time with a "
            "fresh copy.",
        ),
        Mistake(
            "rest-hidden",
            _rest_hidden,
            "You hid everything from the place on, as a model that reads from left to right would "
            "want it; here the right side is shown.",
        ),
        Mistake(
            "ends-too",
            _ends_too,
            "[CLS] and [SEP] are scored too; they are no part of the text.",
        ),
        Mistake(
            "last-forgotten",
            _last_forgotten,
            "The last token before [SEP] is not scored: `range` stops one before its end.",
        ),
        Mistake(
            "score-of-the-mask",
            _score_of_mask,
            "You read off log p([MASK]) at each place; wanted is that of the *true* token.",
        ),
        Mistake(
            "mean",
            lambda log_probs, ids, mask_id: _scored(log_probs, ids, mask_id) / (len(ids) - 2),
            "That is the mean over the tokens; return the sum.",
        ),
        Mistake(
            "negative",
            lambda log_probs, ids, mask_id: -_scored(log_probs, ids, mask_id),
            "The sign is turned round: that is a loss. Logarithms of probabilities are negative.",
        ),
        Mistake(
            "probabilities",
            _probabilities,
            "You added probabilities; add their logarithms.",
        ),
        Mistake(
            "in-place",
            _in_place,
            "The value is right, but your ids are changed when the function returns; work on a "
            "copy.",
        ),
    ],
    hints=[
        "As many questions to the model as the text has tokens; each time one token is hidden.",
        "A copy, [MASK] at one place, ask, read off the log p of the true token at that place.",
        "A loop over the places 1 … len(ids) − 2. In it `np.array(ids)` makes a copy, and what "
        "the model returns is indexed by the place and by the true id.",
    ],
)
