"""Grade one submission: its cells run in a sandbox, the judge asks through the pipe and decides.

An answer that hangs, crashes or forges costs its own mark, not that of the others. All answers run
together, because they may use one another. Where one hangs, the submission is started again without
it. Where the process ends, anyone may have done it (a thread left behind, memory used up), so each
remaining answer is judged in a sandbox of its own, with its own cells; only if that is an error do
the others join it again.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from companion.course import wording
from companion.course.exercise import Exercise
from companion.course.notebook.execute import verdict
from companion.course.report import (
    ERROR,
    FAILED,
    INFRASTRUCTURE,
    KILLED,
    NOT_ATTEMPTED,
    PASSED,
    TIMEOUT,
    Report,
)
from companion.course.sandbox.limits import NUMPY, Limits
from companion.course.sandbox.process import Failure, Process

PROBES = "companion.probes."
JUDGED = (PASSED, FAILED)


@dataclass(frozen=True)
class Cell:
    """One cell to run: `answers` is what it should define, `trusted` is the release's own."""

    name: str
    code: str
    answers: tuple[str, ...] = ()
    trusted: bool = False


@dataclass
class Graded:
    """The reports on a submission, and under which conditions they were made."""

    reports: dict[str, Report] = field(default_factory=dict)
    isolation: str = "none"
    seconds: float = 0.0
    processor_seconds: float = 0.0  # of all its sandboxes
    peak_memory: int = 0  # bytes resident, the largest of its sandboxes
    sandboxes: int = 0  # more than one: something in it had to be ended
    log: str = ""  # the beginning of what it printed, not to be trusted


def grade(
    cells: Sequence[Cell],
    exercises: Mapping[str, Exercise],
    *,
    seed: int,
    limits: Limits = NUMPY,
    slot: int = 0,
    isolation: str | None = None,
) -> Graded:
    """The report on each exercise, by name, in the order of `exercises`.

    The cells run in order, those of no exercise too. `seed` must be secret until the grading is
    over; two calls at one time need two slots. `isolation="none"` runs the submission with this
    user's rights; without it, a machine that can make no sandbox reports `infrastructure`.
    Raises `ValueError` for a probe that a sandbox cannot import.
    """
    for exercise in exercises.values():
        reference(exercise.probe)
    begin = time.monotonic()
    graded = Graded()
    groups: dict[tuple[str, ...], dict[str, Exercise]] = {}
    for name, exercise in exercises.items():
        groups.setdefault(tuple(sorted(exercise.modules)), {})[name] = exercise
    for modules, members in groups.items():

        def start(modules: tuple[str, ...] = modules) -> Process:
            return Process(limits, slot=slot, modules=modules, isolation=isolation)

        end = begin + limits.submission_seconds
        submission = _Submission(cells, members, seed, limits, end, start, graded)
        submission.run()
        graded.reports |= submission.reports
    graded.reports = {name: graded.reports[name] for name in exercises}
    graded.seconds = time.monotonic() - begin
    return graded


def reference(probe: Callable) -> str:
    """How a sandbox finds a probe, `module:function`. Raises `ValueError` if it cannot."""
    module, name = getattr(probe, "__module__", ""), getattr(probe, "__qualname__", "")
    if not f"{module}.".startswith(PROBES) or not name.isidentifier():
        raise ValueError(
            f"the probe {module}.{name} cannot be used in a sandbox; "
            "make it a function of a module in companion.probes"
        )
    return f"{module}:{name}"


class _Submission:
    """What is still to be judged, and which cells have been found to end a sandbox."""

    def __init__(
        self,
        cells: Sequence[Cell],
        exercises: Mapping[str, Exercise],
        seed: int,
        limits: Limits,
        end: float,
        start: Callable[[], Process],
        graded: Graded,
    ):
        self.cells, self.exercises = list(cells), exercises
        self.seed, self.limits, self.end = seed, limits, end
        self.start, self.graded = start, graded
        self.pending = list(exercises)
        self.reports: dict[str, Report] = {}
        self.one_by_one = False  # the process has ended, and nobody knows who did it
        for name in exercises:
            if not any(name in cell.answers for cell in cells):
                self._report(name, NOT_ATTEMPTED, wording.DELETED.format(name=name))

    def run(self) -> None:
        """One sandbox after the other, until every exercise has its report."""
        while self.pending:
            if self.one_by_one:
                self._judge_alone(self.pending[0])
            else:
                self._attempt(self.cells, list(self.pending))

    def _judge_alone(self, name: str) -> None:
        """Judge one answer with its own cells; if that is an error, with all others' cells too."""
        own = [cell for cell in self.cells if not cell.answers or name in cell.answers]
        self._attempt(own, [name])
        alone = self.reports.get(name)
        while alone and alone.state == ERROR and len(own) < len(self.cells):
            self.pending = [name, *(other for other in self.pending if other != name)]
            number = len(self.cells)
            self._attempt(self.cells, [name])
            if name not in self.pending and self.reports[name].state in JUDGED:
                return
            if len(self.cells) == number:  # the others end the sandbox, and by no cell of theirs
                break
        if alone:
            self.reports[name] = alone
            self.pending = [other for other in self.pending if other != name]

    def _attempt(self, cells: Sequence[Cell], names: Sequence[str]) -> None:
        """One sandbox: run the cells, judge the names. It returns early when the sandbox ends."""
        process = self.start()
        self.graded.isolation = process.isolation
        try:
            with process:
                self.graded.sandboxes += 1
                self._work(process, cells, names)
        except Failure as failure:  # no sandbox could be made
            for name in names:
                self._report(name, failure.state, failure.message)
        graded = self.graded
        graded.peak_memory = max(graded.peak_memory, process.peak_memory)
        graded.processor_seconds += process.processor_seconds
        log = graded.log + process.log.decode("utf-8", "replace")
        graded.log = log[: self.limits.log]

    def _work(self, process: Process, cells: Sequence[Cell], names: Sequence[str]) -> None:
        faults: dict[str, dict[str, Any] | None] = {}  # exercise -> exception of its last cell
        found: set[str] = set()
        strangers = False
        for cell in list(cells):
            seconds = self.limits.setup_seconds if cell.trusted else self.limits.exercise_seconds
            try:
                fault, given = process.run_cell(
                    cell.name, cell.code, cell.answers, self._seconds(seconds)
                )
            except Failure as failure:
                if cell.trusted and not strangers:  # the release's own cell: not their fault
                    failure = Failure(INFRASTRUCTURE, f"{cell.name}: {failure.message}")
                self._cell_ended(cell, failure, names)
                return
            strangers = strangers or not cell.trusted
            faults |= dict.fromkeys(cell.answers, fault)
            found = (found - set(cell.answers)) | set(given)
        for name in names:
            try:
                report = self._judge(process, name, name in found, faults.get(name))
            except Failure as failure:
                self._answer_ended(name, failure)
                return
            self.reports[name] = report
            self.pending.remove(name)

    def _judge(
        self, process: Process, name: str, present: bool, fault: dict[str, Any] | None
    ) -> Report:
        """The verdict on one answer. Raises `Failure` if its sandbox ends."""
        exercise = self.exercises[name]
        probe = reference(exercise.probe)
        end = time.monotonic() + self._seconds(self.limits.exercise_seconds)

        def apply(cases: Sequence[dict[str, Any]]):
            return process.call(name, probe, cases, max(end - time.monotonic(), 0.0))

        try:
            report = verdict(exercise, apply, present, fault, self.seed)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as problem:
            # Values that no honest probe gives, and that the judge has no words for.
            message = f"What it gives cannot be compared ({type(problem).__name__})."
            report = Report(name, ERROR, title=exercise.title, message=message, seed=self.seed)
        process.settle()
        return report

    def _seconds(self, wanted: float) -> float:
        """As many seconds as wanted, or as the submission has left. Raises `Failure` if none."""
        left = self.end - time.monotonic()
        if left <= 0:
            raise Failure(TIMEOUT, f"All {self.limits.submission_seconds:g} seconds are used up.")
        return min(wanted, left)

    def _cell_ended(self, cell: Cell, failure: Failure, names: Sequence[str]) -> None:
        """A cell has ended the sandbox. Its answers are over, or it is tried alone."""
        over = failure.state == INFRASTRUCTURE or time.monotonic() >= self.end
        if failure.state == KILLED and not self.one_by_one and not over:
            self.one_by_one = True
        elif over or cell.trusted:
            for name in names:
                self._report(name, failure.state, failure.message)
        else:
            self.cells.remove(cell)
            for name in set(cell.answers) & set(self.pending):
                if not any(name in other.answers for other in self.cells):
                    self._report(name, failure.state, failure.message)

    def _answer_ended(self, name: str, failure: Failure) -> None:
        """A call has ended the sandbox: the answer is over, or it is tried alone."""
        if failure.state == KILLED and not self.one_by_one:
            self.one_by_one = True
            return
        self._report(name, failure.state, failure.message)
        self.cells = [  # what no other answer needs is left out from now on
            cell
            for cell in self.cells
            if name not in cell.answers or set(cell.answers) & set(self.pending)
        ]

    def _report(self, name: str, state: str, message: str) -> None:
        exercise = self.exercises[name]
        self.reports[name] = Report(
            name,
            state,
            title=exercise.title,
            message=message,
            seed=self.seed,
            definition=exercise.fingerprint(),
        )
        self.pending.remove(name)
