"""A notebook file as data, and where in it each answer is.

Cells are known by `metadata.exercise = {"name": ..., "role": "setup" | "answer" | "check"}`. A
learner's tools may lose that; then a code cell that defines the exercise's name is its answer.
Plain `json` reads the file: nbformat's validation costs seconds and would refuse notebooks that
can well be checked.
"""

import ast
import hashlib
import json
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from companion.course import catalogue, chapters
from companion.probes.cells import parse_code

Notebook = dict[str, Any]


class NotebookError(ValueError):
    """A file that is not a usable notebook; the message says what is wrong and what to do."""


def load(path: str | Path) -> Notebook:
    """The notebook in a file. Raises `NotebookError`, or `OSError` as the system does."""
    return parse(Path(path).read_bytes(), str(path))


def parse(data: bytes | str, name: str = "the notebook") -> Notebook:
    """The notebook in these bytes; `name` is what errors call it."""
    if not data.strip():
        raise NotebookError(f"{name} is empty; `companion reset` makes it anew")
    try:
        notebook = json.loads(data)
    except UnicodeDecodeError as error:
        raise NotebookError(f"{name} is not UTF-8 text (byte {error.start})") from None
    except json.JSONDecodeError as error:
        raise NotebookError(
            f"{name} is not a notebook: no valid JSON at line {error.lineno} ({error.msg}); "
            "`companion reset` makes it anew and keeps a backup"
        ) from None
    except RecursionError:
        raise NotebookError(f"{name} is nested too deeply to be a notebook") from None
    fault = fault_of(notebook)
    if fault:
        raise NotebookError(f"{name} is not a notebook of format 4: {fault}")
    return notebook


def fault_of(notebook: Any) -> str | None:
    """What keeps the data from being a notebook; None if nothing does."""
    if not isinstance(notebook, dict):
        return "the file holds no object"
    if notebook.get("nbformat") != 4:
        return f"nbformat is {notebook.get('nbformat')!r}; open it in JupyterLab and save it"
    if not isinstance(notebook.get("cells"), list):
        return "it has no list of cells"
    for number, cell in enumerate(notebook["cells"]):
        if not isinstance(cell, dict) or not isinstance(cell.get("cell_type"), str):
            return f"cell {number} has no type"
        text = cell.get("source")
        if not isinstance(text, str) and not (
            isinstance(text, list) and all(isinstance(line, str) for line in text)
        ):
            return f"cell {number} has no source"
    return None


def source(cell: dict[str, Any]) -> str:
    """The cell's text; on disk it may be a list of lines."""
    text = cell["source"]
    return text if isinstance(text, str) else "".join(text)


def mark(cell: dict[str, Any]) -> tuple[str | None, str | None]:
    """(name, role) of the cell's `metadata.exercise`; (None, None) if it has none."""
    metadata = cell.get("metadata")
    found = metadata.get("exercise") if isinstance(metadata, dict) else None
    if not isinstance(found, dict):
        return None, None
    name, role = found.get("name"), found.get("role")
    return (
        name if isinstance(name, str) else None,
        role if role in ("setup", "answer", "check") else None,
    )


def cell_name(notebook: Notebook, index: int) -> str:
    """What messages call a cell: its id, or its place where the id was lost."""
    ident = notebook["cells"][index].get("id")
    return ident if isinstance(ident, str) and ident else f"cell {index + 1}"


def code_cells(notebook: Notebook) -> Iterator[tuple[int, dict[str, Any]]]:
    """(index, cell) of the code cells, in order."""
    return ((i, c) for i, c in enumerate(notebook["cells"]) if c["cell_type"] == "code")


def defined_names(code: str) -> set[str]:
    """The names that a cell binds at its top level, imports left out; none if it cannot be read."""
    try:
        tree = parse_code(code)
    except (SyntaxError, ValueError, RecursionError):
        return set()
    names: set[str] = set()
    for node in _top_level(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
    return names


def _top_level(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes that are not inside a function, a class or a comprehension."""
    closed = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda | ast.expr
    for child in ast.iter_child_nodes(node):
        yield child
        if not isinstance(child, closed) or isinstance(child, ast.Tuple | ast.List | ast.Starred):
            yield from _top_level(child)


def only_defines(code: str) -> bool:
    """True for a cell of imports, definitions and constants: cheap to run, and others need it."""
    try:
        body = parse_code(code).body
    except (SyntaxError, ValueError, RecursionError):
        return False
    fixed = ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef
    return bool(body) and all(
        isinstance(node, fixed)
        or (
            isinstance(node, ast.Assign)
            and not any(isinstance(inside, ast.Call) for inside in ast.walk(node))
        )
        for node in body
    )


def answer_cells(notebook: Notebook, names: Collection[str]) -> dict[str, list[int]]:
    """The cells of each answer: those marked as such, then any unmarked one that defines it.

    The order is the notebook's: when it is run from top to bottom, the last definition counts.
    """
    found: dict[str, list[int]] = {name: [] for name in names}
    for index, cell in code_cells(notebook):
        name, role = mark(cell)
        if role == "answer" and name in found:
            found[name].append(index)
        elif role is None:
            for defined in defined_names(source(cell)) & set(found):
                found[defined].append(index)
    return found


def chapter_of(path: str | Path, notebook: Notebook) -> chapters.Chapter | None:
    """The chapter that a notebook belongs to: by its metadata, else by the file's name."""
    metadata = notebook.get("metadata")
    ours = metadata.get("companion") if isinstance(metadata, dict) else None
    named = ours.get("chapter") if isinstance(ours, dict) else None
    for key in (named, Path(path).stem):
        try:
            return chapters.find(key)
        except ValueError:
            continue
    return None


def exercise_names(path: str | Path, notebook: Notebook) -> list[str]:
    """The exercises that the notebook should hold: its chapter's, else those that it names."""
    chapter = chapter_of(path, notebook)
    if chapter:
        return list(catalogue.exercises(chapter.name))
    marked = [mark(cell) for _, cell in code_cells(notebook)]
    return list(dict.fromkeys(name for name, role in marked if name and role == "answer"))


def answers(path: str | Path) -> dict[str, str]:
    """{exercise: source of its answer} for the answers that are there, in the notebook's order.

    Raises `NotebookError` if the file is no notebook.
    """
    notebook = load(path)
    cells = _present_cells(path, notebook)
    return {name: answer_source(notebook, places) for name, places in cells.items()}


def _present_cells(path: str | Path, notebook: Notebook) -> dict[str, list[int]]:
    """The cells of each answer that is there, in the notebook's order."""
    cells = answer_cells(notebook, exercise_names(path, notebook))
    present = sorted((places, name) for name, places in cells.items() if places)
    return {name: places for places, name in present}


def answers_and_helpers(path: str | Path) -> dict[str, str]:
    """`answers`, each followed by the cells that run beside every one: setup and own helpers.

    What is judged when an answer is checked; another text, another verdict. Raises `NotebookError`
    as `answers` does.
    """
    notebook = load(path)
    cells = _present_cells(path, notebook)
    of_answers = {index for places in cells.values() for index in places}
    helpers = [
        text
        for index, cell in code_cells(notebook)
        if index not in of_answers
        and ((role := mark(cell)[1]) == "setup" or role is None)
        and only_defines(text := source(cell))
    ]
    return {
        name: "\n\n".join([answer_source(notebook, places), *helpers])
        for name, places in cells.items()
    }


def answer_source(notebook: Notebook, places: list[int]) -> str:
    """The text of an answer that may be spread over several cells."""
    return "\n\n".join(source(notebook["cells"][i]) for i in places)


def answer_hash(text: str) -> str:
    """A short hash of an answer's source; blanks at the ends of lines do not count."""
    lines = [line.rstrip() for line in text.strip().splitlines()]
    return hashlib.sha256("\n".join(lines).encode("utf-8", "replace")).hexdigest()[:16]
