"""The schedule of the learning rate: up in a straight line, down with the root of the step."""

from functools import partial

from companion.course.exercise import Exercise, Mistake, Relation
from companion.probes import transformer as probes


def _noam(step, d_model, warmup, **bugs):
    """d_model^−½·min(n^−½, n·warmup^−3/2) with n = step + 1, or with a part done wrong."""
    count = bugs.get("count", lambda step: step + 1)(step)
    falling = bugs.get("falling", lambda n, w: n**-0.5)(count, warmup)
    rising = bugs.get("rising", lambda n, w: n * w**-1.5)(count, warmup)
    width = bugs.get("width", lambda d: d**-0.5)(d_model)
    return bugs.get("join", lambda w, f, r: w * min(f, r))(width, falling, rising)


def _stands_still(step, d_model, warmup):
    return _noam(step, d_model, warmup, count=lambda s: s) if step else 0.0


def _precedence(step, d_model, warmup):
    n = step + 1
    return d_model**-1 / 2 * min(n**-1 / 2, n * warmup**-3 / 2)


def _noam_cases(rng, size):
    warmup = int(rng.integers(3, 50)) * 10 ** (size % 3)
    d_model = int(2 ** rng.integers(4, 11))
    steps = (
        0,  # Keras's first
        int(rng.integers(1, warmup - 1)),
        warmup - 1,  # where both branches meet
        warmup,
        int(rng.integers(warmup + 1, 3 * warmup)),
        20 * warmup + int(rng.integers(100)),
    )
    return {"step": steps[size % 6], "d_model": d_model, "warmup": warmup}


noam = Exercise(
    name="noam",
    kind="implement",
    title="Warm up, then slow down",
    minutes=15,
    difficulty=1,
    cases=_noam_cases,
    sizes=8,
    tolerance=1e-7,  # rates are small numbers; float32 will do
    probe=probes.scalar,
    reference=_noam,
    relations=[
        Relation(
            "highest-at-the-end-of-the-warm-up",
            lambda case, rng: case | {"step": case["warmup"] - 1},
            lambda out, peak: out["value"] <= peak["value"] * (1 + 1e-9),
            "No step may be larger than the last one of the warm-up.",
        ),
        Relation(
            "wider-is-slower",
            lambda case, rng: case | {"d_model": 4 * case["d_model"]},
            lambda out, wide: abs(2 * wide["value"] - out["value"]) < 1e-9 * out["value"],
            "A model four times as wide must learn half as fast.",
        ),
    ],
    mistakes=[
        Mistake(
            "step-zero-divides",
            partial(_noam, count=lambda step: step),
            "At step 0 you divide by zero. Keras counts steps from 0, the paper from 1: the "
            "paper's number is step + 1.",
        ),
        Mistake(
            "step-zero-stands-still",
            _stands_still,
            "All your rates come one step late, and the first step moves nothing; the paper counts "
            "from 1, so its number is step + 1.",
        ),
        Mistake(
            "first-step-twice",
            partial(_noam, count=lambda step: max(step, 1)),
            "Step 0 gets the rate of step 1 and all others come one step late; the paper's number "
            "is step + 1 everywhere.",
        ),
        Mistake(
            "larger-of-the-two",
            partial(_noam, join=lambda w, f, r: w * max(f, r)),
            "You took the larger of the two branches: it starts at full speed and grows for ever. "
            "Take the smaller.",
        ),
        Mistake(
            "no-warm-up",
            partial(_noam, join=lambda w, f, r: w * f),
            "Your rate never climbs, only the falling branch decides; in the first steps the other "
            "one is lower. Is its power of warmup negative?",
        ),
        Mistake(
            "never-falls",
            partial(_noam, join=lambda w, f, r: w * r),
            "Your rate climbs for ever; after the warm-up the falling branch is lower. Is it "
            "there, and is its power negative?",
        ),
        Mistake(
            "flat-after-warm-up",
            partial(_noam, falling=lambda n, w: w**-0.5),
            "After the warm-up your rate stays where it is; it falls with the root of the step.",
        ),
        Mistake(
            "falls-too-fast",
            partial(_noam, falling=lambda n, w: 1 / n),
            "After the warm-up you divide by the step; divide by its root.",
        ),
        Mistake(
            "power-before-division",
            _precedence,
            "In Python `n**-1/2` is half of 1/n: the power binds more closely than the division. "
            "Write -0.5 and -1.5.",
        ),
        Mistake(
            "warm-up-to-the-minus-one",
            partial(_noam, rising=lambda n, w: n / w),
            "The climb divides by warmup; its power is −3/2, so that the two branches meet at the "
            "end of the warm-up.",
        ),
        Mistake(
            "warm-up-to-the-minus-half",
            partial(_noam, rising=lambda n, w: n * w**-0.5),
            "The power of warmup is −3/2, so that the two branches meet at the end of the warm-up.",
        ),
        Mistake(
            "no-width",
            partial(_noam, width=lambda d: 1.0),
            "d_model is not used: wider models learn more slowly, by the root of the width.",
        ),
        Mistake(
            "wider-is-faster",
            partial(_noam, width=lambda d: d**0.5),
            "The sign of the power is lost: the rate is divided by the root of d_model.",
        ),
        Mistake(
            "whole-width",
            partial(_noam, width=lambda d: 1 / d),
            "You divided by d_model; divide by its square root.",
        ),
        Mistake(
            "width-in-one-branch",
            partial(_noam, join=lambda w, f, r: min(w * f, r)),
            "d_model only reaches one branch; it multiplies the smaller of the two, whichever.",
        ),
    ],
    hints=[
        "Two curves, one climbing in a straight line, one falling: which of them is lower when?",
        "Everything is a number: one power of d_model times the smaller of two products.",
        "In Python `n ** -0.5` is one over the root of n; the built-in `min` takes two numbers.",
    ],
)
