"""Decoding: from a model's probabilities to a text. Chapter 8.

Reading order: `filters` (which tokens may be drawn) → `cache` (what has been read is kept; what
decoding asks of a model) → `loops` (greedy and sampling, one compiled program; streaming) →
`reading` (a text being written by a search) → `beam` → `contrastive` → `speculative` → `writing`
(most of them by name).
"""

from .beam import Hypothesis, beam_search
from .cache import KVCache, Model, Translation
from .contrastive import contrastive_search
from .filters import (
    Filters,
    min_p,
    no_repeat_ngram,
    repetition_penalty,
    temperature,
    top_k,
    top_p,
)
from .loops import draw, greedy, sample, stream
from .speculative import Speculation, speculative
from .writing import STRATEGIES, spoken, write

__all__ = [
    "STRATEGIES",
    "Filters",
    "Hypothesis",
    "KVCache",
    "Model",
    "Speculation",
    "Translation",
    "beam_search",
    "contrastive_search",
    "draw",
    "greedy",
    "min_p",
    "no_repeat_ngram",
    "repetition_penalty",
    "sample",
    "speculative",
    "spoken",
    "stream",
    "temperature",
    "top_k",
    "top_p",
    "write",
]
