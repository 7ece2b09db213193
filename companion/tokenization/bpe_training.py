"""Learn the merges of byte-pair encoding. Chapter 2.

The rule (Sennrich et al. 2016, algorithm 1): count the adjacent pairs of tokens in all words, merge
the commonest pair everywhere, repeat. The plain way recounts every word at every merge. Here each
distinct word is held once, `PairIndex` updates the counts of what a merge touches, and a heap hands
out the commonest pair; an entry whose count has fallen is put back when it comes to the top.

Ties go to the greater pair of byte strings, first the left one, then the right one (the CS336
convention). Others take the pair seen first (Sennrich, minbpe) or the smaller ids (Hugging Face).
"""

import heapq
from collections.abc import Mapping

from companion.tokenization.pairs import RIGHT, SHIFT, PairIndex

Merge = tuple[bytes, bytes]

_INVERTED = bytes.maketrans(bytes(range(256)), bytes(range(255, -1, -1)))


def train_merges(
    word_counts: Mapping[bytes, int], max_tokens: int
) -> tuple[list[bytes], list[Merge]]:
    """Return the tokens and the merges of byte-pair encoding (Sennrich et al. 2016, algorithm 1).

    `word_counts` maps each word to its count; training starts from the 256 bytes and stops at
    `max_tokens` tokens, or earlier when no word has two tokens left. Tokens are distinct byte
    strings: should two merges spell the same bytes, they share a token. Raises ValueError where
    `max_tokens` is below 256.
    """
    if max_tokens < 256:
        raise ValueError(f"max_tokens={max_tokens}: byte-level BPE needs at least the 256 bytes")
    words = [word for word, count in word_counts.items() if word and count > 0]
    queue = _PairQueue(PairIndex(words, [word_counts[word] for word in words]))
    tokens, merges = queue.tokens, []
    ids = {token: number for number, token in enumerate(tokens)}
    while len(tokens) < max_tokens and (pair := queue.commonest()) is not None:
        left, right = tokens[pair >> SHIFT], tokens[pair & RIGHT]
        merges.append((left, right))
        new = ids.setdefault(left + right, len(tokens))
        if new == len(tokens):
            queue.add_token(left + right)
        queue.push(queue.pairs.merge(pair, new).grown)
    return tokens, merges


def _tie_key(token: bytes) -> str:
    """Return a string that sorts in the opposite order of the token's bytes.

    Bytes are complemented; the end mark, above all of them, puts b"ab" before its prefix b"a".
    """
    return token.translate(_INVERTED).decode("latin-1") + "\u0100"


class _PairQueue:
    """The pairs of a `PairIndex`, commonest first; of equals the greater byte strings first."""

    def __init__(self, pairs: PairIndex):
        self.pairs = pairs
        self.tokens = [bytes([byte]) for byte in range(256)]
        self.keys = [_tie_key(token) for token in self.tokens]
        self.heap = [self._entry(pair) for pair in pairs.counts]
        heapq.heapify(self.heap)

    def _entry(self, pair: int) -> tuple[int, str, str, int]:
        return -self.pairs.counts[pair], self.keys[pair >> SHIFT], self.keys[pair & RIGHT], pair

    def add_token(self, token: bytes) -> None:
        self.tokens.append(token)
        self.keys.append(_tie_key(token))

    def push(self, grown: set[int]) -> None:
        for pair in grown:
            if self.pairs.counts[pair] > 0:
                heapq.heappush(self.heap, self._entry(pair))

    def commonest(self) -> int | None:
        """Take the commonest pair from the heap; None when no pair is left.

        A count may have fallen since its entry was made. Such an entry comes up too early and goes
        back with the count of now; a count that rises gets a new entry at once (`push`).
        """
        while self.heap:
            entry = heapq.heappop(self.heap)
            pair, count = entry[3], self.pairs.counts.get(entry[3], 0)
            if count == -entry[0]:
                return pair
            if 0 < count < -entry[0]:
                heapq.heappush(self.heap, self._entry(pair))
        return None
