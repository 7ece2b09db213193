"""Predict the number: one attended value, and how many pairs two masks leave.

The answers are numbers, so there are no cases to draw. Each mistake is the number that a known
misconception arrives at; vectors and lengths are in the statement of the exercise.
"""

import math

from companion.course.exercise import Exercise, Mistake
from companion.probes import attention as probes


def _attended(*weights):
    """The sum of the values 10 and 2, with these weights."""
    return weights[0] * 10 + weights[1] * 2


attended_value = Exercise(
    name="attended_value",
    kind="predict",
    title="One query, two keys, by hand",
    minutes=5,
    difficulty=1,
    cases=lambda rng, size: {},
    sizes=1,
    tolerance=0.01,  # two decimals are enough
    probe=probes.number,
    # scores 0 and 4·log 3, over √16: 0 and log 3; e^0 : e^(log 3) = 1 : 3
    reference=_attended(1 / 4, 3 / 4),
    mistakes=[
        Mistake(
            "no-scale",
            _attended(1 / 82, 81 / 82),
            "You took the softmax of the raw products; divide them by √d_k first.",
        ),
        Mistake(
            "scale-outside",
            _attended(1 / 82, 81 / 82) / 4,
            "You divided the weights by √d_k after the softmax, so they no longer sum to one; the "
            "products are divided, before the softmax.",
        ),
        Mistake(
            "divides-by-width",
            _attended(1 / (1 + 3**0.25), 3**0.25 / (1 + 3**0.25)),
            "You divided by d_k; divide by its square root.",
        ),
        Mistake(
            "no-softmax",
            _attended(0, math.log(3)),
            "You used the scaled scores as weights; the softmax makes positive weights that sum "
            "to one out of them.",
        ),
        Mistake(
            "shares",
            _attended(0, 1),
            "You divided each score by the sum of the scores; the softmax divides exponentials, "
            "and e⁰ is not nothing.",
        ),
        Mistake(
            "swapped",
            _attended(3 / 4, 1 / 4),
            "The weights are right and lie on the wrong values; the larger one belongs to the "
            "second key.",
        ),
        Mistake(
            "plain-mean",
            _attended(1 / 2, 1 / 2),
            "That is the plain mean; the second key fits the query better and weighs more.",
        ),
    ],
    hints=[
        "Attention is a weighted mean: find two positive weights that sum to one, then mix 10 and "
        "2 with them.",
        "Three steps: scale the two products, take the exponential of each, divide by the sum.",
        "Scaled, the scores are 0 and log 3; what are e to the power of each?",
    ],
)

allowed_pairs = Exercise(
    name="allowed_pairs",
    kind="predict",
    title="What two masks leave",
    minutes=5,
    difficulty=1,
    cases=lambda rng, size: {},
    sizes=1,
    tolerance=1e-9,
    probe=probes.number,
    reference=25,  # rows of 1, 2, 3, 4, 5, then twice 5: the two last columns are never seen
    mistakes=[
        Mistake(
            "causal-only",
            28,
            "That is the causal mask alone; nobody may look at the two padding tokens either.",
        ),
        Mistake(
            "padding-only",
            35,
            "That is the padding mask alone; nobody may look to the right either.",
        ),
        Mistake(
            "padded-rows-dropped",
            15,
            "You left out the rows of the padding tokens; a padding mask closes columns, and those "
            "two rows look at the real tokens like any other.",
        ),
        Mistake(
            "not-itself",
            20,
            "You left out the diagonal; a token may look at itself.",
        ),
        Mistake(
            "forbidden",
            24,
            "That is how many are False; True means *may attend*.",
        ),
        Mistake(
            "all",
            49,
            "That is every cell of the matrix; each mask closes some of them.",
        ),
    ],
    hints=[
        "A pair counts if both masks allow it: the source is not to the right, and it is real.",
        "Draw a grid of seven rows and seven columns; strike out what is above the diagonal, then "
        "the last two columns.",
        "Count row by row from the top: 1, 2, 3, …, and see where the rows stop growing.",
    ],
)
