"""Tokenizers as JSON files: written whole or not at all, refused when they are something else."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

from companion import cache


def write(path: str | Path, kind: str, content: dict) -> None:
    """Write a tokenizer of a kind ("BPE", …) as JSON in UTF-8, atomically."""
    with cache.atomic_write(path, "w") as file:
        json.dump({"format": _format(kind)} | content, file, ensure_ascii=False, indent=0)


@contextlib.contextmanager
def reading(path: str | Path, kind: str) -> Iterator[dict]:
    """Yield the content of a saved tokenizer; what goes wrong inside the block is a ValueError."""
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
        if content["format"] != _format(kind):
            raise ValueError(f"its format is {content['format']!r}, not {_format(kind)!r}")
        yield content
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path} is not a file that {kind}.save wrote: {error}") from error


def _format(kind: str) -> str:
    return f"companion.tokenization.{kind} 1"
