"""What callers hand in, brought to one form: numbers to compute with, and places. Chapter 4."""

import operator

import keras
from keras import ops


def as_floats(x):
    """x as a tensor of floats; what is whole becomes float32, since no result here is whole."""
    x = ops.convert_to_tensor(x)
    return x if keras.backend.is_float_dtype(x.dtype) else ops.cast(x, "float32")


def known_position(position):
    """The position as an int; None if only a running graph knows it, or if each row has its own.

    Keras hands a NumPy number to `call` as a tensor, so the type `int` alone would not do.
    """
    try:
        return operator.index(position)
    except TypeError:
        return None


def first_of_the_last(target_length, source_length):
    """Where the targets begin that are the last of a source; `ValueError` for more than it has."""
    first = source_length - target_length
    if (known_position(first) or 0) < 0:
        raise ValueError(
            f"{target_length} targets in a source of {source_length}: the targets are part of "
            "the source; give `position` if they begin elsewhere"
        )
    return first
