"""Who may look at whom: masks are boolean, and True means *may attend*. Chapter 4.

Two masks are combined by `&`. A mask has the shape (target, source) or anything that broadcasts
from it, such as (batch, 1, source). Letters: T target length, S source length.
"""

from keras import ops

from .arguments import first_of_the_last

# Replaces a forbidden score before the softmax. Finite, so that a row in which everything is
# forbidden becomes equal weights and not 0/0; far below any score, so that exp gives exactly 0.
MASKED = -1e9


def causal_mask(target_length, source_length=None, position=None):
    """mask[t, s] = (s ≤ position + t): itself and the past (Vaswani et al. 2017, §3.2.3).

    Boolean, (target_length, source_length). `position` is the place of the first target in the
    source; by default the targets are the last `target_length` of the source. Lengths and position
    may be tensors. Raises `ValueError` for more targets than sources without a position.

    >>> causal_mask(3)
    [[ True, False, False],
     [ True,  True, False],
     [ True,  True,  True]]
    """
    if source_length is None:
        source_length = target_length
    if position is None:
        position = first_of_the_last(target_length, source_length)
    targets = ops.arange(target_length) + position
    return ops.arange(source_length)[None, :] <= targets[:, None]  # (T, S)


def padding_mask(ids, pad_id=0):
    """mask[b, 0, s] = (ids[b, s] ≠ pad_id): nobody looks at padding.

    `ids` are integers (batch, source); the mask is boolean, (batch, 1, source), for all targets.
    """
    ids = ops.convert_to_tensor(ids)
    if len(ids.shape) != 2:
        raise ValueError(f"ids have shape {tuple(ids.shape)}; wanted (batch, source)")
    return ops.not_equal(ids, pad_id)[:, None, :]  # (B, 1, S)
