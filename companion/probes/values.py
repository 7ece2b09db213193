"""The probes that every chapter needs: an answer that is a number, or a function that gives one.

A probe gets the learner's answer and the keyword arguments of one call, and returns plain data by
name. A chapter's own probes stand in the module of its name.
"""

import numpy as np


def number(answer, case):
    """The number that the learner wrote down; there is nothing to call."""
    return {"value": float(answer)}


def scalar(answer, case):
    """A function that returns one number."""
    return {"value": float(answer(**case))}


def array(answer, case):
    """A function that returns one array."""
    return {"result": np.asarray(answer(**case))}
