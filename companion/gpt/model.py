"""GPT: blocks that look back only, trained to say what comes next. Chapter 7.

    p(w_{t+1} | w_1 … w_t) = softmax(norm(x_t)·Eᵀ),   x = blocks(E[w] + P)

The blocks are chapter 5's; new are where they start from (GPT-2's initialisation) and the texts
that they see. Letters: B batch, T time, S slots of the cache, D d_model, V vocabulary.
"""

import math
from collections.abc import Sequence

import keras
import numpy as np
from keras import ops

from companion.attention import LearnedPositions, causal_mask
from companion.neural_lm.config import Configured
from companion.neural_lm.scoring import checked_ids, log_probs_in_pieces
from companion.transformer import LayerNorm, TransformerBlock, gelu_tanh

from .config import GPTConfig

EPSILON = 1e-5  # of the norms, as in GPT-2
SPREAD = 0.02  # standard deviation of the first weights; Radford et al. 2018, §4.1

Cache = tuple[tuple, ...]  # for each layer (k, v), both (batch, num_heads, slots, key_dim)


@keras.saving.register_keras_serializable(package="companion")
class GPT(Configured):
    """softmax(norm(blocks(E[ids] + P))·Eᵀ): Radford et al. 2019, §2.3.

    From ids (batch, time) to logits of each next id (batch, time, vocab_size). The output uses the
    table of the embeddings (Press & Wolf 2017). Weights start at N(0, 0.02²); those that write
    into the residual stream, two a layer, are divided by √(2·num_layers), so that the stream is as
    wide at the top of a deep model as of a shallow one. `start` and `step` read token by token.

    >>> GPT(PRESETS["tiny"])(np.array([[5, 9, 2]]))   # (1, 3, 512)
    """

    config_class = GPTConfig
    ragged = True  # rows of a batch may begin at different slots of a cache

    def __init__(self, config: GPTConfig, **names):
        super().__init__(config, **names)
        start = keras.initializers.RandomNormal(stddev=SPREAD)
        self.embedding = keras.layers.Embedding(
            config.vocab_size, config.d_model, embeddings_initializer=start.clone(), name="E"
        )
        self.positions = LearnedPositions(
            config.context_length, config.d_model, start.clone(), name="positions"
        )
        self.dropout = keras.layers.Dropout(config.dropout)
        self.blocks = [
            TransformerBlock(
                config.d_model,
                config.num_heads,
                config.d_ff,
                epsilon=EPSILON,
                activation=gelu_tanh,
                dropout=config.dropout,
                kernel_initializer=start.clone(),
                name=f"block{i}",
            )
            for i in range(1, config.num_layers + 1)
        ]
        self.final_norm = LayerNorm(epsilon=EPSILON, name="final_norm")
        self.build()

    def build(self, input_shape=None):
        """Make all weights; their shapes follow from the config alone."""
        if self.built:
            return
        shape = (None, None, self.config.d_model)
        self.embedding.build()
        self.positions.build(shape)
        for block in self.blocks:
            block.build(shape)
            for layer in (block.attention.output_projection, block.feed_forward.down):
                layer.kernel.assign(layer.kernel / math.sqrt(2 * self.config.num_layers))
        self.final_norm.build(shape)
        self.built = True

    def call(self, ids, training=None):
        """Logits of each next id."""
        x = self.embed(ids, training=training)
        seen = causal_mask(ops.shape(ids)[1])
        for block in self.blocks:
            x = block(x, attention_mask=seen, training=training)
        return self.logits(self.final_norm(x))

    def embed(self, ids, position=0, training=None):
        """E[ids] + P, of positions from `position` on: one number, or one a row."""
        x = self.embedding(ids)
        return self.dropout(x + self.positions(x, position=position), training=training)

    def logits(self, x):
        """x·Eᵀ, with the table of the embeddings, of vectors that are normed."""
        return ops.matmul(x, ops.transpose(ops.cast(self.embedding.embeddings, x.dtype)))

    def start(self, batch_size: int, length: int) -> Cache:
        """Room for `length` tokens a row; every layer's keys and values are tensors of their own.

        Raises `ValueError` past the context.
        """
        if not 1 <= length <= self.config.context_length:
            raise ValueError(
                f"length is {length}; the model has positions for 1 to {self.config.context_length}"
            )
        return tuple(block.start_cache(batch_size, length)[0] for block in self.blocks)

    def extend(self, ids, cache: Cache, position, padding=None) -> tuple:
        """Read (batch, time) ids into the slots from `position` on: (x, cache after).

        `x` (batch, time, d_model) is what the blocks leave, normed, for `logits`. `padding`
        (batch,) is the number of slots at the left of each row that hold no text: nobody looks at
        them, and the row's first token, behind them, has position 0.
        """
        seen = None
        own = position
        if padding is not None:
            padding = ops.convert_to_tensor(padding, dtype="int32")
            slots = ops.arange(cache[0][0].shape[2])
            seen = slots[None, None, :] >= padding[:, None, None]  # (B, 1, S)
            # Padding itself lies below 0 and takes vectors from the table's end, unseen.
            own = position - padding
        x, after = self.embed(ids, own), []
        for block, layer in zip(self.blocks, cache, strict=True):
            x, (layer, _) = block(x, attention_mask=seen, cache=(layer, None), position=position)
            after.append(tuple(layer))
        return self.final_norm(x), tuple(after)

    def step(self, ids, cache: Cache, position, padding=None) -> tuple:
        """`extend`, and the logits of what follows the last id only: (batch, V), cache after."""
        x, cache = self.extend(ids, cache, position, padding)
        return self.logits(x[:, -1:])[:, 0], cache

    @classmethod
    def from_keras_hub(cls, preset) -> "GPT":
        """The model with the weights of KerasHub's GPT-2; see `converters.from_keras_hub`."""
        from . import converters  # it imports this module

        return converters.from_keras_hub(preset)

    @classmethod
    def from_safetensors(cls, path, num_heads: int | None = None) -> "GPT":
        """The model of a Hugging Face GPT-2 file; see `converters.from_safetensors`."""
        from . import converters

        return converters.from_safetensors(path, num_heads)

    def next_tokens(self, ids: Sequence[int], k: int = 5) -> list[tuple[int, float]]:
        """The `k` likeliest next ids after a text, each with its probability, likeliest first.

        Of a text past the context the end is read. Raises `ValueError` for an empty text and for
        a k outside 1 … V.
        """
        if not 1 <= k <= self.config.vocab_size:
            raise ValueError(f"k is {k}; it is 1 to {self.config.vocab_size}")
        ids = checked_ids(ids, self.config.vocab_size)[-self.config.context_length :]
        probs = ops.convert_to_numpy(ops.softmax(self(ids[None])[0, -1]))
        return [(int(i), float(probs[i])) for i in np.argsort(-probs, kind="stable")[:k]]

    def token_log_probs(
        self,
        ids: Sequence[int],
        *,
        start_id: int,
        stride: int | None = None,
        overlap: int | None = None,
    ) -> np.ndarray:
        """log p of every token of a text given those before it, (time,), in nats.

        `start_id` stands before the text (GPT-2: <|endoftext|>). A text past the context is read
        in pieces that score `stride` tokens each (half of the context if not given) with `overlap`
        tokens before them (what is left of it): a token is scored with at least so many before it,
        if there are any. Raises `ValueError` as chapter 3's `token_log_probs` does, and when
        stride + overlap are more than the context.
        """
        longest = self.config.context_length
        stride = max(1, longest // 2) if stride is None else stride
        overlap = longest - stride if overlap is None else overlap
        if stride + overlap > longest:
            raise ValueError(
                f"stride {stride} and overlap {overlap}: together at most {longest}, the context"
            )
        if len(ids) <= longest:
            stride = longest

        return log_probs_in_pieces(
            lambda read: ops.convert_to_numpy(self(read)),
            ids,
            start_id=start_id,
            vocab_size=self.config.vocab_size,
            stride=stride,
            overlap=overlap,
        )
