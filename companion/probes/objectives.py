"""What runs beside the learner's code in chapter 9: one call, its result as plain data.

A probe gets the learner's answer and what one case holds. It knows no reference and imports no
check: in a sandbox it is the only course code that a submission sees.
"""

import numpy as np

from companion.probes.values import array as array


def loss(answer, case):
    """A function that returns one number; an array stays one, so that a forgotten mean is told."""
    result = answer(**case)
    if result is None:
        return {"value": None}
    value = np.asarray(result, float)
    return {"value": value.item() if value.size == 1 else value}


def _whole(part):
    """The part as an array, of integers where its numbers are whole: True is 1, and 1.0 is 1."""
    part = np.asarray(part)
    if part.dtype.kind == "b":
        return part.astype(int)
    if part.dtype.kind == "f" and np.all(np.isfinite(part)) and np.all(part == np.round(part)):
        return part.astype(int)
    return part


def _parts(result, names):
    if not isinstance(result, tuple | list) or len(result) != len(names):
        raise TypeError(f"the result should be {len(names)} arrays: `return {', '.join(names)}`")
    return {name: _whole(part) for name, part in zip(names, result, strict=True)}


def read_and_labels(answer, case):
    """A function that returns what the discriminator reads, and its labels."""
    return _parts(answer(**case), ("read", "labels"))


def inputs_and_targets(answer, case):
    """A function that returns two lists, which may differ in length."""
    return _parts(answer(**case), ("inputs", "targets"))


def denoising(answer, case):
    """A function that returns three rows: what the encoder reads, what the decoder sees, says."""
    return _parts(answer(**case), ("source", "shown", "target"))


def company(answer, case):
    """A function that asks for the losses of some rows; the loss is made from the case's kind."""
    return {"result": np.asarray(answer(losses_of(case["kind"]), case["x"]), float)}


def losses_of(kind):
    """`losses(x)`: from rows (n, width) the loss of each, (n,).

    "own" looks at each row by itself; "contrastive" tells each row's second half from the others';
    "centred" measures each row from the mean of all; "shared" splits a sum among the rows.
    """

    def losses(x):
        x = np.asarray(x, float)
        if x.ndim != 2 or not len(x):
            raise ValueError(f"x has shape {x.shape}; wanted (rows, width) with at least one row")
        if kind == "own":
            return np.log1p(np.exp(x)).sum(axis=1)
        if kind == "shared":
            return (x**2).sum(axis=1) / len(x)
        if kind == "centred":
            return ((x - x.mean(axis=0)) ** 2).sum(axis=1)
        half = x.shape[1] // 2
        scores = x[:, :half] @ x[:, half:].T
        return np.log(np.exp(scores).sum(axis=1)) - np.diagonal(scores)

    return losses
