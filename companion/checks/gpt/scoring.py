"""Measured: a text longer than the context, scored in pieces that overlap."""

from functools import partial

import numpy as np

from companion.course.exercise import Exercise, Mistake, Relation
from companion.probes import gpt as probes


def _slide(token_log_probs, ids, context_length, stride, **bugs):
    """Each token once: the first piece keeps all its scores, a later one those of its new tokens.

    Written as a loop over the ends of the pieces.
    """
    begin_of = bugs.get("begin", lambda end, context, stride: max(0, end - context))
    kept_of = bugs.get("keep", lambda found, new, stride: found[-new:])
    scores, done, end = [], 0, min(context_length, len(ids))
    while end > done:
        found = token_log_probs(ids[begin_of(end, context_length, stride) : end])
        scores.extend(kept_of(found, end - done, stride))
        done, end = end, min(end + stride, len(ids))
        if bugs.get("whole") and end - done < stride:
            break
    return np.array(scores)


def _side_by_side(token_log_probs, ids, context_length, stride):
    cut = range(0, len(ids), context_length)
    return np.concatenate([token_log_probs(ids[i : i + context_length]) for i in cut])


def _short_pieces(token_log_probs, ids, context_length, stride):
    cut = range(0, len(ids), stride)
    return np.concatenate([token_log_probs(ids[i : i + stride]) for i in cut])


def _all_of_each(token_log_probs, ids, context_length, stride):
    return _slide(token_log_probs, ids, context_length, stride, keep=lambda found, new, s: found)


def _cases(rng, size):
    context_length, stride = ((4, 2), (6, 2), (5, 3), (4, 4), (6, 5), (3, 1), (8, 3), (5, 2))[size]
    length = context_length + (2 * stride, 3 * stride + 1, stride, 7, 2 * stride + 2)[size % 5]
    if size == 6:
        length = 5  # within the context
    return {
        "ids": rng.integers(0, 9, length),
        "context_length": context_length,
        "stride": stride,
        "weights": (1 / np.arange(1, context_length + 1) + rng.uniform(0.1, 0.4, context_length)),
    }


sliding_log_probs = Exercise(
    name="sliding_log_probs",
    kind="measure",
    title="A text longer than the context",
    minutes=30,
    difficulty=3,
    cases=_cases,
    probe=probes.pieces,
    reference=_slide,
    relations=[
        Relation(
            "a-number-a-token",
            lambda case, rng: case | {"ids": np.concatenate([case["ids"], case["ids"]])},
            lambda out, twice: (
                out["result"].ndim == 1 and len(twice["result"]) == 2 * len(out["result"])
            ),
            "Twice the text must give twice as many numbers: each token is scored once.",
        ),
    ],
    mistakes=[
        Mistake(
            "no-overlap",
            _side_by_side,
            "Your pieces lie side by side, so the first tokens of each have no context; each piece "
            "begins `stride` tokens after the last one.",
        ),
        Mistake(
            "stride-is-the-piece",
            _short_pieces,
            "Your pieces are `stride` tokens long; they are as long as the context, only their "
            "beginnings are `stride` apart.",
        ),
        Mistake(
            "scored-twice",
            _all_of_each,
            "You keep all scores of every piece, so that tokens in the overlap count twice; of a "
            "later piece keep those of its new tokens.",
        ),
        Mistake(
            "beginning-lost",
            partial(_slide, keep=lambda found, new, stride: found[-min(new, stride) :]),
            "The beginning of the text is lost: of the first piece all scores are kept.",
        ),
        Mistake(
            "end-repeated",
            partial(_slide, keep=lambda found, new, stride: found[-max(new, stride) :]),
            "The last piece may bring fewer than `stride` new tokens; you keep `stride` of its "
            "scores, some of them for the second time.",
        ),
        Mistake(
            "end-lost",
            partial(_slide, whole=True),
            "The end of the text is lost, where fewer than `stride` tokens are left; they form a "
            "last, shorter step.",
        ),
        Mistake(
            "first-ones-kept",
            partial(_slide, keep=lambda found, new, stride: found[:new]),
            "You keep the first scores of each piece, those with the least context; the new tokens "
            "are its last.",
        ),
        Mistake(
            "whole-past",
            partial(_slide, begin=lambda end, context, stride: 0),
            "You show the model the whole past; it reads `context_length` ids at most.",
        ),
        Mistake(
            "one-less",
            partial(_slide, begin=lambda end, context, stride: max(0, end - context + 1)),
            "From the second piece on yours are one token short of the context.",
        ),
        Mistake(
            "always-full-context",
            lambda token_log_probs, ids, context_length, stride: _slide(
                token_log_probs, ids, context_length, 1
            ),
            "You moved on by one token each time: the best context, but not the stride that was "
            "asked for, and many times the work.",
        ),
        Mistake(
            "summed",
            lambda *args, **case: np.array([_slide(*args, **case).sum()]),
            "That is the sum; return one number for each token.",
        ),
    ],
    hints=[
        "Every token is scored once, by the first piece that reaches it.",
        "Keep two places: up to where the text is scored, and where the next piece ends, `stride` "
        "further on but never past the end; it begins `context_length` before its end.",
        "`found[-(end - done):]` are the scores of the new tokens; the first piece ends at "
        "`min(context_length, len(ids))` with `done = 0`.",
    ],
)
