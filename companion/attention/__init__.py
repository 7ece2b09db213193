"""Attention: a weighted mean whose weights are computed from the data itself. Chapter 4.

Masks (`masks`) → scaled dot products (`dot_product`) → positions (`positions`) → heads and a cache
(`multi_head`). True in a mask always means *may attend*.
"""

from .arguments import as_floats, known_position
from .dot_product import scaled_dot_product_attention
from .masks import MASKED, causal_mask, padding_mask
from .multi_head import MultiHeadAttention, merge_heads, split_heads
from .positions import (
    LearnedPositions,
    alibi,
    alibi_slopes,
    rotary,
    rotary_half_split,
    sinusoidal_positions,
)

__all__ = [
    "MASKED",
    "LearnedPositions",
    "MultiHeadAttention",
    "alibi",
    "alibi_slopes",
    "as_floats",
    "causal_mask",
    "known_position",
    "merge_heads",
    "padding_mask",
    "rotary",
    "rotary_half_split",
    "scaled_dot_product_attention",
    "sinusoidal_positions",
    "split_heads",
]
