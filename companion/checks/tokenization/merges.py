"""Byte-pair encoding, the training: pair counts weighted by the words, and learning the merges.

Letters stand for bytes here. The companion's own training updates the counts instead of recounting
the words at each merge; the merges are the same.
"""

from collections import Counter
from functools import partial
from itertools import combinations, pairwise

from companion.checks.tokenization.toys import (
    count_pairs,
    from_the_right,
    keeps_the_right_half,
    random_words,
    train,
)
from companion.course.exercise import Exercise, Mistake, Relation
from companion.probes import tokenization as probes


def _with_neighbours(neighbours):
    return partial(count_pairs, neighbours=neighbours)


def _without_overlap(word):
    found, last = [], -2
    for i, pair in enumerate(pairwise(word)):
        if pair == pair[::-1] and last == i - 1 and found[-1] == pair:
            continue  # the middle of "aaa" was used by the pair before
        found.append(pair)
        last = i
    return found


def _across_words(words):
    return dict(Counter(pairwise(token for w, n in words.items() for _ in range(n) for token in w)))


def _overwrites(words):
    return {pair: count for word, count in words.items() for pair in pairwise(word)}


def _pair_cases(rng, size):
    text = random_words(rng, 2 + size, letters="abcd"[: 2 + size % 3])
    # One pair in two words and twice in one, a run, a word of one letter, Chinese.
    text |= {"abcab": 3, "ab": 4, "aaa": 2 + size, "d": 2, "中国人": 1 + size}
    words = {tuple(word): count for word, count in text.items()}
    words["th", "in", "g"] = 2  # tokens are not letters only
    return {"words": words}


pair_counts = Exercise(
    name="pair_counts",
    kind="implement",
    title="Count pairs, weighted by the words",
    minutes=15,
    difficulty=1,
    cases=_pair_cases,
    probe=probes.pair_table,
    reference=count_pairs,
    relations=[
        Relation(
            "text-read-twice",
            lambda case, rng: {"words": {word: 2 * n for word, n in case["words"].items()}},
            lambda out, twice: list(2 * out["numbers"]) == list(twice["numbers"]),
            "A text read twice must have every pair twice.",
        ),
    ],
    mistakes=[
        Mistake(
            "unweighted",
            lambda words: count_pairs(dict.fromkeys(words, 1)),
            "You counted each different word once; a word that occurs n times brings each of its "
            "pairs n times.",
        ),
        Mistake(
            "overwrites",
            _overwrites,
            "A pair that comes back replaces its own count; add to what is already there.",
        ),
        Mistake(
            "once-a-word",
            _with_neighbours(lambda word: set(pairwise(word))),
            "A pair that stands twice in one word counts twice; you counted it once.",
        ),
        Mistake(
            "runs-without-overlap",
            _with_neighbours(_without_overlap),
            "In a run such as a a a you skip the second pair; counting takes every position, only "
            "merging must not use a token twice.",
        ),
        Mistake(
            "steps-of-two",
            _with_neighbours(lambda word: zip(word[::2], word[1::2], strict=False)),
            "You cut the word into blocks of two; a pair begins at every token but the last.",
        ),
        Mistake(
            "last-pair",
            _with_neighbours(lambda word: pairwise(word[:-1])),
            "The last pair of each word is missing; a word of n tokens has n - 1 pairs.",
        ),
        Mistake(
            "across-words",
            _across_words,
            "You joined the words, so pairs span two of them; BPE never looks across a word's "
            "border.",
        ),
        Mistake(
            "wraps-around",
            _with_neighbours(lambda word: zip(word[-1:] + word[:-1], word, strict=True)),
            "The last token is paired with the first: an index of -1 is the last one in Python.",
        ),
        Mistake(
            "not-adjacent",
            _with_neighbours(lambda word: combinations(word, 2)),
            "You paired every two tokens of a word; count only those that stand side by side.",
        ),
        Mistake(
            "reversed",
            lambda words: {(b, a): n for (a, b), n in count_pairs(words).items()},
            "Your keys are (right, left); the token that comes first in the word stands first.",
        ),
    ],
    hints=[
        "The text is given as a table of words, so that a frequent word is looked at once; its "
        "count stands for all its occurrences.",
        "Two loops: over the words with their counts, and over the neighbours inside one word.",
        "A `Counter` starts every key at zero; `pairwise` gives the neighbours of any sequence.",
    ],
)


def _text_replace(tokens, pair):
    return " ".join(tokens).replace(" ".join(pair), "".join(pair)).split(" ")


def _first_place_only(tokens, pair):
    for i, found in enumerate(pairwise(tokens)):
        if found == pair:
            return [*tokens[:i], "".join(pair), *tokens[i + 2 :]]
    return tokens


def _never_recounts(words, num_merges):
    counts = count_pairs(words)
    return sorted(counts, key=lambda pair: (counts[pair], pair), reverse=True)[:num_merges]


def _first_seen(words, num_merges):
    return train(words, num_merges, tie=lambda pair: 0)  # `max` keeps the first of equals


def _opposite(pair):
    """A key that orders pairs from the greatest to the smallest; a prefix comes last."""
    return tuple([-ord(char) for char in token] + [1] for token in pair)


def _never_stops(learn=train, error=ValueError):
    """`learn`, but an error where no pair is left: that of `max`, or of an index into nothing."""

    def learn_bpe(words, num_merges):
        merges = learn(words, num_merges)
        if len(merges) < num_merges:
            raise error("no pair is left")
        return merges

    return learn_bpe


NEITHER = (
    "Two things: where no word has two tokens left there is no pair to take, stop there; and of "
    "pairs with equal counts the greater wins, `key=lambda pair: (counts[pair], pair)`."
)


def _learning_cases(rng, size):
    # Two letters and small counts: ties at every second step. The fixed words hold a pair twice in
    # one word, a run, a tie that the joined strings decide otherwise (uv·v and u·w), a count of 1.
    words = random_words(rng, 3 + size, letters="ab" if size % 2 else "abc")
    words |= {"xyxy": 7, "yyyyy": 2, "axyz": 3, "uv": 5, "uvv": 3, "uw": 3, "mn": 1}
    if size % 2:
        words = {"你好吗": 2, "你好": 3, "好人": 3, **words}
    if size % 3 == 2:  # more merges are asked for than there are
        # Once g·h is merged, h·k must not be found inside gh·k, which is merged last.
        words |= {"gh": 9, "hk": 6, "ghk": 1}
    return {"words": words, "num_merges": 200 if size % 3 == 2 else 4 + 2 * size}


learn_bpe = Exercise(
    name="learn_bpe",
    kind="implement",
    title="Learn the merges of BPE",
    minutes=30,
    difficulty=3,
    cases=_learning_cases,
    probe=probes.pair_list,
    reference=train,
    relations=[
        Relation(
            "order-of-words",
            lambda case, rng: case | {"words": dict(reversed(case["words"].items()))},
            lambda out, back: out["merges"] == back["merges"],
            "The order of the words must not matter, ties included: the greater pair wins.",
        ),
        Relation(
            "one-merge-fewer",
            lambda case, rng: case | {"num_merges": case["num_merges"] - 1},
            lambda out, fewer: out["merges"][: len(fewer["merges"])] == fewer["merges"],
            "The first merges must not depend on how many are asked for.",
        ),
    ],
    mistakes=[
        Mistake(
            "first-seen-tie",
            _first_seen,
            "Of pairs with equal counts you took the one seen first, as some programs do; here "
            "the greater pair wins, so that the order of the text does not matter.",
        ),
        Mistake(
            "smaller-pair-tie",
            partial(train, tie=_opposite),
            "Of pairs with equal counts you took the smaller one; here the greater pair wins.",
        ),
        Mistake(
            "joined-tie",
            partial(train, tie="".join),
            "You broke ties by the joined string; compare the pairs themselves, the left tokens "
            "first.",
        ),
        Mistake(
            "unweighted",
            partial(train, weights=False),
            "You counted each different word once; weight its pairs by how often it occurs.",
        ),
        Mistake(
            "never-recounts",
            _never_recounts,
            "You counted once and took the commonest pairs; each merge makes new pairs and "
            "removes old ones, so count again after it.",
        ),
        Mistake(
            "first-place-only",
            partial(train, join=_first_place_only),
            "You merged the pair at its first place in each word only; merge it everywhere.",
        ),
        Mistake(
            "text-replace",
            partial(train, join=_text_replace),
            "You replaced in a text of tokens with blanks between them, and there `b c` is also "
            "found at the end of `ab c`; compare whole tokens.",
        ),
        Mistake(
            "right-half-stays",
            partial(train, join=keeps_the_right_half),
            "After a merge the right half is still there and the words grow; jump over it.",
        ),
        Mistake(
            "from-the-right",
            partial(train, join=from_the_right),
            "In a run such as a a a you merged the last two tokens; merge from the left.",
        ),
        Mistake(
            "never-stops",
            _never_stops(),
            "When every word is one token there is no pair left to take a maximum of; stop there, "
            "with fewer merges than asked for.",
        ),
        Mistake("first-seen-and-never-stops", _never_stops(_first_seen), NEITHER),
        Mistake("most-common-and-never-stops", _never_stops(_first_seen, IndexError), NEITHER),
        Mistake(
            "stops-at-one",
            partial(train, least=2),
            "You stopped when no pair occurred twice; go on until there is no pair at all.",
        ),
    ],
    hints=[
        "Three things in a loop: count the pairs, choose one, join it in every word.",
        "The words are lists of tokens that get shorter, each with the count of its word; the "
        "result is a list of pairs of strings.",
        "`max` accepts a key that is a tuple: the count first, then the pair itself. To join, walk "
        "through a word with an index that moves on by one or by two.",
    ],
)
