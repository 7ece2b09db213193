"""What skip-gram reads: which words of the text are kept, and the pairs within a window."""

import numpy as np

from companion.course.exercise import Exercise, Mistake, Relation
from companion.probes import neural_lm as probes


def _keep(formula):
    """formula(share, threshold) for every word."""

    def keep_probs(counts, threshold):
        with np.errstate(all="ignore"):
            return formula(counts / counts.sum(), threshold)

    return keep_probs


def _counts_for_shares(counts, threshold):
    return np.minimum(1, np.sqrt(threshold / counts))


def _keep_cases(rng, size):
    # Steep, as in any text: the first word stands far above the threshold, the last far below.
    middle = rng.integers(2, 120, 1 + size)
    counts = np.concatenate([rng.integers(300, 900, 1), np.sort(middle)[::-1], [1, 1]])
    return {"counts": counts, "threshold": float(rng.choice([0.01, 0.02, 0.05]))}


keep_probs = Exercise(
    name="keep_probs",
    kind="fill",
    title="Which words are kept",
    minutes=5,
    difficulty=1,
    cases=_keep_cases,
    probe=probes.array,
    reference=_keep(lambda f, t: np.minimum(1, np.sqrt(t / f))),
    relations=[
        Relation(
            "text-read-twice",
            lambda case, rng: case | {"counts": 2 * case["counts"]},
            lambda out, twice: bool(np.allclose(out["result"], twice["result"])),
            "With every count doubled the result must stay as it is: only the share counts.",
        ),
    ],
    mistakes=[
        Mistake(
            "discarded",
            _keep(lambda f, t: np.maximum(0, 1 - np.sqrt(t / f))),
            "That is the probability of throwing a word away, as the paper writes it; here the "
            "probability of keeping it is wanted.",
        ),
        Mistake(
            "discarded-below-zero",
            _keep(lambda f, t: 1 - np.sqrt(t / f)),
            "That is the paper's formula for throwing a word away, and it is negative for rare "
            "words; the probability of keeping it is wanted, between 0 and 1.",
        ),
        Mistake(
            "above-one",
            _keep(lambda f, t: np.sqrt(t / f)),
            "Rare words get more than 1, which is no probability; stop at 1.",
        ),
        Mistake(
            "no-root",
            _keep(lambda f, t: np.minimum(1, t / f)),
            "The square root is missing: without it, all frequent words would be left with "
            "exactly the share t of the old text.",
        ),
        Mistake(
            "upside-down",
            _keep(lambda f, t: np.minimum(1, np.sqrt(f / t))),
            "The fraction is upside down: you keep frequent words and lose the rare ones.",
        ),
        Mistake(
            "counts",
            _counts_for_shares,
            "You compared the threshold with the count; compare it with the share of the word in "
            "the text.",
        ),
        Mistake(
            "the-programs-formula",
            _keep(lambda f, t: np.minimum(1, np.sqrt(t / f) + t / f)),
            "That is what the original program computes, √(t/f) + t/f; the paper's formula, "
            "wanted here, has the root alone.",
        ),
        Mistake(
            "rare-words-lost",
            _keep(lambda f, t: np.where(f > t, np.sqrt(t / f), 0.0)),
            "Words below the threshold are all thrown away; they are the ones that always stay.",
        ),
    ],
    hints=[
        "Words that are rarer than the threshold always stay; the more frequent a word, the less "
        "often.",
        "One array of probabilities: the square root of a fraction, nowhere above 1.",
        "The paper discards with probability 1 - √(t / f); what is left is kept, and `np.minimum` "
        "stops it at 1.",
    ],
)


def _reach(position, length, window):
    """The positions that a word is paired with."""
    near = range(max(0, position - window), min(length, position + window + 1))
    return [place for place in near if place != position]


def _pairs(places=_reach):
    """(centre, context) for every place that `places(position, length, window)` gives."""

    def skip_gram_pairs(sentences, window):
        return [
            (words[position], words[place])
            for words in sentences
            for position in range(len(words))
            for place in places(position, len(words), window)
        ]

    return skip_gram_pairs


def _only(wanted):
    """The pairs whose places satisfy `wanted(position, place)`."""

    def places(position, length, window):
        return [i for i in _reach(position, length, window) if wanted(position, i)]

    return _pairs(places)


def _with_itself(position, length, window):
    return [*_reach(position, length, window), position]


def _right_end_missing(position, length, window):
    return [i for i in _reach(position, length, window) if i < position + window]


def _half_the_window(position, length, window):
    return _reach(position, length, window // 2)


def _full_windows(position, length, window):
    return _reach(position, length, window) if window <= position < length - window else []


def _wraps(position, length, window):
    near = range(position - window, min(length, position + window + 1))
    return [i for i in near if i != position]


def _negative_slice(position, length, window):
    """words[i - c : i] and words[i + 1 : i + 1 + c], as slices see it."""
    everything = range(length)
    return [
        *everything[position - window : position],
        *everything[position + 1 : position + 1 + window],
    ]


def _across_sentences(sentences, window):
    return _pairs()([[word for words in sentences for word in words]], window)


def _each_once(sentences, window):
    return sorted(set(_pairs()(sentences, window)))


def _skips_equal_words(sentences, window):
    return [pair for pair in _pairs()(sentences, window) if pair[0] != pair[1]]


def _first_place(sentences, window):
    """`words.index(word)` for the position: of a word that comes twice it finds the first."""
    return [
        (word, words[place])
        for words in sentences
        for word in words
        for place in _reach(words.index(word), len(words), window)
    ]


WORDS = ("the", "cat", "sat", "on", "a", "mat", "我", "爱", "中国", "dog", "red")


def _pair_cases(rng, size):
    window = (2, 1, 3, 2, 1, 4, 3, 2)[size % 8]
    lengths = rng.integers(2, 5 + size, 1 + size // 2)
    sentences = [[str(w) for w in rng.choice(WORDS, n)] for n in lengths]
    # Words that come back, side by side and apart; a sentence of one word has no pair at all.
    sentences += [["the", "cat", "saw", "the", "cat", "run"], ["好"], ["哈", "哈", "笑"]]
    return {"sentences": sentences, "window": window}


skip_gram_pairs = Exercise(
    name="skip_gram_pairs",
    kind="implement",
    title="A word and its neighbours",
    minutes=15,
    difficulty=1,
    cases=_pair_cases,
    probe=probes.word_pairs,
    reference=_pairs(),
    relations=[
        Relation(
            "order-of-sentences",
            lambda case, rng: case | {"sentences": case["sentences"][::-1]},
            lambda out, back: out["pairs"] == back["pairs"],
            "The order of the sentences must not matter: no window spans two of them.",
        ),
    ],
    mistakes=[
        Mistake(
            "across-sentences",
            _across_sentences,
            "You joined the sentences, so words of two of them are paired; keep each window "
            "inside its sentence.",
        ),
        Mistake(
            "last-sentence",
            lambda sentences, window: _pairs()(sentences[-1:], window),
            "Only the last sentence gave pairs; make the list once, before the loop.",
        ),
        Mistake(
            "first-sentence",
            lambda sentences, window: _pairs()(sentences[:1], window),
            "Only the first sentence gave pairs; `return` belongs after the loops.",
        ),
        Mistake(
            "with-itself",
            _pairs(_with_itself),
            "You paired each word with itself; the middle of the window is left out.",
        ),
        Mistake(
            "right-only",
            _only(lambda position, place: place > position),
            "You paired a word only with those after it; the ones before it are context too.",
        ),
        Mistake(
            "left-only",
            _only(lambda position, place: place < position),
            "You paired a word only with those before it; the ones after it are context too.",
        ),
        Mistake(
            "right-end-missing",
            _pairs(_right_end_missing),
            "The last word of the window is missing on the right: the end of a `range` is not "
            "part of it.",
        ),
        Mistake(
            "half-the-window",
            _pairs(_half_the_window),
            "You shared the window between both sides; it is so many words on *each* side.",
        ),
        Mistake(
            "full-windows-only",
            _pairs(_full_windows),
            "Words near the ends of a sentence have no pairs; there the window is cut short, not "
            "left out.",
        ),
        Mistake(
            "negative-index",
            _pairs(_wraps),
            "Before the first word your index is negative, and Python counts it from the end of "
            "the sentence; begin at `max(0, ...)`.",
        ),
        Mistake(
            "negative-slice",
            _pairs(_negative_slice),
            "Near the start of a sentence your slice begins at a negative number, which Python "
            "counts from the end, so words before are lost; begin at `max(0, ...)`.",
        ),
        Mistake(
            "each-once",
            _each_once,
            "You kept each different pair once; a pair that occurs more often is trained more "
            "often.",
        ),
        Mistake(
            "equal-words-skipped",
            _skips_equal_words,
            "You left out pairs of two equal words; leave out the same *position*, since a word "
            "may well be its own neighbour.",
        ),
        Mistake(
            "first-place",
            _first_place,
            "You looked the position up by the word, which finds its first place; when a word "
            "comes twice, count positions with `enumerate`.",
        ),
    ],
    hints=[
        "Every word is once the centre; its context is what stands at most `window` places away.",
        "Three loops: sentences, positions of the centre, positions of the context.",
        "The context's positions run from `max(0, i - window)` to `min(len(words), i + window + "
        "1)`, without i.",
    ],
)
