"""The Transformer against hand calculations, Keras, KerasHub, and its own laws."""

import dataclasses
import math
from functools import partial

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from companion import backend, training
from companion.attention import causal_mask, padding_mask, sinusoidal_positions
from companion.transformer import (
    PRESETS,
    Decoder,
    Encoder,
    FeedForward,
    LayerNorm,
    Noam,
    RMSNorm,
    SmoothedCrossEntropy,
    Transformer,
    TransformerBlock,
    TransformerConfig,
    gelu_tanh,
    greedy,
    layer_norm,
    shift_right,
    start_from_neighbours,
)

# Keras 3.15 reads its own variables in a way that NumPy 2.4 deprecates (JAX; files of weights).
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

SMALL = TransformerConfig(
    vocab_size=11, context_length=9, d_model=8, num_layers=2, num_heads=2, d_ff=12, dropout=0.0
)
SHAPES = [  # batch, target, source, heads, key width, d_ff
    (1, 1, 1, 1, 2, 3),
    (2, 5, 3, 2, 4, 16),
    (3, 4, 7, 4, 2, 5),
]
START, END = 1, 2


def array(x):
    return ops.convert_to_numpy(x)


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def randomise(layer, seed=0, scale=0.5):
    """Random numbers in every weight: zeros and ones would hide one that is left out."""
    rng = np.random.default_rng(seed)
    for weight in layer.trainable_weights:
        weight.assign(rng.normal(size=weight.shape) * scale)
    return layer


def transformer(config=SMALL, seed=0, **changes):
    training.seed(seed)
    return Transformer(dataclasses.replace(config, **changes))


def random_ids(*shape, seed=0, vocab_size=SMALL.vocab_size):
    return np.random.default_rng(seed).integers(3, vocab_size, shape).astype("int32")


# Norms


def test_layer_norm_by_hand():
    # mean 2, variance ((−1)² + 0 + 1²)/3 = 2/3, so (−1, 0, 1)·√1.5 = (−1.2247, 0, 1.2247);
    # times the gain (2, 2, 1) plus the offset (1, 0, 0).
    found = array(layer_norm([[1.0, 2.0, 3.0]], np.array([2.0, 2, 1]), np.array([1.0, 0, 0]), 0.0))
    np.testing.assert_allclose(found, [[1 - 2 * 1.224745, 0, 1.224745]], rtol=1e-5)


def test_rms_norm_by_hand():
    # The mean square of (3, 4) is 12.5, its root 3.5355: (0.8485, 1.1314).
    found = array(RMSNorm(epsilon=0.0)(np.array([[3.0, 4.0]], "float32")))
    np.testing.assert_allclose(found, [[0.848528, 1.131371]], rtol=1e-5)


def test_the_norm_of_whole_numbers_is_not_cut_back_to_whole_numbers():
    # (1, 4, 7): mean 4, variance 6, so (−3, 0, 3)/√6; mean square 22, so (1, 4, 7)/√22.
    for x in (np.array([1, 4, 7]), [1, 4, 7]):
        found = array(layer_norm(x, np.ones(3), np.zeros(3), 0.0))
        np.testing.assert_allclose(found, [-1.224745, 0, 1.224745], rtol=1e-5)
    found = array(LayerNorm(epsilon=0.0)(np.array([[1, 4, 7]])))
    np.testing.assert_allclose(found, [[-1.224745, 0, 1.224745]], rtol=1e-5)
    found = array(RMSNorm(epsilon=0.0)(np.array([[1, 4, 7]])))
    np.testing.assert_allclose(found, [[0.213201, 0.852803, 1.492405]], rtol=1e-5)


@settings(deadline=None, max_examples=20)
@given(
    shape=st.lists(st.integers(1, 5), min_size=1, max_size=3),
    width=st.integers(2, 9),
    scale=st.sampled_from([1e-3, 1.0, 1e3]),
    seed=st.integers(0, 99),
)
def test_norms_equal_keras_layers(shape, width, scale, seed):
    x = normal(*shape, width, seed=seed) * scale
    # Numbers that hardly differ share their first digits, and float32 has seven: −72.688 and
    # −72.676 leave four to the norm, whoever computes it.
    lost = 2e-7 * np.abs(x).max(-1, keepdims=True) / np.sqrt(x.var(-1, keepdims=True) + 1e-5)
    pairs = [
        (LayerNorm(1e-5), keras.layers.LayerNormalization(epsilon=1e-5)),
        (RMSNorm(1e-6), keras.layers.RMSNormalization(epsilon=1e-6)),
    ]
    for ours, theirs in pairs:
        ours.build(x.shape)
        theirs.build(x.shape)
        randomise(ours, seed)
        theirs.set_weights(ours.get_weights())
        found, expected = array(ours(x)), array(theirs(x))
        assert (np.abs(found - expected) <= 1e-5 * (1 + np.abs(expected)) + lost).all()


def test_a_step_of_gradient_descent_through_our_norm_equals_one_through_keras_norm():
    # The derivative of the norm is written out, so that it has to be checked on its own: after a
    # step, the weights before it (through ∂x) and its own (∂gain, ∂offset) are the same.
    x, y = normal(6, 5, seed=1), normal(6, 4, seed=2)
    start = [normal(5, 4, seed=3), normal(4, seed=4), normal(4, seed=5), normal(4, seed=6)]
    found = []
    for norm in (LayerNorm(1e-5), keras.layers.LayerNormalization(epsilon=1e-5)):
        model = keras.Sequential([keras.Input((5,)), keras.layers.Dense(4), norm])
        model.set_weights(start)
        model.compile(keras.optimizers.SGD(0.1), "mse")
        model.fit(x, y, batch_size=6, epochs=3, verbose=0)
        found.append(model.get_weights())
    for ours, theirs, before in zip(*found, start, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)
        assert np.abs(ours - before).max() > 1e-3


def test_a_norm_in_float16_is_computed_in_float32():
    # The square of 300 is above float16's largest number, 65,504.
    x = np.array([[300.0, -300.0, 300.0, -300.0]], "float16")
    found = array(LayerNorm(dtype="float16")(x))
    np.testing.assert_allclose(found, [[1, -1, 1, -1]], atol=1e-3)


# Feed-forward


def test_feed_forward_by_hand():
    layer = FeedForward(2, 3)
    layer.build((None, None, 2))
    up, down = np.array([[1.0, 0, -1], [0, 1, 0]]), np.array([[1.0, 0], [0, 1], [5, 5]])
    layer.set_weights([up, np.array([0.0, -1, 0]), down, np.array([0.5, 0.0])])
    # (2, 3)·W₁ + b₁ = (2, 3 − 1, −2) → (2, 2, 0); ·W₂ + b₂ = (2 + 0.5, 2).
    np.testing.assert_allclose(array(layer(np.array([[[2.0, 3.0]]]))), [[[2.5, 2.0]]])


def test_feed_forward_treats_each_position_alone():
    layer, x = FeedForward(4, 8, "gelu"), normal(2, 5, 4)
    order = [3, 0, 4, 1, 2]
    np.testing.assert_allclose(array(layer(x))[:, order], array(layer(x[:, order])), atol=1e-6)


def test_gpt2s_gelu_by_its_formula():
    x = np.linspace(-3, 3, 13).astype("float32")
    by_hand = 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
    np.testing.assert_allclose(array(gelu_tanh(x)), by_hand, atol=1e-6)


# Blocks


@pytest.mark.parametrize("kind", ["layer", "rms"])
def test_a_block_is_its_equation(kind):
    x, source = normal(2, 5, 8, seed=1), normal(2, 3, 8, seed=2)
    for norm in ("pre", "post"):
        block = TransformerBlock(8, 2, 12, norm=norm, kind=kind, cross_attention=True)
        block.build(x.shape, source.shape)
        randomise(block)
        mask = causal_mask(5)
        sublayers = [
            (block.attention_norm, partial(block.attention, attention_mask=mask)),
            (block.cross_norm, partial(block.cross_attention, source=source)),
            (block.feed_forward_norm, block.feed_forward),
        ]
        expected = ops.convert_to_tensor(x)
        for normed, sublayer in sublayers:
            if norm == "pre":
                expected = expected + sublayer(normed(expected))
            else:
                expected = normed(expected + sublayer(expected))
        found = block(x, source, attention_mask=mask)
        np.testing.assert_allclose(array(found), array(expected), atol=1e-5)


def to_keras_attention(ours, theirs):
    """The weights of our attention layer in Keras' (and KerasHub's), heads split off."""
    heads, width = ours.num_heads, ours.key_dim
    for name in ("query", "key", "value"):
        dense = getattr(ours, f"{name}_projection")
        kernel = array(dense.kernel).reshape(-1, heads, width)
        getattr(theirs, f"_{name}_dense").set_weights(
            [kernel, array(dense.bias).reshape(heads, width)]
        )
    kernel = array(ours.output_projection.kernel).reshape(heads, width, -1)
    theirs._output_dense.set_weights([kernel, array(ours.output_projection.bias)])


def to_hub_block(ours, theirs):
    """The weights of our block in KerasHub's encoder or decoder layer."""
    to_keras_attention(ours.attention, theirs._self_attention_layer)
    theirs._self_attention_layer_norm.set_weights(ours.attention_norm.get_weights())
    if ours.cross_attention is not None:
        to_keras_attention(ours.cross_attention, theirs._cross_attention_layer)
        theirs._cross_attention_layer_norm.set_weights(ours.cross_norm.get_weights())
    theirs._feedforward_intermediate_dense.set_weights(ours.feed_forward.up.get_weights())
    theirs._feedforward_output_dense.set_weights(ours.feed_forward.down.get_weights())
    theirs._feedforward_layer_norm.set_weights(ours.feed_forward_norm.get_weights())


def hub_block(ours, x, source=None, causal=True):
    """A KerasHub layer with the same numbers as our block."""
    import keras_hub

    options = {
        "intermediate_dim": ours.feed_forward.d_ff,
        "num_heads": ours.attention.num_heads,
        "activation": ours.feed_forward.activation,
        "layer_norm_epsilon": ours.epsilon,
        "normalize_first": ours.norm == "pre",
    }
    if not causal:
        theirs = keras_hub.layers.TransformerEncoder(**options)
        theirs.build(x.shape)
    else:
        theirs = keras_hub.layers.TransformerDecoder(**options)
        theirs.build(x.shape, None if source is None else source.shape)
    to_hub_block(ours, theirs)
    return theirs


@pytest.mark.parametrize("norm", ["pre", "post"])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_block_equals_keras_hubs_encoder_layer(shape, norm):
    batch, length, _, heads, width, d_ff = shape
    x = normal(batch, length, heads * width)
    block = TransformerBlock(heads * width, heads, d_ff, norm=norm, activation="gelu")
    block.build(x.shape)
    theirs = hub_block(randomise(block), x, causal=False)
    ids = np.random.default_rng(5).integers(0, 2, (batch, length))
    ids[:, 0] = 1  # at least one token a row: KerasHub's fully masked rows are another convention
    for kept in (np.ones_like(ids), ids):
        found = block(x, attention_mask=padding_mask(kept))
        expected = theirs(x, padding_mask=kept.astype(bool))
        np.testing.assert_allclose(array(found), array(expected), atol=1e-5)


@pytest.mark.parametrize("norm", ["pre", "post"])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_block_equals_keras_hubs_decoder_layer(shape, norm):
    batch, target, length, heads, width, d_ff = shape
    x, memory = normal(batch, target, heads * width), normal(batch, length, heads * width, seed=1)
    for source in (None, memory):
        cross = source is not None
        block = TransformerBlock(heads * width, heads, d_ff, norm=norm, cross_attention=cross)
        block.build(x.shape, memory.shape)
        theirs = hub_block(randomise(block), x, source)
        found = block(x, source, attention_mask=causal_mask(target))
        expected = theirs(x) if source is None else theirs(x, source)
        np.testing.assert_allclose(array(found), array(expected), atol=1e-5)


def test_a_block_shares_keys_and_values_among_heads_as_the_attention_does():
    x = normal(2, 4, 8)
    block = TransformerBlock(8, 4, 16, num_kv_heads=2, rotary=True)
    block(x)
    assert tuple(block.attention.key_projection.kernel.shape) == (8, 4)
    assert TransformerBlock.from_config(block.get_config()).get_config() == block.get_config()


def test_a_cross_attention_without_a_source_would_see_the_future_and_is_refused():
    x, source = normal(1, 4, 8), normal(1, 3, 8, seed=1)
    for layer in (TransformerBlock(8, 2, 16, cross_attention=True), built(Decoder(SMALL))):
        with pytest.raises(ValueError, match="cross_attention=True and no source"):
            layer(x, attention_mask=causal_mask(4))
    with pytest.raises(ValueError, match="a source, and cross_attention=False"):
        TransformerBlock(8, 2, 16)(x, source=source)


def test_a_wrong_place_or_kind_of_norm_is_named():
    with pytest.raises(ValueError, match="middle"):
        TransformerBlock(8, 2, 16, norm="middle")
    with pytest.raises(ValueError, match="batch"):
        TransformerBlock(8, 2, 16, kind="batch")


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("norm", ["pre", "post"])
def test_a_block_of_half_precision_stays_finite_at_scores_of_ten_thousand(dtype, norm):
    block = TransformerBlock(8, 2, 16, norm=norm, dtype=dtype)
    x = normal(2, 6, 8)
    block.build(x.shape)
    for projection in (block.attention.query_projection, block.attention.key_projection):
        projection.kernel.assign(np.eye(8) * 100)  # 100 · 100 · |x|²: scores of about 1e4
    found = block(ops.cast(x, dtype), attention_mask=causal_mask(6))
    assert np.isfinite(array(ops.cast(found, "float32"))).all()


# Encoder, decoder, and both


def hub_transformer(model, source, target):
    """The whole model once more, from KerasHub's layers and Keras' operations."""
    config = model.config
    table = array(model.embedding.embeddings)
    waves = sinusoidal_positions(config.context_length, config.d_model)

    def embed(ids):
        return table[ids] * math.sqrt(config.d_model) + waves[: ids.shape[1]]

    def normed(stack, x):
        if stack.final_norm is None:
            return x
        norm = keras.layers.LayerNormalization(epsilon=1e-5)
        norm.build(x.shape)
        norm.set_weights(stack.final_norm.get_weights())
        return norm(x)

    memory = embed(source)
    for block in model.encoder.blocks:
        layer = hub_block(block, memory, causal=False)
        memory = layer(memory, padding_mask=source != 0)
    memory = normed(model.encoder, memory)
    x = embed(target)
    for block in model.decoder.blocks:
        layer = hub_block(block, x, memory)
        x = layer(x, memory, decoder_padding_mask=target != 0, encoder_padding_mask=source != 0)
    return array(normed(model.decoder, x)) @ table.T


def test_encoder_and_decoder_build_themselves_when_they_are_called():
    x, source = normal(1, 4, 8), normal(1, 3, 8, seed=1)
    encoder, decoder = Encoder(SMALL), Decoder(SMALL)
    memory = encoder(source)
    for found in (decoder(x, memory), decoder(x, memory=memory)):
        assert tuple(found.shape) == (1, 4, 8)
    for stack in (encoder, decoder):
        again = built(type(stack)(SMALL))
        assert [w.shape for w in stack.weights] == [w.shape for w in again.weights]


@pytest.mark.parametrize("norm", ["pre", "post"])
@pytest.mark.parametrize("seed", [0, 1])
def test_the_whole_model_equals_one_of_keras_hubs_layers(norm, seed):
    model = randomise(transformer(norm=norm), seed, scale=0.3)
    source, target = random_ids(3, 7, seed=seed), random_ids(3, 5, seed=seed + 9)
    source[1, 4:], target[2, 3:] = 0, 0
    found = array(model((source, target)))
    real = target != 0  # behind the end of a target nobody looks
    np.testing.assert_allclose(
        found[real], hub_transformer(model, source, target)[real], atol=1e-5, rtol=1e-5
    )


def test_the_future_never_changes_the_past():
    model = transformer()
    source, target = random_ids(2, 6), random_ids(2, 8, seed=1)
    before = array(model((source, target)))
    for t in range(1, 8):
        other = target.copy()
        other[:, t:] = random_ids(2, 8 - t, seed=t + 50)
        np.testing.assert_allclose(array(model((source, other)))[:, :t], before[:, :t], atol=1e-6)


def test_padding_never_changes_the_rest():
    model = transformer()
    source, target = random_ids(2, 4), random_ids(2, 5, seed=1)
    longer = [np.pad(ids, ((0, 0), (0, 3))) for ids in (source, target)]
    before = array(model((source, target)))
    np.testing.assert_allclose(array(model(longer))[:, :5], before, atol=1e-5)


def test_a_row_of_padding_only_is_finite():
    model = transformer()
    source, target = random_ids(2, 4), random_ids(2, 5, seed=1)
    source[0], target[0] = 0, 0
    assert np.isfinite(array(model((source, target)))).all()


def test_an_encoder_without_positions_is_equivariant_to_permutation():
    encoder, x = randomise(built(Encoder(SMALL)), scale=0.3), normal(2, 6, 8)
    order = [4, 1, 5, 0, 2, 3]
    np.testing.assert_allclose(array(encoder(x))[:, order], array(encoder(x[:, order])), atol=1e-5)


def built(stack):
    stack.build((None, None, SMALL.d_model))
    return stack


@pytest.mark.parametrize("norm", ["pre", "post"])
def test_the_gradient_reaches_every_weight(norm):
    model = transformer(norm=norm)
    before = [array(w) for w in model.trainable_weights]
    source, target = random_ids(4, 6), random_ids(4, 5, seed=1)
    model.compile(keras.optimizers.SGD(1.0), SmoothedCrossEntropy())
    batch = ((source, shift_right(target, START)), target)
    training.fit(model, lambda step: batch, 1)
    still = [
        w.path
        for w, old in zip(model.trainable_weights, before, strict=True)
        if np.array_equal(array(w), old)
    ]
    # Adding one number to all keys changes no softmax: the key's bias has no gradient, ever.
    assert all(path.endswith("key/bias") for path in still), still


@pytest.mark.parametrize("norm", ["pre", "post"])
def test_decoding_step_by_step_equals_decoding_at_once(norm):
    model = transformer(norm=norm)
    source, target = random_ids(3, 6), random_ids(3, 7, seed=1)
    source[1, 3:] = 0
    mask, memory = padding_mask(source), model.encode(source)
    at_once = array(model.decode(target, memory, mask))
    cache = model.decoder.start_cache(memory, 7)
    for t in range(7):
        logits, cache = model.step(target[:, t : t + 1], mask, cache, t)
        np.testing.assert_allclose(array(logits), at_once[:, t], atol=1e-5)


def test_cross_attention_weights_are_distributions_over_the_real_source():
    model = transformer()
    source, target = random_ids(2, 6), random_ids(2, 4, seed=1)
    source[0, 4:] = 0
    memory = model.encode(source)
    _, weights = model.decode(target, memory, padding_mask(source), return_weights=True)
    assert len(weights) == SMALL.num_layers
    for layer in map(array, weights):
        assert layer.shape == (2, SMALL.num_heads, 4, 6)
        np.testing.assert_allclose(layer.sum(-1), 1, atol=1e-6)
        assert (layer[0, :, :, 4:] == 0).all()


def test_parameters_of_the_papers_base_model_by_hand():
    # With biases and norms, one table of 37,000 × 512 = 18,944,000:
    # attention 4·(512² + 512) = 1,050,624; feed-forward 2·512·2048 + 2048 + 512 = 2,099,712;
    # norm 1,024. Encoder block 1,050,624 + 2,099,712 + 2·1,024 = 3,152,384; decoder block
    # 2·1,050,624 + 2,099,712 + 3·1,024 = 4,204,032. 6·(3,152,384 + 4,204,032) = 44,138,496.
    # The paper's table 3 says 65 · 10⁶.
    assert Transformer(PRESETS["base"]).count_params() == 18_944_000 + 44_138_496


def test_a_model_is_rebuilt_from_its_config():
    model = transformer(norm="pre")
    again = Transformer.from_config(model.get_config())
    assert again.config == model.config
    again.set_weights(model.get_weights())
    inputs = random_ids(2, 4), random_ids(2, 3, seed=1)
    np.testing.assert_array_equal(array(model(inputs)), array(again(inputs)))
    stack = Decoder.from_config(built(Decoder(SMALL)).get_config())
    assert stack.config == SMALL


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"d_model": 9}, "9 does not divide into 2"),
        ({"num_layers": 0}, "num_layers is 0"),
        ({"dropout": 1.0}, "dropout is 1.0"),
        ({"norm": "both"}, "'both'"),
    ],
)
def test_a_config_that_fits_no_model_is_named(change, named):
    with pytest.raises(ValueError, match=named):
        dataclasses.replace(SMALL, **change)


def test_a_text_past_the_context_is_named():
    with pytest.raises(ValueError, match="10 positions, and context_length is 9"):
        transformer()((random_ids(1, 10), random_ids(1, 3)))
    with pytest.raises(ValueError, match="11 positions, and context_length is 9"):
        transformer().embed(random_ids(1, 3), position=np.int64(8))


# Learning


def test_shift_right_shows_what_came_before():
    target = np.array([[5, 6, 2], [7, 2, 0]])
    kept = target.copy()
    np.testing.assert_array_equal(shift_right(target, START), [[1, 5, 6], [1, 7, 2]])
    np.testing.assert_array_equal(target, kept)
    with pytest.raises(ValueError, match=r"\(3,\)"):
        shift_right([5, 6, 2], START)


def test_smoothed_cross_entropy_by_hand():
    # p = (1/2, 1/4, 1/4); the true token is 1; ε = 0.3: q = (0.1, 0.8, 0.1).
    # −(0.1·ln ½ + 0.8·ln ¼ + 0.1·ln ¼) = 0.1·0.6931 + 0.9·1.3863 = 1.3170; padding adds nothing.
    logits = np.log([[[0.5, 0.25, 0.25], [0.1, 0.1, 0.8]]]).astype("float32")
    found = array(SmoothedCrossEntropy(0.3)(np.array([[1, 0]]), logits))
    assert found == pytest.approx(0.1 * math.log(2) + 0.9 * math.log(4), abs=1e-6)


@settings(deadline=None, max_examples=10)
@given(smoothing=st.floats(0, 0.9), seed=st.integers(0, 99))
def test_smoothed_cross_entropy_equals_keras_on_a_batch_without_padding(smoothing, seed):
    labels, logits = random_ids(3, 4, seed=seed), normal(3, 4, 11, seed=seed)
    theirs = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=smoothing)
    expected = float(theirs(np.eye(11, dtype="float32")[labels], logits))
    assert float(SmoothedCrossEntropy(smoothing)(labels, logits)) == pytest.approx(expected, 1e-5)


def test_the_schedule_by_hand():
    # 512^−½ = 0.0441942. Step 1 of 4000: 0.0441942·4000^−1.5 = 1.7469e-7; the peak, at step 4000,
    # 0.0441942·4000^−½ = 6.9877e-4; four times later half of it.
    rate = Noam(512, 4000)
    assert float(rate(0)) == pytest.approx(1.7469e-7, rel=1e-4)
    assert float(rate(3999)) == pytest.approx(6.9877e-4, rel=1e-4)
    assert float(rate(15_999)) == pytest.approx(3.49386e-4, rel=1e-4)
    rates = [float(rate(step)) for step in range(0, 20_000, 37)]
    assert max(rates) <= 6.988e-4


# Decoding


def test_a_memorised_pair_is_decoded_and_a_batch_is_decoded_as_one_by_one():
    model = transformer(norm="pre", d_model=16, d_ff=32)
    source = np.array([[3, 4, 5, 0], [6, 7, 8, 9], [5, 3, 0, 0]], "int32")
    target = np.array([[5, 4, 3, 2], [9, 2, 0, 0], [3, 5, 2, 0]], "int32")
    model.compile(backend.Adam(0.01), SmoothedCrossEntropy(0.0))
    training.fit(model, lambda step: ((source, shift_right(target, START)), target), 80)
    wanted = [[5, 4, 3], [9], [3, 5]]
    assert greedy(model, source, start_id=START, end_id=END) == wanted
    one_by_one = [
        greedy(model, row[row != 0][None], start_id=START, end_id=END)[0] for row in source
    ]
    assert one_by_one == wanted
    assert greedy(model, source, start_id=START, end_id=END, max_length=2) == [[5, 4], [9], [3, 5]]
    with pytest.raises(ValueError, match="max_length is 10"):
        greedy(model, source, start_id=START, end_id=END, max_length=10)


@pytest.mark.slow  # two minutes on JAX; test_checkpoints kills such a run in every `make test`
def test_a_run_of_the_transformer_interrupted_and_resumed_ends_at_the_same_weights(tmp_path):
    source, target = random_ids(24, 6), random_ids(24, 5, seed=1)
    shuffled = training.shuffled(source, target, batch_size=8)

    def batch(step):
        chosen, wanted = shuffled(step)
        return (chosen, shift_right(wanted, START)), wanted

    def fresh():
        model = transformer(dropout=0.2)
        model.compile(backend.Adam(Noam(8, 10)), SmoothedCrossEntropy())
        return model

    whole, state = fresh(), tmp_path / "state.npz"
    training.fit(whole, batch, 6, every=2)
    training.fit(fresh(), batch, 4, every=2, resume=state)
    resumed = fresh()
    training.fit(resumed, batch, 6, every=2, resume=state)
    for ours, theirs in zip(resumed.get_weights(), whole.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


# Where a small one starts


def test_a_small_model_may_start_with_heads_that_look_at_the_neighbours():
    config = TransformerConfig(vocab_size=20, d_model=96, num_layers=1, num_heads=3, rotary=True)
    model = Transformer(config)
    start_from_neighbours(model)
    x = np.random.default_rng(0).normal(size=(4, 30, 96))
    _, source = model.encoder.blocks[0].attention(x, return_weights=True)
    mask = causal_mask(30)
    _, target = model.decoder.blocks[0].attention(x, attention_mask=mask, return_weights=True)
    source, target = (ops.convert_to_numpy(w).mean(axis=0) for w in (source, target))  # (H, T, T)
    # By chance a head gives each of 30 places 0.033.
    for weights, distances in ((source, (-1, 1, -2)), (target, (-1, -2))):
        for head, distance in zip(weights, distances, strict=False):
            shares = {k: np.diagonal(head, k).mean() for k in range(-4, 5)}
            assert max(shares, key=shares.get) == distance
            assert shares[distance] > 0.3


def test_heads_cannot_find_neighbours_by_biases_where_positions_do_not_turn():
    with pytest.raises(ValueError, match="rotary is False"):
        start_from_neighbours(Transformer(TransformerConfig(20, d_model=8, num_heads=2, d_ff=8)))
