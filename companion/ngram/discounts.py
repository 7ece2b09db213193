"""How much to take from what was seen: estimates made from counts of counts. Chapter 1.

n_r is the number of different n-grams seen exactly r times. A text that has many n-grams of count
1 would, if it went on, bring many new ones: n_1 is what tells how much probability to put aside.
On a tiny text some n_r are zero and an estimate cannot be made; each function says what it gives
then. Whatever it gives, the probabilities still sum to one.
"""

import numpy as np

FALLBACK = 0.75  # what Church & Gale (1991) measured on 22 million words, and nltk's default
FALLBACK_THREE = (0.5, 1.0, 1.5)  # KenLM's `--discount_fallback`


def counts_of_counts(counts: np.ndarray, highest: int) -> np.ndarray:
    """n_0 … n_highest: how many n-grams have each count. Only entries from 1 on are of use."""
    return np.bincount(counts[counts <= highest], minlength=highest + 1)


def absolute_discount(counts: np.ndarray) -> float:
    """D = n₁ / (n₁ + 2 n₂), one for all counts; Ney, Essen & Kneser 1994.

    Where n₁ or n₂ is zero: 0.75.
    """
    _, n1, n2 = counts_of_counts(counts, 2)
    return float(n1 / (n1 + 2 * n2)) if n1 and n2 else FALLBACK


def modified_discounts(counts: np.ndarray) -> tuple[float, float, float]:
    """Y = n₁/(n₁+2n₂), D_r = r − (r+1) Y n_{r+1}/n_r for r = 1, 2, 3+; Chen & Goodman 1998, §3.

    Where an n_r is zero, or a D_r is not between 0 and r: (0.5, 1, 1.5), as KenLM does on request.
    """
    n = counts_of_counts(counts, 4)
    if not n[1:].all():
        return FALLBACK_THREE
    y = n[1] / (n[1] + 2 * n[2])
    discounts = tuple(float(r - (r + 1) * y * n[r + 1] / n[r]) for r in (1, 2, 3))
    valid = all(0 <= discount <= r for r, discount in enumerate(discounts, 1))
    return discounts if valid else FALLBACK_THREE


def good_turing_counts(counts: np.ndarray, threshold: int = 5) -> np.ndarray:
    """r* = (r + 1) n_{r+1} / n_r for r ≤ threshold, r* = r above it; Good 1953, Katz 1987.

    Large counts are reliable, and their n_r too sparse to divide by. An r whose n_r or n_{r+1} is
    zero, or whose r* exceeds r, keeps r* = r. `counts` (n-grams,) gives floats (n-grams,).
    """
    n = counts_of_counts(counts, threshold + 1)
    adjusted = counts.astype(np.float64)
    for r in range(1, threshold + 1):
        if n[r] and n[r + 1] and (r + 1) * n[r + 1] <= r * n[r]:
            adjusted[counts == r] = (r + 1) * n[r + 1] / n[r]
    return adjusted


def katz_counts(counts: np.ndarray, threshold: int = 5) -> np.ndarray:
    """d_r · r with d_r = (r*/r − A) / (1 − A), A = (k+1) n_{k+1}/n_1; Katz 1987, C&G 1998, §2.4.

    The d_r take from the counts up to k = threshold exactly the n₁ that Good and Turing give to
    the unseen. A d_r outside (0, 1] leaves its count alone.
    """
    n = counts_of_counts(counts, threshold + 1)
    shrunk = counts.astype(np.float64)
    a = (threshold + 1) * n[-1] / n[1] if n[1] else 1.0
    if a >= 1:
        return shrunk
    for r in range(1, threshold + 1):
        if n[r]:
            ratio = ((r + 1) * n[r + 1] / (r * n[r]) - a) / (1 - a)
            if 0 < ratio <= 1:
                shrunk[counts == r] = ratio * r
    return shrunk


def interpolation_weights(
    counts: np.ndarray, context: np.ndarray, lower: np.ndarray, rounds: int = 30
) -> tuple[np.ndarray, np.ndarray]:
    """λ of each context by expectation–maximisation on left-out text; Jelinek & Mercer 1980.

    Each token is left out in turn: what remains of the maximum-likelihood estimate is
    (c(hw) − 1) / (c(h) − 1), and λ says how often that, rather than the shorter context, is the
    better guess. Contexts share a λ with those of about the same count (doubling bins).
    `lower` (n-grams,) is the left-out probability given the shorter context. Returns λ (contexts,)
    and the left-out probability of each n-gram, which is `lower` for the next order.
    """
    totals = np.bincount(context, counts)
    longer = np.maximum(counts - 1, 0) / np.maximum(totals[context] - 1, 1)
    bins = np.log2(totals + 1).astype(int)[context]
    weights = np.full(bins.max(initial=0) + 1, 0.5)
    size = np.maximum(np.bincount(bins, counts, len(weights)), 1)
    for _ in range(rounds):
        share = weights[bins] * longer
        total = share + (1 - weights[bins]) * lower
        share = np.divide(share, total, out=np.zeros_like(share), where=total > 0)
        weights = np.bincount(bins, counts * share, len(weights)) / size
    chosen = weights[np.log2(totals + 1).astype(int)] if len(totals) else totals
    return chosen, weights[bins] * longer + (1 - weights[bins]) * lower
