"""The instructor's desk under load, and beside nbgrader on the same notebooks.

500 submissions of chapter 1 through sandbox, judge and book on two processes; the memory of the
grader while it does so; then twenty notebooks graded by both, and attacks sent through both.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import misconceptions
import nbgrader_beside as beside
from class_of import CHAPTER, NAMES, RIGHT, notebook, text
from common import machine, table, write_section

from companion.course import bundle, grade
from companion.course.gradebook import GradeBook
from companion.course.notebook.read import mark
from companion.course.release import release

SUBMISSIONS = 500
JOBS = 2
BESIDE = 20
MIB = 2**20


def answers(number: int) -> dict[str, str]:
    """A class as it is: half of it right, the rest with the catalogue's mistakes, or with gaps."""
    if number % 2 == 0:
        return RIGHT
    rounds = misconceptions.rounds("ngram")
    wrong = misconceptions.answers("ngram", rounds[number % len(rounds)])
    gaps = set(NAMES[-(number % 3) :]) if number % 3 else set()
    return {name: code for name, code in {**RIGHT, **wrong}.items() if name not in gaps}


class Memory:
    """Resident MiB of this process and of its grading processes, sandboxes left out, over time."""

    def __init__(self):
        self.samples: list[float] = []

    def __call__(self, done: int, total: int) -> None:
        if done % 10:
            return
        me = psutil.Process()
        graders = [p for p in me.children() if p.name().startswith("python")]
        self.samples.append(sum(p.memory_info().rss for p in (me, *graders)) / MIB)

    def third(self, number: int) -> str:
        """The mean over the first, second or last third, once all processes have started."""
        samples = self.samples[2:]
        size = len(samples) // 3
        part = samples[number * size : (number + 1) * size]
        return f"{sum(part) / len(part):.0f} MiB"


def load(folder: Path) -> list[list[str]]:
    """Grade the class from an empty book to the pages."""
    for number in range(SUBMISSIONS):
        path = folder / "in" / f"student{number:03d}" / f"{CHAPTER.stem}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(text(notebook(answers(number))), encoding="utf-8")
    memory = Memory()
    begin = time.perf_counter()
    with GradeBook(folder / "book") as book:
        done = grade.run(book, folder / "in", grade.executor(jobs=JOBS), progress=memory)
    seconds = time.perf_counter() - begin
    if (done.graded, done.incomplete) != (SUBMISSIONS, 0):
        raise AssertionError(f"not all were graded: {done}")
    return [
        [
            f"{SUBMISSIONS} submissions × {len(NAMES)} exercises, {JOBS} processes",
            f"{seconds:.0f} s",
        ],
        ["of these right", f"{done.states['passed']}"],
        ["per submission and processor", f"{seconds * JOBS / SUBMISSIONS:.2f} s"],
        ["memory of the grader, first third", memory.third(0)],
        ["memory of the grader, second third", memory.third(1)],
        ["memory of the grader, last third", memory.third(2)],
    ]


def marked(source: str, given: dict[str, str]) -> dict:
    """The notebook as nbgrader's students get it, with these answers."""
    made = json.loads(source)
    for cell in made["cells"]:
        name, role = mark(cell)
        if role == "answer" and name in given:
            cell["source"] = given[name]
    return made


def ours(course: Path, book: Path) -> float:
    """Seconds of the whole command on nbgrader's folder of submissions."""
    call = "from companion.course.cli import main; main()"
    command = [sys.executable, "-c", call, "grade", course / "submitted", "--out", book, "--json"]
    command += ["--jobs", str(JOBS)]
    surroundings = {**os.environ, "BENCH_CANARY": beside.CANARY, "BENCH_COURSE": str(course)}
    begin = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=surroundings)
    return time.perf_counter() - begin


def marks(book: Path) -> dict[str, float | None]:
    """{student: points} of a book."""
    with GradeBook(book) as opened:
        return {record.student: record.points for record in opened.records()}


def side_by_side(folder: Path, tools: Path, source: str) -> list[list[str]]:
    """The same notebooks in one run, one grader after the other, with equal marks."""
    course = folder / "course"
    given = {f"student{n:02d}": marked(source, answers(n)) for n in range(BESIDE)}
    beside.prepare(course, tools, source, given)
    our_seconds = ours(course, folder / "book")
    begin = time.perf_counter()
    beside.nbgrader(tools, course, "autograde", "ngram")
    their_seconds = time.perf_counter() - begin
    found, theirs = marks(folder / "book"), beside.scores(course, tools)
    unlike = {s: (found[s], theirs.get(s)) for s in given if found[s] != theirs.get(s)}
    if unlike:
        raise AssertionError(f"the graders do not agree: {unlike}")
    return [
        [f"{BESIDE} notebooks", f"{our_seconds:.1f} s", f"{their_seconds:.1f} s"],
        ["ratio", "1", f"{their_seconds / our_seconds:.1f}×"],
    ]


def attacks(folder: Path, tools: Path, source: str) -> list[list[str]]:
    """What each attack gets out of each grader: points it does not deserve, a leak, a survivor."""
    course, book = folder / "course", folder / "book"
    names = {f"attacker{n:02d}": name for n, name in enumerate(beside.ATTACKS)}
    given = {s: marked(source, {NAMES[0]: beside.ATTACKS[a]}) for s, a in names.items()}
    honest = {**RIGHT, NAMES[0]: f"# honest-mark\n{RIGHT[NAMES[0]]}"}
    beside.prepare(course, tools, source, {**given, "honest00": marked(source, honest)})
    ours(course, book)
    our_survivors = beside.survivors()
    beside.nbgrader(tools, course, "autograde", "ngram")
    their_survivors = beside.survivors()
    mine, theirs = marks(book), beside.scores(course, tools)

    def got(student: str, points: float | None, place: Path, left: list[int]) -> str:
        gains = [f"{points:g} points"] if points else []
        gains += ["leak"] if beside.leaked(place, student) else []
        gains += ["survives"] if left and "left behind" in names.get(student, "") else []
        return ", ".join(gains) or "nothing"

    return [
        [
            name,
            got(student, mine[student], book, our_survivors),
            got(student, theirs.get(student), course / "autograded", their_survivors),
        ]
        for student, name in names.items()
    ]


def main() -> None:
    """Measure, print, and write the section of `docs/benchmarks.md`."""
    parts = [f"{machine()}. `python tests/benchmarks/bench_grading.py`"]
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        parts.append(table(["the class", "measured"], load(folder / "load")))
        source = bundle.with_nbgrader(release(CHAPTER))
        tools = beside.environment(folder / "nbgrader")
        parts.append("Beside nbgrader's `autograde`, from command to marks; the marks are equal.")
        rows = side_by_side(folder / "beside", tools, source)
        parts.append(table(["what", "companion", "nbgrader"], rows))
        parts.append("What seven attacks get that answer nothing and deserve nothing:")
        rows = attacks(folder / "attacks", tools, source)
        parts.append(table(["attack", "companion", "nbgrader"], rows))
    write_section("Grading (the instructor's desk)", "\n\n".join(parts))


if __name__ == "__main__":
    main()
