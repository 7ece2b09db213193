"""Commands of the instructor (`run`, `release`, `selftest`) and the maintainer (`new-chapter`)."""

from pathlib import Path
from typing import Annotated

import typer

from companion.course.cli.common import (
    FAILED,
    INFRASTRUCTURE,
    PASSED,
    USAGE,
    Json,
    Stop,
    coloured,
    command,
    console,
    print_json,
    relative,
    some_chapters,
    table,
)

Chapters = Annotated[list[str] | None, typer.Argument(metavar="[CHAPTER]...")]


def register(app: typer.Typer) -> None:
    """Add this module's commands to the application."""
    app.command()(run)
    app.command()(release)
    app.command()(selftest)
    app.command("new-chapter")(new_chapter)


@command
def run(
    names: Chapters = None,
    solutions: Annotated[
        bool, typer.Option("--solutions", help="The solution notebooks, not the chapters.")
    ] = False,
    write: Annotated[
        bool, typer.Option("--write", help="Store the outputs in the notebook, normalised.")
    ] = False,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="DIR", help="Also write an HTML page each.")
    ] = None,
    seconds: Annotated[float, typer.Option(help="The time that one cell may take.")] = 600,
    as_json: Json = False,
) -> None:
    """Execute notebooks; print seconds and peak memory.

    Chapters, solutions with --solutions, or notebooks by path.
    """
    from companion.course.run import execute, write_html

    paths = _notebooks(names, solutions)
    out, rows = console(), []
    for path in paths:
        if not as_json:
            out.print(f"running {relative(path)} …", markup=False, soft_wrap=True)
        done = execute(path, seconds)
        row = {**done.to_json(), "not_passed": [] if done.error else _not_passed(path)}
        if not done.error and write:
            _store(done)
        if not done.error and html:
            row["html"] = str(write_html(done, html))
        rows.append(row)
        if not as_json and _failed(row):
            told = row["error"] or f"checks that did not pass: {', '.join(row['not_passed'])}"
            out.print(f"  {told}", markup=False, soft_wrap=True)
    if as_json:
        print_json({"runs": rows})
    else:
        out.print(_costs(rows))
    raise typer.Exit(FAILED if any(map(_failed, rows)) else PASSED)


def _failed(row: dict) -> bool:
    """True if a cell raised or a solution is not one."""
    return bool(row["error"] or row["not_passed"])


def _not_passed(path: Path) -> list[str]:
    """The exercises of a solution notebook that do not pass; a chapter's text has none to pass."""
    from companion.course.chapters import CHAPTERS
    from companion.course.notebook import check_notebook

    if path.resolve() not in [c.solutions.resolve() for c in CHAPTERS]:
        return []
    return [report.exercise for report in check_notebook(path) if not report.passed]


def _store(done) -> None:
    """Write the executed notebook over the one that was run, in the repository's one form."""
    from companion.cache import atomic_write
    from companion.course.notebook import normalise

    text = normalise(done.notebook)
    with atomic_write(done.path, "w") as file:
        file.write(text)


def _notebooks(names: list[str] | None, solutions: bool) -> list[Path]:
    """The notebooks meant: paths as they are, chapters' texts or solutions, all by default."""
    given = [name for name in names or () if name.endswith(".ipynb")]
    if given and len(given) < len(names):
        other = next(name for name in names if name not in given)
        raise Stop(
            f"{given[0]} is a notebook and {other} is not", "name chapters or notebooks, not both"
        )
    if given:
        paths = [Path(name) for name in given]
    else:
        paths = [c.solutions if solutions else c.notebook for c in some_chapters(names)]
    for path in paths:
        if not path.is_file():
            missing = USAGE if names and str(path) in names else INFRASTRUCTURE
            raise Stop(f"no such notebook: {path}", code=missing)
    return paths


def _costs(rows: list[dict]):
    """The table of seconds and memory."""
    shown = table("notebook", "state", "seconds", "of them imports", "peak MiB")
    for row in rows:
        state = "failed" if _failed(row) else "ok"
        shown.add_row(
            relative(Path(row["notebook"])),
            coloured(state),
            f"{row['seconds']:.1f}",
            f"{row['import_seconds']:.1f}",
            str(row["peak_mebibytes"]),
        )
    return shown


@command
def release(
    names: Chapters = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Write a bundle for students there."),
    ] = None,
    nbgrader: Annotated[
        bool, typer.Option("--nbgrader", help="With --out: add nbgrader's cell metadata.")
    ] = False,
    seed: Annotated[
        int | None,
        typer.Option(min=0, help="With --out: other givens where one predicts a number."),
    ] = None,
    students: Annotated[
        Path | None,
        typer.Option(metavar="ROSTER", help="With --seed: a bundle for each of these names."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Make the exercise notebooks from the solutions.

    Without --out: into exercises/. Nothing is written if any line of a solution would leak. With
    --seed the file to keep for `grade --variants` is manifest.json, with --students variants.json.
    """
    from companion.course.bundle import write_bundle, write_personal
    from companion.course.release import ReleaseError, write
    from companion.course.variants import for_roster

    if out is None and (nbgrader or seed is not None or students):
        raise Stop(
            "--nbgrader, --seed and --students change the notebooks for students; say where with "
            "--out DIR"
        )
    if students and seed is None:
        raise Stop("--students needs a --seed to draw from; keep that number to yourself")
    try:
        chosen = some_chapters(names)
        if students:
            whose = for_roster(seed, _roster(students))
            written = write_personal(chosen, out, whose, nbgrader)
        else:
            written = write_bundle(chosen, out, nbgrader, seed) if out else write(chosen)
    except ReleaseError as problem:
        raise Stop(str(problem), "nothing was written", FAILED) from None
    except ValueError as problem:
        raise Stop(str(problem)) from None
    if as_json:
        print_json({"written": [str(path) for path in written]})
    elif students:
        typer.echo(f"wrote {len(whose.students)} bundles into {relative(out)}")
        typer.echo(f"keep {relative(out / 'variants.json')}: grade --variants needs it")
    elif out:
        typer.echo(f"wrote {len(written)} files into {relative(out)}; manifest.json lists them")
        if seed is not None:
            typer.echo("grade these with --variants and this manifest.json")
    else:
        for path in written:
            typer.echo(f"wrote {relative(path)}")


def _roster(path: Path) -> list[str]:
    """The names of the instructor's file; Stop with the option where it is none."""
    from companion.course.variants import roster

    try:
        return roster(path)
    except ValueError as problem:
        raise Stop(f"--students {problem}") from None


@command
def selftest(names: Chapters = None, as_json: Json = False) -> None:
    """Check the checks.

    Every reference passes, every catalogued mistake is named as itself.
    """
    from companion.course.catalogue import exercises
    from companion.course.selftest import selftest as examine

    chosen = some_chapters(names)
    result = examine(chosen)
    result.problems += [
        f"{c.name}: no exercises yet; write them in companion/checks/{c.name}.py"
        for c in chosen
        if not exercises(c.name)
    ]
    if as_json:
        print_json(result.to_json())
    else:
        console().print(result.as_text(), markup=False, soft_wrap=True)
    raise typer.Exit(PASSED if result.passed else FAILED)


@command
def new_chapter(
    name: Annotated[str, typer.Argument(help="The module's name, e.g. tokenization.")],
    number: Annotated[int, typer.Option("--number", help="Its number, 1 to 99.")],
    title: Annotated[str, typer.Option("--title", help="Its title, one line.")],
    minutes: Annotated[int, typer.Option("--minutes", help="Reading time.")] = 45,
    as_json: Json = False,
) -> None:
    """Lay down the seven files of a new chapter.

    With its row in the table of chapters; says what remains to be written.
    """
    from companion.course.scaffold import lay_down

    try:
        laid = lay_down(name, number, title, minutes)
    except ValueError as problem:
        raise Stop(str(problem)) from None
    if as_json:
        files = [str(path) for path in laid.files]
        print_json({"chapter": name, "files": files, "remaining": list(laid.remaining)})
        return
    for path in laid.files:
        typer.echo(f"wrote {relative(path)}")
    typer.echo("What remains:")
    for step, text in enumerate(laid.remaining, start=1):
        typer.echo(f"  {step}. {text}")
