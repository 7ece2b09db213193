"""The grade book: one SQLite file that only the trusted process opens.

Every submission is one transaction: its reports, points and isolation level are in the book
together or not at all. What is in the book is not graded again, what is not in it is; so a grading
that was killed at any moment goes on where it was, with the same secret and the same cases.

Marks: an exercise is worth its difficulty (1, 2 or 3 points), all or nothing; a notebook is worth
the sum. Where the grader itself failed (`infrastructure`) there is no mark, and that is not zero.

Which notebook counts: of all that a student handed in for a chapter, the latest that was on time;
if none was, the latest.
"""

import contextlib
import hashlib
import json
import os
import secrets
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import filelock

from companion.course.exercise import Exercise
from companion.course.intake import Refusal, Submission
from companion.course.report import INFRASTRUCTURE, PASSED, Report
from companion.course.sandbox.grading import Cell

VERSION = 1
FILE = "gradebook.sqlite"

SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE submission (
  id INTEGER PRIMARY KEY,
  student TEXT NOT NULL,
  chapter TEXT NOT NULL,
  digest TEXT NOT NULL,             -- of the cells; the same notebook twice is one row
  path TEXT NOT NULL,
  received REAL,                    -- seconds since 1970; NULL where nobody knows
  late INTEGER NOT NULL,
  taken REAL NOT NULL,              -- when it came into this book
  cells TEXT NOT NULL,              -- JSON
  notes TEXT NOT NULL,              -- JSON
  UNIQUE (student, chapter, digest)
);
CREATE TABLE result (               -- a row: this submission has been graded in that round
  submission INTEGER PRIMARY KEY REFERENCES submission (id),
  round INTEGER NOT NULL,
  complete INTEGER NOT NULL,        -- 0: the grader failed somewhere; the next run tries again
  isolation TEXT NOT NULL,
  seconds REAL NOT NULL,
  graded REAL NOT NULL
);
CREATE TABLE grade (
  submission INTEGER NOT NULL REFERENCES submission (id),
  position INTEGER NOT NULL,        -- in the chapter
  exercise TEXT NOT NULL,
  state TEXT NOT NULL,
  mistake TEXT,
  points REAL,                      -- NULL: no mark, because the grader failed
  possible REAL NOT NULL,
  report TEXT NOT NULL,             -- JSON
  PRIMARY KEY (submission, exercise)
) WITHOUT ROWID;
CREATE TABLE refusal (
  path TEXT NOT NULL, reason TEXT NOT NULL, student TEXT NOT NULL, PRIMARY KEY (path, reason)
) WITHOUT ROWID;
-- The submission that counts, of each student and chapter.
CREATE VIEW counting AS SELECT * FROM (
  SELECT *, ROW_NUMBER() OVER (
    PARTITION BY student, chapter ORDER BY late, COALESCE(received, taken) DESC, id DESC
  ) AS place FROM submission
) WHERE place = 1;
"""


class BookError(ValueError):
    """A grade book that cannot be used; the message says why and what to do."""


@dataclass(frozen=True)
class Unit:
    """What a grader gets: one submission, with the cases' secret; picklable and small."""

    id: int
    student: str
    chapter: str
    cells: tuple[Cell, ...]
    seed: int


@dataclass(frozen=True)
class Result:
    """What a grader gives back for a unit."""

    unit: int
    reports: tuple[Report, ...]
    isolation: str
    seconds: float

    @property
    def complete(self) -> bool:
        """False if the grader failed in any exercise."""
        return all(report.state != INFRASTRUCTURE for report in self.reports)


@dataclass(frozen=True)
class Grade:
    """One exercise of one student, as the book has it."""

    exercise: str
    points: float | None
    possible: float
    report: Report


@dataclass(frozen=True)
class Record:
    """One notebook that counts: whose, when, and its grades (none yet if it is not graded)."""

    student: str
    chapter: str
    path: str
    received: float | None
    late: bool
    notes: tuple[str, ...]
    answers: dict[str, str]
    isolation: str
    grades: tuple[Grade, ...]

    @property
    def points(self) -> float | None:
        """The sum of the points; None as long as a mark is missing."""
        given = [grade.points for grade in self.grades]
        return None if not given or None in given else sum(given)

    @property
    def possible(self) -> float:
        """What a perfect notebook gets."""
        return sum(grade.possible for grade in self.grades)


def points(exercise: Exercise, state: str) -> float | None:
    """The exercise's points for an answer in this state; None: no mark can be given."""
    if state == INFRASTRUCTURE:
        return None
    return float(exercise.difficulty) if state == PASSED else 0.0


class GradeBook:
    """An open grade book; a context manager, and the only one that has this book open.

    `folder` holds the database and what is made from it. `seed` fixes the secret of a *new* book,
    which otherwise is drawn; an old book keeps its own. Raises `BookError` if another grading has
    the book, or if the file is no grade book of this version.
    """

    def __init__(self, folder: str | Path, seed: int | None = None):
        self.folder = Path(folder)
        if self.folder.exists() and not self.folder.is_dir():
            raise BookError(f"{folder} is a file; a grade book is a folder, name another one")
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = filelock.FileLock(self.folder / ".lock", timeout=0)
        try:
            self._lock.acquire()
        except filelock.Timeout:
            raise BookError(f"another grading is writing {folder}; wait for its end") from None
        try:
            self._open(self.folder / FILE, seed)
        except BaseException:
            self._lock.release()
            raise

    def _open(self, path: Path, seed: int | None) -> None:
        new = not path.exists()
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))  # the secret is in it
        self._sql = sqlite3.connect(path, isolation_level=None)
        try:
            self._sql.execute("PRAGMA synchronous = FULL")
            self._sql.execute("PRAGMA foreign_keys = ON")
            # A kill between the file's creation and its schema leaves an empty file: a new book.
            if new or not self._sql.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                secret = secrets.randbits(128) if seed is None else seed
                with self._transaction():
                    for statement in _statements(SCHEMA):
                        self._sql.execute(statement)
                    meta = {"version": VERSION, "secret": secret, "round": 0}
                    rows = [(key, str(value)) for key, value in meta.items()]
                    self._sql.executemany("INSERT INTO meta VALUES (?, ?)", rows)
            if self._meta("version") != str(VERSION):
                raise BookError(f"{path} is of version {self._meta('version')}, not {VERSION}")
        except sqlite3.DatabaseError as problem:
            self._sql.close()
            raise BookError(f"{path} is no grade book ({problem}); move it away") from None

    def __enter__(self) -> "GradeBook":
        return self

    def __exit__(self, *exception: Any) -> None:
        self.close()

    def close(self) -> None:
        """Close the book and let others have it."""
        self._sql.close()
        self._lock.release()

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self._sql.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._sql.execute("ROLLBACK")
            raise
        self._sql.execute("COMMIT")

    def _meta(self, key: str) -> str:
        return self._sql.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()[0]

    # -- what comes in

    def take_in(self, items: Iterable[Submission | Refusal], deadline: float | None = None) -> None:
        """Put an intake into the book, all of it or nothing; the last intake's refusals stay.

        A notebook that is there already keeps its earlier time: touching a file makes nobody late.
        """
        with self._transaction():
            self._sql.execute("DELETE FROM refusal")
            for item in items:
                if isinstance(item, Refusal):
                    row = (item.path, item.reason, item.student)
                    self._sql.execute("INSERT OR IGNORE INTO refusal VALUES (?, ?, ?)", row)
                else:
                    self._add(item, deadline)

    def _add(self, item: Submission, deadline: float | None) -> None:
        key = (item.student, item.chapter, item.digest)
        old = self._sql.execute(
            "SELECT received, late FROM submission WHERE (student, chapter, digest) = (?, ?, ?)",
            key,
        ).fetchone()
        received = item.received
        if old and old[0] is not None and (received is None or old[0] < received):
            received = old[0]
        if deadline is None:  # not said this time: what was said before holds
            late = bool(old and old[1])
        else:
            late = received is not None and received > deadline
        cells = json.dumps([asdict(cell) for cell in item.cells], ensure_ascii=False)
        notes = json.dumps(item.notes, ensure_ascii=False)
        self._sql.execute(
            "INSERT INTO submission (student, chapter, digest, path, received, late, taken, cells, "
            "notes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (student, chapter, digest) DO "
            "UPDATE SET received = excluded.received, late = excluded.late, path = excluded.path, "
            "notes = excluded.notes",
            (*key, item.path, received, late, time.time(), cells, notes),
        )

    # -- what there is to do

    def begin_round(self) -> None:
        """Ask for everything to be graded again; a round that is not finished is gone on with."""
        if not self.pending():
            with self._transaction():
                self._sql.execute("UPDATE meta SET value = value + 1 WHERE key = 'round'")

    def pending(self) -> list[int]:
        """The submissions that count and are not graded (completely) in this round."""
        rows = self._sql.execute(
            "SELECT id FROM counting LEFT JOIN result ON submission = id "
            "WHERE round IS NULL OR round < ? OR NOT complete ORDER BY id",
            (int(self._meta("round")),),
        )
        return [row[0] for row in rows]

    def unit(self, ident: int) -> Unit:
        """One submission, ready to be graded.

        Its cases are drawn from the book's secret *and* what was handed in: whoever learns a case
        from the feedback meets others with the next answer.
        """
        student, chapter, digest, cells = self._sql.execute(
            "SELECT student, chapter, digest, cells FROM submission WHERE id = ?", (ident,)
        ).fetchone()
        key = int(self._meta("secret")).to_bytes(16, "big")
        drawn = hashlib.blake2b(f"{student}\0{chapter}\0{digest}".encode(), key=key, digest_size=8)
        return Unit(ident, student, chapter, _cells(cells), int.from_bytes(drawn.digest(), "big"))

    def record(self, result: Result, exercises: Sequence[Exercise]) -> None:
        """Write one submission's grades, in one transaction, in place of older ones."""
        if [report.exercise for report in result.reports] != [e.name for e in exercises]:
            raise ValueError(f"submission {result.unit}: the reports are not those of its chapter")
        rows = [
            (
                result.unit,
                position,
                exercise.name,
                report.state,
                report.mistake,
                points(exercise, report.state),
                float(exercise.difficulty),
                json.dumps(report.to_json(), ensure_ascii=False),
            )
            for position, (exercise, report) in enumerate(
                zip(exercises, result.reports, strict=True)
            )
        ]
        row = (result.unit, int(self._meta("round")), result.complete, result.isolation)
        with self._transaction():
            self._sql.execute("DELETE FROM grade WHERE submission = ?", (result.unit,))
            self._sql.executemany("INSERT INTO grade VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
            self._sql.execute(
                "INSERT OR REPLACE INTO result VALUES (?, ?, ?, ?, ?, ?)",
                (*row, result.seconds, time.time()),
            )

    # -- what comes out

    def students(self) -> list[str]:
        """Everybody who has handed anything in."""
        rows = self._sql.execute("SELECT DISTINCT student FROM submission ORDER BY student")
        return [row[0] for row in rows]

    def records(self, student: str | None = None) -> Iterator[Record]:
        """The notebooks that count, by student and chapter; of one student, or of all."""
        rows = self._sql.execute(
            "SELECT id, student, chapter, path, received, late, notes, cells, "
            "COALESCE(isolation, '') FROM counting LEFT JOIN result ON submission = id "
            "WHERE ? IS NULL OR student = ? ORDER BY student, chapter",
            (student, student),
        ).fetchall()
        for ident, name, chapter, path, received, late, notes, cells, isolation in rows:
            found = Submission(name, chapter, path, received, _cells(cells))
            yield Record(
                name,
                chapter,
                path,
                received,
                bool(late),
                tuple(json.loads(notes)),
                found.answers,
                isolation,
                tuple(self._grades(ident)),
            )

    def _grades(self, ident: int) -> Iterator[Grade]:
        rows = self._sql.execute(
            "SELECT exercise, points, possible, report FROM grade WHERE submission = ? "
            "ORDER BY position",
            (ident,),
        ).fetchall()
        for exercise, given, possible, report in rows:
            yield Grade(exercise, given, possible, Report.from_json(json.loads(report)))

    def refusals(self) -> list[Refusal]:
        """What the last intake did not take."""
        rows = self._sql.execute("SELECT path, reason, student FROM refusal ORDER BY path, reason")
        return [Refusal(*row) for row in rows]

    def contents(self) -> list[tuple]:
        """Everything that the book says, without clocks: equal for two gradings that agree."""
        return self._sql.execute(
            "SELECT student, chapter, digest, late, round, complete, isolation, exercise, state, "
            "mistake, points, possible, report FROM submission "
            "LEFT JOIN result ON result.submission = id LEFT JOIN grade ON grade.submission = id "
            "ORDER BY student, chapter, digest, position"
        ).fetchall()


def _cells(text: str) -> tuple[Cell, ...]:
    return tuple(Cell(**{**c, "answers": tuple(c["answers"])}) for c in json.loads(text))


def _statements(script: str) -> list[str]:
    """The script's statements: `executescript` would commit before each of them."""
    text = "\n".join(line.split("--")[0] for line in script.splitlines())
    return [statement for statement in text.split(";") if statement.strip()]
