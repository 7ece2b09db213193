"""Predict the number: how often noise is a given word, and the weights of Bengio's network."""

from companion.checks.predictions import prediction
from companion.course.exercise import Mistake

COUNTS = {"the": 256, "of": 81, "cat": 16, "mat": 1}


def _share(power):
    """c(cat)^power / Σ c^power."""
    return COUNTS["cat"] ** power / sum(count**power for count in COUNTS.values())


TOTAL = sum(COUNTS.values())

noise_probability = prediction(
    "noise_probability",
    "How often noise is a cat",
    {
        "reference": 8 / 100,  # to the power of 3/4 the counts are 64, 27, 8 and 1
        "mistakes": [
            Mistake(
                "no-power",
                _share(1),
                "That is the share of `cat` in the text; raise every count to the power of 3/4 "
                "first (to multiply it by 3/4 changes nothing: that cancels).",
            ),
            Mistake(
                "not-normalised",
                8,
                "That is the raised count; divide it by the sum of all raised counts.",
            ),
            Mistake(
                "divides-by-the-text",
                8 / TOTAL,
                "Above you have the raised count, below the raw ones, so the four probabilities do "
                "not sum to one; raise the counts below too.",
            ),
            Mistake(
                "share-raised",
                (COUNTS["cat"] / TOTAL) ** 0.75,
                "You raised the share of `cat` and stopped, so the four probabilities sum to more "
                "than one; divide by the sum of all raised shares.",
            ),
            Mistake(
                "uniform",
                1 / 4,
                "You gave all words the same chance; that would be the power 0. With 3/4 frequent "
                "words are still likelier.",
            ),
            Mistake(
                "upside-down",
                _share(4 / 3),
                "You raised to 4/3, which makes rare words rarer still; the power is 3/4.",
            ),
            Mistake(
                "square-root",
                _share(1 / 2),
                "You took square roots, the power 1/2; the power is 3/4, the cube of the "
                "fourth root.",
            ),
            Mistake(
                "fourth-root",
                _share(1 / 4),
                "You took the fourth root, the power 1/4; raise it to the third power as well.",
            ),
        ],
        "hints": [
            "Noise comes from the counts of the words, but flattened: rare words get more than "
            "their share.",
            "A fraction: above, the count of `cat` to the power of 3/4; below, the sum of the same "
            "for all four words.",
            "The power of 3/4 is the cube of the fourth root, and the fourth roots are 4, 3, 2 "
            "and 1.",
        ],
    },
    tolerance=5e-4,  # three decimals are enough
)

V, WORDS, D, HIDDEN = 1000, 3, 10, 20  # vocabulary, words of context, numbers a word, units


def _parameters(table=V * D, seen=WORDS, d=HIDDEN, output=HIDDEN * V, b=V, direct=0):
    """C + H + d + U + b + W, with one of them wrong on demand."""
    return table + seen * D * HIDDEN + d + output + b + direct


bengio_parameters = prediction(
    "bengio_parameters",
    "How many weights has Bengio's network?",
    {
        "reference": _parameters(),
        "mistakes": [
            Mistake(
                "no-biases",
                _parameters(d=0, b=0),
                "The two bias vectors are missing: one number for each hidden unit, one for each "
                "word of the output.",
            ),
            Mistake(
                "no-output-bias",
                _parameters(b=0),
                "b is missing: each word of the vocabulary has a bias at the output.",
            ),
            Mistake(
                "no-hidden-bias",
                _parameters(d=0),
                "d is missing: each hidden unit has a bias.",
            ),
            Mistake(
                "one-word-seen",
                _parameters(seen=1),
                "Your hidden layer sees one word; the vectors of all three stand side by side.",
            ),
            Mistake(
                "target-counted",
                _parameters(seen=4),
                "Your hidden layer sees four words; the fourth is the one to be predicted.",
            ),
            Mistake(
                "table-for-each-place",
                _parameters(table=WORDS * V * D),
                "You gave each place a table of its own; the three words share the one table C.",
            ),
            Mistake(
                "no-table",
                _parameters(table=0),
                "The word vectors are missing: C is learned like all other weights.",
            ),
            Mistake(
                "no-output",
                _parameters(output=0),
                "U is missing: every hidden unit is connected with every word of the vocabulary.",
            ),
            Mistake(
                "direct",
                _parameters(direct=WORDS * D * V),
                "You counted W, the direct connections; this network has none.",
            ),
        ],
        "hints": [
            "Five things are learned: a table, two matrices and two bias vectors.",
            "C is V × D; the hidden layer reads the vectors of three words side by side; the "
            "output has one score for each word.",
            "H has 30 · 20 numbers, U has 20 · 1000; each layer also has one bias for each of its "
            "outputs. Add the table.",
        ],
    },
    difficulty=2,
)
