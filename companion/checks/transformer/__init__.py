"""The exercises of chapter 5, in the order of the notebook: they climb."""

from companion.checks.transformer.block import PreNormBlock
from companion.checks.transformer.decoding import greedy_decode
from companion.checks.transformer.encoder import Encoder
from companion.checks.transformer.inputs import decoder_mask, shift_right
from companion.checks.transformer.loss import smoothed_loss
from companion.checks.transformer.norms import layer_norm
from companion.checks.transformer.predict import decoder_block_parameters
from companion.checks.transformer.residuals import gradient_norms
from companion.checks.transformer.schedule import noam

EXERCISES = (
    decoder_block_parameters,
    shift_right,
    decoder_mask,
    layer_norm,
    noam,
    smoothed_loss,
    PreNormBlock,
    greedy_decode,
    Encoder,
    gradient_norms,
)
