"""GPT against published counts, NumPy, KerasHub with the same weights, and its own laws."""

import dataclasses
import json
import math

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops
from safetensors.numpy import save_file

from companion import backend, metrics, training
from companion.gpt import (
    GPT,
    PRESETS,
    GPTConfig,
    NextTokenLoss,
    WarmupCosine,
    batches,
    compile_for_pretraining,
    memory,
    next_token_loss,
    parameter_count,
    windows,
)
from companion.gpt.converters import to_tensors

# Keras 3.15 reads its own variables in a way that NumPy 2.4 deprecates (JAX; files of weights).
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

SMALL = GPTConfig(
    vocab_size=11, context_length=8, d_model=8, num_layers=2, num_heads=2, d_ff=12, dropout=0.0
)
SIZES = [  # V, C, D, L, H, F
    (7, 5, 4, 1, 1, 8),
    (13, 9, 12, 2, 3, 20),
    (30, 6, 16, 3, 4, 64),
]


def array(x):
    return ops.convert_to_numpy(x)


def gpt(config=SMALL, seed=0, scale=0.3, **changes):
    """A model with random numbers in every weight: zeros and ones would hide one left out."""
    model = GPT(dataclasses.replace(config, **changes))
    rng = np.random.default_rng(seed)
    for weight in model.trainable_weights:
        weight.assign(rng.normal(size=weight.shape) * scale)
    return model


def random_ids(*shape, seed=0, vocab_size=SMALL.vocab_size):
    return np.random.default_rng(seed).integers(0, vocab_size, shape).astype("int32")


# Sizes


@pytest.mark.parametrize(
    ("name", "published"),
    [
        ("gpt2", 124_439_808),
        ("gpt2-medium", 354_823_168),
        ("gpt2-large", 774_030_080),
        ("gpt2-xl", 1_557_611_200),
    ],
)
def test_the_presets_have_the_published_number_of_parameters(name, published):
    # What Hugging Face's GPT2Model reports for the released weights.
    assert parameter_count(PRESETS[name]) == published


def test_gpt3_has_174_600_million_parameters():
    # Brown et al. 2020, table D.1.
    assert round(parameter_count(PRESETS["gpt3"]) / 1e8) == 1746


@pytest.mark.parametrize("sizes", SIZES)
def test_the_closed_form_counts_what_the_model_has(sizes):
    config = GPTConfig(*sizes)
    assert GPT(config).count_params() == parameter_count(config)


def test_memory_by_hand():
    # 1 token + 1 position + a layer of 4·(1 + 1) + 2·1·1 + 1 + 1 + 4 = 16 + 2 = 20 parameters.
    config = GPTConfig(1, 1, 1, 1, 1, 1)
    assert parameter_count(config) == 20
    assert memory(config) == {"weights": 80, "gradients": 80, "adam": 160, "total": 320}
    half = memory(config, bytes_per_weight=2)
    assert half == {"weights": 40, "gradients": 40, "adam": 240, "total": 320}
    with pytest.raises(ValueError, match="bytes_per_weight is 1"):
        memory(config, 1)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"d_model": 9}, "9 does not divide into 2"),
        ({"num_layers": 0}, "num_layers is 0"),
        ({"dropout": 1.0}, "dropout is 1.0"),
    ],
)
def test_a_config_that_fits_no_model_is_named(change, named):
    with pytest.raises(ValueError, match=named):
        dataclasses.replace(SMALL, **change)


# The model


def test_weights_start_as_gpt2s_do():
    # N(0, 0.02²); what writes into the residual stream 1/√(2·8) = 1/4 of it. A deviation estimated
    # from n numbers is within 4/√(2n) of itself: 4,096 numbers, 4.4 %.
    training.seed(1)
    model = GPT(dataclasses.replace(SMALL, d_model=64, d_ff=64, num_layers=8, vocab_size=64))
    block = model.blocks[3]
    into = [block.attention.output_projection.kernel, block.feed_forward.down.kernel]
    others = [block.attention.query_projection.kernel, block.feed_forward.up.kernel]
    for weight in [*others, model.embedding.embeddings]:
        assert array(weight).std() == pytest.approx(0.02, rel=0.05)
    for weight in into:
        assert array(weight).std() == pytest.approx(0.005, rel=0.05)
    for weight in (block.attention.query_projection.bias, block.feed_forward.down.bias):
        assert not array(weight).any()
    # All start apart: no two layers drew the same numbers.
    kernels = [array(w) for w in model.trainable_weights if w.path.endswith("kernel")]
    assert len({kernel.ravel()[0].item() for kernel in kernels}) == len(kernels) == 48


def test_a_new_model_has_no_preference():
    # Logits near zero: the loss is that of the uniform distribution, ln V.
    training.seed(0)
    ids = random_ids(4, 8)
    assert float(next_token_loss(GPT(SMALL)(ids), ids)) == pytest.approx(math.log(11), abs=0.02)


@settings(deadline=None, max_examples=4)
@given(place=st.integers(1, 7), seed=st.integers(0, 99))
def test_the_future_never_changes_the_past(place, seed):
    model, ids = gpt(seed=seed), random_ids(2, 8, seed=seed)
    changed = ids.copy()
    changed[:, place:] = (changed[:, place:] + 1) % 11
    before, after = array(model(ids)), array(model(changed))
    np.testing.assert_array_equal(before[:, :place], after[:, :place])
    assert np.abs(before[:, place] - after[:, place]).max() > 1e-4


def test_output_and_embeddings_share_one_table():
    model, ids = gpt(), random_ids(1, 4)
    before = array(model(ids))
    table = array(model.embedding.embeddings).copy()
    table[10] = 0  # not among the ids
    assert 10 not in ids
    model.embedding.embeddings.assign(table)
    after = array(model(ids))
    np.testing.assert_array_equal(after[..., 10], 0)
    np.testing.assert_allclose(after[..., :10], before[..., :10], rtol=1e-6)


def test_a_text_past_the_context_is_named():
    with pytest.raises(ValueError, match="positions 0 to 8"):
        gpt()(random_ids(1, 9))
    with pytest.raises(ValueError, match="length is 9"):
        gpt().start(1, 9)


def test_a_model_is_rebuilt_from_its_config_and_from_a_file(tmp_path):
    model, ids = gpt(), random_ids(2, 5)
    again = GPT.from_config(model.get_config())
    assert again.config == model.config
    again.set_weights(model.get_weights())
    np.testing.assert_array_equal(array(model(ids)), array(again(ids)))
    model.save(tmp_path / "gpt.keras")
    saved = keras.saving.load_model(tmp_path / "gpt.keras")
    np.testing.assert_array_equal(array(model(ids)), array(saved(ids)))


# Step by step


@pytest.mark.parametrize("cuts", [[8], [1] * 8, [3, 1, 4], [7, 1]])
def test_cached_logits_equal_uncached_on_forced_tokens(cuts):
    model, ids = gpt(), random_ids(3, 8)
    expected, cache, position = array(model(ids)), model.start(3, 8), 0
    for length in cuts:
        logits, cache = model.step(ids[:, position : position + length], cache, position)
        position += length
        np.testing.assert_allclose(array(logits), expected[:, position - 1], atol=1e-5)
    assert len(cache) == 2
    assert tuple(cache[0][0].shape) == (3, 2, 8, 4)


def test_padding_at_the_left_changes_nothing():
    # Rows of 2, 5 and 3 tokens, pushed to the right end of 5 slots; then two more tokens each.
    model, lengths = gpt(), [2, 5, 3]
    texts = [random_ids(n + 2, seed=n) for n in lengths]
    padding = np.array([5 - n for n in lengths], "int32")
    prompt = np.full((3, 5), 7, "int32")  # any id: nobody looks at it
    for row, text in enumerate(texts):
        prompt[row, padding[row] :] = text[:-2]
    logits, cache = model.step(prompt, model.start(3, 7), 0, padding)
    found = [array(logits)]
    for i in (-2, -1):
        shown = np.array([[text[i]] for text in texts])
        logits, cache = model.step(shown, cache, 7 + i, padding)
        found.append(array(logits))
    for row, text in enumerate(texts):
        alone = array(model(text[None]))[0, -3:]
        np.testing.assert_allclose([step[row] for step in found], alone, atol=1e-5)


def test_the_next_tokens_are_the_likeliest_in_order():
    model, ids = gpt(), [3, 1, 4]
    found = model.next_tokens(ids, 11)
    probs = np.exp(array(model(np.array([ids])))[0, -1])
    probs /= probs.sum()
    assert [i for i, _ in found] == sorted(range(11), key=lambda i: -probs[i])
    np.testing.assert_allclose([p for _, p in found], sorted(probs, reverse=True), rtol=1e-5)
    assert model.next_tokens(ids, 2) == found[:2]
    assert model.next_tokens([9, 9, *[1] * 8], 1) == model.next_tokens([1] * 8, 1)
    with pytest.raises(ValueError, match="k is 12"):
        model.next_tokens(ids, 12)


# A whole text


def test_token_log_probs_of_a_short_text_are_those_of_one_pass():
    model, ids = gpt(), random_ids(8)
    logits = array(model(np.concatenate([[0], ids[:-1]])[None]))[0].astype("float64")
    expected = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    found = model.token_log_probs(ids, start_id=0)
    np.testing.assert_allclose(found, expected[np.arange(8), ids], atol=1e-5)
    bits = metrics.bits_per_character(found.sum(), 8)
    assert bits == pytest.approx(-found.mean() / math.log(2))


@pytest.mark.parametrize(("length", "stride"), [(9, 1), (17, 4), (12, 8)])
def test_a_long_text_is_read_in_pieces(length, stride):
    # By a loop: token i is in the piece that begins at the last multiple of the stride, and is
    # given everything from `overlap` tokens before that on.
    model, ids = gpt(num_layers=1), random_ids(length)
    shown, overlap = np.concatenate([[0], ids[:-1]]), 8 - stride
    expected = []
    for i in range(length):
        begin = max(0, i // stride * stride - overlap)
        logits = array(model(shown[None, begin : i + 1]))[0, -1].astype("float64")
        expected.append(logits[ids[i]] - np.log(np.exp(logits).sum()))
    found = model.token_log_probs(ids, start_id=0, stride=stride)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_probabilities_of_all_texts_of_a_length_sum_to_one():
    model = gpt(vocab_size=2, scale=1.0)
    texts = [(a, b, c) for a in range(2) for b in range(2) for c in range(2)]
    total = sum(np.exp(model.token_log_probs(text, start_id=0).sum()) for text in texts)
    assert total == pytest.approx(1, abs=1e-5)


def test_pieces_longer_than_the_context_are_named():
    with pytest.raises(ValueError, match="stride 6 and overlap 3: together at most 8"):
        gpt().token_log_probs(random_ids(20), start_id=0, stride=6, overlap=3)


# Learning


def test_next_token_loss_by_hand():
    # Position 0 gives id 1 the probability 1/2, position 1 gives id 0 1/4; the last is not asked.
    logits = np.log([[[0.25, 0.5, 0.25], [0.25, 0.25, 0.5], [1 / 3] * 3]]).astype("float32")
    found = float(next_token_loss(logits, np.array([[2, 1, 0]])))
    assert found == pytest.approx((math.log(2) + math.log(4)) / 2)
    with pytest.raises(ValueError, match="at least two ids"):
        next_token_loss(logits[:, :1], np.array([[2]]))
    with pytest.raises(ValueError, match="at least two ids"):
        next_token_loss(logits[:, :0], np.zeros((1, 0), "int32"))


def test_both_forms_of_the_loss_agree_and_equal_keras():
    ids, logits = random_ids(3, 6), np.random.default_rng(1).normal(size=(3, 6, 11)) * 3
    ours = float(next_token_loss(logits, ids))
    shifted = float(NextTokenLoss()(ids[:, 1:], logits[:, :-1]))
    theirs = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    assert shifted == pytest.approx(ours, rel=1e-5)
    assert float(theirs(ids[:, 1:], logits[:, :-1])) == pytest.approx(ours, rel=1e-5)


def test_windows_by_hand():
    inputs, targets = windows([1, 2, 3, 4, 5, 6], 2)
    np.testing.assert_array_equal(inputs, [[1, 2], [3, 4]])
    np.testing.assert_array_equal(targets, [[2, 3], [4, 5]])
    with pytest.raises(ValueError, match="7 ids"):
        windows([1, 2, 3, 4, 5, 6], 6)


def test_an_epoch_of_batches_shows_each_window_once_and_the_next_cuts_elsewhere():
    text = np.arange(103)
    batch = batches(text, 10, 3, seed=5)
    starts = []
    for epoch in range(4):
        shown = [batch(3 * epoch + i) for i in range(3)]  # 10 windows − 1, in threes
        for inputs, targets in shown:
            assert inputs.shape == (3, 10)
            np.testing.assert_array_equal(np.diff(inputs), 1)
            np.testing.assert_array_equal(targets, inputs + 1)
        seen = np.concatenate([inputs for inputs, _ in shown]).ravel()
        assert len(set(seen)) == 90
        starts.append(seen.min())
    assert len(set(starts)) > 1
    again = batches(text, 10, 3, seed=5)(7)  # without the steps before it
    np.testing.assert_array_equal(again[0], batch(7)[0])
    with pytest.raises(ValueError, match="batch_size is 10"):
        batches(text, 10, 10)


def test_the_schedule_by_hand():
    # To 1 in 4 steps, from there to 0.2 in 8: half-way, at step 8, (1 + 0.2)/2.
    rate = WarmupCosine(1.0, steps=12, warmup=4, floor=0.2)
    found = [float(rate(step)) for step in (0, 1, 3, 7, 11, 500)]
    np.testing.assert_allclose(found, [0.25, 0.5, 1.0, 0.6, 0.2, 0.2], rtol=1e-5)
    assert WarmupCosine.from_config(rate.get_config()).get_config() == rate.get_config()
    with pytest.raises(ValueError, match="warmup 12"):
        WarmupCosine(1.0, steps=12, warmup=12)


def test_the_schedule_equals_keras_one_step_later():
    ours = WarmupCosine(3e-3, steps=50, warmup=10, floor=0.1)
    theirs = keras.optimizers.schedules.CosineDecay(
        0.0, 40, alpha=0.1, warmup_target=3e-3, warmup_steps=10
    )
    for step in range(60):
        assert float(ours(step)) == pytest.approx(float(theirs(step + 1)), rel=1e-4)


def trained(optimizer, batch, steps):
    model = gpt(num_layers=1)
    model.compile(optimizer, NextTokenLoss())
    training.fit(model, batch, steps, every=steps)
    return model.get_weights()


@pytest.mark.slow
def test_accumulated_gradients_equal_one_large_batch():
    # Four batches of two rows and one update, against a batch of eight rows. Adam divides by the
    # size of the gradient; where that is nothing but rounding (a key's bias, which the softmax
    # cancels), ε keeps it from being blown up.
    inputs, targets = random_ids(8, 8), random_ids(8, 8, seed=1)

    def rows(size):
        return lambda step: tuple(a[step * size : (step + 1) * size] for a in (inputs, targets))

    large = trained(backend.Adam(0.01, epsilon=1e-3), rows(8), 1)
    few = backend.Adam(0.01, epsilon=1e-3, gradient_accumulation_steps=4)
    for ours, theirs in zip(trained(few, rows(2), 4), large, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)
    moved = np.abs(large[0] - gpt(num_layers=1).get_weights()[0])
    assert moved.max() > 5e-3


def test_clipping_bounds_the_step():
    # Plain descent with rate 1 moves by the gradient: its norm over all weights is 0.01.
    inputs, targets = random_ids(8, 8), random_ids(8, 8, seed=1)
    optimizer = keras.optimizers.SGD(1.0, global_clipnorm=0.01)
    after, before = trained(optimizer, lambda step: (inputs, targets), 1), gpt(num_layers=1)
    moves = [(a - b).ravel() for a, b in zip(after, before.get_weights(), strict=True)]
    assert np.linalg.norm(np.concatenate(moves)) == pytest.approx(0.01, rel=1e-2)


@pytest.mark.slow
@pytest.mark.parametrize("muon", [False, True])
def test_a_small_model_learns_a_text_by_heart(muon):
    training.seed(0)
    text = np.tile([1, 2, 3, 1, 4, 5], 30)
    model = GPT(dataclasses.replace(SMALL, d_model=16, d_ff=32))
    compile_for_pretraining(model, 60, rate=0.02, warmup=5, muon=muon)
    history = training.fit(model, batches(text, 8, 8), 60, every=30)
    assert history["loss"][-1] < 0.5 * history["loss"][0]
    # What follows 1 depends on what was before it: 2 after 5, 4 after 3.
    assert model.next_tokens([4, 5, 1], 1)[0][0] == 2
    assert model.next_tokens([2, 3, 1], 1)[0][0] == 4


@pytest.mark.slow
def test_a_run_interrupted_and_resumed_ends_at_the_same_weights(tmp_path):
    batch, state = batches(random_ids(200), 8, 4), tmp_path / "state.npz"

    def fresh():
        training.seed(3)
        model = gpt(dropout=0.2, num_layers=1)
        model.compile(backend.Adam(WarmupCosine(0.01, 10, 2)), NextTokenLoss())
        return model

    whole = fresh()
    training.fit(whole, batch, 6, every=2)
    training.fit(fresh(), batch, 4, every=2, resume=state)
    resumed = fresh()
    training.fit(resumed, batch, 6, every=2, resume=state)
    for ours, theirs in zip(resumed.get_weights(), whole.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


# Other people's weights


def keras_hub_backbone(sizes, seed=0):
    import keras_hub

    v, c, d, layers, heads, f = sizes
    backbone = keras_hub.models.GPT2Backbone(
        vocabulary_size=v,
        num_layers=layers,
        num_heads=heads,
        hidden_dim=d,
        intermediate_dim=f,
        dropout=0.0,
        max_sequence_length=c,
    )
    rng = np.random.default_rng(seed)
    for weight in backbone.weights:
        weight.assign(rng.normal(size=weight.shape) * 0.3)
    return backbone


def keras_hub_logits(backbone, ids):
    x = backbone({"token_ids": ids, "padding_mask": np.ones_like(ids)})
    return array(backbone.token_embedding(x, reverse=True))


@pytest.mark.parametrize("sizes", SIZES)
def test_logits_equal_keras_hubs_with_its_weights(sizes):
    backbone = keras_hub_backbone(sizes)
    model = GPT.from_keras_hub(backbone)
    assert model.config == GPTConfig(*sizes, dropout=0.0)
    ids = random_ids(2, sizes[1], vocab_size=sizes[0])
    np.testing.assert_allclose(array(model(ids)), keras_hub_logits(backbone, ids), atol=1e-4)


def test_a_saved_preset_of_keras_hub_is_read(tmp_path):
    backbone = keras_hub_backbone(SIZES[0])
    backbone.save_to_preset(str(tmp_path))
    ids = random_ids(2, 5, vocab_size=7)
    found = array(GPT.from_keras_hub(tmp_path)(ids))
    np.testing.assert_allclose(found, keras_hub_logits(backbone, ids), atol=1e-4)
    with pytest.raises(ValueError, match="preset is a int"):
        GPT.from_keras_hub(3)


def hugging_face_tensors(sizes, seed=0):
    v, c, d, layers, _, f = sizes
    shapes = {"wte.weight": (v, d), "wpe.weight": (c, d), "ln_f.weight": (d,), "ln_f.bias": (d,)}
    for i in range(layers):
        parts = {"attn.c_attn": (d, 3 * d), "attn.c_proj": (d, d)}
        parts |= {"mlp.c_fc": (d, f), "mlp.c_proj": (f, d)}
        for name, (rows, columns) in parts.items():
            shapes |= {f"h.{i}.{name}.weight": (rows, columns), f"h.{i}.{name}.bias": (columns,)}
        for name in ("ln_1", "ln_2"):
            shapes |= {f"h.{i}.{name}.weight": (d,), f"h.{i}.{name}.bias": (d,)}
    rng = np.random.default_rng(seed)
    return {name: (rng.normal(size=s) * 0.3).astype("float32") for name, s in shapes.items()}


def gpt2_in_numpy(w, ids, num_heads):
    """GPT-2 of one text in float64, head by head and position by position."""

    def norm(x, name):
        z = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5)
        return z * w[f"{name}.weight"] + w[f"{name}.bias"]

    def dense(x, name):
        return x @ w[f"{name}.weight"] + w[f"{name}.bias"]

    w = {name: a.astype("float64") for name, a in w.items()}
    x = w["wte.weight"][ids] + w["wpe.weight"][: len(ids)]
    for i in range(max(int(name.split(".")[1]) for name in w if name[:2] == "h.") + 1):
        q, k, v = np.split(dense(norm(x, f"h.{i}.ln_1"), f"h.{i}.attn.c_attn"), 3, axis=1)
        mixed, width = np.zeros_like(q), q.shape[1] // num_heads
        for h in range(num_heads):
            own = slice(h * width, (h + 1) * width)
            for t in range(len(ids)):
                scores = np.exp(k[: t + 1, own] @ q[t, own] / math.sqrt(width))
                mixed[t, own] = scores / scores.sum() @ v[: t + 1, own]
        x = x + dense(mixed, f"h.{i}.attn.c_proj")
        y = dense(norm(x, f"h.{i}.ln_2"), f"h.{i}.mlp.c_fc")
        y = 0.5 * y * (1 + np.tanh(math.sqrt(2 / math.pi) * (y + 0.044715 * y**3)))
        x = x + dense(y, f"h.{i}.mlp.c_proj")
    return norm(x, "ln_f") @ w["wte.weight"].T


@pytest.mark.parametrize("prefix", ["", "transformer."])
@pytest.mark.parametrize("sizes", SIZES)
def test_logits_equal_numpys_with_a_hugging_face_file(tmp_path, sizes, prefix):
    tensors = hugging_face_tensors(sizes)
    named = {prefix + name: a for name, a in tensors.items()}
    if prefix:  # what files of the whole model carry along
        named["lm_head.weight"] = tensors["wte.weight"].copy()
        named["transformer.h.0.attn.bias"] = np.ones((1, 1, 5, 5), "float32")
    save_file(named, tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_text(json.dumps({"n_head": sizes[4]}))
    model = GPT.from_safetensors(tmp_path / "model.safetensors")
    assert model.config == GPTConfig(*sizes, dropout=0.0)
    ids = random_ids(sizes[1], vocab_size=sizes[0])
    expected = gpt2_in_numpy(tensors, ids, sizes[4])
    np.testing.assert_allclose(array(model(ids[None]))[0], expected, atol=1e-4)


def test_a_config_without_a_number_of_heads_is_named(tmp_path):
    save_file(hugging_face_tensors(SIZES[1]), tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_text(json.dumps({"num_attention_heads": 3}))
    with pytest.raises(ValueError, match=r"config\.json has no n_head"):
        GPT.from_safetensors(tmp_path / "model.safetensors")
    assert GPT.from_safetensors(tmp_path / "model.safetensors", num_heads=3).config.num_heads == 3


def test_weights_written_by_hugging_faces_names_are_read_back(tmp_path):
    model = gpt()
    save_file(to_tensors(model), tmp_path / "model.safetensors")
    again = GPT.from_safetensors(tmp_path / "model.safetensors", num_heads=2)
    assert again.config == model.config
    for ours, theirs in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_heads_are_64_wide_where_nothing_else_is_said(tmp_path):
    save_file(hugging_face_tensors((5, 4, 128, 1, 2, 8)), tmp_path / "model.safetensors")
    assert GPT.from_safetensors(tmp_path / "model.safetensors").config.num_heads == 2
    save_file(hugging_face_tensors(SIZES[1]), tmp_path / "model.safetensors")
    with pytest.raises(ValueError, match="12 is no multiple of 64; give num_heads"):
        GPT.from_safetensors(tmp_path / "model.safetensors")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"wte.weight": None}, "wte.weight is missing"),
        ({"h.1.attn.c_proj.bias": None}, r"h\.1\.attn\.c_proj\.bias is missing"),
        ({"h.0.mlp.c_fc.bias": (3,)}, r"h\.0\.mlp\.c_fc\.bias has shape \(3,\); wanted \(20,\)"),
        ({"h.1.attn.c_attn.weight": (12, 12)}, r"wanted \(12, 36\)"),
        ({"encoder.weight": (3,)}, "encoder.weight is not one of GPT-2's"),
        ({"lm_head.weight": (13, 12)}, "lm_head.weight differs"),
    ],
)
def test_tensors_that_are_not_gpt2s_are_named(tmp_path, change, named):
    tensors = hugging_face_tensors(SIZES[1])
    for name, shape in change.items():
        if shape is None:
            del tensors[name]
        else:
            tensors[name] = np.ones(shape, "float32")
    save_file(tensors, tmp_path / "model.safetensors")
    with pytest.raises(ValueError, match=named):
        GPT.from_safetensors(tmp_path / "model.safetensors", num_heads=3)


def test_a_file_that_is_no_safetensors_is_named(tmp_path):
    (tmp_path / "model.safetensors").write_bytes(b"not a file of weights")
    with pytest.raises(ValueError, match=r"model\.safetensors cannot be read"):
        GPT.from_safetensors(tmp_path / "model.safetensors")
    with pytest.raises(ValueError, match=r"none\.safetensors cannot be read"):
        GPT.from_safetensors(tmp_path / "none.safetensors")
