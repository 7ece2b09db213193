"""Filters: which tokens may be drawn, and how much the likely ones are favoured. Chapter 8.

Logits in, logits out, both (batch, vocab), in `keras.ops`: NumPy arrays and tensors will do, and
numbers may be tensors, so that one compiled loop serves all values. Logits of low precision come
out as float32. What is forbidden gets a large negative finite number, `FORBIDDEN`, which a softmax
turns into exactly 0. Letters: B batch, V vocabulary, L room for a text.
"""

import dataclasses
import functools
from collections.abc import Mapping
from numbers import Real

import keras
import numpy as np
from keras import ops

from companion import backend

# Far below any logit, also one that the coldest temperature has divided, and still a float32.
FORBIDDEN = -1e30
COLDEST = 1e-20


def temperature(logits, value):
    """logits/value: below 1 the likely gain, above 1 the unlikely; Ackley et al. 1985.

    Raises `ValueError` for a value below `COLDEST`: quotients would come near `FORBIDDEN`.
    """
    _check("temperature", value)
    return _wide(logits) / value


def top_k(logits, k):
    """Keep the k likeliest tokens; Fan et al. 2018, §5.4. Those as likely as the last kept stay.

    All are kept when k ≥ V. Raises `ValueError` for a k below 1.
    """
    _check("top_k", k)
    logits = _wide(logits)
    return _keep(logits, _likeliest(logits, ops.ones_like(logits, "float32"), k))


def top_p(logits, p):
    """Keep the fewest likeliest tokens that together have p; Holtzman et al. 2020, §3.1.

    A token is kept when those likelier than it have less than p. One always is, all are for p = 1,
    and those as likely as the last kept stay. Raises `ValueError` for a p outside (0, 1].
    """
    _check("top_p", p)
    logits, p = _wide(logits), ops.cast(p, "float32")
    wide = ops.cast(logits, "float32")
    weights = ops.exp(wide - ops.max(wide, axis=-1, keepdims=True))
    # A sum of rounded numbers reaches the whole too early, so p = 1 is not left to it.
    goal = ops.sum(weights, axis=-1, keepdims=True) * ops.where(p < 1, p, np.inf)
    return _keep(logits, _likeliest(logits, weights, goal))


def min_p(logits, p):
    """Keep tokens at least p times as likely as the likeliest; Nguyen et al. 2024, §3.

    Raises `ValueError` for a p outside (0, 1]; 1 keeps the likeliest only.
    """
    _check("min_p", p)
    logits = _wide(logits)
    least = ops.max(logits, axis=-1, keepdims=True) + ops.log(ops.cast(p, logits.dtype))
    return _keep(logits, logits >= least)


def repetition_penalty(logits, ids, penalty):
    """Divide positive logits of tokens in the text by the penalty, multiply negative ones.

    Keskar et al. 2019, §4.1, who divide all of them; a negative one would gain by that, so it is
    multiplied, as in Hugging Face's processor. No other filter depends, as this one does, on where
    the logits have their 0. `ids` (batch, length) are the text so far, below 0 where there is none.
    Raises `ValueError` for a penalty that is not above 0; 1 changes nothing.
    """
    _check("repetition_penalty", penalty)
    logits, ids = _wide(logits), ops.convert_to_tensor(ids)
    punished = ops.where(logits > 0, logits / penalty, logits * penalty)
    return ops.where(_marked(ids, ids >= 0, logits.shape[-1]), punished, logits)


def no_repeat_ngram(logits, ids, n):
    """Forbid tokens that complete an n-gram the text has already; Paulus et al. 2018, §2.5.

    `ids` (batch, length) are the text so far, below 0 where there is none; the last n − 1 of a row
    are looked for earlier in it. n = 1 forbids every token of the text. Raises `ValueError` for an
    n below 1.
    """
    _check("no_repeat_ngram", n)
    logits, ids = _wide(logits), ops.cast(ids, "int32")
    length, vocab_size = ids.shape[1], logits.shape[-1]
    if length < n:
        return logits
    written = ops.cast(ids >= 0, "int32")
    end = ops.max(written * (ops.arange(length, dtype="int32") + 1), axis=1)  # (B,)
    follows = ids[:, n - 1 :]  # the token after each window of n − 1
    same = follows >= 0
    for i in range(n - 1):
        place = end - (n - 1) + i
        token = ops.take_along_axis(ids, ops.maximum(place, 0)[:, None], axis=1)  # (B, 1)
        known = ops.logical_and(place[:, None] >= 0, token >= 0)
        here = ids[:, i : i + length - n + 1] == token
        same = ops.logical_and(same, ops.logical_and(here, known))
    return ops.where(_marked(follows, same, vocab_size), FORBIDDEN, logits)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Filters:
    """The filters of a text, applied in the order below; None leaves one out.

    >>> Filters(temperature=0.8, top_p=0.95)(logits, ids)
    """

    repetition_penalty: float | None = None
    temperature: float | None = None
    no_repeat_ngram: int | None = None
    top_k: int | None = None
    top_p: float | None = None
    min_p: float | None = None

    def __post_init__(self):
        for name, value in dataclasses.asdict(self).items():
            _check(name, value)

    def __call__(self, logits, ids):
        """The logits (batch, vocab) after all filters, `ids` (batch, length) being the text."""
        return filtered(logits, ids, self.no_repeat_ngram, self.numbers())

    def numbers(self) -> dict[str, float]:
        """The filters that are on, but n: it fixes shapes, where the others are numbers only."""
        values = dataclasses.asdict(self)
        del values["no_repeat_ngram"]
        return {name: value for name, value in values.items() if value is not None}


def filtered(logits, ids, n: int | None, numbers: Mapping):
    """`Filters` with its numbers as they come, tensors too."""
    if "repetition_penalty" in numbers:
        logits = repetition_penalty(logits, ids, numbers["repetition_penalty"])
    if "temperature" in numbers:
        logits = temperature(logits, numbers["temperature"])
    if n is not None:  # behind the temperature, which would make another number of FORBIDDEN
        logits = no_repeat_ngram(logits, ids, n)
    for name, function in CUTS.items():
        if name in numbers:
            logits = function(logits, numbers[name])
    return logits


CUTS = {"top_k": top_k, "top_p": top_p, "min_p": min_p}


# What a filter's number has to be, and how one is named that is not.
LIMITS = {
    "repetition_penalty": (lambda x: x > 0, "penalty is {}; it is above 0, and 1 for none"),
    "no_repeat_ngram": (lambda x: x >= 1 and x % 1 == 0, "n is {}; an n-gram has 1, 2, 3 … tokens"),
    "temperature": (
        lambda x: x >= COLDEST,
        f'temperature is {{}}; it is above 0, at least {COLDEST} (for 0 use "greedy")',
    ),
    "top_k": (lambda x: x >= 1, "k is {}; at least one token is kept"),
    "top_p": (lambda x: 0 < x <= 1, "p is {}; it is above 0 and at most 1 (1 keeps all)"),
    "min_p": (lambda x: 0 < x <= 1, "p is {}; it is above 0 and at most 1"),
}


def _check(name: str, value) -> None:
    """Raise for a wrong number; tensors are not looked into."""
    right, message = LIMITS[name]
    if isinstance(value, Real) and not right(value):
        raise ValueError(message.format(value))


def _wide(logits):
    """At least float32: neither `FORBIDDEN` nor an almost frozen logit is a float16."""
    logits = ops.convert_to_tensor(logits)
    dtype = keras.backend.standardize_dtype(logits.dtype)
    return ops.cast(logits, keras.backend.result_type(dtype, "float32"))


def _keep(logits, kept):
    return ops.where(kept, logits, ops.cast(FORBIDDEN, logits.dtype))


def _likeliest(logits, weights, goal):
    """Which tokens are among the likeliest that together weigh `goal`; all, if they do not. (B, V)

    Finds by halving how far below the likeliest token the last one lies: some thirty sums over the
    vocabulary, and no sorting.
    """
    return _compiled()(ops.cast(logits, "float32"), weights, ops.cast(goal, "float32"))


@functools.cache
def _compiled():
    """Outside of a compiled loop thirty turns would be slow."""
    return backend.compile(_by_halving)


def _by_halving(logits, weights, goal):
    below = ops.max(logits, axis=-1, keepdims=True) - logits
    # Numbers from 0 on are ordered as their bits are, and bits can be counted through.
    below = ops.view(below, dtype="int32")

    def goes_on(few, enough):
        return ops.any(few + 1 < enough)

    def halve(few, enough):
        middle = few + (enough - few) // 2
        weight = ops.sum(ops.where(below <= middle, weights, 0.0), axis=-1, keepdims=True)
        return ops.where(weight < goal, middle, few), ops.where(weight < goal, enough, middle)

    farthest = ops.max(below, axis=-1, keepdims=True)
    return below <= ops.while_loop(goes_on, halve, (ops.full_like(farthest, -1), farthest))[1]


def _marked(ids, chosen, vocab_size):
    """marked[b, v]: whether v is among the ids of row b that are chosen; (B, V)."""
    batch, length = ids.shape
    column = ops.where(chosen, ops.cast(ids, "int32"), vocab_size)  # one more, for the others
    row = ops.broadcast_to(ops.arange(batch, dtype="int32")[:, None], (batch, length))
    index = ops.reshape(ops.stack([row, column], axis=-1), (batch * length, 2))
    none = ops.zeros((batch, vocab_size + 1), "int32")
    return ops.scatter_update(none, index, ops.ones(batch * length, "int32"))[:, :-1] > 0
