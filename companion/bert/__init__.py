"""BERT: pretraining by filling gaps. Chapter 6.

Reading order: `masking` (the law of 15 %) → `config` → `heads` → `model` → `pairs` and `rows` (what
fills a row; RoBERTa's changes are here) → `learning` (masks drawn once or anew) → `starts` (heads
that look at neighbours before anything is learnt) → `filling` (text in, text out) → `cloze` (how
good it is) → `sentences` (vectors of texts and of words) → `converters` (real weights in our
layers).
"""

from .cloze import (
    ClozeItem,
    Neighbours,
    among_first,
    baseline_hits,
    cloze_hits,
    commonest_content,
    compare_cloze,
    content_gaps,
    masked_scores,
    share_and_interval,
)
from .config import PRESETS, BertConfig, parameter_count
from .filling import MASK, Filler, Gap, load_filler
from .heads import MaskedLM, NextSentence, gather_positions
from .learning import (
    WarmupLinear,
    compile_for_gaps,
    compile_for_pairs,
    dynamic_masks,
    static_masks,
    take_turns,
)
from .masking import (
    MASK_ID,
    RATE,
    SPECIAL_IDS,
    Masked,
    gaps,
    mask_tokens,
    most_gaps,
    word_numbers,
)
from .model import Bert, MaskedBert, PairedBert
from .pairs import Pairs, make_pairs
from .rows import (
    CLS_ID,
    SEP_ID,
    character_tokenizer,
    document_sentences,
    encode_documents,
    full_sentences,
    narrow,
    split_sentences,
)
from .sentences import cosine, encode_texts, mean_pooling, sentence_vectors, word_vectors
from .starts import start_from_neighbours, start_from_waves

__all__ = [
    "CLS_ID",
    "MASK",
    "MASK_ID",
    "PRESETS",
    "RATE",
    "SEP_ID",
    "SPECIAL_IDS",
    "Bert",
    "BertConfig",
    "ClozeItem",
    "Filler",
    "Gap",
    "Masked",
    "MaskedBert",
    "MaskedLM",
    "Neighbours",
    "NextSentence",
    "PairedBert",
    "Pairs",
    "WarmupLinear",
    "among_first",
    "baseline_hits",
    "character_tokenizer",
    "cloze_hits",
    "commonest_content",
    "compare_cloze",
    "compile_for_gaps",
    "compile_for_pairs",
    "content_gaps",
    "cosine",
    "document_sentences",
    "dynamic_masks",
    "encode_documents",
    "encode_texts",
    "full_sentences",
    "gaps",
    "gather_positions",
    "load_filler",
    "make_pairs",
    "mask_tokens",
    "masked_scores",
    "mean_pooling",
    "most_gaps",
    "narrow",
    "parameter_count",
    "sentence_vectors",
    "share_and_interval",
    "split_sentences",
    "start_from_neighbours",
    "start_from_waves",
    "static_masks",
    "take_turns",
    "word_numbers",
    "word_vectors",
]
