"""What runs beside the learner's code in chapter 8: one call, its result as plain data.

A probe gets the learner's answer and what one case holds. It knows no reference and imports no
check: in a sandbox it is the only course code that a submission sees.
"""

import numpy as np

from companion.probes.values import array as array
from companion.probes.values import scalar as scalar

PATIENCE = 2000  # questions before a model of a search gives up


def ids(answer, case):
    """A function that returns a list or set of ids: the list as it is, a set in order."""
    return {"ids": _as_ids(answer(**case))}


def search(answer, case):
    """A search that asks a model for log p of the next token: `table` has a row a token.

    The case holds `table` (vocab, vocab), `start_id`, and what else the search wants.
    """
    case, asked = dict(case), 0
    table, start_id = case.pop("table"), case.pop("start_id")

    def next_log_probs(text):
        nonlocal asked
        asked += 1
        if asked > PATIENCE:
            raise RuntimeError(f"asked for a next token {PATIENCE} times: the search does not end")
        return table[[start_id, *(int(token) for token in text)][-1]].copy()

    return {"ids": _as_ids(answer(next_log_probs, **case))}


def cached(answer, case):
    """A function that reads one vector: it is given all of `x` in turn, and its own caches."""
    x, room = case["x"], case["room"]
    keys, values = (np.zeros((room, case[name].shape[1])) for name in ("wk", "wv"))
    outputs = []
    for position, vector in enumerate(x):
        result = answer(vector, keys, values, position, case["wq"], case["wk"], case["wv"])
        if not isinstance(result, tuple) or len(result) != 3:
            raise TypeError("the result is to be three arrays: output, keys, values")
        output, keys, values = result
        outputs.append(np.asarray(output))
    return {"outputs": np.stack(outputs), "keys": np.asarray(keys), "values": np.asarray(values)}


def rate_and_rest(answer, case):
    """A function that returns (a number, an array)."""
    result = answer(**case)
    if not isinstance(result, tuple) or len(result) != 2:
        raise TypeError("the result is to be a pair: the share of kept guesses, an array")
    rate, rest = result
    return {"rate": float(rate), "rest": np.asarray(rest)}


def _as_ids(result):
    if isinstance(result, set | frozenset):
        result = sorted(result)
    if not isinstance(result, list | tuple | np.ndarray):
        raise TypeError(f"the result is a {type(result).__name__}, it should be a list of ids")
    return [int(np.asarray(token).item()) for token in result]
