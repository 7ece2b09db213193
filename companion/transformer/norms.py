"""Norms: each vector brought to a common size before or after a sublayer. Chapter 5.

Letters: D d_model.
"""

import keras
from keras import ops

from companion.attention import as_floats


@ops.custom_gradient
def _standardize(x, epsilon):
    """(x − mean)/√(variance + ε) over the last axis, with its derivative written out.

    The derivative is short on paper, and a quarter of the work that differentiating each
    operation would be: ∂x = (∂z − mean(∂z) − z·mean(∂z·z))/√(variance + ε).
    """
    centred = x - ops.mean(x, axis=-1, keepdims=True)
    variance = ops.mean(ops.square(centred), axis=-1, keepdims=True)
    scale = ops.rsqrt(variance + epsilon)
    z = centred * scale

    def gradient(*upstream):
        (dz,) = upstream
        along = z * ops.mean(dz * z, axis=-1, keepdims=True)
        return scale * (dz - ops.mean(dz, axis=-1, keepdims=True) - along), None

    return z, gradient


def layer_norm(x, gain, offset, epsilon=1e-5):
    """gain·(x − mean)/√(variance + ε) + offset, over the last axis; Ba et al. 2016, eq. 4.

    `x` (…, d_model); `gain` and `offset` (d_model,). The variance is that of the population (÷ D).
    Computed in float32 or wider, whatever x is.
    """
    x = as_floats(x)
    wide = ops.cast(x, "float64" if x.dtype == "float64" else "float32")
    return ops.cast(_standardize(wide, epsilon), x.dtype) * gain + offset


@keras.saving.register_keras_serializable(package="companion")
class LayerNorm(keras.layers.Layer):
    """`layer_norm` with a trained gain (1 at first) and offset (0); Ba et al. 2016, eq. 4."""

    def __init__(self, epsilon=1e-5, **options):
        super().__init__(**options)
        self.epsilon = epsilon

    def build(self, x_shape):
        """Make gain and offset, a number a column each."""
        self.gain = self.add_weight(name="gain", shape=(x_shape[-1],), initializer="ones")
        self.offset = self.add_weight(name="offset", shape=(x_shape[-1],), initializer="zeros")

    def call(self, x):
        """The vectors with mean 0 and variance 1, times the gain, plus the offset."""
        return layer_norm(x, self.gain, self.offset, self.epsilon)

    def get_config(self):
        """What rebuilds the layer."""
        return super().get_config() | {"epsilon": self.epsilon}


@keras.saving.register_keras_serializable(package="companion")
class RMSNorm(keras.layers.Layer):
    """gain·x/√(mean(x²) + ε), over the last axis; Zhang & Sennrich 2019, eq. 4.

    No mean is subtracted and nothing is added, so that half the work of `layer_norm` is left; the
    norm of LLaMA and most later models. The mean is taken in float32.
    """

    def __init__(self, epsilon=1e-6, **options):
        super().__init__(**options)
        self.epsilon = epsilon

    def build(self, x_shape):
        """Make the gain, one number a column, 1 at first."""
        self.gain = self.add_weight(name="gain", shape=(x_shape[-1],), initializer="ones")

    def call(self, x):
        """The vectors with a root mean square of 1, times the gain."""
        x = as_floats(x)
        wide = ops.cast(x, "float32")
        size = ops.rsqrt(ops.mean(ops.square(wide), axis=-1, keepdims=True) + self.epsilon)
        return ops.cast(wide * size, x.dtype) * self.gain

    def get_config(self):
        """What rebuilds the layer."""
        return super().get_config() | {"epsilon": self.epsilon}
