"""Beam search: the few best beginnings are kept, not only the best one. Chapter 8.

Letters: B prompts, W width of the beam, V vocabulary.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np
from keras import ops

from companion.neural_lm import log_softmax

from .cache import Model, stops
from .filters import FORBIDDEN, Filters
from .reading import Reading


@dataclasses.dataclass(frozen=True)
class Hypothesis:
    """A text that a search found: ids without prompt and stop token, log p, and what was compared.

    `log_prob` in nats, the stop token's included.
    """

    ids: tuple[int, ...]
    log_prob: float
    score: float


def beam_search(
    model: Model,
    prompts: Sequence[Sequence[int]],
    max_tokens: int = 50,
    *,
    width: int = 4,
    length_penalty: float = 0.0,
    filters: Filters | None = None,
    stop: Sequence[int] = (),
) -> list[list[Hypothesis]]:
    """argmax log p(w_1 … w_n | prompt)/n^α among the texts that `width` beginnings lead to.

    Graves 2012; the division, with α the `length_penalty`, as in Wu et al. 2016, §7, who have
    another function of n. n counts the stop token. For each prompt up to `width` hypotheses, the
    best first; none if the filters forbid every text. A text ends at a `stop` token or after
    `max_tokens`. Wide enough, the beam holds every beginning and the first hypothesis is the best
    of all texts; of width 1 and with α = 0 it is the greedy one. Raises `ValueError` for a width
    below 1 or a negative penalty, and as `padded_prompts` and `stops` do.
    """
    if width < 1 or length_penalty < 0:
        raise ValueError(f"width {width} and length_penalty {length_penalty}: at least 1 and 0")
    filters, stop = Filters() if filters is None else filters, np.flatnonzero(stops(model, stop))
    reading = Reading(model, prompts, max_tokens)
    count, start = reading.prompts.shape
    reading.select(np.repeat(np.arange(count), width))
    texts = np.repeat(reading.prompts, width, axis=0)  # (B·W, text so far)
    scores = np.full((count, width), -np.inf)
    scores[:, 0] = 0  # one beginning a prompt; the others are empty places
    finished: list[list[Hypothesis]] = [[] for _ in range(count)]
    for n in range(1, max_tokens + 1):
        totals = scores[..., None] + _log_probs(reading, filters, texts).reshape(count, width, -1)
        best = _largest(totals.reshape(count, -1), width)
        for b, i in np.argwhere(np.isin(best % totals.shape[2], stop)):
            w, token = divmod(best[b, i], totals.shape[2])
            _finish(
                finished[b], texts[b * width + w, start:], totals[b, w, token], n, length_penalty
            )
        totals[..., stop] = -np.inf
        best = _largest(totals.reshape(count, -1), width)
        scores = np.take_along_axis(totals.reshape(count, -1), best, axis=1)
        from_row = (best // totals.shape[2] + width * np.arange(count)[:, None]).ravel()
        tokens = (best % totals.shape[2]).reshape(-1, 1)
        texts = np.concatenate([texts[from_row], tokens], axis=1).astype(np.int32)
        # The sum only falls; the longest text divides it by the most.
        hope = scores[:, 0] / max_tokens**length_penalty
        if all(
            len(f) >= width and _worst(f, width) >= h for f, h in zip(finished, hope, strict=True)
        ):
            break
        if n < max_tokens:
            reading.select(from_row)
            reading.read(tokens)
    else:
        for b, w in np.argwhere(np.isfinite(scores)):
            _finish(finished[b], texts[b * width + w, start:], scores[b, w], n, length_penalty)
    return [sorted(f, key=lambda h: -h.score)[:width] for f in finished]


def _log_probs(reading: Reading, filters: Filters, texts: np.ndarray) -> np.ndarray:
    """log p of each next token, (B·W, V), −inf where a filter forbids it."""
    logits = ops.convert_to_numpy(filters(reading.logits[:, -1], texts))
    return np.where(logits <= FORBIDDEN, -np.inf, log_softmax(logits))


def _largest(totals: np.ndarray, width: int) -> np.ndarray:
    """Where each row has its `width` greatest numbers, the greatest first, the first of equals."""
    bounds = np.partition(totals, -width, axis=1)[:, -width]
    found = []
    for row, bound in zip(totals, bounds, strict=True):
        places = np.flatnonzero(row >= bound)  # with all that equal the last one
        found.append(places[np.argsort(-row[places], kind="stable")[:width]])
    return np.stack(found)


def _finish(finished: list[Hypothesis], ids: np.ndarray, log_prob: float, n: int, penalty: float):
    if np.isfinite(log_prob):
        score = float(log_prob) / n**penalty
        finished.append(Hypothesis(tuple(ids.tolist()), float(log_prob), score))


def _worst(finished: list[Hypothesis], width: int) -> float:
    """The score of the last hypothesis that would be returned."""
    return sorted((h.score for h in finished), reverse=True)[width - 1]
