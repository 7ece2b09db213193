"""Implement: from logits to an answer, or to none."""

from functools import partial

import numpy as np

from companion.course.exercise import Exercise, Mistake, Relation
from companion.probes import finetuning as probes


def _answer(start, end, longest, first=1, least=0, more=0, null=lambda start, end: None):
    """(first, last), or (0, 0) where nothing beats [CLS]; a wrong idea an argument."""
    spans = [
        (start[i] + end[j], i, j)
        for i in range(first, len(start))
        for j in range(i + least, min(i + longest + more, len(end)))
    ]
    bar = null(start, end)
    best = max(spans, default=(-np.inf, 0, 0))
    return best[1:] if best[0] > (start[0] + end[0] if bar is None else bar) else (0, 0)


def _if_any(found, start, end):
    i, j = found
    return (i, j) if start[i] + end[j] > start[0] + end[0] else (0, 0)


def _apart(start, end, longest):
    return _if_any((1 + start[1:].argmax(), 1 + end[1:].argmax()), start, end)


def _from_the_start(start, end, longest):
    i = 1 + start[1:].argmax()
    return _if_any((i, i + end[i : i + longest].argmax()), start, end)


def _softmax(x):
    powers = np.exp(x - x.max())
    return powers / powers.sum()


def _exclusive(start, end, longest):
    i, j = _answer(start, end, longest)
    return (i, j + 1) if i else (0, 0)


def _answer_cases(rng, size):
    size %= 9
    time, longest = ((5, 3), (6, 3), (7, 2), (8, 3), (7, 3), (6, 4), (9, 3), (7, 2), (7, 3))[size]
    start, end = rng.normal(size=time), rng.normal(size=time)
    start[0], end[0] = -3, -3  # as if there were an answer
    if size == 0:  # one token
        start[2], end[2] = 6, 6
    elif size == 1:  # nothing: [CLS] wins, though its start alone is low
        start[0], end[0] = 1, 9
    elif size == 2:  # the best end is before the best start
        start[[1, 4]], end[[2, 5]] = (4, 5), (6, 1)
    elif size == 3:  # the best pair is one token too long
        start[2], end[[3, 5]] = 6, (3, 6)
    elif size == 4:  # the best pair is far too long; [CLS] would like to begin
        start[[0, 1]], end[[2, 6]] = (7, 3), (6, 6)
    elif size == 5:  # [CLS] begins well and ends badly: no reason to say nothing
        start[0], end[0], start[2], end[3] = 8, -5, 4, 2.5
    elif size == 6:  # the best start leads to no good end, a lesser one does
        start[[2, 6]], end[[4, 7]] = (5, 6), (6, 2)
    elif size == 7:  # two sharp places lose to two that go together and barely beat nothing
        start[0], end[0] = 2.5, 2.5
        start[[2, 5]], end[[3, 1]] = (3, 7), (2.8, 7.5)
        start[1], end[5], end[6] = -9, -9, -2.2
    else:  # [CLS] ends well and begins badly: no reason to say nothing
        start[0], end[0], start[2], end[3] = -5, 8, 4, 2.5
    return {"start": start, "end": end, "longest": longest}


best_answer = Exercise(
    name="best_answer",
    kind="implement",
    title="From here to there, or nowhere",
    minutes=15,
    difficulty=2,
    cases=_answer_cases,
    sizes=9,
    probe=probes.place,
    reference=_answer,
    relations=[
        Relation(
            "all-lifted",
            lambda case, rng: case | {"start": case["start"] + 5, "end": case["end"] - 2},
            lambda out, lifted: out["place"] == lifted["place"],
            "A number that is added to all logits of a row must change nothing.",
        ),
    ],
    mistakes=[
        Mistake(
            "apart",
            _apart,
            "You chose start and end apart, so an answer may end before it begins; choose the "
            "pair.",
        ),
        Mistake(
            "from-the-best-start",
            _from_the_start,
            "You took the best start and then an end for it. A lesser start with a good end may "
            "be better: compare the pairs.",
        ),
        Mistake(
            "any-length",
            lambda start, end, longest: _answer(start, end, len(start)),
            "Your answers may be of any length; `longest` tokens are allowed.",
        ),
        Mistake(
            "one-too-long",
            partial(_answer, more=1),
            "Your answers may be one token too long: from i to j they have j − i + 1 tokens.",
        ),
        Mistake(
            "two-tokens-at-least",
            partial(_answer, least=1),
            "An answer of one token is never found: first and last may be the same.",
        ),
        Mistake(
            "cls-begins",
            partial(_answer, first=0),
            "Some of your answers begin at [CLS] and end in the text. [CLS] stands for "
            "“no answer” and is in no answer.",
        ),
        Mistake(
            "always-an-answer",
            partial(_answer, null=lambda start, end: -np.inf),
            "You always find an answer; where start[0] + end[0] is not beaten there is none.",
        ),
        Mistake(
            "half-of-nothing",
            partial(_answer, null=lambda start, end: start[0]),
            "You compare with start[0] alone; “no answer” scores start[0] + end[0], as any pair "
            "does.",
        ),
        Mistake(
            "end-of-nothing",
            partial(_answer, null=lambda start, end: end[0]),
            "You compare with end[0] alone; “no answer” scores start[0] + end[0], as any pair "
            "does.",
        ),
        Mistake(
            "probabilities-added",
            lambda start, end, longest: _answer(_softmax(start), _softmax(end), longest),
            "You added probabilities. Those of start and end are *multiplied*, so logits are "
            "added, and no softmax is needed.",
        ),
        Mistake(
            "exclusive",
            _exclusive,
            "Your answer ends one past its last token; here `last` is the last token itself.",
        ),
    ],
    hints=[
        "Every pair (i, j) is a candidate if it is a stretch of the text, and “no answer” is one "
        "more.",
        "Pairs with 1 ≤ i ≤ j < i + longest; a score start[i] + end[j] for each.",
        "Two loops and the largest score do; at the end compare it with start[0] + end[0].",
    ],
)
