"""Values as JSON and back, for the pipe between a grader and a sandbox. No pickle, no code.

What JSON has goes as it is: None, bool, int, float (NaN and infinities too), str, list. All else
goes as an object with one tag:

    {"dict": [[key, value], ...]}   {"tuple": [...]}   {"set": [...]}   {"frozenset": [...]}
    {"array": "<base64>", "dtype": "f8", "shape": [2, 3]}        {"scalar": ...} likewise
    {"bytes": "<base64>"}           {"counter": [[key, count], ...]}
    {"generator": {...}}            a NumPy random generator, by its state

`decode` is for what the grader says, which is trusted. What comes back is read by another reader,
in `companion.course.sandbox.results`.
"""

import base64
from collections import Counter
from typing import Any

import numpy as np

DTYPES = ("f4", "f8", "i4", "i8", "b1")
WIDER = {"f2": "f4", "i1": "i4", "i2": "i4", "u1": "i4", "u2": "i4", "u4": "i8"}  # exact
PLAIN = frozenset({str, int, float, bool, type(None)})  # these go as they are
CONTAINERS = {tuple: "tuple", set: "set", frozenset: "frozenset"}


def encode(value: Any) -> Any:
    """`value` as data for `json.dumps`. Raises `ValueError` for a type that has no tag."""
    if type(value) in PLAIN:
        return value
    if type(value) is list:
        return [item if type(item) in PLAIN else encode(item) for item in value]
    if type(value) in CONTAINERS:
        return {CONTAINERS[type(value)]: encode(list(value))}
    if type(value) in (dict, Counter):
        tag = "dict" if type(value) is dict else "counter"
        return {tag: [[encode(key), encode(item)] for key, item in value.items()]}
    if type(value) is bytes:
        return {"bytes": _text(value)}
    if type(value) is np.ndarray:
        return _array(value, "array")
    if isinstance(value, np.generic):
        return _array(np.asarray(value), "scalar")
    if type(value).__name__ == "Generator" and type(value) is np.random.Generator:
        return {"generator": encode(value.bit_generator.state)}
    known = "plain values, lists, tuples, sets, dicts, arrays of numbers and NumPy generators"
    raise ValueError(f"a {type(value).__name__} cannot go through the pipe; {known} can")


def decode(data: Any) -> Any:
    """What `encode` was given. Raises `ValueError` for an unknown tag."""
    if type(data) in PLAIN:
        return data
    if type(data) is list:
        return [item if type(item) in PLAIN else decode(item) for item in data]
    for kind, tag in CONTAINERS.items():
        if tag in data:
            return kind(decode(data[tag]))
    if "dict" in data:
        return {decode(key): decode(item) for key, item in data["dict"]}
    if "counter" in data:
        return Counter({decode(key): decode(item) for key, item in data["counter"]})
    if "bytes" in data:
        return base64.b64decode(data["bytes"])
    if "array" in data:
        return _numbers(data, "array").copy()
    if "scalar" in data:
        return _numbers(data, "scalar")[()]
    if "generator" in data:
        state = decode(data["generator"])
        generator = getattr(np.random, state["bit_generator"])()
        generator.state = state
        return np.random.Generator(generator)
    raise ValueError(f"no value has the tags {sorted(data)}")


def _array(array: np.ndarray, tag: str) -> dict[str, Any]:
    """Numbers in one of the five dtypes; a narrower type goes as the next that holds it exactly."""
    name = array.dtype.str[1:]
    name = WIDER.get(name, name)
    if name == "u8" and (array.size == 0 or array.max() < 2**63):
        name = "i8"
    if name not in DTYPES:
        raise ValueError(f"an array of {array.dtype} cannot go through the pipe; float64 can")
    body = np.ascontiguousarray(array, dtype="<" + name).tobytes()
    return {tag: _text(body), "dtype": name, "shape": list(array.shape)}


def _numbers(data: dict[str, Any], tag: str) -> np.ndarray:
    body = np.frombuffer(base64.b64decode(data[tag]), dtype="<" + data["dtype"])
    return body.reshape(data["shape"])


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
