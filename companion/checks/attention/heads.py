"""Shapes and masks: splitting into heads, the causal mask, and a layer with bugs to find."""

from functools import partial

import numpy as np

from companion.checks.attention.arrays import normal, softmax
from companion.course.exercise import Exercise, Mistake, Relation
from companion.probes import attention as probes

PARTS = ("query", "key", "value")


def _split(x, num_heads):
    return x.reshape(len(x), num_heads, -1).transpose(1, 0, 2)


def _split_cases(rng, size):
    time, heads, width = ((1, 2, 3), (4, 2, 3), (3, 4, 2), (2, 1, 4))[size % 4]
    # Numbered cells: a value says where it came from.
    return {"x": np.arange(1.0 * time * heads * width).reshape(time, -1), "num_heads": heads}


split_heads = Exercise(
    name="split_heads",
    kind="fill",
    title="One width, several heads",
    minutes=5,
    difficulty=1,
    cases=_split_cases,
    sizes=4,
    probe=probes.array,
    reference=_split,
    mistakes=[
        Mistake(
            "reshape-only",
            lambda x, num_heads: x.reshape(num_heads, len(x), -1),
            "The shape is right and the numbers are not: a reshape alone gives a head pieces of "
            "several words; split the last axis first, then move the new axis to the front.",
        ),
        Mistake(
            "not-moved",
            lambda x, num_heads: x.reshape(len(x), num_heads, -1),
            "The heads are split but still stand behind time; move their axis to the front.",
        ),
        Mistake(
            "interleaved",
            lambda x, num_heads: x.reshape(len(x), -1, num_heads).transpose(2, 0, 1),
            "Each head takes every num_heads-th column; a head is a block of neighbouring columns.",
        ),
        Mistake(
            "width-before-time",
            lambda x, num_heads: x.reshape(len(x), num_heads, -1).transpose(1, 2, 0),
            "Time and width changed places inside a head; the last axis stays last.",
        ),
    ],
    hints=[
        "Nothing is computed: a head is a block of neighbouring columns of `x`.",
        "First the shape (time, num_heads, width), then (num_heads, time, width).",
        "`reshape` splits the last axis, `transpose` or `swapaxes` exchanges the first two.",
    ],
)


def _causal(target_length, source_length):
    return np.tri(target_length, source_length, source_length - target_length, dtype=bool)


def _causal_cases(rng, size):
    target, source = ((1, 1), (3, 3), (2, 5), (1, 4), (4, 6), (5, 5))[size % 6]
    return {"target_length": target, "source_length": source}


causal_mask = Exercise(
    name="causal_mask",
    kind="implement",
    title="The causal mask, also behind a cache",
    minutes=15,
    difficulty=1,
    cases=_causal_cases,
    sizes=6,
    probe=probes.array,
    reference=_causal,
    mistakes=[
        Mistake(
            "inverted",
            lambda target_length, source_length: ~_causal(target_length, source_length),
            "Your True means *hidden*; in this book True means *may attend*.",
        ),
        Mistake(
            "strict",
            lambda target_length, source_length: np.tri(
                target_length, source_length, source_length - target_length - 1, dtype=bool
            ),
            "Nobody sees itself, and the first word sees nothing at all; the diagonal is allowed.",
        ),
        Mistake(
            "looks-ahead",
            lambda target_length, source_length: _causal(target_length, source_length)[::-1, ::-1],
            "Your targets see the future and not the past, and they do not stand at the end of the "
            "source; turn the comparison round.",
        ),
        Mistake(
            "turned-round",
            lambda target_length, source_length: (
                np.arange(source_length)
                >= np.arange(source_length - target_length, source_length)[:, None]
            ),
            "The targets stand where they should, and they see the future and not the past; turn "
            "the comparison round.",
        ),
        Mistake(
            "aligned-left",
            lambda target_length, source_length: np.tri(target_length, source_length, dtype=bool),
            "You placed the targets at the beginning of the source; they are its last words, so "
            "the first target already has a past.",
        ),
        Mistake(
            "one-too-many",
            lambda target_length, source_length: np.tri(
                target_length, source_length, source_length - target_length + 1, dtype=bool
            ),
            "Every target sees one word of the future; stop at the target itself.",
        ),
        Mistake(
            "square",
            lambda target_length, source_length: np.tri(target_length, dtype=bool),
            "Your mask is as wide as there are targets; it has a column for every source word.",
        ),
        Mistake(
            "numbers",
            lambda target_length, source_length: _causal(target_length, source_length) * 1.0,
            "The pattern is right, but these are numbers; a mask is boolean.",
        ),
    ],
    hints=[
        "At which place of the source does the first target stand?",
        "A column of target places, a row of source places, and one comparison between them.",
        "Target t stands at place t + source_length - target_length of the source.",
    ],
)


def _self_attention(x, weights, num_heads, raw=(), matrix=None, **bugs):
    """Multi-head self-attention; `raw` parts skip their matrix, `matrix` serves all three."""
    query, key, value = (
        _split(x if part in raw else x @ weights[matrix or part], num_heads) for part in PARTS
    )
    width = x.shape[1] if bugs.get("scale") == "d_model" else query.shape[-1]
    scale = 1 if bugs.get("scale") == "none" else np.sqrt(width)
    heads = softmax(query @ key.transpose(0, 2, 1) / scale) @ value
    merged = heads.reshape(x.shape) if bugs.get("merge") == "reshape" else _merge(heads)
    return merged if bugs.get("output") == "none" else merged @ weights["output"]


def _merge(heads):
    return heads.transpose(1, 0, 2).reshape(heads.shape[1], -1)


def self_attention_as_given(x, weights, num_heads):
    """The broken code of the exercise: no projections, the whole width's scale, a bare reshape."""
    return _self_attention(x, weights, num_heads, raw=PARTS, scale="d_model", merge="reshape")


def _layer_cases(rng, size):
    heads, width, time = ((1, 2, 2), (2, 2, 3), (2, 3, 4), (3, 2, 2))[size % 4]
    d_model = heads * width
    return {
        "x": normal(rng, time, d_model),
        "weights": {name: normal(rng, d_model, d_model) for name in (*PARTS, "output")},
        "num_heads": heads,
    }


def _opposite_key(case, rng):
    """Another key matrix: who was looked at least is looked at most, so that the answer changes."""
    weights = {name: matrix.copy() for name, matrix in case["weights"].items()}
    weights["key"] = -weights["key"]
    return case | {"weights": weights}


self_attention = Exercise(
    name="self_attention",
    kind="debug",
    title="Weights that never learn",
    minutes=30,
    difficulty=2,
    cases=_layer_cases,
    sizes=4,
    tolerance=1e-5,  # float32 is welcome
    probe=probes.array,
    reference=_self_attention,
    starter=self_attention_as_given,
    relations=[
        Relation(
            "order-of-words",
            lambda case, rng: case | {"x": case["x"][::-1].copy()},
            lambda out, back: bool(np.allclose(out["result"][::-1], back["result"], atol=1e-6)),
            "Without positions and masks, turning the order of the words round must only turn the "
            "rows of the output round.",
        ),
        Relation(
            "every-weight-matters",
            _opposite_key,
            lambda out, other: not np.allclose(out["result"], other["result"], atol=1e-9),
            "Another key matrix gives the same output: that matrix is never used.",
        ),
    ],
    mistakes=[
        Mistake(
            "not-projected",
            partial(_self_attention, raw=PARTS),
            "Scale and merging are right now, but x itself is used as query, key and value: "
            "three of the four matrices do nothing, and training would never change them.",
        ),
        Mistake(
            "value-not-projected",
            partial(_self_attention, raw=("value",)),
            "The values are x itself; they have a matrix of their own.",
        ),
        Mistake(
            "key-not-projected",
            partial(_self_attention, raw=("key",)),
            "The keys are x itself; they have a matrix of their own.",
        ),
        Mistake(
            "one-matrix-for-all",
            partial(_self_attention, matrix="query"),
            "Query, key and value come from the same matrix; each has its own.",
        ),
        Mistake(
            "whole-width",
            partial(_self_attention, scale="d_model"),
            "You divide by the square root of d_model; a product inside one head has only "
            "d_model / num_heads terms.",
        ),
        Mistake(
            "no-scale",
            partial(_self_attention, scale="none"),
            "The products are not scaled; divide them by the square root of a head's width.",
        ),
        Mistake(
            "reshape-only",
            partial(_self_attention, merge="reshape"),
            "The heads are merged by a reshape alone, which mixes the words; move the time axis "
            "to the front first.",
        ),
        Mistake(
            "no-output",
            partial(_self_attention, output="none"),
            "The merged heads are returned as they are; the output matrix mixes them.",
        ),
        Mistake(
            "projections-only",
            partial(_self_attention, scale="d_model", merge="reshape"),
            "The projections are right; the scale and the merging of the heads are still broken.",
        ),
        Mistake(
            "only-the-scale",
            partial(_self_attention, raw=PARTS, merge="reshape"),
            "The scale is right now; two bugs are left. First: change one matrix of `weights`, and "
            "see that the output does not change.",
        ),
        Mistake(
            "only-the-merging",
            partial(_self_attention, raw=PARTS, scale="d_model"),
            "The heads are merged rightly now; two bugs are left. First: change one matrix of "
            "`weights`, and see that the output does not change.",
        ),
    ],
    hints=[
        "Change one matrix of `weights` at a time and see whether the output changes at all.",
        "There are three bugs: what goes in, what the scores are divided by, and how the heads "
        "are put together.",
        "Compare with `split_heads`: its inverse needs the same two steps in the other order.",
    ],
)
