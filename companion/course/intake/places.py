"""Where notebooks come from: a folder, a zip, a tar. Every member is read in memory, bounded.

An archive is a stranger's claim about sizes, names and kinds of files. So sizes are counted while
reading, links and devices are named and left alone, and nothing is ever written to the disk.
"""

import datetime
import gzip
import os
import stat
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from companion.course.intake.names import IntakeError

NOTEBOOK_BYTES = 16 * 2**20  # the largest notebook; its figures count, so this is generous
TOTAL_BYTES = 4 * 2**30  # all that is ever unpacked of one archive, in memory and piece by piece
MEMBERS = 20_000
DEPTH = 16  # folders within folders
NESTED = (".zip", ".gz", ".tgz", ".tar", ".7z", ".rar", ".xz", ".bz2")
UNKNOWN_ZIP_TIME = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Member:
    """One file: its path with forward slashes, and its bytes or the reason why there are none."""

    path: str
    data: bytes = b""
    modified: float | None = None  # seconds since 1970, as the folder or the archive has it
    fault: str = ""


def members(source: str | Path, contents: bool = True) -> Iterator[Member]:
    """The notebooks in `source`, and the files that should not be there; sorted within a folder.

    With `contents=False` no notebook is read, only listed. Files of other kinds (texts, pictures,
    `.ipynb_checkpoints`, `__MACOSX`) are passed over. Raises `IntakeError` where `source` itself is
    nothing that can be read.
    """
    source = Path(source)
    if source.is_dir():
        return _folder(source, contents)
    if not source.is_file():
        raise IntakeError(f"there is no folder and no archive {source}")
    with open(source, "rb") as file:
        magic = file.read(263)
    if magic[:2] == b"PK":
        return _guarded(source, _zip(source, contents))
    if magic[:2] == b"\x1f\x8b" or magic[257:262] == b"ustar":
        return _guarded(source, _tar(source, contents, magic[:2] == b"\x1f\x8b"))
    raise IntakeError(f"{source} is neither a folder nor a zip, tar or tar.gz archive")


def _guarded(source: Path, inside: Iterator[Member]) -> Iterator[Member]:
    """An archive that breaks in the middle gives what came before, and says that it broke."""
    try:
        yield from inside
    except (Exception, RecursionError) as problem:  # archive readers raise whatever they like
        why = str(problem) if isinstance(problem, IntakeError) else "it is damaged"
        yield Member(source.name, fault=f"the archive could not be read to its end: {why}")


def _wanted(path: str) -> bool:
    """A notebook, and no editor's or system's copy of one."""
    parts = path.split("/")
    hidden = any(part.startswith(".") and part not in (".", "..") for part in parts)
    return path.lower().endswith(".ipynb") and not hidden and "__MACOSX" not in parts


def _nested(path: str) -> bool:
    return path.lower().endswith(NESTED) and "__MACOSX" not in path.split("/")


ARCHIVE_INSIDE = "an archive within: only notebooks are read; unpack it beside the others"
TOO_LARGE = f"larger than {NOTEBOOK_BYTES // 2**20} MiB; clear its outputs and hand it in again"


def _of_kind(mode: int) -> str:
    """What a file is that is no regular file; '' for a regular one."""
    kinds = {
        stat.S_IFLNK: "a symbolic link",
        stat.S_IFIFO: "a named pipe",
        stat.S_IFSOCK: "a socket",
        stat.S_IFCHR: "a device",
        stat.S_IFBLK: "a device",
    }
    return kinds.get(stat.S_IFMT(mode), "")


def _not_read(kind: str) -> str:
    return f"{kind}, not a file; it is not followed: hand in the notebook itself"


def _folder(root: Path, contents: bool) -> Iterator[Member]:
    for here, folders, files in os.walk(root, followlinks=False):
        place = Path(here)
        depth = len(place.relative_to(root).parts)
        folders.sort()
        for name in list(folders):
            if (place / name).is_symlink():
                yield Member(_relative(root, place / name), fault=_not_read("a symbolic link"))
            if name.startswith(".") or name == "__MACOSX":
                folders.remove(name)
        if depth >= DEPTH and folders:
            yield Member(_relative(root, place), fault=f"folders nested deeper than {DEPTH}")
            folders.clear()
        for name in sorted(files):
            yield from _file(place / name, _relative(root, place / name), contents)


def _relative(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix()


def _file(path: Path, shown: str, contents: bool) -> Iterator[Member]:
    try:
        kind = _of_kind(os.lstat(path).st_mode)
        if kind:
            yield Member(shown, fault=_not_read(kind))
        elif _nested(shown):
            yield Member(shown, fault=ARCHIVE_INSIDE)
        elif _wanted(shown):
            yield _regular(path, shown) if contents else Member(shown)
    except OSError as problem:
        yield Member(shown, fault=f"cannot be read: {problem.strerror}")


def _regular(path: Path, shown: str) -> Member:
    # A file may be swapped for a pipe between two looks: then open must neither follow nor wait.
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    with open(os.open(path, flags | getattr(os, "O_BINARY", 0)), "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            return Member(shown, fault=_not_read("a special file"))
        data = file.read(NOTEBOOK_BYTES + 1)
    return _bounded(shown, data, status.st_mtime)


def _bounded(path: str, data: bytes, modified: float | None) -> Member:
    if len(data) > NOTEBOOK_BYTES:
        return Member(path, modified=modified, fault=TOO_LARGE)
    return Member(path, data, modified)


def _zip(source: Path, contents: bool) -> Iterator[Member]:
    total = 0
    with zipfile.ZipFile(source) as archive:
        infos = archive.infolist()
        if len(infos) > MEMBERS:
            raise IntakeError(f"it has more than {MEMBERS} members")
        for info in infos:
            path, kind = _zip_name(info), _of_kind(info.external_attr >> 16)
            if kind:
                yield Member(path, fault=_not_read(kind))
            elif info.is_dir():
                continue
            elif _nested(path):
                yield Member(path, fault=ARCHIVE_INSIDE)
            elif _wanted(path):
                member = _zip_member(archive, info, path) if contents else Member(path)
                total += len(member.data)
                if total > TOTAL_BYTES:
                    raise IntakeError(f"it holds more than {TOTAL_BYTES // 2**30} GiB")
                yield member


def _zip_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: str) -> Member:
    if info.flag_bits & 1:
        return Member(path, fault="encrypted: hand it in without a password")
    try:
        with archive.open(info) as file:
            data = file.read(NOTEBOOK_BYTES + 1)  # whatever size its header claims
    except (Exception, RecursionError):  # unknown compression, wrong checksum, cut short
        return Member(path, fault="damaged inside the archive")
    return _bounded(path, data, _zip_time(info))


def _zip_name(info: zipfile.ZipInfo) -> str:
    """The member's name; older Chinese Windows writes GBK and says nothing of it."""
    name = info.filename
    if info.flag_bits & 0x800 or name.isascii():
        return name
    raw = name.encode("cp437", "replace")  # zipfile decoded it as this
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return name


def _zip_time(info: zipfile.ZipInfo) -> float | None:
    """Zip times are local times without a zone, in steps of two seconds."""
    if info.date_time == UNKNOWN_ZIP_TIME:
        return None
    try:
        return datetime.datetime(*info.date_time).timestamp()
    except (ValueError, OverflowError, OSError):
        return None


class _Counted(gzip.GzipFile):
    """A gzip stream that will not unpack more than `TOTAL_BYTES`, nor much of it at once."""

    def read(self, size=-1):
        if size is None or size < 0 or size > 2 * NOTEBOOK_BYTES:
            raise IntakeError("a header in it asks for too much memory")
        self._count(self.tell() + size)
        return super().read(size)

    def seek(self, offset, whence=0):
        self._count(offset)
        return super().seek(offset, whence)

    def _count(self, end):
        if end > TOTAL_BYTES:
            raise IntakeError(f"it unpacks to more than {TOTAL_BYTES // 2**30} GiB")


def _tar(source: Path, contents: bool, zipped: bool) -> Iterator[Member]:
    with (
        _Counted(source) if zipped else open(source, "rb") as stream,
        tarfile.open(fileobj=stream, mode="r:") as archive,
    ):
        number = 0
        while (info := archive.next()) is not None:
            archive.members.clear()  # tarfile remembers every header that it has seen
            number += 1
            if number > MEMBERS:
                raise IntakeError(f"it has more than {MEMBERS} members")
            path = info.name
            if info.issym() or info.islnk():
                yield Member(path, fault=_not_read("a link"))
            elif info.isdir():
                continue
            elif not info.isreg():
                yield Member(path, fault=_not_read("a device or a named pipe"))
            elif _nested(path):
                yield Member(path, fault=ARCHIVE_INSIDE)
            elif _wanted(path):
                data = archive.extractfile(info).read(NOTEBOOK_BYTES + 1) if contents else b""
                yield _bounded(path, data, float(info.mtime) or None)
