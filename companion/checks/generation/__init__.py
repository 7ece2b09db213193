"""The exercises of chapter 8, in the order of the notebook: they climb."""

from companion.checks.generation.beam import beam_search
from companion.checks.generation.cache import cached_step
from companion.checks.generation.diversity import distinct_n
from companion.checks.generation.filters import repetition_penalty, top_k, top_p
from companion.checks.generation.predict import odds_when_cold
from companion.checks.generation.repeats import forbidden
from companion.checks.generation.speculation import guess_check

EXERCISES = (
    odds_when_cold,
    repetition_penalty,
    top_k,
    top_p,
    forbidden,
    distinct_n,
    beam_search,
    cached_step,
    guess_check,
)
