"""Where fetched things live, and how they get there whole or not at all.

Used by every chapter through `corpora` and `checkpoints`, and by the course for a learner's
progress. A file or a folder is first written beside its place and then renamed into it, so that
a full disk or a killed process leaves what was there before.
"""

import contextlib
import errno
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING

import platformdirs

if TYPE_CHECKING:
    import filelock

STALE_SECONDS = 3600  # a temporary file this old belongs to a process that was killed


def root() -> Path:
    """The folder of everything fetched: `$COMPANION_DATA`, else the user's cache folder.

    The folder is not created; the writing functions of this module do that.
    """
    chosen = os.environ.get("COMPANION_DATA", "").strip()
    if chosen:
        return Path(chosen).expanduser().absolute()
    return platformdirs.user_cache_path("llm-companion", appauthor=False)


@contextlib.contextmanager
def atomic_write(path: str | Path, mode: str = "wb") -> Iterator[IO]:
    """Yield a file that becomes `path` when the block ends well, and vanishes when it does not.

    `mode` is `"wb"` (bytes) or `"w"` (UTF-8 text, newlines as written). Raises `ValueError` for
    another mode and `OSError` as the system does; `path` then still holds its old content.
    """
    if mode not in ("wb", "w"):
        raise ValueError(f'mode must be "wb" or "w", not {mode!r}: only whole files are written')
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    _remove_stale(path)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    text = {} if mode == "wb" else {"encoding": "utf-8", "newline": "\n"}
    try:
        with open(temporary, mode, **text) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
        _sync_folder(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def replace_directory(source: str | Path, target: str | Path) -> None:
    """Rename the finished folder `source` to `target`, an older `target` being removed.

    Both must be on one file system. Every file of `source` is on the disk before the rename;
    killed in the middle, `target` is the old folder, the new one, or absent, never half of one.
    """
    source, target = Path(source), Path(target)
    for file in source.rglob("*"):
        if file.is_file():
            with open(file, "rb") as opened:
                os.fsync(opened.fileno())
    target.parent.mkdir(parents=True, exist_ok=True)
    old = source.with_name(f"{source.name}.old")
    if target.exists():
        os.replace(target, old)  # a folder cannot be renamed onto one that is not empty
    os.replace(source, target)
    _sync_folder(target.parent)
    shutil.rmtree(old, ignore_errors=True)


def lock(name: str, timeout: float = -1) -> "filelock.BaseFileLock":
    """A lock between processes, `with cache.lock("shakespeare"):`; the system frees it on a kill.

    `timeout` in seconds; -1 waits as long as it takes. Raises `filelock.Timeout` after that.
    """
    import filelock  # brings asyncio with it: too much for everybody who only wants `root`

    folder = root() / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    return filelock.FileLock(folder / f"{name}.lock", timeout=timeout)


def explain(error: OSError) -> str:
    """One sentence for a learner: why the cache could not be written, and what to do about it."""
    place = root()
    if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
        return (
            f"The disk of {place} is full: free some space, or set COMPANION_DATA to a folder on "
            "another disk."
        )
    readonly = (errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EEXIST)
    if error.errno in readonly:
        return (
            f"The cache folder {place} cannot be written ({error.strerror}): "
            "set COMPANION_DATA to a folder of yours."
        )
    return (
        f"The cache folder {place} failed ({error}): check the disk, or set COMPANION_DATA to "
        "another folder."
    )


def _remove_stale(path: Path) -> None:
    """Remove what killed processes left beside `path`; a live one is younger than an hour."""
    for leftover in path.parent.glob(f".{path.name}.????????.tmp"):
        with contextlib.suppress(OSError):
            if time.time() - leftover.stat().st_mtime > STALE_SECONDS:
                leftover.unlink()


def _sync_folder(folder: Path) -> None:
    """Put a rename on the disk (Windows has no such call, and does not need it)."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
