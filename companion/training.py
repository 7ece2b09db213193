"""One way to train: seeded, with text sampled on the way, and killed at any moment without loss.

`fit` is Keras' `fit` on batches that are a pure function of the step number. That makes a run
resumable to the bit: whatever step a checkpoint was written at, the next batch is known. Chapters
bring their models, losses and schedules; none of that is here.
"""

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from companion import backend, cache

Batch = Callable[[int], Any]  # step -> (inputs, targets) or (inputs, targets, sample_weights)
FORGETFUL = (keras.callbacks.EarlyStopping, keras.callbacks.ReduceLROnPlateau)  # see `fit`


def seed(number: int) -> None:
    """Seed Python, NumPy and the backend; a run then repeats bit by bit on one machine."""
    keras.utils.set_random_seed(number)


def shuffled(*arrays: np.ndarray, batch_size: int, seed: int = 0) -> Batch:
    """Batches of rows that were shuffled anew each epoch, as a function of the step.

    All arrays share their first axis; the rows left over at the end of an epoch are dropped. The
    order of epoch e is drawn from (seed, e) alone, so that step 1,000 is the same batch whether or
    not steps 0–999 ran in this process. Raises `ValueError` when there are no rows or fewer than
    `batch_size`, or the arrays differ in length.
    """
    rows = {len(array) for array in arrays}
    if len(rows) != 1:
        raise ValueError(f"the arrays have {sorted(rows)} rows; they must have the same number")
    count = rows.pop()
    if not count:
        raise ValueError("there are no rows: what made the arrays left nothing")
    if not 1 <= batch_size <= count:
        raise ValueError(f"batch_size is {batch_size} with {count} rows; use 1 to {count}")
    per_epoch = count // batch_size
    order: tuple[int, np.ndarray] = (-1, np.empty(0, np.int64))

    def batch(step: int):
        nonlocal order
        epoch, position = divmod(step, per_epoch)
        if order[0] != epoch:
            order = (epoch, np.random.default_rng([seed, epoch]).permutation(count))
        chosen = order[1][position * batch_size : (position + 1) * batch_size]
        return tuple(array[chosen] for array in arrays)

    return batch


def muon(
    rate: float | keras.optimizers.schedules.LearningRateSchedule,
    but: Sequence[str] = ("table", "head"),
) -> keras.optimizers.Muon:
    """M ← μM + G; θ ← θ − 0.2·η·√max(n, m)·U·Vᵀ with M = U·S·Vᵀ, for each matrix θ (n, m).

    Muon (Jordan et al. 2024), its step scaled as by Liu et al. 2025: Adam brings every *number* of
    an update to the same size, Muon every *direction* of a matrix (Newton–Schulz steps make the
    singular values nearly equal; three do here as well as five). Embeddings, biases, norms and
    layers whose path holds one of `but` are learnt by Adam at half the rate, β₂ = 0.98. For
    networks that are trained from nothing. To tune a network take what it was trained by: weights
    of Adam's are better tuned by Adam, Muon's by Muon (Liu et al. 2025, on fine-tuning).
    """
    return keras.optimizers.Muon(
        rate,
        momentum=0.9,
        ns_steps=3,
        adam_lr_ratio=0.5,
        adam_beta_2=0.98,
        weight_decay=None,
        adam_weight_decay=None,
        exclude_layers=list(but),
    )


def fit(
    model: keras.Model,
    batch: Batch,
    steps: int,
    *,
    every: int = 100,
    resume: str | os.PathLike | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    verbose: int = 0,
) -> dict[str, list[float]]:
    """Train a compiled and built model for `steps` steps; returns the history, a value an interval.

    An interval is `every` steps (the last may be shorter): metrics are averaged over it, callbacks
    see it as Keras' epoch, and may end training early by `model.stop_training`. Their
    `on_train_begin` runs before every interval. Keras' EarlyStopping and ReduceLROnPlateau forget
    all there and would never act: they are refused. With `resume` (a file), the state is written
    there after each interval, atomically; when the file is there already, training continues from
    it, and the final weights equal those of an uninterrupted run on the same machine, bit for bit.
    Raises `ValueError` when the file was written by a model of other shapes, for another `every` or
    at a step beyond `steps`.
    """
    if steps < 1 or every < 1:
        raise ValueError(f"steps is {steps} and every is {every}; both are at least 1")
    for callback in callbacks:
        if isinstance(callback, FORGETFUL):
            raise ValueError(
                f"Keras' {type(callback).__name__} begins anew at every interval and never acts; "
                "take finetuning.EarlyStopping, or a rate that is a schedule"
            )
    if not model.built:
        raise ValueError(f"{model.name} is not built; call it once on a batch before training")
    backend.prepare(model)
    state = _State(model, every, Path(resume) if resume is not None else None)
    done, history = state.read()
    if done > steps:
        raise ValueError(
            f"{resume} is at step {done}, beyond {steps}; delete it to start anew, or ask for more "
            "steps"
        )
    while done < steps:
        size = min(every, steps - done)
        result = model.fit(
            _Steps(batch, done, size),
            initial_epoch=done // every,
            epochs=done // every + 1,
            shuffle=False,
            callbacks=list(callbacks),
            verbose=verbose,
        )
        done += size
        for name, values in result.history.items():
            history.setdefault(name, []).extend(float(value) for value in values)
        state.write(done, history)
        if model.stop_training:  # by a callback, as Keras' own fit
            break
    return history


class SampleText(keras.callbacks.Callback):
    """Print a text sampled from the model after each interval, to see it learn to write."""

    def __init__(self, sample: Callable[[], str], show: Callable[[str], None] = print):
        super().__init__()
        self.sample, self.show = sample, show

    def on_epoch_end(self, epoch, logs=None):
        """Sample once; `epoch` is the number of the interval."""
        loss = (logs or {}).get("loss", float("nan"))
        self.show(f"[{epoch + 1}] loss {loss:.3f}  {self.sample()}")


class Progress(keras.callbacks.Callback):
    """Say after each interval how far training is, and keep its seconds in the history.

    The history is part of the saved state: a run that was killed adds up to the time it took.
    """

    def __init__(self, steps: int, every: int, show: Callable[[str], None] = print):
        super().__init__()
        self.steps, self.every, self.show = steps, every, show

    def on_epoch_begin(self, epoch, logs=None):
        """Start the interval's clock."""
        self.begun = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        """Stop it; `epoch` is the number of the interval."""
        done = min(self.steps, (epoch + 1) * self.every)
        logs["seconds"] = time.perf_counter() - self.begun
        left = logs["seconds"] / (done - epoch * self.every) * (self.steps - done) / 60
        self.show(f"step {done}/{self.steps}  loss {logs['loss']:.3f}  {left:.1f} min left")


class _Steps(keras.utils.PyDataset):
    """`size` batches from `start` on, as Keras reads them."""

    def __init__(self, batch: Batch, start: int, size: int):
        super().__init__()
        self.batch, self.start, self.size = batch, start, size

    def __len__(self):
        return self.size

    def __getitem__(self, index):
        return self.batch(self.start + index)


class _State:
    """Weights, optimizer, random state and history of a run, in one file written atomically."""

    def __init__(self, model: keras.Model, every: int, path: Path | None):
        self.path, self.every = path, every
        # Seed generators (dropout) are among the model's variables, the step counter and the
        # moments among the optimizer's.
        self.variables = [*model.variables, *model.optimizer.variables]

    def read(self) -> tuple[int, dict[str, list[float]]]:
        if self.path is None or not self.path.exists():
            return 0, {}
        with np.load(self.path, allow_pickle=False) as saved:
            arrays = [saved[f"v{i}"] for i in range(int(saved["count"]))]
            done, every = int(saved["done"]), int(saved["every"])
            history = {name[2:]: saved[name].tolist() for name in saved.files if name[:2] == "h_"}
        shapes = [tuple(variable.shape) for variable in self.variables]
        if [array.shape for array in arrays] != shapes or every != self.every:
            raise ValueError(
                f"{self.path} holds the state of another run (other shapes, or every={every}); "
                "delete it to start anew, or name another file"
            )
        for variable, array in zip(self.variables, arrays, strict=True):
            variable.assign(array)
        return done, history

    def write(self, done: int, history: dict[str, list[float]]) -> None:
        if self.path is None:
            return
        arrays = {f"v{i}": np.asarray(v) for i, v in enumerate(self.variables)}
        series = {f"h_{name}": np.asarray(values) for name, values in history.items()}
        with cache.atomic_write(self.path) as file:
            np.savez(file, done=done, every=self.every, count=len(arrays), **arrays, **series)
