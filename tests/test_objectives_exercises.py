"""The exercises of chapter 9 as a learner meets them; `selftest` examines the rest."""

import itertools
import math
import subprocess
import sys

import numpy as np
import pytest

from companion import objectives
from companion.checks.objectives import EXERCISES
from companion.course.chapters import ROOT
from companion.course.judge import SEED, draw, judge, local_apply
from companion.course.notebook import load
from companion.course.notebook.execute import run_cells
from companion.course.notebook.read import answer_cells
from companion.probes.objectives import losses_of

NAMED = {exercise.name: exercise for exercise in EXERCISES}


@pytest.fixture(scope="module")
def solution():
    """The solution notebook's answers, by name."""
    notebook = load(ROOT / "solutions" / "09_objectives.ipynb")
    return run_cells(notebook, answer_cells(notebook, NAMED)).answers


def verdict(name, answer):
    return judge(NAMED[name], local_apply(NAMED[name], answer))


def cases(name):
    return draw(NAMED[name], SEED)


def test_the_worked_examples_of_the_statements_are_what_the_solutions_give(solution):
    # 22 tokens, two of them special, a generator that is right half of the time.
    assert pytest.approx(1.5) == 20 * 0.15 * 0.5
    assert solution["replaced_count"] == pytest.approx(510 * 0.15 * 0.6)
    assert solution["prefix_mask"](2, 3).tolist() == [
        [True, True, False],
        [True, True, False],
        [True, True, True],
    ]
    read, labels = solution["replaced_labels"](
        np.array([[2, 7, 8, 9, 3]]), np.array([[1, 3]]), np.array([[7, 5]])
    )
    assert read.tolist() == [[2, 7, 8, 5, 3]]
    assert labels.tolist() == [[0, 0, 0, 1, 0]]
    loss = solution["contrastive_loss"](np.eye(2), 3 * np.eye(2), 1.0)
    assert loss == pytest.approx(math.log(1 + math.exp(-1)))
    assert loss == pytest.approx(0.313, abs=5e-4)
    np.testing.assert_allclose(solution["mixing_rates"]([900, 100], 2, 1000), [0.75, 0.25])
    np.testing.assert_allclose(solution["mixing_rates"]([900, 100], 2, 400), [2 / 3, 1 / 3])
    inputs, targets = solution["span_pair"]([11, 12, 13, 14], [False, True, True, False], [90, 89])
    assert (inputs, targets) == ([11, 90, 14], [90, 12, 13, 89])
    rows = solution["mass_row"](np.array([2, 11, 12, 13, 14, 3]), 2, 2, 4)
    assert [row.tolist() for row in rows] == [
        [2, 11, 4, 4, 14, 3],
        [4, 4, 4, 12, 4, 4],
        [0, 0, 12, 13, 0, 0],
    ]
    squares = solution["company"](lambda x: (x**2).sum(axis=1), np.arange(6.0).reshape(3, 2))
    assert squares.tolist() == [0, 0, 0]


def test_the_solutions_agree_with_the_module_of_the_chapter(solution):
    for case in cases("prefix_mask"):
        theirs = objectives.prefix_lm_mask([case["prefix"]], case["length"])[0]
        np.testing.assert_array_equal(solution["prefix_mask"](**case), theirs)
    for case in cases("replaced_labels"):
        for ours, theirs in zip(
            solution["replaced_labels"](**case), objectives.replaced_tokens(**case), strict=True
        ):
            np.testing.assert_array_equal(ours, theirs)
    for case in cases("contrastive_loss"):
        theirs = np.asarray(objectives.info_nce(case["a"], case["b"], case["temperature"])).mean()
        assert solution["contrastive_loss"](**case) == pytest.approx(float(theirs), rel=1e-4)
    for case in cases("mixing_rates"):
        theirs = objectives.temperature_mixing(**case)
        np.testing.assert_allclose(solution["mixing_rates"](**case), theirs)
    for case in cases("span_pair"):
        assert solution["span_pair"](**case) == objectives.sentinel_pair(**case)


def test_the_repaired_mass_is_what_the_module_makes_of_the_same_span(solution):
    ids = np.array([2, 11, 12, 13, 14, 15, 3])
    ours = objectives.mass_spans(ids[None], np.random.default_rng(0))
    start = int(np.argmax(ours.target[0] != 0))
    rows = solution["mass_row"](ids, start, 3, 4)
    for mine, theirs in zip(rows, ours, strict=True):
        assert mine.tolist() == theirs[0].tolist()


def test_company_tells_electras_loss_from_infonce(solution):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(4, 6))

    def electra(rows):
        return np.asarray(objectives.detection_losses(rows, rows > 0)).sum(axis=1)

    def contrastive(rows):
        return np.asarray(objectives.info_nce(rows[:, :3], rows[:, 3:], 1.0))

    assert solution["company"](electra, x).max() < 1e-5
    assert solution["company"](contrastive, x).min() > 0.1


def test_the_checks_know_no_keras():
    code = "import sys; import companion.checks.objectives; assert 'keras' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_each_bug_of_mass_is_told_when_the_others_are_gone():
    def repaired(*repairs):
        def mass_row(ids, start, length, mask_id):
            span = slice(start, start + length)
            source, blank = ids.copy(), np.full_like(ids, mask_id)
            source[span] = mask_id
            shown = blank.copy() if "outside" in repairs else np.append(ids[:1], ids[:-1])
            right = [mask_id, *ids[start : start + length - 1]]
            shown[span] = right if "inside" in repairs else ids[span]
            target = np.zeros_like(ids) if "target" in repairs else ids.copy()
            target[span] = ids[span]
            return source, shown, target

        return mass_row

    assert verdict("mass_row", repaired()).state == "not attempted"
    assert verdict("mass_row", repaired("outside", "inside", "target")).passed
    found = {
        repairs: verdict("mass_row", repaired(*repairs)).mistake
        for count in (1, 2)
        for repairs in itertools.combinations(("inside", "outside", "target"), count)
    }
    assert found == {
        ("inside",): "shows-all-and-asks-all",
        ("outside",): "shows-itself-and-asks-all",
        ("target",): "shows-itself-and-shows-all",
        ("inside", "outside"): "asks-all",
        ("inside", "target"): "shows-all",
        ("outside", "target"): "shows-itself",
    }


def one_name_each(tokens, hidden, sentinels):
    names = iter(sentinels)
    inputs, targets = [], []
    for token, gone in zip(tokens, hidden, strict=True):
        if gone:
            name = next(names)
            inputs += [name]
            targets += [name, token]
        else:
            inputs += [token]
    return inputs, [*targets, next(names)]


def compared_with_itself(ids, positions, samples):
    read, first = ids, ids[:, 0].copy()
    read[np.arange(len(ids))[:, None], positions] = samples
    read[:, 0] = first
    return read, (read != ids).astype(int)


def in_both_directions(a, b, temperature):
    a, b = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in (a, b))
    scores = a @ b.T / temperature
    losses = [np.log(np.exp(z).sum(axis=1)) - np.diagonal(z) for z in (scores, scores.T)]
    return np.mean(losses)


def one_before_the_first_is_the_last(tokens, hidden, sentinels):
    names = iter(sentinels)
    inputs, targets = [], []
    for i, token in enumerate(tokens):
        if hidden[i] and not hidden[i - 1]:
            name = next(names)
            inputs += [name]
            targets += [name]
        (targets if hidden[i] else inputs).append(token)
    return inputs, [*targets, next(names)]


def every_row_at_all_gaps(ids, positions, samples):
    read = ids.copy()
    read[:, positions] = samples
    read[:, 0] = ids[:, 0]
    return read, read != ids


def info_nce_of_rows(a, b, temperature, cosines=True):
    if cosines:
        a, b = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in (a, b))
    scores = a @ b.T / temperature
    return [np.log(np.exp(row).sum()) - row[i] for i, row in enumerate(scores)]


def shifted_all_along(ids, start, length, mask_id, target):
    source, target = ids.copy(), target.copy()
    source[start : start + length] = mask_id
    target[start : start + length] = ids[start : start + length]
    return source, np.concatenate([ids[:1], ids[:-1]]), target


@pytest.mark.parametrize(
    ("exercise", "answer", "mistake"),
    [
        ("replaced_count", 76.5, "all-gaps"),
        ("prefix_mask", lambda prefix, length: np.tri(length, dtype=bool), "causal"),
        ("replaced_labels", lambda ids, positions, samples: (
            objectives.replaced_tokens(ids, positions, samples)[0],
            np.array([[int(t > 0 and t in row) for t in range(ids.shape[1])]
                      for row in positions])), "gap-labels"),
        ("contrastive_loss", lambda a, b, temperature: float(np.mean([
            math.log(sum(math.exp(x @ y / temperature) for y in b)) - x @ z / temperature
            for x, z in zip(a, b, strict=True)])), "dot-product"),
        ("mixing_rates", lambda sizes, temperature, limit:
         np.minimum(sizes, limit) / np.minimum(sizes, limit).sum(), "no-temperature"),
        ("span_pair", one_name_each, "one-per-token"),
        ("replaced_labels", compared_with_itself, "compared-with-itself"),
        ("contrastive_loss", in_both_directions, "both-directions"),
        ("span_pair", one_before_the_first_is_the_last, "round-the-end"),
        ("company", lambda losses, x: np.array([losses(x[[i]])[0] for i in range(len(x))]),
         "alone"),
        ("company", lambda losses, x: np.abs(
            losses(x) - np.stack([losses(x[[i]]) for i in range(len(x))])), "every-with-every"),
        ("prefix_mask", lambda prefix, length:
         np.tri(length, dtype=bool) | np.arange(length) < prefix, "no-brackets"),
        ("replaced_labels", every_row_at_all_gaps, "every-rows-gaps"),
        ("contrastive_loss", lambda a, b, temperature:
         np.array(info_nce_of_rows(a, b, temperature)), "each-row"),
        ("contrastive_loss", lambda a, b, temperature: np.mean(info_nce_of_rows(
            a / np.sqrt((a**2).sum()), b / np.sqrt((b**2).sum()), temperature, False)),
         "one-norm"),
        ("mass_row", lambda ids, start, length, mask_id:
         shifted_all_along(ids, start, length, mask_id, ids), "shifted-text-and-asks-all"),
        ("mass_row", lambda ids, start, length, mask_id:
         shifted_all_along(ids, start, length, mask_id, 0 * ids), "shifted-text"),
    ],
)  # fmt: skip
def test_wrong_answers_written_in_another_way_are_named_too(exercise, answer, mistake):
    assert verdict(exercise, answer).mistake == mistake


@pytest.mark.parametrize(
    ("exercise", "answer"),
    [
        ("replaced_labels", lambda read, labels: (read, labels.astype(bool))),
        ("replaced_labels", lambda read, labels: (read.astype(float), labels.astype(float))),
        ("mass_row", lambda source, shown, target: (source, shown, 1.0 * target)),
    ],
)
def test_whole_numbers_of_another_type_are_right(solution, exercise, answer):
    assert verdict(exercise, lambda **case: answer(*solution[exercise](**case))).passed


def test_a_loss_of_nothing_and_one_in_brackets_are_told_from_a_number(solution):
    right = solution["contrastive_loss"]
    assert verdict("contrastive_loss", lambda **case: np.array([right(**case)])).passed
    report = verdict("contrastive_loss", lambda **case: None)
    assert report.state == "failed"


def test_what_is_no_pair_of_rows_is_told():
    report = verdict("span_pair", lambda tokens, hidden, sentinels: [1, 2, 3])
    assert "return inputs, targets" in report.message


def test_a_loss_wants_rows():
    with pytest.raises(ValueError, match="wanted \\(rows, width\\)"):
        losses_of("own")(np.ones(3))
