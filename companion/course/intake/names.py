"""Whose notebook is it? The path says so, and nothing inside the notebook does.

    alice/01_ngram.ipynb                        a folder for each student (nbgrader's too)
    alice_01_ngram.ipynb, 01_ngram-alice.ipynb  the name in the file's name
    Alice A_123_assignsubmission_file_/…        Moodle
    alicea_LATE_123_456_01_ngram.ipynb          Canvas

A folder around all that an archive holds (`submissions/`) is passed over. Names that a person could
take for one another are refused together: nobody's work may be replaced by a look-alike's.
"""

import contextlib
import hashlib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable

NAME = 80  # characters of a student's name
MOODLE = re.compile(r"^(?P<name>.+?)_\d+_assignsubmission_.*$")
CANVAS = re.compile(r"^(?P<name>[^_]+)(_LATE)?_\d+_\d+_.*$")
# Cyrillic and Greek letters that look like Latin ones.
ALIKE = str.maketrans("аеорсухіјѕһԁɡοανκιτυρ", "aeopcyxijshdgoavkitup")


class IntakeError(ValueError):
    """What cannot be taken in; the message is one sentence for the instructor."""


def parts(path: str) -> list[str]:
    """The path's folders and its file. Raises `IntakeError` if it leads anywhere else."""
    if "\\" in path or path.startswith("/") or re.match(r"^[A-Za-z]:", path):
        raise IntakeError("its path is absolute or not a relative path with forward slashes")
    found = [part for part in path.split("/") if part not in ("", ".")]
    if ".." in found:
        raise IntakeError("its path climbs out of the archive with `..`")
    if not found:
        raise IntakeError("it has no name")
    return found


def wrapper(paths: Iterable[str], stems: Collection[str]) -> str:
    """The folder around all of an archive's paths that is no student's; '' if there is none.

    It is a wrapper if what is in it are folders that are no chapter's, or notebooks that each name
    a student.
    """
    split = []
    for path in paths:
        with contextlib.suppress(IntakeError):
            split.append(parts(path))
    if not split or any(len(one) < 2 or one[0] != split[0][0] for one in split):
        return ""
    if all(len(one) == 2 for one in split):
        rests = {_rest(one[1], stems) for one in split}
        wraps = len(rests) > 1 and all(any(c.isalpha() for c in rest) for rest in rests)
    else:
        folders = {one[1] for one in split}
        wraps = all(len(one) > 2 for one in split) and len(folders) > 1 and not folders & {*stems}
    return f"{split[0][0]}/" if wraps else ""


def spelt(path: str, stems: Collection[str]) -> str:
    """The student's name as the path spells it; `stems` are what chapters' files are called.

    Raises `IntakeError` for a path that names nobody.
    """
    found = parts(path)
    if len(found) > 1:
        match = MOODLE.match(found[0])
        return match["name"] if match else found[0]
    match = CANVAS.match(found[0])
    if match:
        return match["name"]
    rest = _rest(found[0], stems)
    if not rest:
        raise IntakeError(
            "its path names no student: put it into a folder with the student's name, or the name "
            "into the file's, as in alice_01_ngram.ipynb"
        )
    return rest


def _rest(file: str, stems: Iterable[str]) -> str:
    """What a file's name says besides the chapter."""
    stem = file.rsplit(".", 1)[0]
    for known in stems:
        shorter = re.sub(rf"(^|[-_. ]){re.escape(known)}($|[-_. ])", " ", stem).strip()
        if shorter != stem:
            return shorter
    return stem


def checked(name: str) -> str:
    """The name in composed form. Raises `IntakeError` for what no name has."""
    name = unicodedata.normalize("NFC", name).strip()
    if not any(c.isalnum() for c in name):
        raise IntakeError("the student's name has no letter and no digit")
    if len(name) > NAME:
        raise IntakeError(f"the student's name is longer than {NAME} characters")
    for c in name:
        if unicodedata.category(c)[0] == "C" or unicodedata.category(c) in ("Zl", "Zp"):
            raise IntakeError(
                f"the student's name has an invisible or control character (U+{ord(c):04X})"
            )
    return name


def skeleton(name: str) -> str:
    """What is left of a name when case, width, composition and alphabet are not looked at."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return folded.translate(ALIKE).replace(" ", "").replace("_", "")


def stem(student: str) -> str:
    """What a student's files are called: letters, digits, `-`, `_`; a hash keeps others apart."""
    kept = "".join(c if c.isalnum() or c in "-_" else "_" for c in student)
    if kept != student or not student.isascii():
        kept += "-" + hashlib.sha256(student.encode()).hexdigest()[:8]
    return unicodedata.normalize("NFC", kept)


def twins(names: Iterable[str]) -> dict[str, list[str]]:
    """{spelling: the others that look like it}, for the spellings that have such a twin."""
    alike = defaultdict(set)
    for name in names:
        alike[skeleton(name)].add(name)
    return {
        name: sorted(group - {name}) for group in alike.values() if len(group) > 1 for name in group
    }
