"""How gaps are learned: masks drawn once or anew, and the schedule of the rate. Chapter 6.

Both kinds of masks are pure functions of the step, so that a run that was killed goes on with the
same gaps. Letters: B batch, T time, P gaps a row.
"""

from collections.abc import Callable

import keras
import numpy as np
from keras import ops

from companion import backend, training
from companion.transformer import SmoothedCrossEntropy

from .masking import RATE, Masked, gaps, most_gaps

Mask = Callable[[np.ndarray, np.random.Generator], Masked]  # `mask_tokens` with a vocabulary


def dynamic_masks(
    rows: np.ndarray, batch_size: int, mask: Mask, seed: int = 0, rate: float = RATE
) -> training.Batch:
    """((shown, positions), labels) with new gaps at every step; Liu et al. 2019, §4.1.

    `rows` (rows, time) are ids, shuffled anew each epoch; `shown` (batch, time), `positions` and
    `labels` (batch, gaps); `rate` is that of `mask`, so that there is room for every gap. Raises
    `ValueError` as `training.shuffled` does.

    >>> dynamic_masks(rows, 32, partial(mask_tokens, vocab_size=5000))
    """
    pick = training.shuffled(rows, batch_size=batch_size, seed=seed)
    width = most_gaps(rows.shape[1], rate)

    def batch(step: int):
        (ids,) = pick(step)
        shown, chosen = mask(ids, np.random.default_rng([seed, step]))
        positions, labels = gaps(ids, chosen, width)
        return (shown, positions), labels

    return batch


def static_masks(
    rows: np.ndarray,
    batch_size: int,
    mask: Mask,
    seed: int = 0,
    rate: float = RATE,
    copies: int = 10,
) -> training.Batch:
    """The same with gaps that were drawn before training: `copies` sets, taken in turn.

    Devlin et al. 2019 wrote each text ten times and trained for forty epochs, so that each set was
    seen four times (Liu et al. 2019, §4.1). With one copy an epoch repeats the last one's gaps.
    """
    if copies < 1:
        raise ValueError(f"copies is {copies}; at least one set of masks is needed")
    drawn = [mask(rows, np.random.default_rng([seed, copy])) for copy in range(copies)]
    pick = training.shuffled(np.arange(len(rows)), batch_size=batch_size, seed=seed)
    width, epoch = most_gaps(rows.shape[1], rate), len(rows) // batch_size

    def batch(step: int):
        (chosen_rows,) = pick(step)
        shown, chosen = drawn[step // epoch % copies]
        positions, labels = gaps(rows[chosen_rows], chosen[chosen_rows], width)
        return (shown[chosen_rows], positions), labels

    return batch


def take_turns(*sources: training.Batch) -> training.Batch:
    """Batches of several sources one after the other: step s is step s // n of source s mod n.

    So that short texts cost little padding and late positions are trained too. BERT had short rows
    first, for 90 % of its steps, and long ones for the rest (Devlin et al. 2019, appendix A.2).
    """
    return lambda step: sources[step % len(sources)](step // len(sources))


@keras.saving.register_keras_serializable(package="companion")
class WarmupLinear(keras.optimizers.schedules.LearningRateSchedule):
    """Up to `rate` in a line, then down to 0 in a line; Devlin et al. 2019, appendix A.2.

    Steps count from 1 (Keras counts from 0): the rate is `rate` at step `warmup` and 0 at step
    `steps` + 1. Raises `ValueError` unless 1 ≤ warmup ≤ steps and rate > 0.
    """

    def __init__(self, rate, steps, warmup):
        if not 1 <= warmup <= steps or rate <= 0:
            raise ValueError(
                f"rate {rate}, steps {steps}, warmup {warmup}: wanted a rate above 0 and "
                "1 ≤ warmup ≤ steps"
            )
        self.rate, self.steps, self.warmup = rate, steps, warmup

    def __call__(self, step):
        """The rate of the step that Keras calls `step`."""
        step = ops.cast(step, "float32") + 1.0
        fall = (self.steps + 1 - step) / (self.steps + 1 - self.warmup)
        return self.rate * ops.maximum(ops.minimum(step / self.warmup, fall), 0.0)

    def get_config(self):
        """What rebuilds the schedule."""
        return {"rate": self.rate, "steps": self.steps, "warmup": self.warmup}


def compile_for_gaps(
    model: keras.Model, steps: int, rate: float = 1e-3, warmup: int = 100, muon: bool = False
) -> None:
    """Adam on −log p(true token) of the gaps, β₂ = 0.98; the rate climbs and falls.

    β₂ as in RoBERTa (Liu et al. 2019, §3.1), the rate by `WarmupLinear`. With `muon`,
    `training.muon` learns the matrices; give it about four times the rate.
    """
    model.compile(_optimizer(steps, rate, warmup, muon), SmoothedCrossEntropy(0.0))


def compile_for_pairs(
    model: keras.Model, steps: int, rate: float = 1e-3, warmup: int = 100, muon: bool = False
) -> None:
    """The same for `PairedBert`: the sum of the losses of gaps and of pairs."""
    followed = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    losses = {"masked": SmoothedCrossEntropy(0.0), "next": followed}
    model.compile(_optimizer(steps, rate, warmup, muon), losses)


def _optimizer(steps: int, rate: float, warmup: int, muon: bool) -> keras.optimizers.Optimizer:
    schedule = WarmupLinear(rate, steps, min(warmup, steps))
    return training.muon(schedule) if muon else backend.Adam(schedule, beta_2=0.98)
