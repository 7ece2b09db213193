"""What runs beside the learner's code in chapter 1: one call, its result as plain data.

A probe gets the learner's answer and the keyword arguments of one call. It knows no reference and
imports no check: in a sandbox it is the only course code that a submission sees.
"""

import numpy as np

from companion.probes.values import scalar as scalar


def pair_counts(answer, case):
    """A function that returns {(context, word): count}: the pairs in order, and their counts."""
    counts = _table(answer(**case))
    for key in counts:
        if not (isinstance(key, tuple) and len(key) == 2):
            raise TypeError(f"the key {key!r} is not a tuple (context, word)")
    pairs = sorted(counts)
    return {
        "contexts": [str(context) for context, _ in pairs],
        "words": [str(word) for _, word in pairs],
        "counts": np.array([float(counts[pair]) for pair in pairs]),
    }


def distribution(answer, case):
    """A function that returns {word: probability}: the words in order, and their probabilities."""
    probs = _table(answer(**case))
    words = sorted(probs)
    return {
        "words": [str(word) for word in words],
        "probs": np.array([float(probs[word]) for word in words]),
    }


def size_and_seen(answer, case):
    """A function that returns the pair (cells of the table, cells that the text fills)."""
    result = answer(**case)
    if isinstance(result, np.ndarray):
        result = result.tolist()
    if not (isinstance(result, tuple | list) and len(result) == 2):
        raise TypeError(f"{result!r} is not a pair (cells, seen)")
    cells, seen = result
    return {"cells": float(cells), "seen": float(seen)}


def _table(result):
    if not hasattr(result, "keys"):
        raise TypeError(f"the result is a {type(result).__name__}, it should be a dictionary")
    return result
