"""The file of a grade book: its tables, the lock that keeps others out, and transactions."""

import contextlib
import os
import secrets
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

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


class Store:
    """An open book's file; a context manager, and the only one that has this book open.

    `folder` holds the database and what is made from it. `seed` fixes the secret of a *new* book,
    which otherwise is drawn; an old book keeps its own. Raises `BookError` if another grading has
    the book, or if the file is no grade book of this version.
    """

    def __init__(self, folder: str | Path, seed: int | None = None):
        self.folder = Path(folder)
        if self.folder.exists() and not self.folder.is_dir():
            raise BookError(f"{folder} is a file; a grade book is a folder, name another one")
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        import filelock  # those who only want a record should not pay for it

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

    def __enter__(self) -> Self:
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

    def _meta(self, key: str) -> str | None:
        row = self._sql.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return row and row[0]

    def _set(self, key: str, value: str) -> None:
        self._sql.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))


def _statements(script: str) -> list[str]:
    """The script's statements: `executescript` would commit before each of them."""
    text = "\n".join(line.split("--")[0] for line in script.splitlines())
    return [statement for statement in text.split(";") if statement.strip()]
