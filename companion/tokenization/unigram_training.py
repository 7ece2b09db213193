"""Learn a Unigram vocabulary: start with too many pieces, drop those that matter least. Chapter 2.

The model (Kudo 2018, §3.2) gives each piece a probability; a segmentation has the product of its
pieces' probabilities, a word the sum over its segmentations. EM fits the probabilities: the E step
counts how often each piece is expected in the segmentations, the M step divides. Then the pieces
whose loss lowers the likelihood least are dropped, and so on until the vocabulary is small enough.

All segmentations of all words are the paths of one lattice: nodes lie between characters, an edge
is a piece. Sums over paths go from level to level (a level: the nodes at one distance from their
word's beginning), all words at once.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np

LONGEST = 16  # characters in a piece; sentencepiece's limit too
KEPT_PER_ROUND = 0.75
_FLOOR = 1e-10  # the expected count of a character that longer pieces have replaced


class _Sweep:
    """Sums over paths in one direction: edges sorted by level, within it by the node they reach."""

    def __init__(self, sources: np.ndarray, targets: np.ndarray, pieces: np.ndarray, levels):
        order = np.lexsort((targets, levels))
        self._set(sources[order], targets[order], pieces[order], levels[order])

    def _set(self, sources, targets, pieces, levels) -> None:
        self.sources, self.targets, self.pieces, self.levels = sources, targets, pieces, levels
        self.segments = np.flatnonzero(np.diff(targets, prepend=-1))  # one for each node reached
        cuts = np.flatnonzero(np.diff(levels[self.segments], prepend=-1))
        self.cuts = [*cuts.tolist(), len(self.segments)]

    def keep(self, alive: np.ndarray) -> None:
        kept = alive[self.pieces]
        self._set(self.sources[kept], self.targets[kept], self.pieces[kept], self.levels[kept])

    def run(self, totals: np.ndarray, log_probs: np.ndarray) -> np.ndarray:
        """Fill in `totals`, the log of the sum over all paths to each node."""
        scores = log_probs[self.pieces]
        bounds = np.append(self.segments, len(scores))
        for begin, end in pairwise(self.cuts):
            segments = bounds[begin:end] - bounds[begin]
            edges = slice(bounds[begin], bounds[end])
            terms = totals[self.sources[edges]] + scores[edges]
            highest = np.maximum.reduceat(terms, segments)
            highest[highest == -np.inf] = 0.0  # a node that nothing reaches
            terms -= np.repeat(highest, np.diff(bounds[begin : end + 1]))
            with np.errstate(divide="ignore"):
                sums = np.log(np.add.reduceat(np.exp(terms), segments))
            totals[self.targets[bounds[begin:end]]] = highest + sums
        return totals


class Lattice:
    """The segmentations of words into the pieces of a table; one node more than characters each.

    With `whole=False` a word's own piece is left out of its segmentations.
    """

    def __init__(self, words: Sequence[str], table: Mapping[str, int], whole: bool = True):
        lengths = np.fromiter(map(len, words), np.int64, len(words))
        self.first = np.cumsum(lengths + 1) - lengths - 1
        self.last = self.first + lengths
        self.nodes = int((lengths + 1).sum())
        self.word = np.repeat(np.arange(len(words)), lengths + 1)
        depth = np.arange(self.nodes) - np.repeat(self.first, lengths + 1)
        edges = [
            (first + start, first + end, piece)
            for first, word in zip(self.first.tolist(), words, strict=True)
            for start in range(len(word))
            for end in range(start + 1, min(len(word), start + LONGEST) + 1)
            if (piece := table.get(word[start:end])) is not None
            and (whole or end - start < len(word))
        ]
        starts, ends, pieces = np.array(edges, np.int64).reshape(-1, 3).T
        self._forward = _Sweep(starts, ends, pieces, depth[ends])
        self._backward = _Sweep(ends, starts, pieces, self.nodes - depth[starts])

    def keep(self, alive: np.ndarray) -> None:
        """Drop the edges of the pieces that are not alive (a boolean for each piece)."""
        self._forward.keep(alive)
        self._backward.keep(alive)

    def forward(self, log_probs: np.ndarray) -> np.ndarray:
        """Return, for each node, the log of the sum over all paths that lead to it."""
        return self._forward.run(self._origin(self.first), log_probs)

    def backward(self, log_probs: np.ndarray) -> np.ndarray:
        """Return, for each node, the log of the sum over all paths from it to its word's end."""
        return self._backward.run(self._origin(self.last), log_probs)

    def _origin(self, nodes: np.ndarray) -> np.ndarray:
        totals = np.full(self.nodes, -np.inf)
        totals[nodes] = 0.0
        return totals

    def expected_counts(
        self, log_probs: np.ndarray, weights: np.ndarray
    ) -> tuple[np.ndarray, float]:
        """Return the expected count of each piece and the log-likelihood (Kudo 2018, eq. 3).

        `weights` says how often each word occurs; the log-likelihood is in nats.
        """
        forward, backward = self.forward(log_probs), self.backward(log_probs)
        words = forward[self.last]
        starts, ends, pieces = (
            self._forward.sources,
            self._forward.targets,
            self._forward.pieces,
        )
        word = self.word[starts]
        paths = forward[starts] + log_probs[pieces] + backward[ends] - words[word]
        counts = np.bincount(pieces, np.exp(paths) * weights[word], minlength=len(log_probs))
        return counts, float(words @ weights)


def seed_pieces(word_counts: Mapping[str, int], size: int) -> Counter[str]:
    """Return all characters and the substrings with the largest count × length, with their counts.

    A longer substring must occur twice; equals are taken in the order of their characters.
    """
    counts: Counter[str] = Counter()
    for word, count in word_counts.items():
        for start in range(len(word)):
            for end in range(start + 1, min(len(word), start + LONGEST) + 1):
                counts[word[start:end]] += count
    longer = [piece for piece, count in counts.items() if len(piece) > 1 and count > 1]
    longer.sort(key=lambda piece: (-counts[piece] * len(piece), piece))
    characters = sorted(piece for piece in counts if len(piece) == 1)
    return Counter({piece: counts[piece] for piece in [*characters, *longer[:size]]})


def train_scores(
    word_counts: Mapping[str, int], max_pieces: int, seeds_per_piece: int = 5, em_steps: int = 2
) -> dict[str, float]:
    """Return at most `max_pieces` pieces with their log-probabilities in nats (Kudo 2018, §3.2).

    The likeliest piece comes first. Every character of the text is kept, so that each word keeps a
    segmentation. Raises ValueError where the characters alone are more than `max_pieces`.
    """
    seeds = seed_pieces(word_counts, seeds_per_piece * max_pieces)
    pieces = list(seeds)
    is_character = np.array([len(piece) == 1 for piece in pieces])
    if is_character.sum() > max_pieces:
        raise ValueError(
            f"{max_pieces} pieces are too few: the text has {is_character.sum()} different "
            "characters; ask for more or train on less"
        )
    table = {piece: number for number, piece in enumerate(pieces)}
    lattice = Lattice(list(word_counts), table)
    weights = np.fromiter(word_counts.values(), np.float64, len(word_counts))
    others = Lattice(pieces, table, whole=False)
    alive = np.ones(len(pieces), bool)
    counts = np.fromiter(seeds.values(), np.float64, len(pieces))
    while True:
        for _ in range(em_steps):
            log_probs = _maximize(counts, alive)
            counts, _ = lattice.expected_counts(log_probs, weights)
        log_probs = _maximize(counts, alive)
        size = int(alive.sum())
        if size <= max_pieces:
            break
        goal = max(max_pieces, int(KEPT_PER_ROUND * size))
        alive = _prune(counts, log_probs, others, alive, is_character, goal)
        lattice.keep(alive)
        others.keep(alive)
    order = np.argsort(-log_probs, kind="stable")[:size]
    return {pieces[number]: float(log_probs[number]) for number in order}


def _maximize(counts: np.ndarray, alive: np.ndarray) -> np.ndarray:
    """M step: the share of each piece among all expected pieces; −inf for those dropped."""
    floored = np.where(alive, np.maximum(counts, _FLOOR), 0.0)
    with np.errstate(divide="ignore"):
        return np.log(floored / floored.sum())


def _prune(counts, log_probs, others, alive, is_character, goal) -> np.ndarray:
    """Keep the characters and the `goal` pieces in all whose removal costs most (Kudo 2018, §3.2).

    The cost of a piece: its expected count × (its log-probability − that of spelling it with
    others).
    """
    instead = others.forward(log_probs)[others.last]
    removable = alive & ~is_character
    cost = np.full(len(counts), np.inf)
    cost[removable] = counts[removable] * (log_probs[removable] - instead[removable])
    cost[~alive] = -np.inf
    kept = np.zeros(len(counts), bool)
    kept[np.argsort(-cost, kind="stable")[:goal]] = True
    return kept
