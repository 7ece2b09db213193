"""The one form in which the repository's notebooks are written, and what else they must keep to.

python -m companion.course.notebook --check FILES     exit 1 and say what is wrong
python -m companion.course.notebook --write FILES     bring them into the form
"""

import argparse
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from companion.cache import atomic_write
from companion.course.notebook.read import (
    Notebook,
    NotebookError,
    cell_name,
    chapter_of,
    load,
    source,
)

CELL_METADATA = ("exercise", "nbgrader", "tags")
NOTEBOOK_METADATA = {
    "kernelspec": {
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
        "name": "python3",
    },
    "language_info": {"name": "python"},
}
IDENT = re.compile(r"[a-z0-9_]+(-[a-z0-9_]+)+")
CODE_LINES = 15
TEXT_WORDS = 120
CHINESE = re.compile(r"[\u3400-\u9fff]")


def normalise(notebook: Notebook) -> str:
    """The notebook's text: nbformat 4.5, sorted keys, one blank of indent, a newline at the end.

    Executed cells are counted from 1; timings, kernel versions and the state of the page are left
    out. Raises `NotebookError` where a cell has no id, because a made-up one would not be stable.
    """
    cells, count = [], 0
    for index, cell in enumerate(notebook["cells"]):
        if not cell.get("id"):
            raise NotebookError(f"cell {index + 1} has no id: give it one, such as `ngram-counts`")
        executed = cell["cell_type"] == "code" and cell.get("execution_count") is not None
        count += executed
        cells.append(_cell(cell, count if executed else None))
    ours = (notebook.get("metadata") or {}).get("companion")
    metadata = NOTEBOOK_METADATA | ({"companion": ours} if ours else {})
    data = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(data, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _cell(cell: dict[str, Any], count: int | None) -> dict[str, Any]:
    """One cell in its form; `count` is its place among the executed ones."""
    metadata = cell.get("metadata") or {}
    text = "\n".join(line.rstrip() for line in source(cell).strip("\n").split("\n"))
    if cell["cell_type"] == "markdown":  # two blanks at the end of a line are a line break there
        text = source(cell).strip("\n")
    new = {
        "cell_type": cell["cell_type"],
        "id": cell["id"],
        "metadata": {key: metadata[key] for key in CELL_METADATA if metadata.get(key)},
        "source": text.splitlines(keepends=True),
    }
    if cell.get("attachments"):
        new["attachments"] = cell["attachments"]
    if cell["cell_type"] == "code":
        new["execution_count"] = count
        new["outputs"] = _outputs(cell.get("outputs") or [], count)
    return new


def _outputs(outputs: list[dict[str, Any]], count: int | None) -> list[dict[str, Any]]:
    """Outputs with the cell's count; pieces of one stream that arrived apart are joined."""
    new: list[dict[str, Any]] = []
    for output in outputs:
        output = {key: value for key, value in output.items() if key != "transient"}
        if output.get("output_type") == "execute_result":
            output["execution_count"] = count
        if output.get("output_type") == "stream":
            text = "".join(output.get("text") or [])
            last = new[-1] if new else {}
            if last.get("output_type") == "stream" and last.get("name") == output.get("name"):
                text = "".join(last["text"]) + text
                new.pop()
            output["text"] = text.splitlines(keepends=True)
        new.append(output)
    return new


def words(text: str) -> int:
    """Words of prose: tables, code blocks and displayed formulas left out, two Chinese
    characters counted as one word."""
    text = re.sub(r"```.*?```|\$\$.*?\$\$", " ", text, flags=re.DOTALL)
    text = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("|"))
    chinese = len(CHINESE.findall(text))
    return len(re.findall(r"\w[\w'’-]*", CHINESE.sub(" ", text))) + (chinese + 1) // 2


def problems(notebook: Notebook, path: str | Path) -> list[str]:
    """What is wrong with the ids and, in a chapter, with the cells' sizes."""
    chapter = chapter_of(path, notebook)
    in_chapters = "chapters" in Path(path).resolve().parts
    found, seen = [], set()
    for index, cell in enumerate(notebook["cells"]):
        name, ident = cell_name(notebook, index), cell.get("id") or ""
        if ident in seen:
            found.append(f"{name}: the id is used twice")
        seen.add(ident)
        prefixes = (chapter.name, chapter.name.replace("_", "-")) if chapter else ()
        if not IDENT.fullmatch(ident):
            found.append(f"{name}: an id is words joined by hyphens, such as `ngram-counts`")
        elif prefixes and not ident.startswith(tuple(f"{p}-" for p in prefixes)):
            found.append(f"{name}: the id must begin with `{prefixes[-1]}-`")
        if in_chapters:
            found += _too_long(cell, name)
    return found


def _too_long(cell: dict[str, Any], name: str) -> list[str]:
    text = source(cell).strip()
    if cell["cell_type"] == "code" and len(text.splitlines()) > CODE_LINES:
        return [f"{name}: {len(text.splitlines())} lines of code; at most {CODE_LINES}"]
    if cell["cell_type"] == "markdown" and words(text) > TEXT_WORDS:
        return [f"{name}: {words(text)} words; at most {TEXT_WORDS}"]
    return []


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; 0 if all is well."""
    parser = argparse.ArgumentParser(prog="python -m companion.course.notebook")
    mode = parser.add_mutually_exclusive_group(required=True)
    mode.add_argument("--check", action="store_true", help="say what is wrong, change nothing")
    mode.add_argument("--write", action="store_true", help="bring the files into the form")
    parser.add_argument("files", nargs="+", type=Path)
    options = parser.parse_args(arguments)
    failed = False
    for path in options.files:
        found = []
        try:
            notebook = load(path)
            found = problems(notebook, path)
            text = normalise(notebook)
            if text != path.read_text(encoding="utf-8"):
                if options.write:
                    with atomic_write(path, "w") as file:
                        file.write(text)
                else:
                    found.append("not in the one form: run --write on it")
        except (NotebookError, OSError) as error:
            found.append(str(error))
        failed |= bool(found)
        for problem in found:
            print(f"{path}: {problem}")
    return int(failed)
