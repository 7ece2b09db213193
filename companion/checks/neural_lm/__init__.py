"""The exercises of chapter 3, in the order of the notebook: they climb."""

from companion.checks.neural_lm.measure import bits_per_character
from companion.checks.neural_lm.mixing import scalar_mix
from companion.checks.neural_lm.pairs import keep_probs, skip_gram_pairs
from companion.checks.neural_lm.predict import bengio_parameters, noise_probability
from companion.checks.neural_lm.space import nearest_words
from companion.checks.neural_lm.vectors import negative_sampling_loss, skip_gram_step

EXERCISES = (
    noise_probability,
    bengio_parameters,
    keep_probs,
    skip_gram_pairs,
    negative_sampling_loss,
    nearest_words,
    scalar_mix,
    skip_gram_step,
    bits_per_character,
)
