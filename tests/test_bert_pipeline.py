"""The production path beside ours: the same law, the same shapes, and it trains the same model."""

import math

import numpy as np
import pytest

pytest.importorskip("tensorflow_text", reason="tensorflow-text has no wheels for this system")

import tensorflow as tf

from companion import pipelines
from companion.bert import (
    MASK_ID,
    SPECIAL_IDS,
    BertConfig,
    MaskedBert,
    character_tokenizer,
    compile_for_gaps,
    mask_tokens,
)

ROWS, WIDTH, VOCAB = 10_000, 22, 1000
SPECIALS = dict(zip(("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"), SPECIAL_IDS, strict=True))


def share_is(count, total, probability):
    """Within five standard deviations of a binomial share."""
    return abs(count / total - probability) < 5 * math.sqrt(probability * (1 - probability) / total)


@pytest.fixture(scope="module")
def rows():
    """[CLS] twenty ordinary tokens [SEP]: 15 % of them are three, and nothing is rounded."""
    ids = np.random.default_rng(0).integers(5, VOCAB, (ROWS, WIDTH)).astype("int32")
    ids[:, 0], ids[:, -1] = SPECIALS["[CLS]"], SPECIALS["[SEP]"]
    return ids


def masked_by_tensorflow_text(rows):
    tf.random.set_seed(0)
    choose = tf.function(pipelines.gap_chooser(VOCAB, MASK_ID, SPECIAL_IDS, most=20))
    out = choose(tf.RaggedTensor.from_tensor(rows))
    chosen = np.zeros(rows.shape, bool)
    positions = out["positions"].to_tensor(-1).numpy()
    for row, places in zip(chosen, positions, strict=True):
        row[places[places >= 0]] = True
    np.testing.assert_array_equal(out["labels"].flat_values, rows[chosen])
    return out["ids"].to_tensor().numpy(), chosen


def masked_by_us(rows):
    return mask_tokens(rows, np.random.default_rng(1), VOCAB)


@pytest.mark.parametrize("mask", [masked_by_us, masked_by_tensorflow_text])
def test_ten_thousand_sequences_obey_one_law_whoever_masks_them(rows, mask):
    shown, chosen = mask(rows)
    total = chosen.sum()
    masked = shown == MASK_ID
    assert share_is(total, ROWS * (WIDTH - 2), 0.15)
    assert not chosen[:, [0, -1]].any()
    np.testing.assert_array_equal(shown[~chosen], rows[~chosen])
    # tensorflow-text draws from all 1,000 ids, so that a random one is [MASK] or the true one
    # twice in a thousand; both are far below five deviations of 30,000 gaps, 0.9 points.
    assert share_is(masked.sum(), total, 0.8)
    assert share_is((chosen & ~masked & (shown != rows)).sum(), total, 0.1)
    assert share_is((chosen & (shown == rows)).sum(), total, 0.1)
    for place in range(1, WIDTH - 1):
        assert share_is(chosen[:, place].sum(), ROWS, 0.15)


def test_tensorflow_text_rounds_the_number_of_gaps_up_and_ours_is_right_on_average():
    # 0.15·7 = 1.05: it always takes two, which is 28.6 % of the tokens.
    rows = np.full((4000, 9), 50, np.int32)
    rows[:, 0], rows[:, -1] = SPECIALS["[CLS]"], SPECIALS["[SEP]"]
    assert (masked_by_tensorflow_text(rows)[1].sum(axis=1) == 2).all()
    assert share_is(masked_by_us(rows)[1].sum(), 4000 * 7, 0.15)


def test_padding_is_never_chosen_and_a_rate_that_is_none_is_named():
    rows = np.array([[2, 9, 9, 9, 9, 3, 0, 0]] * 500, np.int32)
    _, chosen = masked_by_tensorflow_text(rows)
    assert not chosen[:, 5:].any()
    with pytest.raises(ValueError, match="rate is 0"):
        pipelines.gap_chooser(10, 4, SPECIAL_IDS, rate=0)


def test_fewer_texts_than_a_batch_are_told():
    tokenize = pipelines.bert_ids(list(SPECIALS))
    with pytest.raises(ValueError, match="1 texts make no batch of 32"):
        pipelines.gap_batches(["我"], tokenize, length=8, vocab_size=5, special_tokens=SPECIALS)


def test_the_pipeline_trains_the_chapters_model():
    texts = ["我在家看书。", "他在家读报。"] * 8
    tokenizer = character_tokenizer(texts)
    batches = pipelines.gap_batches(
        texts,
        pipelines.bert_ids(tokenizer.vocab),
        length=12,
        vocab_size=len(tokenizer),
        special_tokens=SPECIALS,
        batch_size=8,
    )
    (shown, positions), labels = next(iter(batches))
    assert shown.shape == (8, 12)
    assert positions.shape == labels.shape == (8, 2)  # 0.15·10 rounded up
    assert shown.dtype == positions.dtype == labels.dtype == tf.int32
    real = labels.numpy() > 0
    plain = [[2, *tokenizer.encode(text), 3] for text in texts[:8]]
    for row, places, found, counts in zip(plain, positions, labels, real, strict=True):
        assert [row[p] for p in places.numpy()[counts]] == found.numpy()[counts].tolist()
    model = MaskedBert(BertConfig(len(tokenizer), 12, 16, 1, 2, 32, 0.0, pooler=False))
    compile_for_gaps(model, 2)
    history = model.fit(batches, epochs=1, shuffle=False, verbose=0)
    assert history.history["loss"][0] == pytest.approx(math.log(len(tokenizer)), rel=0.1)
