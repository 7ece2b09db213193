"""Implement: the best tags together, by dynamic programming."""

from functools import partial

import numpy as np

from companion.course.exercise import Exercise, Mistake, Relation
from companion.probes import finetuning as probes

FORBIDDEN = -1e4


def _path(logits, transitions, start, **bugs):
    """Viterbi's path; a wrong idea a switch."""
    axis = 1 if bugs.get("wrong_axis") else 0
    arcs = transitions.T if bugs.get("transposed") else transitions
    best = logits[0] + (0 if bugs.get("no_start") else start)
    came_from, maxima = [], [best.argmax()]
    for row in logits[1:]:
        longer = best[:, None] + arcs + (row if bugs.get("twice") else 0)
        came_from.append(longer.argmax(axis=axis))
        best = longer.max(axis=axis) + row
        maxima.append(best.argmax())
    if bugs.get("maxima"):
        return maxima
    if bugs.get("one_early"):
        came_from = [np.zeros(len(start), int), *came_from[:-1]][: len(came_from)]
    path = [best.argmax()]
    for pointers in reversed(came_from):
        path.append(pointers[path[-1]])
    return path if bugs.get("backwards") else path[::-1]


def _wrong(*names):
    return partial(_path, **dict.fromkeys(names, True))


def _greedy(logits, transitions, start):
    path = [int((logits[0] + start).argmax())]
    for row in logits[1:]:
        path.append(int((transitions[path[-1]] + row).argmax()))
    return path


def _cases(rng, size):
    """Tags O, B-X, I-X, B-Y, I-Y for some, and N tags without a meaning for the others."""
    size %= 8
    time, tags = ((1, 3), (2, 3), (4, 3), (6, 5), (8, 5), (7, 4), (12, 5), (9, 3))[size]
    logits, transitions = 2 * rng.normal(size=(time, tags)), 2 * rng.normal(size=(tags, tags))
    start = rng.normal(size=tags)
    inside = np.arange(2, tags, 2)  # the tags of an I
    start[inside] = FORBIDDEN
    logits[0, inside[0]] = logits[0].max() + 1  # … which the first item would like to have
    for i in inside:
        may_not = np.ones(tags, bool)
        may_not[[i - 1, i]] = False
        transitions[may_not, i] = FORBIDDEN
    if size == 1:  # to stay with O gains 3 and loses 2: who counts logits twice would change
        logits[0], logits[1] = (3, 0, 9), logits[1] / 10 + (0, 2, -3)
        transitions[:, :2], start[:2] = ((3, 0), (0, 0), (0, 0)), 0
    elif size == 5:
        transitions, start = 3 * rng.normal(size=(tags, tags)), 3 * rng.normal(size=tags)
    return {"logits": logits, "transitions": transitions, "start": start}


def _lifted(case, rng):
    return case | {"logits": case["logits"] + rng.normal(size=(len(case["logits"]), 1))}


best_path = Exercise(
    name="best_path",
    kind="implement",
    title="The best tags together",
    minutes=30,
    difficulty=3,
    cases=_cases,
    sizes=8,
    probe=probes.path,
    reference=_path,
    relations=[
        Relation(
            "all-tags-lifted",
            _lifted,
            lambda out, lifted: out["path"] == lifted["path"],
            "If all tags of an item become better by the same, the best path must stay.",
        ),
    ],
    mistakes=[
        Mistake(
            "each-by-itself",
            lambda logits, transitions, start: logits.argmax(axis=1),
            "Each item has the tag that is best for itself; the transitions are not used.",
        ),
        Mistake(
            "greedy",
            _greedy,
            "You decide tag by tag, from left to right. A tag that looks best may lead nowhere: "
            "keep, for *every* tag, the best path that ends in it.",
        ),
        Mistake(
            "no-start",
            _wrong("no_start"),
            "The scores of the first tag, `start`, are not used: your text may begin with an I.",
        ),
        Mistake(
            "transposed",
            _wrong("transposed"),
            "You read the transitions from right to left: row i, column j is *from* i *to* j.",
        ),
        Mistake(
            "logits-twice",
            _wrong("twice"),
            "The logits of each item count twice: they are in the scores of the pairs and are "
            "added again afterwards.",
        ),
        Mistake(
            "wrong-axis",
            _wrong("wrong_axis"),
            "The maximum runs over the wrong axis: for each tag *to* which a path leads, choose "
            "among the tags *from* which it comes.",
        ),
        Mistake(
            "no-way-back",
            _wrong("maxima"),
            "You took the best tag at each item as you went along. Which path wins is known at "
            "the end; only then go back along the pointers.",
        ),
        Mistake(
            "pointers-one-early",
            _wrong("one_early"),
            "Your pointers are off by one: those that were found at item t lead from t back to "
            "t − 1.",
        ),
        Mistake(
            "backwards",
            _wrong("backwards"),
            "The path is right and stands on its head: going back, you found the last tag first.",
        ),
    ],
    hints=[
        "The best path to a tag is the best path to some tag before it, plus one step. N numbers "
        "are enough to remember, and where each came from.",
        "`best` (tags,) and `best[:, None] + transitions` (from, to); its maximum over *from* "
        "plus the item's logits is the next `best`, its `argmax` the pointers.",
        "At the end: the tag with the largest `best`, then `pointers[tag]` for each item "
        "backwards, then turn the list round.",
    ],
)
