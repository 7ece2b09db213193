"""Fine-tuning: few steps on few examples, and how not to learn them by heart. Chapter 10."""

from collections import Counter
from collections.abc import Callable, Hashable, Sequence

import keras
import numpy as np


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


class EarlyStopping(keras.callbacks.Callback):
    """Stop when `score()` has not grown for `patience` intervals; `restore()` gives the best back.

    Prechelt 1998. For `training.fit`, whose intervals are Keras' epochs, and for Keras' own `fit`.
    `score` is measured on the validation split, never on the test split: choosing the best of many
    is training too.
    """

    def __init__(self, score: Callable[[], float], patience: int = 3):
        super().__init__()
        if patience < 1:
            raise ValueError(f"patience is {patience}; it is at least one interval")
        self.score, self.patience = score, patience
        self.scores: list[float] = []
        self.best: list[np.ndarray] | None = None

    def on_epoch_end(self, epoch, logs=None):
        """Score once; remember the weights of the best."""
        self.scores.append(float(self.score()))
        if self.scores[-1] > max(self.scores[:-1], default=-np.inf):
            self.best = [np.array(np.asarray(weight)) for weight in self.model.weights]
        if len(self.scores) - int(np.argmax(self.scores)) > self.patience:
            self.model.stop_training = True

    def restore(self) -> float:
        """Give the model the weights of its best interval; returns the score they had."""
        if self.best is None:
            raise ValueError("nothing was scored yet; train for at least one interval")
        for weight, array in zip(self.model.weights, self.best, strict=True):
            weight.assign(array)
        return max(self.scores)
