"""The exercises of chapter 6 as a learner meets them; `selftest` examines the rest."""

import math
import subprocess
import sys

import numpy as np
import pytest

from companion import bert
from companion.course import catalogue
from companion.course.chapters import find
from companion.course.judge import SEED, draw, judge, local_apply
from companion.course.notebook import load
from companion.course.notebook.execute import run_cells
from companion.course.notebook.read import answer_cells
from companion.probes.bert import both_sides


@pytest.fixture(scope="module")
def solution():
    """The solution notebook's answers, by name."""
    notebook = load(find("bert").solutions)
    return run_cells(notebook, answer_cells(notebook, catalogue.exercises("bert"))).answers


def verdict(name, answer):
    exercise = catalogue.find(name)[1]
    return judge(exercise, local_apply(exercise, answer))


def cases(name):
    return draw(catalogue.find(name)[1], SEED)


def test_the_worked_examples_of_the_statements_are_what_the_solutions_give(solution):
    # 22 tokens, two of them special: 20 · 0.15 · 0.9
    assert pytest.approx(2.7) == 20 * 0.15 * 0.9
    assert solution["changed_tokens"] == pytest.approx(510 * 0.15 * 0.9)
    ids, lots = np.array([[2, 7, 8, 3]]), np.array([[0.1, 0.1, 0.5, 0.1]])
    assert solution["choose_gaps"](ids, lots, [2, 3], 0.15).tolist() == [
        [False, True, False, False]
    ]
    ids, chosen = np.array([[7, 8, 9, 5]]), np.array([[True, True, True, False]])
    lots, others = np.array([[0.5, 0.85, 0.95, 0.1]]), np.array([[11, 12, 13, 14]])
    assert solution["corrupt"](ids, chosen, lots, others, 4).tolist() == [[4, 12, 9, 5]]
    x, table = np.array([[[1.0, 0], [0, 2]]]), np.array([[1.0, 1], [3, 4], [0, 1]])
    found = solution["gap_logits"](x, np.array([[1]]), table, np.array([0.0, 0, 5]))
    assert found.tolist() == [[[2, 8, 7]]]
    row, segments = solution["pair_row"]([7, 8], [9], 8, 2, 3)
    assert row == [2, 7, 8, 3, 9, 3, 0, 0]
    assert segments == [0, 0, 0, 0, 1, 1, 0, 0]
    x, seen = np.array([[3.0, 0], [3, 8], [9, 9]]), np.array([True, True, False])
    alike = solution["similarity"](x, seen, np.array([[4.0, 3]]), np.array([True]))
    assert alike == pytest.approx(0.96)
    uniform = both_sides(np.zeros((8, 8)), np.zeros((8, 8)))
    score = solution["pseudo_log_likelihood"](uniform, np.array([0, 5, 6, 7, 1]), 2)
    assert score == pytest.approx(-3 * math.log(8))
    assert score == pytest.approx(-6.24, abs=5e-3)


def test_words_without_vectors_give_the_same_input_in_every_row(solution):
    given = cases("bert_input")[-1]
    blank = given | {"words": 0 * given["words"], "kinds": 0 * given["kinds"]}
    found = solution["bert_input"](**blank)
    np.testing.assert_allclose(found[0], found[1])


def test_the_solutions_agree_with_the_module_of_the_chapter(solution):
    for case in cases("gap_logits"):
        picked = np.asarray(bert.gather_positions(case["x"], case["positions"]))
        theirs = picked @ case["table"].T + case["bias"]
        np.testing.assert_allclose(solution["gap_logits"](**case), theirs, rtol=1e-5, atol=1e-5)
    for case in cases("similarity"):
        pooled = [
            np.asarray(bert.mean_pooling(case[side][None], case[f"{side}_seen"][None]))
            for side in "xy"
        ]
        assert solution["similarity"](**case) == pytest.approx(bert.cosine(*pooled)[0, 0], rel=1e-5)
    documents = [[[7, 8], [9]], [[10]]]
    pairs = bert.make_pairs(documents, np.random.default_rng(0), 8)
    row, segments = solution["pair_row"]([7, 8], [9], 8, bert.CLS_ID, bert.SEP_ID)
    assert pairs.ids[0].tolist() == row
    assert pairs.segments[0].tolist() == segments


def test_choosing_and_corrupting_follow_the_law_of_the_module(solution):
    rng = np.random.default_rng(0)
    ids = rng.integers(5, 99, (4000, 20))
    chosen = solution["choose_gaps"](ids, rng.random(ids.shape), bert.SPECIAL_IDS, bert.RATE)
    others = rng.integers(5, 99, ids.shape)
    shown = solution["corrupt"](ids, chosen, rng.random(ids.shape), others, bert.MASK_ID)
    _, theirs = bert.mask_tokens(ids, rng, 99)
    # 80,000 tokens: five deviations of a share of 15 % are 0.0063.
    assert abs(chosen.mean() - theirs.mean()) < 0.0063
    # 12,000 gaps: five deviations of a share of 80 % are 0.018.
    assert (shown == bert.MASK_ID).sum() / chosen.sum() == pytest.approx(0.8, abs=0.018)


def test_the_checks_know_no_keras():
    code = "import sys; import companion.checks.bert; assert 'keras' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_each_bug_of_the_simplified_bert_is_told_when_the_others_are_gone(solution):
    def norm(case, x):
        centred = x - x.mean(axis=-1, keepdims=True)
        size = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + case["epsilon"])
        return case["gain"] * centred / size + case["offset"]

    def repaired(*repairs):
        def bert_input(**case):
            ids, places = case["ids"], case["places"]
            by_time = "places" in repairs
            added = places[: ids.shape[1]] if by_time else places[ids % len(places)]
            if "segments" in repairs:
                added = added + case["kinds"][case["segments"]]
            words = case["words"][ids]
            late = "norm" in repairs
            return norm(case, words + added) if late else norm(case, words) + added

        return bert_input

    assert verdict("bert_input", repaired()).state == "not attempted"
    assert verdict("bert_input", repaired("places", "norm")).mistake == "no-segments"
    assert verdict("bert_input", repaired("places", "segments")).mistake == "norm-too-early"
    assert verdict("bert_input", repaired("segments", "norm")).mistake == "positions-by-id"
    assert verdict("bert_input", repaired("places", "segments", "norm")).passed


@pytest.mark.parametrize("seed", range(40))
def test_a_lot_equal_to_the_rate_is_told_whatever_the_seed(solution, seed):
    def up_to(ids, lots, special_ids, rate):
        return np.less_equal(lots, rate) & ~np.isin(ids, special_ids)

    exercise = catalogue.find("choose_gaps")[1]
    assert judge(exercise, local_apply(exercise, up_to), seed).mistake == "up-to-the-rate"
    low = judge(exercise, local_apply(exercise, lambda lots, rate, **_: lots < rate), seed)
    assert low.mistake == "specials-too"
    assert judge(exercise, local_apply(exercise, solution["choose_gaps"]), seed).passed


def loop_that_forgets_to_restore(log_probs, ids, mask_id):
    shown, score = np.copy(ids), 0.0
    for place, token in enumerate(ids):
        if 0 < place < len(ids) - 1:
            shown[place] = mask_id
            score += float(log_probs(shown)[place][token])
    return score


@pytest.mark.parametrize(
    ("exercise", "answer", "mistake"),
    [
        ("changed_tokens", 76.5, "chosen"),
        ("choose_gaps", lambda ids, lots, special_ids, rate: np.less(lots, rate), "specials-too"),
        ("corrupt", lambda ids, chosen, lots, random_ids, mask_id:
         np.where(chosen, mask_id, ids), "all-masked"),
        ("gap_logits", lambda x, positions, table, bias:
         np.einsum("btd,vd->btv", x, table) + bias, "every-token"),
        ("pair_row", lambda first, second, length, cls_id, sep_id:
         (([cls_id] + first + [sep_id] + second + [sep_id] + [0] * length)[:length],
          ([0] * (len(first) + 1) + [1] * (len(second) + 2) + [0] * length)[:length]),
         "separator-in-second"),
        ("similarity", lambda x, x_seen, y, y_seen: np.vdot(x[0], y[0])
         / np.sqrt(np.vdot(x[0], x[0]) * np.vdot(y[0], y[0])), "first-token"),
        ("pseudo_log_likelihood", loop_that_forgets_to_restore, "never-restored"),
    ],
)  # fmt: skip
def test_wrong_answers_written_in_another_way_are_named_too(exercise, answer, mistake):
    assert verdict(exercise, answer).mistake == mistake


def test_what_is_no_pair_of_rows_is_told():
    report = verdict("pair_row", lambda first, second, length, cls_id, sep_id: [1, 2, 3])
    assert "return ids, segments" in report.message
