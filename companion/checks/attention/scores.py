"""Scores and weights: scaled dot-product attention, and a version with the scale misplaced."""

from functools import partial

import numpy as np

from companion.checks.attention.arrays import naive_softmax, normal, softmax
from companion.course.exercise import Exercise, Mistake, Relation
from companion.probes import attention as probes


def _attention(query, key, value, attention_mask, **bugs):
    """softmax(QKᵀ/√d_k)·V and the weights, with one part at a time done wrong on demand."""
    scale = bugs.get("scale", lambda q, k: np.sqrt(q.shape[-1]))(query, key)
    scores = query @ key.T / scale
    allowed = ~attention_mask if bugs.get("mask") == "inverted" else attention_mask
    if bugs.get("mask") not in ("ignored", "after"):
        with np.errstate(all="ignore"):
            scores = np.where(allowed, scores, bugs.get("low", -1e9))
    with np.errstate(all="ignore"):
        weights = bugs.get("softmax", softmax)(scores)
        if bugs.get("mask") == "after":
            weights = weights * attention_mask
        weights = weights / bugs.get("outside", lambda q, k: 1)(query, key)
        return weights @ value, weights


def _attention_cases(rng, size):
    targets, sources, width = ((1, 2, 4), (3, 3, 2), (2, 4, 3), (4, 3, 9), (3, 5, 4))[size % 5]
    query, key = normal(rng, targets, width), normal(rng, sources, width)
    mask = rng.random((targets, sources)) < 0.6
    mask[:, 0] = True
    if size == 1:
        mask[:] = True  # without a mask, so that mistakes with masks and others come apart
    if size in (3, 6):
        mask[-1] = False  # a target that may look at nothing: padding
    if size == 4:
        query[2], mask[2] = 0.0, True  # scores of 0, the row's maximum and far below the matrix's
        query[0], key[0] = 1.0, 1.0  # one of them surely positive
        query[1], key[1] = -1.25, 1.25  # and the only one that is allowed at −5,000
        mask[1] = np.arange(sources) == 1
        query, key = 40 * query, 40 * key  # scores in the thousands: exp alone overflows
    return {
        "query": query,
        "key": key,
        "value": normal(rng, sources, width + 1),
        "attention_mask": mask,
    }


def _shifted_values(case, rng):
    return case | {"value": case["value"] + 1}


def _one_maximum(scores):
    with np.errstate(all="ignore"):
        powers = np.exp(scores - scores.max())
        return powers / powers.sum(axis=-1, keepdims=True)


def _masked_between(query, key, value, attention_mask):
    """The maximum of all scores of a row first, then the mask, then the sum."""
    scores = query @ key.T / np.sqrt(key.shape[-1])
    with np.errstate(all="ignore"):
        powers = np.exp(scores - scores.max(axis=-1, keepdims=True)) * attention_mask
        weights = powers / powers.sum(axis=-1, keepdims=True)
    return weights @ value, weights


def _flat_sums(scores):
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1)


def _value_width(query, key, value, attention_mask):
    root = np.sqrt(value.shape[-1])
    return _attention(query, key, value, attention_mask, scale=lambda q, k: root)


scaled_dot_product_attention = Exercise(
    name="scaled_dot_product_attention",
    kind="implement",
    title="Scaled dot-product attention",
    minutes=30,
    difficulty=2,
    cases=_attention_cases,
    probe=probes.output_and_weights,
    reference=_attention,
    relations=[
        Relation(
            "a-mean-follows-its-values",
            _shifted_values,
            lambda out, more: bool(
                np.allclose(out["weights"], more["weights"], atol=1e-5, equal_nan=True)
                and np.allclose(
                    out["output"] + out["weights"].sum(axis=-1, keepdims=True),
                    more["output"],
                    atol=1e-5,  # float32 is welcome
                    equal_nan=True,
                )
            ),
            "The weights must not depend on the values, and the output must follow them.",
        ),
    ],
    mistakes=[
        Mistake(
            "no-scale",
            partial(_attention, scale=lambda q, k: 1),
            "Divide the scores by √d_k before the softmax.",
        ),
        Mistake(
            "scale-outside",
            partial(_attention, scale=lambda q, k: 1, outside=lambda q, k: np.sqrt(q.shape[-1])),
            "You divided by √d_k after the softmax, so the rows no longer sum to one and the "
            "softmax saturates as before; divide the scores.",
        ),
        Mistake(
            "divides-by-width",
            partial(_attention, scale=lambda q, k: q.shape[-1]),
            "You divided by d_k; divide by its square root.",
        ),
        Mistake(
            "length-for-width",
            partial(_attention, scale=lambda q, k: np.sqrt(len(k))),
            "You took the number of keys for d_k; it is the width of a key, the last axis.",
        ),
        Mistake(
            "number-of-queries",
            partial(_attention, scale=lambda q, k: np.sqrt(len(q))),
            "You took the number of queries for d_k; it is the width of a query, the last axis.",
        ),
        Mistake(
            "no-keepdims",
            partial(_attention, softmax=_flat_sums),
            "The sums of the rows have lost their last axis, so that columns are divided by them, "
            "or nothing fits; take them with keepdims=True.",
        ),
        Mistake(
            "wrong-axis",
            partial(_attention, softmax=partial(softmax, axis=0)),
            "Your softmax runs over the targets; each target distributes its weight over the "
            "sources, the last axis.",
        ),
        Mistake(
            "mask-ignored",
            partial(_attention, mask="ignored"),
            "The mask is not used; a forbidden source must get weight zero.",
        ),
        Mistake(
            "mask-inverted",
            partial(_attention, mask="inverted"),
            "You hid what is allowed; True means *may attend*.",
        ),
        Mistake(
            "masked-after",
            partial(_attention, mask="after"),
            "You set weights to zero after the softmax, so the rest no longer sums to one; mask "
            "the scores before it.",
        ),
        Mistake(
            "masked-between",
            _masked_between,
            "You masked after the row's maximum was taken: where the allowed scores lie far below "
            "a hidden one, or nothing is allowed, every exponential is 0, and 0/0 is NaN. Mask the "
            "scores first.",
        ),
        Mistake(
            "zero-score",
            partial(_attention, low=0.0),
            "You set forbidden scores to 0, and e⁰ = 1 is no small weight; use a large negative "
            "number.",
        ),
        Mistake(
            "not-low-enough",
            partial(_attention, low=-100.0),
            "Your number for forbidden scores is not low enough: an allowed score of −5,000 lies "
            "below it, and the forbidden sources win; take −1e9.",
        ),
        Mistake(
            "minus-infinity",
            partial(_attention, low=-np.inf),
            "A row in which everything is −∞ becomes NaN; use a large negative finite number.",
        ),
        Mistake(
            "overflow",
            partial(_attention, softmax=naive_softmax),
            "Right for small scores; with large ones `np.exp` overflows. Subtract the largest "
            "score of the row first, which changes nothing else.",
        ),
        Mistake(
            "one-maximum",
            partial(_attention, softmax=_one_maximum),
            "You subtracted the largest score of the whole matrix; in a row that lies far below it "
            "every exponential is 0, and 0/0 is NaN. Take the maximum of each row.",
        ),
        Mistake(
            "width-of-values",
            _value_width,
            "You took the width of a value for d_k; it is the width of a key.",
        ),
        Mistake(
            "swapped",
            lambda **case: _attention(**case)[::-1],
            "You returned the weights first; the pair is (output, weights).",
        ),
    ],
    hints=[
        "Four steps, all of them matrices: compare, hide, normalise, mix.",
        "Scores and weights have a row for each target and a column for each source.",
        "`np.where` hides; subtract each row's maximum (keepdims=True), then exponentiate and "
        "divide by the row's sum.",
    ],
)


def _weights(query, key, **bugs):
    every = np.ones((len(query), len(key)), dtype=bool)
    return _attention(query, key, np.zeros((len(key), 1)), every, **bugs)[1]


def _by_length(query, key):
    return np.sqrt(len(key))


def weights_as_given(query, key):
    """The broken code of the exercise: the wrong d_k, the wrong axis, the scale outside."""
    powers = np.exp(query @ key.T)
    return powers / powers.sum(axis=0) / np.sqrt(len(key))


def _weights_cases(rng, size):
    targets, sources, width = ((1, 2, 4), (3, 4, 2), (2, 3, 5), (4, 2, 9), (3, 5, 3))[size % 5]
    return {"query": normal(rng, targets, width), "key": normal(rng, sources, width)}


attention_weights = Exercise(
    name="attention_weights",
    kind="debug",
    title="A scale in the wrong place",
    minutes=15,
    difficulty=2,
    cases=_weights_cases,
    sizes=5,
    probe=probes.array,
    reference=_weights,
    starter=weights_as_given,
    relations=[
        Relation(
            "sums-to-one",
            lambda case, rng: case,
            lambda out, same: bool(np.allclose(out["result"].sum(axis=-1), 1)),
            "Every row of weights must sum to one.",
        ),
    ],
    mistakes=[
        Mistake(
            "scale-outside",
            partial(_weights, scale=lambda q, k: 1, outside=lambda q, k: np.sqrt(q.shape[-1])),
            "The scale still stands outside the softmax: rows sum to 1/√d_k, and large scores "
            "saturate as before. Divide the scores.",
        ),
        Mistake(
            "length-for-width",
            partial(_weights, scale=_by_length),
            "`len(key)` is the number of keys; d_k is the width of one key.",
        ),
        Mistake(
            "no-keepdims",
            partial(_weights, softmax=_flat_sums),
            "The sums of the rows have lost their last axis, so that broadcasting takes them for "
            "those of the columns; take them with keepdims=True.",
        ),
        Mistake(
            "wrong-axis",
            partial(_weights, softmax=partial(softmax, axis=0)),
            "The columns sum to one; the rows should.",
        ),
        Mistake(
            "scale-removed",
            partial(_weights, scale=lambda q, k: 1),
            "Rows sum to one now because the scale is gone; it belongs inside the softmax.",
        ),
        Mistake(
            "divides-by-width",
            partial(_weights, scale=lambda q, k: q.shape[-1]),
            "You divide by d_k; divide by its square root.",
        ),
        Mistake(
            "length-outside",
            partial(_weights, scale=lambda q, k: 1, outside=_by_length),
            "The rows are right, but they are still divided by a square root, and of the number "
            "of keys; d_k is the width of one key, and the scores are what is divided.",
        ),
        Mistake(
            "only-the-width",
            partial(
                _weights,
                scale=lambda q, k: 1,
                softmax=partial(softmax, axis=0),
                outside=lambda q, k: np.sqrt(q.shape[-1]),
            ),
            "d_k is right now; two bugs are left. First: your columns sum to one number, not your "
            "rows.",
        ),
        Mistake(
            "only-the-side",
            partial(_weights, scale=_by_length, softmax=partial(softmax, axis=0)),
            "The scores are divided before the softmax now; two bugs are left. First: the columns "
            "sum to one; the rows should.",
        ),
    ],
    hints=[
        "Print the sums of the rows and of the columns of what the function returns.",
        "There are three bugs: which number, which axis, which side of the softmax.",
        "d_k is `key.shape[-1]`, and a division before `np.exp` is another than one after it.",
    ],
)
