"""The other half of a block: two dense layers, applied to each position alone. Chapter 5.

Letters: B batch, T time, D d_model, F d_ff.
"""

import keras


@keras.saving.register_keras_serializable(package="companion")
def gelu_tanh(x):
    """0.5·x·(1 + tanh(√(2/π)·(x + 0.044715·x³))): GPT-2's GELU; Hendrycks & Gimpel 2016, §2."""
    return keras.activations.gelu(x, approximate=True)


@keras.saving.register_keras_serializable(package="companion")
class FeedForward(keras.layers.Layer):
    """max(0, x·W₁ + b₁)·W₂ + b₂; Vaswani et al. 2017, eq. 2.

    From (batch, time, d_model) through d_ff units to (batch, time, d_model). `activation` takes the
    place of max(0, ·): "relu", "gelu" (BERT), `gelu_tanh` (GPT-2).
    """

    def __init__(
        self, d_model, d_ff, activation="relu", kernel_initializer="glorot_uniform", **options
    ):
        super().__init__(**options)
        self.d_model, self.d_ff = d_model, d_ff
        self.activation = keras.activations.get(activation)
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        first, second = (self.kernel_initializer.clone() for _ in range(2))
        policy = {"dtype": self.dtype_policy}
        self.up = keras.layers.Dense(
            d_ff, self.activation, kernel_initializer=first, name="up", **policy
        )
        self.down = keras.layers.Dense(d_model, kernel_initializer=second, name="down", **policy)

    def build(self, x_shape):
        """Make both layers' weights."""
        self.up.build(x_shape)
        self.down.build((*x_shape[:-1], self.d_ff))

    def call(self, x):
        """Each position's vector widened, bent and narrowed."""
        return self.down(self.up(x))

    def get_config(self):
        """What rebuilds the layer."""
        return super().get_config() | {
            "d_model": self.d_model,
            "d_ff": self.d_ff,
            "activation": keras.activations.serialize(self.activation),
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
        }
