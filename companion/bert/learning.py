"""How gaps are learned: masks drawn once or anew, and the schedule of the rate. Chapter 6.

Both kinds of masks are pure functions of the step, so that a run that was killed goes on with the
same gaps. Letters: B batch, T time, P gaps a row.
"""

from collections.abc import Callable

import keras
import numpy as np
from keras import ops

from companion import backend, training
from companion.attention import sinusoidal_positions
from companion.transformer import SmoothedCrossEntropy

from .heads import SPREAD
from .masking import RATE, Masked, gaps, most_gaps
from .model import Bert

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

    As BERT mixed short and long rows (Devlin et al. 2019, appendix A.2: 90 % of the steps with 128
    tokens, the rest with 512), so that short texts cost no padding and late positions are trained.
    """
    return lambda step: sources[step % len(sources)](step // len(sources))


def start_from_waves(model: Bert) -> None:
    """Let the trained positions start as sinusoids, as wide as the other weights start.

    Vaswani et al. 2017, §3.5, for a start only. From random vectors a head must first find out
    which positions are neighbours; a small model spends a good part of a short training on that.
    """
    table = sinusoidal_positions(model.config.context_length, model.config.d_model)
    model.positions.table.assign(table * SPREAD * 2**0.5)  # a wave's own deviation is √½


def start_from_neighbours(model: Bert) -> None:
    """Let a small model start with heads that look at the words beside a gap.

    From random numbers a head must first find out which positions are neighbours, and a small model
    spends much of a short training on that. Three things are set; training changes all of them.
    Position t starts as pairs (sin ωt, cos ωt), as wide as before, the ω spread evenly over 0 … π:
    no two positions are alike. The pair of position t + k is that of t turned by ωk (Vaswani et al.
    2017, §3.5), so a head of the first block whose W_Q holds these turns, and whose W_K picks the
    same pairs, looks k to the right: the heads start with k = −1, 1, −2, 2 … (after Trockman &
    Kolter 2023). And kernels are as wide as keeps a vector's length, 1/√d_model: BERT's 0.02 was
    chosen for 768 columns. Raises `ValueError` for heads less than two columns wide.
    """
    width, heads = model.config.d_model, model.config.num_heads
    columns = width // heads
    if columns < 2:
        raise ValueError(f"d_model {width} with {heads} heads; a head needs at least two columns")
    pairs = columns // 2
    omega = np.pi * (np.arange(width // 2) + 0.5) / (width // 2)
    omega = np.random.default_rng(0).permutation(omega)  # each head has slow and fast waves
    angles = np.arange(model.config.context_length)[:, None] * omega
    table = np.zeros((len(angles), width))
    table[:, 0 : 2 * len(omega) : 2], table[:, 1 : 2 * len(omega) : 2] = _wave(angles)
    model.positions.table.assign(table * SPREAD * 2**0.5)  # a wave's own deviation is √½

    for block in model.blocks:
        attention, dense = block.attention, block.feed_forward
        for layer in (
            *(attention.query_projection, attention.key_projection, attention.value_projection),
            *(attention.output_projection, dense.up, dense.down),
        ):
            layer.kernel.assign(layer.kernel * (width**-0.5 / SPREAD))

    query, key = np.zeros((2, width, width))
    for head in range(heads):
        distance = (1 + head // 2) * (1 if head % 2 else -1)
        for pair in range(pairs):
            row, column = 2 * (head * pairs + pair), head * columns + 2 * pair
            sin, cos = _wave(omega[row // 2] * distance)
            query[row : row + 2, column : column + 2] = [[cos, -sin], [sin, cos]]
            key[row : row + 2, column : column + 2] = np.eye(2)
    strength = (20 / columns**0.5) ** 0.5  # a neighbour's score is about 10 above the others'
    first = model.blocks[0].attention
    first.query_projection.kernel.assign(first.query_projection.kernel + strength * query)
    first.key_projection.kernel.assign(first.key_projection.kernel + strength * key)


def _wave(angle):
    return np.sin(angle), np.cos(angle)


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


def compile_for_gaps(model: keras.Model, steps: int, rate: float = 1e-3, warmup: int = 100) -> None:
    """Adam on −log p(true token) of the gaps, β₂ = 0.98; the rate climbs and falls.

    β₂ as in RoBERTa (Liu et al. 2019, §3.1), the rate by `WarmupLinear`.
    """
    model.compile(_adam(steps, rate, warmup), SmoothedCrossEntropy(0.0))


def compile_for_pairs(
    model: keras.Model, steps: int, rate: float = 1e-3, warmup: int = 100
) -> None:
    """The same for `PairedBert`: the sum of the losses of gaps and of pairs."""
    followed = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    losses = {"masked": SmoothedCrossEntropy(0.0), "next": followed}
    model.compile(_adam(steps, rate, warmup), losses)


def _adam(steps: int, rate: float, warmup: int) -> backend.Adam:
    return backend.Adam(WarmupLinear(rate, steps, min(warmup, steps)), beta_2=0.98)
