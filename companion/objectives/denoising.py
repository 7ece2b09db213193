"""Corrupted text in, text out: MASS, BART, and a model with an encoder and a decoder. Chapter 9.

The encoder only *reads* what is left of a text; every question is asked of the decoder. (The
book's "MLM in the encoder" is not what MASS and BART do.) The data functions are NumPy. Rows are
[CLS] text [SEP] and padding; between [CLS] and the last [SEP] every token is text. Letters: B
batch, S source length, T target length, V vocabulary.
"""

import dataclasses
from typing import NamedTuple

import keras
import numpy as np
from keras import ops

from companion.attention import causal_mask, padding_mask
from companion.bert import CLS_ID, MASK_ID, Bert, BertConfig
from companion.neural_lm.config import Configured
from companion.transformer import PAD_ID, Decoder, TransformerConfig, padded, shift_right


class Denoising(NamedTuple):
    """What the encoder reads, what the decoder is shown, what it is to say; 0 is not asked."""

    source: np.ndarray
    shown: np.ndarray
    target: np.ndarray


def text_length(row: np.ndarray) -> int:
    """How many tokens stand between [CLS] and the last [SEP]. Raises `ValueError` for none."""
    count = int(np.count_nonzero(row != PAD_ID)) - 2
    if count < 1:
        raise ValueError(f"a row has {count + 2} ids; wanted [CLS], a text and [SEP]")
    return count


def mass_spans(ids: np.ndarray, rng: np.random.Generator, mask_id: int = MASK_ID) -> Denoising:
    """One span of half of the tokens is hidden from the encoder, and said by the decoder.

    MASS; Song et al. 2019, §3.2, with k = 50 %. The decoder is shown what the encoder is not: in
    the span the token before each, [MASK] at the span's first place and everywhere else, so that
    it has to ask the encoder. Three int32 arrays (batch, time); [CLS], [SEP] and padding are never
    hidden. (The paper's encoder is shown random or true tokens for a fifth of the [MASK]s.) Raises
    `ValueError` for a row with fewer than two tokens of text.
    """
    ids = np.asarray(ids, np.int32)
    source, target = ids.copy(), np.full_like(ids, PAD_ID)
    shown = np.where(ids == PAD_ID, PAD_ID, mask_id).astype(np.int32)
    for row in range(len(ids)):
        count = text_length(ids[row])
        if count < 2:
            raise ValueError(f"row {row} has {count} token(s) of text; half of it needs 2")
        length = (count + 1) // 2
        begin = 1 + int(rng.integers(count - length + 1))
        span = slice(begin, begin + length)
        source[row, span] = mask_id
        target[row, span] = ids[row, span]
        shown[row, begin + 1 : begin + length] = ids[row, begin : begin + length - 1]
    return Denoising(source, shown, target)


def span_lengths(total: int, rng: np.random.Generator, mean: float = 3.0) -> list[int]:
    """Lengths ~ Poisson(`mean`) that add up to `total`; the last is cut. Lewis et al. 2020, §2.2.

    A length of 0 is a place where nothing is hidden and a [MASK] put all the same. There are at
    most `total` of them, so that a text with single masks for spans is never longer than before.
    Raises `ValueError` for a mean below 0.1: nearly all spans would be empty, and drawing not end.
    """
    if mean < 0.1:
        raise ValueError(f"mean is {mean}; spans have at least 0.1 tokens on average (BART's 3)")
    lengths: list[int] = []
    left = total
    while left > 0:
        lengths.append(min(left, int(rng.poisson(mean))))
        left -= lengths[-1]
    while len(lengths) > total:
        lengths.remove(0)
    return lengths


def infill(
    tokens: list[int], starts: list[int], lengths: list[int], mask_id: int = MASK_ID
) -> list[int]:
    """The tokens with each span replaced by *one* [MASK], however long it is, 0 included.

    `starts` ascend; the span from `starts[i]` on has `lengths[i]` tokens. Raises `ValueError` for
    spans that overlap or leave the text.

    >>> infill([5, 6, 7, 8, 9], [1, 4], [2, 0])
    [5, 4, 8, 4, 9]
    """
    out, done = [], 0
    for start, length in zip(starts, lengths, strict=True):
        if not done <= start <= len(tokens) - length:
            raise ValueError(
                f"a span of {length} at {start}: spans ascend and end within {len(tokens)} tokens"
            )
        out += [*tokens[done:start], mask_id]
        done = start + length
    return out + tokens[done:]


def text_infilling(
    ids: np.ndarray,
    rng: np.random.Generator,
    mask_id: int = MASK_ID,
    rate: float = 0.3,
    mean: float = 3.0,
) -> Denoising:
    """Spans ~ Poisson(3) of 30 % of the tokens become one [MASK] each; all of the text is said.

    BART; Lewis et al. 2020, §2.2 and §5.1. How many tokens a [MASK] stands for has to be guessed
    too. Spans lie anywhere, no two side by side. Three int32 arrays (batch, time). Raises
    `ValueError` for a rate outside 0 … ½, with which spans would not find places apart, and for a
    mean as `span_lengths` does.
    """
    if not 0 < rate <= 0.5:
        raise ValueError(f"rate is {rate}; it is above 0 and at most 0.5")
    ids = np.asarray(ids, np.int32)
    rows = []
    for row in ids:
        count = text_length(row)
        lengths = span_lengths(max(1, round(rate * count)), rng, mean)
        starts = _scattered(count, lengths, rng)
        text = infill(row[1 : count + 1].tolist(), starts, lengths, mask_id)
        rows.append([row[0], *text, row[count + 1]])
    return Denoising(padded(rows, ids.shape[1]), *_whole(ids))


def _scattered(count: int, lengths: list[int], rng: np.random.Generator) -> list[int]:
    """Where spans begin, at least one kept token between two: a draw of that many borders."""
    kept = count - sum(lengths)
    before = np.sort(rng.choice(kept + 1, len(lengths), replace=False))  # kept tokens before each
    return (before + np.cumsum([0, *lengths[:-1]])[: len(lengths)]).astype(int).tolist()


def sentence_permutation(
    sentences: list[list[int]], rng: np.random.Generator
) -> tuple[list[list[int]], list[int]]:
    """The sentences of a text in random order, and the order; Lewis et al. 2020, §2.2.

    `order[i]` is the number that sentence i of the result had in the text. BART's decoder says
    the text as it was.
    """
    order = rng.permutation(len(sentences)).tolist()
    return [sentences[i] for i in order], order


def _whole(ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What the decoder is shown and says when all of the text is asked for: [CLS] x, x [SEP]."""
    target = np.append(ids[:, 1:], np.full_like(ids[:, :1], PAD_ID), axis=1)
    return shift_right(target, CLS_ID), target


@dataclasses.dataclass(frozen=True)
class DenoiserConfig(BertConfig):
    """An encoder as `BertConfig` says and `decoder_layers` pre-norm blocks that write."""

    decoder_layers: int = 1

    def __post_init__(self):
        super().__post_init__()
        if self.decoder_layers < 1:
            raise ValueError(f"decoder_layers is {self.decoder_layers}; it is at least 1")


@keras.saving.register_keras_serializable(package="companion")
class Denoiser(Configured):
    """softmax(Decoder(shown, Bert(source))·Eᵀ): p(y_t | y_1 … y_{t−1}, corrupted text).

    Lewis et al. 2020, §2.1: BERT's encoder and a decoder that looks back. `model((source, shown))`
    gives logits (batch, target, V); E is one table for reading, writing and choosing. The loss is
    chapter 5's `SmoothedCrossEntropy(0)`: a target 0 is not asked. `bert` is kept after training.
    """

    config_class = DenoiserConfig

    def __init__(self, config: DenoiserConfig, **names):
        super().__init__(config, **names)
        self.bert = Bert(config, name="bert")
        shape = TransformerConfig(
            config.vocab_size,
            config.context_length,
            config.d_model,
            config.decoder_layers,
            config.num_heads,
            config.d_ff,
            config.dropout,
            norm="pre",
        )
        self.decoder = Decoder(shape, name="decoder")
        self.build()

    def build(self, input_shape=None):
        """Make all weights."""
        if not self.built:
            self.decoder.build((None, None, self.config.d_model))
        self.built = True

    def call(self, inputs, training=None):
        """Logits of each next target id."""
        source, shown = inputs
        memory = self.bert(source, training=training)
        return self.decode(shown, memory, source, training)

    def decode(self, shown, memory, source, training=None):
        """Logits (batch, target, V) of what follows each shown token, given an encoded source."""
        seen = causal_mask(ops.shape(shown)[1]) & padding_mask(shown, PAD_ID)
        x = self.decoder(
            self.bert.embed(shown, training=training),
            memory=memory,
            attention_mask=seen,
            source_mask=padding_mask(source, PAD_ID),
            training=training,
        )
        return ops.matmul(x, ops.transpose(ops.cast(self.bert.embedding.embeddings, x.dtype)))
