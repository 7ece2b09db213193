"""Commands for a learner who is stuck: `hint`, `solution`, `reset`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from companion.course.cli.common import (
    FAILED,
    INFRASTRUCTURE,
    Json,
    Stop,
    command,
    exercise,
    print_json,
    relative,
    suggest,
)

NO_SOLUTIONS = "this copy of the course comes without solutions/"


def register(app: typer.Typer) -> None:
    """Add this module's commands to the application."""
    app.command()(hint)
    app.command()(solution)
    app.command()(reset)


@command
def hint(
    name: Annotated[str, typer.Argument(metavar="EXERCISE")],
    as_json: Json = False,
) -> None:
    """The exercise's next hint.

    A ladder: the concept, the shape, what the line has to do. Each call gives the next rung.
    """
    from companion.course.progress import hints_taken, next_hint

    _, wanted = exercise(name)
    text = next_hint(wanted)
    rung = min(hints_taken(name) or 1, len(wanted.hints))
    last = text is None
    given = wanted.hints[-1] if last else text
    if as_json:
        row = {"exercise": name, "rung": rung, "rungs": len(wanted.hints), "hint": given}
        print_json({**row, "was_the_last": last})
        return
    typer.echo(f"{wanted.title}: hint {rung} of {len(wanted.hints)}")
    typer.echo(f"  {given}")
    if last:
        typer.echo(f"That was the last hint. To see an answer: companion solution {name} --give-up")


@command
def solution(
    name: Annotated[str, typer.Argument(metavar="EXERCISE")],
    give_up: Annotated[
        bool, typer.Option("--give-up", help="Show it although you have not passed.")
    ] = False,
    as_json: Json = False,
) -> None:
    """The course's own answer, after you have passed.

    Or before, with --give-up.
    """
    from companion.course.notebook import answers
    from companion.course.progress import has_passed

    of_chapter, wanted = exercise(name)
    if not give_up and not has_passed(wanted):
        remedy = f"companion hint {name} helps; companion solution {name} --give-up shows it"
        raise Stop(f"you have not passed {name} yet", remedy, FAILED)
    if not of_chapter.solutions.is_file():
        raise Stop(NO_SOLUTIONS, "ask your instructor", INFRASTRUCTURE)
    source = answers(of_chapter.solutions).get(name)
    if source is None:
        raise Stop(f"{of_chapter.solutions} has no answer to {name}", code=INFRASTRUCTURE)
    shown = _without_markers(source)
    if as_json:
        print_json({"exercise": name, "solution": shown})
    else:
        typer.echo(shown)


def _without_markers(source: str) -> str:
    """The solution's code: the release's markers and the broken starter are no part of it."""
    from companion.course.release import BEGIN, BEGIN_STARTER, END, END_STARTER

    kept, in_starter = [], False
    for line in source.splitlines():
        marker = line.strip()
        if marker in (BEGIN_STARTER, END_STARTER):
            in_starter = marker == BEGIN_STARTER
        elif marker not in (BEGIN, END) and not in_starter:
            kept.append(line)
    return "\n".join(kept).strip("\n")


@command
def reset(
    what: Annotated[str, typer.Argument(metavar="EXERCISE|CHAPTER")],
    as_json: Json = False,
) -> None:
    """Put the starter back; your notebook is backed up.

    Of one exercise, or of a whole chapter.
    """
    from companion.course import chapters, progress
    from companion.course.catalogue import exercises

    try:
        of_chapter, name = chapters.find(what), None
    except ValueError:
        of_chapter, name = _chapter_of(what), what
    if not of_chapter.solutions.is_file():
        remedy = "the starters are made from them: take exercises/ from a fresh copy"
        raise Stop(NO_SOLUTIONS, remedy, INFRASTRUCTURE)
    from companion.course.release import release

    fresh = release(of_chapter)
    path = of_chapter.exercises
    text = fresh if name is None else _with_starter(of_chapter, fresh, name)
    backup = _back_up(path)
    _replace(path, text)
    names = list(exercises(of_chapter.name)) if name is None else [name]
    progress.reset(names)
    if as_json:
        kept = str(backup) if backup else None
        print_json({"notebook": str(path), "exercises": names, "backup": kept})
        return
    typer.echo(f"reset {what} in {relative(path)}")
    if backup:
        typer.echo(f"what was there is in {relative(backup)}")
    typer.echo("If the notebook is open in JupyterLab: File, Reload Notebook from Disk.")


def _chapter_of(what: str) -> Any:
    """The chapter of an exercise; Stop with a suggestion among both kinds of names."""
    from companion.course.cli.common import all_exercises

    every = all_exercises()
    for of_chapter, exercises in every:
        if what in exercises:
            return of_chapter
    known = [name for c, exercises in every for name in (c.name, *exercises)]
    raise Stop(f"no chapter and no exercise {what!r}", suggest(what, known) or "companion list")


def _with_starter(of_chapter: Any, fresh: str, name: str) -> str:
    """The learner's notebook with this exercise's cells as released, all else untouched."""
    import json

    from companion.course.notebook import load, parse
    from companion.course.notebook.read import mark

    path = of_chapter.exercises
    mine, given = load(path), parse(fresh)
    starters = {mark(cell)[1]: cell for cell in given["cells"] if mark(cell)[0] == name}
    found = [i for i, cell in enumerate(mine["cells"]) if mark(cell) == (name, "answer")]
    if not found:
        remedy = f"companion reset {of_chapter.name} puts the whole notebook back (with a backup)"
        raise Stop(f"{path} has no answer cell of {name} any more", remedy, INFRASTRUCTURE)
    mine["cells"][found[0]] = starters["answer"]
    for index in reversed(found[1:]):  # copies of the cell would still answer
        del mine["cells"][index]
    for cell in mine["cells"]:
        if mark(cell) == (name, "check"):
            cell["outputs"], cell["execution_count"] = [], None
    return json.dumps(mine, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _back_up(path: Path) -> Path | None:
    """Copy the notebook beside itself under a name that no earlier backup has."""
    from companion.cache import atomic_write

    if not path.exists():
        return None
    number = 1
    while True:
        middle = "bak" if number == 1 else f"{number}.bak"
        backup = path.with_suffix(f".{middle}.ipynb")
        if not backup.exists():
            break
        number += 1
    with atomic_write(backup) as file:
        file.write(path.read_bytes())
    return backup


def _replace(path: Path, text: str) -> None:
    from companion.cache import atomic_write

    with atomic_write(path, "w") as file:
        file.write(text)
