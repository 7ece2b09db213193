"""Learn a WordPiece vocabulary: merge the pair that makes the text most likely. Chapter 2.

BPE merges the commonest pair. WordPiece (Schuster & Nakajima 2012, §3) merges the pair after which
a unigram model gives the training text the highest likelihood: "th" is common, but so are t and h;
"qu" is rarer and gains more, because q comes with nothing else.

Google's own program is not public. tensorflow-text's vocabulary builder works from the top down
instead; as released it keeps only pieces that end a word.
"""

from collections.abc import Mapping

import numpy as np

from companion.tokenization.pairs import RIGHT, SHIFT, PairIndex

PREFIX = "##"


def train_pieces(word_counts: Mapping[str, int], max_pieces: int) -> list[str]:
    """Return pieces, the characters first, then the merged ones in the order of merging.

    Each step merges the pair with the largest n_ab · ln(N · n_ab / (n_a · n_b)), which is, to first
    order, what the log-likelihood of the text gains (Schuster & Nakajima 2012, §3); N is the number
    of tokens now. Stops at `max_pieces` or when nothing gains. Raises ValueError where the single
    characters alone are more than `max_pieces`.
    """
    words = [word for word, count in word_counts.items() if word and count > 0]
    split = [[word[0], *(PREFIX + char for char in word[1:])] for word in words]
    pieces = sorted({piece for word in split for piece in word})
    if len(pieces) > max_pieces:
        raise ValueError(
            f"{max_pieces} pieces are too few: the text has {len(pieces)} different characters "
            "(those inside a word count apart); ask for more or train on less"
        )
    ids = {piece: number for number, piece in enumerate(pieces)}
    indexed = [[ids[piece] for piece in word] for word in split]
    gains = _Gains(indexed, [word_counts[word] for word in words], len(pieces), max_pieces)
    while len(pieces) < max_pieces and (pair := gains.best()) is not None:
        merged = pieces[pair >> SHIFT] + pieces[pair & RIGHT].removeprefix(PREFIX)
        new = ids.setdefault(merged, len(pieces))
        if new == len(pieces):
            pieces.append(merged)
        gains.merge(pair, new)
    return pieces


class _Gains:
    """The pairs of all words and how often each piece occurs, as arrays, to find the best pair.

    A gain changes with the counts of both pieces, so no heap can hold it; one pass over all pairs
    for each merge is fast enough in NumPy.
    """

    def __init__(self, words, weights, pieces: int, max_pieces: int):
        self.pairs = PairIndex(words, weights)
        self.piece_counts = np.zeros(max_pieces, np.int64)
        for word, weight in zip(words, weights, strict=True):
            np.add.at(self.piece_counts, word, weight)
        self.row: dict[int, int] = {}
        self.lefts, self.rights, self.counts = (np.zeros(0, np.int64) for _ in range(3))
        self.log_counts = np.zeros(0)
        self._update(self.pairs.counts)

    def _update(self, changed) -> None:
        changed = sorted(changed)  # so that ties do not depend on the order of a set
        added = [pair for pair in changed if pair not in self.row]
        self.row.update({pair: len(self.row) + place for place, pair in enumerate(added)})
        if len(self.row) > len(self.counts):  # grow by half: not one copy for each merge
            size = len(self.row) * 3 // 2
            for array in (self.lefts, self.rights, self.counts, self.log_counts):
                array.resize(size, refcheck=False)
        rows = [self.row[pair] for pair in added]
        self.lefts[rows] = [pair >> SHIFT for pair in added]
        self.rights[rows] = [pair & RIGHT for pair in added]
        rows = [self.row[pair] for pair in changed]
        self.counts[rows] = [self.pairs.counts.get(pair, 0) for pair in changed]
        self.log_counts[rows] = np.log(np.maximum(self.counts[rows], 1))

    def best(self) -> int | None:
        """Return the pair with the largest gain, the first of equals; None where nothing gains."""
        used = len(self.row)
        if not used:
            return None
        # A pair or a piece that is gone counts 0 and its logarithm is taken as 0: it gains nothing.
        log_pieces = np.log(np.maximum(self.piece_counts, 1))
        log_ratio = self.log_counts[:used] + np.log(self.piece_counts.sum())
        log_ratio -= log_pieces[self.lefts[:used]]
        log_ratio -= log_pieces[self.rights[:used]]
        gains = self.counts[:used] * log_ratio
        best = int(gains.argmax())
        if gains[best] <= 0:
            return None
        return int(self.lefts[best]) << SHIFT | int(self.rights[best])

    def merge(self, pair: int, new: int) -> None:
        change = self.pairs.merge(pair, new)
        self.piece_counts[pair >> SHIFT] -= change.merged
        self.piece_counts[pair & RIGHT] -= change.merged
        self.piece_counts[new] += change.merged
        self._update({pair} | change.grown | change.shrunk)
