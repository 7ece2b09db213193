"""What `companion finetune TASK` can do: chapter 10's tasks, each with its data and its baselines.

Reading order: `base` (what a task is) → `runs` (one training) → `results` (files and the card),
then one task a file.
"""

import dataclasses
from pathlib import Path
from typing import Any

from companion import cache

from . import entities, intents, questions, results, runs, sentiment, spam, world
from .base import Data, Run, Say, Task, Wanted

__all__ = ["TASKS", "Data", "Run", "Say", "Task", "Wanted", "find", "finetune"]

TASKS: dict[str, Task] = {
    task.name: task
    for task in (
        sentiment.ENGLISH,
        sentiment.CHINESE,
        questions.TASK,
        spam.TASK,
        entities.TASK,
        intents.ENGLISH,
        intents.CHINESE,
        *world.TASKS,
    )
}


def finetune(
    name: str, wanted: Wanted | None = None, folder: Path | None = None, say: Say = print
) -> tuple[Path, dict[str, Any]]:
    """Carry out what is wanted and not finished yet; returns the folder and its card.

    Baselines are computed beside. Steps other than the task's own make results of their own, by
    default in a folder of their own. Raises `ValueError` for what does not exist,
    `CorpusUnavailable` and `checkpoints.CheckpointError` where data or checkpoint cannot be had.
    """
    task, wanted = find(name), wanted or Wanted()
    wanted.check(task)
    place = name
    if wanted.steps is not None:
        task = dataclasses.replace(task, settings={**task.settings, "steps": wanted.steps})
        place = f"{name}-{wanted.steps}-steps"
    folder = folder or results.own(place)
    runs.check_start(task)
    with cache.lock(f"finetune-{name}"):
        data = task.load(task)
        for run in wanted.runs(task):
            for other in data.baselines:
                runs.baseline(task, data, Run(other, run.share, run.seed), folder, say)
            runs.finish(task, data, run, folder, wanted.restart, say)
        return folder, results.write_card(folder, task, results.all_of(folder, task))


def find(name: str) -> Task:
    """The task of that name. Raises `ValueError` that lists what there is."""
    if name not in TASKS:
        raise ValueError(f"no task {name!r}; there are: {', '.join(TASKS)}")
    return TASKS[name]
