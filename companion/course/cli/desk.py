"""The instructor's desk: `grade`, which marks a class without trusting its notebooks."""

import datetime
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from companion.course.cli.common import (
    FAILED,
    INFRASTRUCTURE,
    PASSED,
    Json,
    Stop,
    chapter,
    command,
    console,
    print_json,
    relative,
    table,
)

TRUST = "--i-trust-these-submissions"


def register(app: typer.Typer) -> None:
    """Add this module's commands to the application."""
    app.command()(grade)


@command
def grade(
    source: Annotated[
        Path, typer.Argument(metavar="DIR|ARCHIVE", help="A folder, zip, tar or tar.gz.")
    ],
    out: Annotated[
        Path, typer.Option("--out", metavar="BOOK", help="The grade book's folder, new or old.")
    ],
    name: Annotated[
        str | None, typer.Option("--chapter", help="Only this chapter's notebooks.")
    ] = None,
    deadline: Annotated[
        str | None,
        typer.Option(help="What comes later is marked late: 2026-11-30T23:59, local time."),
    ] = None,
    regrade: Annotated[
        bool, typer.Option("--regrade", help="Grade again what the book has already.")
    ] = False,
    variants: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="The manifest.json or variants.json of `release --seed`."
        ),
    ] = None,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Submissions at a time; default: all processors.")
    ] = None,
    executor: Annotated[
        str | None, typer.Option(metavar="dask://HOST:PORT", help="Grade on a Dask cluster.")
    ] = None,
    trusted: Annotated[
        bool, typer.Option(TRUST, help="Run them without a sandbox, with your own rights.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Grade submissions in a sandbox.

    Writes marks, feedback pages and a class page into BOOK. Killed, the same command goes on where
    it was. docs/grading.md says how it is safe, and which notebook of a student counts.
    """
    # The judge's arrays are small: more threads of NumPy's would only wait for each other.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from companion.course import grade as desk
    from companion.course.gradebook import BookError, GradeBook
    from companion.course.intake import IntakeError

    of_chapter = chapter(name) if name else None
    until = _moment(deadline)
    whose = _whose(variants)
    level = _isolation(trusted, remote=executor is not None)
    try:
        hands = desk.executor(executor, jobs, level)
    except ValueError as problem:
        raise Stop(str(problem)) from None
    try:
        _look(source)
        with GradeBook(out) as book, _Progress(quiet=as_json) as progress:
            done = desk.run(book, source, hands, of_chapter, until, regrade, whose, progress)
            refused = book.refusals()
    except (IntakeError, BookError) as problem:
        raise Stop(str(problem)) from None
    if as_json:
        print_json(
            {
                **vars(done),
                "book": str(out),
                "refusals": [vars(refusal) for refusal in refused],
            }
        )
    else:
        _tell(done, refused, out)
    nothing = PASSED if done.students else FAILED
    raise typer.Exit(INFRASTRUCTURE if done.incomplete else nothing)


def _moment(text: str | None) -> float | None:
    """Seconds since 1970; a time without a zone is local."""
    if text is None:
        return None
    try:
        return datetime.datetime.fromisoformat(text).timestamp()
    except ValueError:
        raise Stop(f"--deadline {text!r} is no time", "write 2026-11-30T23:59") from None


def _whose(path: Path | None):
    """The variants that the instructor's file tells; None without one."""
    from companion.course.variants import load

    try:
        return load(path) if path else None
    except ValueError as problem:
        raise Stop(f"--variants {problem}") from None


def _look(source: Path) -> None:
    """Stop before a mistyped folder gets a grade book."""
    from companion.course.intake import empty

    if empty(source):
        raise Stop(
            f"there is no notebook in {source}",
            "give each student a folder with their notebook in it, as alice/01_ngram.ipynb",
        )


def _isolation(trusted: bool, remote: bool) -> str | None:
    """The level to grade with; Stop where there is none, unless the instructor takes the risk."""
    from companion.course import sandbox

    if trusted:
        return "none"
    if remote:  # each worker of a cluster finds out what its own machine has
        return None
    found = sandbox.probe()
    if not found.proven:
        raise Stop(
            f"isolation: none ({found.detail}); other people's code would run with your rights",
            f"docs/grading.md says how to get a sandbox here; or add {TRUST}",
            INFRASTRUCTURE,
        )
    return found.level


class _Progress:
    """A bar on a terminal; elsewhere a line every tenth of the way. On stderr, always."""

    def __init__(self, quiet: bool):
        self._quiet, self._bar, self._task, self._told = quiet, None, None, 0

    def __enter__(self) -> "_Progress":
        if not self._quiet and sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

            columns = ("grading", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
            self._bar = Progress(*columns, console=Console(stderr=True))
            self._bar.start()
        return self

    def __exit__(self, *exception) -> None:
        if self._bar:
            self._bar.stop()

    def __call__(self, done: int, total: int) -> None:
        if self._bar:
            if self._task is None:
                self._task = self._bar.add_task("grading", total=total)
            self._bar.update(self._task, completed=done)
        elif not self._quiet and total and (done * 10) // total > self._told:
            self._told = (done * 10) // total
            typer.echo(f"graded {done} of {total}", err=True)


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def _tell(done, refused, out: Path) -> None:
    """What happened, in a few lines, and where to look."""
    page = console()
    page.print(
        f"{_count(done.graded, 'submission')} graded in {done.seconds:.0f} s, {done.already} "
        f"in the book already, {_count(done.students, 'student')}",
        soft_wrap=True,
    )
    if done.states:
        shown = table("exercises", "state")
        for state, count in sorted(done.states.items(), key=lambda pair: -pair[1]):
            shown.add_row(str(count), state)
        page.print(shown)
    for refusal in refused:
        page.print(f"refused: {refusal.path}: {refusal.reason}", markup=False, soft_wrap=True)
    if done.incomplete:
        page.print(
            f"{_count(done.incomplete, 'submission')} could not be graded completely; the same "
            "command tries again",
            soft_wrap=True,
        )
    for part in ("class.html", "grades.csv", "feedback"):
        page.print(f"wrote {relative(out / part)}", markup=False, soft_wrap=True)
