"""Prefix LM: read the first part of a text from both sides, say the rest in order. Chapter 9.

One stack of blocks; what kind of model it is stands in the mask, and the mask is data. A prefix of
one token is a GPT, a prefix of all of them reads as BERT does. Letters: B batch, T time, V
vocabulary.
"""

from typing import NamedTuple

import keras
import numpy as np
from keras import ops

from companion.bert import Bert, BertConfig
from companion.neural_lm.config import Configured
from companion.transformer import PAD_ID

from .denoising import text_length


class Prefixed(NamedTuple):
    """`ids` (batch, time), `attention_mask` (batch, time, time), `target` (batch, time), 0 unasked.

    The target at t is the id at t + 1, asked from the last token of the prefix on.
    """

    ids: np.ndarray
    attention_mask: np.ndarray
    target: np.ndarray


def prefix_lm_mask(prefix: np.ndarray, length: int) -> np.ndarray:
    """mask[b, t, s] = (s ≤ t) or (s < prefix[b]): True = may attend. (batch, length, length).

    Raffel et al. 2020, figure 3; Dong et al. 2019, figure 1. The prefix, `prefix[b]` tokens, is
    seen by all; what comes after it by what comes later. Raises `ValueError` for a prefix longer
    than the row.

    >>> prefix_lm_mask([2], 3)[0].astype(int)
    [[1, 1, 0], [1, 1, 0], [1, 1, 1]]
    """
    prefix = np.asarray(prefix)
    if prefix.ndim != 1 or prefix.min() < 0 or prefix.max() > length:
        raise ValueError(f"prefixes {prefix}: wanted one number of 0 to {length} for each row")
    place = np.arange(length)
    back = place[None, :] <= place[:, None]  # (T, T)
    return back[None] | (place < prefix[:, None])[:, None, :]


def prefix_lm(ids: np.ndarray, rng: np.random.Generator) -> Prefixed:
    """Each text cut at a random place: the first part is given, the rest is said.

    Raffel et al. 2020, §3.2.3. Rows are [CLS] text [SEP] and padding; [CLS] is always given, at
    least [SEP] is always asked.
    """
    ids = np.asarray(ids, np.int32)
    prefix = np.array([1 + int(rng.integers(text_length(row) + 1)) for row in ids])
    return _asked(ids, prefix)


def next_token(ids: np.ndarray) -> Prefixed:
    """The same with nothing given but [CLS]: chapter 7's language model in the form of a mask."""
    ids = np.asarray(ids, np.int32)
    return _asked(ids, np.ones(len(ids), int))


def _asked(ids: np.ndarray, prefix: np.ndarray) -> Prefixed:
    length = ids.shape[1]
    target = np.append(ids[:, 1:], np.full_like(ids[:, :1], PAD_ID), axis=1)
    target[np.arange(length) < prefix[:, None] - 1] = PAD_ID
    real = (ids != PAD_ID)[:, None, :]  # nobody looks at padding
    return Prefixed(ids, prefix_lm_mask(prefix, length) & real, target)


@keras.saving.register_keras_serializable(package="companion")
class PrefixLM(Configured):
    """softmax(Bert(ids, mask)·Eᵀ): p(w_{t+1} | what the mask lets position t see).

    `model((ids, attention_mask))` gives logits (batch, time, V). The loss is chapter 5's
    `SmoothedCrossEntropy(0)`. `bert` is what is kept after training.
    """

    config_class = BertConfig

    def __init__(self, config: BertConfig, **names):
        super().__init__(config, **names)
        self.bert = Bert(config, name="bert")
        self.built = True

    def call(self, inputs, training=None):
        """Logits of each next id."""
        ids, attention_mask = inputs
        x = self.bert(ids, attention_mask=attention_mask, training=training)
        return ops.matmul(x, ops.transpose(ops.cast(self.bert.embedding.embeddings, x.dtype)))
