"""Next-sentence prediction: pairs of segments, half of them false. Chapter 6."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from companion.transformer import PAD_ID

from .rows import CLS_ID, SEP_ID, Documents


class Pairs(NamedTuple):
    """`ids` and `segments` (pairs, length), `is_next` (pairs,) with 1 for "followed"."""

    ids: np.ndarray
    segments: np.ndarray
    is_next: np.ndarray


def make_pairs(
    documents: Documents,
    rng: np.random.Generator,
    length: int,
    cls_id: int = CLS_ID,
    sep_id: int = SEP_ID,
) -> Pairs:
    """[CLS] A [SEP] B [SEP]: B followed A in half of the pairs; Devlin et al. 2019, §3.1, task 2.

    With single sentences (SENTENCE-PAIR of Liu et al. 2019, §4.2), where BERT took spans of
    several. A pair for each sentence that has one after it in its document. A false B is any
    sentence of *another* document, so that it cannot be the true one. Segment 0 is [CLS] A [SEP],
    segment 1 is B [SEP]; padding is 0 in both. The longer side is cut until the pair fits. Raises
    `ValueError` for fewer than two documents, none with two sentences, or a length below 5.
    """
    if length < 5:
        raise ValueError(f"length is {length}; [CLS] a [SEP] b [SEP] need 5")
    if len(documents) < 2:
        raise ValueError(f"{len(documents)} document(s): a false pair takes B from another one")
    places = [(d, i) for d, document in enumerate(documents) for i in range(len(document) - 1)]
    if not places:
        raise ValueError("no document has two sentences, so that none follows another")
    is_next = rng.permutation(np.arange(len(places)) % 2 == 0)  # half, up to one
    ids = np.full((len(places), length), PAD_ID, np.int32)
    segments = np.zeros_like(ids)
    for row, ((d, i), true) in enumerate(zip(places, is_next, strict=True)):
        second = documents[d][i + 1] if true else _elsewhere(documents, d, rng)
        first, second = _fit(documents[d][i], second, length - 3)
        pair = [cls_id, *first, sep_id, *second, sep_id]
        ids[row, : len(pair)] = pair
        segments[row, len(first) + 2 : len(pair)] = 1
    return Pairs(ids, segments, is_next.astype(np.int32))


def _elsewhere(documents: Documents, this: int, rng: np.random.Generator) -> Sequence[int]:
    """A sentence of another document, each document equally likely."""
    other = rng.integers(len(documents) - 1)
    document = documents[other + (other >= this)]
    return document[rng.integers(len(document))]


def _fit(first: Sequence[int], second: Sequence[int], room: int) -> tuple[Sequence, Sequence]:
    """Both shortened at their ends, the longer one first, until they fit."""
    while len(first) + len(second) > room:
        if len(first) > len(second):
            first = first[:-1]
        else:
            second = second[:-1]
    return first, second
