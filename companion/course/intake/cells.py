"""From a notebook's bytes to the cells that will be run: answers, and what they stand on.

The setup cells are the release's, whatever the submission made of them. The submission gives its
answer cells and, as in the learner's own check, cells that only import and define. Check cells are
not looked at: the verdict is computed elsewhere.
"""

import functools
import json
from collections import Counter
from typing import Any

from companion.course import wording
from companion.course.chapters import Chapter
from companion.course.intake.names import IntakeError
from companion.course.notebook import parse
from companion.course.notebook.read import (
    Notebook,
    answer_cells,
    cell_name,
    code_cells,
    fault_of,
    load,
    mark,
    only_defines,
    source,
)
from companion.course.release import release
from companion.course.sandbox.grading import Cell

CELLS = 2_000
VALUES = 1_000_000  # in the JSON: an object costs far more memory than its two bytes
SOURCE_BYTES = 512 * 2**10  # of all the cells that would be run
READABLE = 20_000  # characters of an unmarked cell that our own parser is let loose on
NESTING = 50  # how deep its brackets and blocks may go


def notebook(data: bytes) -> Notebook:
    """The notebook in these bytes. Raises `IntakeError` with what is wrong, in one sentence."""
    if not data.strip():
        raise IntakeError("the file is empty")
    if data.count(b",") > VALUES:
        raise IntakeError(f"more than {VALUES} values; clear its outputs and hand it in again")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise IntakeError(f"not UTF-8 text (byte {problem.start})") from None
    try:
        found = json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
    except IntakeError:
        raise
    except json.JSONDecodeError as problem:
        raise IntakeError(f"no valid JSON at line {problem.lineno} ({problem.msg})") from None
    except RecursionError:
        raise IntakeError("nested too deeply to be a notebook") from None
    except ValueError:  # an integer of more digits than Python converts
        raise IntakeError("a number in it has too many digits to be a notebook's") from None
    fault = fault_of(found)
    if fault:
        raise IntakeError(f"no notebook of format 4: {fault}")
    if len(found["cells"]) > CELLS:
        raise IntakeError(f"{len(found['cells'])} cells; a notebook has at most {CELLS}")
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object; two values for one key would let two readers see two notebooks."""
    found = dict(pairs)
    if len(found) < len(pairs):
        twice, _ = Counter(key for key, _ in pairs).most_common(1)[0]
        raise IntakeError(f"an object in it has the key {twice[:40]!r} twice")
    return found


def _no_constant(word: str) -> Any:
    raise IntakeError(f"{word} is not JSON")


@functools.cache
def setup_cells(chapter: Chapter) -> tuple[Cell, ...]:
    """The setup cells of the chapter as released, in its order; from the solution where it is."""
    released = parse(release(chapter)) if chapter.solutions.is_file() else load(chapter.exercises)
    return tuple(
        Cell(cell_name(released, index), source(cell), trusted=True)
        for index, cell in code_cells(released)
        if mark(cell)[1] == "setup"
    )


def runnable(
    found: Notebook, chapter: Chapter, names: list[str]
) -> tuple[tuple[Cell, ...], tuple[str, ...]]:
    """The submission's cells in order, without the setup, and notes on what is odd about them.

    Raises `IntakeError` if there is no answer cell at all, or too much source.
    """
    places = answer_cells(_readable(found), names)
    owners: dict[int, tuple[str, ...]] = {}
    for name, indices in places.items():
        for index in indices:
            owners[index] = (*owners.get(index, ()), name)
    ours = {cell.code.strip() for cell in setup_cells(chapter)}
    cells, notes = [], _oddities(found, names)
    for index, cell in code_cells(found):
        text, role, ident = source(cell), mark(cell)[1], cell_name(found, index)
        if index in owners:
            cells.append(Cell(ident, text, owners[index]))
        elif role == "setup" and text.strip() not in ours:
            notes.append(f"The setup cell {ident} was changed; the released one is run first.")
            if _is_plain(text) and only_defines(text):
                cells.append(Cell(ident, text))
        elif role is None and _is_plain(text) and only_defines(text):
            cells.append(Cell(ident, text))
    for name, indices in places.items():
        if len(indices) > 1:
            listed = ", ".join(cell_name(found, i) for i in indices)
            notes.append(wording.TWICE.format(name=name, count=len(indices), cells=listed))
    if not owners:
        raise IntakeError("it has no answer cell of this chapter's exercises")
    size = 0
    for cell in cells:
        try:
            size += len(cell.code.encode())
        except UnicodeEncodeError:
            raise IntakeError(f"cell {cell.name!r} holds half a character (a surrogate)") from None
    if size > SOURCE_BYTES:
        raise IntakeError(f"{size // 1024} KiB of code; at most {SOURCE_BYTES // 1024} are run")
    return tuple(cells), tuple(_printable(note) for note in notes)


def _oddities(found: Notebook, names: list[str]) -> list[str]:
    """Marked cells that cannot count: of another type, for no exercise; changed check cells."""
    notes = []
    for index, cell in enumerate(found["cells"]):
        name, role = mark(cell)
        ident = cell_name(found, index)
        if role not in ("answer", "check") or name is None:
            continue
        if name not in names:
            notes.append(f"Cell {ident} is marked for {name[:80]!r}, which is no exercise here.")
        elif cell["cell_type"] != "code":
            if role == "answer":
                notes.append(f"The answer cell {ident} is no code cell any more, so it is not run.")
        elif role == "check" and source(cell).strip() != f'check("{name}")':
            notes.append(f"The check cell {ident} was changed; grading does not use it.")
    return notes


def _readable(found: Notebook) -> Notebook:
    """The notebook without the unmarked cells that would be dangerous only to parse."""
    return {
        **found,
        "cells": [
            cell
            if mark(cell)[1] is not None or cell["cell_type"] != "code" or _is_plain(source(cell))
            else {**cell, "source": ""}
            for cell in found["cells"]
        ],
    }


def _is_plain(text: str) -> bool:
    """Short, shallow and without magics: safe for Python's parser in the trusted process."""
    lines = text.splitlines()
    if len(text) > READABLE or any(line.lstrip()[:1] in ("%", "!", "?") for line in lines):
        return False
    depth = deepest = 0
    for character in text:
        depth += (character in "([{") - (character in ")]}")
        deepest = max(deepest, depth)
    indent = max((len(line) - len(line.lstrip()) for line in lines), default=0)
    return deepest <= NESTING and indent <= 4 * NESTING


def _printable(note: str) -> str:
    """A note that can be stored and shown, whatever the cell's id was."""
    return note.encode("utf-8", "backslashreplace").decode()[:500]
