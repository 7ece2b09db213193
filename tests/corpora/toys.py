"""Archives made for the tests, and what the tests say again and again."""

import io
import random
import tarfile
import zipfile
from pathlib import Path

import pytest

from companion import corpora
from companion.corpora import archives, registry
from companion.corpora.pins import Archive
from companion.corpora.records import CorpusUnavailable
from companion.corpora.registry import CorpusInfo

POEM = "Tyger Tyger, burning bright,\nIn the forests of the night;\n"
NOISE = random.Random(0).randbytes(300_000)  # does not compress, so that it fills a small disk


def make_sdist(folder: Path, files: dict[str, bytes], package: str = "toycorpus") -> Archive:
    """An sdist whose setup.py fails, so that a test fails if anything runs it."""
    file = folder / f"{package}-1.0.tar.gz"
    head = f"Metadata-Version: 1.1\nName: {package}\nVersion: 1.0\n".encode()
    content = {"PKG-INFO": head, "setup.py": b"raise SystemExit('code of the archive was run')"}
    with tarfile.open(file, "w:gz") as out:
        for name, data in (content | files).items():
            entry = tarfile.TarInfo(f"{package}-1.0/{name}")
            entry.size = len(data)
            out.addfile(entry, io.BytesIO(data))
    return Archive(package, "1.0", "sdist", archives.sha256(file), file.stat().st_size)


def make_wheel(folder: Path, files: dict[str, bytes], package: str = "toywheel") -> Archive:
    file = folder / f"{package}-1.0-py3-none-any.whl"
    info = f"{package}-1.0.dist-info"
    head = f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n".encode()
    wheel = b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as out:
        for name, data in (
            files | {f"{info}/METADATA": head, f"{info}/WHEEL": wheel, f"{info}/RECORD": b""}
        ).items():
            out.writestr(name, data)
    return Archive(package, "1.0", "wheel", archives.sha256(file), file.stat().st_size)


def entry(name: str, archive: Archive, members: dict[str, str], **more) -> CorpusInfo:
    return CorpusInfo(name, ("en",), "a toy", "MIT", "this test", archive, members, "texts", **more)


def register(monkeypatch, info: CorpusInfo) -> None:
    monkeypatch.setitem(registry.CORPORA, info.name, info)


def snapshot(folder: Path) -> dict[str, bytes]:
    """Every file of the cache but the locks, which stay and hold nothing."""
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file() and file.suffix != ".lock"
    }


def refusal(name: str) -> str:
    """Fetching fails with one sentence, which is returned, and the corpus is not there."""
    with pytest.raises(CorpusUnavailable) as caught:
        corpora.fetch(name)
    message = str(caught.value)
    assert "\n" not in message
    assert message.endswith(".")
    assert not corpora.is_cached(name)
    return message
