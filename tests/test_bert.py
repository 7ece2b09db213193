"""BERT against an independent NumPy pass, KerasHub with the same weights, and its own laws."""

import dataclasses
import math
from functools import partial

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops
from safetensors.numpy import save_file

from companion import corpora, training
from companion.bert import (
    PRESETS,
    SPECIAL_IDS,
    Bert,
    BertConfig,
    Filler,
    MaskedBert,
    MaskedLM,
    PairedBert,
    character_tokenizer,
    compile_for_gaps,
    compile_for_pairs,
    cosine,
    document_sentences,
    dynamic_masks,
    encode_documents,
    gather_positions,
    mask_tokens,
    masked_scores,
    mean_pooling,
    parameter_count,
    sentence_vectors,
    start_from_neighbours,
    start_from_waves,
    word_vectors,
)
from companion.course import recipes
from companion.tokenization import WordPiece
from companion.tokenization.wordpiece import BERT_SPECIALS

# Keras 3.15 reads its own variables in a way that NumPy 2.4 deprecates (JAX; files of weights).
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

SMALL = BertConfig(
    vocab_size=23, context_length=9, d_model=8, num_layers=2, num_heads=2, d_ff=12, dropout=0.0
)
SIZES = [  # V, C, D, L, H, F
    (7, 5, 4, 1, 1, 8),
    (13, 9, 12, 2, 3, 20),
    (30, 6, 16, 3, 4, 64),
]
PAD, UNK, CLS, SEP, MASK = SPECIAL_IDS


def array(x):
    return ops.convert_to_numpy(x)


def randomise(model, seed=0, scale=0.4):
    """Random numbers in every weight: zeros and ones would hide one that is left out."""
    rng = np.random.default_rng(seed)
    for weight in model.trainable_weights:
        weight.assign(rng.normal(size=weight.shape) * scale)
    return model


def bert(config=SMALL, seed=0, **changes):
    return randomise(Bert(dataclasses.replace(config, **changes)), seed)


def rows_of(*shape, seed=0, vocab_size=SMALL.vocab_size):
    """[CLS] ordinary tokens [SEP]."""
    ids = np.random.default_rng(seed).integers(5, vocab_size, shape).astype("int32")
    ids[:, 0], ids[:, -1] = CLS, SEP
    return ids


# Sizes


@pytest.mark.parametrize(
    ("name", "published"), [("bert-base", 109_482_240), ("bert-large", 335_141_888)]
)
def test_the_presets_have_the_published_number_of_parameters(name, published):
    # What Hugging Face's BertModel reports for the released uncased weights.
    assert parameter_count(PRESETS[name]) == published


def test_the_preset_of_the_chinese_checkpoint_is_what_its_recipe_trains():
    preset = dataclasses.asdict(PRESETS["mini-zh"])
    del preset["vocab_size"]  # the training text decides it
    assert recipes.RECIPES["bert-mini-zh"].settings["model"] == preset


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("pooler", [True, False])
def test_the_closed_form_counts_what_the_model_has(sizes, pooler):
    config = BertConfig(*sizes, pooler=pooler)
    assert Bert(config).count_params() == parameter_count(config)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"d_model": 9}, "9 does not divide into 2"),
        ({"num_segments": 0}, "num_segments is 0"),
        ({"activation": "swish"}, "activation is 'swish'"),
    ],
)
def test_a_config_that_fits_no_model_is_named(change, named):
    with pytest.raises(ValueError, match=named):
        dataclasses.replace(SMALL, **change)


# The encoder


def numpy_bert(weights, ids, segments, seen, heads):
    """The forward pass again in NumPy, float64, by the names of Hugging Face's file."""

    def dense(x, name):
        return x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]

    def norm(x, name):
        x = x - x.mean(-1, keepdims=True)
        x = x / np.sqrt((x**2).mean(-1, keepdims=True) + 1e-12)
        return x * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    erf = np.vectorize(math.erf)
    tables = [
        weights[f"embeddings.{kind}_embeddings.weight"]
        for kind in ("word", "position", "token_type")
    ]
    x = tables[0][ids] + tables[1][: ids.shape[1]] + tables[2][segments]
    x = norm(x, "embeddings.LayerNorm")
    for i in range(100):
        layer = f"encoder.layer.{i}"
        if f"{layer}.output.dense.bias" not in weights:
            break
        q, k, v = (
            dense(x, f"{layer}.attention.self.{name}").reshape(*ids.shape, heads, -1)
            for name in ("query", "key", "value")
        )
        scores = np.einsum("bthk,bshk->bhts", q, k) / math.sqrt(q.shape[-1])
        scores = np.where(seen[:, None, None, :], scores, -1e9)
        scores = np.exp(scores - scores.max(-1, keepdims=True))
        mixed = np.einsum("bhts,bshk->bthk", scores / scores.sum(-1, keepdims=True), v)
        mixed = dense(mixed.reshape(x.shape), f"{layer}.attention.output.dense")
        x = norm(x + mixed, f"{layer}.attention.output.LayerNorm")
        y = dense(x, f"{layer}.intermediate.dense")
        y = dense(y * 0.5 * (1 + erf(y / math.sqrt(2))), f"{layer}.output.dense")
        x = norm(x + y, f"{layer}.output.LayerNorm")
    return x, np.tanh(dense(x[:, 0], "pooler.dense"))


def random_file(sizes, folder, seed=0, prefix=""):
    """A safetensors file under Hugging Face's names with random weights of some sizes."""
    v, c, d, layers, _, f = sizes
    shapes = {
        "embeddings.word_embeddings.weight": (v, d),
        "embeddings.position_embeddings.weight": (c, d),
        "embeddings.token_type_embeddings.weight": (2, d),
        "pooler.dense.weight": (d, d),
        "pooler.dense.bias": (d,),
    }
    norms = ["embeddings.LayerNorm"]
    for i in range(layers):
        layer = f"encoder.layer.{i}"
        parts = {f"attention.self.{n}": (d, d) for n in ("query", "key", "value")}
        parts |= {"attention.output.dense": (d, d), "output.dense": (d, f)}
        for name, shape in (parts | {"intermediate.dense": (f, d)}).items():
            shapes[f"{layer}.{name}.weight"] = shape
            shapes[f"{layer}.{name}.bias"] = shape[:1]
        norms += [f"{layer}.attention.output.LayerNorm", f"{layer}.output.LayerNorm"]
    for name in norms:
        shapes |= {f"{name}.weight": (d,), f"{name}.bias": (d,)}
    rng = np.random.default_rng(seed)
    weights = {name: rng.normal(size=s).astype("float32") * 0.4 for name, s in shapes.items()}
    path = folder / "model.safetensors"
    save_file({prefix + name: array for name, array in weights.items()}, path)
    return path, weights


@pytest.mark.parametrize("sizes", SIZES)
def test_a_file_of_hugging_faces_names_gives_what_numpy_computes_from_it(sizes, tmp_path):
    path, weights = random_file(sizes, tmp_path)
    model = Bert.from_safetensors(path, num_heads=sizes[4])
    ids = rows_of(3, 5, vocab_size=max(7, sizes[0]))
    ids[1, 3:] = PAD
    segments = np.array([[0, 0, 0, 1, 1]] * 3)
    x, pooled = numpy_bert(weights, ids, segments, ids != PAD, sizes[4])
    found = model(ids, segments=segments)
    np.testing.assert_allclose(array(found), x, atol=1e-5)
    np.testing.assert_allclose(array(model.pool(found)), pooled, atol=1e-5)


def test_a_file_of_another_model_or_another_shape_is_named(tmp_path):
    path, weights = random_file(SIZES[0], tmp_path, prefix="bert.")
    assert Bert.from_safetensors(path, 1).config.d_ff == 8
    with pytest.raises(ValueError, match="d_model 4 is no multiple of 64; give num_heads"):
        Bert.from_safetensors(path)
    save_file(weights | {"h.0.attn.weight": weights["pooler.dense.bias"]}, path)
    with pytest.raises(ValueError, match="not one of BERT's"):
        Bert.from_safetensors(path, 1)
    save_file(weights | {"pooler.dense.weight": np.zeros((2, 2), "float32")}, path)
    with pytest.raises(ValueError, match=r"pooler.dense.weight has shape \(2, 2\)"):
        Bert.from_safetensors(path, 1)
    path.write_text("no tensors")
    with pytest.raises(ValueError, match="cannot be read"):
        Bert.from_safetensors(path)


@pytest.mark.parametrize("sizes", SIZES)
def test_with_kerashubs_weights_every_vector_is_kerashubs(sizes):
    keras_hub = pytest.importorskip("keras_hub")
    v, c, d, layers, heads, f = sizes
    theirs = keras_hub.models.BertBackbone(v, layers, heads, d, f, max_sequence_length=c)
    randomise(theirs, scale=0.3)
    ours = Bert.from_keras_hub(theirs)
    rng = np.random.default_rng(1)
    ids, segments = rng.integers(1, v, (3, 5)), rng.integers(0, 2, (3, 5))
    seen = np.arange(5) < np.array([[5], [2], [4]])
    expected = theirs({"token_ids": ids, "segment_ids": segments, "padding_mask": seen})
    x = ours(ids, segments=segments, attention_mask=seen)
    real = seen[:, :, None]
    np.testing.assert_allclose(
        array(x) * real, array(expected["sequence_output"]) * real, atol=1e-4
    )
    np.testing.assert_allclose(array(ours.pool(x)), array(expected["pooled_output"]), atol=1e-4)


def test_what_is_no_backbone_is_named():
    pytest.importorskip("keras_hub")
    with pytest.raises(ValueError, match="preset is a int"):
        Bert.from_keras_hub(3)


@pytest.mark.slow
@pytest.mark.network
def test_minilms_real_weights_give_an_independent_passs_vectors_and_the_known_cosines():
    from safetensors.numpy import load_file

    model, tokenizer = Bert.from_minilm(), WordPiece.bert("en")
    texts = [
        "A man is playing a guitar.",
        "Someone strums an instrument.",
        "The stock market fell sharply today.",
    ]
    ids = np.zeros((3, 9), "int32")
    for row, text in zip(ids, texts, strict=True):
        inside = tokenizer.encode(text)
        row[: len(inside) + 2] = [101, *inside, 102]
    weights = load_file(corpora.path("minilm", "model.safetensors"))
    expected, _ = numpy_bert(weights, ids, np.zeros_like(ids), ids != 0, 12)
    real = (ids != 0)[:, :, None]
    np.testing.assert_allclose(array(model(ids)) * real, expected * real, atol=1e-4)
    first = cosine(*np.split(sentence_vectors(model, tokenizer, texts), [1]))
    np.testing.assert_allclose(first, [[0.564, -0.054]], atol=1e-3)  # DATA: counted elsewhere


@given(st.integers(1, 6), st.integers(0, 10**6))
@settings(max_examples=4, deadline=None)
def test_padding_never_changes_the_rest(real, seed):
    model, ids = bert(), rows_of(2, 9, seed=seed)
    ids[:, real:] = PAD
    np.testing.assert_allclose(array(model(ids))[:, :real], array(model(ids[:, :real])), atol=1e-5)


def test_every_token_sees_both_sides():
    model, ids = bert(), rows_of(1, 6)
    before = array(model(ids))[0]
    for place in (1, 4):
        changed = ids.copy()
        changed[0, place] = 22 if ids[0, place] != 22 else 21
        moved = np.abs(array(model(changed))[0] - before).max(axis=1)
        assert (moved > 1e-4).all()  # the tokens before the change, and those after it


def test_a_mask_of_three_axes_says_who_sees_whom():
    # With the identity nobody sees anyone else: a change stays where it is.
    model, ids = bert(), rows_of(1, 4)
    alone = np.eye(4, dtype=bool)[None]
    changed = ids.copy()
    changed[0, 2] = 5 if ids[0, 2] != 5 else 6
    moved = np.abs(array(model(ids, attention_mask=alone) - model(changed, attention_mask=alone)))
    assert moved[0, [0, 1, 3]].max() < 1e-6
    assert moved[0, 2].max() > 1e-3


def test_segments_are_all_zero_where_none_are_given():
    model, ids = bert(), rows_of(2, 5)
    np.testing.assert_allclose(
        array(model(ids)), array(model(ids, segments=np.zeros_like(ids))), atol=1e-6
    )
    assert not np.allclose(array(model(ids)), array(model(ids, segments=np.ones_like(ids))))


def test_looking_inside_shows_the_same_pass():
    model, ids = bert(), rows_of(2, 5)
    ids[1, 3:] = PAD
    vectors, weights = model.layers_of(ids)
    assert [tuple(w.shape) for w in weights] == [(2, 2, 5, 5)] * 2
    np.testing.assert_allclose(array(weights[0]).sum(-1), 1, rtol=1e-5)
    assert array(weights[1])[1, :, :, 3:].max() == 0  # nobody looks at padding
    np.testing.assert_allclose(array(vectors[-1]), array(model(ids)), atol=1e-6)
    np.testing.assert_allclose(array(vectors[0]), array(model.embed(ids)), atol=1e-6)


def test_a_model_without_a_pooler_says_so():
    model = bert(pooler=False)
    with pytest.raises(ValueError, match="no pooler"):
        model.pool(model(rows_of(1, 4)))
    with pytest.raises(ValueError, match="pooler=True"):
        PairedBert(dataclasses.replace(SMALL, pooler=False))


def test_weights_start_at_a_truncated_normal_of_0_02():
    # Keras cuts at two deviations and does not widen to make up for it: 0.8796 of 0.02 is left.
    # A deviation estimated from 4,096 numbers is within 5/√(2·4096) = 5.5 % of itself.
    training.seed(1)
    model = Bert(dataclasses.replace(SMALL, d_model=64, d_ff=64, vocab_size=64))
    for weight in (model.embedding.embeddings, model.blocks[1].attention.query_projection.kernel):
        assert array(weight).std() == pytest.approx(0.8796 * 0.02, rel=0.055)
        assert np.abs(array(weight)).max() <= 0.04


def test_positions_may_start_as_waves_as_wide_as_the_rest():
    model = Bert(dataclasses.replace(SMALL, context_length=256))
    start_from_waves(model)
    table = array(model.positions.table)
    # sin(1) = 0.841471 in the first column of position 1, times 0.02·√2.
    assert table[1, 0] == pytest.approx(0.841471 * 0.02 * math.sqrt(2), rel=1e-5)
    assert np.abs(table).max() == pytest.approx(0.02 * math.sqrt(2), rel=1e-3)


def test_a_small_model_may_start_with_heads_that_look_at_the_neighbours():
    config = dataclasses.replace(SMALL, vocab_size=512, context_length=40, d_model=96, num_heads=2)
    model = Bert(config)
    start_from_neighbours(model)
    ids = np.random.default_rng(0).integers(5, 512, (3, 40))
    weights = array(model.layers_of(ids)[1][0]).mean(axis=0)  # (H, T, T)
    # By chance a head gives each of 40 places 0.025; these look one to the left, one to the right.
    assert np.diagonal(weights[0], -1).mean() > 0.3
    assert np.diagonal(weights[1], 1).mean() > 0.3


def test_positions_that_start_as_waves_are_turned_alike_by_one_step():
    model = Bert(dataclasses.replace(SMALL, context_length=16))
    start_from_neighbours(model)
    table = array(model.positions.table)
    hands = table[:, 0::2] * 1j + table[:, 1::2]  # cos + i·sin: each pair is the hand of a clock
    turns = hands[1:] / hands[:-1]
    assert np.abs(turns - turns[0]).max() < 1e-5
    # d_model 8: four waves of (i + ½)·π/4, as wide as N(0, 0.02²): √2 · 0.02 = 0.0283.
    expected = [np.pi / 8, 3 * np.pi / 8, 5 * np.pi / 8, 7 * np.pi / 8]
    assert np.allclose(sorted(np.angle(turns[0])), expected, atol=1e-5)
    assert np.abs(hands) == pytest.approx(0.028284, rel=1e-4)


def test_a_head_of_one_column_cannot_hold_a_wave():
    with pytest.raises(ValueError, match="two columns"):
        start_from_neighbours(Bert(dataclasses.replace(SMALL, d_model=4, num_heads=4)))


# Heads


def test_gathering_picks_each_rows_own_positions():
    x = np.arange(12.0).reshape(2, 3, 2)
    found = array(gather_positions(x, np.array([[2, 0], [1, 1]])))
    np.testing.assert_array_equal(found, [[[4, 5], [0, 1]], [[8, 9], [8, 9]]])


def test_the_heads_logits_at_gaps_are_those_of_scoring_every_token():
    head = randomise_head(MaskedLM(SMALL.vocab_size, SMALL.d_model))
    x = np.random.default_rng(0).normal(size=(2, 6, 8)).astype("float32")
    table = np.random.default_rng(1).normal(size=(23, 8)).astype("float32")
    everywhere = array(head(x, positions=np.tile(np.arange(6), (2, 1)), table=table))
    some = array(head(x, positions=np.array([[4, 1], [0, 5]]), table=table))
    np.testing.assert_allclose(some[0], everywhere[0, [4, 1]], atol=1e-5)
    np.testing.assert_allclose(some[1], everywhere[1, [0, 5]], atol=1e-5)


def randomise_head(head):
    head.build()
    return randomise(head)


def test_the_head_by_hand():
    # d_model 2, W = 0, bias (3, −3): gelu(3) = 2.99595, gelu(−3) = −0.00405; the norm of two
    # different numbers is (1, −1). Logits: the table's rows times (1, −1), plus the bias.
    head = MaskedLM(3, 2)
    head.build()
    head.dense.kernel.assign(np.zeros((2, 2)))
    head.dense.bias.assign([3.0, -3.0])
    head.bias.assign([0.0, 0.5, 0.0])
    table = np.array([[1.0, 2], [4, 1], [0, 0]])
    found = array(head(np.ones((1, 1, 2)), positions=np.zeros((1, 1), int), table=table))
    np.testing.assert_allclose(found, [[[-1.0, 3.5, 0.0]]], atol=1e-4)


def test_the_heads_equal_kerashubs_with_the_same_weights():
    keras_hub = pytest.importorskip("keras_hub")
    backbone = keras_hub.models.BertBackbone(13, 1, 2, 8, 12, max_sequence_length=9)
    theirs = keras_hub.layers.MaskedLMHead(
        token_embedding=backbone.token_embedding,
        intermediate_activation="gelu",
        layer_norm_epsilon=1e-12,
    )
    x = np.random.default_rng(0).normal(size=(2, 6, 8)).astype("float32")
    positions = np.array([[4, 1], [0, 5]])
    theirs(x, positions)
    randomise(theirs)
    ours = MaskedLM(13, 8)
    ours.build()
    arrays = {weight.path.split("/", 1)[-1]: weight for weight in theirs.weights}
    pairs = {
        "intermediate_dense/kernel": ours.dense.kernel,
        "intermediate_dense/bias": ours.dense.bias,
        "intermediate_layer_norm/gamma": ours.norm.gain,
        "intermediate_layer_norm/beta": ours.norm.offset,
        "output_bias": ours.bias,
    }
    for name, variable in pairs.items():
        (value,) = [v for path, v in arrays.items() if path.endswith(name)]
        variable.assign(np.array(value.value))
    found = ours(x, positions=positions, table=backbone.token_embedding.embeddings)
    np.testing.assert_allclose(array(found), array(theirs(x, positions)), atol=1e-4)


# Training


@pytest.mark.parametrize("muon", [False, True])
def test_a_step_moves_every_weight_of_both_pretraining_models(muon):
    ids = rows_of(4, 9)
    segments = (np.arange(9) > 4).astype("int32")[None].repeat(4, 0)
    positions, labels = np.array([[1, 3]] * 4), np.array([[7, 8]] * 4)
    gap_model = MaskedBert(dataclasses.replace(SMALL, pooler=False, num_segments=1))
    pair_model = PairedBert(SMALL)
    compile_for_gaps(gap_model, 1, warmup=1, muon=muon)
    compile_for_pairs(pair_model, 1, warmup=1, muon=muon)
    for model, inputs, targets in (
        (gap_model, (ids, positions), labels),
        (
            pair_model,
            (ids, segments, positions),
            {"masked": labels, "next": np.array([0, 1, 0, 1])},
        ),
    ):
        randomise(model)
        before = [array(weight).copy() for weight in model.trainable_weights]
        training.fit(model, lambda step, b=(inputs, targets): b, 1)
        for weight, old in zip(model.trainable_weights, before, strict=True):
            # Keys' biases add the same to all scores of a query: the softmax does not see them.
            if not weight.path.endswith("key/bias"):
                assert np.abs(array(weight) - old).max() > 0, weight.path


def test_gaps_that_only_fill_up_a_row_do_not_count():
    model = MaskedBert(dataclasses.replace(SMALL, pooler=False))
    compile_for_gaps(model, 1)
    ids, positions = rows_of(2, 9), np.array([[3], [5]])
    labels = np.array([[7], [8]])
    wider = np.pad(positions, ((0, 0), (0, 3))), np.pad(labels, ((0, 0), (0, 3)))
    one = model.test_on_batch((ids, positions), labels)
    assert model.test_on_batch((ids, wider[0]), wider[1]) == pytest.approx(one, rel=1e-5)


def toy_filler(steps=150):
    """A model that has seen four sentences often enough to know them."""
    texts = ["我在家看书。", "他在家读报。", "猫在树上睡。", "狗在门外叫。"] * 16
    tokenizer = character_tokenizer(texts)
    rows = document_sentences(encode_documents(tokenizer, texts), 10)
    training.seed(0)
    model = MaskedBert(
        BertConfig(len(tokenizer), 10, 32, 1, 4, 64, 0.0, num_segments=1, pooler=False)
    )
    compile_for_gaps(model, steps, rate=5e-3, warmup=10)
    mask = partial(mask_tokens, vocab_size=len(tokenizer))
    training.fit(model, dynamic_masks(rows, 32, mask), steps, every=steps)
    return Filler(model, tokenizer), rows, mask


@pytest.fixture(scope="module")
def toy():
    return toy_filler()


def test_a_model_learns_to_fill_gaps_from_both_sides(toy):
    filler, rows, mask = toy
    # 在家 is followed by 看 or 读: what comes *after* the gap decides.
    assert filler.fill("我在家[MASK]书。", k=1)[0].best[0][0] == "看"
    assert filler.fill("他在家[MASK]报。", k=1)[0].best[0][0] == "读"
    assert masked_scores(filler.model, rows, mask)["accuracy"] > 0.8


def test_the_probabilities_of_a_gap_sum_to_one_and_ranks_follow_them(toy):
    filler = toy[0]
    (gap,) = filler.fill("猫在[MASK]上睡。", k=len(filler.tokenizer))
    assert sum(p for _, p in gap.best) == pytest.approx(1)
    assert [filler.rank("猫在[MASK]上睡。", token) for token, _ in gap.best[:3]] == [1, 2, 3]


def test_a_rank_wants_a_known_token_and_one_gap(toy):
    with pytest.raises(ValueError, match="'龙' is not in the vocabulary"):
        toy[0].rank("猫在[MASK]上睡。", "龙")
    with pytest.raises(ValueError, match="has 2 gaps"):
        toy[0].rank("猫在[MASK][MASK]睡。", "树")


def test_a_mask_of_any_rate_can_be_scored_and_one_without_gaps_is_refused(toy):
    filler, rows, mask = toy
    found = masked_scores(filler.model, rows, partial(mask, rate=0.5))
    assert found["gaps"] > 1.5 * rows.shape[0]  # six characters a row, half of them
    with pytest.raises(ValueError, match="none of the 64 rows has a gap"):
        masked_scores(filler.model, rows, partial(mask, rate=0.0))


def test_several_gaps_are_filled_each_on_its_own(toy):
    first, second = toy[0].fill("狗[MASK]门[MASK]叫。", k=1)
    assert (first.best[0][0], second.best[0][0]) == ("在", "外")


def test_pseudo_log_likelihood_is_one_gap_at_a_time(toy):
    filler = toy[0]
    found = filler.pseudo_log_likelihood("猫在树上睡。")
    gap = filler.gap_log_probs("猫在[MASK]上睡。")[0, filler.tokenizer.token_to_id["树"]]
    assert len(found) == 6
    assert found[2] == pytest.approx(gap, abs=1e-5)
    assert found.sum() > filler.pseudo_log_likelihood("树在猫上睡。").sum()
    with pytest.raises(ValueError, match="has a gap; give the whole text"):
        filler.pseudo_log_likelihood("猫在[MASK]上睡。")
    with pytest.raises(ValueError, match="no character that the tokenizer keeps"):
        filler.pseudo_log_likelihood("\u200b")


@pytest.mark.parametrize(
    ("text", "k", "named"),
    [
        ("  ", 5, "the text is empty"),
        ("\u200b", 5, "no character that the tokenizer keeps"),
        ("我在家看书。", 5, "has no gap"),
        ("我[CLS][MASK]", 5, "CLS"),
        ("我[MASK]" * 9, 5, "18 tokens and the limit is 8"),
        ("我[MASK]", 0, "k is 0"),
    ],
)
def test_what_cannot_be_filled_is_refused(toy, text, k, named):
    with pytest.raises(ValueError, match=named):
        toy[0].fill(text, k)


def test_a_tokenizer_of_another_model_is_refused(toy):
    with pytest.raises(ValueError, match="do not belong together"):
        Filler(toy[0].model, character_tokenizer(["别的"]))


@pytest.mark.slow
def test_a_run_that_was_killed_ends_at_the_same_weights(tmp_path):
    def run(steps, state):
        training.seed(0)
        model = MaskedBert(dataclasses.replace(SMALL, pooler=False, dropout=0.1))
        compile_for_gaps(model, 6, warmup=2)
        mask = partial(mask_tokens, vocab_size=23)
        training.fit(model, dynamic_masks(rows_of(12, 9), 4, mask), steps, every=2, resume=state)
        return [array(weight) for weight in model.weights]

    whole = run(6, None)
    run(4, tmp_path / "state.npz")
    resumed = run(6, tmp_path / "state.npz")
    assert all((a == b).all() for a, b in zip(whole, resumed, strict=True))


# Vectors of texts and words


def test_mean_pooling_by_hand():
    x = np.array([[[1.0, 2], [3, 4], [100, 100]], [[1, 1], [9, 9], [9, 9]]])
    seen = np.array([[True, True, False], [False, False, False]])
    np.testing.assert_allclose(array(mean_pooling(x, seen)), [[2, 3], [0, 0]])


def test_cosine_by_hand():
    # (3, 4) with (4, 3): 24/25; with (−4, 3): 0.
    np.testing.assert_allclose(cosine([3.0, 4], [[4.0, 3], [-4, 3]]), [[0.96, 0]], atol=1e-12)
    with pytest.raises(ValueError, match="no direction"):
        cosine([0.0, 0], [1.0, 0])


def test_a_texts_vector_does_not_depend_on_the_texts_beside_it(toy):
    filler = toy[0]
    encoder, tokenizer = filler.model.bert, filler.tokenizer
    texts = ["我在家看书。", "猫睡"]
    together = sentence_vectors(encoder, tokenizer, texts)
    alone = np.concatenate([sentence_vectors(encoder, tokenizer, [text]) for text in texts])
    np.testing.assert_allclose(together, alone, atol=1e-5)
    with pytest.raises(ValueError, match="put a single one in brackets"):
        sentence_vectors(encoder, tokenizer, "猫睡")


def test_a_words_vector_depends_on_its_context_and_its_row_does_not(toy):
    filler = toy[0]
    texts = ["我在家看书。", "猫在树上睡。"]
    contextual, static = word_vectors(filler.model.bert, filler.tokenizer, texts, "在")
    assert (static[0] == static[1]).all()
    assert np.abs(contextual[0] - contextual[1]).max() > 0.05
    vectors = array(filler.model.bert(np.array([filler.encode(texts[0])])))
    np.testing.assert_allclose(contextual[0], vectors[0, 2], atol=1e-5)  # [CLS] 我 在
    with pytest.raises(ValueError, match="'狗' is not in"):
        word_vectors(filler.model.bert, filler.tokenizer, texts, "狗")
    with pytest.raises(ValueError, match="the word '' has no tokens"):
        word_vectors(filler.model.bert, filler.tokenizer, texts, "")


def test_the_beginning_of_a_longer_word_is_not_the_word():
    # em ##bed ##ding ##s is one word; the em that is meant stands behind it, or nowhere.
    tokenizer = WordPiece([*BERT_SPECIALS, "em", "##bed", "##ding", "##s"])
    encoder = randomise(Bert(dataclasses.replace(SMALL, vocab_size=len(tokenizer))))
    both, _ = word_vectors(encoder, tokenizer, ["embeddings em"], "em")
    ids = np.array([[2, 5, 6, 7, 8, 5, 3]])  # [CLS] em ##bed ##ding ##s em [SEP]
    np.testing.assert_allclose(both[0], array(encoder(ids))[0, 5], atol=1e-5)
    whole, _ = word_vectors(encoder, tokenizer, ["em embeddings"], "embeddings")
    assert np.isfinite(whole).all()
    for word in ("em", "embed"):
        with pytest.raises(ValueError, match=f"the word '{word}' is not in 'embeddings'"):
            word_vectors(encoder, tokenizer, ["embeddings"], word)


def test_a_word_that_the_context_cuts_is_neither_its_beginning_nor_itself():
    tokenizer = WordPiece([*BERT_SPECIALS, "em", "##bed", "##ding", "##s"])
    config = dataclasses.replace(SMALL, vocab_size=len(tokenizer), context_length=6)
    encoder = randomise(Bert(config))
    # [CLS] em em ##bed ##ding [SEP]: what is left of the second word looks like "embedding".
    with pytest.raises(ValueError, match="the word 'embedding' is not in 'em embeddings'"):
        word_vectors(encoder, tokenizer, ["em embeddings"], "embedding")
    # The word itself is there, but not all of it is read; nor is any of one that comes later.
    for text in ("em embeddings", "em em em em em embeddings"):
        with pytest.raises(ValueError, match="'embeddings' is behind the model's context, 6 tok"):
            word_vectors(encoder, tokenizer, [text], "embeddings")
    # The first whole word counts, [CLS] em ##bed ##ding ##s [SEP], and nothing but it fits.
    found, _ = word_vectors(encoder, tokenizer, ["embeddings embeddings"], "embeddings")
    vectors = array(encoder(np.array([[2, 5, 6, 7, 8, 3]])))
    np.testing.assert_allclose(found[0], vectors[0, 1:5].mean(axis=0), atol=1e-5)


# Saving


@pytest.mark.parametrize("kind", [Bert, MaskedBert, PairedBert])
def test_keras_saves_and_loads_the_models(kind, tmp_path):
    model = randomise(kind(SMALL))
    path = tmp_path / "model.keras"
    model.save(path)
    again = keras.saving.load_model(path)
    assert again.config == SMALL
    for ours, theirs in zip(model.weights, again.weights, strict=True):
        np.testing.assert_array_equal(array(ours), array(theirs))
