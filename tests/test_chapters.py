"""The table of chapters against the files on disk."""

import re

import pytest

from companion.course import catalogue
from companion.course.chapters import CHAPTERS, ROOT, find
from companion.course.notebook import load
from companion.course.notebook.read import source


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.name)
def test_every_file_of_a_chapter_is_there(chapter):
    missing = [str(path.relative_to(ROOT)) for path in chapter.files() if not path.is_file()]
    assert missing == []


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.name)
def test_every_exercise_points_to_a_heading_of_its_chapter(chapter):
    page, exercises = (
        "\n".join(source(c) for c in load(path)["cells"] if c["cell_type"] == "markdown")
        for path in (chapter.notebook, chapter.solutions)
    )
    headings = set(re.findall(r"^#+ (.+)$", page, re.MULTILINE))
    pointed = re.findall(r"from “(.+?)”", exercises)
    assert len(pointed) == len(catalogue.exercises(chapter.name))
    assert set(pointed) <= headings


def test_no_chapter_folder_or_notebook_is_missing_from_the_table():
    stems = {chapter.stem for chapter in CHAPTERS}
    assert {path.name for path in (ROOT / "chapters").iterdir() if path.is_dir()} == stems
    for folder in ("exercises", "solutions"):
        assert {path.stem for path in (ROOT / folder).glob("*.ipynb")} == stems


def test_numbers_rise_and_names_differ():
    numbers = [chapter.number for chapter in CHAPTERS]
    assert numbers == sorted(set(numbers))
    assert len({chapter.name for chapter in CHAPTERS}) == len(CHAPTERS)


def test_a_chapter_is_found_by_name_number_or_stem():
    first = CHAPTERS[0]
    assert find(first.name) is find(first.number) is find(str(first.number)) is find(first.stem)
    with pytest.raises(ValueError, match=r"no chapter 'ngrams'; there are: ngram"):
        find("ngrams")


def test_a_chapter_number_stands_in_the_table_only():
    numbered = re.compile(r"\bch0\d\b|\bchapter_0\d\b")
    for path in (ROOT / "companion").rglob("*.py"):
        assert not numbered.search(path.name), path
        assert not numbered.search(path.read_text(encoding="utf-8")), path


def test_the_readme_lists_every_chapter():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for chapter in CHAPTERS:
        assert f"chapters/{chapter.stem}/{chapter.name}.ipynb" in readme
