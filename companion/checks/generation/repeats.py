"""No n-gram twice: the tokens that would repeat one."""

from functools import partial

from companion.course.exercise import Exercise, Mistake
from companion.probes import generation as probes


def _forbidden(ids, n, **bugs):
    """The tokens that would complete an n-gram which the text has, in order."""
    size = n - 1 + bugs.get("longer", 0)
    begin = ids[len(ids) - size :] if size else []
    if bugs.get("empty_slice"):
        begin = ids[-(n - 1) :]
    if bugs.get("from_the_start"):
        begin = ids[:size]
    found = []
    for i in range(bugs.get("from", 0), len(ids) - size + bugs.get("more", 0)):
        window = ids[i : i + size]
        same = sorted(window) == sorted(begin) if bugs.get("bag") else window == begin
        if same and len(begin) == size:
            found.append(ids[i + size])
    if bugs.get("which") == "first":
        found = found[:1]
    if bugs.get("which") == "last":
        found = found[-1:]
    return sorted(set(found))


def _all_tokens(ids, n):
    """Every token of the text, whatever comes before it."""
    return sorted(set(ids))


def _whole(ids, n):
    """All tokens of the repeated n-grams, not only the last of each."""
    last = _forbidden(ids, n)
    return sorted(set(last) | (set(ids[len(ids) - n + 1 :]) if last and n > 1 else set()))


def _not_a_set(ids, n):
    begin = ids[len(ids) - n + 1 :] if n > 1 else []
    return [ids[i + n - 1] for i in range(len(ids) - n + 1) if ids[i : i + n - 1] == begin]


def _cases(rng, size):
    n = (2, 3, 3, 1, 2, 4, 3, 2)[size % 8]
    text = [int(i) for i in rng.integers(0, 3, 12)]
    if size % 8 == 1:
        text = [4, 5, 6, 1, 2, 3, 4, 5, 0, 1, 2, 4, 2, 1, 5, 1, 2]
    if size % 8 == 2:
        text = [7, 8]  # shorter than an n-gram
    if size % 8 == 4:
        text = [3, 1, 3, 2, 3, 1, 3]  # 3 is followed by 1 and 2, twice by 1
    if size % 8 == 5:
        text = [1, 2, 3, 9, 2, 1, 3, 8, 1, 2, 3]
    if size % 8 == 6:
        text = [5, 5, 5, 6, 5, 5]  # windows that overlap
    return {"ids": text, "n": n}


forbidden = Exercise(
    name="forbidden",
    kind="implement",
    title="Never say it twice",
    minutes=15,
    difficulty=2,
    cases=_cases,
    sizes=8,
    probe=probes.ids,
    reference=_forbidden,
    mistakes=[
        Mistake(
            "n-before",
            partial(_forbidden, longer=1),
            "You compare the last n tokens; an n-gram is n − 1 of them and the new one.",
        ),
        Mistake(
            "one-too-few-before",
            partial(_forbidden, longer=-1),
            "You compare too few tokens: all n − 1 before the new one have to be the same.",
        ),
        Mistake(
            "empty-slice",
            partial(_forbidden, empty_slice=True),
            "For n = 1 nothing comes before the token, but `ids[-0:]` is the whole text. Every "
            "token of the text is forbidden then.",
        ),
        Mistake(
            "first-place-only",
            partial(_forbidden, which="first"),
            "You stop at the first place where the beginning was seen; it may have been followed "
            "by other tokens elsewhere.",
        ),
        Mistake(
            "last-place-only",
            partial(_forbidden, which="last"),
            "You kept only the last place where the beginning was seen; it may have been followed "
            "by other tokens elsewhere.",
        ),
        Mistake(
            "everything-said",
            _all_tokens,
            "You forbid every token of the text, which is right for n = 1 only.",
        ),
        Mistake(
            "whole-n-gram",
            _whole,
            "You forbid all tokens of the n-gram; only the one that would complete it is out.",
        ),
        Mistake(
            "order-ignored",
            partial(_forbidden, bag=True),
            "You compare which tokens come before, not in which order.",
        ),
        Mistake(
            "beginning-of-the-text",
            partial(_forbidden, from_the_start=True),
            "You compare with the *first* tokens of the text; what counts is how it ends.",
        ),
        Mistake(
            "first-window-skipped",
            partial(_forbidden, **{"from": 1}),
            "The first tokens of the text are an n-gram too: begin at 0.",
        ),
        Mistake(
            "several-times",
            _not_a_set,
            "A token is in your list more than once, or the list is not in order: sort a set.",
        ),
    ],
    hints=[
        "Which tokens have followed, earlier in the text, what stands at its end now?",
        "Slide a window of n − 1 tokens over the text, and look at the token behind it.",
        "`ids[len(ids) - (n - 1):]` is the end, also for n = 1; `ids[i : i + n - 1]` is a window "
        "and `ids[i + n - 1]` what follows it.",
    ],
)
