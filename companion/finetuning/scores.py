"""Scores that are sums of counts over items, so that one bootstrap serves them all. Chapter 10.

A row an item: (right, 1) for accuracy, (matched, found, wanted) for F1 of spans, (ROUGE, 1) for a
mean. `comparing` draws rows anew and adds them up.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from companion import metrics


@dataclass(frozen=True)
class Metric:
    """score(Σ counts): a figure over items from a row of counts for each.

    `counts(items, answers)` gives (items, columns); `score` takes their sum.
    """

    name: str
    counts: Callable[[Sequence[Any], Sequence[Any]], np.ndarray]
    score: Callable[[np.ndarray], float]


def share(counts: np.ndarray) -> float:
    """hits / items, of the counts (hits, items)."""
    return float(counts[0] / counts[1]) if counts[1] else 0.0


def f1_of_counts(counts: np.ndarray) -> float:
    """F₁ of the counts (matched, found, wanted)."""
    return float(metrics.precision_recall_f1(*counts)[2])


def mean_metric(name: str, value: Callable[[Any, Any], float]) -> Metric:
    """The mean over items of value(item, answer)."""

    def counts(items, answers):
        return np.array([[value(*pair), 1] for pair in zip(items, answers, strict=True)], float)

    return Metric(name, counts, share)


def by_kind(items: Sequence[Any], answers: Sequence[Any], metric: Metric) -> dict[str, Any]:
    """A metric of the items of each `kind`, and how many there are."""
    said = {}
    for kind in sorted({item.kind for item in items}):
        of_kind = [pair for pair in zip(items, answers, strict=True) if pair[0].kind == kind]
        counts = metric.counts(*zip(*of_kind, strict=True))
        said[kind] = {
            metric.name: round(metric.score(counts.sum(axis=0)), 4),
            "items": len(of_kind),
        }
    return said
