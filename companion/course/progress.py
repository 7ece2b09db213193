"""What a learner has done: a small JSON file, a cache of verdicts, never the only copy of work.

Each exercise's entry holds the last state, a hash of the answer and one of the exercise, so that a
pass counts only for the answer and the exercise that it was given for. The file is replaced
atomically; a damaged one is set aside; where it cannot be written one line says so, and the check
goes on.
"""

import contextlib
import json
import os
import sys
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import filelock
import platformdirs

from companion import cache
from companion.course.exercise import Exercise
from companion.course.report import PASSED, SIGNS, Report

Entry = dict[str, Any]
VERSION = 1
LOCK_SECONDS = 2  # another check holds the lock for milliseconds

_warned: set[str] = set()


def path() -> Path:
    """Where the file is: in `$COMPANION_STATE`, else in the user's state folder."""
    chosen = os.environ.get("COMPANION_STATE", "").strip()
    folder = (
        Path(chosen).expanduser().absolute()
        if chosen
        else platformdirs.user_state_path("llm-companion", appauthor=False)
    )
    return folder / "progress.json"


def load() -> dict[str, Entry]:
    """{exercise: entry}; empty where there is none yet.

    A file that cannot be understood is renamed to `progress.json.damaged-<time>` and said so.
    """
    file = path()
    try:
        data = json.loads(file.read_bytes())
        entries = data["exercises"]
        if data["version"] != VERSION or not all(_is_entry(e) for e in entries.values()):
            raise ValueError("not the expected form")
        return entries
    except FileNotFoundError:
        return {}
    except OSError as error:
        _warn(f"your progress in {file} cannot be read ({error.strerror}); the checks still work")
        return {}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        _set_aside(file)
        return {}


def _is_entry(entry: Any) -> bool:
    return (
        isinstance(entry, dict)
        and entry.get("state") in (None, *SIGNS)
        and type(entry.get("hints_taken", 0)) is int
        and type(entry.get("checks", 0)) is int
    )


def _set_aside(file: Path) -> None:
    aside = file.with_name(f"{file.name}.damaged-{datetime.now(UTC):%Y%m%dT%H%M%S%f}")
    try:
        os.replace(file, aside)
    except OSError as error:
        _warn(f"your progress in {file} is damaged and cannot be moved ({error.strerror})")
    else:
        _warn(f"your progress was damaged and is set aside as {aside}; a new one begins")


def record(report: Report, answer_hash: str | None = None) -> bool:
    """Keep a verdict; False, with one line of warning, where it cannot be kept."""

    def change(entries: dict[str, Entry]) -> None:
        entry = entries.setdefault(report.exercise, {})
        entry["state"], entry["mistake"] = report.state, report.mistake
        entry["answer"] = report.answer if answer_hash is None else answer_hash
        entry["definition"] = report.definition
        entry["when"] = _now()
        entry["checks"] = entry.get("checks", 0) + 1
        if report.state == PASSED:
            entry.setdefault("first_passed", entry["when"])

    return _update(change)


def is_current(entry: Entry, report: Report) -> bool:
    """True if the entry's verdict was given for this very answer and this very exercise."""
    return (entry.get("answer"), entry.get("definition")) == (report.answer, report.definition)


def has_passed(exercise: Exercise) -> bool:
    """True if the last answer checked was right, and the exercise has not changed since."""
    entry = load().get(exercise.name, {})
    return entry.get("state") == PASSED and entry.get("definition") == exercise.fingerprint()


def hints_taken(name: str) -> int:
    """How many rungs of the exercise's ladder the learner has asked for."""
    return load().get(name, {}).get("hints_taken", 0)


def next_hint(exercise: Exercise) -> str | None:
    """The next rung of the ladder, which is recorded as taken; None when all have been."""
    taken = hints_taken(exercise.name)
    if taken >= len(exercise.hints):
        return None

    def change(entries: dict[str, Entry]) -> None:
        entries.setdefault(exercise.name, {})["hints_taken"] = taken + 1

    _update(change)
    return exercise.hints[taken]


def reset(names: Iterable[str] | None = None) -> None:
    """Forget these exercises, or everything."""
    forgotten = None if names is None else set(names)

    def change(entries: dict[str, Entry]) -> None:
        for name in list(entries):
            if forgotten is None or name in forgotten:
                del entries[name]

    _update(change)


def _update(change: Callable[[dict[str, Entry]], None]) -> bool:
    """Read, change and replace the file while no other process does; True if it was written."""
    file = path()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(file.with_name(".progress.lock"), timeout=LOCK_SECONDS)
        with contextlib.suppress(filelock.Timeout), lock:
            entries = load()
            change(entries)
            data = {"version": VERSION, "exercises": entries}
            with cache.atomic_write(file, "w") as opened:
                json.dump(data, opened, ensure_ascii=False, indent=1, sort_keys=True)
            return True
        _warn(f"your progress in {file} is being written by another process; this was not kept")
    except OSError as error:
        _warn(f"your progress is not kept: {file} cannot be written ({error.strerror or error})")
    return False


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _warn(sentence: str) -> None:
    """One line on stderr, once in a process."""
    if sentence not in _warned:
        _warned.add(sentence)
        print(f"companion: {sentence}", file=sys.stderr)
