"""The exercises of chapter 8 as a learner meets them; `selftest` examines the rest."""

import math
import subprocess
import sys

import numpy as np
import pytest

from companion.course import catalogue
from companion.course.chapters import find
from companion.course.judge import SEED, draw, judge, local_apply
from companion.course.notebook import load
from companion.course.notebook.execute import run_cells
from companion.course.notebook.read import answer_cells


@pytest.fixture(scope="module")
def solution():
    """The answers of the solution notebook, by name."""
    notebook = load(find("generation").solutions)
    return run_cells(notebook, answer_cells(notebook, catalogue.exercises("generation"))).answers


def verdict(name, answer):
    exercise = catalogue.find(name)[1]
    return judge(exercise, local_apply(exercise, answer))


def cases(name):
    return draw(catalogue.find(name)[1], SEED)


def chain(table):
    """log p of the next token after a text that begins with token 0."""
    return lambda ids: table[[0, *ids][-1]]


def test_the_worked_examples_of_the_statements_are_what_the_solutions_give(solution):
    assert solution["odds_when_cold"] == 81
    logits = np.array([2.0, -2.0, 2.0])
    assert solution["repetition_penalty"](logits, [0, 1, 0], 2.0).tolist() == [1, -4, 2]
    kept = solution["top_k"](np.array([1.0, 3.0, 1.0, 0.0]), 2)
    assert kept.tolist() == [True, True, True, False]
    nucleus = solution["top_p"](np.log([0.15, 0.5, 0.25, 0.1]), 0.6)
    assert nucleus == pytest.approx([0, 2 / 3, 1 / 3, 0])
    for n, out in ((3, [3]), (2, [3]), (4, [])):
        assert solution["forbidden"]([1, 2, 3, 1, 2], n) == out
    assert solution["distinct_n"]([[1, 2, 1, 2], [1, 2]], 2) == 0.5
    rate, rest = solution["guess_check"](np.array([0.5, 0.5, 0]), np.array([0, 0.25, 0.75]))
    assert rate == pytest.approx(0.25)
    assert rest == pytest.approx([2 / 3, 1 / 3, 0])


def test_a_beam_finds_the_best_text_per_token_by_hand(solution):
    # To stop at once has log 0.4 = −0.92 a token. Token 2 (0.5), then stop (0.9): (log 0.45)/2 =
    # −0.40. Neither 3 (0.1) nor going on behind 2 (0.1 together) can do better.
    table = np.log(
        [[1e-9, 0.4, 0.5, 0.1], [0.25] * 4, [1e-9, 0.9, 0.05, 0.05], [1e-9, 0.4, 0.3, 0.3]]
    )
    assert solution["beam_search"](chain(table), width=3, stop_id=1, max_length=4) == [2]
    assert solution["beam_search"](chain(table), width=1, stop_id=1, max_length=1) == [2]


def test_the_cached_steps_are_causal_attention(solution):
    for case in cases("cached_step"):
        x, keys = case["x"], np.zeros((case["room"], case["wk"].shape[1]))
        values, outputs = keys.copy(), []
        for position, vector in enumerate(x):
            out, keys, values = solution["cached_step"](
                vector, keys, values, position, case["wq"], case["wk"], case["wv"]
            )
            outputs.append(out)
        scores = (x @ case["wq"]) @ (x @ case["wk"]).T / math.sqrt(keys.shape[1])
        scores = np.where(np.tri(len(x), dtype=bool), scores, -np.inf)
        weights = np.exp(scores - scores.max(axis=1, keepdims=True))
        expected = weights / weights.sum(axis=1, keepdims=True) @ (x @ case["wv"])
        assert np.stack(outputs) == pytest.approx(expected)


def test_kept_and_drawn_together_are_the_models_distribution(solution):
    for case in cases("guess_check"):
        rate, rest = solution["guess_check"](**case)
        assert np.minimum(case["p"], case["q"]) + (1 - rate) * rest == pytest.approx(case["p"])


def test_half_a_repair_of_the_beam_is_told_as_the_statement_says():
    def half(rests, a_token):
        def beam_search(next_log_probs, width, stop_id, max_length):
            beam = [([], 0.0)]
            for _ in range(max_length):
                found = []
                for text, score in beam:
                    if rests and text[-1:] == [stop_id]:
                        found.append((text, score))
                        continue
                    found += [
                        ([*text, token], score + log_prob)
                        for token, log_prob in enumerate(next_log_probs(text))
                    ]
                beam = sorted(found, key=lambda pair: -pair[1])[:width]
            best = max(beam, key=lambda pair: pair[1] / (len(pair[0]) if a_token else 1))[0]
            return best[: best.index(stop_id)] if stop_id in best else best

        return beam_search

    assert verdict("beam_search", half(rests=False, a_token=False)).state == "not attempted"
    assert verdict("beam_search", half(rests=False, a_token=True)).state == "not attempted"
    assert verdict("beam_search", half(rests=True, a_token=False)).state == "failed"
    assert verdict("beam_search", half(rests=True, a_token=True)).passed


def test_the_checks_know_no_keras():
    code = "import sys; import companion.checks.generation; assert 'keras' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def nucleus_below_p(logits, p):
    probs = np.exp(logits) / np.exp(logits).sum()
    order = np.argsort(probs)[::-1]
    kept = order[: (np.cumsum(probs[order]) <= p).sum()]
    result = np.zeros_like(probs)
    result[kept] = probs[kept]
    with np.errstate(all="ignore"):
        return result / result.sum()


def divided(logits, ids, penalty):
    result = logits.copy()
    for token in set(ids):
        result[token] /= penalty
    return result


def looks_before_itself(x, keys, values, position, wq, wk, wv):
    keys, values = keys.copy(), values.copy()
    keys[position], values[position] = x @ wk, x @ wv
    if position == 0:
        return np.zeros(len(wv[0])), keys, values
    scores = np.exp(keys[:position] @ (x @ wq) / np.sqrt(len(wk[0])))
    return scores @ values[:position] / scores.sum(), keys, values


def one_after_the_other(texts, n):
    text = [token for text in texts for token in text]
    grams = list(zip(*(text[i:] for i in range(n)), strict=False))
    return len(set(grams)) / len(grams) if grams else 0.0


@pytest.mark.parametrize(
    ("exercise", "answer", "mistake"),
    [
        ("odds_when_cold", 3, "warmed"),
        ("repetition_penalty", divided, "sign-bug"),
        ("top_k", lambda logits, k: np.isin(np.arange(len(logits)), np.argsort(-logits)[:k]),
         "exactly-k"),
        ("top_p", nucleus_below_p, "crossing-token-lost"),
        ("distinct_n", one_after_the_other, "texts-joined"),
        ("cached_step", looks_before_itself, "itself-unseen"),
        ("guess_check", lambda p, q: (np.minimum(p, q).sum(), p), "drawn-from-the-model-again"),
    ],
)  # fmt: skip
def test_wrong_answers_written_in_another_way_are_named_too(exercise, answer, mistake):
    assert verdict(exercise, answer).mistake == mistake


def test_an_endless_search_of_a_learner_ends():
    def endless(next_log_probs, width, stop_id, max_length):
        while True:
            next_log_probs([])

    assert "the search does not end" in verdict("beam_search", endless).message
