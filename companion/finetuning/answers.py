"""From the logits of a `SpanHead` to an answer. Chapter 10."""

import numpy as np


def best_span(
    start: np.ndarray, end: np.ndarray, longest: int = 30, none_at: int | None = None
) -> tuple[int, int] | None:
    """argmax over i ≤ j < i + longest of start[i] + end[j], as (i, j), both within the answer.

    Devlin et al. 2019, §4.2. With `none_at` (the place of [CLS]) a text may have no answer: None
    when no other span beats start[none_at] + end[none_at] (§4.3, with the threshold at 0). Raises
    `ValueError` for logits that are not two rows of one length.
    """
    start, end = np.asarray(start, float), np.asarray(end, float)
    if start.ndim != 1 or start.shape != end.shape or longest < 1:
        raise ValueError(
            f"start {start.shape}, end {end.shape}, longest {longest}: wanted two rows of one "
            "length, and at least 1"
        )
    scores = start[:, None] + end[None, :]
    far = np.arange(len(end))[None, :] - np.arange(len(start))[:, None]  # j − i
    scores = np.where((far >= 0) & (far < longest), scores, -np.inf)
    if none_at is not None:
        scores[none_at, :] = scores[:, none_at] = -np.inf
    i, j = np.unravel_index(scores.argmax(), scores.shape)
    if none_at is not None and scores[i, j] <= start[none_at] + end[none_at]:
        return None
    return int(i), int(j)
