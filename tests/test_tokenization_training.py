"""Learning merges, pieces and probabilities: equal to plain references that recount everything."""

import itertools
import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion import corpora
from companion.tokenization import Unigram, WordPiece, count_words, train_merges, train_pieces
from companion.tokenization.unigram_training import Lattice, train_scores

needs_shakespeare = pytest.mark.skipif(
    not corpora.is_cached("shakespeare"), reason="run `companion data fetch shakespeare`"
)
HUGS = {"hug": 10, "pug": 5, "pun": 12, "bun": 4, "hugs": 5}


def shakespeare(size: int) -> str:
    return "".join(document.text for document in corpora.load("shakespeare"))[:size]


def recounted_merges(word_counts, most=None):
    """BPE the plain way: recount the pairs of all words at each merge; ties to the greater pair."""
    words = [([bytes([byte]) for byte in word], count) for word, count in word_counts.items()]
    merges = []
    while most is None or len(merges) < most:
        pairs = Counter()
        for tokens, count in words:
            for pair in itertools.pairwise(tokens):
                pairs[pair] += count
        if not pairs:
            break
        best = max(pairs, key=lambda pair: (pairs[pair], pair))
        merges.append(best)
        words = [(merged(tokens, best), count) for tokens, count in words]
    return merges


def merged(tokens, pair):
    """Replace a pair by one token, left to right."""
    if pair[0] not in tokens:
        return tokens
    result, place = [], 0
    while place < len(tokens):
        if tuple(tokens[place : place + 2]) == pair:
            result.append(pair[0] + pair[1])
            place += 2
        else:
            result.append(tokens[place])
            place += 1
    return result


@given(
    st.dictionaries(
        st.text("ab", min_size=1, max_size=12).map(str.encode), st.integers(1, 5), max_size=8
    )
)
def test_every_merge_is_that_of_a_plain_recount_on_words_of_two_letters(word_counts):
    # Two letters only: overlapping pairs (aaa), ties and equal byte strings all occur.
    tokens, merges = train_merges(word_counts, 10**6)
    assert merges == recounted_merges(word_counts)
    assert len(set(tokens)) == len(tokens)


def test_ties_go_to_the_greater_pair_of_byte_strings():
    # Each pair occurs once. (b, a) > (a, z) because b > a, whatever follows.
    assert train_merges({b"az": 1, b"ba": 1}, 257)[1] == [(b"b", b"a")]
    # A string is greater than its own beginning: (a b, c) > (a, z) since "ab" > "a".
    counts = {b"ab": 9, b"abc": 1, b"az": 1}
    assert train_merges(counts, 258)[1] == [(b"a", b"b"), (b"ab", b"c")]


@needs_shakespeare
def test_all_merges_of_3_kb_equal_the_plain_reference():
    counts = count_words([shakespeare(3_000)])
    assert train_merges(counts, 10**6)[1] == recounted_merges(counts)


@needs_shakespeare
@pytest.mark.slow
def test_all_merges_of_50_kb_equal_the_plain_reference():
    counts = count_words([shakespeare(50_000)])
    assert train_merges(counts, 10**6)[1] == recounted_merges(counts)


@needs_shakespeare
@pytest.mark.slow
def test_the_first_200_merges_of_1_mb_equal_the_plain_reference():
    counts = count_words([shakespeare(1_000_000)])
    assert train_merges(counts, 256 + 200)[1] == recounted_merges(counts, most=200)


def plain_gains(words, counts):
    """n_ab · ln(N n_ab / (n_a n_b)) for every pair, counted anew."""
    pieces, pairs = Counter(), Counter()
    for tokens, count in zip(words, counts, strict=True):
        for token in tokens:
            pieces[token] += count
        for pair in itertools.pairwise(tokens):
            pairs[pair] += count
    total = pieces.total()
    return {
        (a, b): count * math.log(total * count / (pieces[a] * pieces[b]))
        for (a, b), count in pairs.items()
    }


def test_each_wordpiece_merge_has_the_largest_gain_of_a_plain_recount():
    words = [[word[0], *("##" + char for char in word[1:])] for word in HUGS]
    learned = train_pieces(HUGS, 100)
    assert learned[:7] == ["##g", "##n", "##s", "##u", "b", "h", "p"]
    for piece in learned[7:]:
        gains = plain_gains(words, HUGS.values())
        pair = next((a, b) for a, b in gains if a + b.removeprefix("##") == piece)
        assert math.isclose(gains[pair], max(gains.values()))
        words = [merged_pieces(tokens, pair, piece) for tokens in words]
    assert all(gain <= 1e-9 for gain in plain_gains(words, HUGS.values()).values())


def merged_pieces(tokens, pair, piece):
    result, place = [], 0
    while place < len(tokens):
        hit = tuple(tokens[place : place + 2]) == pair
        result.append(piece if hit else tokens[place])
        place += 2 if hit else 1
    return result


def test_the_first_wordpiece_merge_of_the_hugs_by_hand():
    # Counts: ##u 36, ##g 20, ##n 16, ##s 5, h 15, p 17, b 4; N = 113.
    # ##u##g 20·ln(113·20/(36·20)) = 22.9; ##u##n 16·ln(113·16/(36·16)) = 18.3;
    # h##u 15·ln(113·15/(15·36)) = 17.2; p##u 17·ln(113·17/(17·36)) = 19.4. So ##ug is first.
    assert train_pieces(HUGS, 8)[-1] == "##ug"


def test_wordpiece_spells_every_word_that_it_was_trained_on():
    text = "the cat sat on the mat, then the hat. "
    tokenizer = WordPiece.train(text, 40)
    assert "the" in tokenizer.token_to_id
    assert "[UNK]" not in tokenizer.tokenize(text)
    assert len(tokenizer) <= 40


def test_expected_counts_are_those_of_all_segmentations():
    # ab: [ab] with p = 0.2 and [a, b] with 0.5·0.3 = 0.15. Z = 0.35; twice in the text.
    probs = np.array([0.5, 0.3, 0.2])
    lattice = Lattice(["ab", "a"], {"a": 0, "b": 1, "ab": 2})
    counts, log_likelihood = lattice.expected_counts(np.log(probs), np.array([2.0, 1.0]))
    np.testing.assert_allclose(counts, [2 * 0.15 / 0.35 + 1, 2 * 0.15 / 0.35, 2 * 0.2 / 0.35])
    assert math.isclose(log_likelihood, 2 * math.log(0.35) + math.log(0.5))


def test_em_never_lowers_the_likelihood():
    words = {"abab": 3, "aab": 2, "bba": 4, "ab": 5}
    table = {piece: number for number, piece in enumerate(["a", "b", "ab", "ba", "aa", "bb"])}
    lattice = Lattice(list(words), table)
    weights = np.array(list(words.values()), float)
    log_probs, history = np.log(np.full(6, 1 / 6)), []
    for _ in range(12):
        counts, log_likelihood = lattice.expected_counts(log_probs, weights)
        history.append(log_likelihood)
        log_probs = np.log(np.maximum(counts, 1e-12) / counts.sum())
    assert all(later >= earlier - 1e-9 for earlier, later in itertools.pairwise(history))
    assert history[-1] > history[0] + 1


def test_a_word_without_its_own_piece_is_spelled_by_the_others():
    table = {"a": 0, "b": 1, "ab": 2}
    others = Lattice(["a", "ab"], table, whole=False)
    spelled = others.forward(np.log([0.5, 0.3, 0.2]))[others.last]
    np.testing.assert_allclose(spelled, [-np.inf, math.log(0.15)])


def test_unigram_keeps_every_character_and_its_probabilities_sum_to_one():
    counts = {"▁the": 50, "▁then": 10, "▁there": 20, "▁cat": 5, "▁hat": 7}
    scores = train_scores(counts, 14)
    assert set("▁thenrca") <= set(scores)
    assert len(scores) <= 14
    assert math.isclose(sum(math.exp(score) for score in scores.values()), 1, rel_tol=1e-6)
    assert "▁the" in scores
    assert list(scores.values()) == sorted(scores.values(), reverse=True)


def test_unigram_trains_from_text():
    tokenizer = Unigram.train("the cat sat on the mat, the end. " * 20, 40)
    assert len(tokenizer) <= 40
    assert tokenizer.decode(tokenizer.encode("the mat on the cat")) == "the mat on the cat"
    assert "▁the" in tokenizer.tokenize("on the mat")
