"""Scores against values worked out by hand."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion import metrics

log_probabilities = st.lists(st.floats(-50, 0), min_size=1, max_size=50)


def test_a_uniform_model_over_four_words_has_perplexity_four():
    assert metrics.perplexity(np.log([0.25] * 7)) == pytest.approx(4)


def test_perplexity_is_the_geometric_mean_of_the_inverse_probabilities():
    # (1/0.5 · 1/0.125)^(1/2) = (2 · 8)^(1/2) = 4
    assert metrics.perplexity(np.log([0.5, 0.125])) == pytest.approx(4)


def test_one_impossible_token_makes_the_perplexity_infinite():
    assert metrics.perplexity([-1.0, -math.inf]) == math.inf


@given(log_probabilities)
def test_perplexity_lies_between_the_best_and_the_worst_token(values):
    best, worst = math.exp(-max(values)), math.exp(-min(values))
    assert best * (1 - 1e-9) <= metrics.perplexity(values) <= worst * (1 + 1e-9)


@given(log_probabilities)
def test_bits_do_not_depend_on_the_cut_into_tokens(values):
    # eight tokens or one token of the summed log-probability: the same text, the same bits
    text = 3 * len(values)
    whole = metrics.bits_per_character(sum(values), text)
    nats_per_token = metrics.cross_entropy(values)
    assert whole == pytest.approx(nats_per_token * len(values) / math.log(2) / text)


def test_one_bit_a_character_is_a_coin_a_character():
    assert metrics.bits_per_character(10 * math.log(0.5), 10) == pytest.approx(1)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: metrics.perplexity([]), "empty"),
        (lambda: metrics.perplexity([-1.0, math.nan]), "number 1 is NaN"),
        (lambda: metrics.perplexity([2.3]), "above 1"),
        (lambda: metrics.bits_per_character(-1.0, 0), "at least one"),
        (lambda: metrics.bits_per_character(1.0, 3), "at most 0"),
        (lambda: metrics.bootstrap_interval([1.0]), "two"),
        (lambda: metrics.bootstrap_interval([1.0, 2.0], level=95), "0.95"),
    ],
)
def test_bad_input_is_named_in_the_error(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_the_bootstrap_interval_covers_the_true_mean_about_as_often_as_it_says():
    rng = np.random.default_rng(1)
    hits = 0
    for trial in range(200):
        low, high = metrics.bootstrap_interval(
            rng.normal(3, 1, 40), level=0.9, resamples=300, seed=trial
        )
        hits += low <= 3 <= high
    # Binomial(200, 0.9) has mean 180 and standard deviation 4.2; percentile intervals of 40 items
    # run a little narrow, hence the wider side below.
    assert 160 <= hits <= 195
