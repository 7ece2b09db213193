"""Which edition of the exercises this copy of the companion checks.

None is the book's own. A bundle of `companion release --seed` holds its own number here, so that
the checks on a student's machine know the givens of the student's notebook.
"""

SEED: int | None = None
