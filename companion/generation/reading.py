"""A batch of texts that a search is writing: the search chooses in NumPy, the model is compiled.

Chapter 8. What beam search, contrastive search and speculative decoding share.
"""

from collections.abc import Sequence

import numpy as np
from keras import ops

from companion import backend

from .cache import KVCache, Model, network, padded_prompts, weights, with_weights


class Reading:
    """Texts that have been read, and what the model made of the last ids.

    `vectors` (rows, time, d_model) and `logits` (rows, time, vocab), NumPy, of the ids that were
    read last; `prompts` (rows, width), −1 where there is no text. Raises `ValueError` as
    `padded_prompts` does.
    """

    def __init__(self, model: Model, prompts: Sequence[Sequence[int]], max_tokens: int):
        self.model = model
        self.prompts, self.padding = padded_prompts(model, prompts, max_tokens)
        rows, width = self.prompts.shape
        self.cache = KVCache.empty(model, rows, width + max_tokens)
        self.read(np.maximum(self.prompts, 0))

    def read(self, ids: np.ndarray) -> None:
        """Read (rows, time) ids on."""
        programs = vars(network(self.model)).setdefault("_programs", {})
        if "read" not in programs:
            programs["read"] = backend.compile(_read_program(self.model))
        padding = None if self.padding is None else ops.convert_to_tensor(self.padding)
        layers, position = self.cache
        (x, logits), layers = programs["read"](
            weights(self.model),
            layers,
            ops.convert_to_tensor(ids, dtype="int32"),
            ops.convert_to_tensor(position, dtype="int32"),
            padding,
        )
        self.cache = KVCache(layers, position + ids.shape[1])
        self.vectors, self.logits = ops.convert_to_numpy(x), ops.convert_to_numpy(logits)

    def select(self, rows: np.ndarray) -> None:
        """Go on with these rows, in this order; one may come several times."""
        self.cache = self.cache.select(ops.convert_to_tensor(rows, dtype="int32"))
        self.vectors, self.logits = self.vectors[rows], self.logits[rows]
        if self.padding is not None:
            self.padding = self.padding[rows]

    def tokens(self) -> int:
        """How many tokens of the first text have been read."""
        return int(self.cache.position) - self._empty()

    def keep(self, count: int) -> None:
        """Forget what was read of the first text after its first `count` tokens."""
        self.cache = self.cache.back_to(min(self._empty() + count, int(self.cache.position)))

    def _empty(self) -> int:
        return 0 if self.padding is None else int(self.padding[0])


def _read_program(model):
    def program(values, layers, ids, position, padding):
        with with_weights(model, values):
            x, cache = KVCache(layers, position).extend(model, ids, padding)
            return (x, model.logits(x)), cache.layers

    return program
