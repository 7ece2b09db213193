"""NumPy pieces that the references and the wrong variants of chapter 4 are put together from."""

import numpy as np


def softmax(scores, axis=-1):
    """exp(x) / Σ exp(x), after the maximum was taken away so that nothing overflows."""
    powers = np.exp(scores - scores.max(axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


def naive_softmax(scores):
    """The same without taking the maximum away: overflows from about 700."""
    with np.errstate(all="ignore"):
        powers = np.exp(scores)
        return powers / powers.sum(axis=-1, keepdims=True)


def normal(rng, *shape):
    """Numbers from the unit normal distribution, rounded so that they can be read."""
    return np.round(rng.normal(size=shape), 2)
