"""From logits to log-probabilities, and a text drawn word by word. Chapter 3.

What both language models of the chapter share. Both have `start(batch_size) -> state` and
`step(ids, state) -> (log_probs, state)`; all else about the state is their own affair.
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np

from companion.ngram.vocabulary import END_ID, START_ID, UNKNOWN_ID

LOGITS_AT_ONCE = 2**24  # numbers in memory while a text is scored


class StepByStep(Protocol):
    """A language model that reads one token at a time."""

    def start(self, batch_size: int = 1) -> Any:
        """The state before any token."""

    def step(self, ids: np.ndarray, state: Any) -> tuple[np.ndarray, Any]:
        """Read (batch,) ids; log p of every next token, (batch, V), and the new state."""


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """x − log Σ exp x along the last axis, in float64; the greatest x is taken out first."""
    shifted = np.asarray(logits, dtype=np.float64)
    shifted = shifted - shifted.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def target_log_probs(logits: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """log p of the target under each row of logits: (…, V) and (…,) → (…,), in nats."""
    return np.take_along_axis(log_softmax(logits), targets[..., None], axis=-1)[..., 0]


def checked_ids(ids: Sequence[int], vocab_size: int) -> np.ndarray:
    """The ids of a text as an array (time,). Raises `ValueError` for none, or one outside V."""
    ids = np.asarray(ids)
    if ids.ndim != 1 or ids.size == 0 or not np.issubdtype(ids.dtype, np.integer):
        raise ValueError(
            f"ids have shape {ids.shape} and type {ids.dtype}; a text is one row of at least one "
            "integer, for example vocabulary.ids(text)"
        )
    if ids.min() < 0 or ids.max() >= vocab_size:
        wrong = ids.min() if ids.min() < 0 else ids.max()
        raise ValueError(f"id {wrong} is outside the vocabulary: ids go from 0 to {vocab_size - 1}")
    return ids


def log_probs_in_pieces(
    logits: Callable[[np.ndarray], np.ndarray],
    ids: Sequence[int],
    *,
    start_id: int,
    vocab_size: int,
    stride: int,
    overlap: int,
) -> np.ndarray:
    """log p of every token of a text given those before it, (time,), in nats.

    `logits` maps ids (batch, time) to the logits of each next id (batch, time, V). The text is
    preceded by `start_id`. A text of at most `stride` tokens is read in one go. A longer one is
    cut into pieces that are read side by side; each begins `overlap` tokens early, so that its
    first score has that much context. Raises `ValueError` for an empty text, ids outside the
    vocabulary, stride < 1, overlap < 0.
    """
    if stride < 1 or overlap < 0:
        raise ValueError(f"stride {stride} and overlap {overlap}: at least 1 and 0 are needed")
    targets = checked_ids(ids, vocab_size)
    inputs = np.concatenate([[start_id], targets[:-1]])
    first = np.arange(0, len(targets), stride)  # the first token that a piece scores
    reach = min(stride, len(targets)) + (overlap if len(first) > 1 else 0)
    start = np.maximum(first - overlap, 0)
    # Past the end the last token is read again; nothing there is scored.
    places = np.minimum(start[:, None] + np.arange(reach), len(targets) - 1)
    at_once = max(1, LOGITS_AT_ONCE // (reach * vocab_size))
    scores = np.empty(len(targets))
    for i in range(0, len(first), at_once):
        rows = slice(i, i + at_once)
        found = target_log_probs(logits(inputs[places[rows]]), targets[places[rows]])
        for row, begin, lead in zip(found, first[rows], (first - start)[rows], strict=True):
            kept = row[lead : lead + min(stride, len(targets) - begin)]
            scores[begin : begin + len(kept)] = kept
    return scores


def sample(
    model: StepByStep,
    prompt: Sequence[int] = (),
    max_tokens: int = 100,
    *,
    temperature: float = 1.0,
    seed: int = 0,
) -> list[int]:
    """Draw `max_tokens` ids one after another, each from p(w | all before), after a prompt of ids.

    The prompt is not repeated. `<unk>`, `<s>` and `</s>` are never drawn. Probabilities are
    raised to 1/temperature. Raises `ValueError` for a temperature that is not positive.
    """
    if temperature <= 0:
        raise ValueError(f"temperature is {temperature}; it is above 0, and 1 changes nothing")
    rng = np.random.default_rng(seed)
    state = model.start(1)
    for number in [START_ID, *prompt]:
        log_probs, state = model.step(np.array([number]), state)
    drawn: list[int] = []
    while len(drawn) < max_tokens:
        scores = log_probs[0] / temperature
        scores[[UNKNOWN_ID, START_ID, END_ID]] = -np.inf
        probs = np.exp(log_softmax(scores))
        drawn.append(int(rng.choice(len(probs), p=probs)))
        log_probs, state = model.step(np.array(drawn[-1:]), state)
    return drawn
