"""How a Transformer is trained: what it is shown, what it loses, how fast it learns. Chapter 5.

Letters: B batch, T target length, V vocabulary.
"""

import keras
import numpy as np
from keras import ops

from .model import PAD_ID


def shift_right(target, start_id):
    """What the decoder is shown: start, y₁ … y_{T−1}, to predict y₁ … y_T (teacher forcing).

    Williams & Zipser 1989. `target` integers (batch, time); an array of the same shape. Position t
    is shown the true tokens before t, never its own.
    """
    target = np.asarray(target)
    if target.ndim != 2:
        raise ValueError(f"target has shape {target.shape}; wanted (batch, time)")
    start = np.full_like(target[:, :1], start_id)
    return np.concatenate([start, target[:, :-1]], axis=1)  # (B, T)


@keras.saving.register_keras_serializable(package="companion")
class SmoothedCrossEntropy(keras.losses.Loss):
    """−Σ_v q(v)·log p(v), q = 1 − ε on the true token plus ε/V on each; the mean over tokens.

    Label smoothing, Szegedy et al. 2016, §7; Vaswani et al. 2017, §5.4 with ε = 0.1. From labels
    (batch, time) and logits (batch, time, vocab_size), in nats. Padding (0) does not count: a batch
    with more of it weighs each of its tokens more.
    """

    def __init__(self, smoothing=0.1, name="smoothed_cross_entropy"):
        super().__init__(name=name, reduction=None)
        if not 0 <= smoothing < 1:
            raise ValueError(f"smoothing is {smoothing}; it is at least 0 and below 1")
        self.smoothing = smoothing

    def call(self, labels, logits):
        """The loss, one number."""
        logits = ops.cast(logits, "float32")
        labels = ops.cast(labels, "int32")
        losses = ops.sparse_categorical_crossentropy(labels, logits, from_logits=True)  # (B, T)
        if self.smoothing:  # log p(v) = z_v − log Σ exp z: what moves from the true token to all
            true = ops.take_along_axis(logits, labels[..., None], axis=-1)[..., 0]  # (B, T)
            losses = losses + self.smoothing * (true - ops.mean(logits, axis=-1))
        counts = ops.cast(ops.not_equal(labels, PAD_ID), "float32")
        return ops.sum(losses * counts) / ops.maximum(ops.sum(counts), 1.0)

    def get_config(self):
        """What rebuilds the loss."""
        return {"smoothing": self.smoothing, "name": self.name}


@keras.saving.register_keras_serializable(package="companion")
class Noam(keras.optimizers.schedules.LearningRateSchedule):
    """factor·d_model^−½·min(step^−½, step·warmup^−³ᐟ²); Vaswani et al. 2017, eq. 3.

    Steps count from 1, as in the paper (Keras counts from 0). The rate climbs for `warmup` steps
    and falls with the root of the step afterwards.
    """

    def __init__(self, d_model, warmup=4000, factor=1.0):
        if d_model < 1 or warmup < 1:
            raise ValueError(f"d_model {d_model} and warmup {warmup}; both are at least 1")
        self.d_model, self.warmup, self.factor = d_model, warmup, factor

    def __call__(self, step):
        """The rate of the step that Keras calls `step`."""
        step = ops.cast(step, "float32") + 1.0
        rise = ops.minimum(ops.rsqrt(step), step * self.warmup**-1.5)
        return self.factor * self.d_model**-0.5 * rise

    def get_config(self):
        """What rebuilds the schedule."""
        return {"d_model": self.d_model, "warmup": self.warmup, "factor": self.factor}
