"""What BERT is trained on: the masking law, masks drawn once and anew, rows, pairs."""

import math
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.bert import (
    MASK_ID,
    SPECIAL_IDS,
    WarmupLinear,
    character_tokenizer,
    document_sentences,
    dynamic_masks,
    full_sentences,
    gaps,
    make_pairs,
    mask_tokens,
    most_gaps,
    narrow,
    split_sentences,
    static_masks,
    take_turns,
    word_numbers,
)

PAD, UNK, CLS, SEP, MASK = SPECIAL_IDS


def rows_of(*shape, seed=0, vocab_size=23):
    """[CLS] ordinary tokens [SEP]."""
    ids = np.random.default_rng(seed).integers(5, vocab_size, shape).astype("int32")
    ids[:, 0], ids[:, -1] = CLS, SEP
    return ids


# The masking law


def share_is(count, total, probability):
    """Within five standard deviations of a binomial share."""
    return abs(count / total - probability) < 5 * math.sqrt(probability * (1 - probability) / total)


def test_of_ten_thousand_sequences_15_percent_are_chosen_and_shown_80_10_10():
    rng = np.random.default_rng(0)
    ids = rng.integers(5, 1000, (10_000, 32))
    lengths = rng.integers(4, 33, 10_000)[:, None]
    ids = np.where(np.arange(32) < lengths, ids, PAD)
    ids[:, 0] = CLS
    ids[np.arange(10_000), lengths[:, 0] - 1] = SEP
    before = ids.copy()
    shown, chosen = mask_tokens(ids, rng, 1000)
    ordinary, special = ids >= 5, np.isin(ids, SPECIAL_IDS)
    assert (ids == before).all()  # the argument is left as it was
    assert not (chosen & special).any()
    assert (shown == ids)[~chosen].all()
    assert share_is(chosen.sum(), ordinary.sum(), 0.15)
    masked = shown == MASK_ID
    # A random token is the true one once in 995.
    same, other = chosen & (shown == ids), chosen & ~masked & (shown != ids)
    assert share_is(masked.sum(), chosen.sum(), 0.8)
    assert share_is(other.sum(), chosen.sum(), 0.1 * 994 / 995)
    assert share_is(same.sum(), chosen.sum(), 0.1 + 0.1 / 995)
    assert not np.isin(shown[other], SPECIAL_IDS).any()


def test_every_position_is_as_likely_as_every_other_and_rows_differ():
    rng = np.random.default_rng(1)
    _, chosen = mask_tokens(rows_of(8000, 9), rng, 23)
    assert not chosen[:, [0, 8]].any()
    for place in range(1, 8):
        assert share_is(chosen[:, place].sum(), 8000, 0.15)
    # 0.15·7 = 1.05 gaps a row: one, or in 5 % of the rows two.
    counts = chosen.sum(axis=1)
    assert set(counts.tolist()) == {1, 2}
    assert share_is((counts == 2).sum(), 8000, 0.05)


@given(st.integers(0, 10**6), st.integers(1, 12), st.sampled_from([0.0, 0.15, 0.4, 1.0]))
@settings(max_examples=30, deadline=None)
def test_a_row_never_has_more_gaps_than_there_is_room_for(seed, length, rate):
    ids = rows_of(4, length, seed=seed)
    _, chosen = mask_tokens(ids, np.random.default_rng(seed), 23, rate=rate)
    assert chosen.sum(axis=1).max() <= most_gaps(length, rate)


def test_shares_are_the_callers_where_he_gives_them():
    ids = rows_of(50, 20)
    shown, chosen = mask_tokens(ids, np.random.default_rng(0), 23, shown=(1.0, 0.0))
    assert (shown[chosen] == MASK_ID).all()
    shown, chosen = mask_tokens(ids, np.random.default_rng(0), 23, shown=(0.0, 0.0))
    assert chosen.any()
    assert (shown == ids).all()


def test_whole_words_are_chosen_whole():
    rng = np.random.default_rng(0)
    ids = rng.integers(5, 1000, (400, 40))
    words = np.tile(np.repeat(np.arange(20), 2), (400, 1))
    _, chosen = mask_tokens(ids, rng, 1000, words=words)
    assert (chosen[:, ::2] == chosen[:, 1::2]).all()
    assert share_is(chosen[:, ::2].sum(), 400 * 20, 0.15)  # 0.15·40 = 6 tokens are three words


def test_whole_words_that_do_not_fit_leave_the_share_below_the_rate():
    # 0.15·20 = 3 tokens have room for one word of two; 0.15·6 = 0.9 for none of three.
    rng, shape = np.random.default_rng(0), (400, 20)
    words = np.tile(np.repeat(np.arange(10), 2), (400, 1))
    _, chosen = mask_tokens(np.full(shape, 7), rng, 23, words=words)
    assert (chosen.sum(axis=1) == 2).all()
    words = np.tile(np.repeat(np.arange(2), 3), (400, 1))
    _, chosen = mask_tokens(np.full((400, 6), 7), rng, 23, words=words)
    assert not chosen.any()


def test_word_numbers_by_hand():
    assert word_numbers(["un", "##aff", "##able", "dog", "##s"]).tolist() == [0, 0, 0, 1, 1]


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"rate": 1.5}, "rate 1.5"),
        ({"shown": (0.9, 0.2)}, "shares"),
        ({"special_ids": range(23)}, "all 23 tokens"),
    ],
)
def test_laws_that_are_none_are_named(options, named):
    with pytest.raises(ValueError, match=named):
        mask_tokens(rows_of(2, 5), np.random.default_rng(0), 23, **options)


def test_gaps_by_hand():
    ids = np.array([[2, 7, 8, 9, 3], [2, 5, 6, 3, 0]])
    chosen = np.array([[0, 1, 0, 1, 0], [0, 0, 1, 0, 0]], bool)
    positions, labels = gaps(ids, chosen)
    assert positions.tolist() == [[1, 3], [2, 0]]
    assert labels.tolist() == [[7, 9], [6, 0]]
    with pytest.raises(ValueError, match="width is 1; the fullest of these rows has 2 gaps"):
        gaps(ids, chosen, 1)


# Static and dynamic masks


def test_dynamic_masks_differ_each_time_and_are_a_function_of_the_step():
    rows = rows_of(8, 24)
    batch = dynamic_masks(rows, 8, partial(mask_tokens, vocab_size=23), seed=3)
    seen = {sets_of_gaps(batch(step), rows) for step in range(6)}
    assert len(seen) == 6
    (shown, positions), labels = batch(4)
    (again, _), _ = dynamic_masks(rows, 8, partial(mask_tokens, vocab_size=23), seed=3)(4)
    assert (shown == again).all()
    assert positions.shape == labels.shape == (8, most_gaps(24))


def test_gaps_without_room_say_what_to_give():
    mask = partial(mask_tokens, vocab_size=23, rate=0.9)
    with pytest.raises(ValueError, match="the mask's rate as rate="):
        dynamic_masks(rows_of(8, 24), 8, mask)(0)


def test_static_masks_repeat_after_as_many_epochs_as_there_are_copies():
    rows = rows_of(8, 24)
    batch = static_masks(rows, 8, partial(mask_tokens, vocab_size=23), copies=2)
    found = [sets_of_gaps(batch(step), rows) for step in range(4)]
    assert found[0] == found[2]
    assert found[1] == found[3]
    assert found[0] != found[1]
    with pytest.raises(ValueError, match="copies is 0"):
        static_masks(rows, 8, partial(mask_tokens, vocab_size=23), copies=0)


def sets_of_gaps(batch, rows):
    """Which tokens of which row are gaps, whatever the order of the rows."""
    (shown, positions), labels = batch
    found = set()
    for row, places, true in zip(shown, positions, labels, strict=True):
        restored = row.copy()
        restored[places[true != PAD]] = true[true != PAD]
        (number,) = np.flatnonzero((rows == restored).all(axis=1))
        found.add((int(number), tuple(places[true != PAD].tolist())))
    return frozenset(found)


def test_sources_take_turns():
    batch = take_turns(lambda step: ("a", step), lambda step: ("b", step))
    assert [batch(step) for step in range(4)] == [("a", 0), ("b", 0), ("a", 1), ("b", 1)]


def test_the_rate_climbs_to_its_top_and_falls_to_nothing():
    rate = WarmupLinear(1.0, steps=10, warmup=2)
    # Keras' step 0 is our step 1: 1/2, 2/2, then (11 − 3)/(11 − 2) = 8/9, … and 1/9 at the last.
    found = [float(rate(step)) for step in (0, 1, 2, 9, 10, 50)]
    np.testing.assert_allclose(found, [0.5, 1, 8 / 9, 1 / 9, 0, 0], atol=1e-6)
    with pytest.raises(ValueError, match="warmup 11"):
        WarmupLinear(1.0, steps=10, warmup=11)


# Rows and pairs


def test_sentences_end_at_marks_quotes_and_lines():
    found = split_sentences("他说：“好！”我走了。\n第一回\n你呢？")
    assert found == ["他说：“好！”", "我走了。", "第一回", "你呢？"]


def test_letters_and_digits_are_narrowed_and_chinese_signs_are_not():
    assert narrow("１９９８年，ＡＢＣ。") == "1998年，ABC。"


def test_characters_are_tokens_and_rare_ones_are_unknown():
    tokenizer = character_tokenizer(["我爱书，我爱GPT2", "我爱书x"], at_least=2)
    assert tokenizer.vocab == ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "我", "爱", "书"]
    # 我 3, 爱 3 and 书 2 times; the comma, the letters and the digit once.
    assert tokenizer.encode("我爱书，") == [5, 6, 7, UNK]
    with pytest.raises(ValueError, match="no character stands 9 times"):
        character_tokenizer(["我爱书"], at_least=9)


DOCUMENTS = [[[5, 6], [7], [8, 9, 10]], [[11]], [[12, 13], [14]]]


def test_rows_of_one_document_by_hand():
    # Four places between [CLS] and [SEP]: [5 6] and [7] fit together, [8 9 10] no longer.
    found = document_sentences(DOCUMENTS, 6)
    assert found.tolist() == [
        [2, 5, 6, 7, 3, 0],
        [2, 8, 9, 10, 3, 0],
        [2, 11, 3, 0, 0, 0],
        [2, 12, 13, 14, 3, 0],
    ]


def test_rows_across_documents_by_hand():
    # 8 9 10 leave one place: [SEP] 11 needs two. 11 [SEP] 12 13 fill a row; 14 begins another.
    found = full_sentences(DOCUMENTS, 6)
    assert found.tolist() == [
        [2, 5, 6, 7, 3, 0],
        [2, 8, 9, 10, 3, 0],
        [2, 11, 3, 12, 13, 3],
        [2, 14, 3, 0, 0, 0],
    ]


def test_no_token_is_lost_or_made_by_filling_rows():
    rng = np.random.default_rng(0)
    documents = [
        [rng.integers(5, 99, rng.integers(1, 20)).tolist() for _ in range(rng.integers(1, 5))]
        for _ in range(30)
    ]
    flat = [i for document in documents for sentence in document for i in sentence]
    for fill in (document_sentences, full_sentences):
        rows = fill(documents, 12)
        assert rows[rows >= 5].tolist() == flat
    with pytest.raises(ValueError, match="length is 2"):
        document_sentences(documents, 2)
    with pytest.raises(ValueError, match="no sentence"):
        full_sentences([], 12)


def test_half_of_the_pairs_follow_and_the_others_come_from_another_document():
    documents = [[[100 * d + i] for i in range(11)] for d in range(1, 9)]
    found = make_pairs(documents, np.random.default_rng(0), 8)
    assert found.is_next.sum() == 40
    assert len(found.ids) == 80
    assert found.segments[0].tolist() == [0, 0, 0, 1, 1, 0, 0, 0]  # [CLS] a [SEP] b [SEP]
    first, second = found.ids[:, 1], found.ids[:, 3]
    followed = found.is_next == 1
    assert (second - first == 1)[followed].all()
    assert (first // 100 != second // 100)[~followed].all()


def test_a_pair_that_is_too_long_loses_the_end_of_its_longer_side():
    documents = [[[5, 6, 7, 8], [9, 10]], [[11]]]
    # Room for 3 of 4 + 2: the first loses 8, then 7; it is then no longer than the second: 10 goes.
    (row,) = make_pairs(documents, even_rng(), 6).ids
    assert row.tolist() == [CLS, 5, 6, SEP, 9, SEP]
    for broken, named in [((documents, 4), "length is 4"), ((documents[:1], 8), "1 document")]:
        with pytest.raises(ValueError, match=named):
            make_pairs(broken[0], even_rng(), broken[1])


def even_rng():
    return np.random.default_rng(0)
