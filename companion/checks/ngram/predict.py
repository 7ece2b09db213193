"""Predict the number: a maximum-likelihood probability and a perplexity, both by hand."""

import math
from collections import Counter
from itertools import pairwise

from companion.checks.predictions import prediction
from companion.course.exercise import Mistake, Variant

TEXT = (
    "the cat sat on the mat",
    "the dog sat by the cat",
    "the cat saw the dog",
    "the cat sat and the cat slept",
)
# What the sentences of a variant are made of.
SUBJECTS = ("the cat sat", "the cat ran", "the cat slept", "the dog sat", "the dog ran")
PLACES = ("on the mat", "by the mat", "by the cat", "near the cat", "by the dog", "near the dog")
NUMBERS = {4: "four", 5: "five"}
TIMES = {1: "once", 2: "twice", 3: "three times", 4: "four times", 5: "five times", 6: "six times"}


def _pairs(sentences):
    """The bigrams of the sentences, each padded."""
    for sentence in sentences:
        words = ["<s>", *sentence.split(), "</s>"]
        yield from pairwise(words)


def _p_sat_given_cat(sentences):
    """Counts of a text in which `cat` ends a sentence and `sat` follows `cat`."""
    pairs = Counter(_pairs(sentences))
    words = Counter(word for sentence in sentences for word in sentence.split())
    followers = [word for first, word in pairs if first == "cat"]
    both, contexts = pairs["cat", "sat"], words["cat"]
    return {
        "reference": both / contexts,
        "mistakes": [
            Mistake(
                "divides-by-text",
                both / words.total(),
                "You divided by all the words of the text, which gives a joint probability; "
                "divide by how often the context `cat` occurs.",
            ),
            Mistake(
                "divides-by-bigrams",
                both / pairs.total(),
                "You divided by the number of all bigrams, which gives a joint probability; "
                "divide by how often the context `cat` occurs.",
            ),
            Mistake(
                "context-at-the-end",
                both / (contexts - pairs["cat", "</s>"]),
                "You left out the `cat` that ends a sentence: there it is the context of `</s>`, "
                "so it counts too.",
            ),
            Mistake(
                "reversed",
                both / words["sat"],
                "That is how often `sat` has `cat` before it; divide by the count of the context "
                "`cat`, not of the word `sat`.",
            ),
            Mistake(
                "types",
                1 / len(followers),
                "You gave the same share to each different word seen after `cat`; count how "
                "often each one occurs.",
            ),
            Mistake(
                "unigram",
                words["sat"] / words.total(),
                "That is the unigram probability of `sat`; look only at the places that come "
                "right after `cat`.",
            ),
            Mistake(
                "count",
                both,
                "That is the count of the bigram; a probability needs the count of the context "
                "below it.",
            ),
        ],
        "hints": [
            "A conditional probability looks at the places right after the context, and at no "
            "other.",
            "It is a fraction: above, the occurrences of the pair; below, all occurrences of its "
            "first word, whatever follows.",
            f"Put a finger on each `cat` of the {NUMBERS[len(sentences)]} sentences and say what "
            "follows; the end of a sentence is an answer as well.",
        ],
    }


def _vary_p_sat_given_cat(rng):
    """Sentences in which `sat` and an end follow `cat`, and in which there is an example."""
    while True:
        number = int(rng.integers(4, 6))
        text = [f"{rng.choice(SUBJECTS)} {rng.choice(PLACES)}" for _ in range(number)]
        pairs = Counter(_pairs(text))
        dogs = sum(count for (first, _), count in pairs.items() if first == "dog")
        if pairs["cat", "sat"] > 1 and pairs["cat", "</s>"] and 0 < pairs["dog", "sat"] < dogs < 7:
            break
    seen = pairs["dog", "sat"]
    return Variant(
        statement={
            "A text of four sentences": f"A text of {NUMBERS[number]} sentences",
            _listed(TEXT): _listed(text),
            "`sat` occurs three times and is followed by `on`, `by` and `and`, so P(on | sat) = "
            "1/3.": f"`dog` occurs {TIMES[dogs]} and is followed by `sat` {TIMES[seen]}, so "
            f"P(sat | dog) = {seen}/{dogs}.",
        },
        **_p_sat_given_cat(text),
    )


def _listed(sentences):
    return "\n".join(f"- {sentence}" for sentence in sentences)


p_sat_given_cat = prediction(
    "p_sat_given_cat",
    "A bigram probability by hand",
    _p_sat_given_cat(TEXT),
    vary=_vary_p_sat_given_cat,
    tolerance=5e-3,  # two decimals are enough
)


def _perplexity_by_hand(bits):
    """Probabilities 2^-bit of three words and `</s>`: the product is 2^-sum."""
    total = sum(bits)
    probabilities = [2.0**-bit for bit in bits]
    return {
        "reference": 2 ** (total / 4),
        "mistakes": [
            Mistake(
                "no-end",
                2 ** ((total - bits[-1]) / 3),
                "You left out `</s>`: the end of the sentence is predicted like a word, its "
                "probability belongs to the product.",
            ),
            Mistake(
                "end-not-counted",
                2 ** (total / 3),
                "You multiplied four probabilities and took the cube root; `</s>` counts as a "
                "prediction, so it is the fourth root.",
            ),
            Mistake(
                "arithmetic-mean",
                4 / sum(probabilities),
                "You averaged the probabilities; perplexity uses their geometric mean (average "
                "the logarithms instead).",
            ),
            Mistake(
                "mean-of-inverses",
                sum(1 / p for p in probabilities) / 4,
                "You averaged the inverse probabilities; perplexity uses the geometric mean "
                "(average the logarithms instead).",
            ),
            Mistake(
                "bits-with-e",
                math.exp(total / 4),
                "You took logarithms to base 2 and raised e to their mean; use one base for both.",
            ),
            Mistake(
                "nats-with-2",
                2 ** (total / 4 * math.log(2)),
                "You took natural logarithms and raised 2 to their mean; use one base for both.",
            ),
            Mistake(
                "not-inverted",
                2 ** -(total / 4),
                "That is the mean probability of a word; perplexity is its inverse, a number of "
                "equally likely choices.",
            ),
            Mistake(
                "no-root",
                2**total,
                "That is the inverse probability of the whole sentence; take the root of as many "
                "factors as there are, to get a figure per word.",
            ),
            Mistake(
                "cross-entropy",
                total / 4,
                "That is the cross-entropy in bits per word; perplexity is 2 raised to it.",
            ),
        ],
        "hints": [
            "Perplexity is the number of equally likely choices that would be as hard to guess.",
            "Multiply everything that the model had to predict, invert, and take the root that "
            "belongs to the number of factors.",
            "All factors are powers of two: add their exponents and divide by how many there are.",
        ],
    }


FACTORS = ("P(我 ∣ `<s>`)", "P(爱 ∣ 我)", "P(中国 ∣ 我 爱)", "P(`</s>` ∣ 我 爱 中国)")
BITS = (2, 4, 1, 1)


def _vary_perplexity_by_hand(rng):
    bits = [int(bit) for bit in rng.integers(1, 6, size=4)]

    def row(factor, bit):
        return f"| {factor} | 1/{2**bit} |"

    return Variant(
        statement={
            row(factor, old): row(factor, new)
            for factor, old, new in zip(FACTORS, BITS, bits, strict=True)
            if old != new
        },
        **_perplexity_by_hand(bits),
    )


perplexity_by_hand = prediction(
    "perplexity_by_hand",
    "A perplexity by hand",
    _perplexity_by_hand(BITS),
    vary=_vary_perplexity_by_hand,
    tolerance=2e-3,  # two decimals are enough
)
