"""Encoder, decoder, and the two as one model from a source to a target. Chapter 5.

Letters: B batch, S source length, T target length, D d_model, V vocabulary.
"""

import dataclasses
import math

import keras
from keras import ops

from companion.attention import (
    causal_mask,
    known_position,
    padding_mask,
    sinusoidal_positions,
)
from companion.neural_lm.config import Configured

from .block import TransformerBlock
from .config import TransformerConfig
from .norms import LayerNorm

PAD_ID = 0


class Stack(keras.layers.Layer):
    """`num_layers` blocks, each with weights of its own, from a config.

    Behind pre-norm blocks stands one more norm: nothing else bounds what the residuals add up to.
    """

    cross_attention = False

    def __init__(self, config: TransformerConfig, **options):
        super().__init__(**options)
        self.config = config
        self.blocks = [
            TransformerBlock(
                config.d_model,
                config.num_heads,
                config.d_ff,
                cross_attention=self.cross_attention,
                norm=config.norm,
                dropout=config.dropout,
                rotary=config.rotary,
                dtype=self.dtype_policy,
                name=f"block{i}",
            )
            for i in range(1, config.num_layers + 1)
        ]
        self.final_norm = None
        if config.norm == "pre":
            self.final_norm = LayerNorm(epsilon=1e-5, dtype=self.dtype_policy, name="final_norm")

    def build(self, x_shape):
        """Make the weights of all blocks."""
        for block in self.blocks:
            block.build(x_shape)
        if self.final_norm is not None:
            self.final_norm.build(x_shape)

    def finish(self, x):
        """The last block's output, normed where the blocks did not."""
        return x if self.final_norm is None else self.final_norm(x)

    def get_config(self):
        """What rebuilds the layer."""
        return super().get_config() | {"config": dataclasses.asdict(self.config)}

    @classmethod
    def from_config(cls, config):
        """The layer that `get_config` described, with new weights."""
        return cls(TransformerConfig(**config.pop("config")), **config)


@keras.saving.register_keras_serializable(package="companion")
class Encoder(Stack):
    """xₗ₊₁ = blockₗ(xₗ), every position looking at the whole source; Vaswani et al. 2017, §3.1.

    From vectors (batch, source, d_model) to as many vectors, the *memory* that a decoder reads.
    """

    def call(self, x, attention_mask=None, training=None):
        """The memory (batch, source, d_model)."""
        for block in self.blocks:
            x = block(x, attention_mask=attention_mask, training=training)
        return self.finish(x)


@keras.saving.register_keras_serializable(package="companion")
class Decoder(Stack):
    """xₗ₊₁ = blockₗ(xₗ, memory), every position looking back and at the memory; ibid., §3.1.

    From vectors (batch, target, d_model) and the memory (batch, source, d_model) to vectors of what
    comes next at each position.
    """

    cross_attention = True

    def call(
        self,
        x,
        memory=None,
        attention_mask=None,
        source_mask=None,
        cache=None,
        position=None,
        return_weights=False,
        training=None,
    ):
        """(batch, target, d_model); with more asked for, (output[, weights][, cache]).

        The weights are those of each block's cross-attention, (batch, num_heads, target, source).
        Raises `ValueError` without a memory, unless the cache was started from one.
        """
        weights, caches = [], []
        for i, block in enumerate(self.blocks):
            result = block(
                x,
                source=memory,
                attention_mask=attention_mask,
                source_mask=source_mask,
                cache=None if cache is None else cache[i],
                position=position,
                return_weights=return_weights,
                training=training,
            )
            x, *extras = result if isinstance(result, tuple) else (result,)
            weights += extras[:1] * return_weights
            caches += extras[-1:] * (cache is not None)
        extras = [weights] * return_weights + [tuple(caches)] * (cache is not None)
        return (self.finish(x), *extras) if extras else self.finish(x)

    def start_cache(self, memory, length):
        """Room for `length` targets in every block, the memory projected once."""
        rows = ops.shape(memory)[0]
        return tuple(block.start_cache(rows, length, memory) for block in self.blocks)


@keras.saving.register_keras_serializable(package="companion")
class Transformer(Configured):
    """softmax(Decoder(target, Encoder(source))·Eᵀ): Vaswani et al. 2017, figure 1.

    `model((source, target))` takes ids (batch, source) and (batch, target), 0 for padding, and
    gives the logits of each next target id, (batch, target, vocab_size). The target is what the
    decoder is shown, beginning with the start symbol (`shift_right`). E is one table: both
    embeddings, times √d_model, and the output (§3.4).
    """

    config_class = TransformerConfig

    def __init__(self, config: TransformerConfig, **names):
        super().__init__(config, **names)
        start = keras.initializers.RandomNormal(stddev=config.d_model**-0.5)
        self.embedding = keras.layers.Embedding(
            config.vocab_size, config.d_model, embeddings_initializer=start, name="E"
        )
        self.dropout = keras.layers.Dropout(config.dropout)
        self.encoder = Encoder(config, name="encoder")
        self.decoder = Decoder(config, name="decoder")
        self.positions = sinusoidal_positions(config.context_length, config.d_model)
        self.build()

    def build(self, input_shape=None):
        """Make all weights; their shapes follow from the config alone."""
        shape = (None, None, self.config.d_model)
        self.embedding.build()
        self.encoder.build(shape)
        self.decoder.build(shape)
        self.built = True

    def call(self, inputs, training=None):
        """Logits of each next target id."""
        source, target = inputs
        memory = self.encode(source, training)
        return self.decode(target, memory, padding_mask(source, PAD_ID), training=training)

    def encode(self, source, training=None):
        """The memory (batch, source, d_model) of source ids; padding is not looked at."""
        x = self.embed(source, training=training)
        return self.encoder(x, attention_mask=padding_mask(source, PAD_ID), training=training)

    def decode(self, target, memory, source_mask=None, return_weights=False, training=None):
        """Logits (batch, target, vocab_size); with `return_weights`, and the cross-attention's."""
        x = self.embed(target, training=training)
        seen = causal_mask(ops.shape(target)[1]) & padding_mask(target, PAD_ID)
        result = self.decoder(
            x,
            memory=memory,
            attention_mask=seen,
            source_mask=source_mask,
            return_weights=return_weights,
            training=training,
        )
        return (self.logits(result[0]), result[1]) if return_weights else self.logits(result)

    def step(self, ids, source_mask, cache, position):
        """Read one target id a row, (batch, 1): logits (batch, vocab_size) and the cache after."""
        x, cache = self.decoder(
            self.embed(ids, position), source_mask=source_mask, cache=cache, position=position
        )
        return self.logits(x)[:, 0], cache

    def embed(self, ids, position=0, training=None):
        """√d_model·E[ids] + positions; §3.4 and §3.5."""
        length, longest = ops.shape(ids)[1], self.config.context_length
        first = known_position(position)
        if isinstance(length, int) and first is not None and first + length > longest:
            raise ValueError(
                f"{first + length} positions, and context_length is {longest}; shorten the text"
            )
        x = self.embedding(ids) * math.sqrt(self.config.d_model)
        waves = ops.convert_to_tensor(self.positions, dtype=x.dtype)
        waves = ops.take(waves, position + ops.arange(length), axis=0)
        return self.dropout(x + waves, training=training)

    def logits(self, x):
        """x·Eᵀ, with the table of the embeddings."""
        table = ops.cast(self.embedding.embeddings, x.dtype)
        return ops.matmul(x, ops.transpose(table))
