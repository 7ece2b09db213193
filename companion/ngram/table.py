"""The bigram model as a one-layer neural network, trained until it reaches the counts. Chapter 1.

    p(w | h) = softmax(T[h])_w,   T a (V, V) table of trainable numbers

Looking up row h is multiplying T by a one-hot vector: a dense layer without bias. The loss
−Σ c(h w) log p(w | h) is convex and its minimum is maximum likelihood, p(w | h) = c(h w) / c(h):
gradient descent finds by small steps what counting finds at once. Letters: V vocabulary size.
"""

from collections.abc import Sequence

import keras
import numpy as np
from keras import ops


def bigram_table(vocab_size: int) -> keras.Model:
    """A network from a word's id to the logits of the next word, (batch,) → (batch, V).

    All zeros at first, so that every word is as likely as any other.
    """
    if vocab_size < 2:
        raise ValueError(f"vocab_size is {vocab_size}; a table needs at least two words")
    context = keras.Input((), dtype="int32", name="context")
    rows = keras.layers.Embedding(
        vocab_size, vocab_size, embeddings_initializer="zeros", name="table"
    )
    return keras.Model(context, rows(context), name="bigram_table")


def bigram_counts(sequences: Sequence[Sequence[int]], vocab_size: int) -> np.ndarray:
    """c(h w) as a matrix (V, V): how often id w follows id h inside a sequence."""
    counts = np.zeros((vocab_size, vocab_size), dtype=np.int64)
    for sequence in sequences:
        ids = np.asarray(sequence, dtype=np.int64)
        np.add.at(counts, (ids[:-1], ids[1:]), 1)
    if not counts.any():
        raise ValueError("no sequence has two words; there is no bigram to count")
    return counts


def train_table(
    model: keras.Model, counts: np.ndarray, steps: int = 300, learning_rate: float = 0.1
) -> list[float]:
    """Adam on H = −Σ c(h w) log p(w | h) / Σ c, all bigrams at once; returns H (nats) per step.

    Each context is one example; its target is what followed, as frequencies, and its weight is
    how often it was seen.
    """
    contexts = np.flatnonzero(counts.sum(axis=1))
    seen = counts[contexts].astype(np.float32)
    totals = seen.sum(axis=1, keepdims=True)
    share = totals[:, 0] / totals.sum()
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate),
        # The default divides by the number of rows; these weights already sum to one.
        loss=keras.losses.CategoricalCrossentropy(from_logits=True, reduction="sum"),
    )
    model.optimizer.build(model.trainable_variables)
    losses = []
    for _ in range(steps):
        loss = model.train_on_batch(contexts, seen / totals, sample_weight=share)
        losses.append(float(loss))
    return losses


def table_probs(model: keras.Model) -> np.ndarray:
    """The rows of the table through a softmax: p(w | h) as a matrix (V, V)."""
    table = model.get_layer("table").embeddings
    return ops.convert_to_numpy(ops.softmax(table, axis=-1))


def counted_probs(counts: np.ndarray) -> np.ndarray:
    """c(h w) / c(h) as a matrix (V, V): what training should reach. NaN rows for unseen h."""
    totals = counts.sum(axis=1, keepdims=True)
    return np.divide(counts, totals, out=np.full(counts.shape, np.nan), where=totals > 0)
