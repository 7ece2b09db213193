"""One vector a word out of all layers of a model: ELMo's scalar mix. Chapter 3.

    mix = γ Σ_j s_j h_j,   s = softmax(w)

Peters et al. (2018), "Deep contextualized word representations", eq. 1. A task learns w and γ and
so chooses its own blend. The book has a heading "dynamic fusion" without text; this may be meant.
"""

import keras
from keras import ops


def scalar_mix(layers, weights, gamma=1.0):
    """γ Σ_j softmax(w)_j h_j; Peters et al. 2018, eq. 1.

    `layers`: L arrays of one shape (…, D), a list or stacked; whole numbers are taken as floats.
    `weights` (L,), before the softmax. Returns (…, D). Raises `ValueError` for layers of different
    shapes or another number of weights.

    >>> scalar_mix([[2.0], [4.0]], [0.0, 0.0])   # equal weights: the mean
    [3.0]
    """
    layers = [ops.convert_to_tensor(layer) for layer in layers]
    shapes = {tuple(layer.shape) for layer in layers}  # the static shape: hashable when compiled
    if len(shapes) != 1:
        raise ValueError(f"the layers have shapes {sorted(shapes)}; only one shape can be mixed")
    stacked = ops.stack(layers)
    if not keras.backend.is_float_dtype(stacked.dtype):
        stacked = ops.cast(stacked, keras.config.floatx())
    weights = ops.convert_to_tensor(weights, dtype=stacked.dtype)
    if weights.shape != stacked.shape[:1]:
        raise ValueError(
            f"weights have shape {tuple(weights.shape)} for {stacked.shape[0]} layers; "
            "there is one weight for each layer"
        )
    shares = ops.exp(weights - ops.logsumexp(weights))  # ops.softmax warns when L is 1
    return gamma * ops.tensordot(shares, stacked, axes=1)


@keras.saving.register_keras_serializable("companion")
class ScalarMix(keras.layers.Layer):
    """`scalar_mix` with trainable w (zeros at first: the plain mean) and γ (one at first).

    Called on a list of arrays (batch, time, d_model), one for each layer to mix.
    """

    def build(self, input_shape):
        """One weight for each layer, and γ."""
        self.mix_weights = self.add_weight(
            shape=(len(input_shape),), initializer="zeros", name="weights"
        )
        self.gamma = self.add_weight(shape=(), initializer="ones", name="gamma")

    def call(self, layers):
        """The mixture of the layers."""
        return scalar_mix(layers, self.mix_weights, self.gamma)

    def compute_output_shape(self, input_shape):
        """The shape of one layer."""
        return tuple(input_shape[0])
