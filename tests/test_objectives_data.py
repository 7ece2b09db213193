"""The data functions of chapter 9 against small batches worked out by hand, and their laws."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.bert import CLS_ID, MASK_ID, SEP_ID
from companion.ngram import Vocabulary
from companion.objectives import (
    back_translate,
    delete_words,
    infill,
    mask_tokens,
    mass_spans,
    mix,
    next_token,
    noise_spans,
    prefix_lm,
    prefix_lm_mask,
    replaced_tokens,
    restored,
    sentence_order_pairs,
    sentence_permutation,
    sentinel_pair,
    span_corruption,
    span_lengths,
    swap_words,
    synonyms,
    temperature_mixing,
    text_infilling,
)

FRAME = (0, CLS_ID, SEP_ID)
SENTINELS = tuple(range(900, 920))


def rng(seed=0):
    return np.random.default_rng(seed)


class FixedRng:
    """A generator whose draws are known beforehand, so that a batch can be worked out by hand."""

    def __init__(self, integers=(), poisson=(), choice=()):
        self.draws = {name: list(drawn) for name, drawn in locals().items() if name != "self"}

    def integers(self, *bounds):
        return self.draws["integers"].pop(0)

    def poisson(self, mean):
        return self.draws["poisson"].pop(0)

    def choice(self, *what, **how):
        return np.array(self.draws["choice"].pop(0))


def framed(lengths, width, seed=0):
    """Rows [CLS] tokens 5 … 98 [SEP] of so many tokens, padded."""
    ids = np.zeros((len(lengths), width), np.int32)
    for row, length in zip(ids, lengths, strict=True):
        row[: length + 2] = [CLS_ID, *rng(seed).integers(5, 99, length), SEP_ID]
    return ids


row_lengths = st.lists(st.integers(2, 18), min_size=1, max_size=4)
seeds = st.integers(0, 10**6)


# Sentence order


def test_a_pair_is_a_sentence_and_the_next_or_the_two_swapped():
    documents = [[[7, 8], [9], [10, 11, 12]]]
    found = sentence_order_pairs(documents, rng(1), 9)
    # Two neighbours: (7 8 | 9) and (9 | 10 11 12), one of the two swapped.
    assert sorted(found.in_order.tolist()) == [0, 1]
    right = {
        0: ([2, 7, 8, 3, 9, 3, 0, 0, 0], [0, 0, 0, 0, 1, 1, 0, 0, 0]),
        1: ([2, 9, 3, 10, 11, 12, 3, 0, 0], [0, 0, 0, 1, 1, 1, 1, 0, 0]),
    }
    swapped = {
        0: ([2, 9, 3, 7, 8, 3, 0, 0, 0], [0, 0, 0, 1, 1, 1, 0, 0, 0]),
        1: ([2, 10, 11, 12, 3, 9, 3, 0, 0], [0, 0, 0, 0, 0, 1, 1, 0, 0]),
    }
    for row, in_order in enumerate(found.in_order):
        ids, segments = (right if in_order else swapped)[row]
        assert found.ids[row].tolist() == ids
        assert found.segments[row].tolist() == segments


def test_the_longer_sentence_of_a_pair_is_cut():
    # Room for 8 − 3 = 5: of 6 and 2 tokens 3 and 2 are left; of 6 and 6 tokens 3 and 2.
    for a, b in (([5] * 6, [6] * 2), ([5] * 6, [6] * 6), ([5] * 2, [6] * 6)):
        found = sentence_order_pairs([[a, b]], rng(), 8)
        assert (found.ids != 0).all()
        assert sorted(np.unique(found.ids, return_counts=True)[1].tolist()) == [1, 2, 2, 3]


def test_what_has_no_order_is_told():
    with pytest.raises(ValueError, match="no document has two sentences"):
        sentence_order_pairs([[[5]], [[6]]], rng(), 8)
    with pytest.raises(ValueError, match="length is 4"):
        sentence_order_pairs([[[5], [6]]], rng(), 4)


# Replaced tokens


def test_where_the_generator_was_right_the_label_is_original():
    ids = np.array([[2, 7, 8, 9, 3], [2, 5, 6, 3, 0]])
    positions, samples = np.array([[1, 3], [2, 0]]), np.array([[7, 4], [11, 12]])
    found = replaced_tokens(ids, positions, samples)
    # Row 0: 7 was guessed right, 9 became 4. Row 1: 6 became 11; position 0 only fills up.
    assert found.ids.tolist() == [[2, 7, 8, 4, 3], [2, 5, 11, 3, 0]]
    assert found.is_replaced.tolist() == [[0, 0, 0, 1, 0], [0, 0, 1, 0, 0]]
    assert ids[0, 3] == 9
    with pytest.raises(ValueError, match="twice"):
        replaced_tokens(ids, positions, samples[:, :1])


# MASS


def test_mass_hides_half_of_a_text_and_shows_the_decoder_the_token_before():
    ids = np.array([[2, 11, 12, 13, 14, 15, 16, 3, 0]])
    # Six tokens: a span of 3, which may begin at 4 places; place 2 is token 13.
    source, shown, target = mass_spans(ids, FixedRng(integers=[2]))
    assert source.tolist() == [[2, 11, 12, 4, 4, 4, 16, 3, 0]]
    assert shown.tolist() == [[4, 4, 4, 4, 13, 14, 4, 4, 0]]
    assert target.tolist() == [[0, 0, 0, 13, 14, 15, 0, 0, 0]]


@given(row_lengths, seeds)
@settings(max_examples=30, deadline=None)
def test_a_mass_span_is_half_of_the_text_in_one_piece_and_never_a_special_token(lengths, seed):
    ids = framed(lengths, 20, seed)
    source, shown, target = mass_spans(ids, rng(seed))
    hidden = target != 0
    assert hidden.sum(axis=1).tolist() == [(length + 1) // 2 for length in lengths]
    assert not np.isin(ids[hidden], FRAME).any()
    assert (np.diff(hidden.astype(int), axis=1) == 1).sum(axis=1).tolist() == [1] * len(ids)
    np.testing.assert_array_equal(np.where(hidden, target, source), ids)
    # What one side is shown the other is not: the decoder sees hidden tokens only.
    assert ((shown == MASK_ID) | (shown == 0) | hidden).all()


def test_a_text_that_has_no_half_is_told():
    with pytest.raises(ValueError, match=r"row 0 has 1 token\(s\) of text"):
        mass_spans(np.array([[2, 7, 3]]), rng())
    with pytest.raises(ValueError, match="a row has 2 ids"):
        mass_spans(np.array([[2, 3]]), rng())


# BART


def test_a_span_becomes_one_mask_however_long_it_is():
    assert infill([5, 6, 7, 8, 9], [1, 4], [2, 0]) == [5, 4, 8, 4, 9]
    assert infill([5, 6], [0], [2]) == [4]
    assert infill([5, 6], [2], [0]) == [5, 6, 4]
    with pytest.raises(ValueError, match="a span of 2 at 1"):
        infill([5, 6, 7], [0, 1], [2, 2])


def test_text_infilling_by_hand():
    ids = np.array([[2, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 3, 0]])
    # 30 % of ten tokens are three: lengths 2, 0, and 4 cut to 1. Seven tokens are kept, and before
    # the spans 1, 3 and 6 of them: 11 (12 13) 14 15 () 16 17 18 (19) 20.
    drawn = FixedRng(poisson=[2, 0, 4], choice=[[6, 1, 3]])
    source, shown, target = text_infilling(ids, drawn)
    assert source.tolist() == [[2, 11, 4, 14, 15, 4, 16, 17, 18, 4, 20, 3, 0]]
    assert target.tolist() == [[*range(11, 21), 3, 0, 0]]
    assert shown.tolist() == [[2, *range(11, 21), 3, 0]]


def test_spans_that_are_nearly_all_empty_are_refused():
    for draw in (
        lambda: span_lengths(10, rng(), mean=0.0),
        lambda: text_infilling(framed([8], 10), rng(), mean=0.01),
    ):
        with pytest.raises(ValueError, match="tokens on average"):
            draw()


def test_span_lengths_have_the_mean_of_their_poisson_law():
    lengths = span_lengths(30_000, rng())
    assert sum(lengths) == 30_000
    # About 10,000 lengths of mean 3 and variance 3: five deviations of their mean are 0.087.
    assert np.mean(lengths) == pytest.approx(3, abs=5 * np.sqrt(3 / len(lengths)))
    # e^−3 = 5 % are 0.
    assert np.mean(np.array(lengths) == 0) == pytest.approx(np.exp(-3), abs=0.011)


@given(row_lengths, seeds, st.sampled_from([0.1, 0.3, 0.5]))
@settings(max_examples=40, deadline=None)
def test_infilling_keeps_order_and_frame_and_never_grows(lengths, seed, rate):
    ids = framed(lengths, 20, seed)
    source, shown, target = text_infilling(ids, rng(seed), rate=rate)
    for row, left, said in zip(ids, source, target, strict=True):
        kept = [token for token in left if token not in (0, MASK_ID)]
        rest = iter(row.tolist())
        assert all(token in rest for token in kept)  # in the order of the text
        assert left[0] == CLS_ID
        assert kept[-1] == SEP_ID
        assert (left != 0).sum() <= (row != 0).sum()
        assert said[said != 0].tolist() == row[row != 0][1:].tolist()
    np.testing.assert_array_equal(shown[:, 1:], target[:, :-1])
    with pytest.raises(ValueError, match=r"rate is 0\.6"):
        text_infilling(ids, rng(), rate=0.6)


@given(st.integers(0, 6), seeds)
@settings(max_examples=20, deadline=None)
def test_a_permuted_text_is_the_same_sentences_and_its_order_undoes_it(count, seed):
    sentences = [[10 * i, 10 * i + 1] for i in range(count)]
    shuffled, order = sentence_permutation(sentences, rng(seed))
    back = [sentence for _, sentence in sorted(zip(order, shuffled, strict=True))]
    assert back == sentences


# T5


def test_the_worked_example_of_the_t5_paper():
    # Raffel et al. 2020, figure 2.
    words = ["Thank", "you", "for", "inviting", "me", "to", "your", "party", "last", "week", "."]
    hidden = [word in ("for", "inviting", "last") for word in words]
    inputs, targets = sentinel_pair(words, hidden, ["<X>", "<Y>", "<Z>"])
    assert " ".join(inputs) == "Thank you <X> me to your party <Y> week ."
    assert " ".join(targets) == "<X> for inviting <Y> last <Z>"
    assert restored(inputs, targets, ["<X>", "<Y>", "<Z>"]) == words
    with pytest.raises(ValueError, match="2 sentinels name 1 spans"):
        sentinel_pair(words, hidden, ["<X>", "<Y>"])
    with pytest.raises(ValueError, match="do not say what '<Y>'"):
        restored(inputs, targets[:3], ["<X>", "<Y>", "<Z>"])


@given(st.lists(st.booleans(), max_size=30))
def test_inputs_and_targets_together_give_the_text_back(hidden):
    tokens = list(range(100, 100 + len(hidden)))
    inputs, targets = sentinel_pair(tokens, hidden, SENTINELS)
    assert restored(inputs, targets, SENTINELS) == tokens


@given(st.integers(2, 200), seeds)
def test_noise_has_its_share_its_number_of_spans_and_begins_with_a_kept_token(count, seed):
    hidden = noise_spans(count, rng(seed))
    assert hidden.sum() == min(max(1, round(0.15 * count)), count - 1)
    begins = (np.diff(hidden.astype(int)) == 1).sum()
    assert begins == max(1, round(hidden.sum() / 3))
    assert not hidden[0]


def test_a_single_span_may_lie_anywhere_and_not_only_at_the_end():
    # 15 % of 24 tokens are 4 (3.6), in 4/3 → 1 span: it begins at one of the places 1 … 20.
    drawn = [noise_spans(24, rng(seed)) for seed in range(400)]
    places = {int(hidden.argmax()) for hidden in drawn}
    assert places == set(range(1, 21))
    # Each of the twenty equally often, the end too: five deviations of 20 in 400 are 22.
    assert 0 < sum(hidden[-1] for hidden in drawn) < 42
    assert all(hidden.sum() == 4 for hidden in drawn)


def test_noise_in_two_spans_by_hand():
    # 15 % of 40 are 6, in 2 spans. 34 kept and one too many, cut after 10 and 30: 10, 20, 5 − 1;
    # 6 hidden cut after 2: 2, 4.
    hidden = noise_spans(40, FixedRng(choice=[[29, 9], [1]]))
    assert hidden.astype(int).tolist() == [0] * 10 + [1] * 2 + [0] * 20 + [1] * 4 + [0] * 4


def test_numbers_that_make_no_noise_are_told():
    for arguments in ({"count": 1}, {"count": 9, "rate": 1.0}, {"count": 9, "mean": 0.5}):
        with pytest.raises(ValueError, match="wanted 2 tokens or more"):
            noise_spans(rng=rng(), **arguments)


def test_span_corruption_by_hand():
    ids = np.array([[2, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 3, 0]])
    # 15 % of ten tokens are 2 (1.5 to even), in 2/3 → 1 span. Eight kept tokens and one too many
    # are cut after the sixth: six kept, two hidden, 3 − 1 kept.
    drawn = FixedRng(choice=[[5], []])
    source, shown, target = span_corruption(ids, drawn, [900, 901])
    assert source.tolist() == [[2, *range(11, 17), 900, 19, 20, 3, 0, 0]]
    assert target[0].tolist() == [900, 17, 18, 901]
    assert shown[0].tolist() == [2, 900, 17, 18]
    # Cut after the eighth: the last kept run is empty, and the span ends the row.
    source, _, target = span_corruption(ids, FixedRng(choice=[[7], []]), [900, 901])
    assert source.tolist() == [[2, *range(11, 19), 900, 3, 0, 0]]
    assert target[0].tolist() == [900, 19, 20, 901]


@given(row_lengths, seeds)
@settings(max_examples=30, deadline=None)
def test_a_corrupted_row_is_restored_and_keeps_its_frame(lengths, seed):
    ids = framed(lengths, 20, seed)
    source, _, target = span_corruption(ids, rng(seed), SENTINELS)
    assert source.shape == ids.shape
    for row, left, said in zip(ids, source, target, strict=True):
        said = said[said != 0]
        assert not np.isin(said, FRAME).any()
        assert restored(left[left != 0], said, SENTINELS) == row[row != 0].tolist()


# Prefix LM


def test_a_prefix_is_seen_by_all_and_the_rest_by_what_comes_later():
    assert prefix_lm_mask([2, 0], 3).astype(int).tolist() == [
        [[1, 1, 0], [1, 1, 0], [1, 1, 1]],
        [[1, 0, 0], [1, 1, 0], [1, 1, 1]],
    ]
    assert prefix_lm_mask([3], 3).all()
    with pytest.raises(ValueError, match="wanted one number of 0 to 3"):
        prefix_lm_mask([4], 3)


def test_a_prefix_lm_asks_from_the_last_token_of_the_prefix_on():
    ids = np.array([[2, 11, 12, 13, 3, 0]])
    # A cut of 1 + 1 = 2: [CLS] 11 is given; after 11 comes 12, then 13, then [SEP].
    found = prefix_lm(ids, FixedRng(integers=[1]))
    assert found.target.tolist() == [[0, 12, 13, 3, 0, 0]]
    assert found.attention_mask[0].astype(int).tolist() == [
        [1, 1, 0, 0, 0, 0],
        [1, 1, 0, 0, 0, 0],
        [1, 1, 1, 0, 0, 0],
        [1, 1, 1, 1, 0, 0],
        [1, 1, 1, 1, 1, 0],
        [1, 1, 1, 1, 1, 0],  # nobody looks at padding
    ]


@given(row_lengths, seeds)
@settings(max_examples=30, deadline=None)
def test_no_position_sees_the_token_that_it_is_asked_for(lengths, seed):
    ids = framed(lengths, 20, seed)
    for found in (prefix_lm(ids, rng(seed)), next_token(ids)):
        rows, places = np.nonzero(found.target)
        assert not found.attention_mask[rows, places, places + 1].any()
        assert (found.target[rows, places] == ids[rows, places + 1]).all()
        assert (found.target == SEP_ID).sum() == len(ids)


def test_next_token_asks_for_every_token_but_cls():
    ids = framed([3, 5], 8)
    assert (next_token(ids).target != 0).sum(axis=1).tolist() == [4, 6]


# Augmentation

WORDS = ["the", "small", "dog", "saw", "a", "cat"]


def test_deleting_leaves_out_the_words_of_low_lots_and_never_all():
    lots = rng(3).random(6)
    kept = [word for word, lot in zip(WORDS, lots, strict=True) if lot >= 0.5]
    assert delete_words(WORDS, rng(3), 0.5) == kept
    assert delete_words(WORDS, rng(), 0.0) == WORDS
    assert len(delete_words(WORDS, rng(), 1.0)) == 1
    assert delete_words([], rng(), 0.5) == []
    # 6,000 words at 10 %: five deviations of the share are 0.019.
    share = 1 - len(delete_words(WORDS * 1000, rng(), 0.1)) / 6000
    assert share == pytest.approx(0.1, abs=0.019)
    with pytest.raises(ValueError, match="rate is 2"):
        delete_words(WORDS, rng(), 2)


def test_swapping_moves_words_and_changes_none():
    swapped = swap_words(WORDS, FixedRng(choice=[[0, 2]]))
    assert swapped == ["dog", "small", "the", "saw", "a", "cat"]
    for count in range(5):
        assert sorted(swap_words(WORDS, rng(count), count)) == sorted(WORDS)
    assert swap_words(["one"], rng(), 3) == ["one"]
    assert WORDS[0] == "the"


def test_a_synonym_is_a_near_neighbour_and_unknown_words_stay():
    vocabulary = Vocabulary(["dog", "puppy", "cat", "rain"])
    vectors = np.zeros((len(vocabulary), 2))
    # cos(dog, puppy) = 0.8; dog and cat are at right angles, rain is turned away from both.
    for word, vector in {"dog": (1, 0), "puppy": (4, 3), "cat": (0, 1), "rain": (-1, -1)}.items():
        vectors[vocabulary.ids([word])[0]] = vector
    found = synonyms(WORDS, rng(), vectors, vocabulary, count=1, k=2, at_least=0.7)
    assert found == ["the", "small", "puppy", "saw", "a", "cat"]
    both = synonyms(WORDS, rng(), vectors, vocabulary, count=6, k=1, at_least=0.55)
    assert both == ["the", "small", "puppy", "saw", "a", "puppy"]  # cos(cat, puppy) = 0.6
    assert synonyms(WORDS, rng(), vectors, vocabulary, at_least=0.9) == WORDS


def test_back_translation_goes_there_and_back():
    asked = []

    def translate(texts, to):
        asked.append((list(texts), to))
        return ["我有一只狗。"] if to == "zh" else ["I have one dog."]

    assert back_translate(["I have a dog."], translate) == [("我有一只狗。", "I have one dog.")]
    assert asked == [(["I have a dog."], "zh"), (["我有一只狗。"], "en")]
    with pytest.raises(ValueError, match="give texts of one language"):
        back_translate(["I have a dog.", "我有一只狗。"], translate)


def test_where_a_translator_says_nothing_nothing_comes_back():
    def translate(texts, to):
        assert all(text.strip() for text in texts), "the text is empty"  # as `Translator` has it
        return ["" if text.startswith("Oh") else f"{text}{to}" for text in texts]

    found = back_translate(["Ann ran.", "Oh!", "Bob ran."], translate)
    assert found == [("Ann ran.zh", "Ann ran.zhen"), ("", ""), ("Bob ran.zh", "Bob ran.zhen")]
    assert back_translate(["Oh!"], translate) == [("", "")]


# Mixing


def test_temperature_flattens_and_a_limit_cuts():
    np.testing.assert_allclose(temperature_mixing([900, 100]), [0.9, 0.1])
    # √900 : √100 = 3 : 1
    np.testing.assert_allclose(temperature_mixing([900, 100], temperature=2), [0.75, 0.25])
    np.testing.assert_allclose(temperature_mixing([900, 100], limit=100), [0.5, 0.5])
    np.testing.assert_allclose(temperature_mixing([900, 100], temperature=1e9), [0.5, 0.5])
    np.testing.assert_allclose(temperature_mixing([1e300, 1], temperature=0.01), [1, 0])
    for wrong in ({"sizes": []}, {"sizes": [1, 0]}, {"sizes": [1], "temperature": 0}):
        with pytest.raises(ValueError, match="all numbers above 0"):
            temperature_mixing(**wrong)


@given(st.lists(st.floats(1, 1e6), min_size=1, max_size=6), st.floats(0.5, 10))
def test_rates_sum_to_one_and_keep_the_order_of_the_sizes(sizes, temperature):
    rates = temperature_mixing(sizes, temperature)
    assert rates.sum() == pytest.approx(1)
    assert (np.argsort(sizes, kind="stable") == np.argsort(rates, kind="stable")).all() or (
        np.diff(rates[np.argsort(sizes, kind="stable")]) >= -1e-12
    ).all()


def test_mixed_batches_come_as_often_as_their_rates_and_are_a_function_of_the_step():
    sources = [lambda step, name=name: (name, step) for name in "abc"]
    batch = mix(sources, [0.5, 0.3, 0.2], seed=1)
    drawn = [batch(step) for step in range(4000)]
    assert drawn[1234] == batch(1234)
    assert [step for _, step in drawn] == list(range(4000))
    for name, rate in zip("abc", (0.5, 0.3, 0.2), strict=True):
        share = np.mean([task == name for task, _ in drawn])
        assert share == pytest.approx(rate, abs=5 * np.sqrt(rate * (1 - rate) / 4000))
    with pytest.raises(ValueError, match="3 sources and rates"):
        mix(sources, [0.5, 0.5])


def test_what_a_task_draws_first_does_not_go_with_its_turn():
    # Each source draws as `denoising_batches` does, from (seed, step).
    sources = [lambda step, task=task: (task, rng([4, step]).random()) for task in range(2)]
    drawn = [mix(sources, [0.5, 0.5], seed=4)(step) for step in range(2000)]
    for task in range(2):
        first = [number for turn, number in drawn if turn == task]
        # Uniform on 0 … 1: five deviations of a mean of some 1,000 are 5·0.289/√1000 = 0.046.
        assert np.mean(first) == pytest.approx(0.5, abs=0.05)


# Specials, all at once


@given(row_lengths, seeds)
@settings(max_examples=20, deadline=None)
def test_no_objective_hides_a_special_token(lengths, seed):
    ids = framed(lengths, 20, seed)
    special = np.isin(ids, FRAME)
    _, chosen = mask_tokens(ids, rng(seed), 99)
    assert not chosen[special].any()
    for source in (mass_spans(ids, rng(seed)).source, text_infilling(ids, rng(seed)).source):
        for kind in (CLS_ID, SEP_ID):
            assert ((source == kind).sum(axis=1) == 1).all()
    source, _, target = span_corruption(ids, rng(seed), SENTINELS)
    assert not np.isin(target[target != 0], FRAME).any()
