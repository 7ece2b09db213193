"""Measured: bits per character, the one axis on which all language models can be compared."""

import math

import numpy as np

from companion.course.exercise import Exercise, Mistake, Relation
from companion.probes import neural_lm as probes

LOG_2 = math.log(2)


def _per_character(unit=LOG_2, size=len, nats=np.sum, finish=lambda bits: -bits):
    """Σ log p / log 2 / characters, or a wrong idea of one of them."""

    def bits_per_character(log_probs, texts):
        total = sum(float(nats(scores)) for scores in log_probs)
        return finish(total / unit / sum(size(text) for text in texts))

    return bits_per_character


def _per_token(log_probs, texts):
    total = sum(float(np.sum(scores)) for scores in log_probs)
    return -total / LOG_2 / sum(len(scores) for scores in log_probs)


def _mean_of_texts(log_probs, texts):
    pairs = zip(log_probs, texts, strict=True)
    ratios = [-float(np.sum(scores)) / LOG_2 / len(text) for scores, text in pairs]
    return sum(ratios) / len(ratios)


def _without_spaces(text):
    return len("".join(text.split()))


PIECES = ("the", "cat", "sat", "naïve", "我", "爱", "中国", "大桥", "on", "é", "mat,")


def _measure_cases(rng, size):
    texts = ["the cat sat", "我 爱 中国", "a"]
    texts += [" ".join(rng.choice(PIECES, int(n))) for n in rng.integers(1, 9, 1 + size)]
    log_probs = [-rng.gamma(2, 1.5, len(text.split()) + 1).round(3) for text in texts]
    return {"log_probs": log_probs, "texts": texts}


bits_per_character = Exercise(
    name="bits_per_character",
    kind="measure",
    title="Bits per character",
    minutes=15,
    difficulty=2,
    cases=_measure_cases,
    probe=probes.scalar,
    reference=_per_character(),
    relations=[
        Relation(
            "read-twice",
            lambda case, rng: {name: 2 * rows for name, rows in case.items()},
            lambda out, twice: abs(out["value"] - twice["value"]) < 1e-9,
            "The same texts read twice must cost the same per character.",
        ),
    ],
    mistakes=[
        Mistake(
            "nats",
            _per_character(unit=1),
            "That is in nats; divide by log 2 to get bits.",
        ),
        Mistake(
            "multiplied",
            _per_character(unit=1 / LOG_2),
            "You multiplied by log 2; a bit is only 0.69 nats, so there are more bits than nats: "
            "divide.",
        ),
        Mistake(
            "per-token",
            _per_token,
            "That is bits per token, which depends on how the text was cut; divide by the number "
            "of characters.",
        ),
        Mistake(
            "mean-of-texts",
            _mean_of_texts,
            "You averaged the texts' ratios, so a short text weighs as much as a long one; add "
            "up first, divide once.",
        ),
        Mistake(
            "bytes",
            _per_character(size=lambda text: len(text.encode())),
            "You divided by the number of bytes; a Chinese character has three of them.",
        ),
        Mistake(
            "no-spaces",
            _per_character(size=_without_spaces),
            "You left the spaces out; they are characters of the text like the others.",
        ),
        Mistake(
            "no-end",
            _per_character(nats=lambda scores: np.sum(scores[:-1])),
            "You left out the last log-probability of each text, that of its end; every "
            "prediction costs bits.",
        ),
        Mistake(
            "end-is-a-character",
            _per_character(size=lambda text: len(text) + 1),
            "You counted the end of each text as a character; its bits are paid, but it is none.",
        ),
        Mistake(
            "negative",
            _per_character(finish=lambda bits: bits),
            "The sign is missing: logarithms of probabilities are negative, a cost is not.",
        ),
        Mistake(
            "perplexity",
            _per_character(finish=lambda bits: 2**-bits),
            "You raised 2 to the bits: that is a perplexity per character; return the bits.",
        ),
    ],
    hints=[
        "However a model cuts a text, the whole text has one probability; and its characters can "
        "be counted without the model.",
        "Three numbers: the sum of all log-probabilities, log 2, the number of characters of all "
        "texts.",
        "Sum over the texts above and below the fraction bar, divide once, and turn the sign.",
    ],
)
