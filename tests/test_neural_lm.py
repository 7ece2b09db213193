"""Neural language models: hand-computed values, Keras as reference, laws of every model."""

import dataclasses
import math
from itertools import chain

import keras
import numpy as np
import pytest
from keras import ops

from companion import neural_lm as lm
from companion import training
from companion.ngram import Vocabulary

# Keras 3.15 reads variables in a way that NumPy 2 deprecates: in `save` with TensorFlow, in
# `Variable.numpy` with JAX.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

CROSS_ENTROPY = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
RNG = np.random.default_rng(0)
TEXT = RNG.integers(3, 12, 300)  # ids of a text; 0, 1, 2 are the special ones
FEED_FORWARD = lm.FeedForwardConfig(12, context_length=3, d_model=4, d_ff=5)
GRU = lm.RecurrentConfig(12, context_length=6, d_model=8, num_layers=2)
LSTM = dataclasses.replace(GRU, cell="lstm", d_embedding=5)


def language_models() -> list:
    training.seed(1)
    direct = dataclasses.replace(FEED_FORWARD, direct=True)
    return [
        lm.FeedForwardLM(FEED_FORWARD),
        lm.FeedForwardLM(direct),
        lm.RecurrentLM(GRU),
        lm.RecurrentLM(LSTM),
    ]


def array(tensor) -> np.ndarray:
    """A copy as NumPy."""
    return np.array(np.asarray(tensor))


# --- gradient descent by hand --------------------------------------------------------------------


@pytest.mark.parametrize("direct", [False, True])
def test_training_by_hand_equals_keras_after_every_step(direct):
    training.seed(2)
    model = lm.FeedForwardLM(dataclasses.replace(FEED_FORWARD, direct=direct))
    first = model.weights_by_letter()
    batch = lm.window_batches([TEXT], model.config, batch_size=16)
    model.compile(keras.optimizers.SGD(0.5), CROSS_ENTROPY)
    after = []
    watch = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: after.append(model.weights_by_letter())
    )
    history = training.fit(model, batch, 6, every=1, callbacks=[watch])
    for step in range(6):
        by_hand, losses = lm.train_by_hand(first, batch, step + 1, 0.5)
        np.testing.assert_allclose(losses[-1], history["loss"][step], atol=1e-5)
        assert set(by_hand) == set(after[step])
        for letter, value in by_hand.items():
            np.testing.assert_allclose(after[step][letter], value, atol=1e-5)


def test_gradients_by_hand_equal_differences():
    rng = np.random.default_rng(3)
    shapes = {"C": (5, 2), "H": (4, 3), "d": (3,), "U": (3, 5), "b": (5,), "W": (4, 5)}
    weights = {letter: rng.normal(size=shape) for letter, shape in shapes.items()}
    contexts, targets = np.array([[0, 0], [1, 4], [2, 0]]), np.array([3, 0, 2])

    def loss() -> float:
        return lm.cross_entropy_and_gradient(lm.forward(weights, contexts)[0], targets)[0]

    logits, kept = lm.forward(weights, contexts)
    _, d_logits = lm.cross_entropy_and_gradient(logits, targets)
    gradients = lm.backward(weights, contexts, kept, d_logits)
    for letter, gradient in gradients.items():
        for place in np.ndindex(gradient.shape):
            value = weights[letter][place]
            weights[letter][place] = value + 1e-6
            above = loss()
            weights[letter][place] = value - 1e-6
            below = loss()
            weights[letter][place] = value
            assert gradient[place] == pytest.approx((above - below) / 2e-6, abs=1e-8)


# --- the feed-forward model ----------------------------------------------------------------------


def test_bengios_network_has_the_papers_number_of_parameters():
    config = lm.PRESETS["feed_forward"]["bengio2003"]
    V, n, m, h = config.vocab_size, config.context_length + 1, config.d_model, config.d_ff
    # section 2: |V| (1 + n m + h) + h (1 + (n − 1) m) = 16383 · 351 + 50 · 241 = 5,762,483
    assert V * (1 + n * m + h) + h * (1 + (n - 1) * m) == 5_762_483
    assert lm.FeedForwardLM(config).count_params() == 5_762_483


def test_windows_are_what_stands_before_each_word():
    contexts, targets = lm.context_windows([5, 6, 7], context_length=2, vocab_size=8)
    assert contexts.tolist() == [[1, 1], [1, 5], [5, 6]]
    assert targets.tolist() == [5, 6, 7]


def test_training_windows_do_not_reach_into_the_text_before():
    texts = [np.array([5, 6]), np.array([7, 8, 9])]
    config = lm.FeedForwardConfig(12, context_length=2)
    contexts, targets = lm.window_batches(texts, config, batch_size=5)(0)
    found = dict(zip(targets.tolist(), contexts.tolist(), strict=True))
    assert found == {5: [1, 1], 6: [1, 5], 7: [1, 1], 8: [1, 7], 9: [7, 8]}


# --- the recurrent model -------------------------------------------------------------------------


def test_one_step_of_the_gru_by_hand_equals_keras():
    layer = keras.layers.GRU(4, return_sequences=True)
    x = RNG.normal(size=(2, 3, 5)).astype("float32")
    layer.build(x.shape)
    # Keras begins with zero biases, which would hide a mistake in them
    layer.set_weights([RNG.normal(size=w.shape) for w in layer.weights])
    weights = [np.asarray(w, "float64") for w in layer.get_weights()]
    h = np.zeros((2, 4))
    for t, expected in enumerate(np.moveaxis(array(layer(x)), 1, 0)):
        h = lm.gru_step(x[:, t], h, *weights)
        np.testing.assert_allclose(h, expected, atol=1e-5)


def test_one_step_of_the_lstm_by_hand_equals_keras():
    layer = keras.layers.LSTM(4, return_sequences=True)
    x = RNG.normal(size=(2, 3, 5)).astype("float32")
    layer.build(x.shape)
    layer.set_weights([RNG.normal(size=w.shape) for w in layer.weights])
    weights = [np.asarray(w, "float64") for w in layer.get_weights()]
    h = c = np.zeros((2, 4))
    for t, expected in enumerate(np.moveaxis(array(layer(x)), 1, 0)):
        h, c = lm.lstm_step(x[:, t], h, c, *weights)
        np.testing.assert_allclose(h, expected, atol=1e-5)


@pytest.mark.parametrize("config", [GRU, LSTM])
def test_two_halves_with_the_state_carried_equal_one_pass(config):
    model = lm.RecurrentLM(config)
    ids = TEXT[:20].reshape(2, 10)
    whole, end = model.run(ids, model.zero_state(2))
    left, state = model.run(ids[:, :4], model.zero_state(2))
    right, after = model.run(ids[:, 4:], state)
    np.testing.assert_allclose(np.hstack([array(left), array(right)]), array(whole), atol=1e-6)
    for one, other in zip(chain(*end), chain(*after), strict=True):
        np.testing.assert_allclose(array(one), array(other), atol=1e-6)


@pytest.mark.parametrize("config", [GRU, LSTM])
def test_training_carries_the_state_from_batch_to_batch_and_starts_over_when_told(config):
    model = lm.RecurrentLM(config)
    trained = lm.TruncatedBPTT(model, batch_size=2)
    ids = TEXT[:20].reshape(2, 10)
    parts = [array(trained((ids[:, i : i + 5], np.ones(2)))) for i in (0, 5)]
    np.testing.assert_allclose(np.hstack(parts), array(model(ids)), atol=1e-6)
    over = array(trained((ids[:, 5:], np.array([1.0, 0.0]))))
    fresh = array(model(ids[:, 5:]))
    np.testing.assert_allclose(over[1], fresh[1], atol=1e-6)
    assert np.abs(over[0] - fresh[0]).max() > 1e-4


def test_streams_go_on_where_the_batch_before_stopped():
    texts = [np.arange(3, 10), np.arange(3, 10)]  # with <s>: 1 3 … 9 1 3 … 9
    config = lm.RecurrentConfig(12, context_length=2)
    batch = lm.stream_batches(texts, config, batch_size=3)
    # 16 ids, so 15 to predict: 3 streams of 2 batches of 2; the last 3 do not fill another batch
    (first, keep), targets = batch(0)
    (second, keep_second), _ = batch(1)
    assert first.tolist() == [[1, 3], [6, 7], [1, 3]]
    assert targets.tolist() == [[3, 4], [7, 8], [3, 4]]
    assert second.tolist() == [[4, 5], [8, 9], [4, 5]]
    assert keep.tolist() == [0, 0, 0]
    assert keep_second.tolist() == [1, 1, 1]
    (again, keep_again), _ = batch(2)  # the next epoch begins over, with an empty state
    assert again.tolist() == first.tolist()
    assert keep_again.tolist() == [0, 0, 0]


def test_pieces_with_enough_overlap_score_as_the_whole_text_does():
    model = lm.RecurrentLM(GRU)
    whole = model.token_log_probs(TEXT[:100])
    pieces = model.token_log_probs(TEXT[:100], stride=30, overlap=70)
    np.testing.assert_allclose(pieces, whole, atol=1e-5)
    # without overlap the pieces after the first do not know what came before
    blind = model.token_log_probs(TEXT[:100], stride=30, overlap=0)
    np.testing.assert_allclose(blind[:30], whole[:30], atol=1e-5)
    assert np.abs(blind[30:] - whole[30:]).max() > 1e-4


@pytest.mark.slow
def test_an_interrupted_run_finds_its_state_again(tmp_path):
    config = dataclasses.replace(GRU, num_layers=1)

    def run(steps: list[int], resume=None) -> np.ndarray:
        for upto in steps:
            training.seed(4)
            trained = lm.TruncatedBPTT(lm.RecurrentLM(config), batch_size=4)
            trained.compile(keras.optimizers.Adam(0.01), CROSS_ENTROPY)
            batch = lm.stream_batches([TEXT], config, 4)
            training.fit(trained, batch, upto, every=5, resume=resume)
        return np.concatenate([array(v).ravel() for v in trained.variables])

    np.testing.assert_array_equal(run([5, 10], tmp_path / "state.npz"), run([10]))


# --- what holds for every language model ---------------------------------------------------------


@pytest.mark.parametrize("which", range(4))
def test_step_by_step_probabilities_sum_to_one_and_equal_the_score_of_the_text(which):
    model = language_models()[which]
    ids = TEXT[:12]
    state, scores = model.start(1), []
    for read, following in zip([1, *ids[:-1]], ids, strict=True):
        log_probs, state = model.step(np.array([read]), state)
        assert np.exp(log_probs).sum() == pytest.approx(1, abs=1e-12)
        scores.append(log_probs[0, following])
    np.testing.assert_allclose(model.token_log_probs(ids), scores, atol=1e-5)


@pytest.mark.parametrize("which", range(4))
def test_the_future_never_changes_the_past(which):
    model = language_models()[which]
    ids = TEXT[:12]
    changed = np.append(ids[:-4], (ids[-4:] - 2) % 9 + 3)
    assert (changed != ids).any()
    before, after = model.token_log_probs(ids), model.token_log_probs(changed)
    np.testing.assert_allclose(before[:-4], after[:-4], atol=1e-6)
    assert np.abs(before[-4:] - after[-4:]).max() > 1e-4


def trainable() -> dict:
    """Every model with its batches."""
    counts = lm.word_counts([TEXT], 12)
    vectors = lm.VectorConfig(12, d_model=4, window=2)
    cases = {
        "skip-gram": (lm.SkipGram(vectors), lm.skip_gram_batches([TEXT], counts, vectors, 32)),
        "cbow": (lm.CBOW(vectors), lm.cbow_batches([TEXT], counts, vectors, 32)),
    }
    for name, model in zip(("plain", "direct", "gru", "lstm"), language_models(), strict=True):
        if isinstance(model, lm.FeedForwardLM):
            cases[name] = (model, lm.window_batches([TEXT], model.config, 16))
        else:
            batch = lm.stream_batches([TEXT], model.config, 4)
            cases[name] = (lm.TruncatedBPTT(model, 4), batch)
    return cases


@pytest.mark.parametrize("name", ["skip-gram", "cbow", "plain", "direct", "gru", "lstm"])
def test_every_weight_has_a_gradient(name):
    model, batch = trainable()[name]
    loss = lm.negative_sampling_loss if name in ("skip-gram", "cbow") else CROSS_ENTROPY
    model.compile(keras.optimizers.SGD(0.1), loss)
    before = [array(weight) for weight in model.trainable_variables]
    training.fit(model, batch, 2)  # two steps: with u = 0 at first, v moves at the second
    assert before
    for weight, old in zip(model.trainable_variables, before, strict=True):
        assert np.abs(array(weight) - old).max() > 0, f"{weight.path} did not move"


@pytest.mark.parametrize("name", ["plain", "gru"])
def test_a_model_learns_to_spell(name):
    vocabulary = Vocabulary("abc")
    ids = vocabulary.ids("abcacb" * 50)  # after c comes a or b: two characters decide, not one
    training.seed(0)
    if name == "plain":
        config = lm.FeedForwardConfig(6, context_length=2, d_model=8, d_ff=16)
        model = trained = lm.FeedForwardLM(config)
        batch = lm.window_batches([ids], config, 32)
    else:
        config = lm.RecurrentConfig(6, context_length=10, d_model=16)
        model = lm.RecurrentLM(config)
        trained = lm.TruncatedBPTT(model, 4)
        batch = lm.stream_batches([ids], config, 4)
    trained.compile(keras.optimizers.Adam(0.03), CROSS_ENTROPY)
    training.fit(trained, batch, 100)
    drawn = lm.sample(model, vocabulary.ids("abcacb"), 12, temperature=0.2)
    assert "".join(vocabulary.tokens(drawn)) == "abcacbabcacb"
    assert model.token_log_probs(ids[:60])[2:].mean() > -0.1


@pytest.mark.parametrize("which", range(4))
def test_a_saved_model_comes_back_equal(which, tmp_path):
    model = language_models()[which]
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert again.config == model.config
    np.testing.assert_array_equal(again.token_log_probs(TEXT[:9]), model.token_log_probs(TEXT[:9]))


# --- mixing layers -------------------------------------------------------------------------------


def test_scalar_mix_by_hand():
    # softmax(0, log 3) = (¼, ¾); 2 · (¼ · (2, 0) + ¾ · (4, 8)) = 2 · (3.5, 6) = (7, 12)
    layers = [np.array([2.0, 0.0]), np.array([4.0, 8.0])]
    mixed = lm.scalar_mix(layers, np.array([0.0, math.log(3)]), gamma=2.0)
    np.testing.assert_allclose(array(mixed), [7, 12], rtol=1e-6)
    np.testing.assert_allclose(array(lm.scalar_mix([[2], [4]], [0, 0])), [3])  # whole numbers too


def test_the_mixing_layer_begins_with_the_mean_and_learns_which_layer_to_take():
    model = lm.RecurrentLM(GRU)
    layers = model.layer_outputs(TEXT[:40].reshape(4, 10))
    assert len(layers) == 3  # word vectors and two recurrent layers
    mix = lm.ScalarMix()
    mean = np.mean([array(layer) for layer in layers], axis=0)
    np.testing.assert_allclose(array(mix(layers)), mean, atol=1e-6)

    inputs = [keras.Input(layer.shape[1:]) for layer in layers]
    probe = keras.Model(inputs, mix(inputs))
    probe.compile(keras.optimizers.Adam(0.1), "mse")
    arrays = [array(layer) for layer in layers]
    for _ in range(60):
        probe.train_on_batch(arrays, arrays[1])
    weights = array(ops.softmax(mix.mix_weights))
    assert weights.argmax() == 1
    assert weights[1] > 0.8


def test_the_mix_is_learnt_when_a_model_around_it_is_compiled():
    # The target is the second layer alone: its share must grow from one half.
    rows = np.random.default_rng(0).normal(size=(2, 64, 3)).astype("float32")
    inputs = [keras.Input((3,)) for _ in rows]
    mix = lm.ScalarMix()
    model = keras.Model(inputs, mix(inputs))
    model.compile(keras.optimizers.Adam(0.1), "mse")
    training.fit(model, lambda step: (tuple(rows), rows[1]), 50)
    w = np.asarray(mix.mix_weights)
    assert np.exp(w[1]) / np.exp(w).sum() > 0.8


# --- bad input -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "action, message",
    [
        (lambda: lm.RecurrentConfig(9, cell="rnn"), "'gru' or 'lstm'"),
        (lambda: lm.RecurrentConfig(9, dropout=1.0), "below 1"),
        (lambda: lm.FeedForwardLM(GRU), "takes a FeedForwardConfig"),
        (lambda: lm.scalar_mix(np.ones((2, 3)), np.ones(3)), "3 weights|one weight for each"),
        (lambda: lm.scalar_mix([np.ones(2), np.ones(3)], np.ones(2)), "only one shape"),
        (lambda: lm.FeedForwardLM(FEED_FORWARD)(np.zeros((4, 6), int)), "this model reads 3"),
        (lambda: lm.context_windows([], 2, 9), "at least one"),
        (lambda: lm.context_windows([3, 9], 2, 9), "id 9 is outside"),
        (lambda: lm.stream_batches([TEXT], GRU, 999), "fewer streams"),
        (lambda: lm.sample(lm.FeedForwardLM(FEED_FORWARD), temperature=0), "temperature is 0"),
    ],
)
def test_bad_input_gets_a_clear_error(action, message):
    with pytest.raises(ValueError, match=message):
        action()


def test_presets_are_frozen_and_the_tiny_ones_build():
    for kind, model in (
        ("vectors", lm.SkipGram),
        ("feed_forward", lm.FeedForwardLM),
        ("recurrent", lm.RecurrentLM),
    ):
        config = lm.PRESETS[kind]["tiny"]
        assert model(config).count_params() > 0
        with pytest.raises(dataclasses.FrozenInstanceError):
            config.vocab_size = 3
