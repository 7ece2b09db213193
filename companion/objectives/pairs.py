"""Sentence order: two neighbours, the right way round or swapped; and gaps in pairs. Chapter 9.

Next-sentence prediction (chapter 6) can be solved by topic: a false second segment comes from
another document. Here both segments always come from the same place. NumPy throughout.
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from companion import training
from companion.bert import CLS_ID, SEP_ID, gaps, most_gaps
from companion.bert.learning import Mask
from companion.bert.rows import Documents
from companion.transformer import padded


class Ordered(NamedTuple):
    """`ids` and `segments` (pairs, length), `in_order` (pairs,) with 1 for the text's own order."""

    ids: np.ndarray
    segments: np.ndarray
    in_order: np.ndarray


def sentence_order_pairs(
    documents: Documents,
    rng: np.random.Generator,
    length: int,
    cls_id: int = CLS_ID,
    sep_id: int = SEP_ID,
) -> Ordered:
    """[CLS] A [SEP] B [SEP] with A before B in the text, half of the pairs swapped.

    Sentence-order prediction of ALBERT; Lan et al. 2020, §3.1. A pair for each sentence that has
    one after it in its document. Segment 1 is the second segment and its [SEP]; padding is 0. The
    longer sentence is cut until the pair fits. Raises `ValueError` for documents without two
    sentences or a length below 5.
    """
    if length < 5:
        raise ValueError(f"length is {length}; [CLS] a [SEP] b [SEP] need 5")
    neighbours = [(a, b) for text in documents for a, b in pairwise(text)]
    if not neighbours:
        raise ValueError("no document has two sentences, so that none has an order")
    in_order = rng.permutation(np.arange(len(neighbours)) % 2 == 0)  # half, up to one
    ids, segments = [], []
    for (a, b), right in zip(neighbours, in_order, strict=True):
        first, second = _fitting(a, b, length - 3) if right else _fitting(b, a, length - 3)
        ids.append([cls_id, *first, sep_id, *second, sep_id])
        segments.append([0] * (len(first) + 2) + [1] * (len(second) + 1))
    return Ordered(padded(ids, length), padded(segments, length), in_order.astype(np.int32))


def _fitting(first, second, room):
    """Both cut so that together they fill at most `room`; the shorter one is cut last."""
    first = first[: max((room + 1) // 2, room - len(second))]
    return first, second[: room - len(first)]


def masked_pairs(
    ids: np.ndarray,
    segments: np.ndarray,
    labels: np.ndarray,
    batch_size: int,
    mask: Mask,
    seed: int = 0,
) -> training.Batch:
    """((shown, segments, positions), {"masked", "next"}) by step, for chapter 6's `PairedBert`.

    Pairs of `make_pairs` or of `sentence_order_pairs`, with new gaps at every step. Raises
    `ValueError` as `training.shuffled` does.
    """
    pick = training.shuffled(ids, segments, labels, batch_size=batch_size, seed=seed)
    width = most_gaps(ids.shape[1])

    def batch(step: int):
        rows, kinds, answers = pick(step)
        shown, chosen = mask(rows, np.random.default_rng([seed, step]))
        positions, hidden = gaps(rows, chosen, width)
        return (shown, kinds, positions), {"masked": hidden, "next": answers}

    return batch
