"""The exercises of chapter 1, in the order of the notebook: they climb."""

from companion.checks.ngram.counting import bigram_counts, table_growth, unseen_rate
from companion.checks.ngram.predict import p_sat_given_cat, perplexity_by_hand
from companion.checks.ngram.scoring import perplexity, sentence_log_prob
from companion.checks.ngram.smoothing import absolute_discounting, add_k, continuation_probs

EXERCISES = (
    p_sat_given_cat,
    perplexity_by_hand,
    add_k,
    bigram_counts,
    perplexity,
    continuation_probs,
    absolute_discounting,
    sentence_log_prob,
    table_growth,
    unseen_rate,
)
