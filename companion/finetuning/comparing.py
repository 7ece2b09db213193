"""Is one better than the other? Scores of several seeds, and the difference item by item. Ch. 10.

The test items are what chance drew, so they are what is drawn again (Efron 1979; Koehn 2004). Two
systems answered the same items: resampling both together takes out what is hard for both. Letters:
S seeds, N items, K counts.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from companion import metrics

Score = Callable[[np.ndarray], float]


class Figure(NamedTuple):
    """A score and its interval of 95 % over the items."""

    value: float
    low: float
    high: float


def grouped(counts: np.ndarray, groups: Sequence[str]) -> np.ndarray:
    """Counts summed over the items of one group; an item without a group is one of its own.

    Twenty sentences from one template are one draw, not twenty: what an interval draws are groups.
    """
    names = [group or f"item {i}" for i, group in enumerate(groups)]
    place = {name: i for i, name in enumerate(dict.fromkeys(names))}
    summed = np.zeros((len(place), counts.shape[1]))
    np.add.at(summed, [place[name] for name in names], counts)
    return summed


def figure(counts: np.ndarray, score: Score, resamples: int = 1000) -> Figure:
    """The mean over seeds of a score, from counts (seeds, items, columns), and its interval.

    Raises `ValueError` for fewer than two items.
    """
    side, columns = _side_by_side(counts)
    whole = _mean_score(score, columns)
    return Figure(
        whole(side.sum(axis=0)), *metrics.corpus_interval(side, whole, resamples=resamples)
    )


def difference(ours: np.ndarray, theirs: np.ndarray, score: Score, resamples: int = 1000) -> Figure:
    """Our score less theirs on the same items, paired: (seeds, items, columns) each.

    The numbers of seeds may differ; each side is the mean over its own. An interval that does not
    hold 0 says that the difference is not the luck of these items. Raises `ValueError` for
    different items.
    """
    if ours.shape[1:] != theirs.shape[1:]:
        raise ValueError(
            f"ours has items × counts {ours.shape[1:]} and theirs {theirs.shape[1:]}; compare "
            "answers to the same items"
        )
    (a, left), (b, right) = _side_by_side(ours), _side_by_side(theirs)
    both = np.hstack([a, b])

    def less(sums):
        mine, yours = sums[: a.shape[1]], sums[a.shape[1] :]
        return _mean_score(score, left)(mine) - _mean_score(score, right)(yours)

    return Figure(less(both.sum(axis=0)), *metrics.corpus_interval(both, less, resamples=resamples))


def _side_by_side(counts: np.ndarray) -> tuple[np.ndarray, int]:
    """(S, N, K) as (N, S·K): what an item counts under every seed, and K."""
    counts = np.asarray(counts, float)
    return counts.transpose(1, 0, 2).reshape(counts.shape[1], -1), counts.shape[2]


def _mean_score(score: Score, columns: int) -> Score:
    return lambda sums: float(np.mean([score(part) for part in sums.reshape(-1, columns)]))
