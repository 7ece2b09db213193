"""The selftest: content with a sound chapter, and not with a chapter spoilt in any one way."""

import dataclasses

import numpy as np
import pytest
import toy_course as toy

from companion.course.selftest import Result, examine, selftest


def examined(exercise):
    result = Result()
    examine(exercise, result)
    return result


def changed(**fields):
    return dataclasses.replace(toy.softmax, **fields)


def test_a_sound_chapter_passes_with_its_counts(tmp_path, monkeypatch):
    result = selftest([toy.install(monkeypatch, tmp_path)])
    assert result.passed, result.as_text()
    # three exercises with three mistakes each
    assert (result.exercises, result.mistakes, result.unnamed) == (3, 9, [])
    assert "3 exercises, 9 mistakes, 0 unnamed" in result.as_text()


def test_a_weakened_generator_makes_it_fail(tmp_path, monkeypatch):
    small = changed(cases=lambda rng, size: {"x": rng.normal(size=(1 + size % 3, 2 + size))})
    chapter = toy.install(monkeypatch, tmp_path, [small, *toy.EXERCISES[1:]])
    result = selftest([chapter])
    assert not result.passed
    # without large scores nothing overflows: the mistake passes
    assert [line.split(":")[0] for line in result.unnamed] == ["softmax / overflow"]
    assert "it is 'passed'" in result.unnamed[0]


def test_a_generator_that_cannot_tell_two_mistakes_apart_makes_it_fail():
    one_row = changed(cases=lambda rng, size: {"x": 2000 * rng.normal(size=(1, 2 + size))})
    result = examined(one_row)
    assert any("whole-array: it is 'passed'" in line for line in result.unnamed)
    twin = toy.Mistake("twin", toy.softmax_overflow, "The same.")
    twins = examined(changed(mistakes=[*toy.softmax.mistakes, twin]))
    assert [line.split(":")[0] for line in twins.unnamed] == [
        "softmax / overflow",
        "softmax / twin",
    ]
    assert "cannot tell overflow from twin" in twins.unnamed[0]


def test_a_mistake_that_shows_for_some_seeds_only_makes_it_fail():
    def cases(rng, size):
        return {"x": rng.normal(size=(2, 3)) * (2000 if rng.random() < 0.1 else 1)}

    reasons = examined(changed(cases=cases, sizes=2)).unnamed
    assert any(line.startswith("softmax / overflow") for line in reasons)


def _random(x):
    return np.random.default_rng().normal(size=x.shape)


def _raises(x):
    raise KeyError("never right")


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"reference": _raises}, "the reference raises in every case"),
        ({"reference": _random}, "the reference is 'failed'"),
        ({"reference": toy.softmax_mutating}, "the reference changes its inputs"),
        ({"starter": lambda x: x, "mistakes": toy.softmax.mistakes}, None),
        ({"starter": toy.softmax_right}, "the starter is 'passed'"),
        ({"mistakes": [toy.softmax.mistakes[0]] * 3}, "two mistakes have one name"),
    ],
)
def test_a_broken_exercise_is_a_problem(fields, complaint):
    problems = examined(changed(**fields)).problems
    if complaint is None:
        assert problems == []
    else:
        assert complaint in " ".join(problems)


def test_a_solution_that_fails_is_a_problem(tmp_path, monkeypatch):
    chapter = toy.install(monkeypatch, tmp_path)
    wrong = "### BEGIN SOLUTION\nmean_by_hand = 4.5\n### END SOLUTION"
    toy.save(chapter.solutions, toy.with_answers(mean_by_hand=wrong))
    assert selftest([chapter]).problems == [
        "toy, solution: mean_by_hand is 'failed': There are three numbers."
    ]


def test_an_exercise_file_that_was_edited_by_hand_is_a_problem(tmp_path, monkeypatch):
    chapter = toy.install(monkeypatch, tmp_path)
    chapter.exercises.write_bytes(chapter.exercises.read_bytes().replace(b"# Toy", b"# toy"))
    (problem,) = selftest([chapter]).problems
    assert "companion release toy" in problem


def test_a_leaking_solution_is_a_problem(tmp_path, monkeypatch):
    chapter = toy.install(monkeypatch, tmp_path)
    made = toy.solution()
    made["cells"].append(toy.markdown("toy-leak", toy.SOFTMAX.splitlines()[2]))
    toy.save(chapter.solutions, made)
    assert "survive" in selftest([chapter]).problems[0]


def test_a_starter_cell_that_is_no_starter_is_a_problem(tmp_path, monkeypatch):
    chapter = toy.install(monkeypatch, tmp_path)
    other = toy.CENTER.replace("max(x)", "min(x)")
    toy.save(chapter.solutions, toy.with_answers(center=other))
    problems = selftest([chapter]).problems
    assert any("untouched exercises: center is 'failed'" in line for line in problems)


def test_no_chapter_at_all_is_no_pass():
    result = selftest([])
    assert not result.passed
    assert result.to_json()["exercises"] == 0
