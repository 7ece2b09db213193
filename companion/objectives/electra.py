"""ELECTRA: is this token the text's own, or was it put there by another model? Chapter 9.

    L = L_MLM(generator) + λ·Σ_t BCE(D(x̃)_t, [x̃_t ≠ x_t])

A small generator fills gaps; the discriminator reads the result and is asked at *every* token. Its
negatives are drawn, as in noise-contrastive estimation (§4); no row is told from the others of its
batch (see `contrastive`). Letters: B batch, T time, P gaps a row, V vocabulary.
"""

import dataclasses
from typing import NamedTuple

import keras
import numpy as np
from keras import ops

from companion.bert import Bert, BertConfig, MaskedLM
from companion.bert.model import ACTIVATION
from companion.neural_lm.config import Configured
from companion.transformer import PAD_ID, SmoothedCrossEntropy, TransformerBlock


class Replaced(NamedTuple):
    """What the discriminator reads, `ids`, and what it is to say, `is_replaced`; (batch, time)."""

    ids: np.ndarray
    is_replaced: np.ndarray


def replaced_tokens(ids: np.ndarray, positions: np.ndarray, samples: np.ndarray) -> Replaced:
    """x̃ = x with `samples` at the gaps; the label is x̃_t ≠ x_t. Clark et al. 2020, §2, eq. 2.

    `ids` (batch, time) are the text, `positions` and `samples` (batch, gaps) the gaps and what a
    generator said there; position 0, [CLS], only fills up a row and is left alone (`bert.gaps`).
    Where the generator guessed right, the token *is* the text's own: its label is 0, "original".

    >>> replaced_tokens([[2, 7, 8, 3]], [[1, 2]], [[7, 5]])
    Replaced(ids=[[2, 7, 5, 3]], is_replaced=[[0, 0, 1, 0]])
    """
    ids = np.asarray(ids)
    positions, samples = np.asarray(positions), np.asarray(samples)
    if positions.shape != samples.shape or positions.ndim != 2 or len(positions) != len(ids):
        raise ValueError(
            f"ids {ids.shape}, positions {positions.shape}, samples {samples.shape}: wanted "
            "(batch, time) and twice (batch, gaps)"
        )
    out = ids.copy()
    rows, columns = np.nonzero(positions)
    out[rows, positions[rows, columns]] = samples[rows, columns]
    return Replaced(out, (out != ids).astype(np.int32))


@dataclasses.dataclass(frozen=True)
class ElectraConfig(BertConfig):
    """A discriminator as `BertConfig` says, and a generator of fewer or narrower blocks.

    The generator reads the same embeddings (Clark et al. 2020, §3.2) and has `generator_layers`
    blocks with `generator_d_ff` units. `weight` is λ; 50 in the paper, where a binary loss is small
    beside one over 30,000 words. Raises `ValueError` for numbers that fit no model.
    """

    generator_layers: int = 1
    generator_d_ff: int = 128
    weight: float = 50.0

    def __post_init__(self):
        super().__post_init__()
        if min(self.generator_layers, self.generator_d_ff) < 1 or self.weight < 0:
            raise ValueError(
                f"generator_layers {self.generator_layers}, generator_d_ff {self.generator_d_ff}, "
                f"weight {self.weight}: the first two are at least 1, the weight at least 0"
            )


@keras.saving.register_keras_serializable(package="companion")
class Electra(Configured):
    """Replaced-token detection; Clark et al. 2020, §2. Called on ((ids, shown, positions)).

    `ids` (batch, time) the text, `shown` the same with gaps, `positions` (batch, gaps). Gives
    `{"masked": (batch, gaps, V) the generator's logits, "samples": (batch, gaps) what it said,
    "replaced": (batch, time) the discriminator's logits, "is_replaced": (batch, time)}`. Samples
    are drawn from the softmax, not its maximum, and carry no gradient: the generator learns from
    its own gaps alone and is no adversary. `bert` is what is kept after training.
    """

    config_class = ElectraConfig

    def __init__(self, config: ElectraConfig, **names):
        super().__init__(config, **names)
        self.bert = Bert(config, name="bert")
        self.generator = [
            TransformerBlock(
                config.d_model,
                config.num_heads,
                config.generator_d_ff,
                norm="post",
                activation=ACTIVATION[config.activation],
                dropout=config.dropout,
                name=f"generator{i}",
            )
            for i in range(1, config.generator_layers + 1)
        ]
        self.masked_lm = MaskedLM(config.vocab_size, config.d_model, name="masked_lm")
        self.dense = keras.layers.Dense(config.d_model, "gelu", name="dense")
        self.replaced = keras.layers.Dense(1, name="replaced")
        self.dice = keras.random.SeedGenerator()
        self.build()

    def build(self, input_shape=None):
        """Make all weights."""
        if self.built:
            return
        shape = (None, None, self.config.d_model)
        for block in self.generator:
            block.build(shape)
        self.masked_lm.build()
        self.dense.build(shape)
        self.replaced.build(shape)
        self.built = True

    def call(self, inputs, training=None):
        """Both models' answers, by name."""
        ids, shown, positions = inputs
        masked = self.generate(shown, positions, training)
        samples = self.say(masked)
        read = self.fill(ids, positions, samples)
        replaced = self.detect(read, training, ops.not_equal(ids, PAD_ID))
        labels = ops.cast(ops.not_equal(read, ids), "int32")
        return {"masked": masked, "samples": samples, "replaced": replaced, "is_replaced": labels}

    def generate(self, shown, positions, training=None):
        """The generator's logits at the gaps, (batch, gaps, V)."""
        x, seen = self.bert.embed(shown, training=training), self.bert.seen(shown)
        for block in self.generator:
            x = block(x, attention_mask=seen, training=training)
        return self.masked_lm(x, positions=positions, table=self.bert.embedding.embeddings)

    def say(self, logits):
        """One token drawn from each softmax, (batch, gaps)."""
        flat = ops.reshape(ops.cast(logits, "float32"), (-1, self.config.vocab_size))
        drawn = keras.random.categorical(flat, 1, dtype="int32", seed=self.dice)
        return ops.reshape(drawn, ops.shape(logits)[:2])

    def fill(self, ids, positions, samples):
        """`replaced_tokens` as tensors: the text with the samples in its gaps."""
        ids, positions = ops.cast(ids, "int32"), ops.cast(positions, "int32")
        there = ops.one_hot(positions, ops.shape(ids)[1], dtype="int32")  # (B, P, T)
        there = there * ops.cast(positions > 0, "int32")[:, :, None]
        kept = ids * (1 - ops.sum(there, axis=1))
        return kept + ops.sum(there * samples[:, :, None], axis=1)

    def detect(self, ids, training=None, attention_mask=None):
        """The discriminator's logits that each token was replaced, (batch, time).

        `attention_mask` (batch, time) is that of the *text*: a generator may say [PAD] too, and a
        place that is asked about has to be seen. By default all but padding is.
        """
        x = self.bert(ids, attention_mask=attention_mask, training=training)
        return self.replaced(self.dense(x))[:, :, 0]

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """L_MLM + λ·L_disc; ibid., §2. `y` are the true tokens of the gaps, (batch, gaps)."""
        losses = detection_losses(y_pred["replaced"], y_pred["is_replaced"])
        real = ops.cast(ops.not_equal(x[0], PAD_ID), "float32")
        detection = ops.sum(losses * real) / ops.maximum(ops.sum(real), 1.0)
        return SmoothedCrossEntropy(0.0)(y, y_pred["masked"]) + self.config.weight * detection


def detection_losses(logits, is_replaced):
    """−y·log σ(z) − (1 − y)·log(1 − σ(z)) of each token; Clark et al. 2020, §2. (batch, time)."""
    logits = ops.cast(logits, "float32")
    return ops.softplus(logits) - ops.cast(is_replaced, "float32") * logits
