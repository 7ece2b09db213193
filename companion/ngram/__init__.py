"""Statistical language models: count, smooth, measure, sample. Chapter 1.

Reading order: `vocabulary`, `counts`, `discounts`, `smoothing`, `backoff`, `model`, `arpa`. The
bigram model as a neural network is in `companion.ngram.table`, which needs Keras and is imported
only when asked for.
"""

from companion.ngram.arpa import read_arpa, write_arpa
from companion.ngram.model import BackoffModel, NGramModel
from companion.ngram.smoothing import SMOOTHINGS
from companion.ngram.vocabulary import (
    END,
    START,
    UNKNOWN,
    Vocabulary,
    split_characters,
    split_sentences,
    split_words,
)

__all__ = [
    "END",
    "SMOOTHINGS",
    "START",
    "UNKNOWN",
    "BackoffModel",
    "NGramModel",
    "Vocabulary",
    "read_arpa",
    "split_characters",
    "split_sentences",
    "split_words",
    "write_arpa",
]
