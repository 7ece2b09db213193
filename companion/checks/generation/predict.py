"""Predict the number: what a temperature does to odds."""

from companion.checks.predictions import prediction
from companion.course.exercise import Mistake, Variant


def _odds(ratio, parts):
    """Odds of `ratio` to one at the temperature 1/`parts`."""
    return {
        "reference": ratio**parts,
        "mistakes": [
            Mistake(
                "warmed",
                ratio ** (1 / parts),
                "You took a root: that is what a temperature above 1 does. Logits are *divided* by "
                "the temperature, so a cold one makes differences larger.",
            ),
            Mistake(
                "odds-divided",
                ratio * parts,
                "You divided the odds themselves by the temperature; what is divided are the "
                "logits, and odds are e to the power of their difference.",
            ),
            Mistake(
                "odds-multiplied",
                ratio / parts,
                "You multiplied the odds by the temperature; the logits are divided by it, and "
                "odds are e to the power of their difference.",
            ),
            Mistake(
                "unchanged",
                ratio,
                "These are the odds at temperature 1. The order of tokens does not change with the "
                "temperature, but how much likelier one is than another does.",
            ),
            Mistake(
                "even",
                1,
                "Even odds are what a very *high* temperature leads to.",
            ),
            Mistake(
                "share",
                ratio**parts / (1 + ratio**parts),
                "That is the probability of A if there were only A and B; asked for are the odds, "
                "how many times as likely A is.",
            ),
        ],
        "hints": [
            "Odds are a ratio of probabilities: p_A / p_B = exp(l_A − l_B), l being the logits.",
            "A temperature T makes of the difference l_A − l_B the difference (l_A − l_B) / T.",
            "exp(d / T) is exp(d) to the power of 1 / T.",
        ],
    }


def _vary(rng):
    ratio, parts = int(rng.integers(5, 12)), int(rng.integers(2, 5))
    cold = {2: "0.5", 3: "1/3", 4: "0.25"}[parts]
    return Variant(
        statement={
            "At temperature 1 token A is 9 times as likely as token B. At temperature 0.5": (
                f"At temperature 1 token A is {ratio} times as likely as token B. At temperature "
                f"{cold}"
            ),
        },
        **_odds(ratio, parts),
    )


odds_when_cold = prediction(
    "odds_when_cold",
    "Odds in the cold",
    _odds(9, 2),
    vary=_vary,
)
