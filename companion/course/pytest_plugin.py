"""`pytest exercises/01_ngram.ipynb`: each exercise of the notebook is a test.

Only the course's own notebooks are collected, in folders called `exercises` or `solutions`, and
never under nbval, which runs them in its own way. Importing this module imports nothing else of
the course, because pytest loads it in every project of the environment.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

FOLDERS = ("exercises", "solutions")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> "Notebook | None":
    """Collect a notebook of the course; leave everything else alone."""
    if file_path.suffix != ".ipynb" or file_path.parent.name not in FOLDERS:
        return None
    if any(parent.config.getoption(option, False) for option in ("nbval", "nbval_lax")):
        return None
    from companion.course.chapters import CHAPTERS

    if file_path.stem not in [chapter.stem for chapter in CHAPTERS]:
        return None
    return Notebook.from_parent(parent, path=file_path)


class Wrong(Exception):
    """An answer that did not pass; it carries the report."""

    def __init__(self, report):
        super().__init__(report.exercise)
        self.report = report


class Notebook(pytest.File):
    """An exercise or solution notebook. Its cells are run once, when the first test asks."""

    _reports = None

    def collect(self) -> Iterator["ExerciseItem"]:
        """One item for each exercise of the chapter."""
        from companion.course.notebook import NotebookError, load
        from companion.course.notebook.read import exercise_names

        try:
            names = exercise_names(self.path, load(self.path))
        except NotebookError as error:
            raise self.CollectError(str(error)) from None
        for name in names:
            yield ExerciseItem.from_parent(self, name=name)

    def report(self, name: str):
        """The report on one exercise."""
        if self._reports is None:
            from companion.course.notebook import check_notebook

            self._reports = {report.exercise: report for report in check_notebook(self.path)}
        return self._reports[name]


class ExerciseItem(pytest.Item):
    """One exercise: passed, skipped where it was not attempted, else failed."""

    def runtest(self) -> None:
        """Judge the answer."""
        from companion.course.report import NOT_ATTEMPTED, as_text

        report = self.parent.report(self.name)
        if report.state == NOT_ATTEMPTED:
            pytest.skip(as_text(report))
        if not report.passed:
            raise Wrong(report)

    def repr_failure(self, excinfo, style=None):
        """The report itself, without a traceback of the course's code."""
        if isinstance(excinfo.value, Wrong):
            from companion.course.report import as_text

            return as_text(excinfo.value.report)
        return super().repr_failure(excinfo, style)

    def reportinfo(self):
        """What pytest prints as the test's name."""
        return self.path, 0, f"exercise {self.name}"
