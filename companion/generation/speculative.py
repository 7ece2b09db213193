"""Speculative decoding: a small model guesses ahead, the large one checks many guesses at once.

Chapter 8. Reading several tokens costs a large model little more than reading one; what is written
is distributed as if the large model had written alone. Letters: V vocabulary.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np
from keras import ops

from companion.neural_lm import log_softmax

from .cache import Model, stops
from .filters import Filters
from .reading import Reading


@dataclasses.dataclass(frozen=True)
class Speculation:
    """The ids that were written, how many guesses were `proposed`, and how many `accepted`.

    Those behind a stop token are counted too, though they are not written.
    """

    ids: list[int]
    proposed: int
    accepted: int


def speculative(
    model: Model,
    draft: Model,
    prompt: Sequence[int],
    max_tokens: int = 50,
    *,
    guesses: int = 4,
    filters: Filters | None = None,
    stop: Sequence[int] = (),
    seed: int = 0,
) -> Speculation:
    """Keep guess x ~ q with probability min(1, p(x)/q(x)), else draw from max(0, p − q) anew.

    Leviathan et al. 2023, algorithm 1: p is the model's distribution, q the draft's, both after
    the filters; the result is drawn from p. Each turn reads up to `guesses` guesses of the draft
    and, when all were kept, adds a token of its own. Raises `ValueError` for models of different
    vocabularies, for fewer than one guess, and as `padded_prompts` and `stops` do.
    """
    if guesses < 1 or model.config.vocab_size != draft.config.vocab_size:
        raise ValueError(
            f"guesses {guesses}, vocabularies of {model.config.vocab_size} and "
            f"{draft.config.vocab_size}: at least one guess, and the same vocabulary for both"
        )
    filters, ends = Filters() if filters is None else filters, stops(model, stop)
    rng = np.random.default_rng(seed)
    large, small = (Reading(each, [prompt], max_tokens) for each in (model, draft))
    text, proposed, accepted = list(prompt), 0, 0
    for reading in (large, small):
        reading.keep(len(text) - 1)  # a turn begins by reading the last token
    while len(text) < len(prompt) + max_tokens:
        # Near the end there may be no room for all guesses; fewer would be another program.
        ahead = guesses if len(text) + guesses < len(prompt) + max_tokens else 0
        guessed, q = _guess(small, text, ahead, filters, rng)
        large.read(np.array([[text[-1], *guessed]]))
        p = [_probs(large.logits[0, i], text + guessed[:i], filters) for i in range(ahead + 1)]
        kept = 0
        while kept < ahead and rng.random() * q[kept][guessed[kept]] < p[kept][guessed[kept]]:
            kept += 1
        left = p[kept] if kept == ahead else np.maximum(p[kept] - q[kept], 0)
        new = [*guessed[:kept], _draw(left, rng)]
        proposed, accepted = proposed + ahead, accepted + kept
        end = next((i for i, number in enumerate(new) if ends[number]), len(new))
        text += new[:end]
        if end < len(new):
            break
        for reading in (large, small):
            reading.keep(len(text) - 1)
    return Speculation(text[len(prompt) :], proposed, accepted)


def _guess(small: Reading, text: list[int], ahead: int, filters: Filters, rng) -> tuple:
    """`ahead` tokens drawn from the draft one after another, and the distribution of each."""
    guessed, distributions = [], []
    for _ in range(ahead):
        for number in [*text, *guessed][small.tokens() :]:  # one at a time: one program
            small.read(np.array([[number]]))
        q = _probs(small.logits[0, -1], text + guessed, filters)
        guessed.append(_draw(q, rng))
        distributions.append(q)
    return guessed, distributions


def _probs(logits: np.ndarray, text: list[int], filters: Filters) -> np.ndarray:
    """p(w | text) after the filters, (V,)."""
    return np.exp(log_softmax(ops.convert_to_numpy(filters(logits[None], np.array([text]))))[0])


def _draw(weights: np.ndarray, rng) -> int:
    """An id with a probability in proportion to its weight."""
    return int(rng.choice(len(weights), p=weights / weights.sum()))
