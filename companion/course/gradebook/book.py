"""What comes out of a grade book: who has handed in, the notebooks that count, what was refused."""

import json
from collections.abc import Iterator

from companion.course.gradebook.entries import Entries, cells_of
from companion.course.gradebook.records import Grade, Record
from companion.course.intake import Refusal, Submission
from companion.course.report import Report


class GradeBook(Entries):
    """The whole book. See `store.Store` for what it raises when it is opened."""

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
            found = Submission(name, chapter, path, received, cells_of(cells))
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
