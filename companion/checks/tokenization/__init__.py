"""The exercises of chapter 2, in the order of the notebook: they climb."""

from companion.checks.tokenization.decoding import decode_ids
from companion.checks.tokenization.encoding import bpe_encode
from companion.checks.tokenization.fertility import fertility
from companion.checks.tokenization.merges import learn_bpe, pair_counts
from companion.checks.tokenization.predict import bpe_tokens, utf8_length
from companion.checks.tokenization.segmentation import segment_words
from companion.checks.tokenization.wordpiece import wordpiece_encode, wordpiece_gains

EXERCISES = (
    utf8_length,
    bpe_tokens,
    wordpiece_gains,
    pair_counts,
    decode_ids,
    wordpiece_encode,
    learn_bpe,
    segment_words,
    bpe_encode,
    fertility,
)
