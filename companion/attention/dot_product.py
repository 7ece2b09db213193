"""Scaled dot-product attention, for any number of leading axes. Chapter 4.

What it does not do: projections and heads are in `multi_head`, masks are made in `masks`. Letters:
T target length, S source length, K key width, V value width.
"""

from keras import ops

from .masks import MASKED


def scaled_dot_product_attention(
    query, key, value, attention_mask=None, score_bias=None, dropout=None
):
    """softmax(QKᵀ/√d_k)·V, and the softmax; Vaswani et al. 2017, eq. 1. Returns (output, weights).

    `query` (…, target, key_dim), `key` (…, source, key_dim), `value` (…, source, value_dim);
    `attention_mask` boolean, True = may attend, and `score_bias`, added to the scores, broadcast to
    (…, target, source), as the weights are; `dropout` is a layer that the weights pass through
    before they average the values. A target that may attend to nothing gets equal weights.

    The softmax runs in float32 or wider, whatever the inputs are. Raises `ValueError` when the
    widths of query and key, or the lengths of key and value, differ.
    """
    query, key, value = (ops.convert_to_tensor(x) for x in (query, key, value))
    if query.shape[-1] != key.shape[-1] or key.shape[-2] != value.shape[-2]:
        raise ValueError(
            f"query {tuple(query.shape)}, key {tuple(key.shape)}, value {tuple(value.shape)}: "
            "query and key share their last axis, key and value the one before it"
        )
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


def _softmax(scores):
    """The softmax over the source. A single source always gets weight 1 (Keras warns about it)."""
    return ops.ones_like(scores) if scores.shape[-1] == 1 else ops.softmax(scores, axis=-1)
