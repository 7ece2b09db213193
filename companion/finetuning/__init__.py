"""Fine-tuning and transfer. Chapter 10.

Reading order: `heads` → `freezing` (which weights move, how fast) → `additions` (LoRA, adapters) →
`learning` (weights of classes, when to stop) → `tags` (BIO, Viterbi, CRF) → `answers` (spans).
"""

from .additions import Adapted, Adapter, LoRADense, add_adapters, add_lora, merge_lora
from .answers import best_span
from .freezing import LayerwiseAdam, freeze, layerwise_rates, trainable_share
from .heads import ClassificationHead, FineTuned, PairHead, SpanHead, TokenHead
from .learning import EarlyStopping, class_weights, tag_weights
from .tags import CRF, FORBIDDEN, allowed_transitions, bio_spans, bio_tags, viterbi

__all__ = [
    "CRF",
    "FORBIDDEN",
    "Adapted",
    "Adapter",
    "ClassificationHead",
    "EarlyStopping",
    "FineTuned",
    "LayerwiseAdam",
    "LoRADense",
    "PairHead",
    "SpanHead",
    "TokenHead",
    "add_adapters",
    "add_lora",
    "allowed_transitions",
    "best_span",
    "bio_spans",
    "bio_tags",
    "class_weights",
    "freeze",
    "layerwise_rates",
    "merge_lora",
    "tag_weights",
    "trainable_share",
    "viterbi",
]
