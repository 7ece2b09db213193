"""What a decoder is shown: the target moved by one place, and the mask that hides the rest."""

import numpy as np

from companion.course.exercise import Exercise, Mistake, Relation
from companion.probes import transformer as probes

PAD_ID = 0


def _shift(target, start_id):
    start = np.full_like(target[:, :1], start_id)
    return np.concatenate([start, target[:, :-1]], axis=1)


def _too_long(target, start_id):
    return np.concatenate([np.full_like(target[:, :1], start_id), target], axis=1)


def _shifted_left(target, start_id):
    return np.concatenate([target[:, 1:], np.full_like(target[:, :1], start_id)], axis=1)


def _first_replaced(target, start_id):
    shown = target.copy()
    shown[:, 0] = start_id
    return shown


def _first_repeated(target, start_id):
    shown = np.repeat(target[:, :1], target.shape[1], axis=1)
    shown[:, 0] = start_id
    return shown


def _down(target, start_id):
    return np.concatenate([np.full_like(target[:1], start_id), target[:-1]])


def _in_place(target, start_id):
    target[:, 1:] = target[:, :-1].copy()
    target[:, 0] = start_id
    return target


def _targets(rng, batch, time):
    """Ids from 10 on, each row with padding behind it, the first with none."""
    target = rng.integers(10, 1000, (batch, time))
    for row in range(1, batch):
        target[row, time - row % time :] = PAD_ID
    return target


def _shift_cases(rng, size):
    batch, time = ((1, 1), (1, 3), (2, 4), (3, 2), (2, 6), (4, 4))[size % 6]
    return {"target": _targets(rng, batch, time), "start_id": int(rng.integers(1, 10))}


def _other_last(case, rng):
    target = case["target"].copy()
    target[:, -1] += 1
    return case | {"target": target}


shift_right = Exercise(
    name="shift_right",
    kind="fill",
    title="What the decoder is shown",
    minutes=5,
    difficulty=1,
    cases=_shift_cases,
    sizes=6,
    probe=probes.array,
    reference=_shift,
    relations=[
        Relation(
            "the-last-is-never-shown",
            _other_last,
            lambda out, other: np.array_equal(out["result"], other["result"]),
            "The last token of the target is only ever predicted: what is shown must not change "
            "with it.",
        ),
    ],
    mistakes=[
        Mistake(
            "shifted-left",
            _shifted_left,
            "You moved the target to the left: each place is shown the token *after* the one that "
            "it has to predict. Move it to the right, and put the start in front.",
        ),
        Mistake(
            "not-shifted",
            _first_replaced,
            "You wrote the start over the first token and moved nothing, so from the second place "
            "on the decoder is shown the very token that it has to predict.",
        ),
        Mistake(
            "unchanged",
            lambda target, start_id: target.copy(),
            "That is the target itself: every place is shown its own answer. Move it right by one.",
        ),
        Mistake(
            "wrapped",
            lambda target, start_id: np.roll(target, 1, axis=1),
            "`np.roll` brings the last token round to the front, where the start belongs.",
        ),
        Mistake(
            "too-long",
            _too_long,
            "The start is in front, but nothing was dropped: the last token is predicted, never "
            "shown, and input and target must be equally long.",
        ),
        Mistake(
            "too-short",
            lambda target, start_id: target[:, :-1],
            "The last token is dropped, but the start is missing in front.",
        ),
        Mistake(
            "start-everywhere",
            lambda target, start_id: np.full_like(target, start_id),
            "The start is in every place. In a loop from left to right each token is overwritten "
            "before it could be passed on; take the old values all at once.",
        ),
        Mistake(
            "first-repeated",
            _first_repeated,
            "After the start the first token is everywhere: your loop passes on what it has just "
            "overwritten. Take the old values all at once.",
        ),
        Mistake(
            "zero-for-start",
            lambda target, start_id: _shift(target, 0),
            "Moved as it should be, but a 0 stands in front, the start symbol only by chance; use "
            "start_id.",
        ),
        Mistake(
            "across-sentences",
            _down,
            "You moved sentences down the batch; tokens move along time, the second axis.",
        ),
        Mistake(
            "numbers-with-points",
            lambda target, start_id: _shift(target, start_id).astype(float),
            "The values are right, but as floats: ids are looked up in a table and stay integers. "
            "`np.zeros` makes floats, `np.zeros_like` does not.",
        ),
        Mistake(
            "in-place",
            _in_place,
            "The values are right, but you wrote them into the target itself, which the loss needs "
            "afterwards; make a new array.",
        ),
    ],
    hints=[
        "At place t the decoder predicts token t; which tokens does it know by then?",
        "A column of starts, (batch, 1), in front of all columns of the target but the last.",
        "`np.concatenate` joins along axis 1; `target[:, :-1]` is all but the last column.",
    ],
)


def _mask(target, pad_id, **bugs):
    """Causal and padding masks combined, with a part at a time done wrong on demand."""
    causal = np.tri(target.shape[1], dtype=bool)
    real = target != pad_id
    return bugs.get("join", lambda c, r: c & r[:, None, :])(causal, real)


def _joined(join):
    return lambda target, pad_id: _mask(target, pad_id, join=join)


def _mask_cases(rng, size):
    batch, time = ((1, 2), (1, 4), (2, 3), (3, 3), (2, 5), (3, 4))[size % 6]
    target = rng.integers(10, 1000, (batch, time))
    # The pad id is no constant, and in the largest case it also stands in front.
    pad_id = 0 if size < 3 else int(rng.integers(1, 10))
    target[-1, -1] = pad_id
    if size > 1:
        target[0, time - 2 :] = pad_id
    if size == 5:
        target[1, :2] = pad_id
    return {"target": target, "pad_id": pad_id}


decoder_mask = Exercise(
    name="decoder_mask",
    kind="fill",
    title="Neither the future nor the padding",
    minutes=5,
    difficulty=1,
    cases=_mask_cases,
    sizes=6,
    probe=probes.array,
    reference=_mask,
    mistakes=[
        Mistake(
            "either",
            _joined(lambda c, r: c | r[:, None, :]),
            "`|` allows what one of the two masks allows, the future included; a place must be "
            "allowed by both, `&`.",
        ),
        Mistake(
            "rows",
            _joined(lambda c, r: c & r[:, :, None]),
            "You closed the *rows* of the padding: who looks. The mask closes its columns, so that "
            "nobody looks at padding.",
        ),
        Mistake(
            "rows-too",
            _joined(lambda c, r: c & r[:, None, :] & r[:, :, None]),
            "You closed the rows of the padding as well, so that they may look at nothing; they "
            "are left out of the loss and may look like any other.",
        ),
        Mistake(
            "no-new-axis",
            _joined(lambda c, r: c & r),
            "`real` is (batch, time): broadcasting takes its batch for the rows. Give it an axis "
            "in the middle, (batch, 1, time).",
        ),
        Mistake(
            "axis-of-heads",
            _joined(lambda c, r: c & r[:, None, None, :]),
            "One axis too many: (batch, 1, time, time) is for scores that have heads; here it is "
            "(batch, time, time).",
        ),
        Mistake(
            "numbers",
            _joined(lambda c, r: 1.0 * (c & r[:, None, :])),
            "The pattern is right, but these are numbers; a mask is boolean.",
        ),
        Mistake(
            "added-to-scores",
            _joined(lambda c, r: np.where(c & r[:, None, :], 0.0, -1e9)),
            "These are numbers to be added to scores, as some libraries want them; here a mask is "
            "boolean, True = may attend.",
        ),
        Mistake(
            "inverted",
            _joined(lambda c, r: ~(c & r[:, None, :])),
            "Your True means *hidden*; in this book True means *may attend*.",
        ),
        Mistake(
            "padding-inverted",
            _joined(lambda c, r: c & ~r[:, None, :]),
            "You let everybody look at the padding and at nothing else; `real` is True already "
            "where one may look.",
        ),
        Mistake(
            "transposed",
            _joined(lambda c, r: c.T & r[:, None, :]),
            "The causal mask is turned over: rows see the future and not the past.",
        ),
        Mistake(
            "causal-only",
            _joined(lambda c, r: c),
            "That is the causal mask alone, one for the whole batch; each sentence has padding of "
            "its own.",
        ),
        Mistake(
            "causal-copies",
            _joined(lambda c, r: np.tile(c, (len(r), 1, 1))),
            "That is the causal mask alone, once for each sentence; hide the padding too.",
        ),
        Mistake(
            "padding-only",
            _joined(lambda c, r: r[:, None, :]),
            "That is the padding mask alone; the decoder would see the words that it has to "
            "predict.",
        ),
    ],
    hints=[
        "One mask is a triangle for all sentences, the other a row for each sentence.",
        "(time, time) and (batch, 1, time) broadcast to (batch, time, time).",
        "`None` as an index makes a new axis of length 1; put it between batch and time.",
    ],
)
