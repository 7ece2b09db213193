"""Every figure of the book, in one quiet style; the only module that imports matplotlib.

A function takes numbers and returns a `Picture`, which a notebook shows by itself and which
`savefig` writes. Lines differ in colour (after Okabe & Ito 2008, safe for the colour-blind, some
darkened so that their names can be read), in marker and in stroke, and carry their names at their
ends, so that a print in grey loses nothing.

No Chinese font may be installed where a notebook runs: `label` falls back to romanised text.
"""

from .attention import attention_maps, cost, look_back, masks, positions, scale_effects
from .bert import alike, gaps, masked_accuracy
from .finetuning import (
    class_maps,
    data_curves,
    forest,
    moved,
    next_tags,
    stopped,
    what_moves,
)
from .generation import distributions, speeds, text_tree, trade
from .gpt import learning_curves, parameter_shares, shifted, stream_width, the_axis
from .neural_lm import cooccurrence, help_at_distance, same_text, senses, word_map
from .ngram import approach, coverage, growth, heat_map, next_words, perplexity_by_order, zipf
from .objectives import probe_curves, questions, ranking
from .pictures import picture_grid, word_attention
from .style import COLOURS, MARKERS, STROKES, Picture, label
from .tokenization import cuts, fertility, growing, prices, word_graph
from .transformer import alignment, architecture, by_depth, confidence, losses, quality, rates

__all__ = [
    "COLOURS",
    "MARKERS",
    "STROKES",
    "Picture",
    "alignment",
    "alike",
    "approach",
    "architecture",
    "attention_maps",
    "by_depth",
    "class_maps",
    "confidence",
    "cooccurrence",
    "cost",
    "coverage",
    "cuts",
    "data_curves",
    "distributions",
    "fertility",
    "forest",
    "gaps",
    "growing",
    "growth",
    "heat_map",
    "help_at_distance",
    "label",
    "learning_curves",
    "look_back",
    "losses",
    "masked_accuracy",
    "masks",
    "moved",
    "next_tags",
    "next_words",
    "parameter_shares",
    "perplexity_by_order",
    "picture_grid",
    "positions",
    "prices",
    "probe_curves",
    "quality",
    "questions",
    "ranking",
    "rates",
    "same_text",
    "scale_effects",
    "senses",
    "shifted",
    "speeds",
    "stopped",
    "stream_width",
    "text_tree",
    "the_axis",
    "trade",
    "what_moves",
    "word_attention",
    "word_graph",
    "word_map",
    "zipf",
]
