"""Contrastive learning: which of these vectors belongs to this one? Chapter 9.

    L_i = −log exp(cos(a_i, b_i)/τ) / Σ_j exp(cos(a_i, b_j)/τ)

The other rows of the batch are the wrong answers: with one row there is nothing to tell apart and
the loss is 0. (ELECTRA's wrong answers are drawn by a generator instead; a row costs the same in
any company.) Letters: B batch, T time, D d_model.
"""

import dataclasses

import keras
from keras import ops

from companion.bert import Bert, BertConfig, mean_pooling
from companion.neural_lm.config import Configured
from companion.transformer import PAD_ID


def info_nce(anchors, positives, temperature=0.05):
    """−log softmax_j(cos(a_i, b_j)/τ) at j = i; van den Oord et al. 2018, eq. 4. (batch,).

    `anchors` a and `positives` b are (batch, d_model); row i of one belongs to row i of the other,
    and to no other row. In nats. Raises `ValueError` for a temperature that is not above 0, and for
    more rows of one than of the other.
    """
    if temperature <= 0:
        raise ValueError(f"temperature is {temperature}; it is above 0 (0.05 in SimCSE)")
    a, b = _unit(anchors), _unit(positives)
    counts = a.shape[0], b.shape[0]
    if None not in counts and counts[0] != counts[1]:  # None: not known before the graph runs
        raise ValueError(f"{counts[0]} anchors and {counts[1]} positives; give one for each")
    scores = ops.matmul(a, ops.transpose(b)) / temperature  # (B, B)
    return ops.logsumexp(scores, axis=-1) - ops.diagonal(scores)


def _unit(x):
    """Every row divided by its length, in float32."""
    x = ops.cast(x, "float32")
    return x / ops.maximum(ops.norm(x, axis=-1, keepdims=True), 1e-12)


@dataclasses.dataclass(frozen=True)
class SimCSEConfig(BertConfig):
    """`BertConfig` and the temperature τ of InfoNCE; dropout, which makes the twins, is not 0.

    Raises `ValueError` without dropout: two twins would then be one vector.
    """

    temperature: float = 0.05

    def __post_init__(self):
        super().__post_init__()
        if self.dropout == 0 or self.temperature <= 0:
            raise ValueError(
                f"dropout {self.dropout} and temperature {self.temperature}: both are above 0; "
                "twins differ by their dropout alone"
            )


@keras.saving.register_keras_serializable(package="companion")
class SimCSE(Configured):
    """Each text is read twice with different dropout; the two vectors are each other's positive.

    Gao et al. 2021, §3. `model(ids)` gives the twins, (2, batch, d_model): means over the tokens
    (the paper takes [CLS]). Without `training=True` nothing is dropped and the twins are equal.
    """

    config_class = SimCSEConfig

    def __init__(self, config: SimCSEConfig, **names):
        super().__init__(config, **names)
        self.bert = Bert(config, name="bert")
        self.built = True

    def call(self, ids, training=None):
        """The twins of each row."""
        twice = ops.concatenate([ids, ids], axis=0)  # (2B, T): one pass, two draws of dropout
        x = mean_pooling(self.bert(twice, training=training), ops.not_equal(twice, PAD_ID))
        return ops.reshape(x, (2, -1, self.config.d_model))

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """The mean of `info_nce` over the batch; there are no labels."""
        return ops.mean(info_nce(y_pred[0], y_pred[1], self.config.temperature))
