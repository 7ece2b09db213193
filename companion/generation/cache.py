"""The KV cache: what a model has read, kept, so that each token is read once. Chapter 8.

A position's keys and values depend on what stands before it, and never change: a new token has to
be computed for itself alone. Letters: B rows, T tokens read at once, D d_model.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import keras
import numpy as np
from keras import ops

from companion.attention import padding_mask
from companion.transformer import PAD_ID, Transformer


class Model(Protocol):
    """What decoding asks of a model; chapter 7's GPT has it, `Translation` lends it to chapter 5's.

    `ragged` says whether `extend` takes padding: slots at the left of a row that hold no text.
    """

    config: Any  # vocab_size, context_length
    ragged: bool

    def start(self, batch_size: int, length: int) -> Any:
        """An empty cache with room for `length` tokens a row; a nest of (batch, …) tensors."""

    def extend(self, ids, cache, position, padding=None) -> tuple[Any, Any]:
        """Read (batch, time) ids at `position`: vectors (batch, time, d_model), cache after."""

    def logits(self, x) -> Any:
        """Logits of what comes next, from the vectors."""


class Translation:
    """A `Transformer` on its way from a source: the source is encoded once and stays in the cache.

    `source` integers (batch, source), 0 for padding. Prompts are what a target begins with: the
    start symbol.

    >>> greedy(Translation(model, source), [[START_ID]] * len(source), stop=[END_ID])
    """

    ragged = False

    def __init__(self, model: Transformer, source):
        self.network, self.config = model, model.config
        self.source = ops.convert_to_tensor(source, dtype="int32")

    def start(self, batch_size: int, length: int):
        """Room for the target, and the source's keys, values and mask, a row each."""
        if batch_size != self.source.shape[0]:
            raise ValueError(
                f"{batch_size} prompts for {self.source.shape[0]} sources; give one for each"
            )
        memory = self.network.encode(self.source)
        layers = self.network.decoder.start_cache(memory, length)
        return layers, padding_mask(self.source, PAD_ID)

    def extend(self, ids, cache, position, padding=None):
        """Read the target on."""
        layers, mask = cache
        x, layers = self.network.decoder(
            self.network.embed(ids, position), source_mask=mask, cache=layers, position=position
        )
        return x, (layers, mask)

    def logits(self, x):
        """Logits of the next target id."""
        return self.network.logits(x)


class KVCache(NamedTuple):
    """Keys and values of all layers, and the slot where the next token goes.

    A tuple of tensors, so that it passes through compiled loops. It is never changed: `read` and
    `select` return another one.
    """

    layers: Any
    position: Any

    @classmethod
    def empty(cls, model: Model, rows: int, length: int) -> "KVCache":
        """Room for `length` tokens in each of `rows` rows."""
        return cls(model.start(rows, length), 0)

    def read(self, model: Model, ids, padding=None) -> tuple[Any, "KVCache"]:
        """Read (batch, time) ids: the logits of what comes next (batch, V), and the cache after."""
        x, after = self.extend(model, ids, padding)
        return model.logits(x[:, -1:])[:, 0], after

    def extend(self, model: Model, ids, padding=None) -> tuple[Any, "KVCache"]:
        """`read` with the vectors of all ids, (batch, time, d_model), instead of logits."""
        x, layers = model.extend(ids, self.layers, self.position, padding)
        return x, KVCache(layers, self.position + ids.shape[1])

    def select(self, rows) -> "KVCache":
        """The cache with these rows in this order; a row may come several times."""
        take = lambda tensor: ops.take(tensor, rows, axis=0)  # noqa: E731
        return KVCache(keras.tree.map_structure(take, self.layers), self.position)

    def back_to(self, position) -> "KVCache":
        """The cache before what was read from `position` on: later slots are not looked at."""
        return KVCache(self.layers, position)


def network(model: Model) -> keras.Model:
    """The Keras model behind what decoding reads with, which owns weights and programs."""
    return model if isinstance(model, keras.Model) else model.network


def weights(model: Model) -> list:
    """The numbers in all variables, to hand to a compiled program: it would keep old ones."""
    return [variable.value for variable in network(model).variables]


def with_weights(model: Model, values: Sequence):
    """A scope in which the model's variables have these values."""
    pairs = list(zip(network(model).variables, values, strict=True))
    return keras.StatelessScope(state_mapping=pairs)


def padded_prompts(
    model: Model, prompts: Sequence[Sequence[int]], max_tokens: int
) -> tuple[np.ndarray, np.ndarray | None]:
    """Prompts pushed to the right end of (batch, width) slots, −1 before them; empty slots a row.

    The width is rounded up, where the model can read padding and has room, so that prompts of like
    length share a compiled program; one that cannot read padding gets None for the empty slots.
    Raises `ValueError` for no prompt, an empty one, an id outside the vocabulary, prompts of
    different lengths where padding cannot be read, and a text that would leave the context.
    """
    limit, vocab_size = model.config.context_length, model.config.vocab_size
    if len(prompts) == 0 or isinstance(prompts[0], int | np.integer):
        raise ValueError(f"prompts is {prompts!r}; give a list of lists of ids, one a text")
    lengths = np.array([len(prompt) for prompt in prompts])
    if lengths.min() < 1:
        raise ValueError(f"prompt {int(lengths.argmin())} is empty; begin with a start symbol")
    longest = int(lengths.max())
    if max_tokens < 1 or longest + max_tokens > limit:
        advice = f"use 1 to {limit - longest} or " if longest < limit else ""
        raise ValueError(
            f"max_tokens is {max_tokens} after a prompt of {longest}, and the model has positions "
            f"for {limit}; {advice}shorten the prompt"
        )
    if not model.ragged and lengths.min() < longest:
        raise ValueError(
            f"prompts have {lengths.min()} to {longest} tokens; this model cannot read padding, "
            "so give prompts of one length"
        )
    width = min(-(-longest // 16) * 16, limit - max_tokens) if model.ragged else longest
    ids = np.full((len(prompts), width), -1, np.int32)
    for row, prompt in zip(ids, prompts, strict=True):
        row[width - len(prompt) :] = prompt
    written = ids[ids >= 0]
    if len(written) < lengths.sum() or written.max() >= vocab_size:
        raise ValueError(f"a prompt has ids outside the vocabulary, 0 to {vocab_size - 1}")
    return ids, (width - lengths).astype(np.int32) if model.ragged else None


def stops(model: Model, stop: Sequence[int]) -> np.ndarray:
    """ends[v]: whether token v ends a text; boolean (V,).

    Raises `ValueError` for a stop token outside the vocabulary.
    """
    ends = np.zeros(model.config.vocab_size, bool)
    for number in stop:
        if not 0 <= number < len(ends):
            raise ValueError(f"stop token {number} is outside the vocabulary, 0 to {len(ends) - 1}")
        ends[number] = True
    return ends
