"""The exercises of chapter 4 as a learner meets them; `selftest` examines the rest."""

import math

import numpy as np
import pytest

from companion.course import catalogue
from companion.course.chapters import find
from companion.course.judge import judge, local_apply
from companion.course.notebook import load
from companion.course.notebook.execute import run_cells
from companion.course.notebook.read import answer_cells

LOG3 = np.array([[0.0, 0, 0, 0], [math.log(3), 0, 0, 0]])  # two keys; the query is 2, 0, 0, 0
QUERY = np.array([[2.0, 0, 0, 0]])


@pytest.fixture(scope="module")
def solution():
    """The answers of the solution notebook, by name."""
    notebook = load(find("attention").solutions)
    return run_cells(notebook, answer_cells(notebook, catalogue.exercises("attention"))).answers


def verdict(name, answer):
    exercise = catalogue.find(name)[1]
    return judge(exercise, local_apply(exercise, answer))


def test_the_worked_examples_of_the_statements_are_what_the_solutions_give(solution):
    split = solution["split_heads"](np.arange(8).reshape(2, 4), 2)
    assert split.tolist() == [[[0, 1], [4, 5]], [[2, 3], [6, 7]]]
    assert solution["causal_mask"](2, 3).tolist() == [[True, True, False], [True, True, True]]
    allowed = np.ones((1, 2), dtype=bool)
    values = np.array([[10.0], [2.0]])
    output, weights = solution["scaled_dot_product_attention"](QUERY, LOG3, values, allowed)
    assert (weights.tolist(), output.tolist()) == (
        [pytest.approx([0.25, 0.75])],
        [pytest.approx([4])],
    )
    assert solution["attention_weights"](QUERY, LOG3) == pytest.approx(weights)
    turned = solution["rotary"](np.array([[1.0, 0], [1.0, 0]]))
    assert turned.tolist() == [[1, 0], pytest.approx([math.cos(1), math.sin(1)])]
    x, eye = np.array([[1.0, 2.0]]), np.eye(2)
    twice = dict.fromkeys(("query", "key", "output"), eye) | {"value": 2 * eye}
    assert solution["self_attention"](x, twice, 1) == pytest.approx(2 * x)
    entropy = solution["row_entropy"](np.array([[0.5, 0.5], [1, 0]]))
    assert entropy == pytest.approx(math.log(2) / 2)
    assert solution["attention_cost"](3, 4, 2) == (72, 18)


def test_the_predicted_numbers_follow_from_the_solutions_own_functions(solution):
    query, keys = np.zeros((1, 16)), np.zeros((2, 16))
    query[0, 0], keys[1, 0] = 4, math.log(3)
    weights = solution["attention_weights"](query, keys)
    assert solution["attended_value"] == pytest.approx((weights @ [10, 2]).item())
    real = np.arange(7) < 5
    assert solution["allowed_pairs"] == (solution["causal_mask"](7, 7) & real).sum()


def test_right_answers_in_float32_pass(solution):
    def narrow(value):
        if isinstance(value, dict):
            return {name: narrow(part) for name, part in value.items()}
        return np.float32(value) if np.asarray(value).dtype == float else value

    def in_float32(name):
        def answer(**case):
            result = solution[name](**narrow(case))
            return tuple(map(narrow, result)) if isinstance(result, tuple) else narrow(result)

        return answer

    for name in (
        "scaled_dot_product_attention",
        "attention_weights",
        "rotary",
        "self_attention",
        "row_entropy",
    ):
        exercise = catalogue.find(name)[1]
        for seed in range(20):
            assert judge(exercise, local_apply(exercise, in_float32(name)), seed).passed, name


def masks_the_exponentials(query, key, value, attention_mask):
    scores = query @ key.T / np.sqrt(key.shape[-1])
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True)) * attention_mask
    weights = powers / powers.sum(axis=-1, keepdims=True)
    return weights @ value, weights


def masks_behind_the_maximum(query, key, value, attention_mask):
    scores = query @ key.T / np.sqrt(key.shape[-1])
    scores = scores - scores.max(axis=-1, keepdims=True)
    powers = np.exp(np.where(attention_mask, scores, -1e9))
    weights = powers / powers.sum(axis=-1, keepdims=True)
    return weights @ value, weights


def adds_the_mask_behind_the_maximum(query, key, value, attention_mask):
    scores = query @ key.T / np.sqrt(key.shape[-1])
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True) + (1 - attention_mask) * -1e9)
    weights = powers / powers.sum(axis=-1, keepdims=True)
    return weights @ value, weights


@pytest.mark.parametrize(
    "answer", [masks_the_exponentials, masks_behind_the_maximum, adds_the_mask_behind_the_maximum]
)
def test_a_mask_between_maximum_and_sum_is_named_however_it_is_written(answer):
    exercise = catalogue.find("scaled_dot_product_attention")[1]
    for seed in range(40):
        found = judge(exercise, local_apply(exercise, answer), seed)
        assert (found.mistake, len(found.candidates)) == ("masked-between", 1), seed


def test_an_entropy_that_is_neither_a_number_nor_rows_is_told_what_python_says():
    report = verdict("row_entropy", lambda weights: None)
    assert (report.state, report.mistake) == ("error", None)
    assert "NoneType" in report.message


def entropies_in_loops(weights):
    rows = [-sum(w * math.log(w) for w in row) for row in weights]
    return sum(rows) / len(rows)


def sums_without_their_axis(query, key, value, attention_mask):
    scores = np.where(attention_mask, query @ key.T / np.sqrt(key.shape[-1]), -1e9)
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = powers / powers.sum(axis=1)
    return weights @ value, weights


def scale_behind_the_softmax(query, key):
    powers = np.exp(query @ key.T)
    return powers / powers.sum(-1, keepdims=True) / key.shape[1] ** 0.5


@pytest.mark.parametrize(
    ("exercise", "answer", "mistake"),
    [
        ("attended_value", 2.1, "no-scale"),
        ("attention_weights", scale_behind_the_softmax, "scale-outside"),
        ("causal_mask", lambda target_length, source_length: np.triu(
            np.ones((target_length, source_length), bool), source_length - target_length + 1
        ), "inverted"),
        ("split_heads", lambda x, num_heads: np.reshape(x, (num_heads, x.shape[0], -1)),
         "reshape-only"),
        ("causal_mask", lambda target_length, source_length: np.arange(source_length)[None]
         >= (np.arange(target_length) + source_length - target_length)[:, None], "turned-round"),
        ("scaled_dot_product_attention", sums_without_their_axis, "no-keepdims"),
        ("row_entropy", lambda weights: -(weights * np.log(np.where(weights > 0, weights, 1)))
         .sum(-1), "no-mean"),
        ("row_entropy", entropies_in_loops, "log-of-zero"),
    ],
)  # fmt: skip
def test_wrong_answers_written_in_another_way_are_named_too(exercise, answer, mistake):
    assert verdict(exercise, answer).mistake == mistake
