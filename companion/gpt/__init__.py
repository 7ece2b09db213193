"""GPT: pretraining by predicting what comes next. Chapter 7.

Reading order: `config` (sizes, and what they cost) → `model` → `learning` (windows, the loss, the
schedule) → `trained` (checkpoints read back, and scored) → `converters` (the real GPT-2's weights
in our layers) → `cleaning` (of a corpus).
"""

from .config import PRESETS, GPTConfig, memory, parameter_count
from .learning import (
    NextTokenLoss,
    WarmupCosine,
    batches,
    compile_for_pretraining,
    next_token_loss,
    windows,
)
from .model import GPT

__all__ = [
    "GPT",
    "PRESETS",
    "GPTConfig",
    "NextTokenLoss",
    "WarmupCosine",
    "batches",
    "compile_for_pretraining",
    "memory",
    "next_token_loss",
    "parameter_count",
    "windows",
]
