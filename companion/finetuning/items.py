"""What a task is made of: texts with classes, tags, answers; and what cuts a text. Chapter 10.

The corpora's records and the microworld's stories become these before anything is trained, so that
a kind of task knows nothing about where its texts come from.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

T = TypeVar("T")

# A word as BERT cuts it: a Chinese character or a sign by itself, else a run of letters or digits.
_UNIT = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]|[^\W_\u3400-\u9fff]+|[^\w\s]|_")


@dataclass(frozen=True)
class Example:
    """A text, or a pair of texts, with its class. `group` names what was sampled as a whole.

    Texts made from one template belong together: an interval resamples groups, not texts.
    """

    id: str
    text: str
    label: str
    second: str = ""
    kind: str = ""
    group: str = ""


@dataclass(frozen=True)
class TaggedText:
    """Words with a BIO tag each and, where the text as a whole has one, its class.

    Tags may depend on a `second` text, as a question.
    """

    id: str
    words: tuple[str, ...]
    tags: tuple[str, ...]
    label: str = ""
    group: str = ""
    second: str = ""


@dataclass(frozen=True)
class Asked:
    """A question about a text and its answers, "" where there is none; `start` of the first one.

    `start` is the place of the answer's first character in `text`, −1 without an answer.
    """

    id: str
    text: str
    question: str
    answer: str
    start: int
    kind: str = ""
    group: str = ""


@dataclass(frozen=True)
class Rewrite:
    """A text, and what is to be written about it: a summary, a reply to `second`."""

    id: str
    text: str
    target: str
    second: str = ""
    kind: str = ""
    group: str = ""


def words_of(text: str) -> list[tuple[int, int]]:
    """The words of a text as (first character, one past the last), as BERT's rules cut it.

    Chinese characters and signs are words of their own; blanks separate and are no words.

    >>> words_of("我爱NLP!")
    [(0, 1), (1, 2), (2, 5), (5, 6)]
    """
    return [found.span() for found in _UNIT.finditer(text)]


def word_tags(text: str, spans: Sequence[tuple[int, int, str]]) -> tuple[list[str], list[str]]:
    """The words of a text and the BIO tags of spans of its characters, (first, one past, type).

    A word that a span touches belongs to it. Raises `ValueError` for spans that touch one word.
    """
    from .tags import bio_tags

    places = words_of(text)
    covered = []
    for begin, end, kind in spans:
        inside = [i for i, (first, past) in enumerate(places) if first < end and begin < past]
        if inside:
            covered.append((inside[0], inside[-1] + 1, kind))
    return [text[a:b] for a, b in places], bio_tags(covered, len(places))


def share_of(items: Sequence[T], share: float, seed: int) -> list[T]:
    """A share of the items, at least 8, drawn by the seed; a smaller share is part of a larger one.

    Raises `ValueError` for a share outside (0, 1].
    """
    if not 0 < share <= 1:
        raise ValueError(f"share is {share}; it is above 0 and at most 1 (all items)")
    order = np.random.default_rng([seed, len(items)]).permutation(len(items))
    count = min(len(items), max(8, round(share * len(items))))
    return [items[i] for i in sorted(order[:count])]


def texts_of(items: Sequence[Any]) -> list[str]:
    """Every text of the items: of what a vocabulary is made. Words are joined by blanks."""
    names = ("text", "second", "question", "target")
    texts = [text for item in items for name in names if (text := getattr(item, name, ""))]
    return texts + [" ".join(words) for item in items if (words := getattr(item, "words", ()))]
