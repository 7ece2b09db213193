"""Read what a sandbox says, believing nothing: the only door from a submission to the judge.

A line is one JSON object of the shape that was asked for, or it is `Forged`. Values are rebuilt as
exactly the types that `companion.probes.plain` gives: None, bool, int, float, str, list, and arrays
of five dtypes whose bytes fit their shape. Nothing is unpickled, imported or called.
"""

import base64
import binascii
import json
import math
from typing import Any

import numpy as np

from companion.probes import DEPTH, MESSAGE, Outcome
from companion.probes.wire import DTYPES

CONTAINERS = 100_000  # opening brackets in one line: 8 MiB of `{},` would be 200 MB of objects
AXES = 8
NAMES = 64  # outputs of one probe
LABEL = 200  # characters of a name


class Forged(ValueError):
    """A line that the worker would never have written."""


def message(line: bytes) -> dict[str, Any]:
    """The object in one line. Raises `Forged`."""
    if line.count(b"{") + line.count(b"[") > CONTAINERS:
        raise Forged("a line with more than 100,000 brackets")
    try:
        data = json.loads(line)
    except (ValueError, RecursionError):
        raise Forged("a line that is not JSON") from None
    if type(data) is not dict:
        raise Forged("a line that is no JSON object")
    return data


def nothing(data: Any) -> None:
    """An answer that says only that it is there. Raises `Forged`."""
    _keys(data, set())


def cell_result(data: Any, answers: tuple[str, ...]) -> tuple[dict[str, Any] | None, list[str]]:
    """(exception of a cell or None, which of its answers it gave). Raises `Forged`."""
    _keys(data, {"fault", "found"})
    found = data["found"]
    if type(found) is not list or any(type(name) is not str for name in found):
        raise Forged("`found` is no list of names")
    return _fault(data["fault"]), [name for name in answers if name in found]


def outcomes(data: Any, count: int) -> list[Outcome]:
    """As many outcomes as there were cases. Raises `Forged`."""
    _keys(data, {"outcomes"})
    found = data["outcomes"]
    if type(found) is not list or len(found) != count:
        raise Forged(f"`outcomes` is no list of {count}")
    return [outcome(one) for one in found]


def outcome(data: Any) -> Outcome:
    """An outcome as `companion.probes.run` gives it. Raises `Forged`."""
    _keys(data, {"kind", "outputs", "mutated", "error"}, optional={"similar"})
    outputs, error = data["outputs"], _fault(data["error"])
    if type(data["mutated"]) is not bool:
        raise Forged("`mutated` is not true or false")
    if outputs is not None:
        if type(outputs) is not dict or len(outputs) > NAMES:
            raise Forged("`outputs` is no object of at most 64 names")
        outputs = {_label(name): value(item) for name, item in outputs.items()}
    kind = _label(data["kind"])
    if kind != "missing" and (outputs is None) == (error is None):
        raise Forged("an outcome has outputs or an exception, never both or neither")
    result = {"kind": kind, "outputs": outputs, "mutated": data["mutated"], "error": error}
    if "similar" in data:
        similar = data["similar"]
        if type(similar) is not list or len(similar) > 3:
            raise Forged("`similar` is no list of at most three names")
        result["similar"] = [_label(name) for name in similar]
    return result


def value(data: Any, depth: int = DEPTH) -> Any:
    """One output. Raises `Forged`."""
    if data is None or type(data) in (bool, int, float):
        return data
    if type(data) is str:
        return _text(data)
    if type(data) is list:
        if depth == 0:
            raise Forged(f"lists nested deeper than {DEPTH}")
        return [value(item, depth - 1) for item in data]
    return _array(data)


def _array(data: Any) -> np.ndarray:
    """Numbers whose count, width and bytes agree."""
    _keys(data, {"array", "dtype", "shape"})
    dtype, shape, text = data["dtype"], data["shape"], data["array"]
    if dtype not in DTYPES:
        raise Forged(f"a dtype that is not one of {', '.join(DTYPES)}")
    if type(shape) is not list or not 1 <= len(shape) <= AXES:
        raise Forged(f"a shape that is no list of 1 to {AXES} sizes")
    if any(type(size) is not int or not 0 <= size < 2**31 for size in shape):
        raise Forged("a size that is no small natural number")
    if type(text) is not str:
        raise Forged("an array without text")
    try:
        body = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Forged("an array that is not base64") from None
    if len(body) != math.prod(shape) * int(dtype[1]):
        raise Forged("an array whose bytes do not fit its shape")
    if dtype == "b1" and body.strip(b"\0\1"):
        raise Forged("a boolean that is neither 0 nor 1")
    return np.frombuffer(body, dtype="<" + dtype).reshape(shape).copy()


def _fault(data: Any) -> dict[str, Any] | None:
    """An exception as data, its texts cut to size."""
    if data is None:
        return None
    _keys(data, {"type", "message", "line", "source"})
    line, source = data["line"], data["source"]
    if line is not None and (type(line) is not int or not 0 <= line < 2**31):
        raise Forged("a line number that is none")
    return {
        "type": _label(data["type"]),
        "message": _string(data["message"])[:MESSAGE],
        "line": line,
        "source": None if source is None else _string(source)[:MESSAGE],
    }


def _keys(data: Any, wanted: set[str], optional: frozenset | set = frozenset()) -> None:
    if type(data) is not dict or not wanted <= set(data) <= wanted | optional:
        raise Forged(f"an object without exactly {', '.join(sorted(wanted))}")


def _label(data: Any) -> str:
    return _string(data)[:LABEL]


def _string(data: Any) -> str:
    if type(data) is not str:
        raise Forged("no text where text is wanted")
    return _text(data)


def _text(data: str) -> str:
    """Half a surrogate pair cannot be written to any file; it becomes a question mark."""
    return data.encode("utf-8", "replace").decode("utf-8")
