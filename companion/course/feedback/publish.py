"""From the grade book to the files: one student at a time, each file replaced atomically."""

import csv
import datetime
import io
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from companion.cache import atomic_write
from companion.course import chapters
from companion.course.feedback.pages import render
from companion.course.feedback.summary import Summary
from companion.course.gradebook import GradeBook, Record
from companion.course.intake import Refusal
from companion.course.intake.names import stem
from companion.course.report import INFRASTRUCTURE, SIGNS, clean, lines

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def publish(book: GradeBook) -> int:
    """Write all files of a grade book into its folder; return how many notebooks count."""
    refused: dict[str, list[Refusal]] = defaultdict(list)
    for refusal in book.refusals():
        refused[refusal.student].append(refusal)
    summary, rows, count = Summary(), [], 0
    names = sorted({*book.students(), *filter(None, refused)})
    for name in names:
        records = list(book.records(name))
        page = student_page(name, records, refused.get(name, []))
        with atomic_write(book.folder / "feedback" / file_name(name), "w") as file:
            file.write(page)
        for record in records:
            summary.add(record)
            rows.append(_row(record))
        if not records:
            rows += [_refused_row(refusal) for refusal in refused[name]]
        count += len(records)
    _write(book.folder / "class.html", class_page(summary, book.refusals()))
    # With a byte-order mark, or spreadsheets take Chinese names for Latin-1.
    _write(book.folder / "grades.csv", "\N{ZERO WIDTH NO-BREAK SPACE}" + table(rows))
    return count


def _write(path: Path, text: str) -> None:
    with atomic_write(path, "w") as file:
        file.write(text)


def student_page(student: str, records: list[Record], refused: Sequence[Refusal] = ()) -> str:
    """The page of one student: every chapter's exercises, with what to say about each."""
    views = [_chapter_view(record) for record in records]
    return render("student.html", student=student, chapters=views, refused=refused)


def class_page(summary: Summary, refused: Sequence[Refusal]) -> str:
    """The page of the class; everybody's marks are on it, so it is for the instructor."""
    return render("class.html", chapters=summary.chapters(), refused=refused)


def _chapter_view(record: Record) -> dict[str, Any]:
    return {
        "title": chapters.find(record.chapter).title,
        "path": record.path,
        "points": record.points,
        "possible": record.possible,
        "received": moment(record.received),
        "late": record.late,
        "graded": bool(record.grades),
        "notes": record.notes,
        "exercises": [
            {
                "title": grade.report.title or grade.exercise,
                "name": grade.exercise,
                "sign": SIGNS[grade.report.state],
                "state": grade.report.state,
                "points": grade.points,
                "possible": grade.possible,
                "mistake": grade.report.mistake,
                "lines": lines(grade.report),
                "answer": record.answers.get(grade.exercise, ""),
            }
            for grade in record.grades
        ],
    }


def moment(seconds: float | None) -> str:
    """A time as people write it, with its zone; '' where it is not known."""
    if seconds is None:
        return ""
    return datetime.datetime.fromtimestamp(seconds).astimezone().isoformat(" ", "minutes")


def file_name(student: str) -> str:
    """The student's page."""
    return stem(student) + ".html"


def _row(record: Record) -> dict[str, Any]:
    failed = [g.exercise for g in record.grades if g.report.state == INFRASTRUCTURE]
    note = "not graded yet" if not record.grades else ""
    if failed:
        note = f"the grader failed in {len(failed)} exercises: grade again"
    given, possible = record.points, record.possible
    return {
        "student": record.student,
        "chapter": record.chapter,
        "points": given,
        "possible": possible,
        "percent": None if given is None or not possible else round(100 * given / possible, 1),
        "late": "late" if record.late else "",
        "received": moment(record.received),
        "isolation": record.isolation,
        "note": note,
        "file": record.path,
        **{grade.exercise: grade.points for grade in record.grades},
    }


def _refused_row(refusal: Refusal) -> dict[str, Any]:
    note = f"refused: {refusal.reason}"
    return {"student": refusal.student, "file": refusal.path, "note": note}


def table(rows: list[dict[str, Any]]) -> str:
    """The rows as CSV; a column for each exercise. A mark that is missing is empty, not zero."""
    first = ("student", "chapter", "points", "possible", "percent", "late", "received")
    first = (*first, "isolation", "note", "file")
    columns = list(dict.fromkeys([*first, *(key for row in rows for key in row)]))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\r\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({key: neutral(value) for key, value in row.items()})
    return text.getvalue()


def neutral(value: Any) -> Any:
    """A text that no spreadsheet takes for a formula: an apostrophe goes before one that could."""
    if not isinstance(value, str):
        return value
    value = clean(value)
    return f"'{value}" if value.lstrip(" ").startswith(FORMULA) else value
