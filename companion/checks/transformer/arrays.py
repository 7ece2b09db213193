"""NumPy pieces that the references and the wrong variants of chapter 5 are put together from.

Two exercises are answered in Keras. Their references are stand-ins in NumPy with the same parts, so
that nothing here has to import Keras and a check stays an independent calculation.
"""

import numpy as np


def normal(rng, *shape):
    """Numbers from the unit normal distribution, rounded so that they can be read."""
    return np.round(rng.normal(size=shape), 2)


def log_softmax(logits):
    """log softmax over the last axis, without overflow."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


class Part:
    """A layer's place in a stand-in: a probe builds it and sets its weights as it does in Keras."""

    def build(self, *shapes):
        """Nothing to do: the weights come with their shapes."""

    def set_weights(self, arrays):
        """Keep the arrays, in Keras's order."""
        self.arrays = [np.asarray(array, np.float64) for array in arrays]


class Norm(Part):
    """gain·(x − mean)/√(variance + ε) + offset."""

    def __call__(self, x, epsilon=1e-5):
        """Each vector normed by itself."""
        gain, offset = self.arrays
        centred = x - x.mean(axis=-1, keepdims=True)
        variance = (centred**2).mean(axis=-1, keepdims=True)
        return gain * centred / np.sqrt(variance + epsilon) + offset


class Dense(Part):
    """x·W + b."""

    def __call__(self, x):
        """The last axis from one width to another."""
        kernel, bias = self.arrays
        return x @ kernel + bias


class Attention(Part):
    """`keras.layers.MultiHeadAttention`: kernels (D, H, K) and (H, K, D), each with its bias."""

    def __call__(self, query, value, attention_mask=None):
        """The values mixed for each query; keys are the values."""
        wq, bq, wk, bk, wv, bv, wo, bo = self.arrays
        q, k, v = (
            np.einsum("btd,dhk->bhtk", x, kernel) + bias[:, None]
            for x, kernel, bias in ((query, wq, bq), (value, wk, bk), (value, wv, bv))
        )
        scores = q @ k.swapaxes(2, 3) / np.sqrt(q.shape[-1])  # (B, H, T, S)
        if attention_mask is not None:
            scores = np.where(attention_mask[:, None], scores, -1e9)
        heads = np.exp(log_softmax(scores)) @ v
        return np.einsum("bhtk,hkd->btd", heads, wo) + bo


def norm_weights(rng, d_model):
    """Gain and offset."""
    return [np.round(rng.uniform(0.5, 1.5, d_model), 2), normal(rng, d_model)]


def dense_weights(rng, inputs, outputs):
    """Kernel and bias."""
    return [normal(rng, inputs, outputs), normal(rng, outputs)]


def attention_weights(rng, d_model, num_heads, width):
    """The eight arrays of an attention layer, in Keras's order."""
    inside = [(d_model, num_heads, width), (num_heads, width)] * 3
    return [normal(rng, *shape) / 2 for shape in (*inside, (num_heads, width, d_model), (d_model,))]
