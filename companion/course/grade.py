"""Grading a class: take in, grade what is not graded yet, write what people read.

    intake -> grade book -> units -> executor (sandbox, judge) -> grade book -> pages and grades.csv

The pages and the table are made from the book alone, so they can be made again at any time.
"""

import ast
import functools
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from companion.course import catalogue, chapters, intake, sandbox
from companion.course.chapters import Chapter
from companion.course.executors import Dask, Executor, Pool
from companion.course.gradebook import GradeBook, Result, Unit
from companion.course.intake import Refusal, Submission, setup_cells
from companion.course.notebook.read import answer_hash
from companion.course.report import INFRASTRUCTURE, Report
from companion.course.variants import Variants

FAILED_GRADER = (
    "The grader could not run this answer ({why}). This is not your fault and counts nothing: it "
    "is graded again with the next run."
)


NOT_ON_ROSTER = (
    "no student of this name is on the roster of the variants; correct the name of the folder or "
    "the file, or release for a roster that has it"
)


@dataclass(frozen=True)
class Outcome:
    """What one run of the grader did."""

    graded: int  # submissions in this run
    already: int  # that the book had before
    incomplete: int  # that the grader could not finish; the next run tries again
    refused: int
    students: int
    seconds: float
    sandbox_seconds: float  # of processors, used by submissions
    states: dict[str, int]  # of the exercises graded in this run


def grade_unit(unit: Unit, slot: int = 0, isolation: str | None = None) -> Result:
    """Grade one submission in a sandbox: the work that an executor hands out.

    `isolation="none"` is for submissions that the instructor trusts like their own code; None
    means the best that this machine has, and no grade where that is none.
    """
    chapter = chapters.find(unit.chapter)
    exercises = catalogue.exercises(chapter.name, unit.variant)
    limits = sandbox.KERAS if needs_keras(chapter) else sandbox.NUMPY
    cells = [*setup_cells(chapter), *unit.cells]
    graded = sandbox.grade(
        cells, exercises, seed=unit.seed, limits=limits, slot=slot, isolation=isolation
    )
    sources: dict[str, list[str]] = {name: [] for name in exercises}
    for cell in unit.cells:
        for name in cell.answers:
            sources[name].append(cell.code)
    reports = tuple(
        replace(report, answer=answer_hash("\n\n".join(sources[name])))
        for name, report in graded.reports.items()
    )
    return Result(unit.id, reports, graded.isolation, graded.seconds, graded.processor_seconds)


def failed(unit: Unit, why: str) -> Result:
    """What the book says of a submission that could not be graded: no mark, for no exercise."""
    exercises = catalogue.exercises(unit.chapter)
    message = FAILED_GRADER.format(why=why)
    reports = tuple(
        Report(e.name, INFRASTRUCTURE, title=e.title, message=message) for e in exercises.values()
    )
    return Result(unit.id, reports, "not graded", 0.0)


@functools.cache
def needs_keras(chapter: Chapter) -> bool:
    """True if the chapter's setup cells import Keras, directly or as `companion.backend`."""
    heavy = ("keras", "tensorflow", "keras_hub", "keras_nlp", "companion.backend")
    for cell in setup_cells(chapter):
        for node in ast.walk(ast.parse(cell.code)):
            names = [alias.name for alias in getattr(node, "names", []) if hasattr(alias, "name")]
            if isinstance(node, ast.ImportFrom):
                names = [node.module or "", *(f"{node.module}.{name}" for name in names)]
            if isinstance(node, ast.Import | ast.ImportFrom) and any(
                name == word or name.startswith(f"{word}.") for name in names for word in heavy
            ):
                return True
    return False


def executor(
    address: str | None = None, jobs: int | None = None, isolation: str | None = None
) -> Executor:
    """A pool of `jobs` processes (default: one a processor), or the cluster at `dask://…`.

    `isolation` is what this machine is known to have (else every process finds out by itself), or
    `"none"` to grade without a sandbox.
    """
    work = functools.partial(grade_unit, isolation=isolation)
    if address is None:
        return Pool(jobs or processors(), work, failed)
    if address.startswith("dask://"):
        return Dask(address, work, failed)
    raise ValueError(f"executor {address!r}; the only other one is dask://host:port")


def processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def run(
    book: GradeBook,
    source: str | Path,
    by: Executor,
    chapter: Chapter | None = None,
    deadline: float | None = None,
    regrade: bool = False,
    variants: Variants | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Outcome:
    """Take in `source` and grade what the book does not have; then write what people read.

    `variants` says whose variant of the exercises is which; the book remembers it.
    `progress(done, total)` is called after each submission is safely in the book. Raises
    `IntakeError` if `source` cannot be read at all, `BookError` if the book has other variants.
    """
    from companion.course.feedback import publish

    begin = time.monotonic()
    if variants is not None:
        book.use(variants)
    found = intake.read(source, chapter, known=book.students())
    book.take_in(_on_roster(found, book.variants), deadline)
    if regrade:
        book.begin_round()
    pending = book.pending()
    states: Counter[str] = Counter()
    incomplete, sandbox_seconds = 0, 0.0
    progress(0, len(pending))
    for done, result in enumerate(by.map(_units(book, pending)), start=1):
        chapter_name = book.unit(result.unit).chapter
        book.record(result, list(catalogue.exercises(chapter_name).values()))
        states.update(report.state for report in result.reports)
        incomplete += not result.complete
        sandbox_seconds += result.processor_seconds
        progress(done, len(pending))
    records = publish(book)
    return Outcome(
        graded=len(pending),
        already=records - len(pending),
        incomplete=incomplete,
        refused=len(book.refusals()),
        students=len(book.students()),
        seconds=time.monotonic() - begin,
        sandbox_seconds=sandbox_seconds,
        states=dict(states),
    )


def _on_roster(
    items: Iterator[Submission | Refusal], variants: Variants | None
) -> Iterator[Submission | Refusal]:
    """The same, but a student of whom nobody knows the variant is refused, not guessed."""
    for item in items:
        if isinstance(item, Submission) and variants and variants.of(item.student) is None:
            yield Refusal(item.path, NOT_ON_ROSTER, item.student)
        else:
            yield item


def _units(book: GradeBook, idents: list[int]) -> Iterator[Unit]:
    """The units one by one: only those in work are in memory."""
    for ident in idents:
        yield book.unit(ident)
