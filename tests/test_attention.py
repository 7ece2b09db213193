"""Attention against hand calculations, against Keras and KerasHub, and against its own laws."""

import math

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from companion import backend
from companion.attention import (
    LearnedPositions,
    MultiHeadAttention,
    alibi,
    alibi_slopes,
    causal_mask,
    merge_heads,
    padding_mask,
    rotary,
    rotary_half_split,
    scaled_dot_product_attention,
    sinusoidal_positions,
    split_heads,
)

# Keras 3.15 reads its own variables in a way that NumPy 2.4 deprecates (JAX; files of weights).
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

SHAPES = [  # batch, target, source, heads, key width
    (1, 1, 1, 1, 1),
    (2, 5, 3, 2, 4),
    (3, 4, 7, 4, 2),
    (1, 9, 2, 3, 5),
]


def array(x):
    return ops.convert_to_numpy(x)


def normal(*shape, seed=0):
    return np.random.default_rng([seed, *shape]).normal(size=shape).astype("float32")


def randomised(layer, seed=1):
    """The layer with every weight random, biases too: zeros would hide a misplaced bias."""
    rng = np.random.default_rng(seed)
    # Columns of length one: outputs near one, so that 1e-5 is about float32's own error.
    weights = [rng.normal(size=w.shape) / math.sqrt(w.shape[0]) for w in layer.get_weights()]
    layer.set_weights(weights)
    return layer


def made(*args, width=None, **options):
    """A built layer with random weights."""
    layer = MultiHeadAttention(*args, **options)
    layer(normal(1, 2, width or layer.d_model))
    return randomised(layer)


# --- masks


def test_a_causal_mask_shows_itself_and_the_past():
    assert array(causal_mask(3)).tolist() == [
        [True, False, False],
        [True, True, False],
        [True, True, True],
    ]


def test_the_targets_are_the_last_of_a_longer_source_unless_a_position_is_given():
    # two targets in a source of four stand at 2 and 3
    assert array(causal_mask(2, 4)).tolist() == [[True] * 3 + [False], [True] * 4]
    assert array(causal_mask(1, 4, position=1)).tolist() == [[True, True, False, False]]


def test_lengths_may_be_numpy_numbers():
    assert array(causal_mask(np.int64(1), np.int64(3))).tolist() == [[True] * 3]
    assert array(alibi(2, np.int64(1), np.int64(3))).tolist() == array(alibi(2, 1, 3)).tolist()


def test_padding_is_hidden_from_every_target():
    mask = padding_mask(np.array([[5, 0, 7], [1, 2, 0]]))
    assert array(mask).tolist() == [[[True, False, True]], [[True, True, False]]]
    both = array(causal_mask(3) & mask)
    assert both[0].tolist() == [[True, False, False], [True, False, False], [True, False, True]]


# --- scaled dot products


def test_two_keys_by_hand():
    # scores 0 and 4·log 3, over √16: 0 and log 3; so weights 1/4 and 3/4, and 10/4 + 2·3/4 = 4
    query, key = np.zeros((1, 16)), np.zeros((2, 16))
    query[0, 0], key[1, 0] = 4, math.log(3)
    output, weights = scaled_dot_product_attention(query, key, np.array([[10.0], [2.0]]))
    assert array(weights) == pytest.approx(np.array([[0.25, 0.75]]))
    assert array(output) == pytest.approx(np.array([[4.0]]))


def test_whole_numbers_are_attended_to_like_others():
    x = [[1, 0], [1, 1], [0, 2]]
    output, weights = scaled_dot_product_attention(x, x, x)
    # row 2: products 0, 2, 4 over √2; e^0, e^1.4142, e^2.8284 = 1, 4.1133, 16.919 over 22.032
    assert array(weights)[2] == pytest.approx([0.0454, 0.1867, 0.7679], abs=1e-4)
    wanted = scaled_dot_product_attention(*[np.array(x, "float32")] * 3)
    for ours, theirs in zip((output, weights), wanted, strict=True):
        assert array(ours) == pytest.approx(array(theirs))


@pytest.mark.parametrize("shape", SHAPES)
def test_it_equals_keras_own_function(shape):
    batch, target, source, heads, width = shape
    query = normal(batch, target, heads, width)
    key, value = normal(2, batch, source, heads, width)
    mask = np.random.default_rng(0).random((batch, heads, target, source)) < 0.7
    mask[..., 0] = True  # the library's own answer for a row without any source is another
    wanted = ops.dot_product_attention(query, key, value, mask=mask)
    swapped = [np.swapaxes(x, 1, 2) for x in (query, key, value)]
    ours, _ = scaled_dot_product_attention(*swapped, mask)
    assert np.swapaxes(array(ours), 1, 2) == pytest.approx(array(wanted), abs=1e-5)


@settings(deadline=None, max_examples=10)
@given(st.integers(1, 4), st.integers(1, 6), st.integers(1, 6), st.integers(1, 5))
def test_weights_are_distributions_over_what_is_allowed(batch, target, source, width):
    query, (key, value) = normal(batch, target, width), normal(2, batch, source, width)
    mask = np.random.default_rng(width).random((batch, target, source)) < 0.5
    _, weights = scaled_dot_product_attention(query, key, value, mask)
    assert array(weights).sum(-1) == pytest.approx(np.ones((batch, target)), abs=1e-6)
    some = mask.any(-1)
    assert array(weights)[some][~mask[some]].sum() == 0


def test_a_fully_masked_row_gets_equal_weights_and_is_never_nan():
    x = normal(1, 3, 4)
    mask = np.array([[True, False, False], [False, False, False], [True, True, True]])
    output, weights = scaled_dot_product_attention(x, x, x, mask)
    assert array(weights)[0, 1] == pytest.approx([1 / 3] * 3)
    assert array(output)[0, 1] == pytest.approx(x[0].mean(0), abs=1e-6)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("masked", [False, True])
def test_half_precision_stays_finite_at_scores_of_ten_thousand(dtype, masked):
    # width 64: q·k = ±8e4 is beyond float16, the score ±8e4/√64 = ±1e4 is not
    query = ops.cast(np.full((1, 2, 64), 100.0), dtype)
    key = ops.cast(np.array([[[12.5], [-12.5], [0.0]]]) * np.ones(64), dtype)
    value = ops.cast(np.array([[[1.0], [2.0], [3.0]]]), dtype)
    mask = np.array([[False, True, True], [False] * 3]) if masked else None
    output, weights = scaled_dot_product_attention(query, key, value, mask)
    output, weights = (array(ops.cast(x, "float32")) for x in (output, weights))
    assert np.isfinite(output).all()
    if masked:
        assert output[0, 0, 0] == 3  # 0 beats −1e4
        assert weights[0, 1] == pytest.approx([1 / 3] * 3, abs=1e-2)
    else:
        assert output[0, :, 0].tolist() == [1, 1]


def test_a_bias_is_added_before_the_softmax():
    # equal scores; a bias of log 3 on the second makes 1 : 3
    x = np.zeros((2, 1))
    _, weights = scaled_dot_product_attention(x, x, x, score_bias=[[0, math.log(3)]])
    assert array(weights) == pytest.approx(np.array([[0.25, 0.75]] * 2))


# --- heads: equal to the library with the same weights


def into_keras(ours, theirs):
    """Copy our weights into a Keras layer: ours are (in, H·K), theirs (in, H, K)."""
    weights = []
    for part in ("query", "key", "value", "output"):
        dense = getattr(ours, f"{part}_projection")
        weights += dense.get_weights()
    theirs.set_weights([w.reshape(v.shape) for w, v in zip(weights, theirs.weights, strict=True)])


def keras_twin(ours, query, source):
    shared = ours.num_kv_heads != ours.num_heads
    theirs = (
        keras.layers.GroupQueryAttention(ours.key_dim, ours.num_heads, ours.num_kv_heads)
        if shared
        else keras.layers.MultiHeadAttention(ours.num_heads, ours.key_dim)
    )
    theirs.build(query.shape, source.shape)
    into_keras(ours, theirs)
    return theirs


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("masks", ["none", "causal", "padding", "causal and padding"])
@pytest.mark.parametrize("use", ["self", "cross", "grouped", "multi-query"])
def test_the_layer_equals_keras_layer_with_the_same_weights(use, masks, seed):
    rng = np.random.default_rng(seed)  # shapes of their own for each seed: JAX compiles each
    batch, target, source = rng.integers(1, 7, 3)
    # Keras 3.15.1's grouped layer is wrong for heads of width 1 when their number is the length.
    heads, width = int(rng.choice([2, 4, 6])), int(rng.integers(2, 9))
    groups = {"grouped": heads // 2, "multi-query": 1}.get(use, heads)
    ours = made(heads * width, heads, groups)
    x = normal(batch, target, heads * width, seed=seed)
    y = normal(batch, source, heads * width, seed=seed) if use == "cross" else x
    mask = np.ones((batch, target, y.shape[1]), bool)
    if "causal" in masks:
        mask &= np.tri(target, y.shape[1], dtype=bool)
    if "padding" in masks:
        mask &= np.arange(y.shape[1]) < rng.integers(1, y.shape[1] + 1, (batch, 1, 1))
    given = {} if masks == "none" else {"attention_mask": mask}
    wanted = keras_twin(ours, x, y)(x, y, **given)
    got = ours(x, source=y if use == "cross" else None, **given)
    assert np.abs(array(got) - array(wanted)).max() <= 1e-5


def test_the_weights_are_keras_attention_scores():
    x, ours = normal(2, 5, 8), made(8, 2)
    _, wanted = keras_twin(ours, x, x)(x, x, return_attention_scores=True)
    _, weights = ours(x, return_weights=True)
    assert array(weights) == pytest.approx(array(wanted), abs=1e-6)


def test_grouped_heads_are_full_heads_whose_keys_are_copies():
    grouped, full, x = made(8, 4, 2), made(8, 4), normal(2, 3, 8)
    for part in ("query", "output"):
        full_part, part = (getattr(m, f"{part}_projection") for m in (full, grouped))
        full_part.set_weights(part.get_weights())
    for name in ("key_projection", "value_projection"):
        kernel, bias = getattr(grouped, name).get_weights()
        # columns are heads of width 2: g₀ g₁ becomes g₀ g₀ g₁ g₁
        twice = [0, 1, 0, 1, 2, 3, 2, 3]
        getattr(full, name).set_weights([kernel[:, twice], bias[twice]])
    assert array(grouped(x)) == pytest.approx(array(full(x)), abs=1e-6)


def test_splitting_heads_keeps_each_heads_columns_together_and_merging_undoes_it():
    x = np.arange(12.0, dtype="float32").reshape(1, 2, 6)
    # time 0 is 0…5, time 1 is 6…11; head 1 of 3 has columns 2 and 3
    assert array(split_heads(x, 3))[0, 1].tolist() == [[2, 3], [8, 9]]
    assert array(merge_heads(split_heads(x, 3))).tolist() == x.tolist()


# --- heads: laws


@pytest.mark.parametrize("options", [{}, {"num_kv_heads": 1}, {"rotary": True}])
def test_the_future_never_changes_the_past(options):
    layer, x = made(8, 4, **options), normal(2, 6, 8)
    changed = x.copy()
    changed[:, 4:] += 10
    before, after = (array(layer(a, attention_mask=causal_mask(6))) for a in (x, changed))
    assert np.array_equal(before[:, :4], after[:, :4])
    assert not np.allclose(before[:, 4:], after[:, 4:])


def test_padding_never_changes_the_rest():
    layer, x = made(8, 2), normal(1, 4, 8)
    alone = array(layer(x))
    for seed in (1, 2):  # whatever stands in the padding
        padded = np.concatenate([x, 100 * normal(1, 3, 8, seed=seed)], axis=1)
        mask = padding_mask(np.array([[1, 1, 1, 1, 0, 0, 0]]))
        assert array(layer(padded, attention_mask=mask))[:, :4] == pytest.approx(alone, abs=1e-5)


def test_without_positions_attention_cannot_tell_the_order_of_the_words():
    x, order = normal(1, 5, 8), [3, 0, 4, 1, 2]
    layer, rotated = made(8, 2), made(8, 2, rotary=True)
    assert array(layer(x[:, order])) == pytest.approx(array(layer(x))[:, order], abs=1e-6)
    assert not np.allclose(array(rotated(x[:, order])), array(rotated(x))[:, order], atol=1e-3)


@pytest.mark.parametrize("options", [{}, {"num_kv_heads": 2}, {"rotary": True}])
def test_the_gradient_reaches_every_weight(options):
    # The derivative along a random direction of one weight alone, by central differences.
    layer, x = made(8, 4, **options), normal(2, 5, 8)
    goal = normal(2, 5, 8, seed=3)
    for variable in layer.trainable_weights:
        start, step = variable.numpy(), 0.1 * normal(*variable.shape, seed=4)
        losses = []
        for sign in (1, -1):
            variable.assign(start + sign * step)
            losses.append(float(np.sum(array(layer(x)) * goal)))
        variable.assign(start)
        if variable.path.endswith("key/bias") and not options.get("rotary"):
            # It adds the same to every score of a target, which a softmax does not see.
            assert losses[0] == pytest.approx(losses[1], abs=1e-3)
        else:
            assert abs(losses[0] - losses[1]) > 1e-2, variable.path


def test_dropout_acts_in_training_only():
    layer, x = made(8, 2, dropout=0.5), normal(1, 6, 8)
    assert np.array_equal(array(layer(x)), array(layer(x, training=False)))
    assert not np.allclose(array(layer(x)), array(layer(x, training=True)))


# --- the cache


@pytest.mark.parametrize("options", [{}, {"num_kv_heads": 2}, {"rotary": True}])
@pytest.mark.parametrize("pieces", [[1] * 6, [3, 1, 2], [6]])
def test_cached_equals_uncached(options, pieces):
    layer, x = made(8, 4, **options), normal(2, 6, 8)
    whole = array(layer(x, attention_mask=causal_mask(6)))
    cache, done, parts = layer.empty_cache(2, 9), 0, []
    for length in pieces:
        part, cache = layer(x[:, done : done + length], cache=cache, position=done)
        parts.append(array(part))
        done += length
    assert np.concatenate(parts, 1) == pytest.approx(whole, abs=1e-5)


def test_a_cached_step_compiles_with_the_position_as_a_tensor():
    layer, x = made(8, 2, rotary=True), normal(1, 4, 8)
    whole = array(layer(x, attention_mask=causal_mask(4)))
    step = backend.compile(lambda row, cache, t: layer(row, cache=cache, position=t))
    cache = layer.empty_cache(1, 5)
    for t in range(4):
        row = ops.convert_to_tensor(x[:, t : t + 1])
        output, cache = step(row, cache, ops.convert_to_tensor(t, "int32"))
        assert array(output)[:, 0] == pytest.approx(whole[:, t], abs=1e-5)


def test_a_mask_over_the_cache_hides_padding_in_front_of_a_short_prompt():
    layer, x = made(8, 2), normal(1, 3, 8)
    whole = array(layer(x, attention_mask=causal_mask(3)))
    padded = np.concatenate([normal(1, 2, 8, seed=5), x], axis=1)
    real = np.array([[[False, False, True, True, True]]])
    cached, _ = layer(padded, attention_mask=real, cache=layer.empty_cache(1, 5), position=0)
    assert array(cached)[:, 2:] == pytest.approx(whole, abs=1e-5)


def test_a_source_is_projected_once_and_read_by_every_target():
    layer, x, memory = made(8, 2), normal(2, 3, 8), normal(2, 5, 8, seed=6)
    wanted, weights = layer(x, source=memory, return_weights=True)
    cache = layer.keys_and_values(memory)
    got, same, after = layer(x, cache=cache, return_weights=True)
    assert array(got) == pytest.approx(array(wanted), abs=1e-6)
    assert array(same) == pytest.approx(array(weights), abs=1e-6)
    assert all(np.array_equal(array(a), array(b)) for a, b in zip(cache, after, strict=True))


# --- positions


def test_the_first_sinusoids_by_hand():
    # width 4: speeds 1 and 10000^(-2/4) = 1/100
    p = sinusoidal_positions(3, 4)
    assert p[0].tolist() == [0, 1, 0, 1]
    wanted = [math.sin(2), math.cos(2), math.sin(0.02), math.cos(0.02)]
    assert p[2] == pytest.approx(wanted, abs=1e-6)


@pytest.mark.parametrize("length, width", [(1, 2), (7, 6), (50, 31), (33, 64)])
def test_sinusoids_equal_keras_hubs(length, width):
    import keras_hub

    theirs = keras_hub.layers.SinePositionEncoding()(np.zeros((1, length, width), "float32"))
    assert sinusoidal_positions(length, width) == pytest.approx(array(theirs)[0], abs=1e-5)


def test_the_product_of_two_sinusoids_depends_on_their_distance_only():
    gram = sinusoidal_positions(20, 16) @ sinusoidal_positions(20, 16).T
    for distance in range(20):
        assert np.ptp(np.diagonal(gram, distance)) < 1e-4


def test_a_rotation_by_hand():
    # position 1, first pair: the unit vector (1, 0) turned by 1 radian
    turned = array(rotary(np.array([[1.0, 0, 0, 1], [1.0, 0, 0, 1]], "float32")))
    assert turned[0].tolist() == [1, 0, 0, 1]
    wanted = [math.cos(1), math.sin(1), -math.sin(0.01), math.cos(0.01)]
    assert turned[1] == pytest.approx(wanted, abs=1e-6)


@pytest.mark.parametrize("turn", [rotary, rotary_half_split])
def test_whole_numbers_are_turned_like_others(turn):
    whole = np.array([[1, 0], [1, 0]])
    # position 1: the unit vector (1, 0) turned by 1 radian; not cut back to (0, 0)
    assert array(turn(whole))[1] == pytest.approx([math.cos(1), math.sin(1)], abs=1e-6)
    assert array(turn(whole)) == pytest.approx(array(turn(whole.astype("float32"))))


@pytest.mark.parametrize("shape", [(1, 1, 2), (2, 5, 4), (2, 3, 7, 6)])
@pytest.mark.parametrize("start", [0, 3])
def test_rotation_is_multiplication_by_a_complex_number(shape, start):
    x = normal(*shape)
    z = x[..., 0::2] + 1j * x[..., 1::2]
    speeds = 10_000.0 ** (-2 * np.arange(shape[-1] // 2) / shape[-1])
    z = z * np.exp(1j * (start + np.arange(shape[-2]))[:, None] * speeds)
    wanted = np.stack([z.real, z.imag], -1).reshape(shape)
    assert array(rotary(x, start)) == pytest.approx(wanted, abs=1e-5)


@pytest.mark.parametrize("shape", [(1, 1, 2), (2, 9, 4), (3, 40, 16)])
def test_the_half_split_rotation_equals_keras_hubs_and_is_ours_in_another_order(shape):
    import keras_hub

    x, width = normal(*shape), shape[-1]
    theirs = keras_hub.layers.RotaryEmbedding()(x)
    assert array(rotary_half_split(x)) == pytest.approx(array(theirs), abs=1e-5)
    order = np.arange(width).reshape(2, -1).T.ravel()  # 0, K/2, 1, K/2 + 1, …
    assert array(rotary(x[..., order])) == pytest.approx(array(theirs)[..., order], abs=1e-5)


@settings(deadline=None, max_examples=10)
@given(st.integers(0, 500), st.integers(0, 500), st.integers(0, 300))
def test_rotated_scores_depend_on_the_distance_only(m, n, shift):
    query, key = normal(1, 8), normal(1, 8, seed=1)
    one = float(np.vdot(array(rotary(query, m)), array(rotary(key, n))))
    other = float(np.vdot(array(rotary(query, m + shift)), array(rotary(key, n + shift))))
    assert one == pytest.approx(other, abs=1e-3)


def test_each_row_of_a_batch_may_start_at_a_position_of_its_own():
    x = normal(2, 3, 4, 6)  # batch, heads, time, width
    both = array(rotary(x, np.array([0, 5])))
    assert both[1] == pytest.approx(array(rotary(x[1], 5)), abs=1e-6)
    layer = LearnedPositions(10, 6)
    rows = array(layer(x[:, 0], position=np.array([0, 5])))
    assert np.array_equal(rows[1], array(layer(x[:, 0], position=5)))


def test_learned_positions_are_rows_of_a_table():
    layer = LearnedPositions(5, 2)
    rows = array(layer(normal(3, 2, 2), position=2))
    assert np.array_equal(rows, layer.get_weights()[0][2:4])


def test_alibi_by_hand():
    # two heads: slopes 2^-4 and 2^-8; one target at the end of three
    assert alibi_slopes(2).tolist() == [1 / 16, 1 / 256]
    assert array(alibi(2, 1, 3))[0].tolist() == [[-2 / 16, -1 / 16, 0]]
    assert array(alibi(1, 2)).tolist() == [[[0, -1 / 256], [-1 / 256, 0]]]


@pytest.mark.parametrize("heads", [1, 2, 3, 8, 12])
def test_alibi_weights_equal_keras_hubs(heads):
    import keras_hub

    # KerasHub counts from the last source, the same for all targets: a softmax does not see it.
    scores, mask = normal(1, heads, 6, 6), np.tri(6, dtype=bool)
    theirs = np.where(mask, array(keras_hub.layers.AlibiBias()(scores)), -1e9)
    ours = np.where(mask, scores + array(alibi(heads, 6)), -1e9)
    soft = [np.exp(s - s.max(-1, keepdims=True)) for s in (ours, theirs)]
    one, other = (s / s.sum(-1, keepdims=True) for s in soft)
    assert one == pytest.approx(other, abs=1e-5)


def test_the_layer_adds_a_bias_for_each_head():
    layer, x = made(8, 2), np.zeros((1, 3, 8), "float32")
    _, weights = layer(x, score_bias=alibi(2, 3), return_weights=True)
    # equal inputs have equal scores: what is left is softmax of 0, -1/16, -2/16 for the first word
    wanted = np.exp([0, -1 / 16, -2 / 16])
    assert array(weights)[0, 0, 0] == pytest.approx(wanted / wanted.sum(), abs=1e-6)


# --- the layers as Keras layers


@pytest.mark.parametrize(
    "layer",
    [
        MultiHeadAttention(8, 4, 2, dropout=0.1, use_bias=False, rotary=True),
        LearnedPositions(6, 8, initializer=keras.initializers.RandomNormal(stddev=0.02)),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_a_saved_layer_is_the_same_layer(layer, tmp_path):
    inputs = keras.Input((5, 8))
    model = keras.Model(inputs, inputs + layer(inputs))
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert again.layers[1].get_config() == layer.get_config()
    assert np.array_equal(array(model(normal(2, 5, 8))), array(again(normal(2, 5, 8))))


def test_time_may_be_unknown_when_a_model_is_built():
    inputs = keras.Input((None, 8))
    model = keras.Model(inputs, made(8, 2, rotary=True)(inputs))
    assert model(normal(2, 3, 8)).shape == (2, 3, 8)
    assert model(normal(2, 4, 8)).shape == (2, 4, 8)


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: MultiHeadAttention(10, 4), "d_model 10 does not divide into 4 heads"),
        (lambda: MultiHeadAttention(8, 4, 3), "4 heads do not divide among 3"),
        (lambda: MultiHeadAttention(6, 2, rotary=True), "width 3 have no pairs"),
        (lambda: made(4, 2, rotary=True)(normal(1, 2, 4), source=normal(1, 3, 4)), "no source"),
        (lambda: causal_mask(3, 2), "3 targets in a source of 2"),
        (lambda: causal_mask(np.int64(3), np.int64(2)), "3 targets in a source of 2"),
        (lambda: alibi(1, 3, 2), "3 targets in a source of 2"),
        (lambda: padding_mask(np.zeros(3, int)), r"shape \(3,\); wanted \(batch, source\)"),
        (lambda: rotary(np.zeros((2, 3))), r"last axis of \(2, 3\) is odd"),
        (lambda: LearnedPositions(4, 2)(normal(1, 3, 2), position=2), "positions 2 to 4"),
        (lambda: LearnedPositions(4, 2)(normal(1, 3, 2), position=np.int64(2)), "positions 2 to 4"),
        (lambda: sinusoidal_positions(0, 4), "length 0"),
        (lambda: alibi_slopes(0), "num_heads is 0"),
        (
            lambda: scaled_dot_product_attention(np.ones((2, 3)), np.ones((2, 4)), np.ones((2, 4))),
            r"query \(2, 3\), key \(2, 4\)",
        ),
        (
            lambda: scaled_dot_product_attention(np.ones((1, 4)), np.ones((2, 4)), [10.0, 2.0]),
            r"value \(2,\): each has two axes at least",
        ),
        (
            lambda: made(4, 2)(normal(1, 3, 4), cache=made(4, 2).empty_cache(1, 4), position=2),
            "3 keys at position 2 do not fit a cache of 4",
        ),
        (
            lambda: made(4, 2)(
                normal(1, 3, 4), cache=made(4, 2).empty_cache(1, 4), position=np.int64(2)
            ),
            "3 keys at position 2 do not fit a cache of 4",
        ),
    ],
)
def test_bad_input_is_named_in_the_error(call, words):
    with pytest.raises(ValueError, match=words):
        call()
