"""One run of a task: from its items to a file of what it got right. A killed run is resumed.

Training, choosing the best interval on the validation split, and the answers to every test: each is
a function of the run's numbers alone, so that the same command always ends at the same weights.
"""

import dataclasses
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from companion import cache
from companion.course.recipes.base import machine

from . import results
from .base import Data, Run, Say, Task


def finish(
    task: Task, data: Data, run: Run, folder: Path, restart: bool, say: Say
) -> dict[str, Any]:
    """What the run found: read if it was finished before, else trained (on) and written."""
    known = None if restart else results.read(folder, task, run)
    if known is not None:
        say(f"{run.label}: finished before")
        return known
    state = cache.root() / "finetuning" / f"{task.name}-{task.digest(run.method)}" / run.label
    files = [state.with_name(f"{state.name}.{part}.npz") for part in ("state", "best")]
    if restart:
        _remove(files)
    if files[0].exists():
        say(f"{run.label}: resuming from {files[0]}")
    content = _begun(task, run) | train_and_test(task, data, run, *files, say)
    results.write(folder, run, content)
    _remove(files)
    return content


def baseline(task: Task, data: Data, run: Run, folder: Path, say: Say) -> dict[str, Any]:
    """The same of a baseline, `run.method`; on all items nothing is drawn, and the seed is 0."""
    if run.share == 1:
        run = dataclasses.replace(run, seed=0)
    known = results.read(folder, task, run)
    if known is not None:
        return known
    from companion import finetuning as ft

    train = ft.share_of(data.train, run.share, run.seed)
    merged = [item for items in data.tests.values() for item in items]
    answers = list(data.baselines[run.method](train, merged))
    content = _begun(task, run) | {"items": len(train)} | judged(data, _apart(data, answers))
    results.write(folder, run, content)
    say(f"{run.label}: {_told(content)}")
    return content


def check_start(task: Task) -> None:
    """Raise `checkpoints.CheckpointError` for a checkpoint that is not there, before Keras."""
    from companion import checkpoints

    if task.checkpoint is not None and task.checkpoint not in task.corpora:
        checkpoints.find(task.checkpoint)


def _begun(task: Task, run: Run) -> dict[str, Any]:
    """Which run a file is of."""
    return {
        "digest": task.digest(run.method),
        "method": run.method,
        "share": run.share,
        "seed": run.seed,
    }


def train_and_test(
    task: Task, data: Data, run: Run, state: Path, best: Path, say: Say
) -> dict[str, Any]:
    """Train one model and answer every test with its best weights."""
    from companion import backend, training  # backend first: it silences TensorFlow
    from companion import finetuning as ft

    numbers = task.numbers
    train = ft.share_of(data.train, run.share, run.seed)
    chosen = ft.share_of(data.validation, min(1, numbers["validation"] / len(data.validation)), 0)
    kind, start = data.kind, start_of(task, data)
    longest, batch_size = numbers["longest"], min(numbers["batch_size"], len(train))
    batches = kind.batches(start.tokenizer, train, longest, batch_size, run.seed)
    if hidden := numbers.get("word dropout"):
        batches = ft.word_dropout(batches, hidden, start.tokenizer, run.seed)
    steps = numbers.get("steps") or ft.steps_of(
        len(train), batch_size, numbers["epochs"], numbers["at least"], numbers["every"]
    )
    training.seed(_seed_of(run))
    with backend.fast_precision() as precision:
        model = kind.model(start, run.method)
    kind.compile(model, numbers["rates"][run.method], steps, numbers.get("muon", False))
    answer = kind.reader(model, start.tokenizer, longest)
    goal = metric_of(kind, numbers.get("chosen by"))
    stop = ft.EarlyStopping(
        lambda: score_of(goal, chosen, answer(chosen)), numbers["patience"], keep=best
    )
    progress = training.Progress(steps, numbers["every"], say)
    history: dict[str, list[float]] = {}
    if not stop.stopped:
        history = training.fit(
            model,
            batches,
            steps,
            every=numbers["every"],
            resume=state,
            callbacks=[progress, stop],
        )
    fresh = kind.model(start, run.method)  # in float32: what is measured is true anywhere
    reached = stop.restore(fresh)
    answer = kind.reader(fresh, start.tokenizer, longest)
    with_seconds = history.get("seconds") or saved_seconds(state)
    content = {
        "items": len(train),
        "steps": min(steps, len(stop.scores) * numbers["every"]),
        "best at step": min(steps, (1 + stop.scores.index(reached)) * numbers["every"]),
        "validation": [round(one, 4) for one in stop.scores],
        "seconds": round(sum(with_seconds)),
        "trainable": round(ft.trainable_share(fresh), 5),
        "precision": precision,
        "machine": machine(),
        **judged(data, {name: answer(items) for name, items in data.tests.items()}),
    }
    say(f"{run.label}: validation {reached:.4f}; {_told(content)}")
    return content


def start_of(task: Task, data: Data):
    """The task's checkpoint, or new weights and a vocabulary of the texts to learn from.

    A checkpoint that was pretrained without dropout may be tuned with one, the setting "dropout".
    """
    from companion import finetuning as ft

    if task.checkpoint is not None:
        start = ft.load_start(task.checkpoint)
        dropout = task.numbers.get("dropout", start.config.dropout)
        return start._replace(config=dataclasses.replace(start.config, dropout=dropout))
    return data.kind.start(ft.texts_of(data.train), task.numbers["model"])


def metric_of(kind, name: str | None) -> Any:
    """A kind's metric by name; by default its first."""
    return next(metric for metric in kind.metrics if name in (None, metric.name))


def score_of(metric, items: Sequence[Any], answers: Sequence[Any]) -> float:
    """A metric over all items."""
    return metric.score(metric.counts(items, answers).sum(axis=0))


def judged(data: Data, answers: dict[str, Sequence[Any]]) -> dict[str, Any]:
    """Counts of every metric on every test, a row a group of items; and the first test's errors."""
    from companion import finetuning as ft

    tests = {}
    for name, items in data.tests.items():
        groups = [item.group for item in items]
        tests[name] = {
            metric.name: {
                "score": "f1" if metric.score is ft.f1_of_counts else "share",
                "value": round(metric.score(counts.sum(axis=0)), 4),
                "counts": ft.grouped(counts, groups).round(4).tolist(),
            }
            for metric in data.kind.metrics
            for counts in [metric.counts(items, answers[name])]
        }
    first = next(iter(data.tests))
    return {"tests": tests, "errors": data.kind.errors(data.tests[first], answers[first])}


def saved_seconds(state: Path) -> list[float]:
    """The seconds of a run that had stopped when its process was killed."""
    import numpy as np

    with np.load(state, allow_pickle=False) as saved:
        return saved["h_seconds"].tolist()


def _apart(data: Data, answers: list[Any]) -> dict[str, list[Any]]:
    """Answers to all tests in a row, by test."""
    found, begin = {}, 0
    for name, items in data.tests.items():
        found[name] = answers[begin : begin + len(items)]
        begin += len(items)
    return found


def _told(content: dict[str, Any]) -> str:
    """One line on the scores of a run."""
    parts = []
    for test, metrics in content["tests"].items():
        name, metric = next(iter(metrics.items()))
        parts.append(f"{test} {name} {metric['value']:.4f}")
    return ", ".join(parts)


def _seed_of(run: Run) -> int:
    """Different weights for different shares, the same for different methods."""
    digest = hashlib.sha256(f"{run.share}:{run.seed}".encode()).digest()
    return int.from_bytes(digest[:4], "big")


def _remove(files: Sequence[Path]) -> None:
    for file in files:
        file.unlink(missing_ok=True)
