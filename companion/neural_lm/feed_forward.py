"""The feed-forward language model: the last n words as vectors, one hidden layer. Chapter 3.

    x = (C(w_{t−n}), …, C(w_{t−1})),   y = b + W x + U tanh(d + H x),   p(w_t | …) = softmax(y)

Like an n-gram it sees a fixed number of words; unlike an n-gram it knows that similar words behave
alike, because their rows of C are near each other. Letters: B batch, n words of context, V
vocabulary, N targets.
"""

import itertools
from collections.abc import Sequence

import keras
import numpy as np
from keras import ops

from companion import training
from companion.neural_lm.config import Configured, FeedForwardConfig, word_table
from companion.neural_lm.scoring import checked_ids, log_softmax, target_log_probs
from companion.ngram.vocabulary import START_ID

SCORED_AT_ONCE = 2**15  # windows whose logits are in memory together


@keras.saving.register_keras_serializable("companion")
class FeedForwardLM(Configured):
    """y = b + W x + U tanh(d + H x); Bengio et al. 2003, eq. 1 (W only with `config.direct`).

    From the ids of the words before, (batch, context_length), oldest first, to logits
    (batch, vocab_size).
    """

    config_class = FeedForwardConfig

    def __init__(self, config: FeedForwardConfig, **names):
        super().__init__(config, **names)
        dense = keras.layers.Dense
        self.embedding = word_table(config.vocab_size, config.d_model)
        self.hidden = dense(config.d_ff, activation="tanh", name="H")
        self.projection = dense(config.vocab_size, name="U")
        self.direct = dense(config.vocab_size, use_bias=False, name="W") if config.direct else None
        self.build()

    def build(self, input_shape=None):
        """Make all weights; their shapes follow from the config alone."""
        config = self.config
        joined = (None, config.context_length * config.d_model)
        self.embedding.build()
        self.hidden.build(joined)
        self.projection.build((None, config.d_ff))
        if self.direct is not None:
            self.direct.build(joined)
        self.built = True

    def call(self, contexts):
        """Logits of the next word; `ValueError` for contexts of another length."""
        n, x = self.config.context_length, self.embedding(contexts)
        if x.shape[-2] not in (n, None):  # None: not known before the model runs
            raise ValueError(f"contexts have {x.shape[-2]} words; this model reads {n}")
        x = ops.reshape(x, (-1, n * self.config.d_model))  # (B, n, D) → (B, n D)
        y = self.projection(self.hidden(x))
        return y if self.direct is None else y + self.direct(x)

    def weights_by_letter(self) -> dict[str, np.ndarray]:
        """Copies of the weights under the paper's letters: C, H, d, U, b, and W if there is one.

        Matrices stand as Keras has them: rows are inputs, so H is (n D, h) and U is (h, V).
        """
        layers = {"C": self.embedding, "H": self.hidden, "U": self.projection}
        found = {letter: layer.weights[0] for letter, layer in layers.items()}
        found |= {"d": self.hidden.bias, "b": self.projection.bias}
        if self.direct is not None:
            found["W"] = self.direct.kernel
        # asarray first: a direct copy of a variable warns under NumPy 2
        return {letter: np.array(np.asarray(value)) for letter, value in found.items()}

    def token_log_probs(self, ids: Sequence[int]) -> np.ndarray:
        """log p of every token of a text given those before it, (time,), in nats.

        The text is preceded by `<s>` × n, as in chapter 1. Raises `ValueError` for an empty text
        and for ids outside the vocabulary.
        """
        contexts, targets = context_windows(ids, self.config.context_length, self.config.vocab_size)
        scores = []
        for i in range(0, len(targets), SCORED_AT_ONCE):
            part = slice(i, i + SCORED_AT_ONCE)
            logits = ops.convert_to_numpy(self(contexts[part]))
            scores.append(target_log_probs(logits, targets[part]))
        return np.concatenate(scores)

    def start(self, batch_size: int = 1) -> np.ndarray:
        """The state before a text, (batch, n): the last n words, none yet."""
        return np.full((batch_size, self.config.context_length), START_ID)

    def step(self, ids: np.ndarray, state: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Read one id a row; returns log p of every next word, (batch, V), and the new state."""
        state = np.hstack([state[:, 1:], np.asarray(ids)[:, None]])
        return log_softmax(ops.convert_to_numpy(self(state))), state


def context_windows(
    ids: Sequence[int], context_length: int, vocab_size: int
) -> tuple[np.ndarray, np.ndarray]:
    """The n words before each word of a text and the word itself: (N, n) and (N,).

    >>> context_windows([5, 6], context_length=2, vocab_size=7)
    (array([[1, 1], [1, 5]]), array([5, 6]))
    """
    ids = checked_ids(ids, vocab_size)
    padded = np.concatenate([np.full(context_length, START_ID), ids])
    return np.lib.stride_tricks.sliding_window_view(padded[:-1], context_length), ids


def window_batches(
    texts: Sequence[Sequence[int]], config: FeedForwardConfig, batch_size: int, seed: int = 0
) -> training.Batch:
    """`(contexts, targets)` by step, for `training.fit`: every word of every text once an epoch.

    Each text is preceded by `<s>` × n. The order changes every epoch.
    """
    n = config.context_length
    before = np.full(n, START_ID)
    parts = [np.concatenate([before, checked_ids(ids, config.vocab_size)]) for ids in texts]
    joined = np.concatenate(parts).astype(np.int32)
    starts = np.cumsum([0, *map(len, parts)])
    places = np.concatenate(
        [np.arange(start + n, end) for start, end in itertools.pairwise(starts)]
    )
    chosen = training.shuffled(places, batch_size=batch_size, seed=seed)
    back = np.arange(-n, 0)

    def batch(step: int):
        (at,) = chosen(step)
        return joined[at[:, None] + back], joined[at]

    return batch
