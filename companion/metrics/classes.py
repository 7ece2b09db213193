"""Scores of labels: accuracy, precision, recall, F1, and the table that they are read from."""

import math
from collections.abc import Hashable, Sequence
from typing import Literal

import numpy as np


def confusion_matrix(
    true: Sequence[Hashable], predicted: Sequence[Hashable], labels: Sequence[Hashable]
) -> np.ndarray:
    """C[i, j]: how many items of class `labels[i]` were taken for `labels[j]`; integers.

    Raises `ValueError` for lists of different lengths, none, or a label that is not in `labels`.
    """
    place = {label: i for i, label in enumerate(labels)}
    if len(place) != len(labels):
        raise ValueError(f"labels {list(labels)} name one twice")
    counts = np.zeros((len(labels), len(labels)), np.int64)
    for ours, theirs in _together(true, predicted):
        for label in (ours, theirs):
            if label not in place:
                raise ValueError(f"label {label!r} is not among {list(labels)}")
        counts[place[ours], place[theirs]] += 1
    return counts


def accuracy(true: Sequence[Hashable], predicted: Sequence[Hashable]) -> float:
    """The share of items whose label is right. With one class at 90 %, guessing it gets 0.9."""
    hits = [ours == theirs for ours, theirs in _together(true, predicted)]
    return sum(hits) / len(hits)


def precision_recall_f1(matched: float, predicted: float, wanted: float) -> tuple[float, ...]:
    """P = matched/predicted, R = matched/wanted, F₁ = 2PR/(P + R); 0 where a denominator is 0.

    Van Rijsbergen 1979, ch. 7. From counts of items: found and right, found, there to be found.
    """
    precision = matched / predicted if predicted else 0.0
    recall = matched / wanted if wanted else 0.0
    together = precision + recall
    return precision, recall, 2 * precision * recall / together if together else 0.0


def f1(
    true: Sequence[Hashable],
    predicted: Sequence[Hashable],
    labels: Sequence[Hashable],
    average: Literal["macro", "micro"] = "macro",
) -> float:
    """F₁ over classes: "macro" is the mean of the classes' F₁, "micro" that of summed counts.

    Macro gives a rare class the weight of a common one. Micro over all classes is the accuracy; it
    differs once `labels` leaves one out (relations without "none"). Labels that are not in `labels`
    count as found or wanted elsewhere. Raises `ValueError` for another average.
    """
    if average not in ("macro", "micro"):
        raise ValueError(f'average is {average!r}; it is "macro" or "micro"')
    pairs = list(_together(true, predicted))
    counts = np.array(
        [
            [
                sum(ours == theirs == label for ours, theirs in pairs),
                sum(theirs == label for _, theirs in pairs),
                sum(ours == label for ours, _ in pairs),
            ]
            for label in labels
        ],
        dtype=float,
    )
    if average == "micro":
        return precision_recall_f1(*counts.sum(axis=0))[2]
    return float(np.mean([precision_recall_f1(*row)[2] for row in counts]))


def matthews(true: Sequence[bool], predicted: Sequence[bool]) -> float:
    """(TP·TN − FP·FN)/√((TP+FP)(TP+FN)(TN+FP)(TN+FN)), −1 to 1; Matthews 1975.

    0 for whoever always says the same, however common that class is. Labels are True and False or 1
    and 0. Raises `ValueError` for others: bool(-1) and bool("no") are True.
    """
    if odd := sorted({repr(x) for x in (*true, *predicted) if x not in (0, 1)}):
        raise ValueError(
            f"labels {', '.join(odd[:4])}: matthews takes True and False (or 1 and 0); compare "
            "first, as [x == 'yes' for x in labels]"
        )
    (tn, fp), (fn, tp) = confusion_matrix(
        [bool(x) for x in true], [bool(x) for x in predicted], [False, True]
    ).tolist()
    below = math.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn))
    return (tp * tn - fp * fn) / below if below else 0.0


def _together(true: Sequence, predicted: Sequence):
    """Pairs of true and predicted label."""
    if len(true) != len(predicted) or len(true) == 0:
        raise ValueError(
            f"{len(true)} true labels and {len(predicted)} predicted ones; give one each, and at "
            "least one"
        )
    return zip(true, predicted, strict=True)
