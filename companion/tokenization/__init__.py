"""From text to ids: normalisation, BPE, WordPiece, Unigram and Chinese words. Chapter 2.

Read in this order: `normalization` (what is one text) · `pretokenize`, `bpe`, `bpe_training` and
`pairs` (bytes and merges) · `bert_text`, `wordpiece`, `wordpiece_training` (BERT's rules) ·
`unigram`, `unigram_training` (probabilities) · `segmentation` (Chinese words). `special` and
`saved` are shared by the three tokenizers.
"""

from companion.tokenization.bert_text import bert_normalize, bert_words
from companion.tokenization.bpe import BPE, merge_ids
from companion.tokenization.bpe_training import train_merges
from companion.tokenization.normalization import (
    CONFUSIONS,
    CodePoint,
    Confusion,
    code_points,
    merged_by,
    normalize,
    strip_accents,
    to_half_width,
)
from companion.tokenization.pretokenize import (
    BYTE_TO_CHAR,
    GPT2_PATTERN,
    count_words,
    from_visible,
    pretokenize,
    visible,
)
from companion.tokenization.segmentation import Lexicon, WordBigrams, segment_zh, word_f1
from companion.tokenization.unigram import Unigram
from companion.tokenization.unigram_training import train_scores
from companion.tokenization.wordpiece import WordPiece, longest_match
from companion.tokenization.wordpiece_training import train_pieces

__all__ = [
    "BPE",
    "BYTE_TO_CHAR",
    "CONFUSIONS",
    "GPT2_PATTERN",
    "CodePoint",
    "Confusion",
    "Lexicon",
    "Unigram",
    "WordBigrams",
    "WordPiece",
    "bert_normalize",
    "bert_words",
    "code_points",
    "count_words",
    "from_visible",
    "longest_match",
    "merge_ids",
    "merged_by",
    "normalize",
    "pretokenize",
    "segment_zh",
    "strip_accents",
    "to_half_width",
    "train_merges",
    "train_pieces",
    "train_scores",
    "visible",
    "word_f1",
]
