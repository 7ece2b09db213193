"""Near duplicates: how much two texts have in common, as the share of their shingles."""

from collections import Counter
from functools import partial

from companion.course.exercise import Exercise, Mistake, Relation
from companion.probes import gpt as probes


def _cut(text, n, step=1, less=0):
    return [text[i : i + n] for i in range(0, max(1, len(text) - n + 1 - less), step)]


def _share(one, other, n, cut=_cut, collect=set, below=None):
    """|A ∩ B| / |A ∪ B|, or with other pieces or another denominator."""
    a, b = collect(cut(one, n)), collect(cut(other, n))
    size = (lambda c: c.total()) if collect is Counter else len
    wanted = below(a, b) if below else size(a | b)
    return size(a & b) / wanted if wanted else 0.0


def _words(text, n):
    words = text.split()
    return [tuple(words[i : i + n]) for i in range(max(1, len(words) - n + 1))]


def _tidied(text, n, changes):
    """Shingles of a text that was changed first."""
    for change in changes:
        text = change(text)
    return _cut(text, n)


def _one_space(text):
    return " ".join(text.split())


def _nothing_when_short(text, n):
    return [text[i : i + n] for i in range(len(text) - n + 1)]


LINES = (
    "to be or not to be",
    "to be or to do",
    "the cat sat on the mat",
    "a cat sat on that mat",
    "so so so so so",
    "我在北京读书，我在北京写书",
    "我在南京读书",
)


def _cases(rng, size):
    n = (3, 2, 4, 5)[size % 4]
    one, other = (LINES[i] for i in rng.choice(len(LINES), 2, replace=False))
    if size == 0:
        one, other = "to be or not to be", "to be or to do"
    if size == 3:
        one, other = "To be,  or not to be", "to be, or not to be"  # case and spaces count
    if size == 4:
        one, other, n = "so so so so so", "so so what", 3
    if size in (2, 6):
        one, other = "hi", ("hi", "ho")[size == 6]  # shorter than a shingle
    if size == 7:
        other = one + " again"
    return {"one": one, "other": other, "n": n}


resemblance = Exercise(
    name="resemblance",
    kind="implement",
    title="Almost the same text",
    minutes=15,
    difficulty=2,
    cases=_cases,
    probe=probes.scalar,
    reference=_share,
    relations=[
        Relation(
            "either-way-round",
            lambda case, rng: case | {"one": case["other"], "other": case["one"]},
            lambda out, turned: abs(out["value"] - turned["value"]) < 1e-9,
            "Which of the two texts comes first must not matter.",
        ),
        Relation(
            "with-itself",
            lambda case, rng: case | {"other": case["one"]},
            lambda out, same: abs(same["value"] - 1) < 1e-9,
            "A text must resemble itself by 1.",
        ),
    ],
    mistakes=[
        Mistake(
            "how-often",
            partial(_share, collect=Counter),
            "You counted how often each shingle comes; a set has it once.",
        ),
        Mistake(
            "words",
            partial(_share, cut=_words),
            "Your shingles are runs of words; here they are runs of n characters.",
        ),
        Mistake(
            "lower-case",
            partial(_share, cut=partial(_tidied, changes=(str.lower,))),
            "You changed capital letters into small ones; here the texts are taken as they are.",
        ),
        Mistake(
            "one-space",
            partial(_share, cut=partial(_tidied, changes=(_one_space,))),
            "You made one space of several; here the texts are taken as they are.",
        ),
        Mistake(
            "tidied",
            partial(_share, cut=partial(_tidied, changes=(str.lower, _one_space))),
            "You changed case and spaces, as the chapter does before it compares; here the texts "
            "are taken as they are.",
        ),
        Mistake(
            "side-by-side",
            partial(_share, cut=lambda text, n: _cut(text, n, step=n)),
            "Your shingles stand side by side, so one letter inserted changes them all; they "
            "overlap, one begins at each character.",
        ),
        Mistake(
            "last-missing",
            partial(_share, cut=lambda text, n: _cut(text, n, less=1)),
            "The last shingle is missing: a text of length m has m − n + 1.",
        ),
        Mistake(
            "short-rests",
            partial(_share, cut=lambda text, n: [text[i : i + n] for i in range(len(text))]),
            "At the end of the text your shingles get shorter than n; stop before.",
        ),
        Mistake(
            "short-text-empty",
            partial(_share, cut=_nothing_when_short),
            "A text shorter than n has no shingles with you; the text itself is its one shingle.",
        ),
        Mistake(
            "dice",
            lambda one, other, n: (
                2
                * len(set(_cut(one, n)) & set(_cut(other, n)))
                / (len(set(_cut(one, n))) + len(set(_cut(other, n))))
            ),
            "That is Dice's coefficient, twice the common ones over the sum of both sizes; divide "
            "by the size of the union.",
        ),
        Mistake(
            "sum-of-sizes",
            partial(_share, below=lambda a, b: len(a) + len(b)),
            "You divided by the sum of both sizes, which counts the common shingles twice; divide "
            "by the size of the union.",
        ),
        Mistake(
            "containment",
            partial(_share, below=lambda a, b: min(len(a), len(b))),
            "You divided by the smaller set: a quotation then resembles the whole book by 1. "
            "Divide by the union.",
        ),
        Mistake(
            "larger-set",
            partial(_share, below=lambda a, b: max(len(a), len(b))),
            "You divided by the larger set; divide by the union of both.",
        ),
        Mistake(
            "of-the-first",
            partial(_share, below=lambda a, b: len(a)),
            "You divided by the first text's shingles; divide by the union of both.",
        ),
        Mistake(
            "different",
            lambda one, other, n: 1 - _share(one, other, n),
            "That is how *different* they are; without the `1 -` it is right.",
        ),
    ],
    hints=[
        "Two sets of snippets: what do they share, out of all that is in either?",
        "Two sets of strings of length n, one beginning at each character where n characters are "
        "left; two numbers.",
        "`len(a & b) / len(a | b)`; `range(max(1, len(text) - n + 1))` also serves short texts.",
    ],
)
