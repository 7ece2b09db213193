"""What stands on a Bert while it is pretrained: a head for gaps and one for pairs. Chapter 6.

Letters: B batch, T time, P gaps a row, D d_model, V vocabulary.
"""

import keras
from keras import ops

from companion.transformer import LayerNorm

EPSILON = 1e-12  # of all norms, as in BERT
SPREAD = 0.02  # standard deviation of the first weights; Devlin et al.'s code


def gather_positions(x, positions):
    """x[b, positions[b, p]]: from (batch, time, d_model) the gaps' vectors (batch, gaps, d_model).

    Rows of one flat table, so that the gradient is one scatter.
    """
    length, width = ops.shape(x)[1], x.shape[-1]
    starts = ops.arange(ops.shape(positions)[0], dtype="int32")[:, None] * length
    flat = ops.take(ops.reshape(x, (-1, width)), ops.cast(positions, "int32") + starts, axis=0)
    return flat  # (B, P, D)


@keras.saving.register_keras_serializable(package="companion")
class MaskedLM(keras.layers.Layer):
    """norm(gelu(x_i·W + c))·Eᵀ + b at the gaps i alone; Devlin et al. 2019, §3.1, task 1.

    The dense layer and its norm are those of the released code. `head(x, positions, table)`:
    vectors (batch, time, d_model), the gaps (batch, gaps) and the embeddings (vocab_size, d_model),
    which are not this layer's own; logits (batch, gaps, V). Only 15 % of the tokens are gaps, and
    the vocabulary is the widest matrix of a small model: picking them out first saves most of its
    work.
    """

    def __init__(self, vocab_size, d_model, **options):
        super().__init__(**options)
        self.vocab_size, self.d_model = vocab_size, d_model
        start = keras.initializers.TruncatedNormal(stddev=SPREAD)
        self.dense = keras.layers.Dense(
            d_model, "gelu", kernel_initializer=start, dtype=self.dtype_policy, name="dense"
        )
        self.norm = LayerNorm(epsilon=EPSILON, dtype=self.dtype_policy, name="norm")

    def build(self, x_shape=None):
        """Make the dense layer, the norm, and a bias for each word: how common it is."""
        if self.built:
            return
        shape = (None, None, self.d_model)
        self.dense.build(shape)
        self.norm.build(shape)
        self.bias = self.add_weight(name="bias", shape=(self.vocab_size,), initializer="zeros")
        self.built = True

    def call(self, x, positions=None, table=None):
        """Logits of the gaps."""
        x = self.norm(self.dense(gather_positions(x, positions)))
        return ops.matmul(x, ops.transpose(ops.cast(table, x.dtype))) + self.bias

    def get_config(self):
        """What rebuilds the layer."""
        return super().get_config() | {"vocab_size": self.vocab_size, "d_model": self.d_model}


@keras.saving.register_keras_serializable(package="companion")
class NextSentence(keras.layers.Layer):
    """pooled·W + b, two logits; ibid., §3.1, task 2. Class 1: the second segment followed.

    (The paper's code has the classes the other way round: 0 is "followed".)
    """

    def __init__(self, **options):
        super().__init__(**options)
        start = keras.initializers.TruncatedNormal(stddev=SPREAD)
        self.dense = keras.layers.Dense(
            2, kernel_initializer=start, dtype=self.dtype_policy, name="dense"
        )

    def build(self, pooled_shape):
        """Make the dense layer."""
        self.dense.build(pooled_shape)

    def call(self, pooled):
        """Logits (batch, 2) of pooled vectors (batch, d_model)."""
        return self.dense(pooled)
