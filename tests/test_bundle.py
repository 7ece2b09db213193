"""Tests of what students get: it runs by itself, says what is in it, and holds no solution."""

import hashlib
import json
import os
import re
import subprocess
import sys

import nbformat
import pytest
from class_of import CHAPTER, NAMES, RIGHT

from companion.course import bundle
from companion.course.notebook.read import mark
from companion.course.release import release


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
