"""T5's span corruption: each hidden span has a name, and the decoder says the names. Chapter 9.

    Thank you [X] me to your party [Y] week   →   [X] for inviting [Y] last [Z]

Short targets make it cheap: the decoder says what is missing, not all of the text. NumPy.
"""

from collections.abc import Sequence

import numpy as np

from companion.bert import CLS_ID
from companion.transformer import padded, shift_right

from .denoising import Denoising, text_length


def noise_spans(
    count: int, rng: np.random.Generator, rate: float = 0.15, mean: float = 3.0
) -> np.ndarray:
    """Which of `count` tokens are hidden: rate·count in spans of `mean` on average; (count,).

    Raffel et al. 2020, §3.1.4 and §3.3.4: kept and hidden runs take turns, all of at least one
    token, beginning with a kept one. Their code also *ends* with a hidden one, so that a row short
    enough for one span only ever loses its tail (they have `random_roll` for that); here one kept
    run more, which may be empty, stands at the end. Raises `ValueError` for fewer than two tokens,
    a rate outside 0 … 1, or a mean below 1.
    """
    if count < 2 or not 0 < rate < 1 or mean < 1:
        raise ValueError(
            f"{count} tokens, rate {rate}, mean {mean}: wanted 2 tokens or more, a rate between 0 "
            "and 1 and a mean of at least 1"
        )
    hidden = min(max(1, round(rate * count)), count - 1)
    spans = max(1, min(round(hidden / mean), hidden, count - hidden))
    kept = _runs(count - hidden + 1, spans + 1, rng)  # a token too many, for the last run …
    kept[-1] -= 1  # … which so may be empty
    lengths = np.append(np.stack([kept[:-1], _runs(hidden, spans, rng)], axis=1), kept[-1])
    return np.repeat(np.arange(2 * spans + 1) % 2 == 1, lengths)


def _runs(total: int, parts: int, rng: np.random.Generator) -> np.ndarray:
    """`total` cut into `parts` of at least one, every way equally likely."""
    cuts = np.sort(rng.choice(total - 1, parts - 1, replace=False)) + 1
    return np.diff([0, *cuts, total])


def sentinel_pair(
    tokens: Sequence, hidden: Sequence[bool], sentinels: Sequence
) -> tuple[list, list]:
    """(inputs, targets): each hidden run becomes a sentinel; the targets say sentinel and run.

    Raffel et al. 2020, figure 2: the targets end with one sentinel more. Tokens may be ids or
    words. Raises `ValueError` where there are fewer sentinels than that.

    >>> sentinel_pair("thank you for inviting me".split(), [0, 0, 1, 1, 0], ["<X>", "<Y>"])
    (['thank', 'you', '<X>', 'me'], ['<X>', 'for', 'inviting', '<Y>'])
    """
    inputs: list = []
    targets: list = []
    spans, before = 0, False
    for token, gone in zip(tokens, hidden, strict=True):
        if gone and not before:
            inputs.append(_sentinel(sentinels, spans))
            targets.append(_sentinel(sentinels, spans))
            spans += 1
        (targets if gone else inputs).append(token)
        before = bool(gone)
    return inputs, [*targets, _sentinel(sentinels, spans)]


def _sentinel(sentinels: Sequence, number: int):
    if number >= len(sentinels):
        raise ValueError(
            f"{len(sentinels)} sentinels name {len(sentinels) - 1} spans and the end; give more"
        )
    return sentinels[number]


def restored(inputs: Sequence, targets: Sequence, sentinels: Sequence) -> list:
    """The text again: each sentinel of the inputs is replaced by what the targets say after it.

    Raises `ValueError` for a sentinel that the targets do not have.
    """
    names, said, last = set(sentinels), {}, None
    for token in targets:
        if token in names:
            last = said.setdefault(token, [])
        elif last is not None:
            last.append(token)
    out: list = []
    for token in inputs:
        if token in names and token not in said:
            raise ValueError(f"the targets do not say what {token!r} stands for")
        out += said[token] if token in names else [token]
    return out


def span_corruption(
    ids: np.ndarray,
    rng: np.random.Generator,
    sentinel_ids: Sequence[int],
    rate: float = 0.15,
    mean: float = 3.0,
) -> Denoising:
    """`sentinel_pair` of `noise_spans` of each row; Raffel et al. 2020, §3.1.4.

    `ids` (batch, time): [CLS] text [SEP] and padding; [CLS] and [SEP] are kept. Source (batch,
    time) and target, shown (batch, T): T is what a full row may need, so that all batches of one
    width have one shape. Raises `ValueError` as the two do.
    """
    ids = np.asarray(ids)
    sources, targets = [], []
    for row in ids:
        count = text_length(row)
        hidden = np.zeros(count + 2, bool)
        hidden[1:-1] = noise_spans(count, rng, rate, mean)
        source, target = sentinel_pair(row[: count + 2].tolist(), hidden, sentinel_ids)
        sources.append(source)
        targets.append(target)
    most = max(1, round(rate * (ids.shape[1] - 2)))
    width = most + max(1, round(most / mean)) + 1
    target = padded(targets, width)
    return Denoising(padded(sources, ids.shape[1]), shift_right(target, CLS_ID), target)
