"""Rare classes (implement), and a training with three bugs (debug)."""

from functools import partial

import numpy as np

from companion.checks.transformer.arrays import normal
from companion.course.exercise import Exercise, Mistake, Relation
from companion.probes import finetuning as probes


def _weights(labels, num_classes, weigh=lambda counts: counts.sum() / (len(counts) * counts)):
    return weigh(np.bincount(labels, minlength=num_classes).astype(float))


def _wrong_weights(weigh):
    return partial(_weights, weigh=weigh)


def _by_appearance(labels, num_classes):
    right = _weights(labels, num_classes)
    return right[list(dict.fromkeys(labels.tolist()))]


def _label_cases(rng, size):
    counts = ((2, 4), (1, 6, 3), (9, 2, 3, 2), (5, 1), (2, 7, 4, 1, 6))[size % 5]
    labels = np.repeat(np.arange(len(counts)), counts)
    labels = rng.permutation(labels)
    first = int(np.argmax(labels == len(counts) - 1))
    labels[[0, first]] = labels[[first, 0]]  # the first label seen is not class 0
    return {"labels": labels, "num_classes": len(counts)}


class_weights = Exercise(
    name="class_weights",
    kind="implement",
    title="What is rare weighs more",
    minutes=5,
    difficulty=1,
    cases=_label_cases,
    sizes=5,
    probe=probes.array,
    reference=_weights,
    relations=[
        Relation(
            "twice-the-data",
            lambda case, rng: case | {"labels": np.tile(case["labels"], 2)},
            lambda out, twice: bool(np.allclose(out["result"], twice["result"])),
            "The same data twice must give the same weights.",
        ),
    ],
    mistakes=[
        Mistake(
            "shares",
            _wrong_weights(lambda n: n / n.sum()),
            "Those are the shares of the classes: what is frequent weighs more. Turn it round.",
        ),
        Mistake(
            "one-over-count",
            _wrong_weights(lambda n: 1 / n),
            "1/N_c has the right proportions and shrinks as the data grows: the loss, and with it "
            "every step, becomes tiny. On average over the items a weight should be 1.",
        ),
        Mistake(
            "one-over-share",
            _wrong_weights(lambda n: n.sum() / n),
            "N/N_c weighs every item C times too much; divide by the number of classes as well.",
        ),
        Mistake(
            "sum-to-one",
            _wrong_weights(lambda n: (1 / n) / (1 / n).sum()),
            "Your weights sum to 1 over the *classes*; it is over the *items* that they should be "
            "1 on average.",
        ),
        Mistake(
            "sum-to-classes",
            _wrong_weights(lambda n: len(n) * (1 / n) / (1 / n).sum()),
            "Your weights are 1 on average over the *classes*; the loss is a mean over *items*, "
            "and most of those are of the frequent class.",
        ),
        Mistake(
            "largest-over-count",
            _wrong_weights(lambda n: n.max() / n),
            "The most frequent class has the weight 1 and all others more, so that the loss grows; "
            "a weight should be 1 on average over the items.",
        ),
        Mistake(
            "one-minus-share",
            _wrong_weights(lambda n: 1 - n / n.sum()),
            "1 − N_c/N favours rare classes too little: with a hundred times fewer items a class "
            "needs a hundred times the weight to count the same.",
        ),
        Mistake(
            "root",
            _wrong_weights(lambda n: np.sqrt(n.sum() / (len(n) * n))),
            "That is the root, a compromise that some use; wanted are weights with which every "
            "class counts the same.",
        ),
        Mistake(
            "order-of-appearance",
            _by_appearance,
            "Your weights stand in the order in which the classes appear in the data; place c "
            "belongs to class c.",
        ),
    ],
    hints=[
        "All items of a class together should weigh N/C, whatever the class.",
        "`np.bincount(labels, minlength=num_classes)` are the N_c, (C,).",
        "So one item of class c weighs (N/C) / N_c.",
    ],
)


def _tuned(weights, moves, gradient, score, rate, decay, patience, turns, **bugs):
    """Gradient descent with early stopping; a bug a switch."""
    best, best_score, waited = weights, -np.inf, 0
    shrinks = np.ones_like(moves) if bugs.get("decays_the_frozen") else moves
    split = "test" if bugs.get("scores_on_test") else bugs.get("split", "validation")
    for _ in range(turns):
        weights = weights - rate * (moves * gradient(weights) + shrinks * decay * weights)
        now = score(weights, split)
        if now > best_score:
            best, best_score, waited = weights, now, 0
        else:
            waited += 1
        if waited == patience + bugs.get("more", 0):
            break
    return weights if bugs.get("returns_the_last") else best


def _never_reset(weights, moves, gradient, score, rate, decay, patience, turns):
    best, best_score, waited = weights, -np.inf, 0
    for _ in range(turns):
        weights = weights - rate * moves * (gradient(weights) + decay * weights)
        now = score(weights, "validation")
        waited += now <= best_score
        if now > best_score:
            best, best_score = weights, now
        if waited == patience:
            break
    return best


BUGS = ("decays_the_frozen", "scores_on_test", "returns_the_last")


def _with(*bugs):
    return partial(_tuned, **dict.fromkeys(bugs, True))


_REST = {
    ("decays_the_frozen",): "Two bugs are gone. Frozen weights still move: they get no gradient, "
    "but the decay shrinks them all the same, a little in every turn.",
    ("scores_on_test",): "Two bugs are gone. The turn is still chosen on the test split; what is "
    "chosen there can no longer be measured there.",
    ("returns_the_last",): "Two bugs are gone. The weights of the *last* turn still come back: "
    "`best` is no copy but another name for the array that every turn changes (a slice, "
    "`weights[:]`, is that too).",
    ("decays_the_frozen", "scores_on_test"): "The best turn comes back now. Compare the frozen "
    "weights before and after, and look at which split the turn is chosen on.",
    ("decays_the_frozen", "returns_the_last"): "The right split is asked now. Compare the frozen "
    "weights before and after, and the score of what comes back with the best one seen.",
    ("scores_on_test", "returns_the_last"): "Frozen weights rest now. Look at which split the turn "
    "is chosen on, and whether what comes back has the best score that was seen.",
}


def _tuning_cases(rng, size):
    """Coordinate 0 drifts past the best place, 1 swings, so that scores rise, fall and rise."""
    size %= 6
    order = slice(None, None, -1 if size % 2 else 1)  # the frozen ones last, or first

    def drawn(*places):
        return (np.array(places) + normal(rng, 5) / 10)[order].copy()

    return {
        "weights": drawn(0, 4, 1, 2, -3),
        "moves": np.array([True, True, True, False, False])[order].copy(),
        "curves": np.array([1.0, 18.5, 2.0, 3.0, 3.0])[order].copy(),
        "goals": {
            "train": drawn(8, 0, 2, 9, 9),
            "validation": drawn(5, 2, 1, 4, -5),
            "test": drawn(2, 2, 1, 1, -2),
        },
        "rate": 0.1,
        "decay": (0.1, 0.2, 0.05, 0.1, 0.3, 0.2)[size],
        "patience": (3, 2, 4, 2, 3, 1)[size],
        "turns": (60, 60, 60, 12, 60, 60)[size],
    }


fine_tune = Exercise(
    name="fine_tune",
    kind="debug",
    title="A score too good to be true",
    minutes=30,
    difficulty=3,
    cases=_tuning_cases,
    sizes=6,
    probe=probes.tuning,
    reference=_tuned,
    starter=_with(*BUGS),
    relations=[
        Relation(
            "the-test-split-decides-nothing",
            lambda case, rng: case | {"goals": case["goals"] | {"test": 100 * normal(rng, 5)}},
            lambda out, other: bool(np.allclose(out["weights"], other["weights"])),
            "With another test split the same weights must come back.",
        ),
    ],
    mistakes=[
        *(
            Mistake("-and-".join(bug.replace("_", "-") for bug in bugs), _with(*bugs), hint)
            for bugs, hint in _REST.items()
        ),
        Mistake(
            "scores-on-train",
            partial(_tuned, split="train"),
            "You score on the training split, which gets better as the text is learned by heart; "
            "the validation split says when to stop.",
        ),
        Mistake(
            "freezes-what-should-move",
            lambda **case: _tuned(**case | {"moves": ~case["moves"]}),
            "The frozen weights move and the others rest: `moves` is True for those that learn.",
        ),
        Mistake(
            "stops-at-once",
            lambda **case: _tuned(**case | {"patience": 1}),
            "You stop at the first turn that is no better; wait for `patience` of them in a row.",
        ),
        Mistake(
            "waits-too-long",
            partial(_tuned, more=1),
            "You wait one turn too long: after `patience` turns that were no better it is over.",
        ),
        Mistake(
            "never-forgives",
            _never_reset,
            "Bad turns are counted from the beginning; a better one sets the count back to 0.",
        ),
        Mistake(
            "no-decay",
            lambda **case: _tuned(**case | {"decay": 0.0}),
            "Nothing decays any more. What moves is to shrink as before, what is frozen is not.",
        ),
    ],
    hints=[
        "Print three things: a frozen weight in each turn, the name of the split that is asked, "
        "and `best is weights`.",
        "`a = b` gives an array a second name; `-=` then changes it under both.",
        "`moves` has to reach the whole step, the decay too; the split is "
        '"validation"; `best` wants a `.copy()`.',
    ],
)
