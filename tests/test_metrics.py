"""Scores against values worked out by hand."""

import math

import numpy as np
import pytest
import sacrebleu
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
        (lambda: metrics.bits_per_character(math.nan, 3), "log_prob is NaN"),
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


# --- BLEU and chrF -------------------------------------------------------------------------------

THE_CAT, A_CAT = "the cat sat on the mat .", "the cat sat on a mat ."


def test_bleu_of_one_changed_word_by_hand():
    # Of the 7 words 6 match, of the pairs all but "on the" and "the mat", of the triples 2 of 5
    # (those before "the mat ."), of the fours 1 of 4.
    expected = 100 * (6 / 7 * 4 / 6 * 2 / 5 * 1 / 4) ** (1 / 4)
    assert metrics.bleu([THE_CAT], [A_CAT]) == pytest.approx(expected)


def test_a_translation_that_stops_early_pays_the_brevity_penalty():
    # All n-grams match; 4 words against 8: exp(1 - 8/4)
    assert metrics.bleu(["a b c d"], ["a b c d e f g h"]) == pytest.approx(100 * math.exp(-1))


def test_bleu_counts_a_repeated_word_no_oftener_than_the_reference():
    counts = metrics.bleu_counts(["the the the the"], ["the cat the mat"])[0]
    assert list(counts) == [2, 0, 0, 0, 4, 3, 2, 1, 4, 4]


def test_chrf_by_hand():
    # "ab" against "abc": 1-grams 2 of 2 and of 3, 2-grams 1 of 1 and of 2, 3-grams none written.
    # P = (1 + 1)/2, R = (2/3 + 1/2)/2 = 7/12; F₂ = 5·P·R/(4·P + R) = (35/12)/(55/12) = 7/11
    assert metrics.chrf(["ab"], ["a bc"]) == pytest.approx(700 / 11)


LETTERS = "aab b.,-1 2'\"&;中国。，“—"
sentences = st.text(LETTERS, max_size=30)
pairs = st.lists(st.tuples(sentences, sentences), min_size=1, max_size=4)


@given(pairs, st.sampled_from(["13a", "zh", "none"]))
def test_scores_of_random_texts_equal_sacrebleus(texts, tokenize):
    ours, theirs = map(list, zip(*texts, strict=True))
    bleu = sacrebleu.corpus_bleu(ours, [theirs], tokenize=tokenize, force=True).score
    assert metrics.bleu(ours, theirs, tokenize) == pytest.approx(bleu, abs=1e-8)
    chrf = sacrebleu.corpus_chrf(ours, [theirs]).score
    assert metrics.chrf(ours, theirs) == pytest.approx(chrf, abs=1e-8)


@given(st.text(max_size=40))
def test_the_words_of_any_text_are_sacrebleus(text):
    from sacrebleu.metrics.bleu import BLEU

    for tokenize in ("13a", "zh"):
        expected = BLEU(tokenize=tokenize).tokenizer(text.rstrip()).split()
        assert metrics.bleu_words(text, tokenize) == expected


@given(pairs)
def test_a_corpus_that_equals_its_reference_has_the_full_score(texts):
    same = [text for text, _ in texts]
    counts = metrics.bleu_counts(same, same)
    assert metrics.bleu(same, same) == pytest.approx(100 if counts[:, 3].sum() else 0)
    whole = any("".join(text.split()) for text in same)
    assert metrics.chrf(same, same) == pytest.approx(100 if whole else 0)


def test_a_corpus_interval_holds_the_score_and_narrows_with_more_sentences():
    rng = np.random.default_rng(0)
    right = [" ".join(rng.choice(list("abcdefgh"), 9)) for _ in range(200)]
    wrong = [" ".join(w if rng.random() < 0.7 else "x" for w in text.split()) for text in right]
    counts, score = metrics.bleu_counts(wrong, right), metrics.bleu_from_counts
    low, high = metrics.corpus_interval(counts, score, resamples=200)
    few_low, few_high = metrics.corpus_interval(counts[:20], score, resamples=200)
    assert low < score(counts.sum(axis=0)) < high
    assert high - low < few_high - few_low
    assert metrics.corpus_interval(counts[:1].repeat(5, axis=0), score) == pytest.approx(
        (score(5 * counts[0]), score(5 * counts[0]))
    )


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: metrics.bleu(["a"], ["a", "b"]), "1 hypotheses and 2 references"),
        (lambda: metrics.chrf([], []), "at least one"),
        (lambda: metrics.bleu("a b", ["a b"]), "in brackets"),
        (lambda: metrics.bleu_words("a", "ja"), "'ja'"),
        (lambda: metrics.corpus_interval(np.ones((1, 10)), sum), "at least two"),
        (lambda: metrics.corpus_interval(np.ones((3, 10)), sum, level=2), "0.95"),
    ],
)
def test_bad_translations_are_named_in_the_error(call, words):
    with pytest.raises(ValueError, match=words):
        call()
