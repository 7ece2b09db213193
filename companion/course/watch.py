"""Check a notebook each time it is saved, and only the answers that changed.

The answers run in a warm process of their own: Python and the checks are imported once, so a save
is judged at once; and an answer that loops for ever or kills its process takes nothing with it. The
process is then replaced.
"""

import multiprocessing
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from companion.course.report import ERROR, Report

SETTLE_MILLISECONDS = 50  # editors write a file in several steps; they end within this


class Checker:
    """A process that checks notebooks and can be lost. Use it as a context manager."""

    def __init__(self, chapters: list[str], seconds: float = 60):
        self.chapters = chapters  # whose checks are imported before the first save
        self.seconds = seconds  # for all answers of one request
        self._process: multiprocessing.process.BaseProcess | None = None
        self._pipe: Connection | None = None

    def __enter__(self) -> "Checker":
        self._start()
        return self

    def __exit__(self, *exception) -> None:
        self._end()

    def check(self, path: Path, names: list[str]) -> list[Report]:
        """The reports on these exercises of the notebook.

        Raises `ValueError` if the file is not a notebook. If the answers do not end in time, or end
        the process, each exercise gets a report that says so.
        """
        if self._pipe is None:
            self._start()
        try:
            self._pipe.send((str(path), names))
            if not self._pipe.poll(self.seconds):
                self._end()
                return _lost(names, f"still running after {self.seconds:g} s: an endless loop?")
            kind, told = self._pipe.recv()
        except (EOFError, OSError):
            self._end()
            return _lost(names, "the answer ended the Python that ran it")
        if kind == "unreadable":
            raise ValueError(told)
        return [Report.from_json(data) for data in told]

    def _start(self) -> None:
        # `spawn`, not `fork`: the watcher has threads, and a forked thread's locks stay locked.
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, self.chapters), daemon=True)
        self._process.start()
        theirs.close()

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.join()
        if self._pipe is not None:
            self._pipe.close()
        self._process = self._pipe = None


def _serve(pipe: Connection, chapters: list[str]) -> None:
    """The warm process: import, then answer requests until the pipe closes."""
    import signal

    from companion.course.catalogue import exercises
    from companion.course.notebook import check_notebook

    for name in chapters:
        exercises(name)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the watcher's to handle
    while True:
        try:
            path, names = pipe.recv()
        except EOFError:
            return
        try:
            reports = check_notebook(Path(path), names)
        except (ValueError, OSError) as problem:
            pipe.send(("unreadable", str(problem)))
        else:
            pipe.send(("reports", [report.to_json() for report in reports]))


def _lost(names: list[str], message: str) -> list[Report]:
    return [Report(name, ERROR, message=message) for name in names]


@dataclass(frozen=True)
class Round:
    """One save: the notebook, and either the reports on its changed answers or the complaint."""

    path: Path
    reports: tuple[Report, ...] = ()
    complaint: str = ""


def changed(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """The exercises whose answer is new or not what it was, in the notebook's order."""
    return [name for name, source in after.items() if before.get(name) != source]


def watch(
    paths: list[Path],
    answers: Callable[[Path], dict[str, str]],
    check: Callable[[Path, list[str]], list[Report]],
    saves: Callable[[list[Path]], Iterator[set[Path]]] | None = None,
) -> Iterator[Round]:
    """One round for each save of a notebook among `paths` that changed an answer.

    `answers(path)` gives by exercise the text that its verdict depends on; it raises `ValueError`
    for a file that is no notebook, and the round then says so. A file that is being replaced is
    waited for.
    """
    known = {}
    for path in paths:
        try:
            known[path] = answers(path)
        except (ValueError, OSError):
            known[path] = {}  # broken now: its first readable version is all new
    for saved in (saves or _saves)(paths):
        for path in paths:
            if path not in saved:
                continue
            try:
                now = answers(path)
                names = changed(known[path], now)
                reports = check(path, names) if names else []
            except FileNotFoundError:
                continue
            except (ValueError, OSError) as problem:
                yield Round(path, complaint=str(problem))
                continue
            known[path] = now
            if reports:
                yield Round(path, tuple(reports))


def _saves(paths: list[Path]) -> Iterator[set[Path]]:
    """The paths written to, for each burst of changes. Jupyter replaces a file, so folders are
    watched and not files."""
    from watchfiles import watch as changes

    by_real_path = {os.path.realpath(path): path for path in paths}
    folders = {os.path.dirname(real) for real in by_real_path}
    for batch in changes(
        *folders,
        watch_filter=lambda _, changed_path: os.path.realpath(changed_path) in by_real_path,
        debounce=SETTLE_MILLISECONDS * 4,
        step=SETTLE_MILLISECONDS,
        recursive=False,
        raise_interrupt=True,
    ):
        yield {by_real_path[os.path.realpath(name)] for _, name in batch}
