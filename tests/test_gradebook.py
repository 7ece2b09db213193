"""Tests of the grade book: whole submissions or nothing, once, and the right one of several."""

import sqlite3
import stat

import pytest
from class_of import CHAPTER, NAMES, hand_in, in_process, notebook

from companion.course import catalogue, intake
from companion.course.gradebook import FILE, BookError, GradeBook, Result, points
from companion.course.report import INFRASTRUCTURE, PASSED, Report

EXERCISES = list(catalogue.exercises("ngram").values())
NOON = 1_700_000_000.0
WORSE = {"add_k": "def add_k(context, bigrams, vocabulary, k):\n    return {}"}


@pytest.fixture
def book(tmp_path):
    with GradeBook(tmp_path / "book", seed=7) as opened:
        yield opened


def take_in(book, folder, deadline=None):
    book.take_in(intake.read(folder, known=book.students()), deadline)


def grade_all(book):
    """Grade what is pending; how many that were."""
    pending = book.pending()
    for ident in pending:
        book.record(in_process(book.unit(ident)), EXERCISES)
    return len(pending)


def only(book):
    (record,) = book.records()
    return record


def test_a_submission_is_graded_once_and_its_marks_are_the_sum_of_difficulties(book, tmp_path):
    hand_in(tmp_path / "in", "amy", notebook(**WORSE))
    take_in(book, tmp_path / "in")
    assert grade_all(book) == 1
    take_in(book, tmp_path / "in")
    assert grade_all(book) == 0
    record = only(book)
    # 1 + 1 + 1 + 1 + 1 + 2 + 3 + 2 + 2 + 2 = 16 points, and add_k has difficulty 1.
    assert (record.points, record.possible) == (15, 16)
    assert [grade.exercise for grade in record.grades] == list(NAMES)


def test_all_reports_of_a_submission_are_in_the_book_or_none_of_them(book, tmp_path):
    hand_in(tmp_path / "in", "amy")
    take_in(book, tmp_path / "in")
    (ident,) = book.pending()
    result = in_process(book.unit(ident))
    broken = Report(NAMES[-1], PASSED, details=((1j, "no JSON"),))  # fails after nine good ones
    with pytest.raises(TypeError):
        book.record(Result(ident, (*result.reports[:-1], broken), "none", 0.0), EXERCISES)
    assert only(book).grades == ()
    assert book.pending() == [ident]
    with pytest.raises(ValueError, match="not those of its chapter"):
        book.record(Result(ident, result.reports[:-1], "none", 0.0), EXERCISES)


def test_a_failure_of_the_grader_is_no_mark_and_is_tried_again(book, tmp_path):
    hand_in(tmp_path / "in", "amy")
    take_in(book, tmp_path / "in")
    (ident,) = book.pending()
    reports = list(in_process(book.unit(ident)).reports)
    good = Result(ident, tuple(reports), "none", 0.0)
    reports[3] = Report(NAMES[3], INFRASTRUCTURE)
    book.record(Result(ident, tuple(reports), "none", 0.0), EXERCISES)
    record = only(book)
    assert record.points is None
    assert [g.exercise for g in record.grades if g.points is None] == [NAMES[3]]
    assert book.pending() == [ident]
    book.record(good, EXERCISES)
    assert only(book).points == 16
    assert book.pending() == []
    assert points(EXERCISES[0], INFRASTRUCTURE) is None


@pytest.mark.parametrize(
    ("times", "counts", "late"),
    [
        ((NOON - 20, NOON - 10), 1, False),  # both on time: the later one
        ((NOON - 10, NOON + 10), 0, False),  # the later one is late: the earlier one
        ((NOON + 10, NOON + 20), 1, True),  # both late: the later one, marked so
    ],
)
def test_of_several_notebooks_the_latest_on_time_counts(book, tmp_path, times, counts, late):
    for number, received in enumerate(times):
        made = notebook(add_k=f"add_k = {number}")
        path = hand_in(tmp_path / "in", "amy", made, received)
        path.rename(path.with_name(f"{CHAPTER.stem}-{number}.ipynb"))
    take_in(book, tmp_path / "in", deadline=NOON)
    assert grade_all(book) == 1  # the other one is kept, and not graded
    record = only(book)
    assert record.answers["add_k"] == f"add_k = {counts}"
    assert record.late is late


def test_a_copy_that_comes_again_later_does_not_become_late(book, tmp_path):
    hand_in(tmp_path / "in", "amy", received=NOON - 10)
    take_in(book, tmp_path / "in", deadline=NOON)
    hand_in(tmp_path / "in", "amy", received=NOON + 10)
    take_in(book, tmp_path / "in", deadline=NOON)
    assert not only(book).late


def test_a_run_that_says_no_deadline_keeps_the_one_that_was_said(book, tmp_path):
    hand_in(tmp_path / "in", "amy", received=NOON + 10)
    take_in(book, tmp_path / "in", deadline=NOON)
    take_in(book, tmp_path / "in")
    assert only(book).late
    take_in(book, tmp_path / "in", deadline=NOON + 20)  # extended
    assert not only(book).late


def test_a_new_notebook_is_graded_in_place_of_the_old_one(book, tmp_path):
    hand_in(tmp_path / "in", "amy", notebook({}), NOON)
    take_in(book, tmp_path / "in")
    grade_all(book)
    assert only(book).points == 0
    hand_in(tmp_path / "in", "amy", notebook(), NOON + 1)
    take_in(book, tmp_path / "in")
    assert grade_all(book) == 1
    assert only(book).points == 16


def test_regrading_does_all_of_it_once_and_goes_on_where_it_was_stopped(book, tmp_path):
    for student in ("amy", "bob", "cay"):
        hand_in(tmp_path / "in", student)
    take_in(book, tmp_path / "in")
    grade_all(book)
    book.begin_round()
    first = book.pending()[0]
    book.record(in_process(book.unit(first)), EXERCISES)
    book.begin_round()  # asked for again after a kill: the same round
    assert len(book.pending()) == 2
    grade_all(book)
    assert book.pending() == []


def test_cases_come_from_the_books_secret_and_from_what_was_handed_in(tmp_path):
    hand_in(tmp_path / "in", "amy")
    hand_in(tmp_path / "in", "bob")
    seeds = {}
    for name, secret in (("a", 7), ("b", 7), ("c", 8)):
        with GradeBook(tmp_path / name, seed=secret) as book:
            take_in(book, tmp_path / "in")
            seeds[name] = [book.unit(ident).seed for ident in book.pending()]
    assert seeds["a"] == seeds["b"]  # the secret is all that they depend on
    assert seeds["a"][0] != seeds["a"][1]  # another student, other cases
    assert not set(seeds["a"]) & set(seeds["c"])


def test_a_new_book_draws_its_secret_and_keeps_it_from_others(tmp_path):
    secrets = set()
    for name in ("a", "b"):
        with GradeBook(tmp_path / name) as book:
            path = book.folder / FILE
        with sqlite3.connect(path) as sql:
            secrets |= set(sql.execute("SELECT value FROM meta WHERE key = 'secret'"))
        sql.close()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(secrets) == 2


def test_a_book_is_open_once_and_a_file_that_is_no_book_is_refused(tmp_path):
    with GradeBook(tmp_path / "book"), pytest.raises(BookError, match="another grading"):
        GradeBook(tmp_path / "book")
    GradeBook(tmp_path / "book").close()  # closed by the context manager: free again
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / FILE).write_bytes(b"this is no database at all" * 100)
    with pytest.raises(BookError, match="no grade book"):
        GradeBook(tmp_path / "bad")
    (tmp_path / "file").touch()
    with pytest.raises(BookError, match="is a folder"):
        GradeBook(tmp_path / "file")


def test_an_empty_file_left_by_a_kill_becomes_a_book(tmp_path):
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / FILE).touch()
    with GradeBook(tmp_path / "book") as book:
        assert book.students() == []


def test_refusals_are_those_of_the_last_intake(book, tmp_path):
    hand_in(tmp_path / "in", "amy", b"no notebook")
    take_in(book, tmp_path / "in")
    assert [refusal.student for refusal in book.refusals()] == ["amy"]
    hand_in(tmp_path / "in", "amy")
    take_in(book, tmp_path / "in")
    assert book.refusals() == []
