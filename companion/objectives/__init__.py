"""Other pretraining objectives: what a model may be asked about a text. Chapter 9.

Reading order, by what is asked: `pairs` (which came first?) → `electra` (which token is not the
text's own?) → `denoising` (say what is hidden: MASS, BART) → `sentinels` (T5) → `prefix` (the mask
is data) → `contrastive` (which vector belongs to this one?) → `augmentation` and `mixing` (more
data, several tasks) → `probing` and `comparing` (what was it good for?). MLM and NSP are chapter
6's `mask_tokens` and `make_pairs`.
"""

from companion.bert import make_pairs, mask_tokens

from .augmentation import back_translate, delete_words, swap_words, synonyms
from .comparing import (
    CORRUPTIONS,
    ENCODER,
    OBJECTIVES,
    Material,
    Objective,
    ProbeEach,
    denoising_batches,
    interval,
    material,
    prepare,
)
from .contrastive import SimCSE, SimCSEConfig, info_nce
from .denoising import (
    Denoiser,
    DenoiserConfig,
    Denoising,
    infill,
    mass_spans,
    sentence_permutation,
    span_lengths,
    text_infilling,
    text_length,
)
from .electra import Electra, ElectraConfig, Replaced, detection_losses, replaced_tokens
from .mixing import mix, temperature_mixing
from .pairs import Ordered, masked_pairs, sentence_order_pairs
from .prefix import Prefixed, PrefixLM, next_token, prefix_lm, prefix_lm_mask
from .probing import (
    Labels,
    commonest,
    examples,
    new_tokens,
    probe,
    text_labels,
    token_labels,
    vectors,
)
from .sentinels import noise_spans, restored, sentinel_pair, span_corruption

__all__ = [
    "CORRUPTIONS",
    "ENCODER",
    "OBJECTIVES",
    "Denoiser",
    "DenoiserConfig",
    "Denoising",
    "Electra",
    "ElectraConfig",
    "Labels",
    "Material",
    "Objective",
    "Ordered",
    "PrefixLM",
    "Prefixed",
    "ProbeEach",
    "Replaced",
    "SimCSE",
    "SimCSEConfig",
    "back_translate",
    "commonest",
    "delete_words",
    "denoising_batches",
    "detection_losses",
    "examples",
    "infill",
    "info_nce",
    "interval",
    "make_pairs",
    "mask_tokens",
    "masked_pairs",
    "mass_spans",
    "material",
    "mix",
    "new_tokens",
    "next_token",
    "noise_spans",
    "prefix_lm",
    "prefix_lm_mask",
    "prepare",
    "probe",
    "replaced_tokens",
    "restored",
    "sentence_order_pairs",
    "sentence_permutation",
    "sentinel_pair",
    "span_corruption",
    "span_lengths",
    "swap_words",
    "synonyms",
    "temperature_mixing",
    "text_infilling",
    "text_labels",
    "text_length",
    "token_labels",
    "vectors",
]
