"""What the benchmark scripts share: a clock, a Markdown table, and a place to write it.

A script prints its figures and puts them in a section of a page in `docs/`, in place of the
section of the same title. Ratios are measured side by side in one run; no test asserts a time.
"""

import os
import platform
import re
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from companion import cache

DOCS = Path(__file__).resolve().parents[2] / "docs"


def clock(action: Callable[[], Any], repeats: int = 1) -> tuple[float, Any]:
    """The shortest wall time of some repeats in seconds, and what the last one returned."""
    best, result = float("inf"), None
    for _ in range(repeats):
        begun = time.perf_counter()
        result = action()
        best = min(best, time.perf_counter() - begun)
    return best, result


def machine() -> str:
    """One line on where the figures come from."""
    return (
        f"Python {platform.python_version()}, {os.cpu_count()} processors "
        f"({platform.machine()}), {time.strftime('%Y-%m-%d')}"
    )


def table(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A Markdown table; the columns after the first are numbers and stand to the right."""
    lines = [header, ["---"] + ["---:"] * (len(header) - 1), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def write_section(title: str, body: str, page: str = "benchmarks.md") -> Path:
    """Print a section and put it in a page of `docs/`, where it replaces its older self."""
    section = f"## {title}\n\n{body.strip()}\n"
    print(section)
    path = DOCS / page
    heading = (
        f"# {path.stem.capitalize()}\n\nWritten by `tests/benchmarks/`; do not edit by hand.\n"
    )
    text = path.read_text(encoding="utf-8") if path.exists() else heading
    old = re.search(rf"^## {re.escape(title)}\n.*?(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    if old:
        rest = text[old.end() :]
        text = text[: old.start()] + section + ("\n" + rest if rest else "")
    else:
        text = text.rstrip("\n") + "\n\n" + section
    with cache.atomic_write(path, "w") as file:
        file.write(text)
    return path
