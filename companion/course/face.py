"""The notebook's face of the judge: `check("name")` under an answer.

The answer is looked up where `check` was called. The report is shown as HTML with a text beside
it, as text where there is no notebook. Nothing that an answer does raises here.
"""

import inspect
import linecache
import sys
from dataclasses import replace
from types import FrameType
from typing import Any

from companion.course import catalogue, progress
from companion.course.judge import SEED, absent_apply, judge, local_apply
from companion.course.notebook.read import answer_hash, defined_names
from companion.course.report import Report, as_html, as_text, show


def check(name: str, frame: FrameType) -> Report | None:
    """Judge the answer `name` that the frame can see, show the report, record it, return it."""
    try:
        exercise = catalogue.find(name)[1]
    except ValueError as error:
        _say(f"companion: {error}")
        return None
    namespace = visible(frame, name)
    if name in namespace:
        apply = local_apply(exercise, namespace[name])
    else:
        apply = absent_apply(exercise, _own_names(namespace))
    report = replace(judge(exercise, apply, SEED), answer=_answer_hash(name, namespace))
    display(report)
    progress.record(report)
    return report


def visible(frame: FrameType, name: str) -> dict[str, Any]:
    """The caller's names; the notebook's own where the caller does not have this one."""
    namespace = {**frame.f_globals, **frame.f_locals}
    shell = _shell()
    if name not in namespace and shell is not None:
        return dict(shell.user_ns)
    return namespace


def display(report: Report) -> None:
    """Show the report: in a notebook as HTML and text, in a terminal in colour, else as text."""
    if _shell() is not None:
        from IPython.display import display as show_in_notebook

        views = {"text/html": as_html(report), "text/plain": as_text(report)}
        show_in_notebook(views, raw=True)
    elif sys.stdout.isatty():
        show([report])
    else:
        _say(as_text(report))


def _say(text: str) -> None:
    print(text)


def _shell() -> Any:
    """The running IPython shell; None in plain Python, where IPython is not even imported."""
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython is not None else None


def _own_names(namespace: dict[str, Any]) -> list[str]:
    """The names that a learner may have meant: no modules, nothing of the companion's."""
    return [
        name
        for name, value in namespace.items()
        if not inspect.ismodule(value)
        and not str(getattr(value, "__module__", "")).startswith("companion.")
    ]


def _answer_hash(name: str, namespace: dict[str, Any]) -> str:
    """The hash of the cell that defined the answer, as `companion check` takes it from the file."""
    for cell in reversed(namespace.get("In") or []):
        if isinstance(cell, str) and name in cell and name in defined_names(cell):
            return answer_hash(cell)
    code = getattr(namespace.get(name), "__code__", None)
    lines = linecache.getlines(code.co_filename) if code else []
    return answer_hash("".join(lines) if lines else repr(namespace.get(name)))
