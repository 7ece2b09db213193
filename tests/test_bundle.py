"""Tests of what students get: it runs by itself, says what is in it, and holds no solution."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys

import nbformat
import pytest
from class_of import CHAPTER, NAMES, RIGHT

from companion import cache
from companion.course import bundle, chapters
from companion.course.notebook.read import mark
from companion.course.release import release
from companion.course.variants import Variants


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundle")
    bundle.write_bundle([CHAPTER], folder)
    return folder


def test_the_manifest_has_the_hash_of_every_file_and_the_locked_versions(made):
    told = json.loads((made / "manifest.json").read_text("utf-8"))
    files = {p.relative_to(made).as_posix() for p in made.rglob("*") if p.is_file()}
    assert set(told["files"]) == files - {"manifest.json"}
    for path, about in told["files"].items():
        data = (made / path).read_bytes()
        assert (about["sha256"], about["bytes"]) == (hashlib.sha256(data).hexdigest(), len(data))
    assert re.fullmatch(r"2\.\d+\.\d+", told["packages"]["numpy"])
    assert [e["name"] for e in told["chapters"][0]["exercises"]] == list(NAMES)
    assert sum(e["points"] for e in told["chapters"][0]["exercises"]) == 16


def test_two_bundles_of_one_source_are_equal(made, tmp_path):
    bundle.write_bundle([CHAPTER], tmp_path)
    assert (tmp_path / "manifest.json").read_bytes() == (made / "manifest.json").read_bytes()


def test_a_bundle_has_no_solutions_no_tests_and_no_other_chapters_checks(made):
    names = [p.relative_to(made).as_posix() for p in made.rglob("*")]
    assert not any(re.match(r"(solutions|tests|\.git|docs)(/|$)", name) for name in names)
    assert not any("__pycache__" in name for name in names)
    rooms = [p.name.removesuffix(".py") for p in (made / "companion" / "checks").iterdir()]
    assert sorted(rooms) == ["__init__", "ngram", "predictions"]
    exercise = (made / "exercises" / f"{CHAPTER.stem}.ipynb").read_text("utf-8")
    assert exercise == release(CHAPTER)
    assert "BEGIN SOLUTION" not in exercise


def test_a_bundle_checks_answers_without_the_repository_it_came_from(made, tmp_path):
    path = made / "exercises" / f"{CHAPTER.stem}.ipynb"
    notebook = json.loads(path.read_bytes())
    for cell in notebook["cells"]:
        if mark(cell) == ("add_k", "answer"):
            cell["source"] = RIGHT["add_k"]
    own = tmp_path / path.name
    own.write_text(json.dumps(notebook), encoding="utf-8")
    call = (
        "import sys, companion; print(companion.__file__)\n"
        "from companion.course import chapters; print([c.name for c in chapters.CHAPTERS])\n"
        "from companion.course.notebook import check_notebook\n"
        "print([r.state for r in check_notebook(sys.argv[1], ['add_k', 'perplexity'])])"
    )
    done = subprocess.run(
        [sys.executable, "-c", call, own],
        cwd=made,
        env=os.environ | {"PYTHONPATH": str(made)},
        capture_output=True,
        text=True,
        check=True,
    )
    where, table, states = done.stdout.splitlines()
    assert where == str(made / "companion" / "__init__.py")
    assert table == "['ngram']"
    assert states == "['passed', 'not attempted']"


def test_nbgraders_metadata_marks_one_cell_an_exercise_and_leaves_answers_alone():
    text = bundle.with_nbgrader(release(CHAPTER))
    notebook = nbformat.reads(text, as_version=4)
    nbformat.validate(notebook)
    ours = [cell.metadata.get("nbgrader") for cell in notebook.cells]
    graded = [about for about in ours if about and about["grade"]]
    assert sum(about["points"] for about in graded) == 16
    assert len(graded) == len(NAMES)
    assert all(about["locked"] and not about["solution"] for about in ours if about)
    idents = [about["grade_id"] for about in ours if about]
    assert len(set(idents)) == len(idents)
    answers = [c for c in notebook.cells if c.metadata.get("exercise", {}).get("role") == "answer"]
    assert not any("nbgrader" in cell.metadata for cell in answers)
    sources = [c.source for c in notebook.cells if c.get("id", "").endswith("-mark")]
    assert all(source.count(f'face.check("{n}"') for n, source in zip(NAMES, sources, strict=True))


# -- what it brings beside the package


def test_a_bundle_of_bert_has_the_weights_that_its_pages_read(tmp_path):
    written = bundle.write_bundle([chapters.find("bert")], tmp_path)
    place = "checkpoints/bert-mini-zh/weights.safetensors"
    assert tmp_path / place in written
    own = (chapters.ROOT / place).read_bytes()
    assert (tmp_path / place).read_bytes() == own
    told = json.loads((tmp_path / "manifest.json").read_bytes())["files"][place]
    assert told == {"sha256": hashlib.sha256(own).hexdigest(), "bytes": len(own)}
    assert [p.name for p in (tmp_path / "checkpoints").iterdir()] == ["bert-mini-zh"]


@pytest.mark.parametrize("chapter", chapters.CHAPTERS, ids=lambda c: c.name)
def test_a_chapter_brings_every_checkpoint_and_record_that_its_pages_name(chapter):
    text = "".join(p.read_text("utf-8") for p in (chapter.notebook, chapter.exercises))
    known = [p.name for p in (chapters.ROOT / "checkpoints").iterdir() if p.name != "finetuned"]
    named = {f"checkpoints/{name}" for name in known if name in text}
    named |= {f"docs/{name}" for name in re.findall(r'records\.\w+\(\\"([^"\\]+)', text)}
    if "tasks.find(" in text:
        named.add("checkpoints/finetuned")
    assert named == set(chapter.brings)
    assert all((chapters.ROOT / path).exists() for path in chapter.brings)


def test_the_table_of_a_bundle_keeps_what_its_chapter_brings(tmp_path):
    bundle.write_bundle([chapters.find("gpt")], tmp_path)
    call = "from companion.course.chapters import CHAPTERS; print(CHAPTERS[0].brings)"
    done = subprocess.run(
        [sys.executable, "-c", call],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == str(chapters.find("gpt").brings)


def test_make_learn_in_a_bundle_opens_its_own_first_chapter_whatever_the_fetch_does(tmp_path):
    if shutil.which("make") is None:
        pytest.skip("there is no make")
    which = [chapters.find("attention"), chapters.find("transformer")]
    bundle.write_bundle(which, tmp_path)
    bin_ = tmp_path / ".venv" / "bin"
    bin_.mkdir(parents=True)
    (bin_ / "companion").write_text('#!/bin/sh\necho "companion $*"\n[ "$1" = lab ]\n')
    (bin_ / "companion").chmod(0o755)
    (tmp_path / ".venv" / ".installed").touch()
    done = subprocess.run(
        ["make", "learn"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr  # the fetch above has failed
    said = [line for line in done.stdout.splitlines() if line.startswith("companion ")]
    assert said == ["companion data fetch --chapter attention", "companion lab attention"]


# -- where it is written


def test_a_folder_with_anything_else_in_it_is_left_as_it_is(tmp_path):
    (tmp_path / "README.md").write_text("mine")
    with pytest.raises(ValueError, match="is no earlier handout; name a new folder"):
        bundle.write_bundle([CHAPTER], tmp_path)
    whose = Variants(7, {"amy": 1})
    with pytest.raises(ValueError, match="is no earlier handout"):
        bundle.write_personal([CHAPTER], tmp_path, whose)
    (tmp_path / "all" / "amy").mkdir(parents=True)
    (tmp_path / "all" / "amy" / "notes").touch()
    (tmp_path / "all" / "variants.json").write_text("{}")
    with pytest.raises(ValueError, match="amy is not empty and is no earlier handout"):
        bundle.write_personal([CHAPTER], tmp_path / "all", Variants(7, {"eve": 2, "amy": 1}))
    assert not (tmp_path / "all" / "eve").exists()
    assert [p.name for p in tmp_path.iterdir() if p.is_file()] == ["README.md"]
    assert (tmp_path / "README.md").read_text() == "mine"


def test_a_later_bundle_replaces_an_earlier_one_and_nothing_else(tmp_path):
    out = tmp_path / "out"
    bundle.write_bundle([CHAPTER], out)
    (out / ".venv").mkdir()
    (out / ".venv" / "own").touch()
    outside = tmp_path / "outside"
    outside.touch()
    told = json.loads((out / "manifest.json").read_bytes())
    told["files"]["../outside"] = {}
    (out / "manifest.json").write_text(json.dumps(told))
    bundle.write_bundle([chapters.find("attention")], out)
    assert [p.name for p in (out / "exercises").iterdir()] == ["04_attention.ipynb"]
    assert not (out / "companion" / "checks" / "ngram.py").exists()
    files = {p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file()}
    listed = set(json.loads((out / "manifest.json").read_bytes())["files"])
    assert files == listed | {"manifest.json", ".venv/own"}
    assert outside.exists()


class Killed(BaseException):
    """What nobody catches, as nobody catches kill -9."""


def killed_at(monkeypatch, count, write, *arguments):
    """Carry out `write` until its file number `count` is half written, and no further."""
    begun = []

    def atomic_write(path):
        if len(begun) == count:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.with_name(f".{path.name}.0123abcd.tmp").write_bytes(b"hal")
            raise Killed
        begun.append(path)
        return cache.atomic_write(path)

    with monkeypatch.context() as patch:
        patch.setattr(bundle, "atomic_write", atomic_write)
        with pytest.raises(Killed):
            write(*arguments)


def holds_a_whole_bundle(folder):
    """Every file and no other is what the manifest lists."""
    files = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    told = json.loads((folder / "manifest.json").read_bytes())["files"]
    return files == {*told, "manifest.json"} and all(
        hashlib.sha256((folder / path).read_bytes()).hexdigest() == about["sha256"]
        for path, about in told.items()
    )


@pytest.mark.parametrize("count", [0, 7])
def test_a_release_that_was_killed_is_carried_out_by_the_next(tmp_path, monkeypatch, count):
    killed_at(monkeypatch, count, bundle.write_bundle, [CHAPTER], tmp_path)
    assert (tmp_path / "unfinished.json").is_file()
    assert not (tmp_path / "manifest.json").exists()
    bundle.write_bundle([chapters.find("attention")], tmp_path)
    assert holds_a_whole_bundle(tmp_path)
    # The same in the place of an earlier bundle: of three chapters the last one's are left.
    killed_at(monkeypatch, count, bundle.write_bundle, [chapters.find("tokenization")], tmp_path)
    bundle.write_bundle([CHAPTER], tmp_path)
    assert holds_a_whole_bundle(tmp_path)


def test_a_release_that_was_killed_before_it_said_what_it_writes_has_written_nothing(tmp_path):
    (tmp_path / "unfinished.json").write_text('{"files": ["comp')
    bundle.write_bundle([CHAPTER], tmp_path)
    assert holds_a_whole_bundle(tmp_path)
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "unfinished.json").write_text('{"files": ["comp')
    (tmp_path / "notes" / "mine").touch()
    with pytest.raises(ValueError, match="is no earlier handout"):
        bundle.write_bundle([CHAPTER], tmp_path / "notes")


@pytest.mark.parametrize("count", [0, 7, -1])
def test_variants_of_which_some_were_written_are_completed(tmp_path, monkeypatch, count):
    whose, one, all_ = Variants(7, {"amy": 1, "bob": 2}), tmp_path / "one", tmp_path / "all"
    files = len(bundle.write_personal([CHAPTER], one, whose))
    killed_at(monkeypatch, count % files, bundle.write_personal, [CHAPTER], all_, whose)
    with pytest.raises(ValueError, match="is no earlier handout"):  # students are in it
        bundle.write_bundle([CHAPTER], all_)
    bundle.write_personal([CHAPTER], all_, whose)
    assert sorted(p.name for p in all_.iterdir()) == ["amy", "bob", "variants.json"]
    for student in ("amy", "bob"):
        assert holds_a_whole_bundle(all_ / student)
        told = [(folder / student / "manifest.json").read_bytes() for folder in (one, all_)]
        assert told[0] == told[1]


def test_a_student_who_comes_later_gets_a_bundle_beside_the_others(tmp_path):
    bundle.write_personal([CHAPTER], tmp_path / "out", Variants(7, {"amy": 1}))
    bundle.write_personal([CHAPTER], tmp_path / "out", Variants(7, {"amy": 1, "bob": 2}))
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["amy", "bob", "variants.json"]
