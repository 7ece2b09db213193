"""What runs beside the learner's code, and the plain data that it hands back.

`run` calls one probe on one answer and describes everything that happened: the outputs, whether the
inputs were changed, the exception if there was one. A sandbox sees this package and nothing else of
the course, so it holds no verdict, no reference and no mistake; it imports NumPy only.

An outcome is a dictionary of plain data, the same whether it was made here or came over a pipe:

    {"kind": "function",          what the answer is: a word of `kind`, or "missing"
     "outputs": {"probs": array}, numbers, strings, arrays, None, lists of these; None if it raised
     "mutated": False,            did the call change its inputs?
     "error": None}               or {"type", "message", "line", "source"}
"""

import contextlib
import copy
import dataclasses
import difflib
import io
import linecache
import numbers
import os
import sys
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Outcome = dict[str, Any]

DEPTH = 4  # lists of lists of lists of numbers are the deepest outputs
MESSAGE = 500  # characters kept of an exception's message
ATOMS = frozenset({str, int, float, bool, type(None), bytes, complex})  # no call can change them
NUMERIC = "biufc"  # NumPy's dtype kinds that hold numbers
# The folders of Python, of installed packages and of the companion. Asking `sysconfig` would say
# the same and cost every sandbox its import.
LIBRARY = tuple(
    os.path.normpath(place) + os.sep
    for place in {
        os.path.dirname(os.__file__),
        os.path.dirname(os.path.dirname(np.__file__)),
        os.path.dirname(os.path.dirname(os.path.realpath(__file__))),
        *(path for path in sys.path if path.endswith(("site-packages", "dist-packages"))),
    }
)


def run(probe: Callable[[Any, dict], Mapping], answer: Any, case: Mapping[str, Any]) -> Outcome:
    """Call `probe(answer, case)` on a copy of the case, and describe what happened as plain data.

    What the answer prints or warns about is dropped. It never raises, except `KeyboardInterrupt`.
    """
    given = private_copy(case)
    outputs = error = None
    try:
        with quiet():
            outputs = {str(name): plain(value) for name, value in probe(answer, given).items()}
    except KeyboardInterrupt:
        raise
    except BaseException as caught:  # a learner's exit() is an error of the answer, not our end
        error = fault(caught)
    mutated = not unchanged(dict(case), given)
    return {"kind": kind(answer), "outputs": outputs, "mutated": mutated, "error": error}


def absent(name: str, names: Any = ()) -> Outcome:
    """The outcome of an answer that does not exist; it lists which of `names` look like it."""
    candidates = [other for other in names if not other.startswith("_")]
    folded = {other.casefold(): other for other in candidates}
    close = difflib.get_close_matches(name.casefold(), list(folded), n=3, cutoff=0.75)
    similar = [folded[other] for other in close]
    return {"kind": "missing", "outputs": None, "mutated": False, "error": None, "similar": similar}


def private_copy(case: Mapping[str, Any]) -> dict[str, Any]:
    """A deep copy: whatever is done to it, the case stays as it was drawn."""
    return {name: _copied(value) for name, value in case.items()}


def _copied(value: Any) -> Any:
    """`copy.deepcopy`, ten times faster on what most cases are: lists of lists of plain values.

    Nothing is remembered, so a list that is there twice becomes two lists, as on a sandbox's pipe.
    """
    kind = type(value)
    if kind in ATOMS:
        return value
    if kind in (list, tuple, set, frozenset):
        return kind([item if type(item) in ATOMS else _copied(item) for item in value])
    if kind is dict:
        return {_copied(key): _copied(item) for key, item in value.items()}
    if kind is np.ndarray and not value.dtype.hasobject:
        return value.copy(order="K")
    return copy.deepcopy(value)


@contextlib.contextmanager
def quiet():
    """Drop what is printed and warned, and give NumPy its default error state."""
    sink = io.StringIO()
    with (
        contextlib.redirect_stdout(sink),
        contextlib.redirect_stderr(sink),
        warnings.catch_warnings(),
        np.errstate(all="warn"),
    ):
        warnings.simplefilter("ignore")
        yield sink


def kind(answer: Any) -> str:
    """One word for what an answer is: function, class, number, text, array, list, ..."""
    if answer is None:
        return "nothing"
    if answer is Ellipsis:
        return "ellipsis"
    if isinstance(answer, type):
        return "class"
    if isinstance(answer, (numbers.Number, np.bool_)):
        return "number"
    if isinstance(answer, (str, bytes)):
        return "text"
    if isinstance(answer, np.ndarray):
        return "array" if answer.ndim else "number"
    for word, types in (("list", (list, tuple)), ("dict", dict), ("set", (set, frozenset))):
        if isinstance(answer, types):
            return word
    return "function" if callable(answer) else type(answer).__name__


def plain(value: Any, depth: int = DEPTH) -> Any:
    """`value` as plain data: None, bool, int, float, str, numeric array, or a list of these.

    Raises `TypeError` for anything else, so that no object with its own `__eq__` gets to the judge.
    """
    if value is None or type(value) in (bool, int, float, str):
        return value
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Real):  # Fraction, NumPy's scalars
        return float(value)
    if isinstance(value, (list, tuple)):
        if depth == 0:
            raise TypeError(f"the answer gives lists nested deeper than {DEPTH}")
        return [plain(item, depth - 1) for item in value]
    if isinstance(value, (np.ndarray, np.generic)) or hasattr(value, "__array__"):
        return _plain_array(np.asarray(value), depth)
    raise TypeError(f"the answer gives a {type(value).__name__} where plain values are wanted")


def _plain_array(array: np.ndarray, depth: int) -> Any:
    """A numeric array as such; scalars, texts and arrays of objects as Python values."""
    if array.ndim == 0:
        return plain(array.item(), depth)
    if array.dtype.kind in NUMERIC:
        return np.array(array, copy=True, order="C", subok=False)
    return plain(array.tolist(), depth)


def unchanged(before: Any, after: Any) -> bool:
    """True if two copies of an input still hold the same arrays, numbers, strings and containers.

    Objects with a life of their own (random generators, models) are not looked into.
    """
    if type(before).__name__ == "Generator" and isinstance(before, np.random.Generator):
        return True
    if type(before) is not type(after):
        return False
    if isinstance(before, np.ndarray):
        same = before.shape == after.shape and before.dtype == after.dtype
        return same and (
            before.tolist() == after.tolist()
            if before.dtype.hasobject
            else before.tobytes() == after.tobytes()
        )
    if isinstance(before, dict):
        return list(before) == list(after) and all(unchanged(before[k], after[k]) for k in before)
    if isinstance(before, (list, tuple)):
        return len(before) == len(after) and all(
            (one is other and type(one) in ATOMS) or unchanged(one, other)
            for one, other in zip(before, after, strict=True)
        )
    if isinstance(before, float):
        return before == after or before != before
    if isinstance(before, (set, frozenset, str, bytes, int, bool)):
        return before == after
    if dataclasses.is_dataclass(before):
        fields = [field.name for field in dataclasses.fields(before)]
        return all(unchanged(getattr(before, f, None), getattr(after, f, None)) for f in fields)
    return True


def fault(caught: BaseException) -> dict[str, Any]:
    """An exception as data: its type, its message, and the line of the learner's code it came from.

    `line` counts from 1 inside the cell or file; `source` is that line's text. Both may be None.
    """
    try:
        message = str(caught)
    except Exception:  # a learner's own exception class may be broken too
        message = ""
    line, source = None, None
    if isinstance(caught, SyntaxError):
        message, line, source = caught.msg or "", caught.lineno, caught.text
    else:
        trace = caught.__traceback__
        while trace is not None:
            filename = trace.tb_frame.f_code.co_filename
            if _is_learners(filename):
                line, source = trace.tb_lineno, linecache.getline(filename, trace.tb_lineno)
            trace = trace.tb_next
    return {
        "type": type(caught).__name__,
        "message": message[:MESSAGE],
        "line": line,
        "source": source.strip()[:MESSAGE] if source else None,
    }


def _is_learners(filename: str) -> bool:
    """A file that is neither Python's, nor an installed package's, nor the companion's."""
    return not filename.startswith(("<frozen", "<__array_function__", *LIBRARY))
