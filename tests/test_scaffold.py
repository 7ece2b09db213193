"""Tests of companion.course.scaffold: seven files and a row, all of them or none."""

import ast
import json
import os
import subprocess
import sys

import pytest

from companion.course import chapters, scaffold
from companion.course.chapters import Chapter

TABLE = '''"""The table."""

from companion.course.exercise import Exercise as Chapter

CHAPTERS = (
    Chapter(1, "ngram", "Statistical language models", 45, ("shakespeare", "sanguo")),
    Chapter(4, "attention", "Attention", 45),
)


def find(key):
    return key
'''


def _released(chapter):
    return f"released from {chapter.solutions.name}\n"


@pytest.fixture
def house(tmp_path, monkeypatch):
    """An empty house with a table of chapters in it."""
    monkeypatch.setattr(chapters, "ROOT", tmp_path)
    rows = (Chapter(1, "ngram", "", 45), Chapter(4, "attention", "", 45))  # as in TABLE
    monkeypatch.setattr(chapters, "CHAPTERS", rows)
    table = tmp_path / "companion" / "course" / "chapters.py"
    table.parent.mkdir(parents=True)
    table.write_text(TABLE, encoding="utf-8")
    return tmp_path


def _files(house):
    return sorted(p.relative_to(house).as_posix() for p in house.rglob("*") if p.is_file())


def test_a_new_chapter_has_its_seven_files_and_its_row(house):
    laid = scaffold.lay_down("tokenization", 2, "From text to ids", 40, release=_released)
    assert all(path.is_file() for path in laid.chapter.files())
    assert len(laid.files) == 7
    assert _files(house) == [
        "chapters/02_tokenization/tokenization.ipynb",
        "companion/checks/tokenization.py",
        "companion/course/chapters.py",
        "companion/probes/tokenization.py",
        "companion/tokenization.py",
        "exercises/02_tokenization.ipynb",
        "solutions/02_tokenization.ipynb",
        "tests/test_tokenization.py",
    ]
    table = (house / "companion/course/chapters.py").read_text(encoding="utf-8")
    assert '    Chapter(2, "tokenization", "From text to ids", 40),\n' in table
    ast.parse(table)


@pytest.mark.parametrize("number, place", [(2, 1), (5, 2), (99, 2)])
def test_the_row_stands_in_the_order_of_the_numbers(number, place):
    text = scaffold.insert_row(TABLE, Chapter(number, "new", "New", 45))
    rows = [line for line in text.splitlines() if line.startswith("    Chapter(")]
    assert rows[place] == f'    Chapter({number}, "new", "New", 45),'
    assert text.replace(rows[place] + "\n", "") == TABLE  # nothing else has changed


def test_a_long_title_still_gives_a_line_that_ruff_formats_the_same(house):
    title = "A title that is so long that the row of the table does not fit on one line any more"
    text = scaffold.insert_row(TABLE, Chapter(2, "new", title, 45))
    line = [sys.executable, "-m", "ruff", "format", "--line-length", "100", "-"]
    done = subprocess.run(line, input=text, capture_output=True, text=True, check=True)
    assert done.stdout == text


def test_the_notebooks_are_valid_and_their_ids_carry_the_chapters_name(house):
    import nbformat

    laid = scaffold.lay_down("tokenization", 2, "From text to ids", release=_released)
    for path in (laid.chapter.notebook, laid.chapter.solutions):
        book = nbformat.reads(path.read_text(encoding="utf-8"), as_version=4)
        nbformat.validate(book)
        ids = [cell["id"] for cell in book.cells]
        assert len(set(ids)) == len(ids)
        assert all(ident.startswith("tokenization-") for ident in ids)


def test_the_skeleton_is_clean_for_ruff(house):
    scaffold.lay_down("tokenization", 2, "From text to ids", release=_released)
    (house / "exercises/02_tokenization.ipynb").unlink()  # here only a stand-in for a notebook
    config = chapters.Path(scaffold.__file__).parents[2] / "pyproject.toml"
    for task in (["check"], ["format", "--check"]):
        line = [sys.executable, "-m", "ruff", *task, "--no-cache", "--config", str(config), "."]
        done = subprocess.run(line, cwd=house, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "name, number, title, says",
    [
        ("ngram", 9, "T", "taken"),
        ("other", 1, "T", "taken: chapter 1"),
        ("Has-Dash", 9, "T", "'Has-Dash' cannot be a module"),
        ("class", 9, "T", "'class' cannot be a module"),
        ("../evil", 9, "T", "cannot be a module"),
        ("fine", 0, "T", "chapter number 0"),
        ("fine", 100, "T", "chapter number 100"),
        ("fine", 9, " ", "title"),
        ("fine", 9, 'a "quoted" title', "title"),
    ],
)
def test_what_cannot_be_a_chapter_is_refused_and_nothing_is_written(
    house, name, number, title, says
):
    before = _files(house)
    with pytest.raises(ValueError, match=says):
        scaffold.lay_down(name, number, title, release=_released)
    assert _files(house) == before


def test_a_file_that_exists_is_never_written_over(house):
    mine = house / "tests" / "test_tokenization.py"
    mine.parent.mkdir()
    mine.write_text("mine")
    with pytest.raises(ValueError, match="nothing is written over it"):
        scaffold.lay_down("tokenization", 2, "From text to ids", release=_released)
    assert mine.read_text() == "mine"


def test_a_failure_half_way_takes_back_what_was_written(house):
    def fails(chapter):
        raise RuntimeError("no release today")

    before = _files(house)
    with pytest.raises(RuntimeError, match="no release today"):
        scaffold.lay_down("tokenization", 2, "From text to ids", release=fails)
    assert _files(house) == before


def test_the_chapters_own_tests_fail_until_it_is_written(house):
    import companion

    scaffold.lay_down("newborn", 2, "A new chapter", release=_released)
    code = (
        f"import companion; companion.__path__.append({str(house / 'companion')!r})\n"
        f"import companion.checks; companion.checks.__path__.append("
        f"{str(house / 'companion' / 'checks')!r})\n"
        "from companion.course import chapters\n"
        "chapters.CHAPTERS = (chapters.Chapter(2, 'newborn', 'A new chapter', 45),)\n"
        "import sys, pytest\n"
        f"sys.exit(pytest.main(['-q', '-p', 'no:cacheprovider', 'tests/test_newborn.py']))"
    )
    python_path = str(chapters.Path(companion.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=house,
        env={**os.environ, "PYTHONPATH": python_path, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
    )
    assert "2 failed" in done.stdout, done.stdout + done.stderr


def test_the_remaining_work_names_every_place_that_a_person_must_edit(house):
    laid = scaffold.lay_down("tokenization", 2, "From text to ids", release=_released)
    told = "\n".join(laid.remaining)
    for place in ("pyproject.toml", "companion/checks/tokenization.py", "selftest tokenization"):
        assert place in told
    assert json.dumps(laid.remaining)
