"""The class in numbers: how many are where, and which misconceptions stand in the way."""

import statistics
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from companion.course import catalogue, chapters
from companion.course.gradebook import Record
from companion.course.report import (
    ERROR,
    FAILED,
    INFRASTRUCTURE,
    KILLED,
    NOT_ATTEMPTED,
    PASSED,
    SIGNS,
    TIMEOUT,
)

STATES = (PASSED, FAILED, ERROR, TIMEOUT, KILLED, NOT_ATTEMPTED, INFRASTRUCTURE)
ALWAYS = (PASSED, FAILED, NOT_ATTEMPTED)  # the other columns are there if anybody needs them
BINS = 10  # of the histogram of marks; the last one has 100 % in it


@dataclass
class _Chapter:
    """What is known of one chapter so far."""

    states: dict[str, Counter] = field(default_factory=dict)  # exercise -> state -> count
    mistakes: Counter = field(default_factory=Counter)  # (exercise, mistake) -> count
    marks: list[float] = field(default_factory=list)  # shares between 0 and 1
    students: list[dict[str, Any]] = field(default_factory=list)
    isolation: Counter = field(default_factory=Counter)


class Summary:
    """Adds up records one at a time, so that no more than one is in memory."""

    def __init__(self):
        self._chapters: dict[str, _Chapter] = {}

    def add(self, record: Record) -> None:
        """Count one notebook."""
        chapter = self._chapters.setdefault(record.chapter, _Chapter())
        for grade in record.grades:
            chapter.states.setdefault(grade.exercise, Counter())[grade.report.state] += 1
            if grade.report.mistake:
                chapter.mistakes[grade.exercise, grade.report.mistake] += 1
        share = None
        if record.points is not None and record.possible:
            share = record.points / record.possible
            chapter.marks.append(share)
        chapter.isolation[record.isolation or "not graded"] += 1
        chapter.students.append(
            {
                "name": record.student,
                "points": record.points,
                "possible": record.possible,
                "percent": None if share is None else round(100 * share),
                "late": record.late,
                "isolation": record.isolation or "not graded",
                "states": {g.exercise: g.report.state for g in record.grades},
            }
        )

    def chapters(self) -> list[dict[str, Any]]:
        """What the page shows, chapter by chapter in reading order."""
        order = [c.name for c in chapters.CHAPTERS if c.name in self._chapters]
        return [self._view(name, self._chapters[name]) for name in order]

    def _view(self, name: str, found: _Chapter) -> dict[str, Any]:
        known = catalogue.exercises(name)
        every = sum(found.states.values(), Counter())
        states = [state for state in STATES if state in ALWAYS or every[state]]
        exercises = [
            self._exercise(known[e], found.states[e], states) for e in known if e in found.states
        ]
        return {
            "name": name,
            "title": chapters.find(name).title,
            "count": len(found.students),
            "mean": round(100 * statistics.fmean(found.marks)) if found.marks else None,
            "median": round(100 * statistics.median(found.marks)) if found.marks else None,
            "late": sum(student["late"] for student in found.students),
            "isolation": sorted(found.isolation.items()),
            "states": [(s, SIGNS[s]) for s in states],
            "marks": histogram(found.marks),
            "exercises": exercises,
            "mistakes": self._mistakes(known, found),
            "students": found.students,
            "signs": SIGNS,
        }

    def _exercise(self, exercise, counts: Counter, states: list[str]) -> dict[str, Any]:
        total = counts.total()
        return {
            "name": exercise.name,
            "title": exercise.title,
            "difficulty": exercise.difficulty,
            "minutes": exercise.minutes,
            "total": total,
            "parts": [(s, counts[s], round(100 * counts[s] / total, 2)) for s in states],
            "percent": round(100 * counts[PASSED] / total),
        }

    def _mistakes(self, known, found: _Chapter) -> list[dict[str, Any]]:
        """The misconceptions, the commonest first; the share is of those who tried."""
        rows = []
        for (name, mistake), count in found.mistakes.items():
            exercise = known.get(name)
            hints = {m.name: m.hint for m in exercise.mistakes} if exercise else {}
            states = found.states[name]
            tried = states.total() - states[NOT_ATTEMPTED] - states[INFRASTRUCTURE]
            rows.append(
                {
                    "exercise": exercise.title if exercise else name,
                    "name": mistake,
                    "hint": hints.get(mistake, ""),
                    "count": count,
                    "percent": round(100 * count / tried),
                }
            )
        return sorted(rows, key=lambda row: (-row["count"], row["exercise"], row["name"]))


def histogram(shares: list[float]) -> list[dict[str, Any]]:
    """How many marks are in each tenth: 0-9 %, …, 90-100 %."""
    counts = [0] * BINS
    for share in shares:
        counts[min(int(share * BINS), BINS - 1)] += 1
    most = max(counts, default=0) or 1
    width = 100 // BINS
    return [
        {
            "label": f"{width * i} to {100 if i == BINS - 1 else width * (i + 1) - 1} %",
            "count": count,
            "percent": round(100 * count / most, 2),
        }
        for i, count in enumerate(counts)
    ]
