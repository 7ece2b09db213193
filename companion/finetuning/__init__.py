"""Fine-tuning and transfer. Chapter 10.

Reading order: `heads` → `freezing` (which weights move, how fast) → `additions` (LoRA, adapters) →
`learning` (weights of classes, when to stop) → `tags` (BIO, Viterbi, CRF) → `answers` (spans). Then
whole tasks: `items` → `reading` (where a small encoder starts that is to read) → `starts` (any
encoder, and which of it moves) → `scores` → `turns` (batches) → `kinds` (rows, head, answers) →
`tagging` → `writing` → `baselines` → `comparing` (intervals) → `utterances` and `fillings` (what is
said to a house). Pictures at the end: `patches` → `captions` → `retrieval`.
"""

from .additions import Adapted, Adapter, LoRADense, add_adapters, add_lora, merge_lora
from .answers import best_span
from .baselines import (
    WindowTagger,
    bag_and_tags,
    bag_of_words,
    commonest,
    lead,
    nearest_target,
    overlapping_sentence,
    window_tags,
)
from .captions import (
    Captioner,
    Captioning,
    caption_batches,
    compile_for_captions,
    exact_captions,
    looked_at,
    nearest_captions,
    write_captions,
)
from .comparing import Figure, difference, figure, grouped
from .freezing import LayerwiseAdam, freeze, layerwise_rates, trainable_share
from .heads import (
    ClassificationHead,
    FineTuned,
    IntentSlotHead,
    PairHead,
    SpanHead,
    TokenHead,
)
from .items import Asked, Example, Rewrite, TaggedText, share_of, texts_of, word_tags, words_of
from .kinds import Answering, Classification
from .learning import EarlyStopping, class_weights, rate_of, tag_weights
from .patches import PICTURE_PRESETS, PatchEmbedding, PictureConfig, cut_into_patches
from .reading import Reader, marks, start_to_read
from .retrieval import (
    Retriever,
    both_ways,
    compile_for_retrieval,
    likeness,
    pair_batches,
    recall_at,
    start_from_captioner,
    word_overlap,
)
from .scores import Metric, f1_of_counts, mean_metric, share
from .starts import (
    METHODS,
    MINILM,
    READER,
    Start,
    blank_start,
    load_start,
    new_model,
    text_rows,
    word_rows,
)
from .tagging import IntentSlots, Tagging
from .tags import (
    CRF,
    FORBIDDEN,
    CRFHead,
    CRFLoss,
    allowed_transitions,
    bio_spans,
    bio_tags,
    viterbi,
)
from .turns import predict, steps_of, turns, word_dropout
from .utterances import Sampler, Utterance, utterances
from .writing import Writing

__all__ = [
    "CRF",
    "FORBIDDEN",
    "METHODS",
    "MINILM",
    "PICTURE_PRESETS",
    "READER",
    "Adapted",
    "Adapter",
    "Answering",
    "Asked",
    "CRFHead",
    "CRFLoss",
    "Captioner",
    "Captioning",
    "Classification",
    "ClassificationHead",
    "EarlyStopping",
    "Example",
    "Figure",
    "FineTuned",
    "IntentSlotHead",
    "IntentSlots",
    "LayerwiseAdam",
    "LoRADense",
    "Metric",
    "PairHead",
    "PatchEmbedding",
    "PictureConfig",
    "Reader",
    "Retriever",
    "Rewrite",
    "Sampler",
    "SpanHead",
    "Start",
    "TaggedText",
    "Tagging",
    "TokenHead",
    "Utterance",
    "WindowTagger",
    "Writing",
    "add_adapters",
    "add_lora",
    "allowed_transitions",
    "bag_and_tags",
    "bag_of_words",
    "best_span",
    "bio_spans",
    "bio_tags",
    "blank_start",
    "both_ways",
    "caption_batches",
    "class_weights",
    "commonest",
    "compile_for_captions",
    "compile_for_retrieval",
    "cut_into_patches",
    "difference",
    "exact_captions",
    "f1_of_counts",
    "figure",
    "freeze",
    "grouped",
    "layerwise_rates",
    "lead",
    "likeness",
    "load_start",
    "looked_at",
    "marks",
    "mean_metric",
    "merge_lora",
    "nearest_captions",
    "nearest_target",
    "new_model",
    "overlapping_sentence",
    "pair_batches",
    "predict",
    "rate_of",
    "recall_at",
    "share",
    "share_of",
    "start_from_captioner",
    "start_to_read",
    "steps_of",
    "tag_weights",
    "text_rows",
    "texts_of",
    "trainable_share",
    "turns",
    "utterances",
    "viterbi",
    "window_tags",
    "word_dropout",
    "word_overlap",
    "word_rows",
    "word_tags",
    "words_of",
    "write_captions",
]
