"""Predict the number: one attended value, and how many pairs two masks leave."""

import math

from companion.checks.predictions import prediction
from companion.course.exercise import Mistake, Variant

WORDS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]


def _attended_value(root, odds, first, second):
    """Widths root², products 0 and root·log odds, values `first` and `second`.

    Scaled the scores are 0 and log odds; e^0 : e^(log odds) = 1 : odds.
    """

    def mixed(*weights):
        return weights[0] * first + weights[1] * second

    def softmax_of(ratio):
        return mixed(1 / (1 + ratio), ratio / (1 + ratio))

    return {
        "reference": softmax_of(odds),
        "mistakes": [
            Mistake(
                "no-scale",
                softmax_of(odds**root),
                "You took the softmax of the raw products; divide them by √d_k first.",
            ),
            Mistake(
                "scale-outside",
                softmax_of(odds**root) / root,
                "You divided the weights by √d_k after the softmax, so they no longer sum to one; "
                "the products are divided, before the softmax.",
            ),
            Mistake(
                "divides-by-width",
                softmax_of(odds ** (1 / root)),
                "You divided by d_k; divide by its square root.",
            ),
            Mistake(
                "no-softmax",
                mixed(0, math.log(odds)),
                "You used the scaled scores as weights; the softmax makes positive weights that "
                "sum to one out of them.",
            ),
            Mistake(
                "shares",
                mixed(0, 1),
                "You gave the second value all the weight, as if only the best key counted or each "
                "score were divided by their sum; the softmax divides exponentials, and e⁰ is 1.",
            ),
            Mistake(
                "swapped",
                softmax_of(1 / odds),
                "The weights are right and lie on the wrong values; the larger one belongs to the "
                "second key.",
            ),
            Mistake(
                "plain-mean",
                mixed(1 / 2, 1 / 2),
                "That is the plain mean; the second key fits the query better and weighs more.",
            ),
        ],
        "hints": [
            f"Attention is a weighted mean: find two positive weights that sum to one, then mix "
            f"{first} and {second} with them.",
            "Three steps: scale the two products, take the exponential of each, divide by the sum.",
            f"Scaled, the scores are 0 and log {odds}; what are e to the power of each?",
        ],
    }


def _vary_attended_value(rng):
    root, odds = int(rng.choice([2, 3, 5, 8])), int(rng.choice([2, 3, 4, 7, 9]))
    first, second = 2 * int(rng.integers(4, 13)), 2 * int(rng.integers(1, 4))
    return Variant(
        statement={
            "are 16 wide": f"are {root**2} wide",
            "with the second 4·log 3": f"with the second {root}·log {odds}",
            "numbers: 10 for the first key, 2 for the second": (
                f"numbers: {first} for the first key, {second} for the second"
            ),
            "the answer is 6.": f"the answer is {(first + second) // 2}.",
        },
        **_attended_value(root, odds, first, second),
    )


attended_value = prediction(
    "attended_value",
    "One query, two keys, by hand",
    _attended_value(4, 3, 10, 2),
    vary=_vary_attended_value,
    tolerance=1.5e-3,  # relative to 1 + |value|: two decimals are enough
)


def _allowed_pairs(tokens, padding):
    """A text of so many tokens, the last of them padding."""
    real = tokens - padding
    allowed = sum(min(row + 1, real) for row in range(tokens))  # the last columns are never seen
    return {
        "reference": allowed,
        "mistakes": [
            Mistake(
                "causal-only",
                tokens * (tokens + 1) // 2,
                "That is the causal mask alone; nobody may look at the padding tokens either.",
            ),
            Mistake(
                "padding-only",
                tokens * real,
                "That is the padding mask alone; nobody may look to the right either.",
            ),
            Mistake(
                "padded-rows-dropped",
                real * (real + 1) // 2,
                "You left out the rows of the padding tokens; a padding mask closes columns, and "
                "those rows look at the real tokens like any other.",
            ),
            Mistake(
                "not-itself",
                allowed - real,
                "You left out the diagonal; a token may look at itself.",
            ),
            Mistake(
                "forbidden",
                tokens**2 - allowed,
                "That is how many are False; True means *may attend*.",
            ),
            Mistake(
                "all",
                tokens**2,
                "That is every cell of the matrix; each mask closes some of them.",
            ),
        ],
        "hints": [
            "A pair counts if both masks allow it: the source is not to the right, and it is real.",
            f"Draw a grid of {WORDS[tokens]} rows and {WORDS[tokens]} columns; strike out what is "
            f"above the diagonal, then the last {WORDS[padding]} columns.",
            "Count row by row from the top: 1, 2, 3, …, and see where the rows stop growing.",
        ],
    }


def _vary_allowed_pairs(rng):
    tokens, padding = int(rng.integers(6, 11)), int(rng.integers(2, 4))
    return Variant(
        statement={
            "Seven tokens attend": f"{WORDS[tokens].capitalize()} tokens attend",
            "the last two are padding": f"the last {WORDS[padding]} are padding",
            "causal_mask(7)": f"causal_mask({tokens})",
        },
        **_allowed_pairs(tokens, padding),
    )


allowed_pairs = prediction(
    "allowed_pairs",
    "What two masks leave",
    _allowed_pairs(7, 2),
    vary=_vary_allowed_pairs,
)
