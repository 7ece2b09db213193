"""Predict the number: a maximum-likelihood probability and a perplexity, both by hand.

The answers are numbers, so there are no cases to draw. Each mistake is the number that a known
misconception arrives at; the toy text and the toy model are in the statement of the exercise.
"""

import math

from companion.course.exercise import Exercise, Mistake
from companion.probes import ngram as probes

p_sat_given_cat = Exercise(
    name="p_sat_given_cat",
    kind="predict",
    title="A bigram probability by hand",
    minutes=5,
    difficulty=1,
    cases=lambda rng, size: {},
    sizes=1,
    tolerance=5e-3,  # two decimals are enough
    probe=probes.number,
    reference=2 / 5,
    mistakes=[
        Mistake(
            "divides-by-text",
            2 / 24,
            "You divided by all the words of the text, which gives a joint probability; divide by "
            "how often the context `cat` occurs.",
        ),
        Mistake(
            "divides-by-bigrams",
            2 / 28,
            "You divided by the number of all bigrams, which gives a joint probability; divide by "
            "how often the context `cat` occurs.",
        ),
        Mistake(
            "context-at-the-end",
            2 / 4,
            "You left out the `cat` that ends a sentence: there it is the context of `</s>`, so "
            "it counts too.",
        ),
        Mistake(
            "reversed",
            2 / 3,
            "That is how often `sat` has `cat` before it; divide by the count of the context "
            "`cat`, not of the word `sat`.",
        ),
        Mistake(
            "types",
            1 / 4,
            "You gave the same share to each different word seen after `cat`; count how often "
            "each one occurs.",
        ),
        Mistake(
            "unigram",
            3 / 24,
            "That is the unigram probability of `sat`; look only at the places that come right "
            "after `cat`.",
        ),
        Mistake(
            "count",
            2,
            "That is the count of the bigram; a probability needs the count of the context below "
            "it.",
        ),
    ],
    hints=[
        "A conditional probability looks at the places right after the context, and at no other.",
        "It is a fraction: above, the occurrences of the pair; below, all occurrences of its "
        "first word, whatever follows.",
        "Put a finger on each `cat` of the four sentences and say what follows; the end of a "
        "sentence is an answer as well.",
    ],
)

perplexity_by_hand = Exercise(
    name="perplexity_by_hand",
    kind="predict",
    title="A perplexity by hand",
    minutes=5,
    difficulty=1,
    cases=lambda rng, size: {},
    sizes=1,
    tolerance=2e-3,  # two decimals are enough
    probe=probes.number,
    reference=4.0,
    mistakes=[
        Mistake(
            "no-end",
            2 ** (7 / 3),
            "You left out `</s>`: the end of the sentence is predicted like a word, its "
            "probability belongs to the product.",
        ),
        Mistake(
            "end-not-counted",
            2 ** (8 / 3),
            "You multiplied four probabilities and took the cube root; `</s>` counts as a "
            "prediction, so it is the fourth root.",
        ),
        Mistake(
            "arithmetic-mean",
            1 / ((1 / 4 + 1 / 16 + 1 / 2 + 1 / 2) / 4),
            "You averaged the probabilities; perplexity uses their geometric mean (average the "
            "logarithms instead).",
        ),
        Mistake(
            "mean-of-inverses",
            (4 + 16 + 2 + 2) / 4,
            "You averaged the inverse probabilities; perplexity uses the geometric mean (average "
            "the logarithms instead).",
        ),
        Mistake(
            "bits-with-e",
            math.exp(2),
            "You took logarithms to base 2 and raised e to their mean; use one base for both.",
        ),
        Mistake(
            "nats-with-2",
            2 ** math.log(4),
            "You took natural logarithms and raised 2 to their mean; use one base for both.",
        ),
        Mistake(
            "not-inverted",
            1 / 4,
            "That is the mean probability of a word; perplexity is its inverse, a number of "
            "equally likely choices.",
        ),
        Mistake(
            "no-root",
            256,
            "That is the inverse probability of the whole sentence; take the root of as many "
            "factors as there are, to get a figure per word.",
        ),
        Mistake(
            "cross-entropy",
            2,
            "That is the cross-entropy in bits per word; perplexity is 2 raised to it.",
        ),
    ],
    hints=[
        "Perplexity is the number of equally likely choices that would be as hard to guess.",
        "Multiply everything that the model had to predict, invert, and take the root that "
        "belongs to the number of factors.",
        "All factors are powers of two: add their exponents and divide by how many there are.",
    ],
)
