"""Scores of summaries: ROUGE-1, ROUGE-2 and ROUGE-L."""

import re
from collections import Counter
from collections.abc import Sequence

from .classes import precision_recall_f1

# What Google's rouge_score takes for words, and each Chinese character by itself.
_WORDS = re.compile(r"[a-z0-9]+|[\u3400-\u9fff]")


def rouge_words(text: str) -> list[str]:
    """Runs of ASCII letters and digits, in lower case, and single Chinese characters."""
    return _WORDS.findall(text.lower())


def rouge_n(summary: str, reference: str, n: int = 1) -> float:
    """F₁ of shared n-grams, each counted no oftener than in either text; Lin 2004, §2.

    Raises `ValueError` for n below 1.
    """
    if n < 1:
        raise ValueError(f"n is {n}; it is at least 1")
    ours, theirs = (
        Counter(tuple(words[i : i + n]) for i in range(len(words) - n + 1))
        for words in (rouge_words(summary), rouge_words(reference))
    )
    return precision_recall_f1((ours & theirs).total(), ours.total(), theirs.total())[2]


def rouge_l(summary: str, reference: str) -> float:
    """F₁ of the longest common subsequence of words; Lin 2004, §3.1, with β = 1."""
    ours, theirs = rouge_words(summary), rouge_words(reference)
    return precision_recall_f1(longest_common(ours, theirs), len(ours), len(theirs))[2]


def longest_common(ours: Sequence, theirs: Sequence) -> int:
    """The length of the longest sequence that both contain in order, gaps allowed.

    L[i, j] = L[i−1, j−1] + 1 where items are equal, else max(L[i−1, j], L[i, j−1]); row by row.
    """
    row = [0] * (len(theirs) + 1)
    for item in ours:
        before = row
        row = [0]
        for j, other in enumerate(theirs):
            row.append(before[j] + 1 if item == other else max(before[j + 1], row[j]))
    return row[-1]
