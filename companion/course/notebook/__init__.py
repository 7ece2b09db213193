"""Exercise notebooks: read, checked, and written in one form.

`read` finds the answers in a notebook, `execute` runs its cells and judges them, `formatter` is
the one way in which the repository's notebooks are written.
"""

from companion.course.notebook.execute import check_cells, check_notebook
from companion.course.notebook.formatter import normalise, problems
from companion.course.notebook.read import (
    NotebookError,
    answers,
    answers_and_helpers,
    chapter_of,
    load,
    parse,
)

__all__ = [
    "NotebookError",
    "answers",
    "answers_and_helpers",
    "chapter_of",
    "check_cells",
    "check_notebook",
    "load",
    "normalise",
    "parse",
    "problems",
]
