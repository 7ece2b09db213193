"""Word vectors and neural language models. Chapter 3.

Reading order: `pairs` and `vectors` (skip-gram, CBOW), `neighbours`, `by_hand` (gradient descent
in NumPy), `feed_forward`, `recurrent`, `mixing`; `config` holds the dataclasses and presets,
`scoring` what the two language models share.
"""

from companion.neural_lm.by_hand import (
    backward,
    cross_entropy_and_gradient,
    forward,
    gru_step,
    lstm_step,
    train_by_hand,
)
from companion.neural_lm.config import (
    PRESETS,
    FeedForwardConfig,
    RecurrentConfig,
    VectorConfig,
)
from companion.neural_lm.feed_forward import FeedForwardLM, context_windows, window_batches
from companion.neural_lm.mixing import ScalarMix, scalar_mix
from companion.neural_lm.neighbours import analogy, nearest
from companion.neural_lm.pairs import (
    cbow_windows,
    draw_noise,
    keep_probs,
    known_ids,
    noise_probs,
    skip_gram_pairs,
    subsample,
    word_counts,
)
from companion.neural_lm.recurrent import RecurrentLM, TruncatedBPTT, stream_batches
from companion.neural_lm.scoring import log_softmax, sample, target_log_probs
from companion.neural_lm.vectors import (
    CBOW,
    SkipGram,
    cbow_batches,
    negative_sampling_loss,
    skip_gram_batches,
)

__all__ = [
    "CBOW",
    "PRESETS",
    "FeedForwardConfig",
    "FeedForwardLM",
    "RecurrentConfig",
    "RecurrentLM",
    "ScalarMix",
    "SkipGram",
    "TruncatedBPTT",
    "VectorConfig",
    "analogy",
    "backward",
    "cbow_batches",
    "cbow_windows",
    "context_windows",
    "cross_entropy_and_gradient",
    "draw_noise",
    "forward",
    "gru_step",
    "keep_probs",
    "known_ids",
    "log_softmax",
    "lstm_step",
    "nearest",
    "negative_sampling_loss",
    "noise_probs",
    "sample",
    "scalar_mix",
    "skip_gram_batches",
    "skip_gram_pairs",
    "stream_batches",
    "subsample",
    "target_log_probs",
    "train_by_hand",
    "window_batches",
    "word_counts",
]
