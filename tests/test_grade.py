"""Tests of a whole grading: nothing twice, nothing lost, and every misconception named."""

import contextlib
import functools
import json
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import misconceptions
import pytest
from class_of import CHAPTER, NAMES, RIGHT, Here, hand_in, in_process, notebook
from typer.testing import CliRunner

from companion.course import chapters, grade, sandbox
from companion.course.cli import app
from companion.course.executors import Dask, Pool
from companion.course.feedback.publish import file_name
from companion.course.gradebook import GradeBook, Result
from companion.course.report import INFRASTRUCTURE, PASSED

HERE = Path(__file__).resolve().parent
OK, FAILED, USAGE, _, NO_GRADER = range(5)


@functools.cache
def isolated():
    return sandbox.probe().proven


@pytest.fixture
def walled():
    if not isolated():
        pytest.skip("no sandbox can be made here (bubblewrap)")


def companion(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


def contents(folder):
    with GradeBook(folder) as book:
        return book.contents()


def a_class(folder, count):
    """`count` students; every third has a mistake of their own, every fifth is not attempted."""
    for n in range(count):
        made = (
            notebook({}) if n % 5 == 4 else notebook(**({"add_k": f"add_k = {n}"} if n % 3 else {}))
        )
        hand_in(folder, f"student{n:03d}", made)
    return folder


def test_the_query_of_the_page_on_grading_lists_who_handed_in_the_same(tmp_path):
    page = (chapters.ROOT / "docs" / "grading.md").read_text("utf-8")
    query = re.search(r'gradebook\.sqlite "(.*?)"', page, re.DOTALL)[1]
    for student, note in (("amy", ""), ("bob", ""), ("cy", "\n# mine")):
        made = notebook({"add_k": RIGHT["add_k"] + note})
        hand_in(tmp_path / "in", student, made)
    with GradeBook(tmp_path / "book", seed=1) as book:
        grade.run(book, tmp_path / "in", Here())
    with contextlib.closing(sqlite3.connect(tmp_path / "book" / "gradebook.sqlite")) as sql:
        assert sql.execute(query).fetchall() == [("add_k", "amy,bob")]


def test_a_second_run_grades_nothing_and_writes_the_same_table(tmp_path):
    a_class(tmp_path / "in", 4)
    hands = Here()
    tables = []
    for _ in range(2):
        with GradeBook(tmp_path / "book", seed=1) as book:
            done = grade.run(book, tmp_path / "in", hands)
        tables.append((tmp_path / "book" / "grades.csv").read_bytes())
    assert (done.graded, done.already, done.students) == (0, 4, 4)
    assert len(hands.graded) == 4
    assert tables[0] == tables[1]


def test_a_run_that_stops_in_the_middle_keeps_what_it_has_and_goes_on(tmp_path):
    a_class(tmp_path / "in", 4)

    def third_time_unlucky(unit, slot):
        if len(hands.graded) == 3:
            raise KeyboardInterrupt
        return in_process(unit, slot)

    hands = Here(third_time_unlucky)
    with GradeBook(tmp_path / "book", seed=1) as book, pytest.raises(KeyboardInterrupt):
        grade.run(book, tmp_path / "in", hands)
    rest = Here()
    with GradeBook(tmp_path / "book") as book:
        grade.run(book, tmp_path / "in", rest)
    with GradeBook(tmp_path / "whole", seed=1) as book:
        grade.run(book, tmp_path / "in", Here())
    assert hands.graded[:2] + rest.graded == [(f"student{n:03d}", "ngram") for n in range(4)]
    assert contents(tmp_path / "book") == contents(tmp_path / "whole")


def test_a_grader_that_fails_gives_no_zero_and_the_next_run_gives_the_mark(tmp_path):
    hand_in(tmp_path / "in", "amy")
    broken = Here(lambda unit, slot: grade.failed(unit, "no sandbox"))
    with GradeBook(tmp_path / "book") as book:
        done = grade.run(book, tmp_path / "in", broken)
        assert (done.incomplete, done.states) == (1, {INFRASTRUCTURE: 10})
        (record,) = book.records()
        assert record.points is None
        done = grade.run(book, tmp_path / "in", Here())
        (record,) = book.records()
    assert (done.graded, done.incomplete, record.points) == (1, 0, 16)


# -- the pool: processes that die, hang, and end with their parent


def dies_of_amy(unit, slot):
    if unit.student == "amy":
        os.kill(os.getpid(), signal.SIGKILL)
    return in_process(unit, slot)


def dies_once(unit, slot):
    """The first attempt leaves a mark in the temporary folder, and dies."""
    mark = Path(os.environ["DIED_ONCE"])
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return in_process(unit, slot)


def hangs(unit, slot):
    if unit.student == "amy":
        time.sleep(600)
    return in_process(unit, slot)


def tells_its_slot(unit, slot):
    return Result(unit.id, grade.failed(unit, f"slot {slot}").reports, str(os.getpid()), 0.0)


def run_pool(tmp_path, students, pool):
    for student in students:
        hand_in(tmp_path / "in", student)
    with GradeBook(tmp_path / "book", seed=1) as book:
        done = grade.run(book, tmp_path / "in", pool)
        return done, {record.student: record for record in book.records()}


def test_a_submission_that_kills_its_grader_twice_costs_nobody_else_a_mark(tmp_path):
    done, records = run_pool(tmp_path, ("amy", "bob", "cay"), Pool(2, dies_of_amy, grade.failed))
    assert done.incomplete == 1
    assert [records[name].points for name in ("amy", "bob", "cay")] == [None, 16, 16]


def test_a_grader_that_dies_once_is_replaced_and_nobody_notices(tmp_path, monkeypatch):
    monkeypatch.setenv("DIED_ONCE", str(tmp_path / "died"))
    done, records = run_pool(tmp_path, ("amy", "bob"), Pool(1, dies_once, grade.failed))
    assert (tmp_path / "died").exists()
    assert done.incomplete == 0
    assert [record.points for record in records.values()] == [16, 16]


@pytest.mark.slow
def test_a_grader_that_hangs_is_ended(tmp_path):
    done, records = run_pool(tmp_path, ("amy", "bob"), Pool(2, hangs, grade.failed, seconds=3))
    assert done.incomplete == 1
    assert records["amy"].points is None
    assert records["bob"].points == 16


def test_two_processes_have_two_slots(tmp_path):
    students = [f"s{n}" for n in range(6)]
    _, records = run_pool(tmp_path, students, Pool(2, tells_its_slot, grade.failed))
    messages = {(r.isolation, r.grades[0].report.message) for r in records.values()}
    assert len(messages) == len({process for process, _ in messages}) <= 2
    with pytest.raises(ValueError, match="1 or more"):
        Pool(0, in_process, grade.failed)


def test_a_dask_executor_without_dask_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ValueError, match="pip install distributed"):
        Dask("dask://localhost:8786", in_process, grade.failed)
    with pytest.raises(ValueError, match="dask://host:port"):
        grade.executor("ssh://somewhere")


@pytest.mark.slow
def test_a_cluster_of_two_workers_makes_the_same_book_as_this_machine(tmp_path, walled):
    distributed = pytest.importorskip("distributed")
    a_class(tmp_path / "in", 8)
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None
    ) as cluster:
        address = cluster.scheduler_address.replace("tcp://", "dask://")
        for name, by in (("book", grade.executor(address)), ("whole", grade.executor())):
            with GradeBook(tmp_path / name, seed=1) as book:
                done = grade.run(book, tmp_path / "in", by)
            assert (done.graded, done.incomplete) == (8, 0)
    assert all_that_people_get(tmp_path / "book") == all_that_people_get(tmp_path / "whole")


@pytest.mark.slow
def test_a_cluster_that_loses_its_workers_costs_nobody_else_a_mark(tmp_path):
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None
    ) as cluster:
        address = cluster.scheduler_address.replace("tcp://", "dask://")
        students = ("amy", "bob", "cay", "dan")
        hands = Dask(address, dies_of_amy, grade.failed)
        done, records = run_pool(tmp_path, students, hands)
    assert done.incomplete == 1
    assert [record.points for record in records.values()] == [None, 16, 16, 16]


# -- through the sandbox


def test_the_command_grades_an_archive_and_goes_on_from_its_book(tmp_path, walled):
    source = tmp_path / "in.zip"
    with zipfile.ZipFile(source, "w") as archive:
        for student, made in (("amy", notebook()), ("bob", notebook(add_k="add_k = 1"))):
            archive.writestr(f"{student}/{CHAPTER.stem}.ipynb", json.dumps(made))
        archive.writestr(f"eve/{CHAPTER.stem}.ipynb", "no notebook")
    book = tmp_path / "book"
    first = companion("grade", source, "--out", book, "--json", "--deadline", "2001-01-01")
    assert first.exit_code == OK, first.output
    told = json.loads(first.stdout)
    assert (told["graded"], told["already"], told["refused"]) == (2, 0, 1)
    assert told["states"] == {"passed": 19, "failed": 1}
    second = companion("grade", source, "--out", book)
    assert "0 submissions graded" in second.stdout
    assert "refused: eve/01_ngram.ipynb" in second.stdout
    third = json.loads(companion("grade", source, "--out", book, "--regrade", "--json").stdout)
    assert (third["graded"], third["already"]) == (2, 0)
    with GradeBook(book) as opened:
        assert {r.isolation for r in opened.records()} == {sandbox.level()}
        assert [r.points for r in opened.records()] == [16, 15]


def test_the_command_refuses_what_it_cannot_use_in_one_sentence(tmp_path, monkeypatch):
    nothing = companion("grade", tmp_path / "nowhere", "--out", tmp_path / "book")
    assert (nothing.exit_code, "no folder and no archive" in nothing.stderr) == (USAGE, True)
    when = companion("grade", tmp_path, "--out", tmp_path / "book", "--deadline", "noon")
    assert (when.exit_code, "--deadline 'noon'" in when.stderr) == (USAGE, True)
    (tmp_path / "in").mkdir()
    empty = companion("grade", tmp_path / "in", "--out", tmp_path / "book")
    assert (empty.exit_code, "there is no notebook in" in empty.stderr) == (USAGE, True)
    assert not (tmp_path / "book").exists()  # a mistyped folder leaves no book behind
    monkeypatch.setattr(sandbox, "probe", lambda: sandbox.Isolation("none", "no bubblewrap"))
    alone = companion("grade", tmp_path, "--out", tmp_path / "book")
    assert alone.exit_code == NO_GRADER
    assert "--i-trust-these-submissions" in alone.stderr


def test_trusted_submissions_are_graded_without_a_sandbox_and_the_book_says_so(tmp_path):
    hand_in(tmp_path / "in", "amy")
    done = companion(
        "grade", tmp_path / "in", "--out", tmp_path / "book", "--i-trust-these-submissions"
    )
    assert done.exit_code == OK, done.output
    with GradeBook(tmp_path / "book") as book:
        (record,) = book.records()
    assert (record.isolation, record.points) == ("none", 16)


@pytest.mark.parametrize(
    "chapter",
    [  # each sandbox with Keras takes seconds to start, and there are a dozen
        pytest.param(c.name, marks=[pytest.mark.slow] if grade.needs_keras(c) else [])
        for c in chapters.CHAPTERS
    ],
)
def test_every_mistake_of_the_catalogue_comes_back_named_in_the_students_page(
    tmp_path, walled, chapter
):
    of_chapter = chapters.find(chapter)
    rounds = misconceptions.rounds(chapter)
    for n, mistakes in enumerate(rounds):
        made = json.loads(of_chapter.exercises.read_bytes())
        wrong = misconceptions.answers(chapter, mistakes)
        for cell in made["cells"]:
            mark = cell["metadata"].get("exercise", {})
            if mark.get("role") == "answer" and mark["name"] in wrong:
                cell["source"] = wrong[mark["name"]]
        path = tmp_path / "in" / f"round{n}" / f"{of_chapter.stem}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(made), encoding="utf-8")
    with GradeBook(tmp_path / "book") as book:
        grade.run(book, tmp_path / "in", grade.executor())
    unnamed = []
    for n, mistakes in enumerate(rounds):
        page = (tmp_path / "book" / "feedback" / file_name(f"round{n}")).read_text("utf-8")
        articles = {part.split('"', 1)[0]: part for part in page.split('<article id="')[1:]}
        for exercise, mistake in mistakes.items():
            if f'<span class="mistake">{mistake}</span>' not in articles[exercise]:
                unnamed.append(f"{exercise} / {mistake}")
    assert sum(map(len, rounds)) >= 3 * len(rounds[0])
    assert not unnamed


# -- killed


RUN = """
import sys
sys.path.insert(0, {tests!r})
from class_of import slowly
from companion.course import grade
from companion.course.executors import Pool
from companion.course.gradebook import GradeBook

if __name__ == "__main__":
    with GradeBook(sys.argv[2], seed=3) as book:
        grade.run(book, sys.argv[1], Pool(2, slowly, grade.failed))
"""


def started(script, source, book):
    """A grading in a process of its own; it takes its session with it when it is killed."""
    return subprocess.Popen(
        [sys.executable, script, source, book],
        cwd=HERE.parent,
    )


def killed_often(tmp_path, students, kills, rng):
    """Grade a class, killed at `kills` random moments; (book, kills that found it at work)."""
    source, book = a_class(tmp_path / "in", students), tmp_path / "book"
    script = tmp_path / "run.py"
    script.write_text(RUN.format(tests=str(HERE)))
    begin = time.monotonic()
    whole = started(script, source, tmp_path / "whole")
    assert whole.wait() == 0
    length = time.monotonic() - begin
    hits = 0
    for _ in range(kills):
        run = started(script, source, book)
        with contextlib.suppress(subprocess.TimeoutExpired):
            run.wait(rng.uniform(0, length))
        hits += run.poll() is None
        run.kill()
        run.wait()
        if run.returncode == 0:  # all was graded: begin anew, there is more to be killed
            shutil.rmtree(book)
    last = started(script, source, book)
    assert last.wait() == 0
    return book, hits


def all_that_people_get(book):
    """A book's marks, and the files made from them, by their names."""
    made = [p for p in book.rglob("*") if p.suffix in (".html", ".csv")]
    assert len(made) > 2
    return contents(book), {p.relative_to(book): p.read_bytes() for p in made}


def test_a_grading_killed_twice_ends_with_the_book_of_one_that_was_not(tmp_path):
    book, _ = killed_often(tmp_path, students=6, kills=2, rng=random.Random(5))
    assert all_that_people_get(book) == all_that_people_get(tmp_path / "whole")


@pytest.mark.slow
def test_a_grading_killed_at_twenty_random_moments_ends_with_the_same_book(tmp_path):
    book, hits = killed_often(tmp_path, students=60, kills=20, rng=random.Random(6))
    assert hits >= 10
    assert all_that_people_get(book) == all_that_people_get(tmp_path / "whole")


@pytest.mark.slow
def test_the_command_killed_with_its_sandboxes_ends_with_the_same_book(tmp_path, walled):
    source = a_class(tmp_path / "in", 24)
    call = "from companion.course.cli import main; main()"
    command = [sys.executable, "-c", call, "grade", source]
    for name in ("whole", "book"):
        GradeBook(tmp_path / name, seed=3).close()
    begin = time.monotonic()
    subprocess.run([*command, "--out", tmp_path / "whole"], check=True, cwd=HERE.parent)
    length = time.monotonic() - begin
    rng = random.Random(7)
    for _ in range(20):
        run = subprocess.Popen([*command, "--out", tmp_path / "book"], cwd=HERE.parent)
        with contextlib.suppress(subprocess.TimeoutExpired):
            run.wait(rng.uniform(0.5, length))
        run.kill()
        run.wait()
    subprocess.run([*command, "--out", tmp_path / "book"], check=True, cwd=HERE.parent)
    assert all_that_people_get(tmp_path / "book") == all_that_people_get(tmp_path / "whole")


def test_the_right_answers_of_the_solution_pass_in_the_sandbox(tmp_path, walled):
    hand_in(tmp_path / "in", "amy", notebook(RIGHT))
    with GradeBook(tmp_path / "book") as book:
        done = grade.run(book, tmp_path / "in", grade.executor(jobs=1))
    assert done.states == {PASSED: len(NAMES)}


@pytest.mark.parametrize(
    ("code", "heavy"),
    [
        ("import keras", True),
        ("from keras import ops", True),
        ("from companion import backend", True),
        ("from companion.backend import compile", True),
        ("import numpy as np\nimport tensorflow.data", True),
        ("import numpy as np\nfrom companion import corpora", False),
        ("import kerastic", False),
    ],
)
def test_a_chapter_whose_setup_imports_keras_gets_the_larger_limits(monkeypatch, code, heavy):
    cells = [sandbox.Cell("setup", code, trusted=True)]
    monkeypatch.setattr(grade, "setup_cells", lambda chapter: cells)
    assert grade.needs_keras.__wrapped__(CHAPTER) is heavy
