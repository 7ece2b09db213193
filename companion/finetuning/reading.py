"""How a small encoder without pretraining starts to read a text it is asked about. Chapter 10.

Two things that a pretrained model knows and that cost a new one thousands of steps: which words of
the text are those of the question, and where to look for what belongs together. Both are given
here, the first as an input, the second as a start that training changes. Letters: B batch, T time,
K key width, D d_model.
"""

from typing import NamedTuple

import keras
import numpy as np
from keras import ops

from companion.bert import Bert, start_from_neighbours
from companion.bert.heads import SPREAD
from companion.bert.rows import SEP_ID

from .heads import FineTuned

MARKS = 3  # segments of an encoder that is told which words the question has too
SHARP, ALIKE = 10, 12  # scores of the place a head looks at, and of a word for itself


class Look(NamedTuple):
    """Where a head looks: so many places to the right, give or take `width` (0: that place only).

    `ahead` None stands for the same word, wherever it is.
    """

    ahead: float | None
    width: float = 0.0


# The neighbours; where a sentence may have begun; the sentence before; other mentions of a name.
LOOKS = (
    *(Look(-1), Look(1), Look(-2), Look(2)),
    *(Look(-3.5, 1.2), Look(-7, 2.5), Look(-14, 5)),
    Look(None),
)


def marks(ids):
    """0 in [CLS] question, 1 in [SEP] text [SEP], 2 on a word of the text that the question has.

    The exact-match feature of Chen et al. 2017, §3.2, from ids (batch, time) alone; it says where a
    word stands, not what is said of it. A row without a second part is 0 before its [SEP].
    """
    ids = ops.cast(ids, "int32")
    asks = ops.cumsum(ops.cast(ops.equal(ids, SEP_ID), "int32"), axis=1) < 1  # (B, T)
    asked = ops.where(asks, ids, -1)[:, None, :]
    shared = ops.any(ops.equal(ids[:, :, None], asked), axis=2)  # (B, T, T) → (B, T)
    return ops.where(asks, 0, ops.where(shared, 2, 1))


@keras.saving.register_keras_serializable(package="companion")
class Reader(FineTuned):
    """head(encoder(ids, marks(ids))): a `FineTuned` whose encoder has `MARKS` segments."""

    def call(self, ids, training=None):
        """What the head makes of the encoder's vectors."""
        x = self.encoder(ids, segments=marks(ids), training=training)
        return self.head(x, attention_mask=ops.not_equal(ids, 0), training=training)


def start_to_read(model: Bert) -> None:
    """Let the heads of the first block look where `LOOKS` says, as many as there are.

    Half of the columns start as positions and half as words, so that a head can compare either: as
    `start_from_neighbours` does, positions by turned waves (here also broad ones), words by
    W_Q = W_K on some of their columns (after Trockman & Kolter 2023). Heads beyond those of `LOOKS`
    start at random. Raises `ValueError` for heads less than two columns wide.
    """
    start_from_neighbours(model)  # its kernels are as wide as keeps a vector's length
    width, length = model.config.d_model, model.config.context_length
    half = width // 4 * 2
    frequencies = np.pi * (np.arange(half // 2) + 0.5) / (half // 2)
    angles = np.arange(length)[:, None] * frequencies
    places = np.zeros((length, width))
    places[:, 0:half:2], places[:, 1:half:2] = np.sin(angles), np.cos(angles)
    model.positions.table.assign(places * SPREAD * 2**0.5)
    words = np.array(np.asarray(model.embedding.embeddings))
    words[:, :half] = 0
    model.embedding.embeddings.assign(words)
    _turn_heads(model, frequencies, half)


def _turn_heads(model: Bert, frequencies: np.ndarray, half: int) -> None:
    """Write W_Q and W_K of the first block's heads."""
    first, heads = model.blocks[0].attention, model.config.num_heads
    query, key = (
        np.array(np.asarray(layer.kernel))
        for layer in (first.query_projection, first.key_projection)
    )
    columns = model.config.d_model // heads
    rng = np.random.default_rng(0)
    for head, look in enumerate(LOOKS[:heads]):
        part = slice(head * columns, (head + 1) * columns)
        query[:, part] = key[:, part] = 0
        if look.ahead is None:
            rows = half + rng.permutation(model.config.d_model - half)[:columns]
            chosen = np.arange(head * columns, head * columns + len(rows))
            # After the norm a column's square is 1 on average: K of them give ALIKE, over √K.
            query[rows, chosen] = key[rows, chosen] = (ALIKE * columns**0.5 / len(rows)) ** 0.5
        else:
            query[:half, part], key[:half, part] = _turn(look, frequencies, columns, rng)
    first.query_projection.kernel.assign(query)
    first.key_projection.kernel.assign(key)


def _turn(look: Look, frequencies, columns: int, rng) -> tuple[np.ndarray, np.ndarray]:
    """W_Q and W_K (positions' columns, K) of a head that looks `ahead` places to the right.

    The waves' shares e^(−(ωσ)²/2) make the score a bell of the width σ around that place.
    """
    shares = np.exp(-((frequencies * look.width) ** 2) / 2)
    count = min(columns // 2, len(frequencies))
    order = np.argsort(-shares, kind="stable") if look.width else rng.permutation(len(frequencies))
    pairs = order[:count]
    strength = SHARP * columns**0.5 / (2 * shares[pairs].sum())  # a pair's square is 2
    query, key = np.zeros((2, 2 * len(frequencies), columns))
    for place, pair in enumerate(pairs):
        size = (strength * shares[pair]) ** 0.5
        sin, cos = np.sin(frequencies[pair] * look.ahead), np.cos(frequencies[pair] * look.ahead)
        rows, into = slice(2 * pair, 2 * pair + 2), slice(2 * place, 2 * place + 2)
        query[rows, into] = size * np.array([[cos, -sin], [sin, cos]])
        key[rows, into] = size * np.eye(2)
    return query, key
