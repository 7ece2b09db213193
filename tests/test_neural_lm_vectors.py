"""Skip-gram, CBOW and what they read: hand-computed values, laws, neighbours."""

import math

import keras
import numpy as np
import pytest
from keras import ops

from companion import neural_lm as lm
from companion import training
from companion.ngram import Vocabulary

# --- what the vectors read -----------------------------------------------------------------------


def test_a_word_is_kept_with_the_root_of_threshold_over_its_share():
    # shares 1/4 and 3/4, t = 0.03: √(0.03 / 0.25) = √0.12, √(0.03 / 0.75) = √0.04 = 0.2
    np.testing.assert_allclose(lm.keep_probs([1, 3], 0.03), [math.sqrt(0.12), 0.2])
    # a share below t, and a word never seen, are always kept
    np.testing.assert_allclose(lm.keep_probs([1, 999, 0], 0.01)[[0, 2]], [1, 1])


def test_subsampling_keeps_about_the_share_it_says_and_the_order():
    sentence = np.tile([3, 4], 5000)
    keep = np.array([1, 1, 1, 0.2, 1.0])
    (kept,) = lm.subsample([sentence], keep, np.random.default_rng(0))
    # 5,000 threes, each kept with 0.2: 1,000 ± 4 standard deviations of √(5000 · 0.16) = 28
    assert (kept == 4).sum() == 5000
    assert abs((kept == 3).sum() - 1000) < 4 * 28.3


def test_noise_is_the_three_quarter_power_of_the_counts():
    # 16^¾ = 8, 81^¾ = 27, 1^¾ = 1, sum 36; a word never seen is never noise
    np.testing.assert_allclose(lm.noise_probs([16, 81, 1, 0]), np.array([8, 27, 1, 0]) / 36)


def test_noise_is_drawn_as_often_as_its_probability():
    probs = np.array([0.5, 0.0, 0.3, 0.2])
    drawn = lm.draw_noise(probs, (100, 400), np.random.default_rng(0))
    shares = np.bincount(drawn.ravel(), minlength=4) / drawn.size
    assert shares[1] == 0
    np.testing.assert_allclose(shares, probs, atol=4 * math.sqrt(0.25 / 40_000))


def test_pairs_are_every_word_with_every_neighbour_and_stop_at_the_end_of_a_sentence():
    centres, contexts = lm.skip_gram_pairs([np.array([7, 8, 9]), np.array([5])], window=2)
    pairs = list(zip(centres.tolist(), contexts.tolist(), strict=True))
    assert pairs == [(7, 8), (7, 9), (8, 7), (8, 9), (9, 7), (9, 8)]


def test_a_dynamic_window_draws_near_neighbours_more_often():
    sentence = np.arange(3, 3003)  # every word once, so that a pair tells its distance
    centres, contexts = lm.skip_gram_pairs([sentence], 3, np.random.default_rng(0))
    distances = np.bincount(np.abs(centres - contexts), minlength=4)
    # reach 1, 2 or 3 with probability ⅓ each: distance d counts where the reach is at least d,
    # 2 · 3000 · (1, ⅔, ⅓), less the edges
    np.testing.assert_allclose(distances[1:] / 6000, [1, 2 / 3, 1 / 3], atol=0.04)


def test_the_context_of_a_word_is_what_stands_around_it():
    contexts, mask, words = lm.cbow_windows([np.array([7, 8, 9]), np.array([5])], window=1)
    assert words.tolist() == [7, 8, 9]  # 5 stands alone: nothing to guess it from
    assert mask.tolist() == [[False, True], [True, True], [True, False]]
    assert contexts.tolist() == [[0, 8], [7, 9], [8, 0]]


def test_rare_words_are_dropped_before_windowing():
    vocabulary = Vocabulary(["cat", "sat"])
    (ids,) = lm.known_ids([["the", "cat", "the", "sat"]], vocabulary)
    assert vocabulary.tokens(ids) == ["cat", "sat"]
    assert lm.word_counts([ids], len(vocabulary)).tolist() == [0, 0, 0, 1, 1]


# --- the vectors ---------------------------------------------------------------------------------


def with_tables(model, vectors, neighbours):
    model.vectors.embeddings.assign(np.array(vectors, "float32"))
    model.neighbours.embeddings.assign(np.array(neighbours, "float32"))
    return model


def test_skip_gram_loss_of_two_words_by_hand():
    model = lm.SkipGram(lm.VectorConfig(vocab_size=3, d_model=2))
    with_tables(model, [[1, 2], [0, 0], [0, 0]], [[0, 0], [0.5, 0], [0, -1]])
    # v₀ = (1, 2); u₁ · v₀ = 0.5 is real, u₂ · v₀ = −2 is noise
    scores = model((np.array([0]), np.array([[1, 2]])))
    np.testing.assert_allclose(ops.convert_to_numpy(scores), [[0.5, -2.0]], rtol=1e-6)
    # −log σ(0.5) − log σ(2) = 0.474077 + 0.126928
    loss = lm.negative_sampling_loss(np.array([[1, -1]]), scores)
    np.testing.assert_allclose(ops.convert_to_numpy(loss), [0.601005], atol=1e-6)


def test_cbow_scores_against_the_mean_of_the_words_that_are_there():
    model = lm.CBOW(lm.VectorConfig(vocab_size=3, d_model=2))
    with_tables(model, [[9, 9], [1, 2], [3, 4]], [[1, 0], [0, 1], [1, 1]])
    contexts, mask = np.array([[1, 2], [0, 1]]), np.array([[True, True], [False, True]])
    # means (2, 3) and (1, 2): the empty place, id 0, does not count
    scores = model((contexts, mask, np.array([[0, 1], [2, 1]])))
    np.testing.assert_allclose(ops.convert_to_numpy(scores), [[2, 3], [3, 2]], rtol=1e-6)


def test_noise_that_is_the_real_word_is_left_out_of_the_loss():
    signs, scores = np.array([[1, 0]]), np.array([[0.0, 5.0]], "float32")
    np.testing.assert_allclose(
        ops.convert_to_numpy(lm.negative_sampling_loss(signs, scores)), [math.log(2)], rtol=1e-6
    )
    config = lm.VectorConfig(vocab_size=5, window=1, negatives=30)
    ids = [np.tile([3, 4], 20)]
    batch = lm.skip_gram_batches(ids, lm.word_counts(ids, 5), config, batch_size=8)
    (_, candidates), signs = batch(0)
    np.testing.assert_array_equal(signs[:, 1:] == 0, candidates[:, 1:] == candidates[:, :1])
    assert (signs == 0).any()
    assert (signs[:, 0] == 1).all()


@pytest.mark.parametrize(
    "kind, batches", [(lm.SkipGram, lm.skip_gram_batches), (lm.CBOW, lm.cbow_batches)]
)
def test_words_that_keep_the_same_company_become_neighbours(kind, batches):
    groups = [["cat", "dog", "cow"], ["one", "two", "six"]]
    rng = np.random.default_rng(0)
    sentences = [list(rng.choice(groups[i % 2], 6)) for i in range(200)]
    vocabulary = Vocabulary.from_sentences(sentences)
    ids = lm.known_ids(sentences, vocabulary)
    config = lm.VectorConfig(len(vocabulary), d_model=8, window=2)
    training.seed(0)
    model = kind(config)
    model.compile(keras.optimizers.Adam(0.02), lm.negative_sampling_loss)
    batch = batches(ids, lm.word_counts(ids, len(vocabulary)), config, batch_size=256)
    history = training.fit(model, batch, 60, every=20)
    assert history["loss"][-1] < history["loss"][0]
    for group in groups:
        near = lm.nearest(model.word_vectors(), vocabulary, group[0], k=2)
        assert {word for word, _ in near} == set(group[1:])


def test_the_nearest_word_is_the_one_with_the_greatest_cosine():
    vocabulary = Vocabulary(["east", "north", "far-north-east", "west"])
    vectors = [[9, 9], [9, 9], [9, 9], [1, 0], [0, 1], [30, 40], [-1, 0]]
    # cosines with east (1, 0): north 0, (30, 40)/50 gives 0.6, west −1; special words never
    near = lm.nearest(vectors, vocabulary, "east")
    assert [word for word, _ in near] == ["far-north-east", "north", "west"]
    np.testing.assert_allclose([cosine for _, cosine in near], [0.6, 0, -1], atol=1e-12)
    assert lm.nearest(vectors, vocabulary, "east", k=1) == near[:1]


def test_an_analogy_adds_the_difference_and_leaves_its_own_words_out():
    vocabulary = Vocabulary(["man", "woman", "king", "queen", "apple"])
    special = [[0, 0, 0]] * 3
    vectors = [*special, [1, 0, 0], [0, 1, 0], [1, 0, 1], [0, 1, 1], [-1, -1, 0]]
    # woman − man + king/√2 = (−1 + 0.71, 1, 0.71); its cosine with queen is the greatest left
    assert lm.analogy(vectors, vocabulary, "man", "woman", "king", k=1)[0][0] == "queen"


@pytest.mark.parametrize(
    "action, message",
    [
        (lambda: lm.VectorConfig(0), "vocab_size is 0"),
        (lambda: lm.keep_probs([1], 0), "threshold is 0"),
        (lambda: lm.noise_probs([0, 0]), "all counts are zero"),
        (lambda: lm.skip_gram_pairs([np.arange(5)], 0), "window is 0"),
        (lambda: lm.word_counts([], 5), "no known word"),
        (lambda: lm.nearest(np.ones((4, 2)), Vocabulary("a"), "b"), "'b' has no vector"),
        (lambda: lm.nearest(np.ones((4, 2)), Vocabulary("a"), "<s>"), "has no vector"),
        (lambda: lm.nearest(np.ones((3, 2)), Vocabulary("a"), "a"), "one row for each word"),
    ],
)
def test_bad_input_gets_a_clear_error(action, message):
    with pytest.raises(ValueError, match=message):
        action()
