"""Every score of the book, as plain NumPy. Chapter 12 teaches from these files.

Reading order: `language` (perplexity, bits per character) → `intervals` → `translations` (BLEU,
chrF) → `classes` (accuracy, F1) → `spans` (BIO) → `answers` (SQuAD) → `summaries` (ROUGE).
"""

from .answers import answer_f1, exact_match, normalized
from .classes import accuracy, confusion_matrix, f1, matthews, precision_recall_f1
from .intervals import bootstrap_interval, corpus_interval
from .language import bits_per_character, cross_entropy, perplexity
from .spans import span_f1, span_scores, spans_of
from .summaries import longest_common, rouge_l, rouge_n, rouge_words
from .translations import (
    bleu,
    bleu_counts,
    bleu_from_counts,
    bleu_words,
    chrf,
    chrf_counts,
    chrf_from_counts,
)

__all__ = [
    "accuracy",
    "answer_f1",
    "bits_per_character",
    "bleu",
    "bleu_counts",
    "bleu_from_counts",
    "bleu_words",
    "bootstrap_interval",
    "chrf",
    "chrf_counts",
    "chrf_from_counts",
    "confusion_matrix",
    "corpus_interval",
    "cross_entropy",
    "exact_match",
    "f1",
    "longest_common",
    "matthews",
    "normalized",
    "perplexity",
    "precision_recall_f1",
    "rouge_l",
    "rouge_n",
    "rouge_words",
    "span_f1",
    "span_scores",
    "spans_of",
]
