"""Personal variants: the same exercise with other givens, drawn from a seed.

    release --seed 7                     one variant for the class
    release --seed 7 --students ROSTER   one for each student, from the seed and the name
    grade --variants FILE                each submission against the variant of its student

Which variant is whose is written in the instructor's file (`manifest.json`, `variants.json`) and
read from there alone. Nothing in a submission is asked, so nobody can choose an easy variant or
hand in a friend's.
"""

import csv
import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from companion.course.exercise import Exercise

DRAWS = 200  # until the mistakes of a variant can be told from each other
HEADINGS = ("student", "students", "name")


def varied(exercise: Exercise, seed: int) -> Exercise:
    """The exercise with the givens of this seed; the exercise itself if its givens do not vary.

    Givens are drawn again until no two of the reference and the mistakes are near each other.
    Raises `ValueError` if that never happens.
    """
    if exercise.vary is None:
        return exercise
    for draw in range(DRAWS):
        variant = exercise.vary(np.random.default_rng([seed, draw, *exercise.name.encode()]))
        values = [variant.reference, *(mistake.variant for mistake in variant.mistakes)]
        if _apart(values, exercise.tolerance):
            parts = {f.name: getattr(variant, f.name) for f in dataclasses.fields(variant)}
            return dataclasses.replace(exercise, vary=None, **parts)
    raise ValueError(f"{exercise.name}: {DRAWS} draws, and two of its mistakes are always equal")


def _apart(values: list[Any], tolerance: float) -> bool:
    """True if no two numbers would pass for each other."""
    return all(
        abs(a - b) > 2 * tolerance * (1 + max(abs(a), abs(b)))
        for i, a in enumerate(values)
        for b in values[:i]
    )


@dataclass(frozen=True)
class Variants:
    """Whose variant is which: one `seed` for all, or with `students` one for each of these."""

    seed: int
    students: Mapping[str, int] | None = None

    def of(self, student: str) -> int | None:
        """The seed of the student's variant; None for somebody who is not on the roster."""
        return self.seed if self.students is None else self.students.get(student)

    def extends(self, other: "Variants") -> bool:
        """True if everybody whom `other` knows has the same variant here."""
        if self.students is None or other.students is None:
            return self == other
        return self.seed == other.seed and other.students.items() <= self.students.items()

    def to_json(self) -> dict[str, Any]:
        """Plain data for `json.dumps`."""
        students = None if self.students is None else dict(sorted(self.students.items()))
        return {"seed": self.seed, **({} if students is None else {"students": students})}

    @classmethod
    def from_json(cls, data: Any) -> "Variants":
        """What `to_json` or a bundle's manifest says. Raises `ValueError` if there is no seed."""
        data = data if isinstance(data, dict) else {}
        seed, students = data.get("seed"), data.get("students")
        numbers = [seed, *(students.values() if isinstance(students, dict) else [])]
        if not (students is None or isinstance(students, dict)) or not all(
            type(number) is int and number >= 0 for number in numbers
        ):
            raise ValueError(
                "no seed of variants in it; give the manifest.json or variants.json that "
                "`companion release --seed` wrote"
            )
        return cls(seed, students)


def load(path: str | Path) -> Variants:
    """The instructor's file. Raises `ValueError` that names it if it is none."""
    text = _text(path)
    try:
        return Variants.from_json(json.loads(text))
    except ValueError as problem:
        raise ValueError(f"{path}: {problem}") from None


def _text(path: str | Path) -> str:
    """The content of an instructor's file. Raises `ValueError` that says why it cannot be read."""
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except OSError as problem:
        raise ValueError(f"{path}: {problem.strerror}; check the path") from None
    except UnicodeDecodeError:
        raise ValueError(f"{path}: it is not in UTF-8; save it as UTF-8 text") from None


def for_roster(seed: int, names: list[str]) -> Variants:
    """A variant for each student, from the seed and the name: the same whenever it is released."""
    key = seed.to_bytes(32, "big")
    return Variants(
        seed,
        {
            name: int.from_bytes(
                hashlib.blake2b(name.encode(), key=key, digest_size=6).digest(), "big"
            )
            for name in names
        },
    )


def roster(path: str | Path) -> list[str]:
    """The names in a text file, one a line, or in the first column of a CSV file.

    They are the names that the submissions' folders or files will have. Raises `ValueError` for a
    file without names, and for names that a person could take for one another.
    """
    from companion.course.intake import names

    lines = _text(path).splitlines()
    rows = [row[0].strip() for row in csv.reader(lines) if row and row[0].strip()]
    if rows and rows[0].casefold() in HEADINGS:
        rows = rows[1:]
    if not rows:
        raise ValueError(f"{path}: no names in it; write one a line")
    try:
        found = [names.checked(name) for name in rows]
    except names.IntakeError as problem:
        raise ValueError(f"{path}: {problem}") from None
    if len(set(found)) < len(found):
        twice = next(name for name in found if found.count(name) > 1)
        raise ValueError(f"{path}: {twice!r} is in it twice; give each student a name of their own")
    for name, others in names.twins(found).items():
        raise ValueError(f"{path}: {name!r} looks like {others[0]!r}; rename one of them")
    return found
