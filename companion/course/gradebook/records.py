"""What a grader gets and gives back, and what a grade book says of a notebook."""

from dataclasses import dataclass

from companion.course.exercise import Exercise
from companion.course.report import INFRASTRUCTURE, PASSED, Report
from companion.course.sandbox.grading import Cell


@dataclass(frozen=True)
class Unit:
    """What a grader gets: one submission, with the cases' secret; picklable and small."""

    id: int
    student: str
    chapter: str
    cells: tuple[Cell, ...]
    seed: int
    variant: int | None = None  # of the exercises whose givens are drawn; None: the book's own


@dataclass(frozen=True)
class Result:
    """What a grader gives back for a unit."""

    unit: int
    reports: tuple[Report, ...]
    isolation: str
    seconds: float
    processor_seconds: float = 0.0  # of its sandboxes

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
