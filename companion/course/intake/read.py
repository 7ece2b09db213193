"""The whole intake: every notebook of a folder or an archive, as a submission or as a refusal."""

import hashlib
import json
from collections.abc import Collection, Iterator
from dataclasses import astuple, dataclass
from pathlib import Path

from companion.course import catalogue, chapters
from companion.course.chapters import Chapter
from companion.course.intake import cells, names, places
from companion.course.intake.cells import Cell
from companion.course.intake.names import IntakeError
from companion.course.notebook.read import Notebook, chapter_of


@dataclass(frozen=True)
class Submission:
    """One notebook of one student: what will be run of it, and when it came."""

    student: str
    chapter: str
    path: str  # inside the folder or the archive
    received: float | None  # seconds since 1970; None where nobody knows
    cells: tuple[Cell, ...]  # the submission's own, the release's setup is not among them
    notes: tuple[str, ...] = ()  # one sentence each

    @property
    def digest(self) -> str:
        """A hash of what will be run: two copies of one notebook are one submission."""
        text = json.dumps([astuple(cell) for cell in self.cells])
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def answers(self) -> dict[str, str]:
        """{exercise: source}; an answer in several cells is joined."""
        found: dict[str, list[str]] = {}
        for cell in self.cells:
            for name in cell.answers:
                found.setdefault(name, []).append(cell.code)
        return {name: "\n\n".join(texts) for name, texts in found.items()}


@dataclass(frozen=True)
class Refusal:
    """A file that is not graded, and why, in one sentence."""

    path: str
    reason: str
    student: str = ""  # where the path says so


def read(
    source: str | Path, chapter: Chapter | None = None, known: Collection[str] = ()
) -> Iterator[Submission | Refusal]:
    """The submissions and refusals in a folder or an archive, one at a time.

    With `chapter` only that chapter's notebooks are taken, and one that names no chapter is taken
    for it. `known` are students that the grade book has: a look-alike of theirs is refused. Raises
    `IntakeError` if `source` is nothing that can be read.
    """
    listed = [m.path for m in places.members(source, contents=False) if not m.fault]
    stems = _stems()
    wrapper = "" if Path(source).is_dir() else names.wrapper(listed, stems)
    alike = names.twins(_spellings(listed, wrapper, stems))
    seen = {names.skeleton(name): name for name in known}
    for member in places.members(source):
        path, student = _printable(member.path), ""
        if member.fault and not path.lower().endswith(".ipynb"):
            yield Refusal(path, member.fault)
            continue
        try:
            spelt = names.spelt(member.path.removeprefix(wrapper), stems)
            student = names.checked(spelt)
            if member.fault:
                raise IntakeError(member.fault)
            _no_twin(spelt, alike.get(spelt, []))
            _no_twin(student, {seen.get(names.skeleton(student), student)} - {student})
            yield _submission(member, path, student, chapter)
        except IntakeError as problem:
            yield Refusal(path, str(problem), student)
        except (RecursionError, MemoryError):
            yield Refusal(path, "it is built to exhaust whoever reads it", student)


def empty(source: str | Path) -> bool:
    """True if there is nothing to take or to refuse. Raises `IntakeError` as `read` does."""
    return not any(True for _ in places.members(source, contents=False))


def _stems() -> list[str]:
    """What chapters' files are called, longest first, so that 01_ngram goes before ngram."""
    found = [stem for c in chapters.CHAPTERS for stem in (c.stem, c.name)]
    return sorted(found, key=len, reverse=True)


def _spellings(paths: list[str], wrapper: str, stems: list[str]) -> Iterator[str]:
    for path in paths:
        try:
            yield names.spelt(path.removeprefix(wrapper), stems)
        except IntakeError:
            continue


def _no_twin(name: str, others: Collection[str]) -> None:
    if others:
        listed = ", ".join(ascii(other) for other in [name, *others])
        raise IntakeError(f"names that look alike ({listed}): rename the file or the folder")


def _submission(member: places.Member, path: str, student: str, only: Chapter | None) -> Submission:
    found = cells.notebook(member.data)
    chapter = _chapter(member.path, found) or only
    if chapter is None:
        raise IntakeError("it says of no chapter that it is its exercises; use --chapter")
    if only is not None and chapter != only:
        raise IntakeError(f"it is of the chapter {chapter.name}, not of {only.name}")
    wanted = list(catalogue.exercises(chapter.name))
    own, notes = cells.runnable(found, chapter, wanted)
    return Submission(student, chapter.name, path, member.modified, own, notes)


def _chapter(path: str, found: Notebook) -> Chapter | None:
    """By the notebook's metadata or file name; else a chapter's stem within the file's name."""
    name = path.rsplit("/", 1)[-1]
    try:
        chapter = chapter_of(name, found)
    except RecursionError:
        raise IntakeError("its metadata is nested too deeply") from None
    return chapter or next((c for c in chapters.CHAPTERS if c.stem in name), None)


def _printable(path: str) -> str:
    """The path for messages: undecodable bytes and control characters are spelt out."""
    shown = path.encode("utf-8", "backslashreplace").decode()
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in shown)[:300]
