"""What runs beside the learner's code in chapter 2: one call, its result as plain data.

A probe gets the learner's answer and the keyword arguments of one call. It knows no reference and
imports no check: in a sandbox it is the only course code that a submission sees.
"""

import numpy as np


def written_tokens(answer, case):
    """The list of tokens that the learner wrote down; there is nothing to call."""
    return {"tokens": _tokens(answer)}


def tokens(answer, case):
    """A function that returns a list of tokens (or of words), which are strings."""
    return {"tokens": _tokens(answer(**case))}


def text(answer, case):
    """A function that returns a text."""
    result = answer(**case)
    if not isinstance(result, str):
        raise TypeError(f"the result is a {type(result).__name__}, it should be a string")
    return {"text": result}


def pair_table(answer, case):
    """A function that returns {(left, right): number}: the pairs in order, and their numbers."""
    table = answer(**case)
    if not hasattr(table, "keys"):
        raise TypeError(f"the result is a {type(table).__name__}, it should be a dictionary")
    for key in table:
        if not (isinstance(key, tuple) and _is_pair(key)):
            raise TypeError(f"the key {key!r} is not a tuple (left, right) of two strings")
    pairs = sorted(table)
    return {
        "lefts": [left for left, _ in pairs],
        "rights": [right for _, right in pairs],
        "numbers": np.array([float(table[pair]) for pair in pairs]),
    }


def pair_list(answer, case):
    """A function that returns a list of pairs (left, right), whose order counts."""
    result = answer(**case)
    if not isinstance(result, list | tuple):
        raise TypeError(f"the result is a {type(result).__name__}, it should be a list of pairs")
    for pair in result:
        if not _is_pair(pair):
            raise TypeError(f"the merge {pair!r} is not a pair (left, right) of two strings")
    return {"merges": [[str(left), str(right)] for left, right in result]}


def two_ratios(answer, case):
    """A function that returns the pair (tokens per character, bytes per token)."""
    result = answer(**case)
    if isinstance(result, np.ndarray):
        result = result.tolist()
    if not (isinstance(result, tuple | list) and len(result) == 2):
        raise TypeError(f"{result!r} is not a pair (tokens per character, bytes per token)")
    per_character, per_token = result
    return {"tokens per character": float(per_character), "bytes per token": float(per_token)}


def _tokens(result):
    if not isinstance(result, list | tuple):
        raise TypeError(f"the result is a {type(result).__name__}, it should be a list of strings")
    for token in result:
        if not isinstance(token, str):
            raise TypeError(f"the token {token!r} is not a string")
    return [str(token) for token in result]


def _is_pair(found):
    pair = isinstance(found, tuple | list) and len(found) == 2
    return pair and all(isinstance(token, str) for token in found)
