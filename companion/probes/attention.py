"""What runs beside the learner's code in chapter 4: one call, its result as plain data.

A probe gets the learner's answer and the keyword arguments of one call. It knows no reference and
imports no check: in a sandbox it is the only course code that a submission sees.
"""

import numpy as np

from companion.probes.values import array as array


def multiplications_and_weights(answer, case):
    """A function that returns the pair (multiplications, weights)."""
    multiplications, weights = _pair(answer(**case), "(multiplications, weights)")
    return {"multiplications": float(multiplications), "weights": float(weights)}


def mean_of_rows(answer, case):
    """A function that returns one number; the array of one who forgot the mean stays an array."""
    result = answer(**case)
    return {"value": float(result) if np.ndim(result) == 0 else np.asarray(result)}


def output_and_weights(answer, case):
    """A function that returns the pair (output, weights).

    Of a row that may attend to nothing only this is compared: its numbers are finite.
    """
    output, weights = map(np.asarray, _pair(answer(**case), "(output, weights)"))
    finite = bool(np.isfinite(output).all() and np.isfinite(weights).all())
    hidden = ~case["attention_mask"].any(axis=-1)
    if hidden.any() and len(output) == len(weights) == len(hidden):
        output, weights = (np.where(hidden[:, None], 0.0, x) for x in (output, weights))
    return {"output": output, "weights": weights, "numbers are finite": finite}


def _pair(result, names):
    if not (isinstance(result, tuple | list) and len(result) == 2):
        raise TypeError(f"the result is a {type(result).__name__}, it should be a pair {names}")
    return result
