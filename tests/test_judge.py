"""The judge on toy exercises: what passes, what is named, and what is never said."""

import dataclasses
import json
import sys

import numpy as np
import pytest
import toy_course as toy

from companion import probes
from companion.course import check, wording
from companion.course.judge import absent_apply, draw, judge, local_apply
from companion.course.report import Report, as_html, as_renderable, as_text
from companion.course.values import describe, difference


def verdict(exercise, answer, seed=0):
    return judge(exercise, local_apply(exercise, answer), seed)


def with_mistakes(exercise, *more):
    return dataclasses.replace(exercise, mistakes=[*exercise.mistakes, *more])


@pytest.mark.parametrize("exercise", toy.EXERCISES, ids=lambda e: e.name)
def test_the_reference_passes_for_every_seed(exercise):
    assert [verdict(exercise, exercise.reference, s).state for s in range(5)] == ["passed"] * 5


def test_a_mistake_is_named_and_gives_its_hint():
    report = verdict(toy.softmax, toy.softmax_overflow)
    assert (report.state, report.mistake) == ("failed", "overflow")
    assert report.hint == "Subtract the maximum before the exponential."
    assert report.details == ()  # the hint is enough; no values are given away


def test_a_mistake_that_agrees_on_the_failing_cases_only_is_not_named():
    def overflow_unless_small(x):  # wrong where `overflow` is wrong, and wrong elsewhere too
        return toy.softmax_overflow(x) if np.abs(x).max() > 100 else x

    report = verdict(toy.softmax, overflow_unless_small)
    assert (report.state, report.mistake, report.candidates) == ("failed", None, ())


def test_two_mistakes_that_the_cases_cannot_tell_apart_are_both_candidates():
    twin = toy.Mistake("twin", toy.softmax_overflow, "The same.")
    report = verdict(with_mistakes(toy.softmax, twin), toy.softmax_overflow)
    assert report.candidates == ("overflow", "twin")


def test_the_same_seed_draws_the_same_cases_and_another_seed_others():
    one, same, other = (draw(toy.softmax, seed)[3]["x"] for seed in (5, 5, 6))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_a_right_answer_that_changes_its_input_is_named_so():
    report = verdict(toy.softmax, toy.softmax_mutating)
    assert (report.state, report.mistake) == ("failed", wording.MUTATES)


def test_a_catalogued_mistake_that_mutates_goes_by_its_own_name():
    own = toy.Mistake("in-place", toy.softmax_mutating, "Subtract into a new array.")
    assert verdict(with_mistakes(toy.softmax, own), toy.softmax_mutating).mistake == "in-place"


def test_a_mistake_that_leaves_its_inputs_alone_does_not_explain_an_answer_that_changes_them():
    def overflow_in_place(x):
        np.exp(x, out=x)
        return x / x.sum(axis=-1, keepdims=True)

    assert verdict(toy.softmax, overflow_in_place).mistake == wording.MUTATES


def test_no_answer_can_change_what_the_next_one_is_given():
    case = {"x": [3.0, 1.0], "deep": {"y": np.arange(3)}}

    def spoil(x, deep):
        x.clear()
        deep["y"][:] = 9
        return 0.0

    outcome = probes.run(toy.probs, spoil, case)
    assert outcome["mutated"] is True
    assert case["x"] == [3.0, 1.0]
    assert case["deep"]["y"].tolist() == [0, 1, 2]


def test_an_exception_is_an_error_with_its_line_and_a_remedy():
    source = "def softmax(x):\n    y = x + 1\n    return y @ np.ones(999)\n"
    namespace = {"np": np}
    exec(compile(source, "<toy-cell>", "exec"), namespace)
    report = verdict(toy.softmax, namespace["softmax"])
    assert (report.state, report.error["type"], report.error["line"]) == ("error", "ValueError", 3)
    assert "shapes of both operands" in report.hint


def test_a_mistake_that_raises_is_named_by_the_type_of_its_exception():
    def divides(x):
        raise ZeroDivisionError("another message")

    mistake = toy.Mistake("divides", lambda x: 1 // 0, "Never divide by the count of zeros.")
    assert verdict(with_mistakes(toy.softmax, mistake), divides).mistake == "divides"


def test_an_input_that_must_be_refused():
    def positive(x):
        if x[0] < 0:
            raise ValueError("negative")
        return x

    def other(x):
        return x if x[0] >= 0 else {}[0]

    exercise = dataclasses.replace(
        toy.center, reference=positive, starter=None, cases=lambda rng, size: {"x": [-1.0]}
    )
    assert "ValueError is wanted" in verdict(exercise, lambda x: x).message
    report = verdict(exercise, other)
    assert (report.state, "KeyError" in report.message) == ("failed", True)


def test_exit_inside_an_answer_ends_nothing():
    assert verdict(toy.softmax, lambda x: sys.exit()).error["type"] == "SystemExit"


@pytest.mark.parametrize("answer", [..., None])
def test_an_ellipsis_or_none_is_not_attempted(answer):
    assert verdict(toy.mean_by_hand, answer).state == "not attempted"


def test_a_stub_and_an_untouched_starter_are_not_attempted():
    def stub(x):
        raise NotImplementedError

    assert verdict(toy.softmax, stub).state == "not attempted"
    assert verdict(toy.center, lambda x: [v - max(x) for v in x]).state == "not attempted"


def test_another_exception_of_the_starters_type_is_the_learners_own():
    def starter(x):
        raise NameError("name 'math' is not defined")

    def changed(x):
        return sqrt(x)  # noqa: F821

    exercise = dataclasses.replace(toy.center, starter=starter)
    assert verdict(exercise, starter).state == "not attempted"
    report = verdict(exercise, changed)
    assert (report.state, "sqrt" in report.message) == ("error", True)


def test_a_branch_that_is_left_as_a_stub_is_an_error():
    def half(x):
        if len(x) == 2:
            raise NotImplementedError
        return toy.softmax_right(x)

    assert verdict(toy.softmax, half).state == "error"


def test_a_missing_answer_names_what_looks_like_it():
    report = judge(toy.softmax, absent_apply(toy.softmax, ["Soft_max", "np", "relu"]))
    assert report.state == "not attempted"
    assert "`Soft_max`" in report.message
    assert "relu" not in report.message


@pytest.mark.parametrize(
    ("exercise", "answer", "sentence"),
    [
        (toy.softmax, 3, "`softmax` is a number, and a function is wanted"),
        (toy.mean_by_hand, toy.softmax_right, "Did you forget to call it"),
        (toy.mean_by_hand, "three", "`mean_by_hand` is a text, and a number is wanted"),
    ],
)
def test_an_answer_of_another_kind_gets_a_sentence(exercise, answer, sentence):
    report = verdict(exercise, answer)
    assert report.state == "failed"
    assert sentence in report.message


def test_a_prediction_hears_too_high_or_too_low_and_never_the_value():
    report = verdict(toy.mean_by_hand, 3.25)
    assert report.message == "Too high."
    assert verdict(toy.mean_by_hand, 0).message == "Too low."
    for view in (as_text(report), as_html(report), json.dumps(report.to_json())):
        assert "3.0" not in view
        assert "wanted" not in view


def test_an_unnamed_failure_shows_the_smallest_case_and_both_values():
    report = verdict(toy.softmax, lambda x: x.sum(axis=-1))
    assert "wrong shape" in report.message
    details = dict(report.details)
    # the case of size 0 is one row of two scores, so the sum has shape (1,)
    assert "shape (1, 2)" in details["in this case"]
    assert "shape (1,)" in details["your answer gives"]
    assert "shape (1, 2)" in details["wanted"]


def test_forgetting_return_is_said():
    assert "forget `return`" in verdict(toy.softmax, lambda x: None).message


def test_a_violated_relation_gives_its_hint_though_every_case_is_right():
    right = {case["x"].tobytes() for case in draw(toy.softmax, 0)}

    def only_on_known_cases(x):
        return toy.softmax_right(x) if x.tobytes() in right else toy.softmax_right(x) * 2

    report = verdict(toy.softmax, only_on_known_cases)
    assert (report.state, report.hint) == ("failed", toy.softmax.relations[0].hint)


def test_what_an_answer_prints_or_warns_does_not_disturb(capsys):
    def noisy(x):
        print("hello")
        np.log(np.zeros(1))  # a RuntimeWarning, which pytest would raise
        return toy.softmax_right(x)

    assert verdict(toy.softmax, noisy).passed
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("wanted", "got", "reason"),
    [
        (1.0, 1.0 + 1e-9, None),
        (1.0, 1.1, "value"),
        (float("nan"), float("nan"), None),
        (float("inf"), 1.0, "value"),
        (1.0, float("inf"), "value"),
        (3, 3.0, None),
        (1, True, "kind"),
        (1.0, None, "nothing"),
        ("a", "b", "value"),
        ([1, "a"], [1, "a"], None),
        ([1, 2], [1], "length"),
        (np.zeros(2), np.zeros((2, 1)), "shape"),
        (np.zeros(2), np.zeros(2, int), None),
        (np.zeros(2, int), np.zeros(2), "dtype"),
        (np.zeros(2, bool), np.zeros(2, int), "dtype"),
        (np.array([np.nan, 1]), np.array([np.nan, 2]), "values"),
        (10**30, 10**30 + 1, "value"),
        (np.zeros(2), [0.0, 0.0], "kind"),
    ],
)
def test_values_differ_by_kind_then_shape_then_type_then_value(wanted, got, reason):
    assert difference(wanted, got, 1e-6) == reason


def test_an_object_that_calls_itself_equal_to_everything_is_equal_to_nothing():
    class Liar(float):
        def __eq__(self, other):
            return True

        __hash__ = float.__hash__

    assert difference(1.0, Liar(2.0), 1e-6) == "kind"
    assert type(probes.plain(Liar(2.0))) is float
    with pytest.raises(TypeError, match="plain values are wanted"):
        probes.plain(object())


def test_plain_data_keeps_numbers_texts_arrays_and_lists_only():
    value = probes.plain([np.float32(0.5), (1, "a"), np.arange(2), np.array(3), None])
    assert value[0] == 0.5
    assert value[1] == [1, "a"]
    assert value[2].tolist() == [0, 1]
    assert value[3:] == [3, None]
    with pytest.raises(TypeError, match="nested deeper"):
        probes.plain([[[[[1]]]]])


def test_a_long_array_is_described_in_a_few_lines():
    text = describe(np.arange(10_000).reshape(100, 100))
    assert text.startswith("shape (100, 100), int64")
    assert len(text) < 600


def test_a_report_survives_json():
    report = verdict(toy.softmax, lambda x: x.sum(axis=-1))
    assert Report.from_json(json.loads(json.dumps(report.to_json()))) == report
    with pytest.raises(ValueError, match="not a report"):
        Report.from_json({"status": "passed"})
    with pytest.raises(ValueError, match="'great'"):
        Report("softmax", "great")


def test_every_view_has_a_sign_and_a_word_and_html_is_escaped():
    report = Report("softmax", "failed", message="<script>alert(1)</script>\x1b[2J")
    page, text = as_html(report), as_text(report)
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "\x1b" not in text + page + str(as_renderable(report))
    for view in (page, text, str(as_renderable(report))):
        assert "✗" in view
        assert "failed: softmax" in view


def test_the_fingerprint_changes_with_the_reference_and_not_with_the_hints():
    one = toy.center.fingerprint()
    assert dataclasses.replace(toy.center, hints=["a", "b", "c"]).fingerprint() == one
    assert dataclasses.replace(toy.center, reference=toy.center_starter).fingerprint() != one
    closures = [
        dataclasses.replace(toy.center, reference=_shifted_by(f)) for f in (min, lambda x: 1)
    ]
    assert closures[0].fingerprint() != closures[1].fingerprint()


def _shifted_by(function):
    return lambda x: [v + function(x) for v in x]


def test_check_in_a_notebook_shows_the_report_and_records_it(tmp_path, monkeypatch, capsys):
    toy.install(monkeypatch, tmp_path)
    softmax = toy.softmax_overflow  # noqa: F841  (found in this frame)
    assert check("softmax") is None
    assert "✗ failed: softmax [overflow]" in capsys.readouterr().out
    kept = json.loads((tmp_path / "state" / "progress.json").read_text())
    assert kept["exercises"]["softmax"]["mistake"] == "overflow"
    check("center")
    assert "○ not attempted: center" in capsys.readouterr().out
    check("sofmax")
    assert "did you mean softmax" in capsys.readouterr().out


def test_check_in_ipython_displays_html_beside_text(tmp_path, monkeypatch):
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.capture import capture_output

    toy.install(monkeypatch, tmp_path)
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    shell = InteractiveShell.instance()
    try:
        shell.user_ns["softmax"] = toy.softmax_right
        with capture_output() as captured:
            result = shell.run_cell("from companion.course import check\ncheck('softmax')")
    finally:
        InteractiveShell.clear_instance()
    assert result.success
    data = captured.outputs[-1].data
    assert "passed: softmax" in data["text/plain"]
    assert data["text/html"].startswith('<div role="status"')
