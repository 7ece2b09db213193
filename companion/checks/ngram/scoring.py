"""Scoring a text: perplexity from log-probabilities, and a sentence score with bugs to find.

Both turn on one fact: the product of a few hundred probabilities is smaller than the smallest
float64, the sum of their logarithms is an ordinary number.
"""

import math

import numpy as np

from companion.checks.ngram.texts import END, START
from companion.course.exercise import Exercise, Mistake, Relation
from companion.probes import ngram as probes


def _perplexity(log_probs):
    """exp of minus the mean log-probability."""
    return float(np.exp(-np.mean(log_probs)))


def _numpy_product(log_probs):
    with np.errstate(all="ignore"):
        return np.prod(np.exp(log_probs)) ** (-1 / len(log_probs))


def _python_product(log_probs):
    return math.prod(math.exp(x) for x in log_probs) ** (-1 / len(log_probs))


def _numpy_sum(log_probs):
    with np.errstate(all="ignore"):
        return np.exp(-np.sum(log_probs))


def _mean_of_inverses(log_probs):
    return np.mean(np.exp(-np.asarray(log_probs)))


def _perplexity_cases(rng, size):
    length = 2 + size if size < 6 else 3000  # 3000 words: the product is zero in float64
    log_probs = np.log(rng.uniform(0.05, 0.9, length))
    if size == 4:
        log_probs[1] = -np.inf  # a word that the model calls impossible
    return {"log_probs": log_probs}


UNDERFLOW = (
    "The product of thousands of probabilities is zero in floating point; stay with the sum of "
    "the logarithms and use `exp` once, at the end."
)
PER_WORD = (
    "You did not divide by the number of words; perplexity is a figure per word, the mean goes "
    "into the exponent."
)
perplexity = Exercise(
    name="perplexity",
    kind="implement",
    title="Perplexity that survives long texts",
    minutes=15,
    difficulty=1,
    cases=_perplexity_cases,
    probe=probes.scalar,
    reference=_perplexity,
    relations=[
        Relation(
            "read-twice",
            lambda case, rng: {"log_probs": np.tile(case["log_probs"], 2)},
            lambda out, twice: bool(np.isclose(out["value"], twice["value"])),
            "The same text read twice must have the same perplexity: it is a figure per word.",
        ),
    ],
    mistakes=[
        Mistake("product", _python_product, UNDERFLOW),
        Mistake("product-in-numpy", _numpy_product, UNDERFLOW),
        Mistake(
            "base-two",
            lambda log_probs: 2 ** -np.mean(log_probs),
            "The logarithms are natural, so raise e, not 2.",
        ),
        Mistake(
            "sign",
            lambda log_probs: np.exp(np.mean(log_probs)),
            "That is at most one, a mean probability; there is a minus in the exponent.",
        ),
        Mistake(
            "sum",
            lambda log_probs: math.exp(-sum(log_probs)),
            PER_WORD,
        ),
        Mistake("sum-in-numpy", _numpy_sum, PER_WORD),
        Mistake(
            "arithmetic-mean",
            lambda log_probs: 1 / np.mean(np.exp(log_probs)),
            "You averaged probabilities; average the logarithms.",
        ),
        Mistake(
            "mean-of-inverses",
            _mean_of_inverses,
            "You averaged inverse probabilities; average the logarithms.",
        ),
        Mistake(
            "cross-entropy",
            lambda log_probs: -np.mean(log_probs),
            "That is the cross-entropy in nats; perplexity is e raised to it.",
        ),
    ],
    hints=[
        "Perplexity is the inverse of the geometric mean of the probabilities of the words.",
        "The logarithm of a geometric mean is the arithmetic mean of the logarithms.",
        "Three operations in this order: mean, minus, `exp`. None of them multiplies "
        "probabilities.",
    ],
)


def _sentence_log_prob(product=False, end=True, guard=True):
    """The log-probability of a sentence with any subset of three bugs; the starter has all."""

    def sentence_log_prob(words, table):
        targets = [*words, END] if end else words
        probs = [table.get(pair, 0.0) for pair in zip([START, *words], targets, strict=False)]
        if product:
            probs = [math.prod(probs)]
        if guard and 0.0 in probs:
            return -math.inf
        return sum(math.log(p) for p in probs)

    return sentence_log_prob


def _skips_unseen(words, table):
    pairs = zip([START, *words], [*words, END], strict=True)
    return sum(math.log(table[pair]) for pair in pairs if pair in table)


def _sentence_cases(rng, size):
    length = (1, 2, 0, 4, 5, 6, 2000, 3)[size % 8]  # 0: the empty sentence; 2000: underflow
    words = [str(w) for w in rng.choice(["the", "cat", "sat", "我", "爱"], length)]
    pairs = sorted(set(zip([START, *words], [*words, END], strict=True)))
    table = {pair: float(rng.uniform(0.05, 0.6)) for pair in pairs}
    # A bigram that was never seen; not the last one, which an answer without </s> never asks for.
    if size in (4, 7):
        del table[START, words[0]]
    return {"words": words, "table": table}


def _without_first_pair(case, rng):
    first = (START, [*case["words"], END][0])
    return case | {"table": {pair: p for pair, p in case["table"].items() if pair != first}}


PRODUCT = "A product of many probabilities underflows to zero on a long sentence; add logarithms"
NO_END = "the end of the sentence is never scored; the last factor is P(</s> | last word)"
NO_LOG_OF_ZERO = "an unseen bigram has probability zero, whose log-probability is -math.inf"

sentence_log_prob = Exercise(
    name="sentence_log_prob",
    kind="debug",
    title="Three bugs in a sentence score",
    minutes=15,
    difficulty=2,
    cases=_sentence_cases,
    probe=probes.scalar,
    reference=_sentence_log_prob(),
    starter=_sentence_log_prob(product=True, end=False, guard=False),
    relations=[
        Relation(
            "impossible",
            _without_first_pair,
            lambda out, without: without["value"] == -math.inf,
            "A sentence with a bigram that is not in the table is impossible: its log-probability "
            "is -math.inf, not some large negative number.",
        ),
    ],
    mistakes=[
        Mistake(
            "product",
            _sentence_log_prob(product=True),
            f"Two bugs are gone, one is left. {PRODUCT}.",
        ),
        Mistake(
            "no-end",
            _sentence_log_prob(end=False),
            f"Two bugs are gone, one is left: {NO_END}.",
        ),
        Mistake(
            "log-of-zero",
            _sentence_log_prob(guard=False),
            f"Two bugs are gone, one is left: {NO_LOG_OF_ZERO}; `math.log(0)` raises.",
        ),
        Mistake(
            "product-and-no-end",
            _sentence_log_prob(product=True, end=False),
            f"One bug is gone. {PRODUCT}. And {NO_END}.",
        ),
        Mistake(
            "product-and-log-of-zero",
            _sentence_log_prob(product=True, guard=False),
            f"One bug is gone. {PRODUCT}. And {NO_LOG_OF_ZERO}.",
        ),
        Mistake(
            "no-end-and-log-of-zero",
            _sentence_log_prob(end=False, guard=False),
            f"One bug is gone. But {NO_END}. And {NO_LOG_OF_ZERO}.",
        ),
        Mistake(
            "skips-unseen",
            _skips_unseen,
            "You leave unseen bigrams out, which makes an impossible sentence a likely one; its "
            "log-probability is -math.inf.",
        ),
    ],
    hints=[
        "Try three sentences on it: a short one by hand, one with an unseen pair, one of 2,000 "
        "words. Each shows another bug.",
        "Count the factors: a sentence of m words has m + 1, because its end is predicted too.",
        "Move the logarithm into the loop, let the loop run one pair further, and return early "
        "where a probability is zero.",
    ],
)
