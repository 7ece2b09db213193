"""The exercises of chapter 4, in the order of the notebook: they climb."""

from companion.checks.attention.heads import causal_mask, self_attention, split_heads
from companion.checks.attention.measure import attention_cost, row_entropy
from companion.checks.attention.positions import rotary
from companion.checks.attention.predict import allowed_pairs, attended_value
from companion.checks.attention.scores import attention_weights, scaled_dot_product_attention

EXERCISES = (
    attended_value,
    allowed_pairs,
    split_heads,
    causal_mask,
    scaled_dot_product_attention,
    rotary,
    attention_weights,
    self_attention,
    row_entropy,
    attention_cost,
)
