"""How a GPT is trained: the rate of each step, a batch in parts, a gradient that is too long."""

import math
from functools import partial

import numpy as np

from companion.course.exercise import Exercise, Mistake, Relation
from companion.probes import gpt as probes


def _accumulate(gradients, tokens, total=lambda g, n: n @ g / n.sum()):
    """Σ nᵢ gᵢ / Σ nᵢ, or a wrong idea of it."""
    return total(gradients, tokens)


def _accumulate_cases(rng, size):
    parts, width = 2 + size % 4, 1 + size % 3
    tokens = rng.permutation(np.arange(3, 40))[:parts] * 2
    return {"gradients": rng.normal(size=(parts, width)).round(2), "tokens": tokens}


accumulate = Exercise(
    name="accumulate",
    kind="fill",
    title="A large batch in small parts",
    minutes=5,
    difficulty=1,
    cases=_accumulate_cases,
    probe=probes.array,
    reference=_accumulate,
    relations=[
        Relation(
            "one-part-cut-in-two",
            lambda case, rng: {
                "gradients": np.vstack([case["gradients"], case["gradients"][-1:]]),
                "tokens": np.append(case["tokens"], case["tokens"][-1] // 2)
                - np.eye(len(case["tokens"]) + 1, dtype=int)[-2] * (case["tokens"][-1] // 2),
            },
            lambda out, more: bool(np.allclose(out["result"], more["result"])),
            "A part that is cut into two halves with the same gradient must change nothing.",
        ),
    ],
    mistakes=[
        Mistake(
            "mean-of-means",
            partial(_accumulate, total=lambda g, n: g.mean(axis=0)),
            "You took the plain mean of the parts: a token of a short part weighs more than one of "
            "a long part. Weigh each part by its number of tokens.",
        ),
        Mistake(
            "sum",
            partial(_accumulate, total=lambda g, n: g.sum(axis=0)),
            "You added the gradients of the parts, so that more parts make a longer step; a mean "
            "over all tokens is wanted.",
        ),
        Mistake(
            "not-divided",
            partial(_accumulate, total=lambda g, n: n @ g),
            "Weighed and added, but not divided by the number of all tokens.",
        ),
        Mistake(
            "divided-by-parts",
            partial(_accumulate, total=lambda g, n: n @ g / len(n)),
            "You divided by the number of parts; divide by the number of all tokens.",
        ),
        Mistake(
            "last-part-only",
            partial(_accumulate, total=lambda g, n: g[-1]),
            "That is the gradient of the last part: the others were overwritten in place of added.",
        ),
        Mistake(
            "last-part-over-all",
            partial(_accumulate, total=lambda g, n: n[-1] * g[-1] / n.sum()),
            "Only the last part is left, with its share; add up the shares of all.",
        ),
        Mistake(
            "upside-down",
            partial(_accumulate, total=lambda g, n: (1 / n) @ g / (1 / n).sum()),
            "You weigh by one over the number of tokens; the parts are means already, so a part "
            "of many tokens weighs more, not less.",
        ),
    ],
    hints=[
        "Undo the means: what is the sum over the tokens of one part?",
        "A sum over the parts, number of tokens times gradient, of the shape of one gradient; "
        "then one division.",
        "`tokens @ gradients` sums over the parts; `tokens.sum()` is the number of all tokens.",
    ],
)


def _rate(step, rate, steps, warmup, floor, **bugs):
    """The rate of Keras' step number `step`, or with a part done wrong."""
    n = bugs.get("count", lambda step: step + 1)(step)
    share = bugs.get("share", lambda n, steps, warmup: (n - warmup) / (steps - warmup))
    share = share(n, steps, warmup)
    if not bugs.get("unclipped"):
        share = min(max(share, 0.0), 1.0)
    wave = bugs.get("wave", lambda s: (1 + math.cos(math.pi * s)) / 2)(share)
    fall = bugs.get("floored", lambda wave, floor: floor + (1 - floor) * wave)(wave, floor)
    climb = bugs.get("climb", lambda n, warmup: n / warmup)(n, warmup)
    join = bugs.get("join", lambda n, w, climb, fall: climb if n < w else fall)
    return rate * join(n, warmup, climb, fall)


def _rate_cases(rng, size):
    warmup = int(rng.integers(3, 12))
    steps = warmup + int(rng.integers(20, 60))
    at = (
        0,  # Keras' first
        warmup - 1,  # the top
        int(rng.integers(warmup + 3, steps - 6)),
        steps - 1,  # the last
        int(rng.integers(1, warmup - 1)),
        steps + int(rng.integers(5, 15)),  # past the end
        warmup,
        steps - 4,
    )
    rate, floor = float(rng.choice([3e-4, 6e-4, 1e-3])), float(rng.choice([0.05, 0.1, 0.2]))
    return {"step": at[size % 8], "rate": rate, "steps": steps, "warmup": warmup, "floor": floor}


warmup_cosine = Exercise(
    name="warmup_cosine",
    kind="implement",
    title="Up in a line, down in a cosine",
    minutes=15,
    difficulty=2,
    cases=_rate_cases,
    tolerance=1e-9,  # rates are small numbers; float32 will do
    probe=probes.scalar,
    reference=_rate,
    relations=[
        Relation(
            "highest-at-the-end-of-the-warm-up",
            lambda case, rng: case | {"step": case["warmup"] - 1},
            lambda out, top: out["value"] <= top["value"] * (1 + 1e-6),
            "No step may be larger than the last one of the warm-up.",
        ),
    ],
    mistakes=[
        Mistake(
            "counts-from-zero",
            partial(_rate, count=lambda step: step),
            "Your rates come one step late and the first step moves nothing: Keras' step 0 is the "
            "first, n = 1.",
        ),
        Mistake(
            "climb-from-zero",
            partial(_rate, climb=lambda n, warmup: (n - 1) / warmup),
            "The climb starts at zero, so the first step moves nothing; its number is n = step + "
            "1 there too.",
        ),
        Mistake(
            "rises-again",
            partial(_rate, unclipped=True),
            "After the end your cosine rises again; keep the share of the way at 1 from there on.",
        ),
        Mistake(
            "cosine-from-the-start",
            partial(_rate, share=lambda n, steps, warmup: n / steps),
            "Your cosine starts at step 1, so that the rate drops when the warm-up ends; it "
            "starts where the warm-up ends.",
        ),
        Mistake(
            "ends-late",
            partial(_rate, share=lambda n, steps, warmup: (n - warmup) / steps),
            "You divide the way by all steps; between the end of the warm-up and the last step "
            "there are steps − warmup.",
        ),
        Mistake(
            "no-warm-up",
            partial(_rate, join=lambda n, w, climb, fall: fall),
            "Your rate starts at the top: the climb is missing.",
        ),
        Mistake(
            "never-falls",
            partial(_rate, join=lambda n, w, climb, fall: min(climb, 1.0)),
            "Your rate climbs and stays there; after the warm-up it falls in half a cosine.",
        ),
        Mistake(
            "both-at-once",
            partial(
                _rate,
                share=lambda n, steps, warmup: n / steps,
                join=lambda n, w, climb, fall: min(climb, 1.0) * fall,
            ),
            "You multiplied a climb with a cosine over all steps; one follows the other, and the "
            "top is `rate` itself.",
        ),
        Mistake(
            "to-zero",
            partial(_rate, floored=lambda wave, floor: wave),
            "Your rate falls to zero; it ends at floor · rate.",
        ),
        Mistake(
            "floor-added",
            partial(_rate, floored=lambda wave, floor: floor + wave),
            "You added the floor to the whole cosine, so the top is too high; the cosine covers "
            "the 1 − floor that is left.",
        ),
        Mistake(
            "cut-at-the-floor",
            partial(_rate, floored=lambda wave, floor: max(wave, floor)),
            "You cut the cosine off at the floor; it is squeezed into what lies above it: floor + "
            "(1 − floor) · …",
        ),
        Mistake(
            "straight-line",
            partial(_rate, wave=lambda s: 1 - s),
            "You fall in a straight line; half a cosine starts and ends gently.",
        ),
        Mistake(
            "quarter-cosine",
            partial(_rate, wave=lambda s: math.cos(math.pi * s / 2)),
            "That is a quarter of a cosine, steepest at the end; take (1 + cos(π·share)) / 2.",
        ),
        Mistake(
            "no-half",
            partial(_rate, wave=lambda s: 1 + math.cos(math.pi * s)),
            "1 + cos goes from 2 to 0; halve it.",
        ),
        Mistake(
            "whole-wave",
            partial(_rate, wave=lambda s: (1 + math.cos(2 * math.pi * s)) / 2),
            "2π is a whole wave, which comes back up; half a wave, π, goes down.",
        ),
        Mistake(
            "no-pi",
            partial(_rate, wave=lambda s: (1 + math.cos(s)) / 2),
            "π is missing inside the cosine, so it hardly falls.",
        ),
    ],
    hints=[
        "Two pieces: a straight line up to the top, half a cosine from there down to the floor.",
        "n = step + 1. Which share of the way from `warmup` to `steps` has been gone, between 0 "
        "and 1? A cosine of π times that share goes from 1 to −1.",
        "`floor + (1 - floor) * (1 + math.cos(math.pi * share)) / 2`, times `rate`; below the top "
        "it is `rate * n / warmup`.",
    ],
)


def _clip(gradients, limit, **bugs):
    """All gradients by min(1, limit / ‖all‖), or with a part done wrong."""
    sizes = [bugs.get("size", lambda g: (g**2).sum())(g) for g in gradients]
    with np.errstate(all="ignore"):
        norm = bugs.get("norm", lambda sizes: np.sqrt(sum(sizes)))(sizes)
        if bugs.get("always") or norm > limit:
            factor = bugs.get("factor", lambda norm, limit: limit / norm)(norm, limit)
            return [g * factor for g in gradients]
        return [g.copy() for g in gradients]


def _clip_each(gradients, limit):
    return [_clip([g], limit)[0] for g in gradients]


def _clip_in_place(gradients, limit):
    norm = np.sqrt(sum((g**2).sum() for g in gradients))
    for g in gradients:
        if norm > limit:
            g *= limit / norm
    return gradients


def _clip_cases(rng, size):
    shapes = (((2,), (2, 3)), ((1,), (3,), (2, 2)), ((3,), (3,)))[size % 3]
    gradients = [rng.normal(scale=2, size=shape).round(2) for shape in shapes]
    norm = float(np.sqrt(sum((g**2).sum() for g in gradients)))
    # Cut to half; left alone; longer than the limit only together; nothing at all.
    limit = (norm / 2, norm * 3, norm * 0.98, norm * 1.5)[size % 4]
    if size == 5:
        gradients, limit = [g * 0 for g in gradients], 1.0
    return {"gradients": gradients, "limit": round(limit, 3)}


clip_by_global_norm = Exercise(
    name="clip_by_global_norm",
    kind="implement",
    title="A step that is too long",
    minutes=15,
    difficulty=2,
    cases=_clip_cases,
    probe=probes.gradients,
    reference=_clip,
    relations=[
        Relation(
            "ten-times-as-long",
            lambda case, rng: {"gradients": [10 * g for g in case["gradients"]], "limit": 1e-3},
            lambda out, more: sum((g**2).sum() for g in more.values()) ** 0.5 <= 1e-3 * (1 + 1e-9),
            "However long the gradients were, together they must not be longer than the limit.",
        ),
    ],
    mistakes=[
        Mistake(
            "each-by-itself",
            _clip_each,
            "You clipped each array by its own norm, which turns the direction of the step; all "
            "are divided by one number, made from all of them.",
        ),
        Mistake(
            "each-number",
            lambda gradients, limit: [np.clip(g, -limit, limit) for g in gradients],
            "You clipped every number by itself, which turns the direction of the step; the whole "
            "is scaled.",
        ),
        Mistake(
            "always",
            partial(_clip, always=True),
            "You scale short gradients too, up to the limit, and zeros to NaN; what is short "
            "enough stays as it is.",
        ),
        Mistake(
            "no-root",
            partial(_clip, norm=sum),
            "The root is missing: the norm is the root of the sum of squares.",
        ),
        Mistake(
            "sum-of-norms",
            partial(_clip, size=lambda g: np.sqrt((g**2).sum()), norm=sum),
            "You added the norms of the arrays; add their squares, then take the root once.",
        ),
        Mistake(
            "largest-norm",
            partial(_clip, size=lambda g: np.sqrt((g**2).sum()), norm=max),
            "You measured the longest array only; all arrays together are one long vector.",
        ),
        Mistake(
            "mean-square",
            partial(_clip, size=lambda g: (g**2).mean()),
            "You took the mean of the squares in place of the sum, so large arrays count too "
            "little.",
        ),
        Mistake(
            "sizes",
            partial(_clip, size=lambda g: np.abs(g).sum(), norm=sum),
            "You added absolute values; the norm is the root of the sum of squares.",
        ),
        Mistake(
            "unit-length",
            partial(_clip, factor=lambda norm, limit: 1 / norm),
            "You scale to length 1; scale to the limit.",
        ),
        Mistake(
            "times-limit",
            partial(_clip, factor=lambda norm, limit: limit),
            "You multiplied by the limit without dividing by the norm.",
        ),
        Mistake(
            "dropped",
            partial(_clip, factor=lambda norm, limit: 0.0),
            "You throw the step away when it is too long; shorten it.",
        ),
        Mistake(
            "changes-input",
            _clip_in_place,
            "The numbers are right, but `*=` has changed the caller's arrays; make new ones.",
        ),
    ],
    hints=[
        "All arrays together are one long vector: how long is it?",
        "One number, the root of the sum of all squares; one factor for all arrays, and only where "
        "that number is above the limit.",
        "`norm = np.sqrt(sum((g ** 2).sum() for g in gradients))`; the factor is `limit / norm`.",
    ],
)
