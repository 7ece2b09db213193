"""The Transformer: attention and feed-forward layers stacked, with ways around them. Chapter 5.

Reading order: `norms` → `feed_forward` → `block` → `model` (encoder, decoder, both) → `learning`
(teacher forcing, label smoothing, the schedule) → `starts` (heads that look at neighbours before
anything is learnt) → `greedy`; `config` holds the dataclass and the presets. Then translation with
it: `translation` → `nearest` (the baseline) → `scoring` → `alignment` → `errors`.
"""

from .alignment import Alignment, alignment, alignment_accuracy, word_weights
from .block import TransformerBlock
from .config import PRESETS, TransformerConfig
from .errors import Mistranslation, error_table, kind_of_error, mistranslations
from .feed_forward import FeedForward, gelu_tanh
from .greedy import greedy
from .learning import Noam, SmoothedCrossEntropy, shift_right
from .model import PAD_ID, Decoder, Encoder, Transformer
from .nearest import NearestNeighbour
from .norms import LayerNorm, RMSNorm, layer_norm
from .scoring import compare, quality
from .starts import start_from_neighbours
from .translation import (
    END_ID,
    LANGUAGES,
    SPECIALS,
    START_ID,
    TAG_IDS,
    Translator,
    batches,
    compile_for_translation,
    examples,
    language_of,
    load_translator,
    padded,
    source_ids,
    target_ids,
    train_tokenizer,
)

__all__ = [
    "END_ID",
    "LANGUAGES",
    "PAD_ID",
    "PRESETS",
    "SPECIALS",
    "START_ID",
    "TAG_IDS",
    "Alignment",
    "Decoder",
    "Encoder",
    "FeedForward",
    "LayerNorm",
    "Mistranslation",
    "NearestNeighbour",
    "Noam",
    "RMSNorm",
    "SmoothedCrossEntropy",
    "Transformer",
    "TransformerBlock",
    "TransformerConfig",
    "Translator",
    "alignment",
    "alignment_accuracy",
    "batches",
    "compare",
    "compile_for_translation",
    "error_table",
    "examples",
    "gelu_tanh",
    "greedy",
    "kind_of_error",
    "language_of",
    "layer_norm",
    "load_translator",
    "mistranslations",
    "padded",
    "quality",
    "shift_right",
    "source_ids",
    "start_from_neighbours",
    "target_ids",
    "train_tokenizer",
    "word_weights",
]
