"""The losses and models of chapter 9: values worked out by hand, gradients, and what they see."""

import dataclasses
import math

import numpy as np
import pytest
from keras import ops

from companion import training
from companion.bert import (
    CLS_ID,
    MASK_ID,
    SEP_ID,
    Bert,
    BertConfig,
    character_tokenizer,
    gaps,
    mask_tokens,
    split_sentences,
)
from companion.checkpoints import by_path
from companion.objectives import (
    CORRUPTIONS,
    OBJECTIVES,
    Denoiser,
    DenoiserConfig,
    Electra,
    ElectraConfig,
    Labels,
    PrefixLM,
    ProbeEach,
    SimCSE,
    SimCSEConfig,
    commonest,
    denoising_batches,
    detection_losses,
    examples,
    info_nce,
    interval,
    masked_pairs,
    mass_spans,
    material,
    new_tokens,
    next_token,
    prefix_lm,
    prepare,
    probe,
    replaced_tokens,
    sentence_order_pairs,
    text_labels,
    token_labels,
    vectors,
)
from companion.tokenization import WordPiece
from companion.transformer import SmoothedCrossEntropy

# Keras 3.15 reads its own variables in a way that NumPy 2.4 deprecates (JAX).
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

SHAPE = {
    "vocab_size": 23,
    "context_length": 9,
    "d_model": 8,
    "num_layers": 1,
    "num_heads": 2,
    "d_ff": 12,
    "dropout": 0.0,
    "num_segments": 1,
    "pooler": False,
}
TINY = dataclasses.replace(BertConfig(**SHAPE), num_segments=2)


def array(x):
    return ops.convert_to_numpy(x)


def randomised(model, seed=0, scale=0.4):
    """Random numbers in every weight: zeros and ones would hide one that is left out."""
    rng = np.random.default_rng(seed)
    for weight in model.trainable_weights:
        weight.assign(rng.normal(size=weight.shape) * scale)
    return model


def rows(*shape, seed=0):
    """[CLS] ordinary tokens [SEP]."""
    ids = np.random.default_rng(seed).integers(5, SHAPE["vocab_size"], shape).astype("int32")
    ids[:, 0], ids[:, -1] = CLS_ID, SEP_ID
    return ids


@pytest.fixture(scope="module")
def corpus():
    """Four short Chinese texts of three sentences."""
    texts = [f"我爱{a}中国{b}。他在{b}北京{a}书。你{a}呢{b}？" for a in "甲乙" for b in "丙丁"]
    documents = [split_sentences(text) for text in texts]
    return material(documents, character_tokenizer(texts), length=16, sentinels=6)


# ELECTRA


def test_the_detection_loss_by_hand():
    # σ(0) = ½ costs log 2 either way; σ(log 3) = ¾ costs log 4/3 if replaced, log 4 if not.
    logits = np.array([[0.0, 0.0, math.log(3), math.log(3)]])
    found = array(detection_losses(logits, np.array([[0, 1, 1, 0]])))
    expected = [math.log(2), math.log(2), math.log(4 / 3), math.log(4)]
    np.testing.assert_allclose(found, [expected], rtol=1e-6)


def electra_batch():
    ids = rows(3, 9)
    ids[2, 6:] = [SEP_ID, 0, 0]
    rng = np.random.default_rng(1)
    shown, chosen = mask_tokens(ids, rng, 23, rate=0.4, shown=(1.0, 0.0))
    positions, labels = gaps(ids, chosen, 4)
    return (ids, shown, positions), labels


def test_electra_reads_what_the_data_function_makes_of_its_own_samples():
    training.seed(0)
    model = randomised(Electra(ElectraConfig(**SHAPE)))
    (ids, shown, positions), _ = electra_batch()
    out = model((ids, shown, positions))
    samples = array(out["samples"])
    expected = replaced_tokens(ids, positions, samples)
    np.testing.assert_array_equal(array(model.fill(ids, positions, samples)), expected.ids)
    np.testing.assert_array_equal(array(out["is_replaced"]), expected.is_replaced)
    detected = model.detect(expected.ids, attention_mask=ids != 0)
    np.testing.assert_allclose(array(out["replaced"]), array(detected), rtol=1e-4, atol=1e-5)
    assert expected.is_replaced.sum() > 0


def test_a_sure_generator_leaves_nothing_to_detect():
    training.seed(0)
    model = Electra(ElectraConfig(**SHAPE))
    inputs, labels = electra_batch()
    sure = 50.0 * np.eye(23)[labels]  # the true tokens with probability 1
    assert (array(model.say(sure)) == labels)[labels > 0].all()
    found = replaced_tokens(inputs[0], inputs[2], array(model.say(sure)))
    assert found.is_replaced.sum() == 0
    np.testing.assert_array_equal(found.ids, inputs[0])


def test_samples_come_from_the_softmax_and_not_from_its_maximum():
    training.seed(0)
    model = Electra(ElectraConfig(**SHAPE))
    logits = np.full((1, 4000, 23), -50.0)
    logits[:, :, 5], logits[:, :, 6] = math.log(0.7), math.log(0.3)
    drawn = array(model.say(logits))
    # 4,000 draws: five deviations of a share of 30 % are 0.036.
    assert (drawn == 6).mean() == pytest.approx(0.3, abs=0.036)


def test_a_place_at_which_the_generator_said_padding_is_seen_all_the_same():
    model = randomised(Electra(ElectraConfig(**SHAPE)))
    text = rows(1, 9)
    text[0, 7:] = [SEP_ID, 0]
    read = text.copy()
    read[0, 3] = 0
    real = text != 0
    as_trained = array(model.detect(read, attention_mask=real))
    hidden = array(model.detect(read))
    assert np.abs(as_trained - hidden)[real].max() > 1e-3
    # The generator is sure of [PAD] everywhere: what `call` detects is what the text's mask shows.
    model.say = lambda logits: ops.zeros(ops.shape(logits)[:2], "int32")
    out = model((text, read, np.array([[3]], np.int32)))
    assert array(out["is_replaced"]).tolist() == [[0, 0, 0, 1, 0, 0, 0, 0, 0]]
    np.testing.assert_allclose(array(out["replaced"]), as_trained, rtol=1e-4, atol=1e-5)


def test_electras_loss_is_the_gaps_and_lambda_times_all_real_tokens():
    training.seed(0)
    config = ElectraConfig(**SHAPE, weight=7.0)
    model = randomised(Electra(config))
    inputs, labels = electra_batch()
    out = model(inputs)
    masked = float(SmoothedCrossEntropy(0.0)(labels, out["masked"]))
    losses = array(detection_losses(out["replaced"], out["is_replaced"]))
    expected = masked + 7 * losses[inputs[0] != 0].mean()
    assert float(model.compute_loss(inputs, labels, out)) == pytest.approx(expected, rel=1e-5)


def test_a_row_of_electra_costs_the_same_in_any_company_a_row_of_infonce_does_not():
    training.seed(0)
    model = randomised(Electra(ElectraConfig(**SHAPE)))
    ids = rows(4, 9)
    labels = np.random.default_rng(1).integers(0, 2, ids.shape)
    together = array(detection_losses(model.detect(ids), labels))
    alone = array(detection_losses(model.detect(ids[:1]), labels[:1]))
    np.testing.assert_allclose(together[:1], alone, rtol=1e-4, atol=1e-5)
    a, b = np.random.default_rng(2).normal(size=(2, 4, 8))
    assert abs(array(info_nce(a, b, 1.0))[0] - array(info_nce(a[:1], b[:1], 1.0))[0]) > 0.1
    assert array(info_nce(a[:1], b[:1], 1.0)) == pytest.approx(0, abs=1e-6)


def test_numbers_that_make_no_electra_are_told():
    with pytest.raises(ValueError, match="generator_layers 0"):
        ElectraConfig(**SHAPE, generator_layers=0)


@pytest.mark.parametrize(
    ("kind", "config"),
    [
        (Electra, ElectraConfig(**SHAPE, weight=3.0)),
        (Denoiser, DenoiserConfig(**SHAPE, decoder_layers=2)),
        (PrefixLM, BertConfig(**SHAPE)),
        (SimCSE, SimCSEConfig(**SHAPE | {"dropout": 0.2})),
    ],
)
def test_a_model_is_rebuilt_from_what_keras_saves_of_it(kind, config):
    model = kind(config)
    again = kind.from_config(model.get_config())
    assert again.config == config
    assert [tuple(w.shape) for w in again.weights] == [tuple(w.shape) for w in model.weights]


# InfoNCE


def test_infonce_of_orthogonal_vectors_by_hand():
    # Equal pairs have cosine 1, all others 0: −log e^(1/τ)/(e^(1/τ) + n − 1).
    for n, temperature in ((3, 1.0), (5, 0.5)):
        x = 4.0 * np.eye(n, 6)  # lengths do not matter
        expected = math.log(1 + (n - 1) * math.exp(-1 / temperature))
        np.testing.assert_allclose(array(info_nce(x, 9 * x, temperature)), [expected] * n, 1e-5)
    # All vectors alike: a guess among n.
    alike = np.ones((4, 3))
    np.testing.assert_allclose(array(info_nce(alike, alike)), [math.log(4)] * 4, 1e-5)
    with pytest.raises(ValueError, match="temperature is 0"):
        info_nce(alike, alike, 0)
    for a, b in ((alike, alike[:3]), (alike[:3], alike)):
        with pytest.raises(ValueError, match=f"{len(a)} anchors and {len(b)} positives"):
            info_nce(a, b)


def test_twins_differ_in_training_and_are_one_vector_otherwise():
    training.seed(0)
    model = randomised(SimCSE(SimCSEConfig(**SHAPE | {"dropout": 0.3})))
    ids = rows(3, 9)
    first, second = array(model(ids, training=True))
    assert np.abs(first - second).max() > 0.01
    first, second = array(model(ids))
    np.testing.assert_allclose(first, second, atol=1e-6)
    assert first.shape == (3, 8)
    with pytest.raises(ValueError, match=r"dropout 0\.0"):
        SimCSEConfig(**SHAPE)


# Encoders and decoders


def test_the_decoder_says_nothing_that_it_was_not_shown_before():
    model = randomised(Denoiser(DenoiserConfig(**SHAPE)))
    source, shown, _ = mass_spans(rows(1, 9), np.random.default_rng(0))
    before = array(model((source, shown)))[0]
    changed = shown.copy()
    changed[0, 5] = 22 if shown[0, 5] != 22 else 21
    moved = np.abs(array(model((source, changed)))[0] - before).max(axis=1)
    assert moved[:5].max() < 1e-6
    assert moved[5] > 1e-3
    changed = source.copy()
    changed[0, 8] = 7
    assert np.abs(array(model((changed, shown)))[0] - before).max(axis=1).min() > 1e-5
    with pytest.raises(ValueError, match="decoder_layers is 0"):
        DenoiserConfig(**SHAPE, decoder_layers=0)


def test_a_prefix_is_read_from_both_sides_and_the_rest_from_one():
    model = randomised(PrefixLM(BertConfig(**SHAPE)))
    ids = rows(1, 9)
    given = prefix_lm(ids, np.random.default_rng(5))
    (prefix,) = (given.target == 0).sum(axis=1)  # one id is asked less than the row is long
    assert 2 < prefix < 8
    before = array(model((given.ids, given.attention_mask)))[0]
    for place in (prefix - 1, 7):
        changed = ids.copy()
        changed[0, place] = 22 if ids[0, place] != 22 else 21
        moved = np.abs(array(model((changed, given.attention_mask)))[0] - before).max(axis=1)
        sees = np.arange(9) >= (0 if place < prefix else place)
        assert (moved[sees] > 1e-5).all()
        assert moved[~sees].max(initial=0) < 1e-6


def test_the_next_token_objective_is_a_causal_model():
    model = randomised(PrefixLM(BertConfig(**SHAPE)))
    ids, mask, target = next_token(rows(2, 9))
    loss = float(SmoothedCrossEntropy(0.0)(target, model((ids, mask))))
    logits = array(model((ids, mask))).astype(float)
    log_probs = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    by_hand = -np.mean([log_probs[b, t, ids[b, t + 1]] for b in range(2) for t in range(8)])
    assert loss == pytest.approx(by_hand, rel=1e-5)
    x = array(model.bert(ids, attention_mask=mask))
    np.testing.assert_allclose(vectors(model.bert, ids, causal=True), x, atol=1e-6)


# The corpus, and every objective by name


def test_a_row_too_short_to_be_halved_is_left_out(corpus):
    texts = ["我爱中国我爱中国。", "我。"]
    documents, characters = [[text] for text in texts], character_tokenizer(texts)
    assert len(material(documents, characters, 16).rows) == 1
    assert len(material(documents, characters, 16, shortest=4).rows) == 2
    assert corpus.vocab_size == len(corpus.tokenizer) + 6
    assert corpus.sentinel_ids[0] == len(corpus.tokenizer)


def test_texts_that_make_no_row_and_texts_that_are_not_cut_are_told():
    characters = character_tokenizer(["我。你。"])
    with pytest.raises(ValueError, match="no row has 8 ids"):
        material([["我。"], ["你。"]], characters, 16)
    with pytest.raises(ValueError, match="list of sentences, not one text: '我。你。'"):
        material(["我。你。"], characters, 16)


def test_sentences_of_one_text_share_a_row_in_any_language():
    told = [["Ann ate .", "", "Bob ran ."], ["Ann ran ."], ["   "]]
    words = WordPiece.train([sentence for text in told for sentence in text], 60)
    made = material(told, words, length=8, shortest=3)
    ann, bob = (words.encode_ordinary(name)[0] for name in ("ann", "bob"))
    # [CLS] six tokens [SEP] fill a row of eight; the second text has its own, the third has none.
    assert [len(document) for document in made.documents] == [2, 1]
    assert (made.rows == ann).sum(axis=1).tolist() == [1, 1]
    assert (made.rows == bob).sum(axis=1).tolist() == [1, 0]
    assert (made.rows != 0).sum(axis=1).tolist() == [8, 5]


def test_masked_pairs_ask_two_questions(corpus):
    pairs = sentence_order_pairs(corpus.documents, np.random.default_rng(0), 16)
    batch = masked_pairs(*pairs, 4, corpus.mask, seed=3)
    (shown, segments, positions), labels = batch(5)
    assert shown.shape == segments.shape == (4, 16)
    assert set(labels) == {"masked", "next"}
    np.testing.assert_array_equal(batch(5)[0][0], shown)  # a pure function of the step
    hidden = labels["masked"] > 0
    assert hidden.any(axis=1).any()
    assert positions[~hidden].max(initial=0) == 0


@pytest.mark.parametrize("name", OBJECTIVES)
def test_every_objective_teaches_every_weight_of_its_encoder(name, corpus):
    import tensorflow as tf

    model, batch = prepare(name, corpus, steps=10, config=TINY, batch_size=4)
    inputs, labels = (*batch(0), None)[:2]
    with tf.GradientTape() as tape:
        out = model(inputs, training=True)
        loss = model.compute_loss(inputs, labels, out)
    found = tape.gradient(loss, model.bert.trainable_variables)
    untaught = {
        weight.path
        for weight, gradient in zip(model.bert.trainable_variables, found, strict=True)
        if gradient is None
    }
    assert untaught == set()
    assert np.isfinite(float(loss))


def test_at_step_0_the_encoders_of_all_objectives_are_one(corpus):
    starts = {}
    for name in OBJECTIVES:
        bert = prepare(name, corpus, 10, TINY, batch_size=4, seed=3)[0].bert
        starts[name] = {path: array(weight) for path, weight in by_path(bert).items()}
    for name, weights in starts.items():
        added = weights.keys() - starts["mlm"].keys()
        assert all(path.startswith("pooler/") for path in added), name
        for path, weight in starts["mlm"].items():
            np.testing.assert_array_equal(weights[path], weight, err_msg=f"{name}: {path}")
    other = prepare("mlm", corpus, 10, TINY, batch_size=4, seed=4)[0].bert
    assert np.abs(array(other.embedding.embeddings) - starts["mlm"]["E/embeddings"]).max() > 1e-3


def test_an_unknown_objective_is_told(corpus):
    with pytest.raises(ValueError, match="no objective 'bert'; there are: mlm, nsp"):
        prepare("bert", corpus, 1)


def test_a_mixture_whose_names_of_spans_and_tasks_would_meet_is_refused(corpus):
    # A row of 14 tokens hides 2 in one span: its name, the end and three tasks are five names.
    few = dataclasses.replace(corpus, sentinel_ids=corpus.sentinel_ids[:4])
    with pytest.raises(ValueError, match="4 sentinels; spans, the end and the tasks need 5"):
        prepare("mixed", few, 1)


def test_a_task_has_its_own_name_in_the_place_of_cls(corpus):
    plain = denoising_batches(corpus, CORRUPTIONS["T5 span corruption"], 4)
    named = denoising_batches(corpus, CORRUPTIONS["T5 span corruption"], 4, task=31)
    (source, _), target = plain(2)
    (named_source, named_shown), named_target = named(2)
    assert named_source[:, 0].tolist() == [31] * 4
    np.testing.assert_array_equal(named_source[:, 1:], source[:, 1:])
    assert named_shown.shape == named_target.shape == source.shape
    np.testing.assert_array_equal(named_target[:, : target.shape[1]], target)
    assert (source[:, 0] == CLS_ID).all()
    assert not (source == MASK_ID).any()


# Probing


def test_a_linear_probe_finds_what_is_linearly_there_and_nothing_else():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(400, 3))
    told = np.where(x @ [1, -2, 0.5] > 0, "a", "b")
    right = probe((x[:300], told[:300]), (x[300:], told[300:]))
    assert right.mean() > 0.95
    ring = np.where(np.linalg.norm(x, axis=1) > 1.5, "a", "b")  # no line parts a ring
    right = probe((x[:300], ring[:300]), (x[300:], ring[300:]))
    assert right.mean() < commonest(ring[:300], ring[300:]) + 0.15


def test_the_probe_is_scikit_learns_on_scaled_vectors():
    linear_model = pytest.importorskip("sklearn.linear_model")
    preprocessing = pytest.importorskip("sklearn.preprocessing")
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(120, 4)) * [1, 10, 100, 1] + 5, rng.integers(0, 3, 120)
    scaler = preprocessing.StandardScaler().fit(x[:80])
    judge = linear_model.LogisticRegression(C=1.0, max_iter=2000, tol=1e-2)
    judge.fit(scaler.transform(x[:80]), y[:80])
    expected = judge.predict(scaler.transform(x[80:])) == y[80:]
    assert (probe((x[:80], y[:80]), (x[80:], y[80:])) == expected).all()


def test_the_commonest_class_is_that_of_training():
    assert commonest(np.array(list("aab")), np.array(list("abbb"))) == 0.25


def test_classes_are_those_of_each_token_of_a_piece_and_specials_have_none(corpus):
    pieces = [("我", "who"), ("爱", ""), ("中国", "place")]
    found = token_labels(corpus.tokenizer, [pieces], 16)
    assert found.ids[0].tolist()[0] == CLS_ID
    assert found.labels.tolist() == [["", "who", "", "place", "place", ""]]
    short = token_labels(corpus.tokenizer, [pieces, pieces[:1]], 4)
    assert short.labels.tolist() == [["", "who", "", ""], ["", "who", "", ""]]
    assert short.ids[:, -1].tolist() == [SEP_ID, 0]
    texts = text_labels(corpus.tokenizer, ["我爱", "中国"], ["x", "y"], 16)
    assert texts.labels.tolist() == ["x", "y"]
    bert = Bert(dataclasses.replace(TINY, vocab_size=corpus.vocab_size))
    x, y = examples(bert, found)
    assert x.shape == (3, 8)
    assert y.tolist() == ["who", "place", "place"]
    np.testing.assert_allclose(x, vectors(bert, found.ids)[0, [1, 3, 4]])
    x, y = examples(bert, texts)
    np.testing.assert_allclose(x, vectors(bert, texts.ids).mean(axis=1), atol=1e-6)


def test_no_token_is_taught_and_asked_about():
    rng = np.random.default_rng(0)
    train, test = (
        Labels(ids, np.where(ids > 0, "x", "")) for ids in rng.integers(0, 40, (2, 30, 12))
    )
    taught, asked = new_tokens(train, test)
    known = set(taught.ids[taught.labels != ""])
    new = set(asked.ids[asked.labels != ""])
    assert not known & new
    assert known | new == set(range(1, 40))  # half of 40 each, but for 0, which has no label
    assert 19 <= len(known) <= 20
    assert (train.labels[train.ids > 0] == "x").all()  # what was given stays as it was


def test_an_interval_over_seeds_is_students():
    # Mean 2, deviation 1, t(0.975, 2) = 4.3027: ± 4.3027/√3 = 2.484.
    mean, low, high = interval([1, 2, 3])
    assert mean == 2
    assert (low, high) == (pytest.approx(2 - 2.4841, abs=1e-4), pytest.approx(4.4841, abs=1e-4))
    with pytest.raises(ValueError, match=r"1 seed\(s\)"):
        interval([1])


@pytest.mark.slow
@pytest.mark.parametrize("name", OBJECTIVES)
def test_every_objective_learns_is_probed_and_goes_on_after_a_break(name, corpus, tmp_path):
    def run(steps, resume=None):
        model, batch = prepare(name, corpus, 6, TINY, batch_size=4, rate=1e-2)
        watch = ProbeEach({"width": lambda bert: float(ops.std(bert.embedding.embeddings))})
        return model, training.fit(model, batch, steps, every=3, callbacks=[watch], resume=resume)

    whole, history = run(6)
    run(3, tmp_path / "state.npz")
    again, resumed = run(6, tmp_path / "state.npz")
    for a, b in zip(whole.trainable_variables, again.trainable_variables, strict=True):
        np.testing.assert_array_equal(array(a), array(b))
    assert history["width"] == resumed["width"]
    assert history["loss"] == resumed["loss"]
    assert len(history["processor seconds"]) == 2
