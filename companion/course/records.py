"""Files of `docs/` that hold what a benchmark measured once, for the pages that read it out.

A page is not always in a copy of the repository (`companion lab` copies chapters elsewhere): where
there is no such file, there is no record, which is no error.
"""

import json
from pathlib import Path
from typing import Any


def text(name: str) -> str:
    """The text of docs/NAME in this folder or one above it; "" where there is none."""
    for folder in (Path.cwd(), *Path.cwd().parents):
        if (file := folder / "docs" / name).is_file():
            return file.read_text(encoding="utf-8")
    return ""


def load(name: str) -> dict[str, Any]:
    """The content of docs/NAME, a JSON object; {} where there is none.

    >>> load("no such record.json")
    {}
    """
    return json.loads(text(name) or "{}")
