"""Chinese has no spaces: find the words with a dictionary, then with word pairs. Chapter 2.

All words of a dictionary that occur in a text are the edges of a graph over its characters (a
directed acyclic graph, DAG); a segmentation is a path. The likeliest path is found by dynamic
programming: with the words' frequencies alone, or with the probability of each word after the one
before it. Numbers, dates and Latin words cannot be listed, so they are known by their shape.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise

from companion import corpora

_DIGIT = "[0-9０-９]"
_NUMERAL = "[○〇零一二三四五六七八九十百千万亿两]"
# Shapes of words, in the style of the People's Daily: each is one class for the word pairs.
_SHAPES = (
    ("９年", re.compile(f"(?:{_DIGIT}{{4}}年|{_DIGIT}{{1,2}}(?:月份|[月日时]))")),
    ("９", re.compile(f"[－-]?{_DIGIT}+(?:[．.·∶:／]{_DIGIT}+)*(?:万亿|[万亿]|[%％‰])?")),
    ("Ａ", re.compile("[A-Za-zＡ-Ｚａ-ｚ]+")),
    ("〇年", re.compile("[○〇零一二三四五六七八九]{4}年")),
    # Possessive: nothing is given back, so a numeral before 月, 日, 年 is no match at all.
    ("一一", re.compile(f"(?:百分之|第)?{_NUMERAL}{{2,}}+(?![月日年])")),
)
_INSIDE = re.compile(r"[0-9０-９A-Za-zＡ-Ｚａ-ｚ]{2}")


class Lexicon:
    """Words with their frequencies; `total` is the sum that turns these into probabilities.

    Raises ValueError where there is no word or a frequency is not positive.
    """

    def __init__(self, frequencies: Mapping[str, float]):
        if not frequencies or "" in frequencies or min(frequencies.values()) <= 0:
            raise ValueError("a lexicon needs words, none of them '', with frequencies above 0")
        self.frequencies = dict(frequencies)
        self.total = sum(self.frequencies.values())
        self.longest: dict[str, int] = {}  # the longest word that begins with a character
        for word in self.frequencies:
            self.longest[word[0]] = max(len(word), self.longest.get(word[0], 1))

    def __contains__(self, word: str) -> bool:
        return word in self.frequencies

    def __len__(self) -> int:
        return len(self.frequencies)

    def log_prob(self, word: str) -> float:
        """Return ln(frequency / total); a word that is not listed counts as seen once."""
        return math.log(self.frequencies.get(word, 1) / self.total)

    def ends(self, text: str, start: int) -> list[int]:
        """Return where the words end that begin at a place; one character is always a word."""
        limit = min(len(text), start + self.longest.get(text[start], 1))
        found = [end for end in range(start + 2, limit + 1) if text[start:end] in self.frequencies]
        return [start + 1, *found]

    @classmethod
    @lru_cache(maxsize=1)
    def jieba(cls) -> "Lexicon":
        """Return jieba's dictionary of 349,045 words (one is listed twice), from `jieba_dict`."""
        text = corpora.path("jieba_dict", "dict.txt").read_text(encoding="utf-8")
        entries = (line.split(" ") for line in text.splitlines())
        return cls({word: int(frequency) for word, frequency, *_ in entries})


class WordBigrams:
    """P(word | previous word), smoothed by Witten & Bell (1991; Chen & Goodman 1998, eq. 17).

    P(w | v) = (c(v w) + T(v) P(w)) / (c(v) + T(v)) with T(v) the number of different words after v;
    P(w) is smoothed likewise, and falls back on a lexicon's frequencies. Words of one shape share
    one class, so that 1998年 and 2026年 are one event. Raises ValueError without sentences.
    """

    BORDER = "\n"  # before the first word and after the last

    def __init__(self, sentences: Iterable[Sequence[str]], lexicon: Lexicon | None = None):
        self.words, self.pairs = Counter(), Counter()
        frequencies: Counter[str] = Counter()
        for sentence in sentences:
            frequencies.update(sentence)
            classes = [self.BORDER, *map(word_class, sentence), self.BORDER]
            self.words.update(classes[1:])
            self.pairs.update(pairwise(classes))
        if not frequencies:
            raise ValueError("no words to learn from: give at least one segmented sentence")
        self.base = lexicon or Lexicon.jieba()
        self.lexicon = Lexicon(frequencies | Counter(self.base.frequencies))
        self.followed, self.followers = Counter(), Counter()
        for (previous, _), count in self.pairs.items():
            self.followed[previous] += count
            self.followers[previous] += 1
        self.total = self.words.total()

    def word_prob(self, word: str) -> float:
        """Return P(w): the words of the sentences, with the lexicon below them."""
        below = self.base.frequencies.get(word, 1) / self.base.total
        return (self.words[word] + len(self.words) * below) / (self.total + len(self.words))

    def log_prob(self, word: str, previous: str) -> float:
        """Return ln P(w | v) in nats, for word classes."""
        types = self.followers[previous]
        seen = self.pairs[previous, word] + types * self.word_prob(word)
        return (
            math.log(seen / (self.followed[previous] + types))
            if types
            else math.log(self.word_prob(word))
        )


def segment_zh(
    text: str, lexicon: Lexicon | None = None, bigrams: WordBigrams | None = None
) -> list[str]:
    """Return the likeliest words of a Chinese text; joined, they are the text.

    Without `bigrams`: argmax Σ ln P(wᵢ) over the paths of the dictionary's DAG, jieba's model
    without its HMM; a tie goes to the longer first word. With `bigrams`: argmax Σ ln P(wᵢ | wᵢ₋₁).
    `lexicon` is jieba's dictionary by default (with `bigrams`: theirs, which includes it).

    >>> segment_zh("我爱中国")
    ['我', '爱', '中国']
    """
    if bigrams is None:
        return _best_path(text, lexicon or Lexicon.jieba())
    return _best_pairs(text, lexicon or bigrams.lexicon, bigrams)


def word_class(word: str) -> str:
    """Return the class of a word that is known by its shape (９ for a number), else the word."""
    for name, shape in _SHAPES:
        if shape.fullmatch(word):
            return (
                name[0] + word.lstrip("0123456789０１２３４５６７８９") if name == "９年" else name
            )
    return word


def shape_ends(text: str, start: int) -> Iterator[int]:
    """Yield where a number, a date or a Latin word that begins at a place ends."""
    if start and _INSIDE.match(text, start - 1):
        return  # in the middle of one
    for _, shape in _SHAPES:
        if found := shape.match(text, start):
            yield found.end()


def _best_path(text: str, lexicon: Lexicon) -> list[str]:
    """Dynamic programming from the right: the best sum and the first word's end at each place."""
    best, choice = [0.0] * (len(text) + 1), [0] * len(text)
    for start in range(len(text) - 1, -1, -1):
        scored = [
            (lexicon.log_prob(text[start:end]) + best[end], end)
            for end in lexicon.ends(text, start)
        ]
        # A shape is certain where it is met: it costs nothing.
        scored += [(best[end], end) for end in shape_ends(text, start)]
        best[start], choice[start] = max(scored)
    words, start = [], 0
    while start < len(text):
        words.append(text[start : choice[start]])
        start = choice[start]
    return words


def _best_pairs(text: str, lexicon: Lexicon, bigrams: WordBigrams) -> list[str]:
    """Viterbi over words: the best path to each word, by the best of the words before it."""
    arriving: list[list[tuple]] = [[] for _ in range(len(text) + 1)]
    arriving[0] = [(0.0, bigrams.BORDER, 0, None)]  # score, class, beginning, node before
    for start in range(len(text)):
        for end in sorted({*lexicon.ends(text, start), *shape_ends(text, start)}):
            name = word_class(text[start:end])
            score, before = max(
                ((node[0] + bigrams.log_prob(name, node[1]), node) for node in arriving[start]),
                key=lambda found: found[0],
            )
            arriving[end].append((score, name, start, before))
    node = max(arriving[-1], key=lambda last: last[0] + bigrams.log_prob(bigrams.BORDER, last[1]))
    words, end = [], len(text)
    while node[3] is not None:
        words.append(text[node[2] : end])
        end, node = node[2], node[3]
    return words[::-1]


def word_f1(gold: Iterable[Sequence[str]], found: Iterable[Sequence[str]]) -> float:
    """Return the word F1 of segmentations: 2·hits / (words in gold + words found).

    A hit is a word with both borders right (Sproat & Emerson 2003). Raises ValueError where two
    segmentations are not of the same text.
    """
    hits = total = 0
    for one, other in zip(gold, found, strict=True):
        if "".join(one) != "".join(other):
            raise ValueError(f"not the same text: {''.join(one)!r} and {''.join(other)!r}")
        hits += len(_spans(one) & _spans(other))
        total += len(one) + len(other)
    return 2 * hits / total if total else 1.0


def _spans(words: Sequence[str]) -> set[tuple[int, int]]:
    spans, start = set(), 0
    for word in words:
        spans.add((start, start + len(word)))
        start += len(word)
    return spans
