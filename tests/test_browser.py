"""A learner's first hour, in a real browser: JupyterLab on chapter 1, then its exercises.

Needs Chromium (`apt-get install chromium`); `.ci/run` installs it. Elsewhere the tests are skipped
and say so.
"""

import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import nbformat
import pytest

from companion.course import catalogue
from companion.course.chapters import ROOT, find

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
TOKEN = "learner"
CHAPTER = find("ngram")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
]


@pytest.fixture(scope="module")
def desk(tmp_path_factory) -> Path:
    """A learner's folder: copies, so that nothing in the repository is touched."""
    folder = tmp_path_factory.mktemp("desk")
    for name in ("chapters", "exercises"):
        shutil.copytree(ROOT / name, folder / name)
    for path in folder.rglob("*.ipynb"):  # outputs must come from the run that the test watches
        notebook = nbformat.read(path, as_version=4)
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        nbformat.write(notebook, path)
    return folder


@pytest.fixture(scope="module")
def lab(desk, tmp_path_factory):
    """The address of a JupyterLab that serves the desk."""
    home = tmp_path_factory.mktemp("home")
    for plugin, value in (
        # Cells outside the window are not in the page unless windowing is off.
        ("notebook-extension/tracker", '{"windowingMode": "none"}'),
        # Asked for news, the server would call the internet.
        ("apputils-extension/notification", '{"fetchNews": "false", "checkForUpdates": false}'),
    ):
        path = home / "settings" / "@jupyterlab" / f"{plugin}.jupyterlab-settings"
        path.parent.mkdir(parents=True)
        path.write_text(value)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    from companion import cache

    environment = os.environ | {
        "COMPANION_DATA": str(cache.root()),
        "COMPANION_STATE": str(home / "state"),
        "COMPANION_DEVICE": "cpu",
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "IPYTHONDIR": str(home / "ipython"),
    }
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
    command += [f"--port={port}", f"--IdentityProvider.token={TOKEN}", f"--notebook-dir={desk}"]
    with (home / "lab.log").open("w") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(120):
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"{address}/api?token={TOKEN}", timeout=2).close()
                break
            assert server.poll() is None, (home / "lab.log").read_text()[-2000:]
            time.sleep(0.5)
        yield address
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    quiet = ["disable-gpu", "disable-quic", "no-first-run", "disable-background-networking"]
    quiet += ["disable-component-update", "disable-sync", "no-sandbox", "disable-dev-shm-usage"]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM, args=[f"--{flag}" for flag in quiet]
        )
        yield chromium
        chromium.close()


@pytest.fixture
def open_notebook(lab, browser):
    pages = []

    def opened(path: str):
        page = browser.new_page(viewport={"width": 1300, "height": 1000})
        pages.append(page)
        page.goto(f"{lab}/lab/tree/{path}?token={TOKEN}&reset")
        idle(page, 90)
        return page

    yield opened
    for page in pages:
        page.close()


def idle(page, seconds: float) -> None:
    """Wait until the kernel rests; before that JupyterLab answers with a dialog."""
    page.wait_for_selector("#jp-main-statusbar :text-matches('\\\\| Idle')", timeout=seconds * 1000)


def menu(page, *names: str) -> None:
    for name in names:
        page.locator(".lm-MenuBar-itemLabel, .lm-Menu-itemLabel").get_by_text(
            name, exact=True
        ).first.click()


def run_all(page, seconds: float) -> None:
    menu(page, "Run", "Run All Cells")
    # Every cell that was sent shows [*] until it has run.
    page.wait_for_function(
        "() => [...document.querySelectorAll('.jp-Notebook .jp-CodeCell .jp-InputPrompt')]"
        ".every(prompt => /\\[\\d+\\]/.test(prompt.textContent))",
        timeout=seconds * 1000,
    )


def cell_of(page, name: str, role: str, notebook: Path):
    """The page's cell whose metadata say that it is this exercise's answer or check."""
    cells = nbformat.read(notebook, as_version=4).cells
    wanted = {"name": name, "role": role}
    index = [
        i for i, c in enumerate(cells) if wanted.items() <= c.metadata.get("exercise", {}).items()
    ]
    assert len(index) == 1, f"{name}: {len(index)} {role} cells"
    return page.locator(".jp-Notebook .jp-Cell").nth(index[0])


def type_and_run(page, cell, source: str | None) -> None:
    """Replace the cell's source as a learner would (None: leave it), and run it."""
    editor = cell.locator(".cm-content")
    editor.click()
    if source is not None:
        page.keyboard.press("Control+a")
        page.keyboard.press("Delete")
        page.keyboard.insert_text(source)
    before = cell.locator(".jp-InputPrompt").text_content()
    page.keyboard.press("Control+Enter")
    handle = cell.locator(".jp-InputPrompt").element_handle()
    page.wait_for_function(
        "([prompt, before]) => /\\[\\d+\\]/.test(prompt.textContent)"
        " && prompt.textContent !== before",
        arg=[handle, before],
        timeout=30_000,
    )


def test_the_chapter_runs_from_top_to_bottom_and_shows_its_figures(open_notebook):
    path = CHAPTER.notebook.relative_to(ROOT).as_posix()
    page = open_notebook(path)
    run_all(page, 240)
    errors = page.locator("[data-mime-type='application/vnd.jupyter.error']")
    assert errors.count() == 0, errors.all_inner_texts()
    assert page.locator(".jp-OutputArea-output img").count() >= 3
    loaded = "() => [...document.querySelectorAll('.jp-OutputArea-output img')]"
    assert page.evaluate(loaded + ".every(image => image.naturalWidth > 200)")


def test_a_wrong_answer_is_named_and_a_right_one_passes(open_notebook, desk):
    path = desk / CHAPTER.exercises.relative_to(ROOT)
    page = open_notebook(path.relative_to(desk).as_posix())
    run_all(page, 60)
    statuses = page.locator(".jp-OutputArea-output :text-matches('not attempted', 'i')")
    exercises = catalogue.exercises(CHAPTER.name)
    assert statuses.count() >= len(exercises)

    exercise = exercises["p_sat_given_cat"]
    answer = cell_of(page, exercise.name, "answer", path)
    check = cell_of(page, exercise.name, "check", path)
    mistake = next(m for m in exercise.mistakes if m.name == "divides-by-text")
    # `sat` follows `cat` twice, and the text has 24 words: the learner divides by the wrong count.
    type_and_run(page, answer, f"{exercise.name} = 2 / 24")
    type_and_run(page, check, None)
    shown = " ".join(check.locator(".jp-OutputArea").inner_text().split())
    assert mistake.name in shown
    assert re.search(r"\bfailed\b", shown, re.IGNORECASE)
    if folder := os.environ.get("COMPANION_PICTURES"):  # `make pictures`, for the README
        page.screenshot(path=Path(folder) / "check.png")

    type_and_run(page, answer, solution(exercise.name))
    type_and_run(page, check, None)
    shown = check.locator(".jp-OutputArea").inner_text()
    assert re.search(r"\bpassed\b", shown, re.IGNORECASE)
    assert mistake.name not in shown


def test_a_function_typed_into_a_cell_is_judged(open_notebook, desk):
    path = desk / CHAPTER.exercises.relative_to(ROOT)
    page = open_notebook(path.relative_to(desk).as_posix())
    run_all(page, 60)
    exercise = next(e for e in catalogue.exercises(CHAPTER.name).values() if e.kind == "implement")
    answer = cell_of(page, exercise.name, "answer", path)
    check = cell_of(page, exercise.name, "check", path)
    type_and_run(page, answer, f"def {exercise.name}(*args, **kwargs): return undefined_name")
    type_and_run(page, check, None)
    shown = check.locator(".jp-OutputArea").inner_text()
    assert "NameError" in shown
    type_and_run(page, answer, solution(exercise.name))
    type_and_run(page, check, None)
    assert re.search(r"\bpassed\b", check.locator(".jp-OutputArea").inner_text(), re.IGNORECASE)


def solution(name: str) -> str:
    cells = nbformat.read(CHAPTER.solutions, as_version=4).cells
    wanted = {"name": name, "role": "answer"}
    (cell,) = [c for c in cells if wanted.items() <= c.metadata.get("exercise", {}).items()]
    return cell.source
