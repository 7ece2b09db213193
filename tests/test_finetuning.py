"""Chapter 10: heads, what moves, LoRA and adapters, tags and answers."""

import dataclasses
import re
from itertools import pairwise, product

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from companion import backend, corpora, training
from companion import bert as bt
from companion import finetuning as ft
from companion.finetuning.additions import PROJECTIONS

TINY = dataclasses.replace(
    bt.PRESETS["tiny"], vocab_size=20, context_length=12, d_model=16, num_heads=2, d_ff=32
)
IDS = np.array([[2, 7, 9, 3, 0, 0], [2, 5, 6, 8, 11, 3]])


def encoder(seed=0) -> bt.Bert:
    training.seed(seed)
    return bt.Bert(TINY)


def to_numpy(x) -> np.ndarray:
    return ops.convert_to_numpy(x)


def weights_of(layer) -> dict[str, np.ndarray]:
    return {weight.path: np.array(np.asarray(weight)) for weight in layer.weights}


# heads


def test_a_classification_head_is_the_pooled_vector_times_w_plus_b():
    x = np.arange(12, dtype="float32").reshape(1, 3, 4)
    for pooling, pooled in (("first", x[0, 0]), ("mean", x[0, :2].mean(axis=0))):
        head = ft.ClassificationHead(2, pooling=pooling)
        logits = to_numpy(head(x, attention_mask=np.array([[True, True, False]])))
        kernel, bias = (np.asarray(w) for w in head.dense.weights)
        np.testing.assert_allclose(logits[0], pooled @ kernel + bias, rtol=1e-5)


def test_padding_changes_no_label():
    model = ft.FineTuned(encoder(), ft.ClassificationHead(3, pooling="mean"))
    short, long = IDS[:1, :4], IDS[:1]  # the same text, without padding and with two of it
    np.testing.assert_allclose(to_numpy(model(short)), to_numpy(model(long)), atol=1e-5)


def test_a_token_head_gives_each_token_its_own_tag():
    model = ft.FineTuned(encoder(), ft.TokenHead(5))
    logits, x = to_numpy(model(IDS)), to_numpy(model.encoder(IDS))
    kernel, bias = (np.asarray(w) for w in model.head.dense.weights)
    np.testing.assert_allclose(logits, x @ kernel + bias, atol=1e-5)


def test_an_answer_never_begins_or_ends_where_it_may_not_stand():
    training.seed(0)
    x = np.random.default_rng(0).normal(size=(1, 4, 8)).astype("float32")
    logits = to_numpy(ft.SpanHead()(x, attention_mask=np.array([[False, True, True, False]])))
    assert logits.shape == (1, 2, 4)
    probs = to_numpy(ops.softmax(logits, axis=-1))
    assert probs[0, :, [0, 3]].max() == 0
    assert np.isfinite(logits).all()


def test_a_pair_head_sees_both_vectors_and_how_far_apart_they_are():
    head = ft.PairHead(2)
    u, v = np.array([[1.0, 2.0]], "float32"), np.array([[4.0, 1.0]], "float32")
    kernel, bias = np.arange(12.0).reshape(6, 2), np.array([1.0, -1.0])
    head.build(((1, 2), (1, 2)))
    head.dense.set_weights([kernel, bias])
    # [1 2 4 1 3 1] · columns (0 2 4 6 8 10) and (1 3 5 7 9 11): 0+4+16+6+24+10 = 60, 72; ± 1.
    np.testing.assert_allclose(to_numpy(head((u, v))), [[61, 71]])


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: ft.ClassificationHead(2, pooling="max"), "pooling 'max'"),
        (lambda: ft.ClassificationHead(1), "num_classes 1"),
        (lambda: ft.TokenHead(1), "num_tags is 1"),
        (lambda: ft.PairHead(1), "num_classes is 1"),
        (lambda: ft.Adapter(8, 8), "width is 8"),
        (lambda: ft.LoRADense(keras.layers.Dense(4)), "is not built"),
        (lambda: ft.freeze(encoder(), but="haed"), "no weight's path contains 'haed'"),
        (lambda: ft.add_lora(encoder(), projections=["keys"]), "projections \\['keys'\\]"),
        (lambda: ft.layerwise_rates(encoder(), 2, decay=0), "decay is 0"),
        (lambda: ft.class_weights([]), "no labels"),
        (lambda: ft.EarlyStopping(lambda: 0.0, patience=0), "patience is 0"),
        (lambda: ft.bio_tags([(0, 3, "X")], 2), "does not fit a text of 2"),
        (lambda: ft.bio_tags([(0, 2, "X"), (1, 3, "Y")], 3), "overlaps another"),
        (lambda: ft.best_span([0.0], [0.0, 1.0]), "one length"),
        (lambda: ft.viterbi(np.zeros((2, 3)), np.zeros((2, 2))), "wanted \\(time, tags\\)"),
    ],
)
def test_what_cannot_be_is_refused_with_the_value(make, says):
    with pytest.raises(ValueError, match=says):
        make()


# what moves


def train(model, steps=3, rate=1e-2):
    model.compile(backend.Adam(rate), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    training.fit(model, lambda step: (IDS, np.array([0, 1])), steps, every=steps)


def test_frozen_weights_do_not_move_by_a_bit_and_the_head_does():
    model = ft.FineTuned(encoder(), ft.ClassificationHead(2, name="head"))
    moving = ft.freeze(model, but="head")
    assert moving == 16 * 2 + 2
    before = weights_of(model)
    train(model)
    moved = {path for path, w in weights_of(model).items() if (w != before[path]).any()}
    trained = {weight.path for weight in model.head.trainable_weights}
    assert trained <= moved
    assert not {path for path in moved - trained if "seed" not in path}
    assert ft.trainable_share(model) == pytest.approx(34 / model.count_params(), rel=0.01)


def test_rates_shrink_with_each_layer_below_the_head():
    model = ft.FineTuned(encoder(), ft.ClassificationHead(2, name="head"))
    factors = ft.layerwise_rates(model, TINY.num_layers, decay=0.5)
    assert {f for path, f in factors.items() if "head" in path} == {1.0}
    assert {f for path, f in factors.items() if "block2" in path} == {0.5}
    assert {f for path, f in factors.items() if "block1" in path} == {0.25}
    assert {f for path, f in factors.items() if "/E/" in path} == {0.125}


def test_a_weight_moves_by_its_factor_of_what_adam_would_move_it():
    training.seed(0)
    ours, theirs = (keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)]) for _ in range(2))
    theirs.set_weights(ours.get_weights())
    start = ours.get_weights()
    kernel, bias = ours.trainable_weights
    ours.compile(ft.LayerwiseAdam(0.1, {kernel.path: 0.5, bias.path: 0.0}), "mse")
    theirs.compile(keras.optimizers.Adam(0.1), "mse")
    for model in (ours, theirs):
        model.fit(np.ones((4, 3)), np.zeros((4, 2)), epochs=1, verbose=0)
    whole = theirs.get_weights()[0] - start[0]
    np.testing.assert_allclose(ours.get_weights()[0] - start[0], 0.5 * whole, atol=1e-6)
    np.testing.assert_array_equal(ours.get_weights()[1], start[1])


# LoRA and adapters


@pytest.mark.parametrize("options", [{}, {"projections": PROJECTIONS}], ids=["two", "all"])
def test_a_model_with_lora_starts_as_it_was_and_merged_equals_unmerged(options):
    plain = encoder()
    expected = to_numpy(plain(IDS))
    loras = ft.add_lora(plain, rank=2, alpha=4, **options)
    assert len(loras) == len(options.get("projections", "qv")) * TINY.num_layers
    np.testing.assert_allclose(to_numpy(plain(IDS)), expected, atol=1e-6)
    rng = np.random.default_rng(0)
    for lora in loras:
        lora.b.assign(rng.normal(size=lora.b.shape))
    learned = to_numpy(plain(IDS))
    assert np.abs(learned - expected).max() > 1e-2
    ft.merge_lora(plain)
    np.testing.assert_allclose(to_numpy(plain(IDS)), learned, atol=1e-5)
    assert not any(isinstance(b.attention.query_projection, ft.LoRADense) for b in plain.blocks)


def test_a_lora_changes_what_the_activation_sees_and_needs_no_biases():
    dense = keras.layers.Dense(3, "relu", use_bias=False)
    dense.build((None, 4))
    lora = ft.LoRADense(dense, rank=1, alpha=1)
    lora.b.assign(np.ones((1, 3)))
    x = np.random.default_rng(2).normal(size=(9, 4)).astype("float32")
    kernel, a = np.asarray(dense.kernel), np.asarray(lora.a)
    expected = np.maximum(0, x @ kernel + x @ a @ np.ones((1, 3)))
    np.testing.assert_allclose(to_numpy(lora(x)), expected, rtol=1e-4, atol=1e-5)


def test_lora_is_the_product_of_two_thin_matrices():
    dense = keras.layers.Dense(3)
    dense.build((None, 4))
    lora = ft.LoRADense(dense, rank=2, alpha=6)
    x = np.random.default_rng(1).normal(size=(5, 4)).astype("float32")
    lora.b.assign(np.ones((2, 3)))
    # α/r = 3: y = x·W + b + 3·x·A·B.
    kernel, bias, a = (np.asarray(w) for w in (dense.kernel, dense.bias, lora.a))
    np.testing.assert_allclose(
        to_numpy(lora(x)), x @ kernel + bias + 3 * (x @ a @ np.ones((2, 3))), rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize("rank", [1, 16])
def test_lora_sees_its_input_at_one_size_whatever_the_rank(rank):
    keras.utils.set_random_seed(3)
    dense = keras.layers.Dense(400)
    dense.build((None, 384))
    lora = ft.LoRADense(dense, rank=rank)
    x = np.random.default_rng(3).normal(size=(500, 384))
    # 384 summands of variance 1 · 2/384 each (He et al. 2015): 2. One column of 384 uniform draws
    # has it to about √(0.8/384) = 5 %; with a start of variance 1/rank it would be 384 and 24.
    assert (x @ np.asarray(lora.a)).var() == pytest.approx(2, rel=0.25)


@pytest.mark.parametrize(
    ("add", "also"),
    [(ft.add_lora, "head"), (lambda encoder: ft.add_adapters(encoder, 4), "head|block.*_norm/")],
)
def test_training_moves_what_was_added_and_the_head_alone(add, also):
    model = ft.FineTuned(encoder(), ft.ClassificationHead(2, name="head"))
    before = weights_of(model)
    added = add(model.encoder)
    train(model)
    after = weights_of(model)
    moved = {path for path, w in before.items() if (after[path] != w).any() and "seed" not in path}
    assert moved <= {path for path in before if re.search(also, path)}
    assert all(np.abs(np.asarray(layer.trainable_weights[-1])).max() > 0 for layer in added)
    assert ft.trainable_share(model) < 0.25


def test_adapters_start_as_nothing():
    plain = encoder()
    expected = to_numpy(plain(IDS))
    assert len(ft.add_adapters(plain, width=4)) == 2 * TINY.num_layers
    np.testing.assert_allclose(to_numpy(plain(IDS)), expected, atol=1e-6)


def test_loras_are_not_put_on_top_of_each_other():
    twice = encoder()
    ft.add_lora(twice)
    with pytest.raises(ValueError, match="merge them first"):
        ft.add_lora(twice)


# learning


def test_with_class_weights_every_class_weighs_the_same():
    labels = ["ham"] * 9 + ["spam"]
    weights = ft.class_weights(labels)
    assert weights == {"ham": 10 / 18, "spam": 10 / 2}  # N/(C·N_c)
    assert sum(weights[label] for label in labels) == pytest.approx(len(labels))


def test_tokens_without_a_label_weigh_nothing():
    labels = np.array([[-1, 3, 0, -1]])
    np.testing.assert_array_equal(ft.tag_weights(np.zeros((1, 4)), labels), [[0, 1, 1, 0]])


def test_early_stopping_stops_after_its_patience_and_gives_the_best_weights_back():
    training.seed(0)
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    scores, seen = iter([1.0, 3.0, 2.0, 2.0, 9.0]), []

    def score():
        seen.append(model.get_weights())
        return next(scores)

    stop = ft.EarlyStopping(score, patience=2)
    one = np.ones((1, 1), "float32")
    training.fit(model, lambda step: (one, 2 * one), 50, every=5, callbacks=[stop])
    assert stop.scores == [1, 3, 2, 2]  # two intervals without a better one; 9 is never seen
    assert stop.restore() == 3
    np.testing.assert_array_equal(model.get_weights()[0], seen[1][0])


# tags and answers


def test_bio_tags_of_a_newspaper_line_give_its_entities_back():
    sentence = corpora.TaggedSentence("x", ("江", "泽民", "在", "北京"), ("nr", "nr", "p", "ns"))
    spans = corpora.entity_spans(sentence)
    tags = ft.bio_tags(spans, 4)
    assert tags == ["B-nr", "I-nr", "O", "B-ns"]
    assert ft.bio_spans(tags) == spans


def test_only_a_span_of_its_own_type_can_go_on():
    tags = ["O", "B-X", "I-X", "I-Y"]
    expected = [[1, 1, 0, 0], [1, 1, 1, 0], [1, 1, 1, 0], [1, 1, 0, 1]]
    np.testing.assert_array_equal(ft.allowed_transitions(tags), expected)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_viterbi_finds_the_best_of_all_paths(seed):
    rng = np.random.default_rng(seed)
    logits, transitions = rng.normal(size=(4, 3)), rng.normal(size=(3, 3))

    def score(path):
        steps = sum(transitions[a, b] for a, b in pairwise(path))
        return sum(logits[t, tag] for t, tag in enumerate(path)) + steps

    best = max(product(range(3), repeat=4), key=score)
    assert ft.viterbi(logits, transitions) == list(best)


def test_a_crf_gives_all_taggings_of_a_text_together_probability_one():
    rng = np.random.default_rng(0)
    crf = ft.CRF(2)
    crf.transitions.assign(rng.normal(size=(2, 2)))
    logits = rng.normal(size=(1, 3, 2)).astype("float32")
    paths = np.array(list(product(range(2), repeat=3)))
    seen = np.ones((len(paths), 3), bool)
    log_probs = to_numpy(crf(np.repeat(logits, len(paths), axis=0), paths, seen))
    assert np.exp(log_probs).sum() == pytest.approx(1, abs=1e-5)
    # Padding behind the text adds nothing: the same text with a fourth item that is not there.
    longer = np.concatenate([logits, rng.normal(size=(1, 1, 2)).astype("float32")], axis=1)
    padded = to_numpy(crf(longer, np.array([[0, 1, 1, 0]]), np.array([[True] * 3 + [False]])))
    (same,) = np.flatnonzero((paths == [0, 1, 1]).all(axis=1))
    assert padded[0] == pytest.approx(log_probs[same], abs=1e-5)


def test_a_crf_passes_over_what_stands_between_items():
    rng = np.random.default_rng(1)
    crf = ft.CRF(3)
    crf.transitions.assign(rng.normal(size=(3, 3)))
    logits = rng.normal(size=(2, 6, 3)).astype("float32")
    tags, seen = rng.integers(0, 3, (2, 6)), np.array([[0, 1, 0, 1, 1, 0], [1, 0, 0, 0, 1, 1]]) > 0
    found = to_numpy(crf(logits, tags, seen))
    for row in range(2):
        kept = seen[row]
        alone = crf(logits[row, kept][None], tags[row, kept][None], np.ones((1, 3), bool))
        assert found[row] == pytest.approx(to_numpy(alone)[0], abs=1e-5)


def test_the_loss_of_a_crf_is_that_of_independent_tags_until_it_has_learned():
    # A = 0: log p(y | x) is the sum of each item's own log-softmax. −1 asks for nothing.
    rng = np.random.default_rng(2)
    logits = rng.normal(size=(2, 4, 3)).astype("float32")
    tags = np.array([[-1, 2, 0, -1], [-1, 1, 1, 2]])
    loss = float(ft.CRFLoss(ft.CRF(3))(tags, logits))
    log_probs = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
    asked = [log_probs[row, t, tags[row, t]] for row, t in np.argwhere(tags >= 0)]
    assert loss == pytest.approx(-sum(asked) / 2 / 4, abs=1e-5)  # two texts, four places each


def test_the_best_span_ends_after_it_begins():
    start, end = np.array([0.0, 1, 5, 0]), np.array([0.0, 4, 1, 2])
    # 5 + 4 would be best, but ends before it begins; 5 + 2 (2–3) beats 1 + 4 (1–1) and 5 + 1.
    assert ft.best_span(start, end) == (2, 3)
    assert ft.best_span(start, end, longest=1) == (2, 2)  # 5 + 1 beats 1 + 4


def test_a_text_without_an_answer_is_said_to_have_none():
    start, end = np.array([4.0, 1, 2]), np.array([4.0, 1, 2])
    assert ft.best_span(start, end, none_at=0) is None  # 2 + 2 does not beat 4 + 4
    assert ft.best_span(start - [4, 0, 0], end - [4, 0, 0], none_at=0) == (2, 2)
