"""What every command shares: exit codes, errors, the console, JSON, and names typed by people.

Only the standard library and Typer are imported here, so that `companion --help` is instant.
"""

import functools
import json
import os
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

PASSED, FAILED, USAGE, NOT_ATTEMPTED, INFRASTRUCTURE = range(5)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]

# States are said in words as well as in colour, and this is the only place that maps them.
COLOURS = {
    "passed": "green",
    "ok": "green",
    "failed": "red",
    "error": "red",
    "problem": "red",
    "warning": "yellow",
    "not attempted": "dim",
}


class Stop(Exception):
    """A command ends here: one sentence, what to do about it, and the exit code."""

    def __init__(self, message: str, remedy: str = "", code: int = USAGE):
        super().__init__(message)
        self.message, self.remedy, self.code = message, remedy, code


def command(function: Callable[..., None]) -> Callable[..., None]:
    """Turn the errors that people can cause into one clear sentence and the right exit code."""

    @functools.wraps(function)
    def guarded(*arguments, **options):
        try:
            function(*arguments, **options)
        except Stop as stop:
            _complain(stop, bool(options.get("as_json")))
        except BrokenPipeError:  # `companion list | head -1`: Click ends the command quietly
            raise
        except (ValueError, OSError) as problem:
            stop = Stop(_sentence(problem), code=INFRASTRUCTURE)
            _complain(stop, bool(options.get("as_json")))

    return guarded


def _sentence(problem: Exception) -> str:
    """An exception as a reader sees it: no class name, no errno."""
    if isinstance(problem, OSError) and problem.strerror:
        where = f"{problem.filename}: " if problem.filename else ""
        return f"{where}{problem.strerror}"
    return str(problem) or type(problem).__name__


def _complain(stop: Stop, as_json: bool) -> None:
    """Say what is wrong (JSON on stdout, text on stderr) and leave."""
    if as_json:
        print_json({"error": stop.message, "remedy": stop.remedy, "exit_code": stop.code})
    else:
        typer.echo(f"companion: {stop.message}", err=True)
        if stop.remedy:
            typer.echo(f"  {stop.remedy}", err=True)
    raise typer.Exit(stop.code)


def print_json(document: Any) -> None:
    """One JSON document on stdout, readable, in UTF-8 whatever the locale."""
    text = json.dumps(document, ensure_ascii=False, indent=2) + "\n"
    buffer = getattr(sys.stdout, "buffer", None)
    if buffer is None:
        sys.stdout.write(text)
        return
    sys.stdout.flush()
    buffer.write(text.encode("utf-8"))
    buffer.flush()


def console():
    """A Rich console. Without a terminal it prints plain text, wide enough for our tables."""
    from rich.console import Console

    if sys.stdout.isatty() or "COLUMNS" in os.environ:
        return Console(highlight=False)
    return Console(highlight=False, width=120)


def table(*columns: str, title: str | None = None):
    """A Rich table without frames: what it prints can be cut by `awk` as well as read."""
    from rich.table import Table

    shown = Table(title=title, box=None, title_justify="left", pad_edge=False)
    for place, column in enumerate(columns):
        # What the first column names is typed again: it stays in one piece on a narrow terminal.
        shown.add_column(column, overflow="fold", no_wrap=place == 0)
    return shown


def coloured(state: str):
    """The state in words, with its colour where there is colour."""
    from rich.text import Text

    return Text(state, style=COLOURS.get(state, ""))


def suggest(word: str, known: Iterable[str]) -> str:
    """The sentence 'did you mean …?', or '' if nothing is near."""
    import difflib

    near = difflib.get_close_matches(word, list(known), n=3, cutoff=0.6)
    return f"did you mean {' or '.join(near)}?" if near else ""


@dataclass(frozen=True)
class Target:
    """What a learner named: a notebook, the exercises asked for (None: all), its chapter if any."""

    path: Path
    names: tuple[str, ...] | None
    chapter: Any  # companion.course.chapters.Chapter, or None for a notebook from elsewhere


def chapter(word: str):
    """The chapter that `word` names; Stop with a suggestion if there is none."""
    from companion.course import chapters

    try:
        return chapters.find(word)
    except ValueError as problem:
        known = [c.name for c in chapters.CHAPTERS]
        raise Stop(str(problem), suggest(word, known)) from None


def some_chapters(words: list[str] | None) -> list:
    """The chapters named, or all of them, in reading order and each once."""
    from companion.course.chapters import CHAPTERS

    if not words:
        return list(CHAPTERS)
    wanted = [chapter(word) for word in words]
    return [c for c in CHAPTERS if c in wanted]


def exercise(word: str) -> tuple[Any, Any]:
    """(Chapter, Exercise) for an exercise's name; Stop with a suggestion if there is none."""
    every = all_exercises()
    for of_chapter, exercises in every:
        if word in exercises:
            return of_chapter, exercises[word]
    known = [name for _, exercises in every for name in exercises]
    raise Stop(f"no exercise {word!r}", suggest(word, known) or "companion list shows them all")


def all_exercises() -> list[tuple[Any, dict[str, Any]]]:
    """Every chapter with its exercises by name, in reading order."""
    from companion.course import catalogue
    from companion.course.chapters import CHAPTERS

    return [(c, catalogue.exercises(c.name)) for c in CHAPTERS]


def target(word: str) -> Target:
    """What `word` means: a notebook's path, else a chapter, else an exercise."""
    from companion.course import chapters

    path = Path(word)
    if path.suffix == ".ipynb" or path.is_file():
        if not path.is_file():
            raise Stop(f"no such notebook: {word}")
        of_chapter = next((c for c in chapters.CHAPTERS if _is_of(c, path)), None)
        return Target(path, None, of_chapter)
    try:
        found = chapters.find(word)
        return Target(_present(found), None, found)
    except ValueError:
        pass
    every = all_exercises()
    for of_chapter, exercises in every:
        if word in exercises:
            return Target(_present(of_chapter), (word,), of_chapter)
    known = [name for c, exercises in every for name in (c.name, *exercises)]
    remedy = suggest(word, known) or "companion list shows the names"
    raise Stop(f"{word!r} is no chapter, no exercise and no notebook", remedy)


def _is_of(of_chapter, path: Path) -> bool:
    """True if the notebook is that chapter's, wherever a learner keeps a copy of it."""
    return path.stem == of_chapter.stem


def _present(of_chapter) -> Path:
    """The chapter's exercise notebook, which must be there."""
    path = of_chapter.exercises
    if not path.is_file():
        raise Stop(
            f"{path} is missing",
            f"companion release {of_chapter.name} makes it again from the solution",
            INFRASTRUCTURE,
        )
    return path


def relative(path: Path) -> str:
    """The path as a person would type it from here."""
    try:
        return str(Path(path).resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
