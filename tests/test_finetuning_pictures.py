"""Pictures and words: patches, captions and retrieval, by hand and trained for a moment."""

import dataclasses
import math

import keras
import numpy as np
import pytest
from keras import ops

from companion import finetuning as ft
from companion import microworld as mw
from companion import training
from companion.bert import encode_texts
from companion.tokenization import WordPiece

# Keras 3.15 reads its own variables in a way that NumPy 2.4 deprecates (JAX).
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

SCENES = mw.scenes(24, things=(1, 2))
CAPTIONS = [scene.caption() for scene in SCENES]
PICTURES = np.stack([mw.draw(scene) for scene in SCENES])
TOKENIZER = WordPiece.train(CAPTIONS, 400)
IDS = encode_texts(TOKENIZER, CAPTIONS, 24)
CONFIG = dataclasses.replace(
    ft.PICTURE_PRESETS["tiny"],
    vocab_size=len(TOKENIZER),
    context_length=IDS.shape[1],
    d_model=16,
    num_heads=2,
    d_ff=32,
)


def numbers(x):
    return ops.convert_to_numpy(x)


# Patches ------------------------------------------------------------------------------------------


def test_patches_are_cut_row_by_row():
    # One colour of a 4 × 4 picture counts 0 … 15; patches of 2 × 2.
    picture = np.repeat(np.arange(16.0).reshape(1, 4, 4, 1), 3, axis=3)
    patches = numbers(ft.cut_into_patches(picture, 2))
    assert patches.shape == (1, 4, 12)
    assert patches[0, :, ::3].tolist() == [
        [0, 1, 4, 5],
        [2, 3, 6, 7],
        [8, 9, 12, 13],
        [10, 11, 14, 15],
    ]


def test_patches_put_together_are_the_picture():
    patches = numbers(ft.cut_into_patches(PICTURES[:1], 10))[0].reshape(3, 3, 10, 10, 3)
    again = np.concatenate([np.concatenate(list(row), axis=1) for row in patches], axis=0)
    assert np.array_equal(again, PICTURES[0])


def test_empty_paper_leaves_only_the_places_and_ink_is_projected():
    layer = ft.PatchEmbedding(4, 2, 3)
    layer.build()
    layer.dense.kernel.assign(np.ones((12, 3)))
    layer.dense.bias.assign(np.zeros(3))
    layer.rows.assign([[1, 0, 0], [2, 0, 0]])
    layer.columns.assign([[0, 10, 0], [0, 20, 0]])
    picture = np.ones((1, 4, 4, 3), np.float32)
    places = [[1, 10, 0], [1, 20, 0], [2, 10, 0], [2, 20, 0]]
    assert numbers(layer(picture))[0].tolist() == places
    picture[0, 0, 3] = [0.5, 1, 1]  # half of one colour of one pixel, in the second patch
    assert np.allclose(numbers(layer(picture))[0] - places, [[0] * 3, [0.5] * 3, [0] * 3, [0] * 3])


@pytest.mark.parametrize(
    ("numbers", "says"), [({"patch": 7}, "7 pixels"), ({"temperature": 0}, "0")]
)
def test_sizes_that_fit_no_picture_are_refused(numbers, says):
    with pytest.raises(ValueError, match=says):
        dataclasses.replace(CONFIG, **numbers)


def test_vit_base_has_196_patches_and_the_86_million_weights_of_the_paper():
    config = ft.PICTURE_PRESETS["vit-base"]
    patches = (config.side // config.patch) ** 2
    assert patches == 196  # 14 × 14
    d, f = config.d_model, config.d_ff
    block = 4 * (d * d + d) + 2 * d * f + f + d + 4 * d
    places = (patches + 1) * d  # theirs: a vector a place, and one of [class]
    ours = config.num_layers * block + 3 * config.patch**2 * d + d + places + d + 2 * d
    assert round(ours / 1e6) == 86  # table 1


# Captions -----------------------------------------------------------------------------------------


def test_a_caption_batch_shows_each_word_one_place_late():
    (pictures, shown), target = ft.caption_batches(PICTURES, IDS, 4)(0)
    assert pictures.shape == (4, 30, 30, 3)
    assert np.array_equal(shown[:, 1:], target[:, :-1])
    assert (shown[:, 0] == TOKENIZER.special_tokens["[CLS]"]).all()


def test_the_captioner_sees_the_picture_and_never_a_later_word():
    training.seed(0)
    model = ft.Captioner(CONFIG)
    shown = IDS[:1, :-1]
    logits = numbers(model((PICTURES[:1], shown)))
    changed = shown.copy()
    changed[0, 5:] = 7
    assert logits.shape == (1, shown.shape[1], len(TOKENIZER))
    assert np.allclose(numbers(model((PICTURES[:1], changed)))[0, :5], logits[0, :5], atol=1e-5)
    assert not np.allclose(numbers(model((PICTURES[1:2], shown)))[0, 0], logits[0, 0], atol=1e-5)


def test_training_teaches_captions_and_writing_with_the_cache_is_the_same_as_without():
    training.seed(0)
    model = ft.Captioner(CONFIG)
    pictures, ids = PICTURES[:4], IDS[:4]
    ft.compile_for_captions(model, 2e-2, 60)
    history = training.fit(model, ft.caption_batches(pictures, ids, 4), 60, every=15)
    assert history["loss"][-1] < history["loss"][0] / 2
    written = ft.write_captions(model, TOKENIZER, pictures)
    assert ft.exact_captions(CAPTIONS[:4], written).all()
    # Without a cache, all words at once: the likeliest after each is the one that was written.
    rows = encode_texts(TOKENIZER, written, CONFIG.context_length)
    best = numbers(model((pictures, rows[:, :-1]))).argmax(axis=-1)
    assert np.array_equal(np.where(rows[:, 1:] > 0, best, 0), rows[:, 1:])


def test_where_a_word_looks_is_a_distribution_over_the_cells():
    training.seed(0)
    model = ft.Captioner(CONFIG)
    words, weights = ft.looked_at(model, TOKENIZER, PICTURES[0], CAPTIONS[0])
    assert words == CAPTIONS[0].split()
    assert weights.shape == (len(words), 3, 3)
    assert np.allclose(weights.sum(axis=(1, 2)), 1, atol=1e-5)


def test_a_prompt_a_picture_is_wanted():
    with pytest.raises(ValueError, match="2 prompts for 3 pictures"):
        ft.Captioning(ft.Captioner(CONFIG), PICTURES[:3]).start(2, 5)


def test_the_nearest_picture_lends_its_caption_and_never_names_a_new_one():
    known = np.array([[0.0, 0.0], [1.0, 1.0]])
    # Squared distances: 0.04 + 0.09 = 0.13 and 0.64 + 0.49; 0.5 from both.
    assert ft.nearest_captions(known, ["dark", "light"], np.array([[0.2, 0.3]])) == ["dark"]
    assert ft.nearest_captions(known, ["dark", "light"], np.array([[0.5, 0.5]])) == ["dark"]
    held_out = mw.scenes(20, split="test", things=(1, 2))
    pictures = np.stack([mw.draw(scene) for scene in held_out])
    found = ft.nearest_captions(PICTURES, CAPTIONS, pictures)
    assert not ft.exact_captions([scene.caption() for scene in held_out], found).any()


def test_a_caption_is_exact_to_the_word_whatever_its_white_space():
    given, written = ["a cat", "一个圆形", "a cat"], ["a cat", "一 个 圆 形", "a dog"]
    assert ft.exact_captions(given, written).tolist() == [True, True, False]
    with pytest.raises(ValueError, match="1 captions and 0 written"):
        ft.exact_captions(["a cat"], [])


# Retrieval ----------------------------------------------------------------------------------------


def test_the_loss_both_ways_by_hand():
    # Cosines at temperature 1: rows (1, 0.6), (0, 0.8).
    pictures, texts = np.eye(2, dtype="float32"), np.array([[1, 0], [0.6, 0.8]], "float32")
    there = [math.log(math.e + math.exp(0.6)) - 1, math.log(1 + math.exp(0.8)) - 0.8]
    back = [math.log(math.e + 1) - 1, math.log(math.exp(0.6) + math.exp(0.8)) - 0.8]
    by_hand = [(a + b) / 2 for a, b in zip(there, back, strict=True)]
    assert np.allclose(numbers(ft.both_ways(pictures, texts, 1.0)), by_hand, atol=1e-6)
    assert np.allclose(numbers(ft.both_ways(texts, pictures, 1.0)), by_hand, atol=1e-6)  # symmetric


def test_recall_by_hand_and_equals_do_not_count_as_found():
    # Row 0 finds its own first; row 1 third; row 2 second.
    scores = np.array([[0.9, 0.1, 0.2], [0.8, 0.1, 0.7], [0.3, 0.6, 0.5]])
    assert [ft.recall_at(k, scores) for k in (1, 2, 3)] == pytest.approx([1 / 3, 2 / 3, 1])
    # Transposed: columns 0.9 .8 .3; .1 .1 .6 (a tie, and a better one); .2 .7 .5.
    assert [ft.recall_at(k, scores.T) for k in (1, 2, 3)] == pytest.approx([1 / 3, 2 / 3, 1])
    assert ft.recall_at(2, np.ones((3, 3))) == 0
    with pytest.raises(ValueError, match="k is 4"):
        ft.recall_at(4, scores)


def test_words_in_common_by_hand():
    # {a, red, cat} and {a, cat}: 2 of 3; and {a, dog}: 1 of 4.
    assert ft.word_overlap(["a red cat"], ["a cat", "a dog"])[0] == pytest.approx([2 / 3, 1 / 4])


def test_padding_changes_no_text_and_the_order_of_words_does():
    training.seed(0)
    model = ft.Retriever(CONFIG)
    row = encode_texts(TOKENIZER, ["a small red circle is in the middle"], 24)
    wider = np.pad(row, ((0, 0), (0, 3)))
    assert np.allclose(numbers(model.read(wider)), numbers(model.read(row)), atol=1e-5)
    swapped = row.copy()
    swapped[0, [2, 3]] = row[0, [3, 2]]
    assert not np.allclose(numbers(model.read(swapped)), numbers(model.read(row)), atol=1e-3)


@pytest.mark.slow
def test_a_trained_pair_finds_each_others_captions_and_an_untrained_one_does_not():
    training.seed(0)
    model = ft.Retriever(CONFIG)
    before = ft.recall_at(1, ft.likeness(model, PICTURES, IDS))
    ft.compile_for_retrieval(model, 1e-2, 60)
    history = training.fit(model, ft.pair_batches(PICTURES, IDS, 24), 60, every=15)
    scores = ft.likeness(model, PICTURES, IDS)
    assert history["loss"][-1] < history["loss"][0] / 2
    assert min(ft.recall_at(1, scores), ft.recall_at(1, scores.T)) > 0.5 > 0.25 > before
    assert np.abs(scores).max() <= 1 + 1e-5  # cosines


def test_a_retriever_that_starts_from_a_captioner_sees_what_the_captioner_sees():
    training.seed(0)
    captioner, model = ft.Captioner(CONFIG), ft.Retriever(CONFIG)
    ft.start_from_captioner(model, captioner)
    memory = numbers(captioner.encode(PICTURES[:3]))
    vectors = memory.mean(axis=1) @ numbers(model.picture_dense.kernel)
    assert np.allclose(numbers(model.see(PICTURES[:3])), vectors, atol=1e-5)


@pytest.mark.parametrize("made", [ft.Captioner, ft.Retriever])
def test_a_model_of_pictures_is_saved_and_loaded_with_its_weights(made, tmp_path):
    training.seed(0)
    model = made(CONFIG)
    given = PICTURES[:2], IDS[:2, :-1]
    before = numbers(model(given))
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert again.config == CONFIG
    assert np.allclose(numbers(again(given)), before, atol=1e-6)
