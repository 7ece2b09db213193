"""Lay down the seven files of a new chapter, and its row in the table of chapters.

The skeleton is honest: it holds the sections and nothing pretended. It is lint-clean, its notebooks
run, and its tests *fail*, each saying what has to be written; `companion selftest NAME` fails too
until the chapter has its exercises.
"""

import keyword
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from companion.course import chapters
from companion.course.chapters import Chapter

SECTIONS = (
    ("goal", "What you will be able to do"),
    ("idea", "The idea"),
    ("numbers", "With numbers"),
    ("naive", "Naive code"),
    ("compact", "Compact code, shown equal"),
    ("companion", "From the companion"),
    ("text", "On real text"),
    ("figure", "A figure"),
    ("ablation", "A failure on purpose"),
    ("errata", "What the book says, and what we measured"),
    ("library", "The same with the library"),
    ("summary", "Summary"),
    ("exercises", "Exercises"),
    ("reading", "Further reading"),
)

MODULE = '''"""{title} (chapter {number})."""
'''

CHECKS = '''"""The exercises of chapter {number}, {title}."""

from companion.course.exercise import Exercise

EXERCISES: tuple[Exercise, ...] = ()
'''

PROBES = '''"""What runs beside the learner's code in chapter {number}: one probe an exercise."""
'''

TESTS = '''"""Tests of chapter {number}, {title}."""

from companion import {name}
from companion.course import catalogue


def test_the_module_defines_the_names_that_the_table_of_chapters_promises():
    assert [name for name in vars({name}) if name.isidentifier() and not name.startswith("_")]


def test_the_chapter_has_at_least_six_exercises():
    assert len(catalogue.exercises("{name}")) >= 6
'''


@dataclass(frozen=True)
class Laid:
    """What was written, and what a person still has to do."""

    chapter: Chapter
    files: tuple[Path, ...]
    remaining: tuple[str, ...]


def lay_down(
    name: str,
    number: int,
    title: str,
    minutes: int = 45,
    release: Callable[[Chapter], str] | None = None,
) -> Laid:
    """Write the seven files and the table's row under `chapters.ROOT`; all of them or none.

    `release` makes the exercise notebook's text from the solution; the default is the course's own.
    Raises `ValueError` if the name, the number or a file is taken, or a name cannot be a module's.
    """
    chapter = Chapter(number, name, title, minutes)
    _refuse_what_cannot_be(chapter)
    table = chapters.ROOT / "companion" / "course" / "chapters.py"
    files = {path: text for path, text in _texts(chapter).items() if text is not None}
    written: list[Path] = []
    try:
        for path, text in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8", newline="\n") as file:
                written.append(path)
                file.write(text)
        chapter.exercises.parent.mkdir(parents=True, exist_ok=True)
        with chapter.exercises.open("x", encoding="utf-8", newline="\n") as file:
            written.append(chapter.exercises)
            file.write((release or _release())(chapter))
        with_row = insert_row(table.read_text(encoding="utf-8"), chapter)
        table.write_text(with_row, encoding="utf-8", newline="\n")
    except BaseException:
        for path in written:
            path.unlink(missing_ok=True)
        raise
    return Laid(chapter, chapter.files(), _remaining(chapter))


def _release() -> Callable[[Chapter], str]:
    """The course's own release, of a chapter that the running table does not know yet."""
    from companion.course.notebook import load
    from companion.course.release import release_notebook

    return lambda chapter: release_notebook(load(chapter.solutions), chapter.name, {})


def _refuse_what_cannot_be(chapter: Chapter) -> None:
    """Raise `ValueError` for a name, a number or a title that the house cannot take."""
    if not re.fullmatch(r"[a-z][a-z0-9_]*", chapter.name) or keyword.iskeyword(chapter.name):
        raise ValueError(
            f"{chapter.name!r} cannot be a module: use lower-case letters, digits and _",
        )
    if not 1 <= chapter.number <= 99:
        raise ValueError(f"chapter number {chapter.number}; it is 1 to 99")
    if not chapter.title.strip() or re.search(r'["\\{}\n]', chapter.title):
        raise ValueError(f'title {chapter.title!r}: one line without " \\ {{ }}, not empty')
    for other in chapters.CHAPTERS:
        if chapter.name == other.name or chapter.number == other.number:
            raise ValueError(f"taken: chapter {other.number} is {other.name!r}")
    module = chapters.ROOT / "companion" / chapter.name
    taken = [p for p in (*chapter.files(), module, module.with_suffix(".py")) if p.exists()]
    if taken:
        raise ValueError(f"{taken[0]} exists; nothing is written over it")


def _texts(chapter: Chapter) -> dict[Path, str]:
    """Path and text of every file that is not generated from another."""
    words = {"name": chapter.name, "number": chapter.number, "title": chapter.title}
    return {
        chapters.ROOT / "companion" / f"{chapter.name}.py": MODULE.format(**words),
        chapters.ROOT / "companion" / "checks" / f"{chapter.name}.py": CHECKS.format(**words),
        chapters.ROOT / "companion" / "probes" / f"{chapter.name}.py": PROBES.format(**words),
        chapters.ROOT / "tests" / f"test_{chapter.name}.py": TESTS.format(**words),
        chapter.notebook: _chapter_notebook(chapter),
        chapter.solutions: _solution_notebook(chapter),
    }


def _chapter_notebook(chapter: Chapter) -> str:
    """The sections of a chapter, in the order of docs/design.md, and the import every one needs."""
    cells = [_markdown(chapter, "title", f"# {chapter.number}. {chapter.title}")]
    cells += [_markdown(chapter, ident, f"## {heading}") for ident, heading in SECTIONS]
    # `companion` comes first of all imports: it sets the environment that TensorFlow reads.
    source = f"from companion import {chapter.name}\n\nprint({chapter.name}.__doc__)"
    cells.insert(2, _code(chapter, "imports", source))
    return _notebook(cells)


def _solution_notebook(chapter: Chapter) -> str:
    """A title only: each exercise brings its cells, the first one the set-up cell too."""
    title = f"# Exercises {chapter.number}. {chapter.title}"
    return _notebook([_markdown(chapter, "title", title)])


def _markdown(chapter: Chapter, ident: str, source: str) -> dict:
    return {
        "cell_type": "markdown",
        "id": f"{chapter.name}-{ident}",
        "metadata": {},
        "source": source,
    }


def _code(chapter: Chapter, ident: str, source: str) -> dict:
    cell = _markdown(chapter, ident, source)
    return {**cell, "cell_type": "code", "execution_count": None, "outputs": []}


def _notebook(cells: list[dict]) -> str:
    """The text of a notebook with these cells, as the course's own formatter writes it."""
    from companion.course.notebook import normalise

    return normalise({"cells": cells, "metadata": {}})


def insert_row(source: str, chapter: Chapter) -> str:
    """The source of chapters.py with one more row, in the order of the numbers."""
    row = _row(chapter)
    lines = source.splitlines(keepends=True)
    begin = next((i for i, line in enumerate(lines) if line.startswith("CHAPTERS = (")), None)
    if begin is None:
        raise ValueError("chapters.py has no line `CHAPTERS = (`; add the row by hand")
    place = begin + 1
    for i, line in enumerate(lines[begin + 1 :], start=begin + 1):
        number = re.match(r"    Chapter\((\d+),", line)
        if line.startswith(")") or (number and int(number[1]) > chapter.number):
            place = i
            break
    return "".join([*lines[:place], row, *lines[place:]])


def _row(chapter: Chapter) -> str:
    """The row as `ruff format` would write it."""
    values = [str(chapter.number), f'"{chapter.name}"', f'"{chapter.title}"', str(chapter.minutes)]
    row = f"    Chapter({', '.join(values)}),\n"
    if len(row) <= 101:  # 100 and the newline
        return row
    packed = f"        {', '.join(values)}"
    if len(packed) <= 100:
        return f"    Chapter(\n{packed}\n    ),\n"
    return "    Chapter(\n" + "".join(f"        {value},\n" for value in values) + "    ),\n"


def _remaining(chapter: Chapter) -> tuple[str, ...]:
    """What a person has to write, in the order in which it is easiest."""
    name = chapter.name
    return (
        f"companion/{name}.py: the concept; tests/test_{name}.py fails until it has a public name",
        "pyproject.toml: the module's place in the import-linter contract of the chapters",
        f"companion/probes/{name}.py and companion/checks/{name}.py: six exercises or more",
        f"{_inside(chapter.solutions)}: a set-up cell; answer and check cells for each exercise",
        f"companion release {name}; companion selftest {name}",
        f"{_inside(chapter.notebook)}: the text; then companion run {name} --write",
        f"companion/course/chapters.py: the row's minutes ({chapter.minutes} now) and corpora",
        "README.md: the row in the table of chapters",
    )


def _inside(path: Path) -> str:
    return path.relative_to(chapters.ROOT).as_posix()
