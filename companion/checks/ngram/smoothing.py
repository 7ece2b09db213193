"""Smoothing: additive, absolute discounting, and the continuation counts of Kneser and Ney.

All three return a whole distribution, so that what sums to more or less than one can be seen.
"""

import numpy as np

from companion.checks.ngram.texts import END, START, UNKNOWN, followers, random_bigrams
from companion.course.exercise import Exercise, Mistake, Relation
from companion.probes import ngram as probes

SUMS_TO_ONE = Relation(
    "sums-to-one",
    lambda case, rng: case,
    lambda out, same: abs(float(np.sum(out["probs"])) - 1) < 1e-6,
    "The probabilities of all words must sum to one, and here they do not.",
)


def _add_k(denominator):
    """Additive smoothing with a denominator of your choice."""

    def add_k(context, bigrams, vocabulary, k):
        outcomes = [w for w in vocabulary if w != START]
        below = denominator(context, bigrams, vocabulary, k)
        return {w: (bigrams.get((context, w), 0) + k) / below for w in outcomes}

    return add_k


def _total(context, bigrams):
    return sum(followers(bigrams, context).values())


def _add_k_cases(rng, size):
    bigrams = random_bigrams(rng, 2 + size, vocab_size=4)
    seen = sorted({w for pair in bigrams for w in pair} - {START, END})
    return {
        # Every third context was never seen: without k·V the denominator is zero there.
        "context": UNKNOWN if size % 3 == 2 else seen[int(rng.integers(len(seen)))],
        "bigrams": bigrams,
        "vocabulary": [START, END, UNKNOWN, *seen, "unseen"],
        # k = 1 hides a forgotten k, so it is never 1.
        "k": round(float(rng.uniform(0.05, 0.7)), 2),
    }


def _double_add_k(case, rng):
    return case | {"bigrams": {p: 2 * n for p, n in case["bigrams"].items()}, "k": 2 * case["k"]}


add_k = Exercise(
    name="add_k",
    kind="fill",
    title="The denominator of add-k smoothing",
    minutes=5,
    difficulty=1,
    cases=_add_k_cases,
    probe=probes.distribution,
    reference=_add_k(lambda h, c, v, k: _total(h, c) + k * (len(v) - 1)),
    relations=[
        SUMS_TO_ONE,
        Relation(
            "twice-the-text",
            _double_add_k,
            lambda out, twice: bool(np.allclose(out["probs"], twice["probs"])),
            "With every count and k doubled the probabilities must stay as they are.",
        ),
    ],
    mistakes=[
        Mistake(
            "no-k",
            _add_k(lambda h, c, v, k: _total(h, c)),
            "You added k above and nothing below, so the probabilities sum to more than one; each "
            "of the outcomes got k, so the total grew by k for each of them.",
        ),
        Mistake(
            "k-once",
            _add_k(lambda h, c, v, k: _total(h, c) + k),
            "You added k once; it was added to every outcome, so the total grew by k for each of "
            "them.",
        ),
        Mistake(
            "outcomes-without-k",
            _add_k(lambda h, c, v, k: _total(h, c) + len(v) - 1),
            "You added 1 for each outcome, which is right for k = 1 only; add k for each.",
        ),
        Mistake(
            "start-counted",
            _add_k(lambda h, c, v, k: _total(h, c) + k * len(v)),
            "You counted `<s>` among the outcomes; it is never predicted, and now the "
            "probabilities sum to less than one.",
        ),
        Mistake(
            "seen-only",
            _add_k(lambda h, c, v, k: _total(h, c) + k * len(followers(c, h))),
            "You added k for the words seen after this context only; the unseen ones got k too.",
        ),
        Mistake(
            "whole-text",
            _add_k(lambda h, c, v, k: sum(c.values()) + k * (len(v) - 1)),
            "You started from the count of all bigrams; start from the count of this context.",
        ),
    ],
    hints=[
        "Whatever you add above the fraction bar, over all outcomes, must be added below it too.",
        "The sum of the result over all outcomes has to be one, also for a context never seen.",
        "Two terms: how often the context occurs, and k for every member of `outcomes`.",
    ],
)


def _absolute_discounting(weight=None, clamp=True, interpolate=True, unseen="lower"):
    """Interpolated absolute discounting; `weight(context, bigrams, discount, total)` or none."""

    def absolute_discounting(context, bigrams, lower, discount):
        counts = followers(bigrams, context)
        total = sum(counts.values())
        if not total and unseen != "divides":
            return {w: p if unseen == "lower" else 0.0 for w, p in lower.items()}
        share = (weight or _freed)(context, bigrams, discount, total)
        probs = {}
        for w, p in lower.items():
            kept = counts.get(w, 0) - discount
            probs[w] = (max(kept, 0) if clamp else kept) / total
            if interpolate or w not in counts:
                probs[w] += share * p
        return probs

    return absolute_discounting


def _freed(context, bigrams, discount, total):
    return discount * len(followers(bigrams, context)) / total


def _never_subtracts(context, bigrams, lower, discount):
    counts = followers(bigrams, context)
    total = sum(counts.values())
    if not total:
        return dict(lower)
    share = _freed(context, bigrams, discount, total)
    return {w: counts.get(w, 0) / total + share * p for w, p in lower.items()}


def _uniform(context, bigrams, lower, discount):
    equal = dict.fromkeys(lower, 1 / len(lower))
    probs = _absolute_discounting()(context, bigrams, equal, discount)
    return probs if followers(bigrams, context) else dict(lower)


def _discount_cases(rng, size):
    bigrams = random_bigrams(rng, 2 + size, vocab_size=4)
    words = sorted({w for _, w in bigrams} | {"unseen"})
    shares = rng.dirichlet(np.ones(len(words)))
    # `<s>` comes three times and more with the same word after it: counts above the discount.
    contexts = sorted({h for h, _ in bigrams})
    context = START if size % 4 == 0 else contexts[int(rng.integers(len(contexts)))]
    return {
        "context": "unseen" if size % 4 == 3 else context,
        "bigrams": bigrams,
        "lower": {w: float(p) for w, p in zip(words, shares, strict=True)},
        "discount": round(float(rng.uniform(0.2, 0.9)), 2),
    }


absolute_discounting = Exercise(
    name="absolute_discounting",
    kind="implement",
    title="Absolute discounting, interpolated",
    minutes=30,
    difficulty=3,
    cases=_discount_cases,
    probe=probes.distribution,
    reference=_absolute_discounting(),
    relations=[SUMS_TO_ONE],
    mistakes=[
        Mistake(
            "no-lower-order",
            _absolute_discounting(weight=lambda *_: 0.0),
            "You took the discount away and gave it to nobody, so the probabilities sum to less "
            "than one; hand it out in proportion to `lower`.",
        ),
        Mistake(
            "one-discount",
            _absolute_discounting(weight=lambda h, c, d, total: d / total),
            "The weight of `lower` holds one discount only; every different follower gave one.",
        ),
        Mistake(
            "tokens-for-types",
            _absolute_discounting(weight=lambda h, c, d, total: d),
            "The weight of `lower` counts occurrences; the discount is taken once for each "
            "different follower.",
        ),
        Mistake(
            "negative",
            _absolute_discounting(clamp=False),
            "An unseen word has count 0, and 0 - discount is negative; nothing can be taken from "
            "it, stop at zero.",
        ),
        Mistake(
            "back-off",
            _absolute_discounting(interpolate=False),
            "You gave the lower order to unseen words only; interpolation adds it to the seen "
            "ones as well, otherwise the sum is below one.",
        ),
        Mistake(
            "never-subtracts",
            _never_subtracts,
            "You added the lower order and did not subtract the discount from the counts, so the "
            "sum is above one.",
        ),
        Mistake(
            "uniform",
            _uniform,
            "You shared the freed mass equally; share it in proportion to `lower`.",
        ),
        Mistake(
            "unseen-divides",
            _absolute_discounting(unseen="divides"),
            "A context that was never seen has count zero, and you divide by it; there the "
            "answer is `lower` itself.",
        ),
        Mistake(
            "unseen-zero",
            _absolute_discounting(unseen="zero"),
            "After a context never seen you give every word zero; there the answer is `lower` "
            "itself.",
        ),
    ],
    hints=[
        "Every seen bigram gives up the same small amount; together they pay for the unseen ones.",
        "Each word gets two terms: what is left of its own count, over the count of the context; "
        "and its share in `lower` of all that was taken away.",
        "What was taken away, as a share of the context's count, is the discount times the number "
        "of different followers, divided by that count.",
    ],
)


def _continuation(above, below):
    """{word: above(word) / below} from the bigram types of a text."""

    def continuation_probs(bigrams):
        words = sorted({w for _, w in bigrams})
        return {w: above(w, bigrams) / below(bigrams) for w in words}

    return continuation_probs


def _contexts_of(word, bigrams):
    return sum(w == word for _, w in bigrams)


def _occurrences(word, bigrams):
    return sum(n for (_, w), n in bigrams.items() if w == word)


def _by_context(bigrams):
    contexts = sorted({h for h, _ in bigrams})
    return {h: len(followers(bigrams, h)) / len(bigrams) for h in contexts}


def _every_word(bigrams):
    words = sorted({w for pair in bigrams for w in pair})
    return {w: _contexts_of(w, bigrams) / len(bigrams) for w in words}


def _continuation_cases(rng, size):
    bigrams = random_bigrams(rng, 2 + size, vocab_size=3 + size // 2)
    # A word that is frequent after one single context (Kneser and Ney's reason), and one that
    # follows two contexts, so that types, words, contexts and occurrences all differ in number.
    bigrams |= {("San", "Francisco"): int(rng.integers(20, 40)), ("San", "Jose"): 2}
    bigrams |= {("the", "dog"): 1, ("我", "dog"): 2, ("爱", "dog"): 1, ("the", "San"): 1}
    return {"bigrams": bigrams}


continuation_probs = Exercise(
    name="continuation_probs",
    kind="implement",
    title="Kneser and Ney's continuation probability",
    minutes=30,
    difficulty=2,
    cases=_continuation_cases,
    probe=probes.distribution,
    reference=_continuation(_contexts_of, len),
    relations=[
        SUMS_TO_ONE,
        Relation(
            "counts-do-not-matter",
            lambda case, rng: {"bigrams": {p: 3 * n for p, n in case["bigrams"].items()}},
            lambda out, more: bool(np.allclose(out["probs"], more["probs"])),
            "How often a bigram occurs must not matter, only whether it does.",
        ),
    ],
    mistakes=[
        Mistake(
            "raw-counts",
            _continuation(_occurrences, lambda c: sum(c.values())),
            "That is how often a word occurs; Kneser and Ney ask after how many different words "
            "it occurs.",
        ),
        Mistake(
            "followers",
            _by_context,
            "You counted the different words that follow; count the different words before it.",
        ),
        Mistake(
            "never-predicted",
            _every_word,
            "You listed `<s>`, which follows nothing; the keys are the words that follow "
            "something.",
        ),
        Mistake(
            "not-normalised",
            _continuation(_contexts_of, lambda c: 1),
            "Those are counts; divide by their sum, so that a distribution results.",
        ),
        Mistake(
            "divides-by-words",
            _continuation(_contexts_of, lambda c: len({w for _, w in c})),
            "You divided by the number of different words; the result must sum to one, so divide "
            "by the number of different bigrams.",
        ),
        Mistake(
            "divides-by-contexts",
            _continuation(_contexts_of, lambda c: len({h for h, _ in c})),
            "You divided by the number of different contexts; the result must sum to one, so "
            "divide by the number of different bigrams.",
        ),
        Mistake(
            "divides-by-occurrences",
            _continuation(_contexts_of, lambda c: sum(c.values())),
            "Above you count different bigrams, below all their occurrences; count different "
            "ones in both places.",
        ),
    ],
    hints=[
        "`Francisco` is frequent and follows hardly anything but `San`: as a word to fall back "
        "on it is a poor guess.",
        "Above: how many keys of the dictionary have the word in second place. Below: the sum of "
        "that over all words.",
        "Go through the keys once with a `Counter` on their second members; the values are not "
        "needed at all.",
    ],
)
