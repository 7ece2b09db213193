"""The exercises of chapter 3 as a learner meets them; `selftest` examines the rest."""

from collections import Counter

import numpy as np
import pytest

from companion import metrics, neural_lm
from companion.course import catalogue
from companion.course.chapters import find
from companion.course.judge import SEED, draw, judge, local_apply
from companion.course.notebook import load
from companion.course.notebook.execute import run_cells
from companion.course.notebook.read import answer_cells
from companion.ngram import Vocabulary


@pytest.fixture(scope="module")
def solution():
    """The answers of the solution notebook, by name."""
    notebook = load(find("neural_lm").solutions)
    return run_cells(notebook, answer_cells(notebook, catalogue.exercises("neural_lm"))).answers


def verdict(name, answer):
    return judge(catalogue.find(name)[1], local_apply(catalogue.find(name)[1], answer))


def cases(name):
    return draw(catalogue.find(name)[1], SEED)


def test_the_worked_examples_of_the_statements_are_what_the_solutions_give(solution):
    kept = solution["keep_probs"](np.array([64, 35, 1]), 0.04)
    assert kept == pytest.approx([0.25, 0.338, 1], abs=5e-4)  # √(4/64), √(4/35), above 1
    pairs = [("我", "爱"), ("爱", "我"), ("爱", "中国"), ("中国", "爱")]
    assert sorted(solution["skip_gram_pairs"]([["我", "爱", "中国"], ["我"]], 1)) == sorted(pairs)
    loss = solution["negative_sampling_loss"]
    assert loss(np.array([[0.0, 0.0, 0.0]])) == pytest.approx([2.079], abs=5e-4)
    assert loss(np.array([[-1000.0, 0.0]])) == pytest.approx([1000.693], abs=5e-4)
    vectors = np.array([[1.0, 1.0], [2.0, 3.0], [9.0, 0.0]])
    assert solution["nearest_words"](["cat", "dog", "of"], vectors, "cat", 1) == ["dog"]
    layers = np.array([[[2.0]], [[6.0]]])
    mixed = solution["scalar_mix"](layers, np.array([0, np.log(3)]), 2)
    assert mixed == pytest.approx(np.array([[10.0]]))  # 2 · (2/4 + 3 · 6/4)
    v, u = np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]])
    v, u = solution["skip_gram_step"](v, u, 0, np.array([0]), np.array([1.0]), 1.0)
    assert (v.tolist(), u.tolist()) == ([[1.0, 0.5]], [[0.5, 1.0]])
    log_probs = [np.log([1 / 2, 1 / 4, 1 / 2]), np.log([1 / 4, 1 / 16])]
    assert solution["bits_per_character"](log_probs, ["ab c", "我"]) == pytest.approx(2.0)


def test_the_predicted_numbers_are_what_the_module_of_the_chapter_gives(solution):
    noise = neural_lm.noise_probs(np.array([256, 81, 16, 1]))
    assert solution["noise_probability"] == pytest.approx(noise[2])
    assert noise[3] == pytest.approx(0.01)  # the example of the statement
    config = neural_lm.FeedForwardConfig(vocab_size=1000, context_length=3, d_model=10, d_ff=20)
    assert solution["bengio_parameters"] == neural_lm.FeedForwardLM(config).count_params()
    small = neural_lm.FeedForwardConfig(vocab_size=5, context_length=2, d_model=2, d_ff=3)
    assert neural_lm.FeedForwardLM(small).count_params() == 45


def test_the_solutions_agree_with_the_module_of_the_chapter(solution):
    for case in cases("keep_probs"):
        theirs = neural_lm.keep_probs(case["counts"], case["threshold"])
        assert solution["keep_probs"](**case) == pytest.approx(theirs)
    for case in cases("negative_sampling_loss"):
        scores = case["scores"]
        signs = np.where(np.arange(scores.shape[1]) == 0, 1.0, -1.0)
        theirs = np.asarray(neural_lm.negative_sampling_loss(signs, scores))
        assert solution["negative_sampling_loss"](scores) == pytest.approx(theirs, rel=1e-5)
    for case in cases("scalar_mix"):
        theirs = np.asarray(neural_lm.scalar_mix(**case))
        assert solution["scalar_mix"](**case) == pytest.approx(theirs, rel=1e-4, abs=1e-4)
    for case in cases("bits_per_character"):
        total = sum(scores.sum() for scores in case["log_probs"])
        theirs = metrics.bits_per_character(total, len("".join(case["texts"])))
        assert solution["bits_per_character"](**case) == pytest.approx(theirs)


def test_pairs_and_neighbours_agree_with_the_module_once_words_are_ids(solution):
    for case in cases("skip_gram_pairs"):
        vocabulary = Vocabulary.from_sentences(case["sentences"])
        ids = [vocabulary.ids(words) for words in case["sentences"]]
        centres, contexts = map(vocabulary.tokens, neural_lm.skip_gram_pairs(ids, case["window"]))
        mine = solution["skip_gram_pairs"](**case)
        assert Counter(mine) == Counter(zip(centres, contexts, strict=True))
    for case in cases("nearest_words"):
        vocabulary = Vocabulary(case["words"])
        rows = np.zeros((len(vocabulary), case["vectors"].shape[1]))
        rows[vocabulary.ids(case["words"])] = case["vectors"]
        theirs = neural_lm.nearest(rows, vocabulary, case["word"], case["k"])
        assert solution["nearest_words"](**case) == [word for word, _ in theirs]


def test_the_step_goes_down_the_slope_that_finite_differences_measure(solution):
    rng = np.random.default_rng(0)
    v, u = rng.normal(size=(2, 5, 3))
    candidates = np.array([1, 4, 2, 4])  # word 4 is noise twice

    def loss(v, u):
        return solution["negative_sampling_loss"]((u[candidates] @ v[3])[None])[0]

    def slope(table, other):
        found = np.zeros_like(table)
        for place in np.ndindex(table.shape):
            step = np.zeros_like(table)
            step[place] = 1e-5
            found[place] = (loss(*other(table + step)) - loss(*other(table - step))) / 2e-5
        return found

    labels = np.array([1.0, 0.0, 0.0, 0.0])
    new_v, new_u = solution["skip_gram_step"](v, u, 3, candidates, labels, 0.1)
    assert new_v == pytest.approx(v - 0.1 * slope(v, lambda moved: (moved, u)), abs=1e-8)
    assert new_u == pytest.approx(u - 0.1 * slope(u, lambda moved: (v, moved)), abs=1e-8)
    assert loss(new_v, new_u) < loss(v, u)


def guarded_index(sentences, window):
    pairs = []
    for words in sentences:
        for i in range(len(words)):
            for j in range(-window, window + 1):
                if j != 0 and i + j < len(words):
                    pairs.append((words[i], words[i + j]))
    return pairs


def sliced(sentences, window):
    pairs = []
    for words in sentences:
        for i, word in enumerate(words):
            around = words[i - window : i] + words[i + 1 : i + window + 1]
            pairs += [(word, other) for other in around]
    return pairs


def clipped_sigmoid(scores):
    probs = np.clip(1 / (1 + np.exp(-scores)), 1e-7, 1 - 1e-7)
    return -np.log(probs[:, 0]) - np.log(1 - probs[:, 1:]).sum(axis=1)


def log_of_sigmoid(scores):
    signs = np.array([1] + [-1] * (scores.shape[1] - 1))
    return -np.log(1 / (1 + np.exp(-signs * scores))).sum(axis=1)


def log_of_one_plus(scores):
    noise = np.log(1 + np.exp(scores[:, 1:])).sum(axis=1)
    return np.log(1 + np.exp(-scores[:, 0])) + noise


def sorted_by_dot_product(words, vectors, word, k):
    given = vectors[words.index(word)]
    dots = {w: float(np.dot(row, given)) for w, row in zip(words, vectors, strict=True)}
    del dots[word]
    return sorted(dots, key=dots.get, reverse=True)[:k]


def moves_the_centre_first(vectors, neighbours, centre, candidates, labels, learning_rate):
    vectors, neighbours = vectors.copy(), neighbours.copy()
    v, u = vectors[centre], neighbours[candidates]
    errors = 1 / (1 + np.exp(-u @ v)) - labels
    v -= learning_rate * errors @ u
    np.add.at(neighbours, candidates, -learning_rate * np.outer(errors, v))
    return vectors, neighbours


def only_the_order_mended(vectors, neighbours, centre, candidates, labels, learning_rate):
    vectors, neighbours = vectors.copy(), neighbours.copy()
    v, u = vectors[centre].copy(), neighbours[candidates]
    errors = labels - 1 / (1 + np.exp(-u @ v))
    neighbours[candidates] = u - learning_rate * np.outer(errors, v)
    vectors[centre] = v - learning_rate * errors @ u
    return vectors, neighbours


def bits_per_word(log_probs, texts):
    return -np.log2(np.exp(np.concatenate(log_probs))).mean()


@pytest.mark.parametrize(
    ("exercise", "answer", "mistake"),
    [
        ("noise_probability", 0.045, "no-power"),  # 16 / 354, three decimals
        ("noise_probability", 0.0226, "divides-by-the-text"),  # 8 / 354
        ("bengio_parameters", 31_220, "one-word-seen"),
        (
            "keep_probs",
            lambda counts, threshold: (threshold / (counts / sum(counts))) ** 0.5,
            "above-one",
        ),
        ("skip_gram_pairs", guarded_index, "negative-index"),
        ("skip_gram_pairs", sliced, "negative-slice"),
        ("negative_sampling_loss", log_of_sigmoid, "overflow"),
        ("negative_sampling_loss", log_of_one_plus, "overflow"),
        ("nearest_words", sorted_by_dot_product, "dot-product"),
        ("skip_gram_step", moves_the_centre_first, "turned"),
        ("skip_gram_step", only_the_order_mended, "climbs-and-lost"),
        ("bits_per_character", bits_per_word, "per-token"),
    ],
)
def test_wrong_answers_written_in_another_way_are_named_too(exercise, answer, mistake):
    assert verdict(exercise, answer).mistake == mistake


def test_a_floor_of_any_size_under_the_probability_is_told_that_it_hides_errors():
    report = verdict("negative_sampling_loss", clipped_sigmoid)
    assert (report.state, report.mistake) == ("failed", None)
    assert "hides how wrong it is" in report.hint


def test_another_right_way_to_step_passes():
    def one_candidate_at_a_time(vectors, neighbours, centre, candidates, labels, learning_rate):
        new_v, new_u = vectors.copy(), neighbours.copy()
        for candidate, label in zip(candidates, labels, strict=True):
            score = neighbours[candidate] @ vectors[centre]
            error = learning_rate * (1 / (1 + np.exp(-score)) - label)
            new_u[candidate] -= error * vectors[centre]
            new_v[centre] -= error * neighbours[candidate]
        return new_v, new_u

    assert verdict("skip_gram_step", one_candidate_at_a_time).state == "passed"


def test_a_loss_that_avoids_the_sigmoid_is_not_told_to_avoid_it():
    hint = verdict("negative_sampling_loss", log_of_one_plus).hint
    assert "sigmoid" not in hint
    assert "`np.logaddexp(0, -x)`" in hint


def test_the_two_tables_may_be_stacked(solution):
    step = solution["skip_gram_step"]
    assert verdict("skip_gram_step", lambda **case: np.stack(step(**case))).state == "passed"


def test_pairs_may_come_in_any_order():
    def contexts_first(sentences, window):
        return [
            (words[j], words[i])
            for words in reversed(sentences)
            for i in range(len(words))
            for j in range(len(words))
            if 0 < abs(i - j) <= window
        ]

    assert verdict("skip_gram_pairs", contexts_first).state == "passed"


def test_an_answer_of_another_form_is_told_which_form_is_wanted():
    grouped = verdict("skip_gram_pairs", lambda sentences, window: [("a", ["b", "c"])])
    assert (grouped.state, grouped.mistake) == ("error", None)
    assert "not a pair (centre, context) of two words" in grouped.message
    with_cosines = verdict("nearest_words", lambda words, vectors, word, k: [("a", 1.0)])
    assert "strings, without cosines" in with_cosines.message
    one_table = verdict("skip_gram_step", lambda vectors, neighbours, *a, **b: vectors)
    assert "a pair (vectors, neighbours)" in one_table.message
    assert "`return`" in verdict("nearest_words", lambda words, vectors, word, k: None).hint
