"""Predict the number: how many tokens of a row ELECTRA's discriminator should call replaced."""

from companion.checks.predictions import prediction
from companion.course.exercise import Mistake, Variant


def _replaced(tokens, right):
    """Of `tokens` in a row two are special; 15 % of the rest are gaps, `right` of them filled well.

    `right` is in per cent, so that no sum is rounded twice.
    """
    gaps, wrong = (tokens - 2) * 0.15, 1 - right / 100
    return {
        "reference": gaps * wrong,
        "mistakes": [
            Mistake(
                "all-gaps",
                gaps,
                "That is the number of gaps. Where the generator said the true token, nothing was "
                "replaced: the label is *original*.",
            ),
            Mistake(
                "right-ones",
                gaps * right / 100,
                "That is how many gaps the generator fills *rightly*; those are no replacements.",
            ),
            Mistake(
                "specials-too",
                tokens * 0.15 * wrong,
                "You let [CLS] and [SEP] become gaps; special tokens never do.",
            ),
            Mistake(
                "one-special",
                (tokens - 1) * 0.15 * wrong,
                "There are two special tokens in the row, one at each end.",
            ),
            Mistake(
                "originals",
                tokens - gaps * wrong,
                "That is how many labels say *original*; the question is the other way round.",
            ),
            Mistake(
                "of-all",
                (tokens - 2) * wrong,
                "The generator is asked at the gaps only, 15 % of the tokens, and not everywhere.",
            ),
            Mistake(
                "masked-share",
                gaps * 0.8 * wrong,
                "80 % [MASK] is BERT's law for what *it* reads; here every gap gets the "
                "generator's guess.",
            ),
            Mistake(
                "gaps-of-all",
                tokens * 0.15,
                "Those are 15 % of all tokens: special ones are never gaps, and a right guess is "
                "no replacement.",
            ),
        ],
        "hints": [
            "Three questions in a row: which tokens may be gaps, how many are, and in how many of "
            "those does another token stand afterwards?",
            "A gap that the generator fills with the true token holds the text's own token.",
            f"({tokens} − 2) · 0.15 · (1 − {right / 100}).",
        ],
    }


def _vary(rng):
    tokens, right = int(rng.choice([34, 66, 102, 130, 258, 322])), int(rng.choice([20, 30, 70]))
    return Variant(
        statement={
            "A row of 512 tokens": f"A row of {tokens} tokens",
            "in 40 % of the gaps": f"in {right} % of the gaps",
        },
        **_replaced(tokens, right),
    )


replaced_count = prediction(
    "replaced_count",
    "How many tokens are replaced?",
    _replaced(512, 40),
    vary=_vary,
)
