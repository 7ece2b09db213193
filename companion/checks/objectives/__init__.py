"""The exercises of chapter 9, in the order of the notebook: they climb."""

from companion.checks.objectives.contrast import company, contrastive_loss
from companion.checks.objectives.decoder import mass_row, prefix_mask
from companion.checks.objectives.mixing import mixing_rates
from companion.checks.objectives.predict import replaced_count
from companion.checks.objectives.replaced import replaced_labels
from companion.checks.objectives.sentinels import span_pair

EXERCISES = (
    replaced_count,
    prefix_mask,
    replaced_labels,
    contrastive_loss,
    mixing_rates,
    span_pair,
    mass_row,
    company,
)
