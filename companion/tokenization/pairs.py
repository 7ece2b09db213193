"""All distinct words as linked tokens, and where each adjacent pair of tokens occurs. Chapter 2.

Merging a pair touches only the places where it occurs and their neighbours, instead of every word
of the text. This file knows neither what a token spells nor which pair should be merged next: BPE
(`bpe_training`) takes the commonest, WordPiece (`wordpiece_training`) the one that gains most.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

SHIFT = 32  # a pair (left id, right id) is one integer, left << SHIFT | right
RIGHT = (1 << SHIFT) - 1


class Change(NamedTuple):
    """What a merge did: occurrences merged (weighted), pairs that grew, pairs that shrank."""

    merged: int
    grown: set[int]
    shrunk: set[int]


class PairIndex:
    """The pairs of `words` (sequences of ids), each word counted `weights` times.

    `counts` maps a pair to how often it occurs now ("aaa" holds two pairs "aa"). Inside, a place is
    a position in one array of all words. It holds the id of the token that begins there, or −1
    where a merge has swallowed it; `after` and `before` are the places of the neighbouring tokens.
    Between two words stands a −1 that no pair matches.
    """

    def __init__(self, words: Sequence[Sequence[int]], weights: Sequence[int]):
        lengths = np.fromiter(map(len, words), np.int64, len(words))
        ends = np.cumsum(lengths + 1)  # each word has a border before it
        symbols = np.full(int(ends[-1]) + 1 if len(words) else 1, -1, np.int64)
        inside = np.ones(len(symbols), bool)
        inside[ends - lengths - 1] = inside[-1] = False
        symbols[inside] = np.fromiter((i for word in words for i in word), np.int64)
        weight = np.zeros(len(symbols), np.int64)
        weight[inside] = np.repeat(np.asarray(weights, np.int64), lengths)
        self.symbols, self.weights = symbols.tolist(), weight.tolist()
        self.after = list(range(1, len(symbols) + 1))
        self.before = list(range(-1, len(symbols) - 1))
        self._index(symbols, weight)

    def _index(self, symbols: np.ndarray, weight: np.ndarray) -> None:
        """Count the pairs of the start and list the places of each: one sort does both."""
        places = np.flatnonzero((symbols[:-1] >= 0) & (symbols[1:] >= 0))
        pairs = symbols[places] << SHIFT | symbols[places + 1]
        order = np.argsort(pairs, kind="stable")
        distinct, firsts = np.unique(pairs[order], return_index=True)
        groups = np.split(places[order], firsts[1:]) if len(distinct) else []
        self.places = {
            pair: group.tolist() for pair, group in zip(distinct.tolist(), groups, strict=True)
        }
        self.counts = {pair: int(weight[group].sum()) for pair, group in self.places.items()}

    def merge(self, pair: int, new: int) -> Change:
        """Put the token `new` in each place of a pair, left to right, and recount its neighbours.

        `new` must spell more than either half, so that no place of the pair is made on the way.
        """
        symbols, weights, after, before = self.symbols, self.weights, self.after, self.before
        counts, places = self.counts, self.places
        left, right = pair >> SHIFT, pair & RIGHT
        merged, grown, shrunk = 0, set(), set()
        for place in sorted(places.pop(pair)):
            second = after[place]
            # A place is out of date where an earlier merge, or this one in "aaa", took one half.
            if symbols[place] != left or symbols[second] != right:
                continue
            weight, previous, following = weights[place], before[place], after[second]
            symbols[place], symbols[second] = new, -1
            after[place], before[following] = following, place
            merged += weight
            if (neighbour := symbols[previous]) >= 0:
                lost, made = neighbour << SHIFT | left, neighbour << SHIFT | new
                counts[lost] -= weight
                counts[made] = counts.get(made, 0) + weight
                places.setdefault(made, []).append(previous)
                shrunk.add(lost)
                grown.add(made)
            if (neighbour := symbols[following]) >= 0:
                lost, made = right << SHIFT | neighbour, new << SHIFT | neighbour
                counts[lost] -= weight
                counts[made] = counts.get(made, 0) + weight
                places.setdefault(made, []).append(place)
                shrunk.add(lost)
                grown.add(made)
        del counts[pair]
        shrunk.discard(pair)
        return Change(merged, grown, shrunk)
