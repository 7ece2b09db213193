"""From a solution notebook to its exercise notebook, byte for byte the same each time.

    ### BEGIN SOLUTION … ### END SOLUTION     what is taken out
    ### BEGIN STARTER … ### END STARTER       commented code that takes its place (debug exercises)

An indented region becomes a line that raises NotImplementedError, a region of assignments at the
top level becomes `name = ...`. Nothing is released if any line that was taken out survives anywhere
in the notebook, or in a hint.
"""

import ast
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from companion.cache import atomic_write
from companion.course import catalogue, chapters
from companion.course.chapters import Chapter
from companion.course.exercise import Exercise
from companion.course.notebook import load, normalise
from companion.course.notebook.read import Notebook, cell_name, mark, source

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
BEGIN_STARTER, END_STARTER = "### BEGIN STARTER", "### END STARTER"
STUB = "raise NotImplementedError  # your answer here"
TEXT_STUB = "*Your answer here.*"
SHORT = 8  # a line of up to this many characters says too little to be looked for
# Lines that any Python has: nobody learns an answer from them.
TRIVIAL = re.compile(
    r"return( \w+)?|pass|break|continue|(import|from) .*|[\W\d]*|global \w+|"
    r"(else|try|finally|for \w+ in \w+|(el)?if (not )?\w+|while (not )?\w+|with \w+ as \w+):"
)


class ReleaseError(ValueError):
    """A solution that must not be released as it is; the message names the cell and the remedy."""


@dataclass
class Released:
    """A cell's text as the learner gets it, and the lines that were taken out of it."""

    text: str
    removed: list[str]
    regions: int


def release(chapter: Chapter | str, seed: int | None = None) -> str:
    """The text of the chapter's exercise notebook, with a seed that of its variant.

    Raises `ReleaseError` for markers that do not pair, an answer without a region or without its
    check cell, an unknown exercise, or a line of a solution that survives.
    """
    if isinstance(chapter, str):
        chapter = chapters.find(chapter)
    exercises = catalogue.exercises(chapter.name, seed)
    return release_notebook(load(chapter.solutions), chapter.name, exercises)


def release_notebook(notebook: Notebook, chapter: str, exercises: dict[str, Exercise]) -> str:
    """The exercise notebook made from the data of a solution notebook."""
    cells, removed = [], []
    for index, cell in enumerate(notebook["cells"]):
        name = cell_name(notebook, index)
        done = strip(source(cell), name, cell["cell_type"])
        if mark(cell)[1] == "answer" and not done.regions:
            raise ReleaseError(f"{name}: an answer cell without {BEGIN} … {END}")
        removed += [(line, name) for line in done.removed]
        cells.append({**cell, "source": done.text, "outputs": [], "execution_count": None})
    _check_marks(notebook, exercises)
    for exercise in exercises.values():
        _restate(cells, exercise)
    text = normalise({"cells": cells, "metadata": {"companion": {"chapter": chapter}}})
    found = leaks(removed, json.loads(text), exercises.values())
    if found:
        raise ReleaseError("lines of a solution survive:\n  " + "\n  ".join(found))
    return text


def write(which: Iterable[Chapter], out: str | Path | None = None) -> list[Path]:
    """Write the exercise notebooks into `out` (default: `exercises/`); none if any is refused."""
    texts = {}
    for chapter in which:
        path = Path(out) / chapter.exercises.name if out else chapter.exercises
        texts[path] = release(chapter)
    for path, text in texts.items():
        with atomic_write(path, "w") as file:
            file.write(text)
    return list(texts)


def strip(text: str, name: str = "the cell", cell_type: str = "code") -> Released:
    """One cell without its solutions."""
    lines = text.splitlines()
    kept, removed, starter = [], [], []
    position = regions = 0
    while position < len(lines):
        marker = lines[position].strip()
        if marker == BEGIN:
            end = _closing(lines, position, END, name)
            region, indent = lines[position + 1 : end], _indent(lines[position])
            if _next_marker(lines, end) == BEGIN_STARTER:
                first = next(i for i in range(end + 1, len(lines)) if lines[i].strip())
                last = _closing(lines, first, END_STARTER, name)
                block = _uncomment(lines[first : last + 1], name)
                starter += block
                end = last
            else:
                block = _stub(region, indent, name, cell_type)
            kept += block
            removed += [line for line in region if line.strip()]
            position, regions = end, regions + 1
        elif marker in (END, BEGIN_STARTER, END_STARTER):
            raise ReleaseError(f"{name}: {marker} without what should come before it")
        else:
            kept.append(lines[position])
        position += 1
    given = {_squeezed(line) for line in starter}
    removed = [line for line in removed if _squeezed(line) not in given]
    return Released("\n".join(kept), removed, regions)


def _closing(lines: Sequence[str], begin: int, marker: str, name: str) -> int:
    """Where the region that begins there ends."""
    for position in range(begin + 1, len(lines)):
        found = lines[position].strip()
        if found == marker:
            return position
        if found in (BEGIN, END, BEGIN_STARTER, END_STARTER):
            break
    raise ReleaseError(f"{name}: {lines[begin].strip()} is not closed by {marker}")


def _next_marker(lines: Sequence[str], end: int) -> str:
    """The next line that is not blank."""
    return next((line.strip() for line in lines[end + 1 :] if line.strip()), "")


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _uncomment(block: Sequence[str], name: str) -> list[str]:
    """The starter's code: `# ` is taken off behind the marker's indentation."""
    indent, code = _indent(block[0]), []
    for line in block[1:-1]:
        body = line.removeprefix(indent)
        if not line.strip() or body.rstrip() == "#":
            code.append("")
        elif body.startswith("# "):
            code.append(indent + body[2:])
        else:
            raise ReleaseError(
                f"{name}: in a starter every line begins with '# ': {line.strip()!r}"
            )
    return code


def _stub(region: Sequence[str], indent: str, name: str, cell_type: str) -> list[str]:
    """What stands in the place of a region."""
    if cell_type == "markdown":
        return [TEXT_STUB]
    if indent:
        return [indent + STUB]
    names = []
    for node in _body(region, name):
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if not isinstance(node, ast.Assign | ast.AnnAssign) or not all(
            isinstance(target, ast.Name) for target in targets
        ):
            raise ReleaseError(
                f"{name}: a region at the top level may only hold `name = expression`; put the "
                "markers inside the function, or give a starter"
            )
        names += [target.id for target in targets]
    return [f"{defined} = ..." for defined in dict.fromkeys(names)]


def _body(region: Sequence[str], name: str) -> list[ast.stmt]:
    try:
        return ast.parse("\n".join(region)).body
    except SyntaxError as error:
        raise ReleaseError(f"{name}: the solution is not Python: {error.msg}") from None


def _restate(cells: list[dict[str, Any]], exercise: Exercise) -> None:
    """Put a variant's givens into the cell above the answer, or into the answer's own cell."""
    if not exercise.statement:
        return
    index = next(i for i, cell in enumerate(cells) if mark(cell) == (exercise.name, "answer"))
    own = [i for i in (index - 1, index) if i >= 0 and mark(cells[i])[1] in (None, "answer")]
    for old, new in exercise.statement.items():
        places = [i for i in own for _ in range(source(cells[i]).count(old))]
        if len(places) != 1:
            raise ReleaseError(
                f"{exercise.name}: {old!r} is {len(places)} times in its text; a variant replaces "
                "what is there once"
            )
        cell = cells[places[0]]
        cells[places[0]] = {**cell, "source": source(cell).replace(old, new)}


def _check_marks(notebook: Notebook, exercises: dict[str, Exercise]) -> None:
    """Every exercise has one answer and one check, and no cell names another."""
    roles: dict[str, list[str]] = {name: [] for name in exercises}
    for index, cell in enumerate(notebook["cells"]):
        name, role = mark(cell)
        if role in ("answer", "check"):
            if name not in roles:
                raise ReleaseError(f"{cell_name(notebook, index)}: no exercise {name!r}")
            roles[name].append(role)
        if role == "check" and source(cell).strip() != f'check("{name}")':
            raise ReleaseError(f'{cell_name(notebook, index)}: must be exactly check("{name}")')
    for name, found in roles.items():
        if found != ["answer", "check"]:
            has = ", ".join(found) or "no cell"
            raise ReleaseError(f"{name}: needs one answer cell and one check cell below it; {has}")


def leaks(
    removed: Iterable[tuple[str, str]], released: Any, exercises: Iterable[Exercise] = ()
) -> list[str]:
    """Where lines that were taken out survive: in any text of the notebook, or in a hint."""
    places = [("the notebook", text) for text in _texts(released)]
    for exercise in exercises:
        spoken = [*exercise.hints, *(m.hint for m in exercise.mistakes)]
        spoken += [relation.hint for relation in exercise.relations]
        places += [(f"a hint of {exercise.name}", text) for text in spoken]
    squeezed = [(place, _squeezed(text)) for place, text in places]
    found = []
    for line, cell in removed:
        telling = _telling(line)
        if telling is None:
            continue
        pattern = re.compile(rf"(?<!\w){re.escape(telling)}(?!\w)")
        spots = dict.fromkeys(place for place, text in squeezed if pattern.search(text))
        found += [f"{telling!r} of {cell}, in {place}" for place in spots]
    return found


def _telling(line: str) -> str | None:
    """The line without its comment and extra blanks; None if it tells nothing of the answer."""
    code = _squeezed(re.sub(r"(^|\s)#.*$", "", line))
    return None if len(code) <= SHORT or TRIVIAL.fullmatch(code) else code


def _squeezed(text: str) -> str:
    return " ".join(text.split())


def _texts(data: Any) -> Iterator[str]:
    """Every string in the data, keys included; the lines of a list also as one text."""
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict):
        for key, value in data.items():
            yield key
            yield from _texts(value)
    elif isinstance(data, list):
        if all(isinstance(item, str) for item in data):
            yield "".join(data)
        else:
            for item in data:
                yield from _texts(item)
