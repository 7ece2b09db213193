"""One block: sublayers, each with a norm and a way around it (the residual). Chapter 5.

Letters: B batch, T target length, S source length, D d_model.
"""

import keras

from companion.attention import MultiHeadAttention

from .feed_forward import FeedForward
from .norms import LayerNorm, RMSNorm

NORMS = {"layer": LayerNorm, "rms": RMSNorm}


@keras.saving.register_keras_serializable(package="companion")
class TransformerBlock(keras.layers.Layer):
    """x + sublayer(norm(x)), or norm(x + sublayer(x)), for attention and feed-forward in turn.

    The second, `norm="post"`, is Vaswani et al. 2017, §3.1; the first, `norm="pre"`, leaves a path
    from the input to the output that no norm crosses (Xiong et al. 2020). With
    `cross_attention=True` a sublayer that looks at a source stands between the two (a decoder's
    block). `kind` of norm: "layer" or "rms"; "rms" and a `num_kv_heads` are what later models take
    (LLaMA; grouped-query attention, Ainslie et al. 2023). Dropout falls on attention weights and on
    what each sublayer adds. Raises `ValueError` for another `norm` or `kind`.

    >>> TransformerBlock(64, 4, 256)(x, attention_mask=causal_mask(10))   # (batch, 10, 64)
    """

    def __init__(
        self,
        d_model,
        num_heads,
        d_ff,
        *,
        num_kv_heads=None,
        cross_attention=False,
        norm="pre",
        kind="layer",
        epsilon=1e-5,
        activation="relu",
        dropout=0.0,
        rotary=False,
        kernel_initializer="glorot_uniform",
        **options,
    ):
        super().__init__(**options)
        if norm not in ("pre", "post") or kind not in NORMS:
            raise ValueError(f"norm {norm!r} of kind {kind!r}; wanted pre or post, layer or rms")
        self.norm, self.kind, self.epsilon = norm, kind, epsilon
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        common = {"kernel_initializer": self.kernel_initializer, "dtype": self.dtype_policy}
        self.attention = MultiHeadAttention(
            d_model, num_heads, num_kv_heads, dropout, rotary=rotary, name="attention", **common
        )
        self.cross_attention = None
        if cross_attention:
            self.cross_attention = MultiHeadAttention(
                d_model, num_heads, num_kv_heads, dropout, name="cross_attention", **common
            )
        self.feed_forward = FeedForward(d_model, d_ff, activation, name="feed_forward", **common)
        self.dropout = keras.layers.Dropout(dropout, dtype=self.dtype_policy)
        self.attention_norm = self._norm("attention_norm")
        self.cross_norm = self._norm("cross_norm") if cross_attention else None
        self.feed_forward_norm = self._norm("feed_forward_norm")

    def build(self, x_shape, source_shape=None):
        """Make the weights of the sublayers and norms."""
        self.attention.build(x_shape)
        self.attention_norm.build(x_shape)
        if self.cross_attention is not None:
            self.cross_attention.build(x_shape, source_shape or x_shape)
            self.cross_norm.build(x_shape)
        self.feed_forward.build(x_shape)
        self.feed_forward_norm.build(x_shape)

    def call(
        self,
        x,
        source=None,
        attention_mask=None,
        source_mask=None,
        score_bias=None,
        cache=None,
        position=None,
        return_weights=False,
        training=None,
    ):
        """The output (batch, target, d_model); with more asked for, (output[, weights][, cache]).

        `attention_mask` and `score_bias` are the self-attention's, `source_mask` the
        cross-attention's (True = may attend). A `cache` from `start_cache` is read and, at
        `position`, written; it stands for the source too. The weights are those of the
        cross-attention where there is one. Raises `ValueError` for a cross-attention without a
        source (it would look at the targets, the future ones too), and for a source without it.
        """
        own, read = (None, None) if cache is None else cache
        self._check_source(source is not None or read is not None)
        y, weights, own = _attend(
            self.attention,
            self.before(x, self.attention_norm),
            return_weights,
            attention_mask=attention_mask,
            score_bias=score_bias,
            cache=own,
            position=position,
            training=training,
        )
        x = self.after(x, y, self.attention_norm, training)
        if self.cross_attention is not None:
            y, weights, read = _attend(
                self.cross_attention,
                self.before(x, self.cross_norm),
                return_weights,
                source=source,
                attention_mask=source_mask,
                cache=read,
                training=training,
            )
            x = self.after(x, y, self.cross_norm, training)
        y = self.feed_forward(self.before(x, self.feed_forward_norm))
        x = self.after(x, y, self.feed_forward_norm, training)
        extras = [weights] * return_weights + [(own, read)] * (cache is not None)
        return (x, *extras) if extras else x

    def before(self, x, norm):
        """What a sublayer sees: norm(x), or x itself where the norm comes after."""
        return norm(x) if self.norm == "pre" else x

    def after(self, x, y, norm, training=None):
        """What a sublayer leaves: x + y, or norm(x + y)."""
        x = x + self.dropout(y, training=training)
        return x if self.norm == "pre" else norm(x)

    def start_cache(self, batch_size, length, source=None):
        """Room for `length` targets, and the source (batch, source, d_model) projected once."""
        read = None if source is None else self.cross_attention.keys_and_values(source)
        return self.attention.empty_cache(batch_size, length), read

    def get_config(self):
        """What rebuilds the layer."""
        return super().get_config() | {
            "d_model": self.attention.d_model,
            "num_heads": self.attention.num_heads,
            "d_ff": self.feed_forward.d_ff,
            "num_kv_heads": self.attention.num_kv_heads,
            "cross_attention": self.cross_attention is not None,
            "norm": self.norm,
            "kind": self.kind,
            "epsilon": self.epsilon,
            "activation": keras.activations.serialize(self.feed_forward.activation),
            "dropout": self.dropout.rate,
            "rotary": self.attention.rotary,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
        }

    def _check_source(self, given):
        if given and self.cross_attention is None:
            raise ValueError("a source, and cross_attention=False: nothing here looks at it")
        if not given and self.cross_attention is not None:
            raise ValueError(
                "cross_attention=True and no source; give one, or a cache that was started from one"
            )

    def _norm(self, name):
        return NORMS[self.kind](epsilon=self.epsilon, dtype=self.dtype_policy, name=name)


def _attend(attention, x, return_weights, **options):
    """(output, weights or None, cache or None), whatever the layer was asked to return."""
    result = attention(x, return_weights=return_weights, **options)
    output, *extras = result if isinstance(result, tuple) else (result,)
    weights = extras.pop(0) if return_weights else None
    return output, weights, extras[0] if extras else None
