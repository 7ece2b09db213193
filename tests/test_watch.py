"""Tests of companion.course.watch: which answers are checked again, and what cannot hurt it."""

import json
import os
import textwrap
import threading
import time

import pytest

from companion.course import watch
from companion.course.report import Report


def _passed(path, names):
    return [Report(name, "passed") for name in names]


def test_only_new_and_different_answers_count_as_changed():
    before = {"a": "1", "b": "2", "gone": "3"}
    after = {"c": "9", "a": "1", "b": "4"}
    assert watch.changed(before, after) == ["c", "b"]


def test_each_save_checks_only_what_changed_since_the_last(tmp_path):
    path = tmp_path / "book.ipynb"
    versions = iter([{"a": "1", "b": "1"}, {"a": "2", "b": "1"}, {"a": "2", "b": "1"}, {"a": "2"}])
    rounds = list(watch.watch([path], lambda _: next(versions), _passed, lambda _: [{path}] * 3))
    # first version: the baseline; second: a; third: nothing; fourth: b is gone, nothing to check
    assert [[r.exercise for r in one.reports] for one in rounds] == [["a"]]


def test_a_broken_save_is_said_and_the_next_good_one_is_checked_against_the_last_good(tmp_path):
    path = tmp_path / "book.ipynb"
    versions = iter([{"a": "1", "b": "1"}, ValueError("not a notebook"), {"a": "1", "b": "2"}])

    def answers(_):
        version = next(versions)
        if isinstance(version, Exception):
            raise version
        return version

    first, second = watch.watch([path], answers, _passed, lambda _: [{path}] * 2)
    assert first.complaint == "not a notebook"
    assert first.reports == ()
    assert [r.exercise for r in second.reports] == ["b"]


def test_a_notebook_that_is_being_replaced_is_waited_for(tmp_path):
    path = tmp_path / "book.ipynb"
    versions = iter([{"a": "1"}, FileNotFoundError(), {"a": "2"}])

    def answers(_):
        version = next(versions)
        if isinstance(version, Exception):
            raise version
        return version

    (only,) = watch.watch([path], answers, _passed, lambda _: [{path}] * 2)
    assert [r.exercise for r in only.reports] == ["a"]


def test_a_real_save_by_rename_reaches_the_watcher_and_a_neighbour_does_not(tmp_path):
    path, neighbour = tmp_path / "book.ipynb", tmp_path / "other.ipynb"
    path.write_text(json.dumps({"a": "1"}))

    def save_later():
        time.sleep(0.5)
        neighbour.write_text("{}")
        temporary = tmp_path / ".book.tmp"
        temporary.write_text(json.dumps({"a": "2"}))
        os.replace(temporary, path)

    def answers(file):
        return json.loads(file.read_text())

    thread = threading.Thread(target=save_later)
    thread.start()
    found = next(watch.watch([path], answers, _passed))
    thread.join()
    assert found.path == path
    assert [r.exercise for r in found.reports] == ["a"]


@pytest.fixture
def checker(tmp_path, monkeypatch):
    """A Checker whose process imports a stand-in for the notebook reader."""
    (tmp_path / "companion_fake_reader.py").write_text(
        textwrap.dedent("""
            import os, sys, time, types
            from companion.course.report import Report

            def check_notebook(path, names):
                if path.name == "hang": time.sleep(60)
                if path.name == "die": os._exit(1)
                if path.name == "bad": raise ValueError("not a notebook")
                return [Report(name, "passed") for name in names]

            module = types.ModuleType("companion.course.notebook")
            module.check_notebook = check_notebook
            sys.modules["companion.course.notebook"] = module
            """)
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(watch, "_serve", _serve_with_fake_reader)
    with watch.Checker([], seconds=5) as made:
        yield made


def _serve_with_fake_reader(pipe, chapters):
    import companion_fake_reader  # noqa: F401  (takes the real reader's place in sys.modules)

    REAL_SERVE(pipe, chapters)


REAL_SERVE = watch._serve


def test_the_warm_process_reports_and_passes_on_an_unreadable_notebook(checker, tmp_path):
    assert [r.state for r in checker.check(tmp_path / "good", ["a", "b"])] == ["passed", "passed"]
    with pytest.raises(ValueError, match="not a notebook"):
        checker.check(tmp_path / "bad", ["a"])


def test_an_answer_that_kills_its_process_is_told_and_the_next_one_is_checked(checker, tmp_path):
    (lost,) = checker.check(tmp_path / "die", ["a"])
    assert (lost.state, lost.message) == ("error", "the answer ended the Python that ran it")
    assert [r.state for r in checker.check(tmp_path / "good", ["a"])] == ["passed"]


def test_an_endless_answer_is_given_up_and_the_next_one_is_checked(checker, tmp_path):
    checker.check(tmp_path / "good", ["a"])  # started: the time that follows is the answer's
    checker.seconds = 0.2
    (lost,) = checker.check(tmp_path / "hang", ["a"])
    assert lost.state == "error"
    assert "0.2 s" in lost.message
    checker.seconds = 5
    assert [r.state for r in checker.check(tmp_path / "good", ["a"])] == ["passed"]
