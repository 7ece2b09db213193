"""Run a notebook's setup and answers in this process, without a kernel, and judge the answers.

Cells run in order in one namespace, as in Jupyter, except that one that fails does not stop the
next. What other cells do (plots, experiments) is not run, unless they only import and define.
This is for a learner's own notebook; a stranger's is run by `companion.course.sandbox`.
"""

import contextlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from companion.course import catalogue, wording
from companion.course.exercise import Exercise
from companion.course.judge import SEED, Apply, absent_apply, judge, local_apply
from companion.course.notebook import read
from companion.course.notebook.read import Notebook
from companion.course.report import ERROR, NOT_ATTEMPTED, Report
from companion.probes.cells import fresh_namespace, run_cell

ABSENT = object()


@dataclass
class Session:
    """What running the cells left: the namespace, each answer as it was, and what went wrong."""

    namespace: dict[str, Any]
    answers: dict[str, Any] = field(default_factory=dict)  # as they were after their own cell
    faults: dict[int, dict[str, Any]] = field(default_factory=dict)  # cell index -> exception
    defined: set[str] = field(default_factory=set)  # names that the learner's cells bind


def check_notebook(
    path: str | Path, names: Sequence[str] | None = None, seed: int | None = None
) -> list[Report]:
    """The reports on a notebook's exercises (or on `names` only), in the chapter's order.

    Raises `NotebookError` for a file that is no notebook, `ValueError` for an unknown exercise.
    """
    path = Path(path)
    notebook = read.load(path)
    every = read.exercise_names(path, notebook)
    wanted = list(every if names is None else names)
    exercises = {name: catalogue.find(name)[1] for name in [*every, *wanted]}
    return check_cells(notebook, exercises, wanted, seed, path.resolve().parent)


def check_cells(
    notebook: Notebook,
    exercises: dict[str, Exercise],
    names: Sequence[str] | None = None,
    seed: int | None = None,
    folder: Path | None = None,
) -> list[Report]:
    """The reports on `names`; all of `exercises` are run, because answers may use one another."""
    places = read.answer_cells(notebook, exercises)
    with contextlib.chdir(folder) if folder else contextlib.nullcontext():
        session = run_cells(notebook, places)
        return [
            _report(notebook, session, exercises[name], places[name], seed)
            for name in (exercises if names is None else names)
        ]


def run_cells(notebook: Notebook, places: dict[str, list[int]]) -> Session:
    """Run the setup cells, the answers in `places`, and the cells that only define something."""
    os.environ.setdefault("MPLBACKEND", "Agg")  # an answer that plots must not open a window
    session = Session(fresh_namespace())
    owners: dict[int, list[str]] = {}
    for name, indices in places.items():
        for index in indices:
            owners.setdefault(index, []).append(name)
    for index, cell in read.code_cells(notebook):
        code, role = read.source(cell), read.mark(cell)[1]
        if not (index in owners or role == "setup" or (not role and read.only_defines(code))):
            continue
        names = owners.get(index, ())
        before = {name: session.namespace.get(name, ABSENT) for name in names}
        fault = run_cell(code, f"<{read.cell_name(notebook, index)}>", session.namespace)
        if fault:
            session.faults[index] = fault
        session.defined |= read.defined_names(code)
        for name in names:
            after = session.namespace.get(name, ABSENT)
            session.answers.pop(name, None)
            if after is not ABSENT and not (fault and after is before[name]):
                session.answers[name] = after  # a cell that failed leaves no older answer either
    return session


def _report(
    notebook: Notebook, session: Session, exercise: Exercise, places: list[int], seed: int | None
) -> Report:
    """Judge one answer, and add what there is to say about its cells."""
    name = exercise.name
    seed = SEED if seed is None else seed
    base = Report(name, NOT_ATTEMPTED, title=exercise.title, seed=seed)
    base = replace(base, definition=exercise.fingerprint())
    if not places:
        return replace(base, message=wording.DELETED.format(name=name))
    fault = session.faults.get(places[-1])
    notes = _notes(notebook, session, name, places)
    present = name in session.answers
    if present:
        apply = local_apply(exercise, session.answers[name])
    else:
        apply = absent_apply(exercise, session.defined - {name})
    report = verdict(exercise, apply, present, fault, seed)
    if report.state == ERROR:
        notes += _setup_fault(session, places)
    text = read.answer_source(notebook, places)
    return replace(report, notes=tuple(notes), answer=read.answer_hash(text))


def verdict(
    exercise: Exercise, apply: Apply, present: bool, fault: dict[str, Any] | None, seed: int
) -> Report:
    """The judge's report; without an answer, what its last cell's exception says instead."""
    if present or fault is None:
        return judge(exercise, apply, seed)
    base = Report(exercise.name, NOT_ATTEMPTED, title=exercise.title, seed=seed)
    base = replace(base, definition=exercise.fingerprint())
    if fault["type"] == "NotImplementedError":
        return replace(base, message=wording.STUB)
    return replace(
        base,
        state=ERROR,
        message=wording.exception(fault),
        hint=wording.remedy(fault),
        error=fault,
    )


def _notes(notebook: Notebook, session: Session, name: str, places: list[int]) -> list[str]:
    """A name defined twice; a cell that failed after it had defined the name."""
    notes = []
    if len(places) > 1:
        cells = ", ".join(read.cell_name(notebook, i) for i in places)
        notes.append(wording.TWICE.format(name=name, count=len(places), cells=cells))
    fault = session.faults.get(places[-1])
    if fault and name in session.answers:
        notes.append(wording.STOPPED.format(name=name, error=wording.exception(fault)))
    return notes


def _setup_fault(session: Session, places: list[int]) -> list[str]:
    """The first failure of another cell above the answer."""
    above = [fault for index, fault in sorted(session.faults.items()) if index < places[-1]]
    above = [fault for fault in above if fault["type"] != "NotImplementedError"]
    return [wording.SETUP.format(error=wording.exception(above[0]))] if above else []
