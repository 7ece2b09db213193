"""Random toy words for the cases of chapter 2, and the steps that BPE is made of.

A text is {word: how often it occurs}; a word is a string, or a tuple of tokens. Ties in training go
to the greater pair: UTF-8 keeps the order of code points, so comparing strings compares bytes.
"""

from collections import Counter
from itertools import pairwise


def random_words(rng, count, letters="ab", longest=6):
    """{word: count} of up to `count` different words over a few letters."""
    lengths = rng.integers(1, longest + 1, count)
    words = ["".join(rng.choice(list(letters), length)) for length in lengths]
    return {word: int(rng.integers(1, 6)) for word in words}


def count_pairs(words, neighbours=pairwise):
    """{(left, right): how often in the text}; `neighbours` gives the pairs of one word."""
    counts = Counter()
    for word, count in words.items():
        for pair in neighbours(word):
            counts[pair] += count
    return dict(counts)


def merge(tokens, pair):
    """The tokens with the pair joined wherever it stands, from left to right."""
    merged = []
    for token in tokens:
        # What has just been joined is longer than the left half: it is not joined twice.
        if merged and (merged[-1], token) == pair:
            merged[-1] += token
        else:
            merged.append(token)
    return merged


def from_the_right(tokens, pair):
    """A wrong `merge`: in a run of three it joins the last two."""
    mirrored = [token[::-1] for token in reversed(tokens)]
    merged = merge(mirrored, (pair[1][::-1], pair[0][::-1]))
    return [token[::-1] for token in reversed(merged)]


def keeps_the_right_half(tokens, pair):
    """A wrong `merge`: the right half is joined and stays as well."""
    joined = ["".join(pair) if p == pair else p[0] for p in pairwise(tokens)]
    return [*joined, *tokens[-1:]]


def train(words, num_merges, tie=lambda pair: pair, weights=True, join=merge, least=1):
    """The merges of BPE, recounted at each step; `tie` orders the pairs of equal count."""
    split = {tuple(word): count if weights else 1 for word, count in words.items()}
    merges = []
    while len(merges) < num_merges:
        counts = count_pairs(split)
        best = max(counts, key=lambda pair: (counts[pair], tie(pair)), default=None)
        if best is None or counts[best] < least:
            break
        merges.append(best)
        split = _joined(split, best, join)
    return merges


def _joined(split, pair, join):
    """The words after a merge; words that a wrong `join` makes equal are counted together."""
    joined = Counter()
    for word, count in split.items():
        joined[tuple(join(word, pair))] += count
    return joined
