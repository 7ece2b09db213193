"""Unigram: the likeliest segmentation, or a random one by its probability. Chapter 2.

A space is written ▁ and begins a word, as in sentencepiece; a text gets one ▁ in front. Each piece
has a log-probability and a segmentation has their sum: Viterbi finds the largest, sampling draws
one (subword regularisation). Nothing is normalised. How pieces are learned is in
`unigram_training`.
"""

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import chain
from pathlib import Path

import numpy as np
import regex

from companion.tokenization import saved
from companion.tokenization.special import resolve_allowed, special_pattern, split_special
from companion.tokenization.unigram_training import train_scores

SPACE = "▁"
UNKNOWN = "<unk>"
UNKNOWN_PENALTY = 10.0  # an unknown character is e¹⁰ times less likely than the rarest piece

_WORD = regex.compile(f"{SPACE}*[^{SPACE}]*")
# In training a piece holds letters, digits or other signs, never two kinds of them.
_RUN = regex.compile(
    rf"{SPACE}?(?:\p{{L}}\p{{M}}*)+|{SPACE}?\p{{N}}+|{SPACE}?[^\p{{L}}\p{{N}}{SPACE}]+|{SPACE}"
)

Edge = tuple[int, int, float]  # from, to, log-probability


class Unigram:
    """A unigram language model over pieces (Kudo 2018, §3.2).

    `scores` maps pieces to log-probabilities in nats; `special_tokens`, of which <unk> is one, take
    the first ids and the pieces follow in order. Raises ValueError where a token stands twice.
    """

    def __init__(self, scores: Mapping[str, float], special_tokens: Sequence[str] = (UNKNOWN,)):
        if not scores or not all(math.isfinite(score) for score in scores.values()):
            raise ValueError("scores must hold at least one piece, and finite log-probabilities")
        self._special_pattern = special_pattern(special_tokens)
        if UNKNOWN not in special_tokens:
            raise ValueError(f"special_tokens={list(special_tokens)} lacks {UNKNOWN!r}: add it")
        self.scores = dict(scores)
        self.vocab = [*special_tokens, *self.scores]
        self.token_to_id = {token: number for number, token in enumerate(self.vocab)}
        if len(self.token_to_id) < len(self.vocab):
            raise ValueError(
                "a special token is also a piece, or stands twice: tokens are distinct"
            )
        self.special_tokens = {token: self.token_to_id[token] for token in special_tokens}
        self._longest = max(map(len, self.scores))
        self._unknown_score = min(self.scores.values()) - UNKNOWN_PENALTY
        # Where ▁ only begins pieces, no segmentation crosses a word's border: cut there first.
        self._by_word = not any(SPACE in piece.lstrip(SPACE) for piece in self.scores)
        self._cache: dict[str, list[str]] = {}

    @classmethod
    def train(
        cls, text: str | Iterable[str], vocab_size: int, special_tokens: Sequence[str] = (UNKNOWN,)
    ) -> "Unigram":
        """Learn at most `vocab_size` tokens by EM and pruning (Kudo 2018, §3.2).

        Raises ValueError for an empty text, and where the characters alone are too many.
        """
        texts = [text] if isinstance(text, str) else text
        counts = Counter(
            chain.from_iterable(_RUN.findall(mark_spaces(one)) for one in texts if one)
        )
        if not counts:
            raise ValueError("the text to train on is empty: give at least one character")
        return cls(train_scores(counts, vocab_size - len(special_tokens)), special_tokens)

    def __len__(self) -> int:
        return len(self.vocab)

    def encode(self, text: str, allowed_special: Collection[str] | str = ()) -> list[int]:
        """Return the ids of the likeliest segmentation; a run of unknown characters is one <unk>.

        Special tokens in the text raise ValueError, unless `allowed_special` names them or is
        "all".
        """
        allowed = resolve_allowed(self.special_tokens, allowed_special)
        ids: list[int] = []
        for place, part in enumerate(split_special(text, self._special_pattern, allowed)):
            if place % 2:
                ids.append(self.special_tokens[part])
            else:  # after a special token the text goes on: only its first part gets a ▁ in front
                words = self._words(part, begins=place == 0)
                ids.extend(self._ids(chain.from_iterable(map(self._best, words))))
        return ids

    def encode_ordinary(self, text: str) -> list[int]:
        """Return the ids of a text in which special tokens are plain text like any other."""
        return self._ids(self.tokenize(text))

    def tokenize(self, text: str) -> list[str]:
        """Return the likeliest segmentation; joined, its pieces are the text with ▁ for spaces."""
        return list(chain.from_iterable(map(self._best, self._words(text))))

    def _words(self, text: str, begins: bool = True) -> list[str]:
        """Return the parts of a text that can be segmented one by one."""
        if not text:
            return []
        marked = mark_spaces(text) if begins else text.replace(" ", SPACE)
        return [word for word in _WORD.findall(marked) if word] if self._by_word else [marked]

    def _best(self, word: str) -> list[str]:
        if (pieces := self._cache.get(word)) is None:
            if len(self._cache) >= 1 << 19:
                self._cache.clear()
            pieces = self._cache[word] = viterbi(word, self.edges(word))
        return pieces

    def sample(self, text: str, rng: np.random.Generator, alpha: float = 1.0) -> list[int]:
        """Draw the ids of a segmentation with probability ∝ P(segmentation)^α (Kudo 2018, §3.3).

        Every segmentation can be drawn (forward filtering, backward sampling). α = 1 is the model's
        own distribution, 0 the uniform one; a large α comes close to `encode`. Special tokens are
        plain text here. Raises ValueError for a negative α.
        """
        if not alpha >= 0:
            raise ValueError(f"alpha={alpha} must be 0 or more")
        drawn = (draw(word, self.edges(word), rng, alpha) for word in self._words(text))
        return self._ids(chain.from_iterable(drawn))

    def edges(self, word: str) -> list[Edge]:
        """Return the pieces in a word as edges between its characters, by their beginning.

        Where no piece is one character long, an edge for an unknown character stands instead, so
        that the end can always be reached.
        """
        edges = []
        for start in range(len(word)):
            for end in range(start + 1, min(len(word), start + self._longest) + 1):
                if (score := self.scores.get(word[start:end])) is not None:
                    edges.append((start, end, score))
                elif end == start + 1:
                    edges.append((start, end, self._unknown_score))
        return edges

    def _ids(self, pieces: Iterable[str]) -> list[int]:
        unknown = self.token_to_id[UNKNOWN]
        ids: list[int] = []
        for piece in pieces:
            number = self.token_to_id[piece] if piece in self.scores else unknown
            if number != unknown or not ids or ids[-1] != unknown:
                ids.append(number)
        return ids

    def decode(self, ids: Iterable[int]) -> str:
        """Return the text of ids, <unk> as U+FFFD; ValueError for an id outside the vocabulary."""
        tokens = []
        for number in ids:
            if not 0 <= number < len(self.vocab):
                raise ValueError(f"id {number} is not in the vocabulary (0 to {len(self) - 1})")
            tokens.append("\ufffd" if self.vocab[number] == UNKNOWN else self.vocab[number])
        return "".join(tokens).replace(SPACE, " ").removeprefix(" ")

    def save(self, path: str | Path) -> None:
        """Write the tokenizer as JSON; whole or not at all."""
        content = {"special_tokens": list(self.special_tokens), "scores": self.scores}
        saved.write(path, "Unigram", content)

    @classmethod
    def load(cls, path: str | Path) -> "Unigram":
        """Read what `save` wrote; ValueError where the file is something else."""
        with saved.reading(path, "Unigram") as content:
            return cls(content["scores"], content["special_tokens"])


def mark_spaces(text: str) -> str:
    """Write spaces as ▁ and put one in front: "to be" → "▁to▁be" (Kudo & Richardson 2018, §3.2)."""
    return SPACE + text.replace(" ", SPACE)


def viterbi(word: str, edges: Iterable[Edge]) -> list[str]:
    """Return the segmentation with the largest sum of log-probabilities (Viterbi 1967).

    `edges` are ordered by their beginning; of equal paths the first found stays.
    """
    best = [0.0] + [-math.inf] * len(word)
    origin = [0] * (len(word) + 1)
    for start, end, score in edges:
        if best[start] + score > best[end]:
            best[end], origin[end] = best[start] + score, start
    pieces, end = [], len(word)
    while end > 0:
        pieces.append(word[origin[end] : end])
        end = origin[end]
    return pieces[::-1]


def draw(word: str, edges: Iterable[Edge], rng: np.random.Generator, alpha: float) -> list[str]:
    """Draw a segmentation with probability ∝ exp(α · its sum of log-probabilities).

    Forward: the log of the sum over all paths to each node. Backward: from the end, an edge is
    drawn by its share of the sum at the node where it ends.
    """
    incoming: list[list[tuple[int, float]]] = [[] for _ in range(len(word) + 1)]
    for start, end, score in edges:
        incoming[end].append((start, alpha * score))
    total = [0.0]
    for arrivals in incoming[1:]:
        total.append(
            float(np.logaddexp.reduce([total[start] + score for start, score in arrivals]))
        )
    pieces, end = [], len(word)
    while end > 0:
        shares = np.exp([total[start] + score - total[end] for start, score in incoming[end]])
        start = incoming[end][rng.choice(len(shares), p=shares / shares.sum())][0]
        pieces.append(word[start:end])
        end = start
    return pieces[::-1]
