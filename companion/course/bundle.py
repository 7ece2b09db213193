"""What students get: exercises, the chapters' texts, and of `companion` what those need.

No solutions and no tests. Of the package, the modules that the notebooks and the course itself
import, found by following the imports; of the checks, those of the released chapters only. (A check
holds references, and on the student's own machine they can be read, as in any open book: the mark
comes from the instructor's machine alone.) Trained weights and records are those that the chapters'
rows bring. The table of chapters lists what is in the bundle, and `manifest.json` has the versions
and a hash of every file.
"""

import ast
import functools
import hashlib
import importlib.metadata
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import companion
from companion.cache import atomic_write
from companion.course import catalogue
from companion.course.chapters import Chapter
from companion.course.gradebook import points
from companion.course.intake import names
from companion.course.notebook import parse
from companion.course.notebook.read import cell_name, code_cells, mark, parse_code, source
from companion.course.release import release
from companion.course.report import PASSED
from companion.course.variants import Variants

PACKAGE = Path(companion.__file__).resolve().parent
BESIDE = (
    *("pyproject.toml", "requirements.txt", "requirements.lock", "requirements-gpu.txt"),
    *("LICENSE", "Makefile"),
)
MANIFEST, VARIANTS = "manifest.json", "variants.json"
UNFINISHED = "unfinished.json"  # which files may be here, as long as not all of them are
OPENED = re.compile(r"^CHAPTER \?= .*$", re.MULTILINE)  # in the Makefile: what `make learn` opens
SCHEMA = 3  # of nbgrader's cell metadata

README = """# {title}

{listed}

Python 3.11 to 3.13 on Linux or macOS; on Windows in WSL. `make learn` installs everything and opens
JupyterLab.

Work in `exercises/`. In the notebook `check("name")` tells what is right, and where it knows the
mistake, which one it is. So does `companion check` in JupyterLab's terminal; in any other, first
`source .venv/bin/activate`. Hand in the notebook from `exercises/` under its own name.
"""


def write_bundle(
    which: Sequence[Chapter], out: str | Path, nbgrader: bool = False, seed: int | None = None
) -> list[Path]:
    """Write the bundle into `out`, nothing if any notebook is refused; return the files.

    With `nbgrader` the cells carry nbgrader's metadata as well, and each check is followed by a
    cell that nbgrader marks. With a seed it is a variant, and its own checks know it. An earlier
    bundle in `out` is replaced, and so is what a killed process left of one. Raises `ReleaseError`
    as `release` does, and `ValueError` for a folder that holds anything else.
    """
    out = Path(out)
    before = _bundled(out)
    return _replace(out, before, _contents(which, nbgrader, seed))


def _contents(which: Sequence[Chapter], nbgrader: bool, seed: int | None) -> dict[str, bytes]:
    """{path in the bundle: content} of every file, the manifest last."""
    files = dict(_notebooks(which, nbgrader, seed))
    roots = {name for text in files.values() for name in _imports_of_notebook(text)}
    files |= _package(tuple(which), frozenset(roots))
    files["companion/course/chapters.py"] = _table(which)
    if seed is not None:
        edition = files["companion/course/edition.py"]
        files["companion/course/edition.py"] = edition.replace(" = None", f" = {seed}")
    for name in BESIDE:
        if (PACKAGE.parent / name).is_file():
            text = _text(PACKAGE.parent / name)
            files[name] = OPENED.sub(f"CHAPTER ?= {which[0].name}", text)
    listed = "\n".join(f"- {c.number}. {c.title}: `exercises/{c.stem}.ipynb`" for c in which)
    files["README.md"] = README.format(title="Exercises", listed=listed)
    contents = {path: text.encode() for path, text in files.items()} | dict(_brought(which))
    told = json.dumps(manifest(which, contents, seed), indent=1, ensure_ascii=False) + "\n"
    return contents | {MANIFEST: told.encode()}


def _replace(out: Path, before: set[str], contents: dict[str, bytes]) -> list[Path]:
    """Write the files, and remove those that an earlier bundle had and this one has not."""
    _begin(out, before | contents.keys())
    for path in before | contents.keys():
        for half in (out / path).parent.glob(f".{Path(path).name}.????????.tmp"):
            half.unlink()  # of an `atomic_write` that was killed
    for path, content in contents.items():
        with atomic_write(out / path) as file:
            file.write(content)
    for path in before - contents.keys():
        (out / path).unlink(missing_ok=True)
    (out / UNFINISHED).unlink()
    return [out / path for path in contents]


def _begin(out: Path, paths: Iterable[str]) -> None:
    """Say which files are going to be in the folder, before there is one.

    Written in place: one cut short by a kill says nothing, and then there is nothing else yet.
    """
    out.mkdir(parents=True, exist_ok=True)
    told = json.dumps({"files": sorted(paths)}, indent=1, ensure_ascii=False)
    (out / UNFINISHED).write_text(told + "\n", encoding="utf-8")


def _empty(out: Path) -> bool:
    """True for a folder with nothing in it, or in which a release was killed at once."""
    return not out.exists() or all(path.name == UNFINISHED for path in out.iterdir())


def _bundled(out: Path) -> set[str]:
    """The files of the bundle, or of part of one, that is in the folder; none if it is empty.

    Raises `ValueError` for any other folder: what is in it would be overwritten.
    """
    if _empty(out):
        return set()
    for name in (UNFINISHED, MANIFEST):
        paths = _listed(out / name)
        if paths and VARIANTS not in paths:
            return {path for path in paths if _within(out, path)}
    raise _occupied(out)


def _listed(file: Path) -> set[str]:
    """The paths of a list of files; none if there is no such list, or half of one."""
    try:
        return set(json.loads(file.read_text(encoding="utf-8"))["files"])
    except (OSError, ValueError, KeyError, TypeError):
        return set()


def _within(out: Path, path: str) -> bool:
    """True if the path stays in the folder, whatever a manifest may say."""
    return (out / path).resolve().is_relative_to(out.resolve())


def _occupied(out: Path) -> ValueError:
    """What to say of a folder with something of somebody's in it."""
    return ValueError(
        f"{out} is not empty and is no earlier handout; name a new folder, or empty this one"
    )


def write_personal(
    which: Sequence[Chapter], out: str | Path, whose: Variants, nbgrader: bool = False
) -> list[Path]:
    """Write a bundle for each student into a folder of their name, and `variants.json` beside them.

    That file says whose variant is which; it is the instructor's, and grading needs it. Raises as
    `write_bundle` does, for the folder of any student before a file is written.
    """
    out, written = Path(out), []
    begun = (out / VARIANTS).is_file() or VARIANTS in _listed(out / UNFINISHED)
    if not begun and not _empty(out):
        raise _occupied(out)
    before = {student: _bundled(out / names.stem(student)) for student in whose.students}
    for student, seed in whose.students.items():
        contents = _contents(which, nbgrader, seed)
        _begin(out, [VARIANTS])
        written += _replace(out / names.stem(student), before[student], contents)
    told = json.dumps(whose.to_json(), indent=1, ensure_ascii=False) + "\n"
    return written + _replace(out, set(), {VARIANTS: told.encode()})


def manifest(
    which: Iterable[Chapter], files: dict[str, bytes], seed: int | None = None
) -> dict[str, Any]:
    """What is in the bundle, of which version: the same for the same sources."""
    return {
        **({} if seed is None else {"seed": seed}),
        "companion": importlib.metadata.version("llm-companion"),
        "packages": dict(sorted(_locked(files.get("requirements.lock", b"").decode()))),
        "chapters": [
            {
                "name": chapter.name,
                "number": chapter.number,
                "title": chapter.title,
                "exercises": [
                    {
                        "name": exercise.name,
                        "minutes": exercise.minutes,
                        "difficulty": exercise.difficulty,
                        "points": points(exercise, PASSED),
                    }
                    for exercise in catalogue.exercises(chapter.name).values()
                ],
            }
            for chapter in which
        ],
        "files": {
            path: {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
            for path, content in sorted(files.items())
        },
    }


def _locked(lock: str) -> Iterator[tuple[str, str]]:
    """The packages pinned in the lock."""
    return (m.groups() for m in re.finditer(r"^([\w.-]+)==([^\s;\\]+)", lock, re.MULTILINE))


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _notebooks(
    which: Iterable[Chapter], nbgrader: bool, seed: int | None
) -> Iterator[tuple[str, str]]:
    for chapter in which:
        text = release(chapter, seed)
        yield f"exercises/{chapter.stem}.ipynb", with_nbgrader(text) if nbgrader else text
        if chapter.notebook.is_file():
            yield f"chapters/{chapter.stem}/{chapter.name}.ipynb", _text(chapter.notebook)


def _brought(which: Iterable[Chapter]) -> Iterator[tuple[str, bytes]]:
    """(path, content) of each file of checkpoints/ and docs/ that the chapters bring."""
    root = PACKAGE.parent
    for place in (root / path for chapter in which for path in chapter.brings):
        for file in [place] if place.is_file() else sorted(place.rglob("*")):
            if file.is_file():
                yield file.relative_to(root).as_posix(), file.read_bytes()


# -- the package: what is imported, and what that imports


def _imports_of_notebook(text: str) -> set[str]:
    found: set[str] = set()
    for _, cell in code_cells(parse(text)):
        try:
            found |= set(_imported(parse_code(source(cell)), ""))
        except SyntaxError:  # a broken starter imports nothing
            continue
    return found


def _imported(tree: ast.AST, package: str) -> Iterator[str]:
    """The modules of `companion` that the tree imports, inside functions too."""
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                base = ".".join([*package.split(".")[: 1 - node.level or None], base]).strip(".")
            names = [base, *(f"{base}.{alias.name}" for alias in node.names)]
        yield from (name for name in names if name.split(".")[0] == "companion")


@functools.cache
def _package(which: tuple[Chapter, ...], roots: frozenset[str]) -> dict[str, str]:
    """{path in the bundle: text} of the modules, the same for every student."""
    return {path: _text(file) for path, file in _modules(which, roots)}


def _modules(which: Sequence[Chapter], roots: Iterable[str]) -> Iterator[tuple[str, Path]]:
    """(path in the bundle, file) of every module that is needed."""
    wanted = [*roots, "companion.course", "companion.checks", "companion.probes"]
    wanted += [f"companion.{c.name}" for c in which]
    chosen = {c.name for c in which}
    seen: set[str] = set()
    while wanted:
        parts = wanted.pop().split(".")[1:]
        unit = parts[0] if parts else "__init__"
        if unit in seen:
            continue
        seen.add(unit)
        for file in _files_of(unit, chosen):
            yield f"companion/{file.relative_to(PACKAGE).as_posix()}", file
            if file.suffix == ".py":
                package = ".".join(["companion", *file.relative_to(PACKAGE).parts[:-1]])
                wanted += _imported(ast.parse(_text(file)), package)
    if "__init__" not in seen:
        yield "companion/__init__.py", PACKAGE / "__init__.py"


def _files_of(unit: str, chosen: set[str]) -> Iterator[Path]:
    """A module's file or a package's files; of checks and probes, no other chapter's."""
    single, folder = PACKAGE / f"{unit}.py", PACKAGE / unit
    if single.is_file():
        yield single
    elif folder.is_dir():
        for file in sorted(folder.rglob("*")):
            name = file.relative_to(folder).parts[0].removesuffix(".py")
            foreign = unit in ("checks", "probes") and _of_a_chapter(name) and name not in chosen
            if file.is_file() and "__pycache__" not in file.parts and not foreign:
                yield file


def _of_a_chapter(name: str) -> bool:
    """True for the name of a chapter, which is a module's; what chapters share has its own name."""
    place = PACKAGE / name
    return name != "__init__" and (place.is_dir() or place.with_suffix(".py").is_file())


def _table(which: Iterable[Chapter]) -> str:
    """The module of the table of chapters, with the rows of the bundle only."""
    text = _text(PACKAGE / "course" / "chapters.py")
    node = next(
        node
        for node in ast.parse(text).body
        if isinstance(node, ast.Assign) and node.targets[0].id == "CHAPTERS"
    )
    lines = text.splitlines()
    rows = ["CHAPTERS = (", *(f"    {_row(chapter)}," for chapter in which), ")"]
    return "\n".join([*lines[: node.lineno - 1], *rows, *lines[node.end_lineno :]]) + "\n"


def _row(c: Chapter) -> str:
    values = (c.number, c.name, c.title, c.minutes, c.corpora, c.brings)
    return f"Chapter({', '.join(map(repr, values))})"


# -- for schools that run nbgrader

GRADED = """import sys

from companion.course import face

assert face.check("{name}", sys._getframe()).passed"""


def with_nbgrader(text: str) -> str:
    """The exercise notebook with nbgrader's metadata and a marked cell below each check.

    Answers carry none: nbgrader would replace a `solution` cell by a stub of its own, `def` and
    all. To nbgrader they are cells that a student may change.
    """
    notebook = json.loads(text)
    exercises = catalogue.exercises(notebook["metadata"]["companion"]["chapter"])
    cells = []
    for index, cell in enumerate(notebook["cells"]):
        name, role = mark(cell)
        ident = cell_name(notebook, index)
        cells.append(cell)
        if role == "check":
            cell["metadata"]["nbgrader"] = _nbgrader(ident, grade=False)
            marked = _nbgrader(f"{ident}-mark", grade=True)
            marked["points"] = points(exercises[name], PASSED)
            cells.append(
                {
                    **cell,
                    "id": f"{ident}-mark",
                    "metadata": {"nbgrader": marked},
                    "source": GRADED.format(name=name).splitlines(keepends=True),
                }
            )
    return json.dumps({**notebook, "cells": cells}, ensure_ascii=False, indent=1) + "\n"


def _nbgrader(ident: str, grade: bool) -> dict[str, Any]:
    return {
        "schema_version": SCHEMA,
        "grade_id": ident,
        "grade": grade,
        "solution": False,
        "locked": True,
        "task": False,
    }
