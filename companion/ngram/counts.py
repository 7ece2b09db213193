"""Counting n-grams with sorted arrays of integers instead of dictionaries of tuples. Chapter 1.

An n-gram is a context and a word. Both are packed in one integer, `context * vocab_size + word`,
so that counting is sorting. A context is itself numbered by its place in such a sorted array: the
context (u, v) is packed from the number of its shorter context (v) and its oldest word u. However
high the order, a key therefore stays below (number of contexts) × (vocabulary size), far from
overflow, and each context leads to the shorter one that smoothing falls back on.

Letters: V is the size of the vocabulary; `h` in comments is a context, `h'` the same without its
oldest word.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Protocol

import numpy as np

from companion.ngram.vocabulary import END_ID, START_ID, Vocabulary


@dataclass(frozen=True)
class Stream:
    """Sentences laid end to end: `ids` (time,), and how many tokens before each are its context."""

    ids: np.ndarray
    reach: np.ndarray  # 0 at the start of a sequence, then 1, 2, …


def stream(
    sentences: Sequence[Sequence[str]], vocabulary: Vocabulary, order: int, pad: bool
) -> Stream:
    """Encode sentences; with `pad`, put `<s>` × (order − 1) before each and one `</s>` after."""
    before, after = (order - 1, 1) if pad else (0, 0)
    lengths = np.fromiter((len(sentence) for sentence in sentences), dtype=np.int64)
    padded = lengths + before + after
    begins = np.cumsum(padded) - padded
    ids = np.full(int(padded.sum()), START_ID, dtype=np.int64)
    reach = np.arange(len(ids)) - np.repeat(begins, padded)
    inside = (reach >= before) & (reach < before + np.repeat(lengths, padded))
    ids[inside] = vocabulary.ids(chain.from_iterable(sentences))
    if pad:
        ids[begins + padded - 1] = END_ID
    return Stream(ids, reach)


def from_last_start(text: Stream) -> Stream:
    """The same text with every context cut at the last `<s>` before it, as KenLM has it."""
    time = np.arange(len(text.ids))
    last = np.maximum.accumulate(np.where(text.ids == START_ID, time, 0))
    return Stream(text.ids, np.minimum(text.reach, time - last))


@dataclass(frozen=True)
class Level:
    """The n-grams of one order, sorted by context and then by word.

    `contexts` (contexts,): sorted keys, number of h' × V + oldest word of h; a context's number is
    its place here. `keys` (n-grams,): sorted, number of h × V + word. `counts` (n-grams,).
    `suffix` (n-grams,): where (h', word) stands in the order below. At order 1 there is one
    context, the empty one, and an entry for every word, seen or not.
    """

    order: int
    vocab_size: int
    contexts: np.ndarray
    keys: np.ndarray
    counts: np.ndarray
    suffix: np.ndarray

    @cached_property
    def context(self) -> np.ndarray:
        """The number of each n-gram's context."""
        return self.keys // self.vocab_size

    @cached_property
    def starts(self) -> np.ndarray:
        """Does the n-gram begin with `<s>`? Nothing can stand before it then."""
        if self.order == 1:
            return self.keys == START_ID
        return (self.contexts % self.vocab_size == START_ID)[self.context]


def count_ngrams(
    text: Stream, predicted: np.ndarray, order: int, vocab_size: int
) -> tuple[Level, ...]:
    """Count the n-grams of orders 1 … order that end at a predicted token.

    `predicted` (time,) is False where a token is context only. Returns one `Level` per order.
    """
    time = np.flatnonzero(predicted)
    node = np.zeros(len(time), dtype=np.int64)  # the number of each token's context
    empty = np.zeros(1, dtype=np.int64)
    every_word = np.arange(vocab_size)
    counts = np.bincount(text.ids[time], minlength=vocab_size)
    levels = [Level(1, vocab_size, empty, every_word, counts, every_word)]
    for n in range(2, order + 1):
        near = text.reach[time] >= n - 1
        time, node = time[near], node[near]
        contexts, node = np.unique(
            node * vocab_size + text.ids[time - (n - 1)], return_inverse=True
        )
        keys, counts = np.unique(node * vocab_size + text.ids[time], return_counts=True)
        shorter = contexts[keys // vocab_size] // vocab_size
        suffix = np.searchsorted(levels[-1].keys, shorter * vocab_size + keys % vocab_size)
        levels.append(Level(n, vocab_size, contexts, keys, counts, suffix))
    return tuple(levels)


def continuation_counts(level: Level, above: Level | None) -> np.ndarray:
    """N₁₊(• h w): in how many different words before it each n-gram is seen; Kneser & Ney 1995.

    At the highest order nothing longer is counted, and the plain counts stay; so also where
    `above` is empty, because no sequence is that long.
    """
    if above is None or not len(above.keys):
        return level.counts
    return np.bincount(above.suffix, minlength=len(level.keys))


def adjusted_counts(level: Level, above: Level | None) -> np.ndarray:
    """Continuation counts, but plain ones for n-grams that begin with `<s>`; Heafield et al. 2013.

    Nothing ever stands before `<s>`, so its n-grams have no continuation count to speak of.
    """
    counts = continuation_counts(level, above)
    return counts if level.order == 1 else np.where(level.starts, level.counts, counts)


def find(sorted_keys: np.ndarray, keys: np.ndarray | int) -> np.ndarray:
    """The place of each key in a sorted array, −1 where it is missing."""
    if not len(sorted_keys):
        return np.full(np.shape(keys), -1)
    place = np.minimum(np.searchsorted(sorted_keys, keys), len(sorted_keys) - 1)
    return np.where(sorted_keys[place] == keys, place, -1)


class Packed(Protocol):
    """Whatever keeps its n-grams in the two sorted arrays of `Level`."""

    contexts: np.ndarray
    keys: np.ndarray


def look_up(
    orders: Sequence[Packed], vocab_size: int, text: Stream, time: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """For each order: the number of the context before each token, the place of its n-gram.

    −1 stands for what is not there. Where `text.reach` is less than an order needs, the answer
    means nothing.
    """
    node = np.zeros(len(time), dtype=np.int64)
    for n, order in enumerate(orders, 1):
        if n > 1:  # a missing context has node −1: its key is negative, and so never found
            oldest = text.ids[np.maximum(time - (n - 1), 0)]
            node = find(order.contexts, node * vocab_size + oldest)
        yield node, find(order.keys, node * vocab_size + text.ids[time])
