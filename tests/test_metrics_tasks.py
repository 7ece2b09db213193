"""Scores of labels, spans, answers and summaries: each expected number is worked out beside it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion import metrics

TRUE = ["cat", "cat", "cat", "dog", "dog", "fox"]
GUESS = ["cat", "cat", "dog", "dog", "cat", "dog"]


def test_a_confusion_matrix_has_true_classes_in_rows():
    table = metrics.confusion_matrix(TRUE, GUESS, ["cat", "dog", "fox"])
    np.testing.assert_array_equal(table, [[2, 1, 0], [1, 1, 0], [0, 1, 0]])
    assert np.trace(table) / table.sum() == metrics.accuracy(TRUE, GUESS)  # 3/6


def test_macro_f1_is_the_mean_over_classes_and_micro_that_of_summed_counts():
    # cat: P 2/3, R 2/3, F1 2/3; dog: P 1/3, R 1/2, F1 2/5; fox: 0 found, F1 0.
    assert metrics.f1(TRUE, GUESS, ["cat", "dog", "fox"]) == pytest.approx((2 / 3 + 2 / 5) / 3)
    # cat and dog alone: matched 3, found 3 + 3, wanted 3 + 2: P 3/6, R 3/5, F1 6/11.
    micro = metrics.f1(TRUE, GUESS, ["cat", "dog"], average="micro")
    assert micro == pytest.approx(6 / 11)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), min_size=1))
def test_micro_f1_over_all_classes_is_the_accuracy(pairs):
    true, guess = zip(*pairs, strict=True)
    assert metrics.f1(true, guess, "abc", "micro") == pytest.approx(metrics.accuracy(true, guess))


def test_matthews_is_nothing_for_whoever_always_says_the_same():
    true = [True] * 9 + [False]
    assert metrics.accuracy(true, [True] * 10) == 0.9
    assert metrics.matthews(true, [True] * 10) == 0
    # TP 2, TN 1, FP 1, FN 0: (2·1 − 1·0)/√(3·2·2·1) = 2/√12.
    assert metrics.matthews([1, 1, 0, 0], [1, 1, 1, 0]) == pytest.approx(2 / 12**0.5)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: metrics.accuracy([1], [1, 2]), "1 true labels and 2 predicted"),
        (lambda: metrics.accuracy([], []), "at least one"),
        (lambda: metrics.confusion_matrix(["x"], ["y"], ["x"]), "label 'y' is not among"),
        (lambda: metrics.f1(["x"], ["x"], ["x"], average="mean"), "average is 'mean'"),
        (lambda: metrics.spans_of(["B_PER"]), "tag 'B_PER' at 0"),
        (lambda: metrics.span_f1([["O"]], [["O", "O"]]), "sentence 0 has 1 tags and 2"),
        (lambda: metrics.matthews([1, -1], [1, -1]), "labels -1: matthews takes True and False"),
        (lambda: metrics.matthews(["yes", "no"], ["yes", "no"]), "labels 'no', 'yes'"),
        (lambda: metrics.exact_match("a", "a"), "put it in brackets"),
        (lambda: metrics.rouge_n("a", "a", 0), "n is 0"),
    ],
)
def test_what_cannot_be_scored_is_refused_with_the_value(call, says):
    with pytest.raises(ValueError, match=says):
        call()


@pytest.mark.parametrize(
    ("tags", "spans"),
    [
        ("O O", []),
        ("B-PER I-PER O B-LOC", [("PER", 0, 2), ("LOC", 3, 4)]),
        ("B-PER B-PER", [("PER", 0, 1), ("PER", 1, 2)]),
        ("B-PER I-LOC", [("PER", 0, 1), ("LOC", 1, 2)]),  # another type cannot go on
        ("I-PER I-PER", [("PER", 0, 2)]),  # what no B began is a span nevertheless
    ],
)
def test_spans_of_tags_are_those_of_conlleval(tags, spans):
    assert metrics.spans_of(tags.split()) == spans


def test_half_a_name_is_wrong_twice():
    true = [["B-PER", "I-PER", "O", "B-LOC"]]
    guess = [["B-PER", "O", "O", "B-LOC"]]
    scores = metrics.span_scores(true, guess)
    assert scores["PER"] == (0, 0, 0)
    assert scores["LOC"] == (1, 1, 1)
    assert scores["all"] == (0.5, 0.5, 0.5)  # one of two found, one of two wanted
    assert metrics.span_f1(true, guess) == 0.5


def test_no_spans_at_all_score_nothing_and_raise_nothing():
    assert metrics.span_f1([["O"]], [["O"]]) == 0


@pytest.mark.parametrize(
    ("answer", "references", "exact", "f1"),
    [
        ("The Nile.", ["nile"], 1, 1),
        ("river Nile", ["the Nile"], 0, 2 / 3),  # P 1/2, R 1
        ("Nile", ["Congo", "the river Nile"], 0, 2 / 3),  # the best reference counts
        ("", [], 1, 1),  # no answer, and none was wanted
        ("The!", [], 1, 1),  # no words either, once normalized
        ("Nile", [], 0, 0),
    ],
)
def test_answers_are_scored_by_the_rules_of_squad(answer, references, exact, f1):
    assert metrics.exact_match(answer, references) == exact
    assert metrics.answer_f1(answer, references) == pytest.approx(f1)


def test_rouge_counts_n_grams_and_the_longest_common_subsequence():
    # Lin 2004, §3.1: "police killed the gunman" against "police kill the gunman" has LCS 3 of 4;
    # "the gunman kill police" has LCS 2 (the gunman).
    reference = "police killed the gunman"
    assert metrics.rouge_l("police kill the gunman", reference) == pytest.approx(3 / 4)
    assert metrics.rouge_l("the gunman kill police", reference) == pytest.approx(2 / 4)
    assert metrics.rouge_n("the gunman kill police", reference, 1) == pytest.approx(3 / 4)
    assert metrics.rouge_n("the gunman kill police", reference, 2) == pytest.approx(1 / 3)
    assert metrics.rouge_l("我在北京", "我在南京") == pytest.approx(3 / 4)


@given(st.text("ab ", max_size=12), st.text("ab ", max_size=12))
def test_a_common_subsequence_is_no_longer_than_either_text_and_symmetric(ours, theirs):
    found = metrics.longest_common(ours, theirs)
    assert found == metrics.longest_common(theirs, ours) <= min(len(ours), len(theirs))
