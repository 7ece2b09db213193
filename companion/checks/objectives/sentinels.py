"""Implement: T5's inputs and targets."""

import numpy as np

from companion.course.exercise import Exercise, Mistake, Relation
from companion.probes import objectives as probes


def _pair(
    tokens,
    hidden,
    sentinels,
    per_token=False,
    one_name=False,
    closed=True,
    named=True,
    round_the_end=False,
):
    """(inputs, targets); a wrong idea a switch."""
    inputs, targets, spans = [], [], 0
    before = bool(round_the_end and hidden[-1])
    for token, gone in zip(tokens, hidden, strict=True):
        if gone and (per_token or not before):
            name = sentinels[0 if one_name else spans]
            inputs.append(name)
            targets += [name] * named
            spans += 1
        (targets if gone else inputs).append(token)
        before = gone
    return inputs, targets + [sentinels[0 if one_name else spans]] * closed


def _deleted(tokens, hidden, sentinels):
    inputs = [token for token, gone in zip(tokens, hidden, strict=True) if not gone]
    return inputs, _pair(tokens, hidden, sentinels)[1]


def _all_said(tokens, hidden, sentinels):
    return _pair(tokens, hidden, sentinels)[0], list(tokens)


def _other_side(tokens, hidden, sentinels):
    return _pair(tokens, [not gone for gone in hidden], sentinels)


def _backwards(tokens, hidden, sentinels):
    spans = sum(g and not b for b, g in zip([False, *hidden], hidden, strict=False))
    return _pair(tokens, hidden, list(sentinels[: spans + 1])[::-1])


def _cases(rng, size):
    pattern = ("0110100", "0001110", "110010", "0101", "0000", "10110011")[size % 6]
    tokens = rng.permutation(np.arange(10, 60))[: len(pattern)].tolist()
    sentinels = [int(90 + size) - i for i in range(9)]
    return {"tokens": tokens, "hidden": [c == "1" for c in pattern], "sentinels": sentinels}


def _nothing_lost(out, kept):
    said = [token for row in (out["inputs"], out["targets"]) for token in row if token < 60]
    return sorted(said) == sorted(kept["inputs"].tolist())


span_pair = Exercise(
    name="span_pair",
    kind="implement",
    title="Thank you <X> me to your party <Y> week",
    minutes=30,
    difficulty=2,
    cases=_cases,
    sizes=6,
    probe=probes.inputs_and_targets,
    reference=_pair,
    relations=[
        Relation(
            "nothing-is-lost",
            lambda case, rng: case | {"hidden": [False] * len(case["tokens"])},
            _nothing_lost,
            "Every token of the text must stand once in the inputs or in the targets.",
        ),
    ],
    mistakes=[
        Mistake(
            "one-per-token",
            lambda **case: _pair(**case, per_token=True),
            "Every hidden token has a sentinel of its own; a run of hidden tokens shares one, so "
            "that its length has to be guessed.",
        ),
        Mistake(
            "always-the-first",
            lambda **case: _pair(**case, one_name=True),
            "All spans have the same sentinel: the decoder could not say which one it fills.",
        ),
        Mistake(
            "no-end",
            lambda **case: _pair(**case, closed=False),
            "The targets end with one more sentinel, which says that the last span is over.",
        ),
        Mistake(
            "no-names-in-targets",
            lambda **case: _pair(**case, named=False),
            "The targets do not say which span is which: each begins with its sentinel.",
        ),
        Mistake(
            "deleted",
            _deleted,
            "The hidden tokens are gone from the inputs without a trace; a sentinel stands where "
            "a span was.",
        ),
        Mistake(
            "all-said",
            _all_said,
            "Your targets are the whole text: that is BART. T5 says only what is missing.",
        ),
        Mistake(
            "other-side",
            _other_side,
            "You hid what is to be kept: `hidden` is True for the tokens that go.",
        ),
        Mistake(
            "exchanged",
            lambda **case: _pair(**case)[::-1],
            "Both rows are right, in the wrong order: return inputs, targets.",
        ),
        Mistake(
            "round-the-end",
            lambda **case: _pair(**case, round_the_end=True),
            "Before the first token you look at hidden[-1], which is the *last* one in Python; "
            "before the first token nothing is hidden.",
        ),
        Mistake(
            "backwards",
            _backwards,
            "The sentinels are handed out from the last to the first; the first span gets the "
            "first.",
        ),
    ],
    hints=[
        "Walk through the tokens once, and remember whether the one before was hidden too.",
        "Where a hidden run begins, its sentinel goes into both rows; a hidden token goes into the "
        "targets, any other into the inputs.",
        "Keep a count of the runs that have begun: it is the place of the next sentinel in "
        "`sentinels`, also of the one that ends the targets.",
    ],
)
