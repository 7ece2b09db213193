"""What comes into a grade book: submissions, the variants that they answer, and grades."""

import hashlib
import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict

from companion.course.exercise import Exercise
from companion.course.gradebook.records import Result, Unit, points
from companion.course.gradebook.store import BookError, Store
from companion.course.intake import Refusal, Submission
from companion.course.sandbox.grading import Cell
from companion.course.variants import Variants


class Entries(Store):
    """A book that takes in submissions, hands out what is to be graded, and keeps the grades."""

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

    # -- whose variant is which

    @property
    def variants(self) -> Variants | None:
        """The variants that this book grades against; None: everybody has the book's own text."""
        told = self._meta("variants")
        return Variants.from_json(json.loads(told)) if told else None

    def use(self, variants: Variants) -> None:
        """Grade against these variants from now on; the same ones again, or with more students.

        Raises `BookError` if what is graded already was graded against others.
        """
        old = self.variants
        if old is not None and not variants.extends(old):
            raise BookError("it was graded with other variants; give those, or name a new book")
        if old is None and self._sql.execute("SELECT count(*) FROM result").fetchone()[0]:
            raise BookError("what is in it was graded without variants; name a new book")
        with self._transaction():
            self._set("variants", json.dumps(variants.to_json()))

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
        seed = int.from_bytes(drawn.digest(), "big")
        variant = self.variants and self.variants.of(student)
        return Unit(ident, student, chapter, cells_of(cells), seed, variant)

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


def cells_of(text: str) -> tuple[Cell, ...]:
    """The cells of a submission, as the book keeps them."""
    return tuple(Cell(**{**c, "answers": tuple(c["answers"])}) for c in json.loads(text))
