"""The grade book: one SQLite file that only the trusted process opens.

Every submission is one transaction: its reports, points and isolation level are in the book
together or not at all. What is in the book is not graded again, what is not in it is; so a grading
that was killed at any moment goes on where it was, with the same secret and the same cases.

Marks: an exercise is worth its difficulty (1, 2 or 3 points), all or nothing; a notebook is worth
the sum. Where the grader itself failed (`infrastructure`) there is no mark, and that is not zero.

Which notebook counts: of all that a student handed in for a chapter, the latest that was on time;
if none was, the latest.

    records   what a grader gets and gives, and what the book says of a notebook
    store     the file: its tables, its lock, its transactions
    entries   what comes in: submissions, and their grades
    book      what comes out
"""

from companion.course.gradebook.book import GradeBook
from companion.course.gradebook.records import Grade, Record, Result, Unit, points
from companion.course.gradebook.store import FILE, BookError

__all__ = ["FILE", "BookError", "Grade", "GradeBook", "Record", "Result", "Unit", "points"]
