"""What BERT reads: two segments in a row, and three embeddings for each token."""

import numpy as np

from companion.checks.transformer.arrays import norm_weights, normal
from companion.course.exercise import Exercise, Mistake
from companion.probes import bert as probes

PAD = 0


def _pair(first, second, length, cls_id, sep_id, **bugs):
    """The row and its segments, with a part at a time done wrong on demand."""
    ids = bugs.get("ids", [cls_id, *first, sep_id, *second, sep_id])
    zeros = len(first) + bugs.get("zeros", 2)
    segments = [0] * zeros + [1] * (len(ids) - zeros)
    behind = length - len(ids)
    return ids + [bugs.get("pad", PAD)] * behind, segments + [bugs.get("after", 0)] * behind


def _with(**bugs):
    return lambda **case: _pair(**case, **bugs)


def _no_middle(first, second, length, cls_id, sep_id):
    ids = [cls_id, *first, *second, sep_id]
    return _pair(first, second, length, cls_id, sep_id, ids=ids, zeros=1)


def _no_end(first, second, length, cls_id, sep_id):
    ids = [cls_id, *first, sep_id, *second]
    return _pair(first, second, length, cls_id, sep_id, ids=ids)


def _two_starts(first, second, length, cls_id, sep_id):
    ids = [cls_id, *first, sep_id, cls_id, *second, sep_id]
    return _pair(first, second, length, cls_id, sep_id, ids=ids)


def _not_padded(first, second, length, cls_id, sep_id):
    ids, segments = _pair(first, second, length, cls_id, sep_id)
    size = len(first) + len(second) + 3
    return ids[:size], segments[:size]


def _pair_cases(rng, size):
    a, b, room = ((1, 1, 3), (2, 1, 2), (1, 3, 4), (4, 2, 3), (3, 3, 2), (2, 4, 6))[size % 6]
    cls_id, sep_id = (int(n) for n in rng.choice(np.arange(1, 10), 2, replace=False))
    return {
        "first": rng.integers(10, 99, a).tolist(),
        "second": rng.integers(10, 99, b).tolist(),
        "length": a + b + 3 + room,
        "cls_id": cls_id,
        "sep_id": sep_id,
    }


pair_row = Exercise(
    name="pair_row",
    kind="implement",
    title="Two segments in one row",
    minutes=15,
    difficulty=1,
    cases=_pair_cases,
    sizes=6,
    probe=probes.row,
    reference=_pair,
    mistakes=[
        Mistake(
            "no-middle-separator",
            _no_middle,
            "The [SEP] between the two segments is missing.",
        ),
        Mistake(
            "no-last-separator",
            _no_end,
            "The second segment ends with a [SEP] too.",
        ),
        Mistake(
            "second-start",
            _two_starts,
            "[CLS] stands once, at the very beginning; the second segment has none.",
        ),
        Mistake(
            "separator-in-second",
            _with(zeros=1),
            "The ids are right. The first [SEP] belongs to the first segment, 0; you gave it 1.",
        ),
        Mistake(
            "start-not-counted",
            _with(zeros=0),
            "The ids are right. Segment 0 covers [CLS] and the first [SEP] as well as the first "
            "text; yours is two places short.",
        ),
        Mistake(
            "padding-in-second",
            _with(after=1),
            "Padding belongs to no segment; it gets 0 in both rows.",
        ),
        Mistake(
            "one-segment",
            lambda first, second, length, cls_id, sep_id: (
                _pair(first, second, length, cls_id, sep_id)[0],
                [0] * length,
            ),
            "The ids are right, and all segments are 0: the second text is segment 1.",
        ),
        Mistake(
            "segments-from-one",
            lambda first, second, length, cls_id, sep_id: (
                _pair(first, second, length, cls_id, sep_id)[0],
                [s + 1 for s in _pair(first, second, length, cls_id, sep_id)[1]],
            ),
            "Segments are counted from 0: 0 for the first, 1 for the second.",
        ),
        Mistake(
            "not-padded",
            _not_padded,
            "Both rows are right as far as they go; fill them up with 0 to `length`.",
        ),
        Mistake(
            "padded-with-separators",
            lambda first, second, length, cls_id, sep_id: _pair(
                first, second, length, cls_id, sep_id, pad=sep_id
            ),
            "You filled the row up with [SEP]; padding is 0.",
        ),
    ],
    hints=[
        "Write down the row of tokens first, then 0 or 1 under each.",
        "[CLS] first [SEP] is segment 0; second [SEP] is segment 1; what is behind is 0 in both.",
        "`[0] * (len(first) + 2) + [1] * (len(second) + 1)`, then zeros up to `length`.",
    ],
)


def _norm(x, gain, offset, epsilon):
    centred = x - x.mean(axis=-1, keepdims=True)
    return gain * centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + epsilon) + offset


def _sum(ids, segments, words, places, kinds):
    return words[ids] + places[: ids.shape[1]] + kinds[segments]


def _input(ids, segments, words, places, kinds, gain, offset, epsilon):
    return _norm(_sum(ids, segments, words, places, kinds), gain, offset, epsilon)


def _starter(ids, segments, words, places, kinds, gain, offset, epsilon):
    return _norm(words[ids], gain, offset, epsilon) + places[ids % len(places)]


def _no_segments(ids, segments, words, places, kinds, gain, offset, epsilon):
    return _norm(words[ids] + places[: ids.shape[1]], gain, offset, epsilon)


def _norm_first(ids, segments, words, places, kinds, gain, offset, epsilon):
    normed = _norm(words[ids], gain, offset, epsilon)
    return normed + places[: ids.shape[1]] + kinds[segments]


def _positions_by_id(ids, segments, words, places, kinds, gain, offset, epsilon):
    x = words[ids] + places[ids % len(places)] + kinds[segments]
    return _norm(x, gain, offset, epsilon)


def _positions_and_norm(ids, segments, words, places, kinds, gain, offset, epsilon):
    normed = _norm(words[ids], gain, offset, epsilon)
    return normed + places[ids % len(places)] + kinds[segments]


def _no_segments_norm_first(ids, segments, words, places, kinds, gain, offset, epsilon):
    return _norm(words[ids], gain, offset, epsilon) + places[: ids.shape[1]]


def _no_segments_by_id(ids, segments, words, places, kinds, gain, offset, epsilon):
    return _norm(words[ids] + places[ids % len(places)], gain, offset, epsilon)


def _from_one(ids, segments, words, places, kinds, gain, offset, epsilon):
    x = words[ids] + places[1 : ids.shape[1] + 1] + kinds[segments]
    return _norm(x, gain, offset, epsilon)


def _scaled(ids, segments, words, places, kinds, gain, offset, epsilon):
    x = _sum(ids, segments, words * words.shape[1] ** 0.5, places, kinds)
    return _norm(x, gain, offset, epsilon)


def _no_norm(ids, segments, words, places, kinds, gain, offset, epsilon):
    return _sum(ids, segments, words, places, kinds)


def _input_cases(rng, size):
    batch, time, width = ((1, 3, 2), (1, 4, 3), (2, 3, 4), (2, 5, 3), (3, 4, 2))[size % 5]
    gain, offset = norm_weights(rng, width)
    segments = np.arange(time) >= rng.integers(1, time, (batch, 1))
    return {
        "ids": rng.integers(0, 12, (batch, time)),
        "segments": segments.astype(int),
        "words": normal(rng, 12, width),
        "places": normal(rng, time + 3, width),
        "kinds": normal(rng, 2, width),
        "gain": gain,
        "offset": offset,
        "epsilon": 1e-12,
    }


bert_input = Exercise(
    name="bert_input",
    kind="debug",
    title="A simplified BERT, too simplified",
    minutes=30,
    difficulty=2,
    cases=_input_cases,
    sizes=5,
    probe=probes.array,
    reference=_input,
    starter=_starter,
    mistakes=[
        Mistake(
            "no-segments",
            _no_segments,
            "Two bugs are gone. `segments` is still not used: BERT adds a *third* vector to each "
            "token, that of its segment.",
        ),
        Mistake(
            "norm-too-early",
            _norm_first,
            "Two bugs are gone. The norm still stands before the sum; it comes after all three "
            "have been added.",
        ),
        Mistake(
            "positions-by-id",
            _positions_by_id,
            "Two bugs are gone. The position vectors are still looked up by the *ids*: a word "
            "would have the same one wherever it stands.",
        ),
        Mistake(
            "positions-and-norm",
            _positions_and_norm,
            "The segments are there. Look at how positions are looked up, and where the norm is.",
        ),
        Mistake(
            "segments-and-norm",
            _no_segments_norm_first,
            "The positions are right now. `segments` is not used, and the norm stands too early.",
        ),
        Mistake(
            "segments-and-positions",
            _no_segments_by_id,
            "The norm is in its place. `segments` is not used, and positions are looked up by id.",
        ),
        Mistake(
            "positions-from-one",
            _from_one,
            "The first token has position 0; yours has 1.",
        ),
        Mistake(
            "scaled",
            _scaled,
            "The word vectors times √d_model: the first Transformer does so, BERT does not.",
        ),
        Mistake(
            "no-norm",
            _no_norm,
            "The three are added, but the norm behind the sum is gone.",
        ),
    ],
    hints=[
        "Compare with the equation of the text: how many vectors are added, and what happens to "
        "the sum?",
        "Positions count along time, whatever the words: (time, d_model) for all rows alike.",
        "`x = words[ids] + places[:time] + kinds[segments]`, then the norm of x.",
    ],
)
