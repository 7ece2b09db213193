"""Progress: kept whole, tied to the answer and the exercise, and never in the way of a check."""

import dataclasses
import json
import os
import subprocess
import sys

import filelock
import pytest
import toy_course as toy

from companion.course import progress
from companion.course.report import Report


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("COMPANION_STATE", str(tmp_path / "state"))
    monkeypatch.setattr(progress, "_warned", set())
    return tmp_path / "state"


def report(state="passed", **more):
    return Report("softmax", state, definition=toy.softmax.fingerprint(), answer="aa", **more)


def test_before_anything_was_checked_there_is_nothing():
    assert progress.load() == {}
    assert progress.hints_taken("softmax") == 0
    assert not progress.has_passed(toy.softmax)


def test_a_verdict_is_kept_with_the_hashes_of_answer_and_exercise():
    assert progress.record(report("failed", mistake="no-exp"))
    assert progress.record(report(), answer_hash="bb")
    entry = progress.load()["softmax"]
    assert (entry["state"], entry["mistake"], entry["checks"]) == ("passed", None, 2)
    assert entry["first_passed"] == entry["when"]
    assert progress.is_current(entry, dataclasses.replace(report(), answer="bb"))
    assert not progress.is_current(entry, report())


def test_a_pass_no_longer_counts_when_the_exercise_changed():
    progress.record(report())
    assert progress.has_passed(toy.softmax)
    assert not progress.has_passed(dataclasses.replace(toy.softmax, tolerance=0.5))


def test_the_ladder_of_hints_is_climbed_once():
    rungs = [progress.next_hint(toy.softmax) for _ in range(4)]
    assert rungs == [*toy.softmax.hints, None]
    assert progress.hints_taken("softmax") == 3
    progress.record(report())
    assert progress.hints_taken("softmax") == 3


def test_reset_forgets_what_it_is_told_to():
    progress.record(report())
    progress.record(dataclasses.replace(report(), exercise="center"))
    progress.reset(["softmax"])
    assert list(progress.load()) == ["center"]
    progress.reset()
    assert progress.load() == {}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b'{"version": 1}',
        b'{"version": 9, "exercises": {}}',
        b'{"version": 1, "exercises": {"softmax": 3}}',
        b'{"version": 1, "exercises": {"softmax": {"state": "great"}}}',
        b'{"version": 1, "exercises": {"softmax": {"state": "passed", "checks": "many"}}}',
        b"[" * 100_000,
    ],
)
def test_a_damaged_file_is_set_aside_and_a_new_one_begins(folder, capsys, content):
    folder.mkdir()
    (folder / "progress.json").write_bytes(content)
    assert progress.record(report())
    assert list(progress.load()) == ["softmax"]
    (aside,) = folder.glob("progress.json.damaged-*")
    assert aside.read_bytes() == content
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert aside.name in told


def test_where_it_cannot_be_written_one_line_says_so_and_nothing_is_raised(folder, capsys):
    folder.write_text("a file where the folder should be")
    assert progress.record(report()) is False
    assert progress.record(report()) is False
    assert progress.next_hint(toy.softmax) == toy.softmax.hints[0]
    told = capsys.readouterr().err
    assert told.count("\n") <= 2
    assert "cannot be written" in told


def test_a_read_only_folder_does_not_stop_a_check(tmp_path, monkeypatch, capsys):
    if os.name != "posix":
        pytest.skip("POSIX permissions")
    monkeypatch.undo()
    toy.install(monkeypatch, tmp_path)
    monkeypatch.setattr(progress, "_warned", set())

    def refuse(*arguments, **options):
        raise PermissionError(13, "Permission denied")  # as root, chmod would not refuse

    monkeypatch.setattr("companion.course.progress.cache.atomic_write", refuse)
    from companion.course import check

    softmax = toy.softmax_right  # noqa: F841  (found in this frame)
    check("softmax")
    captured = capsys.readouterr()
    assert "passed: softmax" in captured.out
    assert captured.err.count("\n") == 1


def test_a_verdict_waits_for_its_turn_and_gives_up_with_a_warning(folder, monkeypatch, capsys):
    monkeypatch.setattr(progress, "LOCK_SECONDS", 0.05)
    folder.mkdir()
    with filelock.FileLock(folder / ".progress.lock"):
        assert progress.record(report()) is False
    assert "another process" in capsys.readouterr().err
    assert progress.record(report()) is True


def test_processes_that_write_at_once_lose_nothing(folder):
    program = (
        "import sys; from companion.course import progress\n"
        "from companion.course.report import Report\n"
        "for i in range(10): assert progress.record(Report(f'{sys.argv[1]}-{i}', 'passed'))"
    )
    running = [subprocess.Popen([sys.executable, "-c", program, name]) for name in "ab"]
    assert [process.wait() for process in running] == [0, 0]
    assert len(json.loads((folder / "progress.json").read_text())["exercises"]) == 20
