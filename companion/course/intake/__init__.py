"""Intake: a folder or an archive of notebooks becomes plain text, student by student.

Nothing is extracted, executed or believed. Members are read in memory, one at a time and bounded;
of a notebook only the source of its answers (and of cells that merely define something) is taken.
What cannot be used is refused with one sentence, and the next notebook gets its turn.

    places     a folder, zip or tar  ->  (path, bytes, time) of every notebook, or why not
    names      a path                ->  the student, or why not
    cells      a notebook's bytes    ->  the cells to run, or why not
"""

from companion.course.intake.cells import setup_cells
from companion.course.intake.names import IntakeError
from companion.course.intake.read import Refusal, Submission, empty, read

__all__ = ["IntakeError", "Refusal", "Submission", "empty", "read", "setup_cells"]
