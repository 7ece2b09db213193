"""What a task and its data are. The tasks themselves stand one a file beside this one.

A run is a pure function of its numbers, as a recipe is: the data are pinned, what is drawn is drawn
by the seed, batches depend on the step alone. Keras is imported when a task's data are loaded.
"""

import dataclasses
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from companion.course.recipes import RECIPES

Say = Callable[[str], None]
Baseline = Callable[[Sequence[Any], Sequence[Any]], Sequence[Any]]  # (train, test) → answers

# What every task on an encoder shares; a task's own settings come on top.
SETTINGS: dict[str, Any] = {
    "batch_size": 32,
    "epochs": 3,
    "at least": 200,  # steps, however few the items
    "every": 50,  # steps from one validation to the next; even, for batches of two widths
    "patience": 4,
    "validation": 600,  # items at most
    "rates": {"full": 5e-5, "frozen": 2e-3, "lora": 5e-4, "adapter": 5e-4, "scratch": 3e-4},
}
# Editions of what `finetuning.new_model` adds by a method (a LoRA's rank, an adapter's width …):
# results of another edition say nothing of this one.
ADDED = {"lora": 1, "adapter": 1}


@dataclass(frozen=True)
class Data:
    """A kind of task with its items: to learn from, to choose by, and to be judged on.

    The first of `tests` is the task's own, others are reported beside it. `baselines` by name.
    """

    kind: Any
    train: Sequence[Any]
    validation: Sequence[Any]
    tests: Mapping[str, Sequence[Any]]
    baselines: Mapping[str, Baseline]


@dataclass(frozen=True)
class Task:
    """A task's name, what it is, what it reads, where it starts, and its numbers.

    `checkpoint` is what `finetuning.load_start` takes; None where nothing was pretrained, and
    "scratch" is the only method. `minutes` are those of one full run on two cores. `bar` is what
    the first score of the first test has to reach.
    """

    name: str
    title: str
    corpora: tuple[str, ...]
    minutes: int
    checkpoint: str | None
    load: Callable[["Task"], Data]
    bar: float | None = None
    settings: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    licences: tuple[str, ...] = ()

    @property
    def numbers(self) -> dict[str, Any]:
        """All settings: those that tasks share, and the task's own."""
        return {**SETTINGS, **self.settings}

    @property
    def methods(self) -> tuple[str, ...]:
        """What `--method` may say, the one to begin with first."""
        if self.checkpoint is None:
            return ("scratch",)
        return ("full", "scratch", "frozen", "lora", "adapter")

    def digest(self, method: str) -> str:
        """Changes with every number that a run by the method looks at, and of the start's recipe.

        Results belong to one digest: those of a checkpoint that was since made anew are not read,
        nor those of a LoRA of another rank (`ADDED`). The rates of other methods do not count.
        """
        looked_at = self.numbers | {"rates": self.numbers["rates"].get(method)}
        numbers = [self.name, self.checkpoint, looked_at]
        if self.checkpoint in RECIPES:
            numbers.append(RECIPES[self.checkpoint].digest)
        if ADDED.get(method, 1) > 1:  # the first editions had no number
            numbers.append(ADDED[method])
        return hashlib.sha256(json.dumps(numbers, sort_keys=True).encode()).hexdigest()[:12]


@dataclass(frozen=True)
class Run:
    """One training: by which method, on which share of the items, by which seed."""

    method: str
    share: float = 1.0
    seed: int = 0

    @property
    def label(self) -> str:
        """A name for files and lines: `full-0.1-2`."""
        return f"{self.method}-{self.share:g}-{self.seed}"


@dataclass(frozen=True)
class Wanted:
    """What a command asks for: every method on every share by every seed.

    No method is the task's first one; `steps`, if given, are trained in place of the task's own.
    """

    methods: tuple[str, ...] = ()
    shares: tuple[float, ...] = (1.0,)
    seeds: tuple[int, ...] = (0,)
    steps: int | None = None
    restart: bool = False

    def check(self, task: Task) -> None:
        """Raise `ValueError` for what no run of the task can be."""
        for method in self.methods:
            if method not in task.methods:
                raise ValueError(
                    f"method is {method!r}; {task.name} takes {', '.join(task.methods)}"
                )
        for share in self.shares:
            if not 0 < share <= 1:
                raise ValueError(f"share is {share}; it is above 0 and at most 1 (all items)")
        for seed in self.seeds:
            if seed < 0:
                raise ValueError(f"seed is {seed}; it is 0 or more")
        if self.steps is not None and self.steps < 1:
            raise ValueError(f"steps is {self.steps}; train for at least 1")

    def runs(self, task: Task) -> list[Run]:
        """The runs, a share and a seed after the other."""
        methods = self.methods or task.methods[:1]
        return [
            Run(method, share, seed)
            for share in self.shares
            for seed in self.seeds
            for method in methods
        ]
