"""The exercises of chapter 6, in the order of the notebook: they climb."""

from companion.checks.bert.inputs import bert_input, pair_row
from companion.checks.bert.law import choose_gaps, corrupt
from companion.checks.bert.measure import pseudo_log_likelihood, similarity
from companion.checks.bert.outputs import gap_logits
from companion.checks.bert.predict import changed_tokens

EXERCISES = (
    changed_tokens,
    choose_gaps,
    corrupt,
    gap_logits,
    pair_row,
    bert_input,
    similarity,
    pseudo_log_likelihood,
)
