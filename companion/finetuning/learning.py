"""Fine-tuning: few steps on few examples, and how not to learn them by heart. Chapter 10."""

import os
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from pathlib import Path

import keras
import numpy as np

from companion import cache
from companion.bert import WarmupLinear


def class_weights(labels: Sequence[Hashable]) -> dict[Hashable, float]:
    """N / (C · N_c) for each class c: with these on the loss, every class weighs the same.

    King & Zeng 2001. The mean weight over all items is 1. Raises `ValueError` for no labels.
    """
    counts = Counter(labels)
    if not counts:
        raise ValueError("no labels: there is nothing to weigh")
    return {label: len(labels) / (len(counts) * n) for label, n in sorted(counts.items())}


def tag_weights(ids: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """1 where a token is scored, 0 where its label is below 0: sample weights (batch, time).

    Padding, [CLS], [SEP] and the later pieces of a word carry the label −1.
    """
    if ids.shape != labels.shape:
        raise ValueError(f"ids {ids.shape} and labels {labels.shape}; they are a label an id")
    return (labels >= 0).astype("float32")


def rate_of(rate: float, steps: int) -> WarmupLinear:
    """Up to `rate` over the first tenth of the steps, then down to 0; Devlin et al. 2019, A.2."""
    return WarmupLinear(rate, steps, max(1, steps // 10))


class EarlyStopping(keras.callbacks.Callback):
    """Stop when `score()` has not grown for `patience` intervals; `restore()` gives the best back.

    Prechelt 1998. For `training.fit`, whose intervals are Keras' epochs, and for Keras' own `fit`.
    `score` is measured on the validation split, never on the test split: choosing the best of many
    is training too. With `keep` (a file), scores and best weights survive the process: give it
    beside `training.fit(..., resume=...)`, and ask `stopped` before going on.
    """

    def __init__(
        self, score: Callable[[], float], patience: int = 3, keep: str | os.PathLike | None = None
    ):
        super().__init__()
        if patience < 1:
            raise ValueError(f"patience is {patience}; it is at least one interval")
        self.score, self.patience = score, patience
        self.keep = Path(keep) if keep is not None else None
        self.scores: list[float] = []
        self.best: list[np.ndarray] | None = None
        if self.keep is not None and self.keep.exists():
            with np.load(self.keep, allow_pickle=False) as saved:
                self.scores = saved["scores"].tolist()
                self.best = [saved[f"w{i}"] for i in range(int(saved["count"]))]

    @property
    def stopped(self) -> bool:
        """Whether `patience` intervals have gone by without a better score."""
        return bool(self.scores) and len(self.scores) - int(np.argmax(self.scores)) > self.patience

    def on_epoch_end(self, epoch, logs=None):
        """Score once; remember the weights of the best."""
        if self.keep is not None:  # killed before the state was written, an interval comes again
            del self.scores[epoch:]
        self.scores.append(float(self.score()))
        if self.scores[-1] > max(self.scores[:-1], default=-np.inf):
            self.best = [np.array(np.asarray(weight)) for weight in self.model.weights]
        if self.keep is not None:
            arrays = {f"w{i}": array for i, array in enumerate(self.best or [])}
            with cache.atomic_write(self.keep) as file:
                np.savez(file, scores=self.scores, count=len(arrays), **arrays)
        if self.stopped:
            self.model.stop_training = True

    def restore(self, model: keras.Model | None = None) -> float:
        """Give the model the weights of its best interval; returns the score they had.

        `model`, if not the one that was trained, is one of the same shapes.
        """
        if self.best is None:
            raise ValueError("nothing was scored yet; train for at least one interval")
        for weight, array in zip((model or self.model).weights, self.best, strict=True):
            weight.assign(array)
        return max(self.scores)
