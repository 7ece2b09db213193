"""Contrastive search: likely, but unlike what was said. Chapter 8.

Letters: B prompts, K candidates, T tokens so far, D d_model.
"""

from collections.abc import Sequence

import numpy as np

from companion.neural_lm import log_softmax

from .cache import Model, stops
from .reading import Reading


def contrastive_search(
    model: Model,
    prompts: Sequence[Sequence[int]],
    max_tokens: int = 50,
    *,
    k: int = 4,
    alpha: float = 0.6,
    stop: Sequence[int] = (),
) -> list[list[int]]:
    """argmax over the k likeliest v of (1 − α)·p(v) − α·max_j cos(h_v, h_j); Su et al. 2022, eq. 5.

    h_v is the model's last vector after reading v, h_j those of all tokens before it: a candidate
    loses by how much it resembles what is there. α = 0 is greedy. Every turn reads all candidates.
    (Their paper also trains the model to keep its vectors apart, SimCTG; here it is as it is.)
    Returns ids without prompt and stop token. Raises `ValueError` for a k below 1, an α outside
    [0, 1], and as `padded_prompts` and `stops` do.
    """
    if not 1 <= k <= model.config.vocab_size or not 0 <= alpha <= 1:
        raise ValueError(
            f"k {k} and alpha {alpha}: wanted 1 to {model.config.vocab_size}, and 0 to 1"
        )
    ends = stops(model, stop)
    reading = Reading(model, prompts, max_tokens)
    count = len(prompts)
    before = _unit(reading.vectors)  # (B, T, D)
    present = reading.prompts >= 0  # (B, T)
    written, done = [[] for _ in prompts], np.zeros(count, bool)
    reading.select(np.repeat(np.arange(count), k))
    for turn in range(max_tokens):
        probs = np.exp(log_softmax(reading.logits[::k, -1]))  # (B, V)
        candidates = np.argsort(-probs, axis=1, kind="stable")[:, :k]
        reading.read(candidates.reshape(-1, 1))
        after = _unit(reading.vectors).reshape(count, k, -1)
        likeness = np.where(present[:, None], after @ before.swapaxes(1, 2), -1).max(axis=2)
        scores = (1 - alpha) * np.take_along_axis(probs, candidates, axis=1) - alpha * likeness
        chosen = scores.argmax(axis=1)
        tokens = candidates[np.arange(count), chosen]
        done |= ends[tokens]
        for row in np.flatnonzero(~done):
            written[row].append(int(tokens[row]))
        if done.all() or turn + 1 == max_tokens:
            break
        reading.select(np.repeat(np.arange(count) * k + chosen, k))
        before = np.concatenate([before, after[np.arange(count), chosen][:, None]], axis=1)
        present = np.pad(present, ((0, 0), (0, 1)), constant_values=True)
    return written


def _unit(vectors: np.ndarray) -> np.ndarray:
    """The vectors with length 1, in float64."""
    vectors = np.asarray(vectors, dtype=np.float64)
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)
