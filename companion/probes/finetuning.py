"""What runs beside the learner's code in chapter 10: one call, its result as plain data.

A probe gets the learner's answer and what one case holds. It knows no reference and imports no
check: in a sandbox it is the only course code that a submission sees.
"""

import numpy as np

from companion.probes.values import array as array
from companion.probes.values import scalar as scalar

PATIENCE = 500  # gradients before a training gives up


def spans(answer, case):
    """A function that returns spans: a list of (first, one past the last, type)."""
    return {"spans": [_span(span) for span in _sequence(answer(**case), "spans")]}


def place(answer, case):
    """A function that returns where an answer begins and ends: two numbers."""
    found = _sequence(answer(**case), "numbers: `return first, last`")
    if len(found) != 2:
        raise TypeError(f"{len(found)} numbers came back; wanted are two: `return first, last`")
    return {"place": [int(np.asarray(one).item()) for one in found]}


def path(answer, case):
    """A function that returns a tag's number for each item."""
    found = _sequence(answer(**case), "tags' numbers")
    return {"path": [int(np.asarray(tag).item()) for tag in found]}


def tuning(answer, case):
    """A function that trains weights by a gradient, and asks for a score on a split.

    The case holds `curves` and `goals` (of which `descent` makes both), and what else is given.
    Besides the weights, how many gradients were asked for is an output.
    """
    case = dict(case)
    gradient, score, asked = descent(case.pop("curves"), case.pop("goals"))
    weights = answer(gradient=gradient, score=score, **case)
    return {"weights": np.asarray(weights, float), "turns": len(asked)}


def descent(curves, goals):
    """(`gradient(weights)`, `score(weights, split)`, a list that grows with each gradient).

    The loss is ½ Σ curves · (weights − goals["train"])²; a split's score is minus the mean squared
    distance from its own goal, so that the best weights differ from split to split.
    """
    asked = []

    def gradient(weights):
        asked.append(None)
        if len(asked) > PATIENCE:
            raise RuntimeError(f"asked for {PATIENCE} gradients: the training does not end")
        return curves * (np.asarray(weights, float) - goals["train"])

    def score(weights, split):
        if split not in goals:
            raise ValueError(f"no split {split!r}; there are: {', '.join(goals)}")
        return -float(np.mean((np.asarray(weights, float) - goals[split]) ** 2))

    return gradient, score, asked


def _sequence(result, of):
    if not isinstance(result, list | tuple | np.ndarray):
        raise TypeError(f"the result is a {type(result).__name__}, it should be a list of {of}")
    return list(result)


def _span(span):
    if not isinstance(span, list | tuple) or len(span) != 3:
        raise TypeError(f"{span!r} is no span: wanted (first, one past the last, type)")
    begin, end, kind = span
    return [int(begin), int(end), str(kind)]
