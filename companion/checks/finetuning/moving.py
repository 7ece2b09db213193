"""What moves and how fast: LoRA merged into its matrix (fill), a rate a layer (implement)."""

import re
from functools import partial

import numpy as np

from companion.checks.transformer.arrays import normal
from companion.course.exercise import Exercise, Mistake, Relation
from companion.probes import finetuning as probes


def _merged(w, a, b, alpha, change=lambda a, b, alpha, rank: alpha / rank * (a @ b)):
    return w + change(a, b, alpha, a.shape[1])


def _wrong_change(change):
    return partial(_merged, change=change)


def _merge_cases(rng, size):
    # Square ones too: there a product in the wrong order has a shape that fits.
    width, units, rank = ((4, 3, 2), (3, 3, 1), (4, 4, 3), (5, 2, 1), (3, 3, 2))[size % 5]
    return {
        "w": normal(rng, width, units),
        "a": normal(rng, width, rank) + 0.01,
        "b": normal(rng, rank, units) + 0.01,
        "alpha": (8.0, 4.0, 16.0, 2.0, 6.0)[size % 5],
    }


merged_kernel = Exercise(
    name="merged_kernel",
    kind="fill",
    title="Nothing is slower for having learned",
    minutes=5,
    difficulty=1,
    cases=_merge_cases,
    sizes=5,
    probe=probes.array,
    reference=_merged,
    mistakes=[
        Mistake(
            "no-scale",
            _wrong_change(lambda a, b, alpha, rank: a @ b),
            "The factor α/r is missing: what the LoRA learned was learned with it.",
        ),
        Mistake(
            "alpha-only",
            _wrong_change(lambda a, b, alpha, rank: alpha * (a @ b)),
            "You scaled by α; the factor is α/r, so that α means the same at every rank.",
        ),
        Mistake(
            "rank-only",
            _wrong_change(lambda a, b, alpha, rank: a @ b / rank),
            "You divided by the rank; α, above the line, is missing.",
        ),
        Mistake(
            "upside-down",
            _wrong_change(lambda a, b, alpha, rank: rank / alpha * (a @ b)),
            "The factor is upside down: α/r, not r/α.",
        ),
        Mistake(
            "root-of-rank",
            _wrong_change(lambda a, b, alpha, rank: alpha / np.sqrt(rank) * (a @ b)),
            "α/√r is the factor of a later proposal (rank-stabilised LoRA, Kalajdzievski 2023); "
            "this LoRA was trained with α/r.",
        ),
        Mistake(
            "b-times-a",
            _wrong_change(lambda a, b, alpha, rank: alpha / rank * (b @ a)),
            "You multiplied B·A. A is (width, r) and B is (r, units): only A·B has the shape of "
            "W. (The paper writes B·A, since its vectors stand upright.)",
        ),
        Mistake(
            "transposed",
            _wrong_change(lambda a, b, alpha, rank: alpha / rank * (a @ b).T),
            "The change is transposed; it shows where W is not square, and is wrong everywhere.",
        ),
        Mistake(
            "change-only",
            lambda w, a, b, alpha: alpha / a.shape[1] * (a @ b),
            "That is the change alone; it is added to W.",
        ),
        Mistake(
            "both-scaled",
            lambda w, a, b, alpha: alpha / a.shape[1] * (w + a @ b),
            "You scaled W too; the factor belongs to the change alone.",
        ),
        Mistake(
            "subtracted",
            _wrong_change(lambda a, b, alpha, rank: -alpha / rank * (a @ b)),
            "You took the change away; a gradient step may point down, a change that was learned "
            "is added.",
        ),
    ],
    hints=[
        "x·W + (α/r)·x·A·B: put x outside of the bracket.",
        "A·B is (width, r)·(r, units), so it has the shape of W.",
        "`a @ b`, times `alpha / rank`, on top of `w`.",
    ],
)


def _rates(paths, rate, decay, num_layers, below=lambda layer, top: top - layer, number=int):
    """rate · decay^below: layer 0 is what is below the blocks, layer `top` the head."""
    top = num_layers + 1
    found = []
    for path in paths:
        block = re.search(r"/block(\d+)/", path)
        layer = number(block[1]) if block else (top if path.startswith("head") else 0)
        found.append(rate * decay ** below(layer, top))
    return np.array(found)


def _wrong_depth(below):
    return partial(_rates, below=below)


def _rate_cases(rng, size):
    num_layers = (3, 4, 6, 12, 12, 24)[size % 6]
    blocks = [1, num_layers, num_layers - 1, int(rng.integers(2, num_layers))]
    places = [
        "bert/tokens/table",
        "bert/embedding_norm/gain",
        *(f"bert/block{block}/{part}" for block in blocks for part in ("query/kernel", "norm/b")),
        "head/dense/kernel",
        "head/dense/bias",
    ]
    order = rng.permutation(len(places))
    return {
        "paths": [places[i] for i in order],
        "rate": (1e-3, 5e-4, 1e-3, 5e-5, 2e-5, 1e-4)[size % 6],
        "decay": (0.5, 0.8, 0.9, 0.75, 0.95, 0.9)[size % 6],
        "num_layers": num_layers,
    }


layer_rates = Exercise(
    name="layer_rates",
    kind="implement",
    title="The lower, the slower",
    minutes=15,
    difficulty=1,
    cases=_rate_cases,
    sizes=6,
    tolerance=1e-9,  # rates are small; float32 will do
    probe=probes.array,
    reference=_rates,
    relations=[
        Relation(
            "no-decay",
            lambda case, rng: case | {"decay": 1.0},
            lambda out, alike: bool(np.ptp(alike["result"]) < 1e-9),
            "With a decay of 1 all weights must have the same rate.",
        ),
    ],
    mistakes=[
        Mistake(
            "upside-down",
            _wrong_depth(lambda layer, top: layer),
            "The head is slowest now; it is new and has most to learn. Count the steps *down from* "
            "the head, not up from the embeddings.",
        ),
        Mistake(
            "top-block-undecayed",
            _wrong_depth(lambda layer, top: max(top - 1 - layer, 0)),
            "Your topmost block is as fast as the head; it is one step below it.",
        ),
        Mistake(
            "head-too",
            _wrong_depth(lambda layer, top: top + 1 - layer),
            "Everything is one step too slow: the head itself has the full rate.",
        ),
        Mistake(
            "embeddings-as-block-1",
            _wrong_depth(lambda layer, top: top - max(layer, 1)),
            "The embeddings are as fast as block 1; they lie one step below it.",
        ),
        Mistake(
            "embeddings-at-full-rate",
            _wrong_depth(lambda layer, top: top - layer if layer else 0),
            "Whatever is no block has the full rate in your answer; that is right for the head and "
            "wrong for the embeddings, which are lowest of all.",
        ),
        Mistake(
            "first-digit",
            partial(_rates, number=lambda digits: int(digits[0])),
            "You read one digit: block12 is taken for block 1. (So does `'block1' in path`.)",
        ),
        Mistake(
            "two-speeds",
            _wrong_depth(lambda layer, top: min(top - layer, 1)),
            "There are two rates, one for the head and one for all below; each layer down takes "
            "one more factor.",
        ),
        Mistake(
            "divided",
            _wrong_depth(lambda layer, top: layer - top),
            "The lower, the *faster*: you divide by the decay at each step, or the exponent is "
            "negative.",
        ),
        Mistake(
            "counted-from-zero",
            _wrong_depth(lambda layer, top: top - layer - (0 < layer < top)),
            "Your blocks are one step too fast. They are numbered from 1: block L is one step "
            "below the head, block 1 is L steps below it.",
        ),
    ],
    hints=[
        "How many steps does each weight lie below the head? The head 0, the topmost block 1, …",
        "The block's number is between `/block` and the next `/`: `re.search` with a group of "
        "digits, then `int`.",
        "Steps down: 0 for the head, num_layers + 1 − l for block l, num_layers + 1 for the rest.",
    ],
)
