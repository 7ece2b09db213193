"""Predict the number: how many tokens of a row are shown as something else."""

from companion.checks.predictions import prediction
from companion.course.exercise import Mistake, Variant


def _changed(tokens):
    """Of `tokens` in a row two are [CLS] and [SEP]; 15 % of the rest, of which 80 + 10 %."""
    rest = tokens - 2
    return {
        "reference": rest * 0.15 * 0.9,
        "mistakes": [
            Mistake(
                "chosen",
                rest * 0.15,
                "That is how many are *chosen*; a tenth of them is shown as it is.",
            ),
            Mistake(
                "masked-only",
                rest * 0.15 * 0.8,
                "That is how many are shown as [MASK]; those shown as a random token look "
                "different too.",
            ),
            Mistake(
                "specials-too",
                tokens * 0.15 * 0.9,
                "You let [CLS] and [SEP] be chosen; special tokens never are.",
            ),
            Mistake(
                "one-special",
                (tokens - 1) * 0.15 * 0.9,
                "There are two special tokens in the row, one at each end.",
            ),
            Mistake(
                "specials-chosen",
                tokens * 0.15,
                "That is 15 % of all tokens: special ones are never chosen, and a tenth of those "
                "chosen is shown as it is.",
            ),
            Mistake(
                "of-all",
                rest * 0.9,
                "80 and 10 % are shares of the tokens that were *chosen*, not of all.",
            ),
            Mistake(
                "random-only",
                rest * 0.15 * 0.1,
                "That is how many are shown as a random token; those shown as [MASK] look "
                "different too.",
            ),
            Mistake(
                "kept",
                rest - rest * 0.15 * 0.9,
                "That is how many look as they did; the question is the other way round.",
            ),
        ],
        "hints": [
            "Three questions in a row: which tokens may be chosen, how many are, and how many of "
            "those look different afterwards?",
            "Special tokens are never chosen. Of the chosen ones 80 % become [MASK], 10 % a random "
            "token, 10 % stay.",
            f"({tokens} − 2) · 0.15 · (0.8 + 0.1).",
        ],
    }


def _vary(rng):
    tokens = int(rng.choice([34, 66, 102, 130, 258, 322]))
    return Variant(
        statement={"A row of 512 tokens": f"A row of {tokens} tokens"}, **_changed(tokens)
    )


changed_tokens = prediction(
    "changed_tokens",
    "How much of a row looks different?",
    _changed(512),
    vary=_vary,
)
