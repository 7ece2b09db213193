"""Plain values compared and described: what `judge` knows about numbers, arrays, texts and lists.

Only the exact types that `companion.probes.plain` gives are looked at. Anything else is equal to
nothing, so that an object that came from elsewhere cannot lie about itself.
"""

from typing import Any

import numpy as np

WIDTH = 160  # characters of one described value
FAMILIES = {"b": "boolean", "i": "integer", "u": "integer", "f": "float", "c": "complex"}


def difference(wanted: Any, got: Any, tolerance: float) -> str | None:
    """None if equal, else what differs first: kind, shape or length, dtype, values.

    NaN equals NaN. An integer may stand for a float, a float array never for an integer array.
    """
    kind = _kind(wanted)
    if kind is None or kind != _kind(got):
        return "nothing" if got is None and wanted is not None else "kind"
    if kind == "number":
        return None if _close(wanted, got, tolerance) else "value"
    if kind == "array":
        return _array_difference(wanted, got, tolerance)
    if kind == "list":
        if len(wanted) != len(got):
            return "length"
        pairs = zip(wanted, got, strict=True)
        return "value" if any(difference(w, g, tolerance) for w, g in pairs) else None
    return None if wanted == got else "value"


def _kind(value: Any) -> str | None:
    if value is None:
        return "nothing"
    kinds = {bool: "truth", int: "number", float: "number", str: "text", list: "list"}
    kinds[np.ndarray] = "array"
    return kinds.get(type(value))


def _array_difference(wanted: np.ndarray, got: np.ndarray, tolerance: float) -> str | None:
    if wanted.shape != got.shape:
        return "shape"
    families = FAMILIES.get(wanted.dtype.kind), FAMILIES.get(got.dtype.kind)
    if None in families or (families[0] != families[1] and families != ("float", "integer")):
        return "dtype"
    return None if np.all(_close(wanted, got, tolerance)) else "values"


def _close(wanted: Any, got: Any, tolerance: float) -> Any:
    """|got - wanted| <= tolerance · (1 + |wanted|); integers exactly; NaN equals NaN."""
    whole = (np.asarray(wanted).dtype.kind, np.asarray(got).dtype.kind)
    if set(whole) <= set("biuO"):  # O: a Python integer beyond 64 bits
        return wanted == got
    with np.errstate(all="ignore"):
        number = complex if "c" in whole else float
        try:
            a, b = np.asarray(wanted, number), np.asarray(got, number)
        except OverflowError:
            return wanted == got
        near = np.isfinite(a) & (np.abs(b - a) <= tolerance * (1 + np.abs(a)))
        return near | (a == b) | (np.isnan(a) & np.isnan(b))


def describe(value: Any) -> str:
    """A short readable form: shape and type first, then as many values as fit."""
    if type(value) is np.ndarray:
        body = np.array2string(value, precision=4, threshold=24, edgeitems=3, max_line_width=72)
        return f"shape {value.shape}, {value.dtype}\n{body}" if value.size else _empty(value)
    if type(value) is float:
        return f"{value:.6g}"
    if isinstance(value, (list, tuple)):
        inside = _cut(", ".join(describe(item) for item in value[:12]))
        left, right = "()" if isinstance(value, tuple) else "[]"
        return f"{left}{inside}{', …' if len(value) > 12 else ''}{right}" + (
            f" ({len(value)} items)" if len(value) > 12 else ""
        )
    if isinstance(value, dict):
        inside = ", ".join(f"{describe(k)}: {describe(v)}" for k, v in list(value.items())[:12])
        return f"{{{_cut(inside)}{', …' if len(value) > 12 else ''}}}"
    if value is None or isinstance(value, (bool, int, float, complex, str, bytes)):
        return _cut(repr(value))
    return f"<{type(value).__name__}>"


def describe_case(case: dict[str, Any]) -> str:
    """The inputs of a case, one a line."""
    return "\n".join(f"{name} = {describe(value)}" for name, value in case.items())


def _empty(array: np.ndarray) -> str:
    return f"shape {array.shape}, {array.dtype}, no values"


def _cut(text: str) -> str:
    return text if len(text) <= WIDTH else text[: WIDTH - 1] + "…"
