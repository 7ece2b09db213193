"""Measure: how many different n-grams texts have."""

from functools import partial

import numpy as np

from companion.course.exercise import Exercise, Mistake
from companion.probes import generation as probes


def _grams(text, n):
    return [tuple(text[i : i + n]) for i in range(len(text) - n + 1)]


def _distinct(texts, n, **bugs):
    """Different n-grams over all n-grams, over all texts together."""
    if bugs.get("joined"):
        texts = [[token for text in texts for token in text]]
    grams = [gram for text in texts for gram in _grams(text, bugs.get("order", lambda n: n)(n))]
    if bugs.get("bag"):
        grams = [tuple(sorted(gram)) for gram in grams]
    different = len(set(grams))
    if bugs.get("count") == "once":
        different = sum(grams.count(gram) == 1 for gram in grams)
    if bugs.get("count") == "repeated":
        different = len(grams) - different
    whole = bugs.get("whole", lambda texts, grams: len(grams))(texts, grams)
    return different / whole if whole else 0.0


def _mean(texts, n):
    return float(np.mean([_distinct([text], n) for text in texts]))


def _no_guard(texts, n):
    grams = [gram for text in texts for gram in _grams(text, n)]
    return len(set(grams)) / len(grams)


def _non_overlapping(texts, n):
    grams = [tuple(text[i : i + n]) for text in texts for i in range(0, len(text) - n + 1, n)]
    return len(set(grams)) / len(grams) if grams else 0.0


def _ends_short(texts, n):
    grams = [tuple(text[i : i + n]) for text in texts for i in range(len(text))]
    return len(set(grams)) / len(grams) if grams else 0.0


def _cases(rng, size):
    n = (2, 1, 3, 2, 2, 2, 3)[size % 7]
    texts = [[int(i) for i in rng.integers(0, 3, length)] for length in (6, 9, 4)]
    if size % 7 == 2:
        texts = [[0, 1, 2, 3], [0, 1, 2, 3, 0, 1, 2], [5]]  # one text is too short
    if size % 7 == 3:
        texts = [[0], []]  # nothing to count
    if size % 7 == 4:
        texts = [[1, 2, 1, 2, 1, 2]]
    if size % 7 == 5:
        texts = [[1, 2], [2, 1], [1, 2], [4, 5]]
    return {"texts": texts, "n": n}


distinct_n = Exercise(
    name="distinct_n",
    kind="measure",
    title="How much of it is new?",
    minutes=30,
    difficulty=2,
    cases=_cases,
    sizes=7,
    probe=probes.scalar,
    reference=_distinct,
    mistakes=[
        Mistake(
            "texts-joined",
            partial(_distinct, joined=True),
            "You joined the texts, and n-grams appeared that begin in one and end in the next.",
        ),
        Mistake(
            "mean-of-texts",
            _mean,
            "You took the mean of the texts' shares; a phrase that every text uses is new each "
            "time then. Count over all texts together.",
        ),
        Mistake(
            "over-tokens",
            partial(_distinct, whole=lambda texts, grams: sum(map(len, texts))),
            "You divided by the number of tokens; divide by the number of n-grams.",
        ),
        Mistake(
            "not-divided",
            partial(_distinct, whole=lambda texts, grams: 1),
            "That is how many different n-grams there are; divide by how many there are in all.",
        ),
        Mistake(
            "seen-once",
            partial(_distinct, count="once"),
            "You counted n-grams that occur once only; one that is repeated still counts once.",
        ),
        Mistake(
            "repeated-share",
            partial(_distinct, count="repeated"),
            "That is the share of *repetitions*; asked for is what is left.",
        ),
        Mistake(
            "one-longer",
            partial(_distinct, order=lambda n: n + 1),
            "Your n-grams have n + 1 tokens.",
        ),
        Mistake(
            "order-ignored",
            partial(_distinct, bag=True),
            "You took (1, 2) and (2, 1) for the same: an n-gram has an order.",
        ),
        Mistake(
            "not-overlapping",
            _non_overlapping,
            "You cut the text into pieces; an n-gram begins at *every* token but the last n − 1.",
        ),
        Mistake(
            "shorter-at-the-end",
            _ends_short,
            "At the end of a text you count pieces shorter than n.",
        ),
        Mistake(
            "nothing-to-count",
            _no_guard,
            "Where no text is long enough there are no n-grams, and you divided by 0; the result "
            "is 0 then.",
        ),
    ],
    hints=[
        "Write down all n-grams of all texts, then strike out what stands there already.",
        "A text of T tokens has T − n + 1 n-grams, or none; tuples can go into a set.",
        "`len(set(grams)) / len(grams)` over one list for all texts, and 0.0 for an empty list.",
    ],
)
