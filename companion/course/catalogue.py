"""Which exercises there are: `companion.checks.<chapter>.EXERCISES`, by name."""

import difflib
import importlib

from companion.course import chapters, edition
from companion.course.exercise import Exercise
from companion.course.variants import varied


def exercises(chapter_name: str, seed: int | None = None) -> dict[str, Exercise]:
    """The exercises of a chapter by name, in the notebook's order; they climb.

    With a seed those whose givens vary have the givens of that seed; without one, those of this
    edition. Raises `ValueError` for a chapter that does not exist and for a name used twice.
    """
    chapter = chapters.find(chapter_name)
    seed = edition.SEED if seed is None else seed
    module = importlib.import_module(f"companion.checks.{chapter.name}")
    found = {}
    for exercise in module.EXERCISES:
        if exercise.name in found:
            raise ValueError(f"{chapter.name}: two exercises are called {exercise.name!r}")
        found[exercise.name] = exercise if seed is None else varied(exercise, seed)
    return found


def find(exercise_name: str) -> tuple[chapters.Chapter, Exercise]:
    """The chapter and the exercise of that name. Raises `ValueError` that suggests close names."""
    known = []
    for chapter in chapters.CHAPTERS:
        inside = exercises(chapter.name)
        if exercise_name in inside:
            return chapter, inside[exercise_name]
        known += inside
    close = difflib.get_close_matches(str(exercise_name), known, n=3, cutoff=0.5)
    advice = f"did you mean {' or '.join(close)}?" if close else "`companion list` shows them all"
    raise ValueError(f"no exercise {exercise_name!r}; {advice}")
