"""One step with a KV cache: write, then look at all that has been written."""

from functools import partial

import numpy as np

from companion.course.exercise import Exercise, Mistake
from companion.probes import generation as probes


def _softmax(scores):
    powers = np.exp(scores - scores.max())
    return powers / powers.sum()


def _step(x, keys, values, position, wq, wk, wv, **bugs):
    """softmax(q·Kᵀ/√d_k)·V over the slots up to the position, one part wrong on demand."""
    keys, values = keys.copy(), values.copy()
    place = bugs.get("place", lambda position, room: position)(position, len(keys))
    keys[place] = x @ wk
    values[place] = x @ (wk if bugs.get("value_is_key") else wv)
    seen = bugs.get("seen", lambda position, room: position + 1)(position, len(keys))
    seen = slice(bugs.get("first", lambda position: 0)(position), seen)
    query = x if bugs.get("raw") else x @ wq
    scale = 1 if bugs.get("unscaled") else np.sqrt(keys.shape[1])
    if seen.stop <= seen.start:
        return np.zeros(values.shape[1]), keys, values
    weights = _softmax(keys[seen] @ query / scale)
    return weights @ values[seen], keys, values


def _appended(x, keys, values, position, wq, wk, wv):
    """The new key is put behind the room that is there."""
    keys, values = np.vstack([keys, x @ wk]), np.vstack([values, x @ wv])
    weights = _softmax(keys[: position + 1] @ (x @ wq) / np.sqrt(keys.shape[1]))
    return weights @ values[: position + 1], keys, values


def _not_returned(x, keys, values, position, wq, wk, wv):
    """The result of the step, and the caches as they came."""
    return _step(x, keys, values, position, wq, wk, wv)[0], keys, values


def as_given(x, keys, values, position, wq, wk, wv):
    """The step of the exercise: one slot too far, and itself not seen."""
    return _step(
        x, keys, values, position, wq, wk, wv,
        place=lambda position, room: min(position + 1, room - 1),
        seen=lambda position, room: min(position + 1, room - 1),
    )  # fmt: skip


def _cases(rng, size):
    time, room, width = ((1, 4, 2), (3, 5, 2), (4, 4, 3), (5, 7, 4))[size % 4]
    weights = [np.round(rng.normal(size=(width, width)), 2) for _ in range(3)]
    x = np.round(rng.normal(size=(time, width)), 2)
    return {"x": x, "room": room, **dict(zip(("wq", "wk", "wv"), weights, strict=True))}


cached_step = Exercise(
    name="cached_step",
    kind="debug",
    title="Off by one in the cache",
    minutes=15,
    difficulty=2,
    cases=_cases,
    sizes=4,
    probe=probes.cached,
    reference=_step,
    starter=as_given,
    mistakes=[
        Mistake(
            "itself-unseen",
            partial(_step, seen=lambda position, room: position),
            "The token is written to its slot but does not see itself: slots 0 to `position`, "
            "both included, are `position + 1` slots.",
        ),
        Mistake(
            "one-slot-too-many",
            partial(_step, seen=lambda position, room: min(position + 2, room)),
            "You look one slot too far, at zeros: an empty key has the score 0, not −∞, and takes "
            "a share of the weight.",
        ),
        Mistake(
            "all-slots-seen",
            partial(_step, seen=lambda position, room: room),
            "You look at the whole room. Empty slots have the score 0, not −∞, and take a share of "
            "the weight.",
        ),
        Mistake(
            "first-slot-overwritten",
            partial(_step, place=lambda position, room: 0),
            "Every token is written to slot 0; its place is `position`.",
        ),
        Mistake(
            "last-slot-written",
            partial(_step, place=lambda position, room: room - 1),
            "Every token is written to the last slot; its place is `position`.",
        ),
        Mistake(
            "appended",
            _appended,
            "You appended to the cache; its room is fixed (compiled programs want that), and the "
            "token goes to slot `position`.",
        ),
        Mistake(
            "not-returned",
            _not_returned,
            "The output is right for one step, but the caches that you return are those that "
            "came: the next step will not find this token.",
        ),
        Mistake(
            "only-itself",
            partial(_step, first=lambda position: position),
            "The token looks at itself only; what was read before stands in the slots from 0 on.",
        ),
        Mistake(
            "unscaled",
            partial(_step, unscaled=True),
            "Divide the scores by √d_k (chapter 4).",
        ),
        Mistake(
            "no-query-matrix",
            partial(_step, raw=True),
            "The query is x·W_q, not x itself.",
        ),
        Mistake(
            "keys-for-values",
            partial(_step, value_is_key=True),
            "You wrote the key into the cache of the values.",
        ),
    ],
    hints=[
        "Read one token, position 0, by hand: which slot is written, and which slots are looked "
        "at?",
        "Keys and values are (room, d); after reading position t, slots 0 to t hold something: "
        "t + 1 of them.",
        "Write to `keys[position]`, look at `keys[: position + 1]`, and return the copies.",
    ],
)
