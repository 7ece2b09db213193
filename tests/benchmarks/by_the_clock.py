"""Language models of Shakespeare that learn until the clock says stop: what the benchmarks share.

Seconds by the clock on the wall, on a machine that does nothing else; all that a learner waits for
counts, preparation and compilation included. Settings were chosen on the validation works.
"""

import dataclasses
import math
import sys
import time
from pathlib import Path

import keras

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from companion import corpora, metrics, training
from companion import neural_lm as lm

MANY = 10**6  # steps, more than any minute holds
CROSS_ENTROPY = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
FEED_FORWARD = lm.FeedForwardConfig(vocab_size=1, context_length=10, d_model=24, d_ff=256)
RECURRENT = lm.RecurrentConfig(vocab_size=1, context_length=32, d_model=160, d_embedding=64)
POINTS = 24  # of a learning curve


class UntilTime(keras.callbacks.Callback):
    """Stops `seconds` after `begun`; the learning rate falls on a cosine.

    The rate follows the clock, since nobody knows the number of steps beforehand; in the first
    `warmup` steps it climbs. `curve` has the mean loss of each stretch of the time: pairs of the
    seconds at its end, and nats.
    """

    def __init__(self, rate: float, seconds: float, begun: float, warmup: int = 1):
        super().__init__()
        self.rate, self.seconds, self.begun, self.warmup = rate, seconds, begun, warmup
        self.steps = 0
        self.curve: list[tuple[float, float]] = []
        self._told = (0, 0.0)  # steps and sum of losses when the last point was made

    def on_train_batch_begin(self, batch, logs=None):
        """Set the rate for the share of the time that has passed."""
        share = min(1.0, (time.perf_counter() - self.begun) / self.seconds)
        climb = min(1.0, (self.steps + 1) / self.warmup)
        self.model.optimizer.learning_rate = self.rate * climb * (1 + math.cos(math.pi * share)) / 2

    def on_train_batch_end(self, batch, logs=None):
        """Count, note the loss, and stop when the time is over."""
        self.steps += 1
        passed = time.perf_counter() - self.begun
        self.model.stop_training = passed >= self.seconds
        if passed >= self.seconds * (len(self.curve) + 1) / POINTS:
            # Keras tells the mean since the first step.
            steps, total = self._told
            told = (self.steps, self.steps * float(logs["loss"]))
            self.curve.append((passed, (told[1] - total) / (told[0] - steps)))
            self._told = told


def fit_until(
    seconds, begun, model, loss, batch, rate, xla: bool, optimizer=None, warmup: int = 1
) -> UntilTime:
    """Train until `seconds` after `begun`, by default with Adam; returns what the clock noted."""
    clock = UntilTime(rate, seconds, begun, warmup)
    work = time.process_time()
    optimizer = optimizer or keras.optimizers.Adam(rate, global_clipnorm=1.0)
    model.compile(optimizer, loss, jit_compile=xla)
    training.fit(model, batch, MANY, every=MANY, callbacks=[clock])
    print(
        f"{clock.steps} steps in {time.perf_counter() - begun:.1f} s, "
        f"{time.process_time() - work:.0f} processor-seconds of training"
    )
    return clock


@dataclasses.dataclass(frozen=True)
class Trained:
    """A model, how many characters it has been shown, and its curve in bits per character."""

    model: keras.Model
    seen: float
    curve: list[tuple[float, float]]


def characters(split: str) -> list[str]:
    """The works of one split of Shakespeare."""
    return [document.text for document in corpora.load("shakespeare", split)]


def feed_forward(
    texts, vocabulary, seconds, seed=0, shape=FEED_FORWARD, batch_size=512, rate=8e-3
) -> Trained:
    """Bengio's model of characters."""
    begun = time.perf_counter()
    config = dataclasses.replace(shape, vocab_size=len(vocabulary))
    batch = lm.window_batches([vocabulary.ids(text) for text in texts], config, batch_size)

    training.seed(seed)
    model = lm.FeedForwardLM(config)
    clock = fit_until(seconds, begun, model, CROSS_ENTROPY, batch, rate, xla=True)
    return Trained(model, clock.steps * batch_size, in_bits(clock.curve))


def recurrent(
    texts, vocabulary, seconds, seed=0, shape=RECURRENT, batch_size=32, rate=8e-3
) -> Trained:
    """A GRU that reads characters."""
    begun = time.perf_counter()
    config = dataclasses.replace(shape, vocab_size=len(vocabulary))
    batch = lm.stream_batches([vocabulary.ids(text) for text in texts], config, batch_size)

    training.seed(seed)
    model = lm.RecurrentLM(config)
    trained = lm.TruncatedBPTT(model, batch_size)
    clock = fit_until(seconds, begun, trained, CROSS_ENTROPY, batch, rate, xla=False)
    seen = clock.steps * batch_size * config.context_length
    return Trained(model, seen, in_bits(clock.curve))


def in_bits(curve, tokens_a_character: float = 1.0) -> list[tuple[float, float]]:
    """A curve of nats a token as bits a character, rounded to be kept."""
    factor = tokens_a_character / math.log(2)
    return [(round(second, 1), round(nats * factor, 3)) for second, nats in curve]


def neural_bits(model, texts, vocabulary) -> float:
    """Bits per character of some works, each from its beginning."""
    total = sum(float(model.token_log_probs(vocabulary.ids(text)).sum()) for text in texts)
    return metrics.bits_per_character(total, sum(map(len, texts)))
