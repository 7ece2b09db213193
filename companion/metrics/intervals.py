"""How sure a score is: bootstrap intervals of means and of scores of a corpus."""

from collections.abc import Callable, Sequence

import numpy as np


def bootstrap_interval(
    values: Sequence[float], level: float = 0.95, resamples: int = 2000, seed: int = 0
) -> tuple[float, float]:
    """Percentile interval of the mean under resampling with replacement (Efron 1979).

    `values` are per-item scores (items, not tokens of one text, must be what was sampled
    independently). Returns (low, high). Raises `ValueError` for fewer than two items or a level
    outside (0, 1).
    """
    items = np.asarray(values, dtype=np.float64).ravel()
    if items.size < 2:
        raise ValueError(f"{items.size} item(s): an interval needs at least two")
    if not 0 < level < 1:
        raise ValueError(f"level is {level}; it lies between 0 and 1, for example 0.95")
    rng = np.random.default_rng(seed)
    means = np.array(
        [items[rng.integers(0, items.size, items.size)].mean() for _ in range(resamples)]
    )
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def corpus_interval(
    counts: np.ndarray,
    score: Callable[[np.ndarray], float],
    level: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
) -> tuple[float, float]:
    """Percentile interval of a corpus score: sentences drawn anew, counts summed, score computed.

    Koehn 2004, §3. `counts` has a row a sentence and `score` takes their sum, as `bleu_counts` and
    `bleu_from_counts` do: BLEU of a corpus is no mean over sentences, so `bootstrap_interval` does
    not fit. Returns (low, high). Raises `ValueError` as that does.

    >>> corpus_interval(bleu_counts(ours, theirs), bleu_from_counts)
    """
    if len(counts) < 2:
        raise ValueError(f"{len(counts)} sentence(s): an interval needs at least two")
    if not 0 < level < 1:
        raise ValueError(f"level is {level}; it lies between 0 and 1, for example 0.95")
    rng = np.random.default_rng(seed)
    draws = (rng.integers(0, len(counts), len(counts)) for _ in range(resamples))
    scores = [score(counts[drawn].sum(axis=0)) for drawn in draws]
    low, high = np.quantile(scores, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
