"""Words and their numbers, and three ways to cut a text into them. Chapter 1.

A model works with ids: small integers, one a word. Three words are special and always there:
`<unk>` stands for every word that is not in the vocabulary, `<s>` marks the start of a sentence
(it is only ever a context, never predicted) and `</s>` its end (it is predicted like a word).
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, repeat

import numpy as np

UNKNOWN, START, END = "<unk>", "<s>", "</s>"
UNKNOWN_ID, START_ID, END_ID = 0, 1, 2

_WORD = re.compile(r"\w+(?:['’-]\w+)*|[^\w\s]")
_SENTENCE = re.compile(
    r""".+?(?: [.!?]+ ["'”’)\]]* (?=\s|$)   # Western stops, closing quotes, then space
            |  [。！？]+ [”’」』）]*           # Chinese stops need no space
            |  \n[^\S\n]*\n                 # an empty line ends a heading or a stanza
            |  $ )""",
    re.DOTALL | re.VERBOSE,
)


def split_words(text: str) -> list[str]:
    """Words and punctuation marks, in order; white space is dropped.

    An apostrophe or a hyphen between letters stays inside its word.

    >>> split_words("The cat sat, didn't it?")
    ['The', 'cat', 'sat', ',', "didn't", 'it', '?']
    """
    return _WORD.findall(text)


def split_sentences(text: str) -> list[str]:
    """Sentences: they end at `. ! ?` before white space, at `。！？`, or at an empty line.

    Line breaks inside a sentence become spaces. Abbreviations are not known: "Mr. X" is cut.

    >>> split_sentences("It rained. 我爱中国。你呢？")
    ['It rained.', '我爱中国。', '你呢？']
    """
    pieces = (" ".join(piece.split()) for piece in _SENTENCE.findall(text))
    return [piece for piece in pieces if piece]


def split_characters(text: str) -> list[str]:
    """The characters (Unicode code points) of a text, spaces and line breaks included.

    >>> split_characters("我爱中国")
    ['我', '爱', '中', '国']
    """
    return list(text)


class Vocabulary:
    """A one-to-one map between words and ids 0 … len − 1; unknown words map to `<unk>`.

    Ids 0, 1, 2 are `<unk>`, `<s>`, `</s>`; then come `words` in the order given, once each.
    `len()` counts the special words too. Raises `ValueError` for a word that is not a string.

    >>> Vocabulary(["cat", "sat"]).ids(["cat", "sat", "dog"])
    array([3, 4, 0])
    """

    def __init__(self, words: Iterable[str] = ()):
        self._words = list(dict.fromkeys(chain((UNKNOWN, START, END), words)))
        for word in self._words:
            if not isinstance(word, str):
                raise ValueError(f"{word!r} is not a string; a vocabulary holds words, not ids")
        self._ids = dict(zip(self._words, range(len(self._words)), strict=True))

    @classmethod
    def from_counts(cls, counts: Mapping[str, int], min_count: int = 1) -> "Vocabulary":
        """The words counted at least `min_count` times, most frequent first, ties by spelling."""
        if min_count < 1:
            raise ValueError(f"min_count is {min_count}; it is at least 1 (keep every word)")
        # `str` so that a word that is no string gets its clear error from the constructor.
        kept = sorted((word for word, count in counts.items() if count >= min_count), key=str)
        return cls(sorted(kept, key=counts.__getitem__, reverse=True))  # ties keep their order

    @classmethod
    def from_sentences(cls, sentences: Iterable[Sequence[str]], min_count: int = 1) -> "Vocabulary":
        """The vocabulary of a text; a string counts as the sequence of its characters."""
        return cls.from_counts(Counter(chain.from_iterable(sentences)), min_count)

    def ids(self, tokens: Iterable[str]) -> np.ndarray:
        """Integers (time,) for tokens; a token outside the vocabulary becomes `<unk>`."""
        return np.fromiter(map(self._ids.get, tokens, repeat(UNKNOWN_ID)), dtype=np.int64)

    def tokens(self, ids: Iterable[int]) -> list[str]:
        """Strings for ids: the inverse of `ids`."""
        return [self._words[number] for number in ids]

    @property
    def characters_only(self) -> bool:
        """Is every word, the special ones aside, a single character?"""
        return len(self) > 3 and all(len(word) == 1 for word in self._words[3:])

    def __len__(self) -> int:
        return len(self._words)

    def __contains__(self, word: object) -> bool:
        return word in self._ids

    def __iter__(self) -> Iterator[str]:
        return iter(self._words)

    def __repr__(self) -> str:
        return f"Vocabulary({len(self)} words, 3 of them special)"
