"""Several tasks in one training: how often each one gets a turn. Chapter 9.

    r_i ∝ min(size_i, limit)^(1/T)

T = 1 is *proportional* mixing, T → ∞ gives every task the same share. NumPy.
"""

from collections.abc import Sequence

import numpy as np

from companion import training


def temperature_mixing(
    sizes: Sequence[float], temperature: float = 1.0, limit: float | None = None
) -> np.ndarray:
    """r_i = min(s_i, K)^(1/T) / Σ_j min(s_j, K)^(1/T); Raffel et al. 2020, §3.5.2. (tasks,).

    `sizes` s are the tasks' numbers of examples, `limit` K a size beyond which a task counts no
    more. Raises `ValueError` for no task, a size, limit or temperature that is not above 0.

    >>> temperature_mixing([900, 100], temperature=2)
    array([0.75, 0.25])
    """
    sizes = np.asarray(sizes, np.float64)
    if not sizes.size or sizes.min() <= 0 or temperature <= 0 or (limit is not None and limit <= 0):
        raise ValueError(
            f"sizes {sizes.tolist()}, temperature {temperature}, limit {limit}: wanted at least "
            "one size, and all numbers above 0"
        )
    counted = np.minimum(sizes, np.inf if limit is None else limit)
    # The largest becomes 1 before the power, so that a low temperature cannot overflow.
    powers = (counted / counted.max()) ** (1 / temperature)
    return powers / powers.sum()


def mix(sources: Sequence[training.Batch], rates: Sequence[float], seed: int = 0) -> training.Batch:
    """Batches of one of several tasks, drawn at each step with probability `rates`.

    A pure function of the step, as `training.fit` wants: the task of step s is drawn from seed and
    s alone, and it gets its own batch number s, so that a resumed run goes on alike. Batches of all
    tasks have one shape. Raises `ValueError` where rates do not fit.
    """
    rates = np.asarray(rates, np.float64)
    if len(rates) != len(sources) or rates.min() < 0 or not np.isclose(rates.sum(), 1):
        raise ValueError(
            f"{len(sources)} sources and rates {rates.tolist()}; wanted one rate each, sum 1"
        )
    borders = np.cumsum(rates)[:-1]

    def batch(step: int):
        # Not [seed, step]: from that the tasks draw what they hide, and it would go with the lot.
        lot = np.random.default_rng([seed, step, 1]).random()
        return sources[int(np.searchsorted(borders, lot, side="right"))](step)

    return batch
