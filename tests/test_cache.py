"""The cache writes whole files and whole folders, or nothing."""

import errno
import os
import subprocess
import sys

import filelock
import pytest

from companion import cache


@pytest.fixture(autouse=True)
def data(tmp_path, monkeypatch):
    monkeypatch.setenv("COMPANION_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


def test_the_root_is_the_environments_else_the_users_cache_and_is_not_created(data, monkeypatch):
    assert cache.root() == data
    assert not data.exists()
    monkeypatch.setenv("COMPANION_DATA", "  ")
    assert cache.root().name == "llm-companion"
    monkeypatch.setenv("COMPANION_DATA", "here")
    assert cache.root().is_absolute()


def test_an_atomic_write_appears_only_when_its_block_ends(data):
    path = data / "deep" / "file.bin"
    with cache.atomic_write(path) as file:
        file.write(b"new")
        assert not path.exists()
    assert path.read_bytes() == b"new"
    assert os.listdir(path.parent) == ["file.bin"]


def test_text_is_written_as_utf8_with_the_newlines_it_has(data):
    with cache.atomic_write(data / "t.txt", "w") as file:
        file.write("爱\n")
    assert (data / "t.txt").read_bytes() == b"\xe7\x88\xb1\n"  # U+7231 in UTF-8 is E7 88 B1


def test_a_block_that_raises_leaves_the_old_content_and_no_leftover(data):
    path = data / "file.txt"
    with cache.atomic_write(path, "w") as file:
        file.write("old")

    def fail():
        with cache.atomic_write(path, "w") as file:
            file.write("half of the n")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert path.read_text() == "old"
    assert os.listdir(data) == ["file.txt"]


def test_a_mode_that_would_not_write_a_whole_file_is_refused(data):
    with pytest.raises(ValueError, match="'a'"), cache.atomic_write(data / "x", "a"):
        pass
    assert not data.exists()


def test_leftovers_of_killed_processes_go_but_those_of_live_ones_stay(data):
    data.mkdir()
    dead, live = data / ".f.0123abcd.tmp", data / ".f.89abcdef.tmp"
    dead.touch()
    live.touch()
    os.utime(dead, (0, 0))
    with cache.atomic_write(data / "f") as file:
        file.write(b"")
    assert not dead.exists()
    assert live.exists()


def test_a_folder_replaces_a_folder_as_a_whole(data):
    for name, member in (("target", "old"), ("prepared", "new")):
        (data / name).mkdir(parents=True)
        (data / name / member).write_text(member)
    cache.replace_directory(data / "prepared", data / "target")
    assert os.listdir(data) == ["target"]
    assert os.listdir(data / "target") == ["new"]


def test_a_lock_keeps_a_second_holder_out_and_a_killed_one_frees_it(data):
    with cache.lock("a"):
        with pytest.raises(filelock.Timeout):
            cache.lock("a", timeout=0).acquire()
        with cache.lock("b", timeout=0):
            pass  # another name is another lock
    script = (
        "import os, signal; from companion import cache; cache.lock('a').acquire(); "
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", script]).returncode == -9
    with cache.lock("a", timeout=0):
        pass


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOSPC, "is full: free some space"),
        (errno.EROFS, "cannot be written"),
        (errno.ENOTDIR, "cannot be written"),
        (errno.EIO, "check the disk"),
    ],
)
def test_an_error_of_the_disk_is_explained_in_one_sentence_with_a_remedy(number, said, data):
    sentence = cache.explain(OSError(number, os.strerror(number)))
    assert said in sentence
    assert str(data) in sentence
    assert "COMPANION_DATA" in sentence
    assert "\n" not in sentence


def test_the_cache_imports_no_keras():
    script = (
        "import sys; import companion.cache, companion.corpora; "
        "assert not {'keras', 'tensorflow', 'matplotlib'} & set(sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script]).returncode == 0
