"""What runs beside the learner's code in chapter 3: one call, its result as plain data.

A probe gets the learner's answer and the keyword arguments of one call. It knows no reference and
imports no check: in a sandbox it is the only course code that a submission sees.
"""

import numpy as np

from companion.probes.values import array as array
from companion.probes.values import scalar as scalar


def word_pairs(answer, case):
    """A function that returns a list of pairs (centre, context), in any order."""
    result = answer(**case)
    if not isinstance(result, list | tuple | set):
        raise TypeError(f"the result is a {type(result).__name__}, it should be a list of pairs")
    for pair in result:
        if not (isinstance(pair, tuple | list) and len(pair) == 2 and _are_words(pair)):
            raise TypeError(f"{pair!r} is not a pair (centre, context) of two words")
    pairs = sorted((str(centre), str(context)) for centre, context in result)
    return {"pairs": [f"{centre} → {context}" for centre, context in pairs]}


def words(answer, case):
    """A function that returns a list of words, whose order counts."""
    result = answer(**case)
    if isinstance(result, np.ndarray):
        result = result.tolist()
    if not isinstance(result, list | tuple):
        raise TypeError(f"the result is a {type(result).__name__}, it should be a list of words")
    for word in result:
        if not isinstance(word, str):
            raise TypeError(f"{word!r} is not a word; the list holds strings, without cosines")
    return {"words": [str(word) for word in result]}


def two_tables(answer, case):
    """A function that returns the pair (vectors, neighbours), or the two stacked."""
    result = answer(**case)
    pair = isinstance(result, tuple | list) or (isinstance(result, np.ndarray) and result.ndim)
    if not (pair and len(result) == 2):
        raise TypeError(
            f"the result is a {type(result).__name__}, it should be a pair (vectors, neighbours)"
        )
    vectors, neighbours = map(np.asarray, result)
    return {"vectors": vectors, "neighbours": neighbours}


def _are_words(pair):
    return all(isinstance(word, str) for word in pair)
