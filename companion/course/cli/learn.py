"""Commands of the learner's round: what is next, the list, check, watch, progress."""

from typing import Annotated, Any

import typer

from companion.course.cli.common import (
    FAILED,
    INFRASTRUCTURE,
    NOT_ATTEMPTED,
    PASSED,
    USAGE,
    Json,
    Stop,
    Target,
    all_exercises,
    chapter,
    coloured,
    command,
    console,
    print_json,
    relative,
    table,
    target,
)


def register(app: typer.Typer) -> None:
    """Add this module's commands to the application."""
    app.command("list")(list_exercises)
    app.command()(check)
    app.command()(watch)
    app.command()(progress)


def state_of(entry: dict[str, Any] | None, exercise: Any) -> str:
    """An exercise's state in words; a pass counts only for the exercise as it is now."""
    if not entry or entry.get("state") is None:
        return "not attempted"
    if entry["state"] == "passed" and entry.get("definition") != exercise.fingerprint():
        return "check again"
    return entry["state"]


def overview() -> list[dict[str, Any]]:
    """Every chapter with its exercises and their states, as data."""
    from companion.course.progress import load

    entries = load()
    return [
        {
            "number": of_chapter.number,
            "name": of_chapter.name,
            "title": of_chapter.title,
            "minutes": of_chapter.minutes,
            "exercises": [
                {
                    "name": name,
                    "title": exercise.title,
                    "kind": exercise.kind,
                    "minutes": exercise.minutes,
                    "difficulty": exercise.difficulty,
                    "state": state_of(entries.get(name), exercise),
                    "hints_taken": entries.get(name, {}).get("hints_taken", 0),
                }
                for name, exercise in exercises.items()
            ],
        }
        for of_chapter, exercises in all_exercises()
    ]


def advice() -> dict[str, Any]:
    """The next thing to do: why, and the command to type (None when everything is done)."""
    for of_chapter in overview():
        exercises = of_chapter["exercises"]
        todo = [one for one in exercises if one["state"] != "passed"]
        if not todo and exercises:
            continue
        name, title = of_chapter["name"], of_chapter["title"]
        if all(one["state"] == "not attempted" for one in exercises):
            reason = f"Read chapter {of_chapter['number']}, {title} ({of_chapter['minutes']} min)"
            then = f"companion lab {name} --exercises" if todo else None
            return {"reason": reason, "command": f"companion lab {name}", "then": then}
        one = todo[0]
        told = f"{one['title']} ({one['minutes']} min)"
        if one["state"] == "not attempted":
            again, first = f"Next exercise: {told}", f"companion lab {name} --exercises"
        elif one["state"] == "check again":
            again = f"This exercise has changed since you passed it: {told}"
            return {"reason": again, "command": f"companion check {one['name']}", "then": None}
        else:
            again, first = f"Not right yet: {told}", f"companion hint {one['name']}"
        return {"reason": again, "command": first, "then": f"companion check {one['name']}"}
    return {"reason": "Every exercise is passed.", "command": None, "then": None}


def next_step(as_json: bool) -> None:
    """What bare `companion` prints."""
    found = advice()
    if as_json:
        print_json(found)
        return
    typer.echo(found["reason"])
    for key, label in (("command", "  "), ("then", "  then ")):
        if found[key]:
            typer.echo(f"{label}{found[key]}")
    typer.echo("All commands: companion --help")


@command
def list_exercises(as_json: Json = False) -> None:
    """Chapters and exercises, with your state."""
    found = overview()
    if as_json:
        print_json({"chapters": found})
        return
    out = console()
    for of_chapter in found:
        heading = f"{of_chapter['number']}. {of_chapter['title']} ({of_chapter['name']})"
        shown = table("exercise", "kind", "min", "difficulty", "state", "what")
        for one in of_chapter["exercises"]:
            shown.add_row(
                one["name"],
                one["kind"],
                str(one["minutes"]),
                "●" * one["difficulty"] + "○" * (3 - one["difficulty"]),
                coloured(one["state"]),
                one["title"],
            )
        out.print(heading, style="bold", markup=False)
        out.print(shown)
        out.print()


@command
def check(
    what: Annotated[list[str] | None, typer.Argument(metavar="[WHAT]...")] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Draw other cases than the usual.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Check chapters, exercises or notebooks.

    All chapters by default. Exit code 0: all passed; 1: some failed; 3: none failed, but some
    were not attempted.
    """
    from companion.course import chapters
    from companion.course.report import show

    targets = [target(word) for word in what or [c.name for c in chapters.CHAPTERS]]
    reports = []
    for one in targets:
        found = check_target(one, seed)
        reports += found
        if not as_json:
            if len(targets) > 1 or one.chapter is None:
                typer.echo(f"{relative(one.path)}:")
            show(found, console())
    if as_json:
        print_json({"reports": [report.to_json() for report in reports]})
    else:
        typer.echo(summary(reports))
    raise typer.Exit(exit_code(reports))


def check_target(one: Target, seed: int | None = None) -> list:
    """The reports on a target, recorded as progress unless it is the solution itself."""
    from companion.course.notebook import check_notebook
    from companion.course.progress import record

    reports = check_notebook(one.path, one.names, seed)
    if not reports:
        raise Stop(f"{one.path} has no exercises", "companion list shows them", USAGE)
    if one.chapter is None or one.path.resolve() != one.chapter.solutions.resolve():
        for report in reports:
            record(report)
    return reports


def exit_code(reports: list) -> int:
    """The code that tells a script the worst of the reports."""
    states = {report.state for report in reports}
    if "infrastructure" in states:
        return INFRASTRUCTURE
    if states - {"passed", "not attempted"}:
        return FAILED
    return NOT_ATTEMPTED if "not attempted" in states else PASSED


def summary(reports: list) -> str:
    """How many of each state, in words."""
    counts: dict[str, int] = {}
    for report in reports:
        counts[report.state] = counts.get(report.state, 0) + 1
    return ", ".join(f"{count} {state}" for state, count in counts.items())


@command
def watch(
    name: Annotated[str | None, typer.Argument(metavar="[CHAPTER]")] = None,
    seconds: Annotated[float, typer.Option(help="The time that the answers may take.")] = 60,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object a line, one line a save.")
    ] = False,
) -> None:
    """Check what changed at each save of a notebook. Ctrl-C ends it."""
    from companion.course import chapters
    from companion.course.notebook import answers_and_helpers
    from companion.course.watch import Checker, watch

    chosen = [chapter(name)] if name else list(chapters.CHAPTERS)
    paths = [target(c.name).path for c in chosen]
    with Checker([c.name for c in chosen], seconds) as checker:
        if not as_json:
            shown = ", ".join(relative(path) for path in paths)
            typer.echo(f"Watching {shown}: save to check what changed. Ctrl-C ends.")
        try:
            for one in watch(paths, answers_and_helpers, checker.check):
                _tell(one, as_json)
        except KeyboardInterrupt:
            raise typer.Exit(PASSED) from None


def _tell(one: Any, as_json: bool) -> None:
    """Print and record one round of `watch`."""
    import json
    import time

    from companion.course.progress import record
    from companion.course.report import show

    for report in one.reports:
        record(report)
    if as_json:
        reports = [report.to_json() for report in one.reports]
        line = {"notebook": str(one.path), "complaint": one.complaint, "reports": reports}
        typer.echo(json.dumps(line, ensure_ascii=False))
        return
    typer.echo(f"— {time.strftime('%H:%M:%S')} {one.path.name}")
    if one.complaint:
        typer.echo(one.complaint)
    show(one.reports, console())


@command
def progress(as_json: Json = False) -> None:
    """How far you are, chapter by chapter."""
    from companion.course.progress import path

    rows = []
    for of_chapter in overview():
        exercises = of_chapter["exercises"]
        passed = [one for one in exercises if one["state"] == "passed"]
        todo = [one for one in exercises if one["state"] == "not attempted"]
        rows.append(
            {
                "chapter": of_chapter["name"],
                "title": of_chapter["title"],
                "exercises": len(exercises),
                "passed": len(passed),
                "not_attempted": len(todo),
                "to_correct": len(exercises) - len(passed) - len(todo),
                "minutes_left": sum(o["minutes"] for o in exercises if o not in passed),
                "hints_taken": sum(one["hints_taken"] for one in exercises),
            }
        )
    if as_json:
        print_json({"file": str(path()), "chapters": rows})
        return
    shown = table("chapter", "passed", "to correct", "not attempted", "minutes left", "hints")
    for row in rows:
        shown.add_row(
            row["title"],
            f"{row['passed']}/{row['exercises']}",
            str(row["to_correct"]),
            str(row["not_attempted"]),
            str(row["minutes_left"]),
            str(row["hints_taken"]),
        )
    console().print(shown)
    typer.echo(f"kept in {path()}")
