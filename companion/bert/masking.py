"""Which tokens become gaps, and what the model is shown in their place. Chapter 6.

The law: 15 % of the tokens are chosen; of those 80 % are shown as [MASK], 10 % as a random token,
10 % as they are (Devlin et al. 2019, §3.1 and appendix A.1). NumPy throughout. Letters: B batch,
T time, P gaps a row.
"""

from collections.abc import Collection
from typing import NamedTuple

import numpy as np

from companion.transformer import PAD_ID

RATE = 0.15
SHOWN_MASKED, SHOWN_RANDOM = 0.8, 0.1
SPECIAL_IDS = (0, 1, 2, 3, 4)  # [PAD], [UNK], [CLS], [SEP], [MASK] of `WordPiece.train`
MASK_ID = 4


class Masked(NamedTuple):
    """What the model is shown, `ids`, and where it has to answer, `chosen` (boolean)."""

    ids: np.ndarray
    chosen: np.ndarray


def mask_tokens(
    ids: np.ndarray,
    rng: np.random.Generator,
    vocab_size: int,
    *,
    mask_id: int = MASK_ID,
    special_ids: Collection[int] = SPECIAL_IDS,
    rate: float = RATE,
    shown: tuple[float, float] = (SHOWN_MASKED, SHOWN_RANDOM),
    words: np.ndarray | None = None,
) -> Masked:
    """Choose `rate` of the tokens; show them as [MASK] 80 %, a random token 10 %, themselves 10 %.

    Devlin et al. 2019, §3.1. `ids` (batch, time) are left as they are. Special tokens, padding
    among them, are never chosen and never shown as random ones. Each row gets rate·n gaps for its
    n other tokens, rounded up or down at random so that the share is right on average. `shown` are
    the first two shares, the third is the rest. With `words` (batch, time), the number of the word
    that each token is part of, whole words are chosen, in random order as long as they fit: the
    share is then below `rate`, the more so the longer the words and the shorter the rows (20 tokens
    in words of two: 10 % in place of 15 %). Raises `ValueError` for shares that are none, a rate
    outside 0 … 1, and a vocabulary of special tokens only.

    >>> mask_tokens(ids, np.random.default_rng(0), vocab_size=5000).ids
    """
    ids = np.asarray(ids)
    masked, random = shown
    if min(masked, random) < 0 or masked + random > 1 or not 0 <= rate <= 1:
        raise ValueError(
            f"rate {rate} and shares {shown}: wanted a rate of 0 to 1 and two shares whose sum is "
            "at most 1"
        )
    ordinary = np.setdiff1d(np.arange(vocab_size), list(special_ids))
    if not len(ordinary):
        raise ValueError(f"all {vocab_size} tokens of the vocabulary are special ones")
    candidates = ~np.isin(ids, list(special_ids))  # (B, T)
    quota = rate * candidates.sum(axis=1) + rng.random(len(ids))
    quota = np.floor(quota).astype(int)  # ⌊q⌋ or ⌊q⌋ + 1, on average q
    if words is None:
        chosen = _choose(candidates, quota, rng)
    else:
        chosen = _choose_words(candidates, np.asarray(words), quota, rng)
    lot = rng.random(ids.shape)
    out = np.where(chosen & (lot < masked), mask_id, ids)
    other = rng.choice(ordinary, ids.shape)
    out = np.where(chosen & (lot >= masked) & (lot < masked + random), other, out)
    return Masked(out.astype(ids.dtype), chosen)


def _choose(candidates: np.ndarray, quota: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """`quota` candidates of each row, all equally likely: those with the smallest numbers."""
    lot = np.where(candidates, rng.random(candidates.shape), 2.0)
    rank = lot.argsort(axis=1).argsort(axis=1)
    return rank < quota[:, None]


def _choose_words(candidates, words, quota, rng) -> np.ndarray:
    """Whole words of each row in random order, passing over those that no longer fit."""
    chosen = np.zeros_like(candidates)
    for row, (allowed, numbers, left) in enumerate(zip(candidates, words, quota, strict=True)):
        for word in rng.permutation(np.unique(numbers[allowed])):
            tokens = allowed & (numbers == word)
            if tokens.sum() <= left:
                chosen[row] |= tokens
                left = left - tokens.sum()
    return chosen


def gaps(
    original: np.ndarray, chosen: np.ndarray, width: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """The chosen positions and the true ids there: two int32 arrays (batch, width).

    Rows with fewer gaps are filled up with position 0 and label 0 (padding, which the loss leaves
    out); `width` is by default that of the fullest row. Raises `ValueError` where it is too small.
    """
    counts = chosen.sum(axis=1)
    most = max(1, int(counts.max(initial=0)))
    width = most if width is None else width
    if not most <= width <= chosen.shape[1]:
        raise ValueError(
            f"width is {width}; the fullest of these rows has {most} gaps and {chosen.shape[1]} "
            "ids (`dynamic_masks` and `static_masks` want the mask's rate as rate= to make room)"
        )
    order = np.argsort(~chosen, axis=1, kind="stable")[:, :width]  # (B, P), chosen ones first
    real = np.arange(width) < counts[:, None]
    positions = np.where(real, order, 0)
    labels = np.where(real, np.take_along_axis(np.asarray(original), order, axis=1), PAD_ID)
    return positions.astype(np.int32), labels.astype(np.int32)


def most_gaps(length: int, rate: float = RATE) -> int:
    """The most gaps that a row of `length` tokens can have: rate·length, rounded up."""
    return max(1, int(np.ceil(rate * length)))


def word_numbers(tokens: list[str]) -> np.ndarray:
    """The number of the word that each WordPiece token is part of: "##" continues the word before.

    >>> word_numbers(["un", "##aff", "##able", "dog"])
    array([0, 0, 0, 1])
    """
    begins = np.array([not token.startswith("##") for token in tokens], dtype=int)
    return np.maximum(np.cumsum(begins) - 1, 0)
