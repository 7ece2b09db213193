"""Scaled dot-product attention, for any number of leading axes. Chapter 4.

What it does not do: projections and heads are in `multi_head`, masks are made in `masks`. Letters:
T target length, S source length, K key width, V value width.
"""

from keras import ops

from .arguments import as_floats
from .masks import MASKED


def scaled_dot_product_attention(
    query, key, value, attention_mask=None, score_bias=None, dropout=None
):
    """softmax(QKᵀ/√d_k)·V, and the softmax; Vaswani et al. 2017, eq. 1. Returns (output, weights).

    `query` (…, target, key_dim), `key` (…, source, key_dim), `value` (…, source, value_dim);
    `attention_mask` boolean, True = may attend, and `score_bias`, added to the scores, broadcast to
    (…, target, source), as the weights are; `dropout` is a layer that the weights pass through
    before they average the values. A target that may attend to nothing gets equal weights.

    The softmax runs in float32 or wider, whatever the inputs are. Raises `ValueError` when one of
    them has fewer than two axes, or the widths of query and key, or the lengths of key and value,
    differ.
    """
    query, key, value = map(as_floats, (query, key, value))
    _check(*(tuple(x.shape) for x in (query, key, value)))
    # √d_k divides the query, not the product: in float16 the product alone could overflow.
    query = query * query.shape[-1] ** -0.5
    scores = ops.matmul(query, ops.swapaxes(key, -1, -2))  # (…, T, S)
    scores = ops.cast(scores, "float64" if scores.dtype == "float64" else "float32")
    if score_bias is not None:
        scores = scores + ops.cast(score_bias, scores.dtype)
    if attention_mask is not None:
        scores = ops.where(attention_mask, scores, MASKED)
    weights = ops.cast(_softmax(scores), value.dtype)
    kept = weights if dropout is None else dropout(weights)
    return ops.matmul(kept, value), weights  # (…, T, V), (…, T, S)


def _check(query, key, value):
    """Raise `ValueError` for shapes that do not fit."""
    if min(map(len, (query, key, value))) < 2:
        wanted = "each has two axes at least, time and width (x[:, None] makes numbers one wide)"
    elif query[-1] != key[-1] or key[-2] != value[-2]:
        wanted = "query and key share their last axis, key and value the one before it"
    else:
        return
    raise ValueError(f"query {query}, key {key}, value {value}: {wanted}")


def _softmax(scores):
    """The softmax over the source. A single source always gets weight 1 (Keras warns about it)."""
    return ops.ones_like(scores) if scores.shape[-1] == 1 else ops.softmax(scores, axis=-1)
