"""The exercises of chapter 1 as a learner meets them; `selftest` examines the rest."""

import math
from collections import Counter

import numpy as np
import pytest

from companion.course import catalogue
from companion.course.chapters import find
from companion.course.judge import judge, local_apply
from companion.course.notebook import load
from companion.course.notebook.execute import run_cells
from companion.course.notebook.read import answer_cells


@pytest.fixture(scope="module")
def solution():
    """The answers of the solution notebook, by name."""
    notebook = load(find("ngram").solutions)
    return run_cells(notebook, answer_cells(notebook, catalogue.exercises("ngram"))).answers


def verdict(name, answer):
    return judge(catalogue.find(name)[1], local_apply(catalogue.find(name)[1], answer))


def test_the_worked_examples_of_the_statements_are_what_the_solutions_give(solution):
    vocabulary = ["<s>", "</s>", "<unk>", "cat", "sat"]
    seen = {("cat", "sat"): 2, ("cat", "</s>"): 1}
    smoothed = solution["add_k"]("cat", seen, vocabulary, 0.5)
    assert smoothed["sat"] == pytest.approx(2.5 / 5)  # 3 + 4 outcomes · 0.5
    assert solution["bigram_counts"]([["我", "爱", "中国"], ["我"]]) == {
        ("<s>", "我"): 2,
        ("我", "爱"): 1,
        ("爱", "中国"): 1,
        ("中国", "</s>"): 1,
        ("我", "</s>"): 1,
    }
    assert solution["perplexity"](np.log([1 / 3, 1 / 27])) == pytest.approx(9)  # √81
    bigrams = {("San", "Francisco"): 9, ("the", "cat"): 2, ("a", "cat"): 1}
    assert solution["continuation_probs"](bigrams) == {"Francisco": 1 / 3, "cat": 2 / 3}
    lower = {"cat": 0.5, "mat": 0.25, "sat": 0.25}
    counts = {("the", "cat"): 3, ("the", "mat"): 1}
    # Two followers give 0.5 each: 1/4 of the mass is free.
    discounted = solution["absolute_discounting"]("the", counts, lower, 0.5)
    assert discounted == {"cat": 0.75, "mat": 0.1875, "sat": 0.0625}
    table = {("<s>", "我"): 0.5, ("我", "爱"): 0.5, ("爱", "</s>"): 0.25}
    assert solution["sentence_log_prob"](["我", "爱"], table) == pytest.approx(math.log(1 / 16))
    assert solution["table_growth"](["the", "cat", "sat", "on", "the", "mat"], 2) == (25, 5)
    texts = [["the", "cat", "sat"]], [["the", "cat", "ran"]]
    assert solution["unseen_rate"](*texts, 2) == 0.5


def test_the_predicted_numbers_follow_from_the_texts_in_their_statements(solution):
    sentences = [
        "the cat sat on the mat",
        "the dog sat by the cat",
        "the cat saw the dog",
        "the cat sat and the cat slept",
    ]
    counts = solution["bigram_counts"]([sentence.split() for sentence in sentences])
    cat = sum(n for (context, _), n in counts.items() if context == "cat")
    assert solution["p_sat_given_cat"] == counts["cat", "sat"] / cat
    probs = [1 / 4, 1 / 16, 1 / 2, 1 / 2]
    assert solution["perplexity_by_hand"] == pytest.approx(solution["perplexity"](np.log(probs)))
    # The example's number is none of the answers: those of all variants are roots of powers of two.
    assert verdict("perplexity_by_hand", 9).state == "failed"


def flat_counts(sentences):
    words = [w for sentence in sentences for w in ("<s>", *sentence, "</s>")]
    return Counter((words[i], words[i + 1]) for i in range(len(words) - 1))


def running_product(log_probs):
    product = 1.0
    for log_prob in log_probs:
        product *= math.exp(log_prob)
    return product ** (-1 / len(log_probs))


def numpy_product(words, table):
    pairs = zip(["<s>", *words], [*words, "</s>"], strict=True)
    return np.log(np.prod([table.get(pair, 0.0) for pair in pairs]))


def no_guard(context, bigrams, lower, discount):
    total = sum(n for (h, _), n in bigrams.items() if h == context)
    free = discount * sum(h == context for h, _ in bigrams) / total
    return {
        w: max(bigrams.get((context, w), 0) - discount, 0) / total + free * lower[w] for w in lower
    }


def known_in_one_stream(train, test, order):
    stream = [word for sentence in train for word in sentence]
    known = {tuple(stream[i : i + order]) for i in range(len(stream))}
    asked = [tuple(s[i : i + order]) for s in test for i in range(len(s) - order + 1)]
    return sum(ngram not in known for ngram in asked) / len(asked)


@pytest.mark.parametrize(
    ("exercise", "answer", "mistake"),
    [
        ("p_sat_given_cat", 0.67, "reversed"),  # two decimals of 2/3
        ("perplexity_by_hand", 5.04, "no-end"),  # 2 ** (7 / 3)
        ("bigram_counts", flat_counts, "end-to-start"),
        ("perplexity", running_product, "product"),
        ("sentence_log_prob", numpy_product, "product"),
        ("absolute_discounting", no_guard, "unseen-divides"),
        ("unseen_rate", known_in_one_stream, "training-joined"),
    ],
)
def test_wrong_answers_written_in_another_way_are_named_too(exercise, answer, mistake):
    assert verdict(exercise, answer).mistake == mistake


def test_a_pair_may_be_an_array(solution):
    table_growth = solution["table_growth"]
    assert verdict("table_growth", lambda **case: np.array(table_growth(**case))).state == "passed"


def test_an_answer_of_another_form_is_told_which_form_is_wanted():
    nested = verdict("bigram_counts", lambda sentences: {"<s>": {"cat": 1}})
    assert (nested.state, nested.mistake) == ("error", None)
    assert "not a tuple (context, word)" in nested.message
    assert "not a pair (cells, seen)" in verdict("table_growth", lambda words, order: 25).message
    missing_return = verdict("continuation_probs", lambda bigrams: None)
    assert "should be a dictionary" in missing_return.message
    assert "`return`" in missing_return.hint


def test_an_answer_with_a_floor_under_zero_is_told_that_the_sentence_is_impossible():
    def floored(words, table):
        pairs = zip(["<s>", *words], [*words, "</s>"], strict=True)
        return sum(math.log(table.get(pair, 1e-10)) for pair in pairs)

    assert "impossible" in verdict("sentence_log_prob", floored).hint
