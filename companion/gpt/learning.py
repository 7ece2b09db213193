"""How a GPT is trained: what it is shown, what it loses, how fast it learns. Chapter 7.

Clipping and accumulation are options of Keras' optimizers (`global_clipnorm`,
`gradient_accumulation_steps`). Letters: B batch, T time, V vocabulary.
"""

import math
from collections.abc import Sequence

import keras
import numpy as np
from keras import ops

from companion import backend, training


def next_token_loss(logits, ids):
    """−1/(T−1) Σ_t log p(w_{t+1} | w_1 … w_t), the mean over rows; Radford et al. 2018, eq. 1.

    `logits` (batch, time, vocab_size) are the model's on `ids` (batch, time): those at t are
    compared with the id at t + 1, and the last ones with nothing. In nats. Raises `ValueError`
    when the shapes differ or a row has fewer than two ids.
    """
    logits, ids = ops.convert_to_tensor(logits), ops.convert_to_tensor(ids)
    if tuple(logits.shape[:2]) != tuple(ids.shape) or ids.shape[1] < 2:
        raise ValueError(
            f"logits {tuple(logits.shape)} and ids {tuple(ids.shape)}: wanted (batch, time, V) and "
            "(batch, time) with at least two ids a row"
        )
    return ops.mean(_losses(logits[:, :-1], ids[:, 1:]))


@keras.saving.register_keras_serializable(package="companion")
class NextTokenLoss(keras.losses.Loss):
    """−log p(target) in nats, for targets that `windows` has moved by one already.

    From targets (batch, time) and logits (batch, time, vocab_size); the mean over all tokens.
    """

    def __init__(self, name="next_token_loss"):
        super().__init__(name=name)

    def call(self, targets, logits):
        """The loss of each token, (batch, time)."""
        return _losses(logits, targets)

    def get_config(self):
        """What rebuilds the loss."""
        return {"name": self.name}


def _losses(logits, targets):
    logits = ops.cast(logits, "float32")
    index = ops.cast(targets, "int32")[..., None]
    return ops.logsumexp(logits, axis=-1) - ops.take_along_axis(logits, index, axis=-1)[..., 0]


def windows(ids: Sequence[int], context_length: int) -> tuple[np.ndarray, np.ndarray]:
    """Inputs w_t … w_{t+T−1} and targets w_{t+1} … w_{t+T}, side by side through a text.

    Two int32 arrays (windows, context_length). Every token but the first is a target once; what
    does not fill a window is left out. Raises `ValueError` for a text shorter than one window.

    >>> windows([1, 2, 3, 4, 5], 2)
    (array([[1, 2], [3, 4]]), array([[2, 3], [4, 5]]))
    """
    ids = np.asarray(ids, dtype=np.int32)
    count = (ids.size - 1) // context_length if context_length > 0 else 0
    if ids.ndim != 1 or count < 1:
        raise ValueError(
            f"ids of shape {ids.shape} and a context_length of {context_length}: a window needs "
            f"{context_length + 1} ids in one row"
        )
    used = count * context_length
    return ids[:used].reshape(count, -1), ids[1 : used + 1].reshape(count, -1)


def batches(
    ids: Sequence[int], context_length: int, batch_size: int, seed: int = 0
) -> training.Batch:
    """Windows in a new order and with new borders each epoch, as a function of the step.

    Epoch e starts cutting at a place drawn from (seed, e), so that no token is always the first of
    its window, with nothing to go by. For `training.fit`; raises `ValueError` for a text with
    fewer windows than `batch_size`.
    """
    ids = np.asarray(ids, dtype=np.int32)
    count = len(windows(ids, context_length)[0]) - 1  # wherever the cutting starts
    per_epoch = count // batch_size if batch_size > 0 else 0
    if per_epoch < 1:
        raise ValueError(
            f"batch_size is {batch_size}, and the text has {count} windows of {context_length} "
            f"wherever they begin; use 1 to {count}"
        )
    order: tuple[int, np.ndarray] = (-1, np.empty(0, np.int64))

    def batch(step: int) -> tuple[np.ndarray, np.ndarray]:
        nonlocal order
        epoch, place = divmod(step, per_epoch)
        if order[0] != epoch:
            rng = np.random.default_rng([seed, epoch])
            first = rng.integers(context_length)
            order = (epoch, first + context_length * rng.permutation(count))
        begin = order[1][place * batch_size : (place + 1) * batch_size]
        at = begin[:, None] + np.arange(context_length)  # (B, T)
        return ids[at], ids[at + 1]

    return batch


@keras.saving.register_keras_serializable(package="companion")
class WarmupCosine(keras.optimizers.schedules.LearningRateSchedule):
    """Up to `rate` in a line, down to `floor`·rate in half a cosine; Brown et al. 2020, app. B.

    Steps count from 1 (Keras counts from 0): the rate is `rate` at step `warmup` and floor·rate
    from step `steps` on. An optimizer that accumulates gradients counts parts: give `steps` and
    `warmup` in parts. Raises `ValueError` unless 1 ≤ warmup < steps and 0 ≤ floor ≤ 1.
    """

    def __init__(self, rate, steps, warmup, floor=0.1):
        if not 1 <= warmup < steps or not 0 <= floor <= 1 or rate <= 0:
            raise ValueError(
                f"rate {rate}, steps {steps}, warmup {warmup}, floor {floor}: wanted a rate above "
                "0, 1 ≤ warmup < steps and 0 ≤ floor ≤ 1"
            )
        self.rate, self.steps, self.warmup, self.floor = rate, steps, warmup, floor

    def __call__(self, step):
        """The rate of the step that Keras calls `step`."""
        step = ops.cast(step, "float32") + 1.0
        share = ops.clip((step - self.warmup) / (self.steps - self.warmup), 0.0, 1.0)
        fall = self.floor + (1 - self.floor) * 0.5 * (1 + ops.cos(math.pi * share))
        return self.rate * ops.minimum(step / self.warmup, fall)

    def get_config(self):
        """What rebuilds the schedule."""
        return {
            "rate": self.rate,
            "steps": self.steps,
            "warmup": self.warmup,
            "floor": self.floor,
        }


def compile_for_pretraining(
    model: keras.Model,
    steps: int,
    rate: float = 1e-3,
    warmup: int = 100,
    decay: float = 0.1,
    muon: bool = False,
) -> None:
    """Adam (β₂ = 0.95) with decoupled weight decay, gradients clipped to a global norm of 1.

    Brown et al. 2020, appendix B; Loshchilov & Hutter 2019. Tables and matrices decay; biases and
    norms do not, as is usual. The rate is `WarmupCosine`, and `warmup` is at most a tenth of the
    steps: a larger one is cut to that. With `muon`, `training.muon` learns the matrices, at a rate
    of its own (chapter 7's page: 2e-2, `gpt-mini-zh`: 5e-3); nothing decays, nothing is clipped.
    """
    schedule = WarmupCosine(rate, max(2, steps), max(1, min(warmup, steps // 10)))
    if muon:
        optimizer = training.muon(schedule)
    else:
        optimizer = backend.Adam(schedule, beta_2=0.95, weight_decay=decay, global_clipnorm=1.0)
        optimizer.exclude_from_weight_decay(
            var_list=[weight for weight in model.trainable_variables if len(weight.shape) == 1]
        )
    model.compile(optimizer, NextTokenLoss())
