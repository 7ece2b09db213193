"""The instructor's desk under load, and beside nbgrader on the same notebooks.

500 submissions of chapter 1 through sandbox, judge and book on two processes; the memory of the
grader while it does so; 50 submissions of a chapter whose answers are in Keras; then twenty
notebooks graded by both, and attacks sent through both.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import misconceptions
import nbgrader_beside as beside
from class_of import CHAPTER, NAMES, RIGHT, notebook, text
from common import machine, table, write_section

from companion.course import bundle, catalogue, chapters, grade
from companion.course.chapters import Chapter
from companion.course.gradebook import GradeBook
from companion.course.notebook import load as read
from companion.course.notebook.read import mark, source
from companion.course.release import release

SUBMISSIONS = 500
KERAS_SUBMISSIONS = 50
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
    cost, done = graded(folder, SUBMISSIONS, memory)
    return [
        [
            f"{SUBMISSIONS} submissions × {len(NAMES)} exercises, {JOBS} processes",
            f"{cost.wall:.0f} s",
        ],
        ["of these right", f"{done.states['passed']}"],
        ["processor seconds", f"{cost.processor:.0f} s"],
        ["processor seconds for one submission", f"{cost.processor / SUBMISSIONS:.2f} s"],
        ["memory of the grader, first third", memory.third(0)],
        ["memory of the grader, second third", memory.third(1)],
        ["memory of the grader, last third", memory.third(2)],
    ]


def graded(folder: Path, count: int, progress=lambda done, total: None):
    """(cost, outcome) of grading all of `in`, from an empty book to the pages."""
    begin, before = time.perf_counter(), time.process_time() + spent()
    with GradeBook(folder / "book") as book:
        done = grade.run(book, folder / "in", grade.executor(jobs=JOBS), progress=progress)
    wall, outside = time.perf_counter() - begin, time.process_time() + spent() - before
    if (done.graded, done.incomplete) != (count, 0):
        raise AssertionError(f"not all were graded: {done}")
    return Cost(wall, outside + done.sandbox_seconds), done


def keras_chapter() -> Chapter | None:
    """The first chapter whose own setup imports Keras."""
    return next((c for c in chapters.CHAPTERS if grade.needs_keras(c)), None)


def keras_load(folder: Path, chapter: Chapter) -> list[list[str]]:
    """Grade a class of that chapter: every other notebook right, the rest with an answer missing.

    A comment makes each answer a text of its own, so that no two notebooks are the same.
    """
    names = list(catalogue.exercises(chapter.name))
    for number in range(KERAS_SUBMISSIONS):
        made = json.loads(chapter.exercises.read_bytes())
        gap = names[number % len(names)] if number % 2 else None
        solved = {mark(c): source(c) for c in read(chapter.solutions)["cells"]}
        for cell in made["cells"]:
            name, role = mark(cell)
            if role == "answer" and name != gap:
                cell["source"] = f"# student {number}\n{solved[name, role]}"
        path = folder / "in" / f"student{number:03d}" / chapter.exercises.name
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(made), encoding="utf-8")
    cost, done = graded(folder, KERAS_SUBMISSIONS)
    wanted = KERAS_SUBMISSIONS * len(names) - KERAS_SUBMISSIONS // 2
    if done.states.get("passed") != wanted:
        raise AssertionError(f"{wanted} answers are right: {done.states}")
    return [
        [
            f"{KERAS_SUBMISSIONS} submissions × {len(names)} exercises, {JOBS} processes",
            f"{cost.wall:.0f} s",
        ],
        ["processor seconds", f"{cost.processor:.0f} s"],
        ["processor seconds for one submission", f"{cost.processor / KERAS_SUBMISSIONS:.1f} s"],
    ]


def marked(text_of: str, given: dict[str, str]) -> dict:
    """The notebook as nbgrader's students get it, with these answers."""
    made = json.loads(text_of)
    for cell in made["cells"]:
        name, role = mark(cell)
        if role == "answer" and name in given:
            cell["source"] = given[name]
    return made


@dataclass(frozen=True)
class Cost:
    """Seconds by the clock on the wall, and of processors in all processes of a command."""

    wall: float
    processor: float


def spent() -> float:
    """Processor seconds of this process's children so far, of those that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def ours(course: Path, book: Path) -> Cost:
    """What the whole command costs on nbgrader's folder of submissions.

    A sandbox is killed with all that is in it, and nobody waits for those processes: what they
    used is what the command says of them, and is added.
    """
    call = "from companion.course.cli import main; main()"
    command = [sys.executable, "-c", call, "grade", course / "submitted", "--out", book, "--json"]
    command += ["--jobs", str(JOBS)]
    surroundings = {**os.environ, "BENCH_CANARY": beside.CANARY, "BENCH_COURSE": str(course)}
    surroundings.pop("PYTHONDONTWRITEBYTECODE", None)  # pip has compiled nbgrader's side as well
    begin, before = time.perf_counter(), spent()
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, env=surroundings)
    wall, outside = time.perf_counter() - begin, spent() - before
    return Cost(wall, outside + json.loads(done.stdout)["sandbox_seconds"])


def marks(book: Path) -> dict[str, float | None]:
    """{student: points} of a book."""
    with GradeBook(book) as opened:
        return {record.student: record.points for record in opened.records()}


def side_by_side(folder: Path, tools: Path, source: str) -> list[list[str]]:
    """The same notebooks in one run, one grader after the other, with equal marks."""
    course = folder / "course"
    given = {f"student{n:02d}": marked(source, answers(n)) for n in range(BESIDE)}
    beside.prepare(course, tools, source, given)
    ours(course, folder / "first")  # both have compiled what they import
    our = ours(course, folder / "book")
    begin, before = time.perf_counter(), spent()
    beside.nbgrader(tools, course, "autograde", "ngram")
    their = Cost(time.perf_counter() - begin, spent() - before)
    found, theirs = marks(folder / "book"), beside.scores(course, tools)
    unlike = {s: (found[s], theirs.get(s)) for s in given if found[s] != theirs.get(s)}
    if unlike:
        raise AssertionError(f"the graders do not agree: {unlike}")
    names = ("wall", f"{BESIDE} notebooks, wall"), ("processor", "processor seconds")
    costs = [(text, getattr(our, name), getattr(their, name)) for name, text in names]
    return [[text, f"{a:.1f} s", f"{b:.1f} s", f"{b / a:.1f}×"] for text, a, b in costs]


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
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the command does
    parts = [f"{machine()}. `python tests/benchmarks/bench_grading.py`"]
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        parts.append(table(["the class", "measured"], load(folder / "load")))
        heavy = keras_chapter()
        if heavy:
            rows = keras_load(folder / "keras", heavy)
            title = f"chapter {heavy.number}, with Keras in each sandbox"
            parts.append(table([title, "measured"], rows))
        given = bundle.with_nbgrader(release(CHAPTER))
        tools = beside.environment(folder / "nbgrader")
        parts.append("Beside nbgrader's `autograde`, from command to marks; the marks are equal.")
        rows = side_by_side(folder / "beside", tools, given)
        parts.append(table(["what", "companion", "nbgrader", "ratio"], rows))
        parts.append("What seven attacks get that answer nothing and deserve nothing:")
        rows = attacks(folder / "attacks", tools, given)
        parts.append(table(["attack", "companion", "nbgrader"], rows))
    write_section("Grading (the instructor's desk)", "\n\n".join(parts))


if __name__ == "__main__":
    main()
