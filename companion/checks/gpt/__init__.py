"""The exercises of chapter 7, in the order of the notebook: they climb."""

from companion.checks.gpt.duplicates import resemblance
from companion.checks.gpt.learning import accumulate, clip_by_global_norm, warmup_cosine
from companion.checks.gpt.looking import causal_weights
from companion.checks.gpt.predict import gpt_parameters, untrained_loss
from companion.checks.gpt.scoring import sliding_log_probs
from companion.checks.gpt.texts import next_token_loss, windows

EXERCISES = (
    untrained_loss,
    gpt_parameters,
    windows,
    accumulate,
    next_token_loss,
    warmup_cosine,
    clip_by_global_norm,
    resemblance,
    causal_weights,
    sliding_log_probs,
)
