"""Tests of companion.course.run: what a notebook costs, and every way in which it can fail."""

import json
import sys

import pytest

from companion.course import run


def _notebook(path, *sources, tags=()):
    """Write a notebook with these code cells; ids a, b, c …"""
    cells = [
        {
            "cell_type": "code",
            "id": chr(ord("a") + i),
            "metadata": {"tags": list(tags)} if tags else {},
            "execution_count": None,
            "outputs": [],
            "source": source,
        }
        for i, source in enumerate(sources)
    ]
    book = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(book), encoding="utf-8")
    return path


def test_a_run_tells_seconds_and_memory_and_keeps_the_outputs(tmp_path):
    path = _notebook(
        tmp_path / "a.ipynb",
        "import time, sys\ntime.sleep(0.2)",
        "block = b'1' * (64 << 20)\ntime.sleep(0.5)\nprint(sys.executable)",
    )
    done = run.execute(path)
    assert done.error is None
    assert 0.2 <= done.import_seconds < done.seconds
    assert done.seconds >= 0.7  # 0.2 s in the import cell, 0.5 s in the other
    assert done.peak_mebibytes > 64
    # the kernel is this Python, whichever kernels are registered
    assert done.notebook.cells[1].outputs[0].text == f"{sys.executable}\n"
    assert "execution" not in done.notebook.cells[1].metadata  # times would change at each run
    assert json.dumps(done.to_json())


def test_a_cell_that_raises_is_named_and_those_after_it_do_not_run(tmp_path):
    done = run.execute(_notebook(tmp_path / "a.ipynb", "x = 1", "x / 0", "print('after')"))
    assert done.error == "cell b: ZeroDivisionError: division by zero"
    assert done.notebook.cells[2].outputs == []


def test_a_cell_that_is_meant_to_raise_may(tmp_path):
    done = run.execute(_notebook(tmp_path / "a.ipynb", "1 / 0", tags=["raises-exception"]))
    assert done.error is None


def test_a_dead_kernel_is_told_in_words(tmp_path):
    done = run.execute(_notebook(tmp_path / "a.ipynb", "import os\nos._exit(1)"))
    assert done.error.startswith("the kernel died")


def test_a_cell_may_take_only_so_long(tmp_path):
    done = run.execute(_notebook(tmp_path / "a.ipynb", "import time\ntime.sleep(60)"), seconds=1)
    assert done.error == "a cell ran for more than 1 s"


def test_the_working_folder_is_the_notebooks_own(tmp_path):
    folder = tmp_path / "deep"
    folder.mkdir()
    (folder / "beside.txt").write_text("here")
    done = run.execute(_notebook(folder / "a.ipynb", "print(open('beside.txt').read())"))
    assert done.notebook.cells[0].outputs[0].text == "here\n"


def test_checks_in_a_notebook_that_is_run_are_nobodys_progress(tmp_path, monkeypatch):
    monkeypatch.setenv("COMPANION_STATE", str(tmp_path / "mine"))
    done = run.execute(
        _notebook(tmp_path / "a.ipynb", "import os\nprint(os.environ['COMPANION_STATE'])")
    )
    assert done.notebook.cells[0].outputs[0].text != f"{tmp_path / 'mine'}\n"


def test_the_executed_notebook_becomes_a_page(tmp_path):
    done = run.execute(_notebook(tmp_path / "a.ipynb", "print(6 * 7)"))
    page = run.write_html(done, tmp_path / "pages")
    assert page == tmp_path / "pages" / "a.html"
    assert ">42\n" in page.read_text(encoding="utf-8")


def test_a_file_that_is_no_notebook_is_refused(tmp_path):
    (tmp_path / "a.ipynb").write_text("not JSON")
    with pytest.raises(ValueError, match=r"a\.ipynb"):
        run.execute(tmp_path / "a.ipynb")
