"""Scores of short answers, by the rules of SQuAD: exact match, and F1 over words."""

import re
import string
from collections import Counter
from collections.abc import Sequence

from .classes import precision_recall_f1

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation)


def normalized(answer: str) -> str:
    """An answer without case, ASCII punctuation, English articles and double spaces.

    As SQuAD's own script (Rajpurkar et al. 2016, §6.1): "The Nile." and "nile" are one answer.
    """
    plain = answer.lower().translate(_PUNCTUATION)
    return " ".join(_ARTICLES.sub(" ", plain).split())


def exact_match(answer: str, references: Sequence[str]) -> float:
    """1 if the answer is one of the references once both are normalized, else 0.

    No references means that the text has no answer (SQuAD v2.0): then only an answer without words
    is right ("", a mark, or an article alone).
    """
    return max(float(normalized(answer) == normalized(one)) for one in _references(references))


def answer_f1(answer: str, references: Sequence[str]) -> float:
    """F₁ of the words that the answer shares with a reference, the best over the references.

    If either has no words, 1 where both have none, else 0 (the rule of v2.0).
    """
    return max(_shared_words(answer, one) for one in _references(references))


def _references(references: Sequence[str]) -> Sequence[str]:
    if isinstance(references, str):
        raise ValueError(f"references is one text, {references!r}; put it in brackets")
    return references or [""]


def _shared_words(answer: str, reference: str) -> float:
    ours, theirs = normalized(answer).split(), normalized(reference).split()
    if not ours or not theirs:
        return float(ours == theirs)
    matched = (Counter(ours) & Counter(theirs)).total()
    return precision_recall_f1(matched, len(ours), len(theirs))[2]
