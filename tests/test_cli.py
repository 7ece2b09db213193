"""Tests of the `companion` command: what it prints, what it writes, and its exit codes."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from companion import corpora
from companion.course import chapters, progress
from companion.course.cli import app, common, learn
from companion.course.notebook import load
from companion.course.notebook.read import mark
from companion.course.release import release
from companion.course.report import Report

HERE = Path(__file__).resolve().parents[1]
PASSED, FAILED, USAGE, NOT_ATTEMPTED, INFRASTRUCTURE = range(5)


@pytest.fixture
def house(tmp_path, monkeypatch):
    """A copy of chapter 1's solution and exercises, and an empty state and cache."""
    monkeypatch.setenv("COMPANION_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("COMPANION_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("LAB_ARGS", raising=False)
    solution = chapters.CHAPTERS[0].solutions.read_bytes()
    monkeypatch.setattr(chapters, "CHAPTERS", chapters.CHAPTERS[:1])
    monkeypatch.setattr(chapters, "ROOT", tmp_path)
    for folder in ("solutions", "exercises"):
        (tmp_path / folder).mkdir()
    chapter = chapters.CHAPTERS[0]
    chapter.solutions.write_bytes(solution)
    chapter.exercises.write_text(release(chapter), encoding="utf-8")
    return tmp_path


def companion(*words):
    """Run the command in this process."""
    return CliRunner().invoke(app, [str(word) for word in words])


def told(*words):
    """What the command prints with --json, and its exit code."""
    done = companion(*words, "--json")
    return json.loads(done.stdout), done.exit_code


def answer(name, source):
    """Write the learner's answer into the exercise notebook."""
    path = chapters.CHAPTERS[0].exercises
    book = load(path)
    (cell,) = (cell for cell in book["cells"] if mark(cell) == (name, "answer"))
    cell["source"] = source
    path.write_text(json.dumps(book), encoding="utf-8")


def solve(house):
    """Answer every exercise rightly."""
    chapter = chapters.CHAPTERS[0]
    chapter.exercises.write_bytes(chapter.solutions.read_bytes())


def exercise_names():
    return [one["name"] for one in learn.overview()[0]["exercises"]]


def test_bare_companion_leads_from_reading_through_the_exercises_to_the_end(house):
    first, code = told()
    assert code == PASSED
    assert first["command"] == "companion lab ngram"
    names = exercise_names()
    solve(house)
    companion("check", names[0])
    second, _ = told()
    assert second["then"] == f"companion check {names[1]}"
    companion("check")
    last, _ = told()
    assert last == {"reason": "Every exercise is passed.", "command": None, "then": None}


def test_bare_companion_sends_a_learner_with_a_wrong_answer_to_the_hint(house):
    name = exercise_names()[0]
    answer(name, f"{name} = -1.0")
    companion("check", name)
    found, _ = told()
    assert found["command"] == f"companion hint {name}"


def test_list_shows_minutes_difficulty_and_state_of_every_exercise(house):
    found, code = told("list")
    assert code == PASSED
    for one in found["chapters"][0]["exercises"]:
        assert one["minutes"] in (5, 15, 30, 60)
        assert one["state"] == "not attempted"
    text = companion("list").stdout
    assert all(name in text for name in exercise_names())


def test_a_pass_of_another_version_of_the_exercise_asks_for_a_new_check(house):
    solve(house)
    name = exercise_names()[0]
    companion("check", name)
    entries = progress.load()
    stale = {**entries[name], "definition": "older"}
    (exercise,) = (e for _, es in common.all_exercises() for n, e in es.items() if n == name)
    assert learn.state_of(entries[name], exercise) == "passed"
    assert learn.state_of(stale, exercise) == "check again"


def test_check_tells_untouched_right_and_wrong_apart_by_its_exit_code(house):
    assert companion("check", "ngram").exit_code == NOT_ATTEMPTED
    name = exercise_names()[0]
    answer(name, f"{name} = -1.0")
    assert companion("check", "ngram").exit_code == FAILED
    assert companion("check", name).exit_code == FAILED
    solve(house)
    done = companion("check", "ngram")
    assert done.exit_code == PASSED
    assert f"{len(exercise_names())} passed" in done.stdout


@pytest.mark.parametrize(
    "states, code",
    [
        (["passed", "passed"], PASSED),
        (["passed", "not attempted"], NOT_ATTEMPTED),
        (["not attempted", "failed"], FAILED),
        (["error", "passed"], FAILED),
        (["failed", "infrastructure"], INFRASTRUCTURE),
    ],
)
def test_the_worst_state_decides_the_exit_code(states, code):
    assert learn.exit_code([Report("e", state) for state in states]) == code


def test_check_takes_a_notebook_by_its_path_and_several_things_at_once(house):
    copy = house / "copy.ipynb"
    copy.write_bytes(chapters.CHAPTERS[0].solutions.read_bytes())
    names = exercise_names()
    found, code = told("check", copy, names[0])
    assert code == NOT_ATTEMPTED  # the copy is solved, the chapter's own exercise is not
    assert [r["state"] for r in found["reports"]] == ["passed"] * len(names) + ["not attempted"]


def test_checking_the_solution_is_nobodys_progress(house):
    assert companion("check", chapters.CHAPTERS[0].solutions).exit_code == PASSED
    assert progress.load() == {}


@pytest.mark.parametrize(
    "words, says",
    [
        (["check", "ngramm"], "did you mean ngram?"),
        (["check", "perplexty"], "perplexity"),
        (["hint", "perplexty"], "perplexity"),
        (["reset", "perplexty"], "perplexity"),
        (["lab", "ngramm"], "did you mean ngram?"),
        (["run", "ngramm"], "did you mean ngram?"),
        (["watch", "ngramm"], "did you mean ngram?"),
        (["selftest", "ngramm"], "did you mean ngram?"),
        (["data", "fetch", "shakespear"], "did you mean shakespeare?"),
        (["check", "nowhere.ipynb"], "no such notebook"),
        (["run", "nowhere.ipynb"], "no such notebook"),
        (["run", "ngram", "nowhere.ipynb"], "name chapters or notebooks, not both"),
    ],
)
def test_a_name_that_does_not_exist_is_a_usage_error_with_a_suggestion(house, words, says):
    done = companion(*words)
    assert done.exit_code == USAGE
    assert says in done.stderr
    found, code = told(*words)
    assert code == found["exit_code"] == USAGE
    assert says in found["error"] + found["remedy"]


@pytest.mark.parametrize("content", [b"", b"not JSON", b"[]", b"\xff\xfe\x00", b'{"cells": 3}'])
def test_a_file_that_is_no_notebook_is_infrastructure_and_is_left_alone(house, content):
    path = chapters.CHAPTERS[0].exercises
    path.write_bytes(content)
    for words in (["check", "ngram"], ["check", path], ["run", path]):
        done = companion(*words)
        assert done.exit_code == INFRASTRUCTURE
        assert path.name in done.stderr
        assert "Traceback" not in done.stderr
    assert path.read_bytes() == content


def test_a_missing_exercise_notebook_says_how_to_get_it_back(house):
    chapters.CHAPTERS[0].exercises.unlink()
    done = companion("check", "ngram")
    assert done.exit_code == INFRASTRUCTURE
    assert "companion release ngram" in done.stderr
    assert companion("release").exit_code == PASSED
    assert companion("check", "ngram").exit_code == NOT_ATTEMPTED


def test_a_notebook_without_exercises_is_not_silently_passed(house):
    path = house / "empty.ipynb"
    path.write_text('{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}')
    assert companion("check", path).exit_code == USAGE


def test_damaged_progress_is_set_aside_and_the_command_goes_on(house):
    file = progress.path()
    file.parent.mkdir(parents=True)
    file.write_text("{ damaged")
    assert companion("progress").exit_code == PASSED
    kept = [p for p in file.parent.iterdir() if "damaged" in p.name]
    assert [p.read_text() for p in kept] == ["{ damaged"]


def test_progress_that_cannot_be_written_does_not_stop_a_check(house, monkeypatch):
    (house / "file").write_text("")
    monkeypatch.setenv("COMPANION_STATE", str(house / "file" / "state"))  # cannot be made
    solve(house)
    assert companion("check", "ngram").exit_code == PASSED


def test_progress_counts_passes_corrections_and_minutes(house):
    solve(house)
    names = exercise_names()
    answer(names[0], f"{names[0]} = -1.0")
    companion("check", names[0], names[1])
    companion("hint", names[0])
    row = told("progress")[0]["chapters"][0]
    assert row["passed"] == 1
    assert row["to_correct"] == 1
    assert row["not_attempted"] == len(names) - 2
    assert row["hints_taken"] == 1
    listed = learn.overview()[0]["exercises"]
    assert row["minutes_left"] == sum(e["minutes"] for e in listed) - listed[1]["minutes"]


def test_each_hint_is_the_next_rung_and_the_last_one_stays(house):
    name = exercise_names()[0]
    rungs = [told("hint", name)[0] for _ in range(4)]
    assert [r["rung"] for r in rungs] == [1, 2, 3, 3]
    assert len({r["hint"] for r in rungs}) == 3
    assert [r["was_the_last"] for r in rungs] == [False, False, False, True]
    assert "--give-up" in companion("hint", name).stdout


def test_a_solution_is_shown_after_a_pass_or_on_giving_up_only(house):
    name = "sentence_log_prob"  # a debug exercise: its broken starter is no part of the solution
    refused = companion("solution", name)
    assert refused.exit_code == FAILED
    assert refused.stdout == ""
    given = companion("solution", name, "--give-up")
    assert given.exit_code == PASSED
    assert f"def {name}(" in given.stdout
    assert given.stdout.count(f"def {name}(") == 1
    assert "###" not in given.stdout
    solve(house)
    companion("check", name)
    assert companion("solution", name).stdout == given.stdout


def test_a_copy_without_solutions_says_so(house):
    chapters.CHAPTERS[0].solutions.unlink()
    name = exercise_names()[0]
    for words in (["solution", name, "--give-up"], ["reset", name], ["reset", "ngram"]):
        done = companion(*words)
        assert done.exit_code == INFRASTRUCTURE
        assert "without solutions/" in done.stderr


def test_reset_restores_one_starter_and_leaves_the_rest_of_the_notebook(house):
    path = chapters.CHAPTERS[0].exercises
    fresh = load(path)
    solve(house)
    names = exercise_names()
    companion("check")
    before = path.read_bytes()
    found, code = told("reset", names[0])
    assert code == PASSED
    assert Path(found["backup"]).read_bytes() == before
    states = [r["state"] for r in told("check", "ngram")[0]["reports"]]
    assert states == ["not attempted"] + ["passed"] * (len(names) - 1)
    now = {cell["id"]: cell["source"] for cell in load(path)["cells"]}
    (starter,) = (cell for cell in fresh["cells"] if mark(cell) == (names[0], "answer"))
    assert now[starter["id"]] == starter["source"]


def test_reset_of_a_chapter_saves_even_a_broken_notebook_and_never_loses_a_backup(house):
    path = chapters.CHAPTERS[0].exercises
    fresh = path.read_bytes()
    for content in (b"broken", b"broken again"):
        path.write_bytes(content)
        assert companion("reset", "ngram").exit_code == PASSED
        assert path.read_bytes() == fresh
    backups = sorted(p.name for p in path.parent.iterdir() if p.name != path.name)
    assert backups == ["01_ngram.2.bak.ipynb", "01_ngram.bak.ipynb"]
    assert (path.parent / backups[0]).read_bytes() == b"broken again"


def test_reset_of_an_exercise_whose_cell_was_deleted_points_to_the_whole_chapter(house):
    path, name = chapters.CHAPTERS[0].exercises, exercise_names()[0]
    book = load(path)
    book["cells"] = [cell for cell in book["cells"] if mark(cell) != (name, "answer")]
    path.write_text(json.dumps(book), encoding="utf-8")
    before = path.read_bytes()
    done = companion("reset", name)
    assert done.exit_code == INFRASTRUCTURE
    assert "companion reset ngram" in done.stderr
    assert path.read_bytes() == before


def test_a_folder_that_cannot_be_written_loses_nothing(house, monkeypatch):
    def refuse(path, mode="wb"):
        raise PermissionError(13, "Permission denied", str(path))

    path = chapters.CHAPTERS[0].exercises
    solve(house)
    before = path.read_bytes()
    monkeypatch.setattr("companion.cache.atomic_write", refuse)
    done = companion("reset", "ngram")
    assert done.exit_code == INFRASTRUCTURE
    assert "Permission denied" in done.stderr
    assert path.read_bytes() == before


def test_lab_passes_foreign_options_on_and_opens_the_chapter(house, monkeypatch):
    notebook = chapters.CHAPTERS[0].notebook
    notebook.parent.mkdir(parents=True)
    notebook.write_text("{}")
    monkeypatch.setenv("LAB_ARGS", "--no-browser --ServerApp.token='a b'")
    for words in (["lab", "ngram", "--port=1"], ["lab", "--port=1", "ngram"], ["lab", "--port=1"]):
        line = told(*words)[0]["command"]
        assert line[:4] == [sys.executable, "-m", "jupyterlab", str(notebook)]
        assert line[-3:] == ["--no-browser", "--ServerApp.token=a b", "--port=1"]
    line = told("lab", "--port", "8890", "--exercises")[0]["command"]
    assert line[3] == str(chapters.CHAPTERS[0].exercises)
    assert line[-2:] == ["--port", "8890"]


def test_the_terminals_of_lab_find_the_companion_without_an_activated_environment(
    house, monkeypatch
):
    notebook = chapters.CHAPTERS[0].notebook
    notebook.parent.mkdir(parents=True)
    notebook.write_text("{}")
    monkeypatch.setenv("PATH", "/usr/bin")
    seen = []
    monkeypatch.setattr(os, "execv", lambda *line: seen.append(os.environ["PATH"]))
    monkeypatch.setattr(subprocess, "call", lambda line: 0)
    companion("lab", "ngram")
    assert seen == [os.pathsep.join([os.path.dirname(sys.executable), "/usr/bin"])]


def test_data_lists_every_corpus_with_licence_and_source(house):
    found, code = told("data")
    assert code == PASSED
    assert found["root"] == str(house / "data")
    assert [row["name"] for row in found["corpora"]] == list(corpora.names())
    assert all(row["licence"] and row["source"] for row in found["corpora"])
    assert not any(row["cached"] for row in found["corpora"])
    assert "shakespeare" in companion("data").stdout


def test_fetch_goes_on_after_a_failure_and_then_says_infrastructure(house, monkeypatch):
    asked = []

    def fetch(name, progress=None):
        asked.append(name)
        progress(5, 10, "downloading")
        if name == "shakespeare":
            raise corpora.CorpusUnavailable("No network: try later.")

    monkeypatch.setattr(corpora, "fetch", fetch)
    found, code = told("data", "fetch")
    assert asked == ["shakespeare", "sanguo"]  # what chapter 1 reads
    assert code == INFRASTRUCTURE
    assert found == {"fetched": ["sanguo"], "failed": {"shakespeare": "No network: try later."}}
    assert "No network: try later." in companion("data", "fetch", "shakespeare").output
    assert told("data", "fetch", "sanguo") == ({"fetched": ["sanguo"], "failed": {}}, PASSED)


def test_doctor_exits_with_infrastructure_only_for_problems(house, monkeypatch):
    from companion.course.doctor import Finding

    found = [Finding("a", "ok", "fine"), Finding("b", "warning", "slow", "wait")]
    monkeypatch.setattr("companion.course.doctor.examine", lambda deep: found)
    done = companion("doctor")
    assert done.exit_code == PASSED
    assert "wait" in done.stdout
    found.append(Finding("c", "problem", "broken", "mend it"))
    shown, code = told("doctor")
    assert (shown["problems"], code) == (1, INFRASTRUCTURE)
    assert "mend it" in companion("doctor").stdout


def test_release_writes_where_asked_and_refuses_a_leak(house):
    assert companion("release", "--out", house / "out").exit_code == PASSED
    written = house / "out" / "exercises" / "01_ngram.ipynb"
    assert written.read_bytes() == chapters.CHAPTERS[0].exercises.read_bytes()
    written.unlink()
    book = load(chapters.CHAPTERS[0].solutions)
    (cell,) = (c for c in book["cells"] if mark(c) == (exercise_names()[0], "answer"))
    text = "".join(cell["source"])
    body = [line for line in text.splitlines() if not line.startswith("#") and "=" in line]
    book["cells"].append({**cell, "cell_type": "markdown", "metadata": {}, "source": body[0]})
    chapters.CHAPTERS[0].solutions.write_text(json.dumps(book), encoding="utf-8")
    done = companion("release", "--out", house / "out")
    assert done.exit_code == FAILED
    assert "survive" in done.stderr
    assert not written.exists()


def test_release_leaves_a_folder_alone_that_is_no_handout(house):
    before = {path: path.read_bytes() for path in house.rglob("*") if path.is_file()}
    done = companion("release", "--out", house)
    assert done.exit_code == USAGE
    assert f"{house} is not empty and is no earlier handout; name a new folder" in done.stderr
    assert {path: path.read_bytes() for path in house.rglob("*") if path.is_file()} == before


def test_selftest_fails_for_unnamed_mistakes_and_for_a_chapter_without_exercises(
    house, monkeypatch
):
    from companion.course import catalogue, selftest

    result = selftest.Result(exercises=1, mistakes=3)
    monkeypatch.setattr(selftest, "selftest", lambda chosen: result)
    assert companion("selftest").exit_code == PASSED
    result.unnamed.append("perplexity / no-exp: it is named 'other'")
    done = companion("selftest")
    assert done.exit_code == FAILED
    assert "1 unnamed" in done.stdout
    result.unnamed.clear()
    monkeypatch.setattr(catalogue, "exercises", lambda name: {})
    done = companion("selftest")
    assert done.exit_code == FAILED
    assert "ngram: no exercises yet" in done.stdout


def test_run_writes_normalised_outputs_only_where_nothing_failed(house):
    path = house / "book.ipynb"
    cell = {"cell_type": "code", "id": "book-a", "metadata": {}, "execution_count": None}
    book = {"metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    book["cells"] = [{**cell, "outputs": [], "source": "print(6 * 7)"}]
    path.write_text(json.dumps(book), encoding="utf-8")
    found, code = told("run", path, "--write", "--html", house / "pages")
    assert code == PASSED
    assert found["runs"][0]["peak_mebibytes"] > 0
    assert load(path)["cells"][0]["outputs"][0]["text"] == ["42\n"]
    assert (house / "pages" / "book.html").is_file()
    book["cells"] = [{**cell, "outputs": [], "source": "1 / 0"}]
    path.write_text(json.dumps(book), encoding="utf-8")
    before = path.read_bytes()
    done = companion("run", path, "--write")
    assert done.exit_code == FAILED
    assert "cell book-a: ZeroDivisionError" in done.stdout
    assert path.read_bytes() == before


def test_run_fails_for_a_solution_that_does_not_pass(house):
    name = exercise_names()[0]
    book = load(chapters.CHAPTERS[0].solutions)
    (cell,) = (c for c in book["cells"] if mark(c) == (name, "answer"))
    cell["source"] = f"{name} = -1.0"
    chapters.CHAPTERS[0].solutions.write_text(json.dumps(book), encoding="utf-8")
    found, code = told("run", "--solutions")
    assert code == FAILED
    assert found["runs"][0]["error"] is None
    assert found["runs"][0]["not_passed"] == [name]


def test_new_chapter_lays_files_down_and_refuses_the_same_again(house, monkeypatch):
    table = house / "companion" / "course" / "chapters.py"
    table.parent.mkdir(parents=True)
    table.write_bytes(Path(chapters.__file__).read_bytes())
    words = ["new-chapter", "added", "--number", "98", "--title", "An added chapter"]
    found, code = told(*words)
    assert code == PASSED
    assert len(found["files"]) == 7
    assert all(Path(file).is_file() for file in found["files"])
    assert any("selftest added" in line for line in found["remaining"])
    exercises = load(house / "exercises" / "98_added.ipynb")
    assert exercises["metadata"]["companion"] == {"chapter": "added"}
    assert companion(*words).exit_code == USAGE


def test_every_command_has_help_and_json(house):
    import typer

    def walk(group, *path):
        for name, command in getattr(group, "commands", {}).items():
            yield (*path, name), command
            yield from walk(command, *path, name)

    found = dict(walk(typer.main.get_command(app)))
    assert {("check",), ("data", "fetch"), ("new-chapter",)} <= set(found)
    for words, command in found.items():
        assert any("--json" in parameter.opts for parameter in command.params), words
        done = companion(*words, "--help")
        assert done.exit_code == PASSED
        assert len(done.stdout.splitlines()) > 3


def test_json_before_the_command_is_explained():
    done = companion("--json", "list")
    assert done.exit_code == USAGE
    assert "companion list --json" in done.stderr


# From here on: the real command in a process of its own.


COMMAND = [sys.executable, "-c", "from companion.course.cli import main; main()"]


def script(*words, **environment):
    line = [*COMMAND, *words]
    return subprocess.run(
        line, env={**os.environ, **environment}, cwd=HERE, capture_output=True, encoding="utf-8"
    )


def test_help_imports_neither_numpy_nor_keras_nor_jupyter():
    code = (
        "import sys; from companion.course import cli;"
        "sys.exit(any(m in sys.modules for m in ('numpy', 'keras', 'tensorflow', 'nbformat')))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=HERE).returncode == 0


def test_a_check_imports_neither_keras_nor_tensorflow_nor_jupyter(house):
    code = (
        "import sys\nfrom companion.course.cli import app\n"
        "try: app(['check', 'ngram'])\nexcept SystemExit: pass\n"
        "sys.exit(any(m in sys.modules for m in ('keras', 'tensorflow', 'nbformat', 'IPython')))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=HERE).returncode == 0


def test_without_a_terminal_there_is_no_escape_code_even_in_a_poor_locale(tmp_path):
    where = {"COMPANION_STATE": str(tmp_path), "COMPANION_DATA": str(tmp_path)}
    for extra in ({}, {"NO_COLOR": "1", "LC_ALL": "C", "PYTHONIOENCODING": "ascii"}):
        done = script("list", **where, **extra)
        assert done.returncode == PASSED, done.stderr
        assert "\x1b" not in done.stdout
        assert "perplexity" in done.stdout


def test_usage_errors_of_the_command_line_itself_exit_with_2():
    assert script("no-such-command").returncode == USAGE
    assert script("check", "--no-such-option").returncode == USAGE


@pytest.mark.parametrize("words", [["check", "add_k"], ["generate", "a"]])
def test_a_seed_below_0_is_a_usage_error(house, words):
    done = companion(*words, "--seed", -1)
    assert done.exit_code == USAGE
    assert "--seed" in done.stderr


def test_a_reader_that_goes_away_is_no_error(tmp_path):
    env = {**os.environ, "COMPANION_STATE": str(tmp_path)}
    process = subprocess.Popen(
        [*COMMAND, "list"], env=env, cwd=HERE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    process.stdout.close()
    complaint = process.stderr.read()
    process.stderr.close()
    assert process.wait() in (PASSED, FAILED)
    assert complaint == b""


def test_watch_reports_a_saved_answer_and_ctrl_c_ends_it_well(house):
    import signal

    name = exercise_names()[0]
    code = (
        "import pathlib, sys; from companion.course import chapters;"
        f"chapters.ROOT = pathlib.Path({str(house)!r});"
        "from companion.course.cli import main; sys.argv[1:] = ['watch', 'ngram', '--json']; main()"
    )
    process = subprocess.Popen([sys.executable, "-c", code], cwd=HERE, stdout=subprocess.PIPE)
    try:
        line = ""
        for attempt in range(40):  # the watcher says nothing when it is ready: save until heard
            time.sleep(0.5)
            answer(name, f"{name} = {-1.0 - attempt}")
            if _readable(process.stdout, 0.5):
                line = process.stdout.readline()
                break
        report = json.loads(line)["reports"][0]
        assert (report["exercise"], report["state"]) == (name, "failed")
        assert progress.load()[name]["state"] == "failed"
    finally:
        process.send_signal(signal.SIGINT)
        process.stdout.close()
        assert process.wait(10) == PASSED


def _readable(stream, seconds):
    import select

    return bool(select.select([stream], [], [], seconds)[0])
