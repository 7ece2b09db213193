"""Attention with several heads, and a cache of keys and values. Chapter 4.

One layer for all uses: self-attention (one sequence), cross-attention (target and source), grouped
key/value heads, rotary positions. Chapter 8 explains the cache; here it has to give the same
results as no cache. Letters: B batch, T target length, S source length, H heads, G key/value heads,
K key width, D d_model.
"""

import keras
from keras import ops

from .arguments import known_position
from .dot_product import scaled_dot_product_attention
from .masks import causal_mask
from .positions import rotary


@keras.saving.register_keras_serializable(package="companion")
class MultiHeadAttention(keras.layers.Layer):
    """Concat(head₁ … head_H)·W_O, headᵢ = Attention(X·W_Qᵢ, Y·W_Kᵢ, Y·W_Vᵢ).

    Vaswani et al. 2017, §3.2.2. X is the target (batch, target, width), Y the source; without a
    source, X itself. Each head is d_model / num_heads wide. With `num_kv_heads` < `num_heads`,
    groups of heads share keys and values (Ainslie et al. 2023; 1 is Shazeer's 2019 multi-query
    attention). `rotary=True` turns queries and keys by their positions (`positions.rotary`).
    Raises `ValueError` where the numbers do not divide.

    >>> MultiHeadAttention(64, 4)(x, attention_mask=causal_mask(10))   # (batch, 10, 64)
    """

    def __init__(
        self,
        d_model,
        num_heads,
        num_kv_heads=None,
        dropout=0.0,
        use_bias=True,
        rotary=False,
        kernel_initializer="glorot_uniform",
        **options,
    ):
        super().__init__(**options)
        num_kv_heads = num_heads if num_kv_heads is None else num_kv_heads
        _check(d_model, num_heads, num_kv_heads, rotary)
        self.d_model, self.num_heads, self.num_kv_heads = d_model, num_heads, num_kv_heads
        self.key_dim = d_model // num_heads
        self.use_bias, self.rotary = use_bias, rotary
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        width = num_kv_heads * self.key_dim
        self.query_projection = self._projection(d_model, "query")
        self.key_projection = self._projection(width, "key")
        self.value_projection = self._projection(width, "value")
        self.output_projection = self._projection(d_model, "output")
        self.dropout = keras.layers.Dropout(dropout, dtype=self.dtype_policy)

    def build(self, target_shape, source_shape=None):
        """Make the four projections' weights."""
        source_shape = target_shape if source_shape is None else source_shape
        self.query_projection.build(target_shape)
        self.key_projection.build(source_shape)
        self.value_projection.build(source_shape)
        self.output_projection.build((*target_shape[:-1], self.d_model))

    def call(
        self,
        target,
        source=None,
        attention_mask=None,
        score_bias=None,
        cache=None,
        position=None,
        return_weights=False,
        training=None,
    ):
        """The output (batch, target, d_model); with more asked for, (output[, weights][, cache]).

        `attention_mask` (True = may attend) and `score_bias` broadcast to (batch, target, source),
        or with four axes to (batch, num_heads, target, source), as the weights are; a bias of three
        axes is (num_heads, target, source), as `alibi` makes it.

        A `cache` is what `empty_cache` or `keys_and_values` gave. With a `position` the target's
        keys and values are written there, and everything up to them is attended to; without one
        the cache is read as it stands (cross-attention, its source projected once).
        """
        if self.rotary and source is not None:
            raise ValueError(
                "rotary compares positions in one sequence; pass no source, or rotary=False"
            )
        query = split_heads(self.query_projection(target), self.num_heads)  # (B, H, T, K)
        start = 0 if position is None else position
        if self.rotary:
            query = rotary(query, start)
        if cache is None or position is not None:
            new = self.keys_and_values(target if source is None else source, start)
        if cache is None:
            key, value = new
        elif position is None:
            key, value = cache
        else:
            key, value = cache = _write(cache, new, position)
            seen = causal_mask(target.shape[1], key.shape[2], position)
            attention_mask = seen if attention_mask is None else seen & attention_mask
        output, weights = scaled_dot_product_attention(
            query,
            self._for_every_head(key),
            self._for_every_head(value),
            _with_head_axis(attention_mask),
            score_bias,
            lambda x: self.dropout(x, training=training),
        )
        output = self.output_projection(merge_heads(output))
        extras = [weights] * return_weights + [cache] * (cache is not None)
        return (output, *extras) if extras else output

    def keys_and_values(self, source, position=0):
        """The source's keys and values by head, two tensors (batch, num_kv_heads, source, key_dim).

        `position` is that of the source's first row; it matters to rotary positions only.
        """
        key = split_heads(self.key_projection(source), self.num_kv_heads)
        value = split_heads(self.value_projection(source), self.num_kv_heads)  # (B, G, S, K)
        return (rotary(key, position) if self.rotary else key), value

    def empty_cache(self, batch_size, length):
        """Room for `length` keys and values: a pair (batch_size, num_kv_heads, length, key_dim)."""
        shape = (batch_size, self.num_kv_heads, length, self.key_dim)
        return ops.zeros(shape, self.compute_dtype), ops.zeros(shape, self.compute_dtype)

    def get_config(self):
        """What rebuilds the layer."""
        names = ("d_model", "num_heads", "num_kv_heads", "use_bias", "rotary")
        ours = {name: getattr(self, name) for name in names} | {"dropout": self.dropout.rate}
        initializer = keras.initializers.serialize(self.kernel_initializer)
        return super().get_config() | ours | {"kernel_initializer": initializer}

    def _projection(self, width, name):
        # A fresh copy each: a seeded initializer object shared by four layers would repeat itself.
        initializer = self.kernel_initializer.clone()
        return keras.layers.Dense(
            width,
            use_bias=self.use_bias,
            kernel_initializer=initializer,
            dtype=self.dtype_policy,
            name=name,
        )

    def _for_every_head(self, x):
        groups = self.num_heads // self.num_kv_heads
        return x if groups == 1 else ops.repeat(x, groups, axis=1)  # (B, H, S, K)


def split_heads(x, num_heads):
    """(batch, time, num_heads · width) → (batch, num_heads, time, width)."""
    x = ops.reshape(x, (-1, ops.shape(x)[1], num_heads, x.shape[-1] // num_heads))  # (B, T, H, K)
    return ops.transpose(x, (0, 2, 1, 3))  # (B, H, T, K)


def merge_heads(x):
    """(batch, num_heads, time, width) → (batch, time, num_heads · width): `split_heads` undone."""
    x = ops.transpose(x, (0, 2, 1, 3))  # (B, T, H, K)
    return ops.reshape(x, (-1, ops.shape(x)[1], x.shape[2] * x.shape[3]))  # (B, T, D)


def _check(d_model, num_heads, num_kv_heads, rotary):
    if num_heads < 1 or d_model % num_heads:
        raise ValueError(f"d_model {d_model} does not divide into {num_heads} heads")
    if num_kv_heads < 1 or num_heads % num_kv_heads:
        raise ValueError(f"{num_heads} heads do not divide among {num_kv_heads} key/value heads")
    if rotary and d_model // num_heads % 2:
        raise ValueError(
            f"heads of width {d_model // num_heads} have no pairs for rotary; choose an even width"
        )


def _write(cache, new, position):
    """The cache with the new keys and values at `position`; axis 2 is time."""
    room, length = cache[0].shape[2], new[0].shape[2]
    first = known_position(position)
    if first is not None and not 0 <= first <= room - length:
        raise ValueError(
            f"{length} keys at position {first} do not fit a cache of {room}; make it longer"
        )
    return tuple(
        ops.slice_update(old, (0, 0, position, 0), ops.cast(part, old.dtype))
        for old, part in zip(cache, new, strict=True)
    )


def _with_head_axis(attention_mask):
    """(batch, target, source) → (batch, 1, target, source); other shapes as they are."""
    if attention_mask is None or len(attention_mask.shape) != 3:
        return attention_mask
    return attention_mask[:, None]
