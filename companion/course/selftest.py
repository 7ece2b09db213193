"""The checks checked: references pass, mistakes are named as themselves, starters are untouched.

An exercise whose cases cannot tell two answers apart is found here, before a learner finds it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from time import perf_counter
from typing import Any

from companion import probes
from companion.course import catalogue
from companion.course.chapters import Chapter
from companion.course.exercise import Exercise, Mistake
from companion.course.judge import draw, judge, local_apply, outcomes
from companion.course.notebook import check_cells, load, parse
from companion.course.release import release
from companion.course.report import FAILED, NOT_ATTEMPTED, PASSED, Report

SEEDS = (0, 1, 2, 3, 4)


@dataclass
class Result:
    """Counts, the mistakes that were not named as themselves, and everything else that is wrong."""

    exercises: int = 0
    mistakes: int = 0
    seeds: int = 0
    unnamed: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def passed(self) -> bool:
        """True if there is nothing to complain about and something was examined."""
        return not self.unnamed and not self.problems and self.exercises > 0

    def to_json(self) -> dict[str, Any]:
        """Plain data for `json.dumps`."""
        return {**asdict(self), "seconds": round(self.seconds, 2), "passed": self.passed}

    def as_text(self) -> str:
        """The counts in one line, each complaint in one more."""
        counts = (
            f"{self.exercises} exercises, {self.mistakes} mistakes, {len(self.unnamed)} unnamed, "
            f"{len(self.problems)} other problems ({self.seeds} seeds, {self.seconds:.1f} s)"
        )
        return "\n".join([counts, *(f"  {line}" for line in [*self.unnamed, *self.problems])])


def selftest(chapters: Iterable[Chapter], seeds: Sequence[int] = SEEDS) -> Result:
    """Examine every exercise of these chapters, their solutions and what is released of them."""
    result = Result(seeds=len(seeds))
    begin = perf_counter()
    for chapter in chapters:
        exercises = catalogue.exercises(chapter.name)
        for exercise in exercises.values():
            examine(exercise, result, seeds)
        result.problems += _notebook_problems(chapter, exercises)
        _examine_variants(chapter, result, seeds)
    result.seconds = perf_counter() - begin
    return result


def examine(exercise: Exercise, result: Result, seeds: Sequence[int] = SEEDS) -> None:
    """Examine one exercise by itself, and add what is found to the result."""
    result.exercises += 1
    result.mistakes += len(exercise.mistakes)
    names = [mistake.name for mistake in exercise.mistakes]
    if len(set(names)) < len(names):
        result.problems.append(f"{exercise.name}: two mistakes have one name")
    for mistake in exercise.mistakes:
        reason = next(filter(None, (_unnamed(exercise, mistake, seed) for seed in seeds)), None)
        if reason:
            result.unnamed.append(f"{exercise.name} / {mistake.name}: {reason}")
    for seed in seeds:
        problem = _reference_problem(exercise, seed) or _starter_problem(exercise, seed)
        if problem:
            result.problems.append(f"{exercise.name}: {problem} (seed {seed})")
            break


def _examine_variants(chapter: Chapter, result: Result, seeds: Sequence[int]) -> None:
    """Examine the exercises with the givens of each seed, and the notebook that states them."""
    for seed in seeds:
        found = Result()
        try:
            varied = catalogue.exercises(chapter.name, seed).values()
            if not any(exercise.statement for exercise in varied):
                return
            release(chapter, seed)
        except (ValueError, OSError) as error:
            result.problems.append(f"{chapter.name}, variant {seed}: {error}")
            continue
        for exercise in varied:
            if exercise.statement:
                examine(exercise, found, seeds=(0,))
        result.unnamed += [f"variant {seed}: {line}" for line in found.unnamed]
        result.problems += [f"variant {seed}: {line}" for line in found.problems]


def _unnamed(exercise: Exercise, mistake: Mistake, seed: int) -> str | None:
    """Why the mistake is not named as itself; None if it is."""
    report = judge(exercise, local_apply(exercise, mistake.variant), seed)
    if report.state != FAILED:
        return f"it is {report.state!r}, not 'failed' (seed {seed}): {report.message}"
    if report.candidates == (mistake.name,):
        return None
    if len(report.candidates) > 1:
        return f"the cases cannot tell {' from '.join(report.candidates)} (seed {seed})"
    return f"it is named {report.mistake!r} (seed {seed})"


def _reference_problem(exercise: Exercise, seed: int) -> str | None:
    report = judge(exercise, local_apply(exercise, exercise.reference), seed)
    if report.state != PASSED:
        return f"the reference is {report.state!r}: {report.message or report.hint}"
    found = outcomes(exercise, exercise.reference, draw(exercise, seed))
    if all(outcome["error"] for outcome in found):
        return f"the reference raises in every case: {found[0]['error']['message']}"
    if any(outcome["mutated"] for outcome in found):
        return "the reference changes its inputs"
    again = outcomes(exercise, exercise.reference, draw(exercise, seed))
    if not all(
        probes.unchanged(a["outputs"], b["outputs"]) for a, b in zip(found, again, strict=True)
    ):
        return "the cases or the reference differ between two runs of one seed"
    return None


def _starter_problem(exercise: Exercise, seed: int) -> str | None:
    starter = ... if exercise.starter is None else exercise.starter
    report = judge(exercise, local_apply(exercise, starter), seed)
    return None if report.state == NOT_ATTEMPTED else f"the starter is {report.state!r}"


def _notebook_problems(chapter: Chapter, exercises: dict[str, Exercise]) -> list[str]:
    """The solution passes; its release leaks nothing, is the committed file, and is untouched."""
    try:
        solved = check_cells(load(chapter.solutions), exercises, folder=chapter.solutions.parent)
        text = release(chapter)
        untouched = check_cells(parse(text), exercises, folder=chapter.solutions.parent)
    except (ValueError, OSError) as error:
        return [f"{chapter.name}: {error}"]
    found = _unlike(PASSED, solved, f"{chapter.name}, solution")
    found += _unlike(NOT_ATTEMPTED, untouched, f"{chapter.name}, untouched exercises")
    try:
        committed = chapter.exercises.read_bytes()
    except OSError as error:
        return [*found, f"{chapter.name}: {error}; run `companion release {chapter.name}`"]
    if committed != text.encode():
        found.append(
            f"{chapter.name}: exercises/{chapter.exercises.name} is not what `release` makes; "
            f"run `companion release {chapter.name}`"
        )
    return found


def _unlike(state: str, reports: Iterable[Report], where: str) -> list[str]:
    return [
        f"{where}: {report.exercise} is {report.state!r}: {report.message or report.hint}"
        for report in reports
        if report.state != state
    ]
