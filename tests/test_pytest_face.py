"""pytest's face of the judge, run by pytest in a project of its own."""

import subprocess
import sys
from importlib.metadata import entry_points

import pytest
import toy_course as toy

pytest_plugins = ["pytester"]


@pytest.fixture
def project(pytester, monkeypatch):
    """The toy chapter in pytester's folder, with one answer right, one wrong, one not there."""
    chapter = toy.install(monkeypatch, pytester.path)
    wrong = toy.SOFTMAX.replace("x - x.max(axis=-1, keepdims=True)", "x")
    toy.save(chapter.exercises, toy.with_answers(softmax=wrong, center="center = ..."))
    return chapter


def run(pytester, *arguments):
    """pytest with our plugin and no other: each of the others costs a second to load."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
        return pytester.runpytest_inprocess(
            "-p", "no:cacheprovider", "-p", "companion.course.pytest_plugin", *arguments
        )


def test_each_exercise_is_a_test_and_not_attempted_is_skipped(pytester, project):
    result = run(pytester, "-rs", "-v", str(project.exercises))
    result.assert_outcomes(passed=1, failed=1, skipped=1)
    result.stdout.fnmatch_lines(
        [
            "*01_toy.ipynb::softmax FAILED*",
            "*01_toy.ipynb::mean_by_hand PASSED*",
            "*01_toy.ipynb::center SKIPPED*",
            "*failed: softmax ?overflow?*",
            "*hint: Subtract the maximum before the exponential.*",
        ]
    )
    result.stdout.no_fnmatch_line("*Traceback*")


def test_one_exercise_can_be_asked_for(pytester, project):
    result = run(pytester, f"{project.exercises}::mean_by_hand")
    result.assert_outcomes(passed=1)


def test_the_solution_passes(pytester, project):
    run(pytester, str(project.solutions)).assert_outcomes(passed=3)


def test_a_file_that_is_no_notebook_is_one_clear_error(pytester, project):
    project.exercises.write_text("no notebook", encoding="utf-8")
    result = run(pytester, str(project.exercises))
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*is not a notebook: no valid JSON at line 1*"])


def test_other_notebooks_and_other_folders_are_left_alone(pytester, project):
    (pytester.path / "exercises" / "analysis.ipynb").write_text("{}", encoding="utf-8")
    elsewhere = pytester.path / "drafts"
    elsewhere.mkdir()
    (elsewhere / "01_toy.ipynb").write_bytes(project.exercises.read_bytes())
    result = run(pytester, "--collect-only", "-q", "drafts", "exercises")
    assert sum("::" in line for line in result.outlines) == 3
    result.stdout.no_fnmatch_line("*drafts*")


@pytest.mark.parametrize("option", ["--nbval", "--nbval-lax"])
def test_nbval_has_the_notebooks_to_itself(pytester, project, option):
    pytest.importorskip("nbval")
    result = run(
        pytester, "-p", "nbval.plugin", option, "--collect-only", "-q", str(project.exercises)
    )
    found = [line for line in result.outlines if "::" in line]
    # nbval makes an item of each of the seven code cells: setup, and three answers and checks
    assert len(found) == 7
    assert not any(line.endswith("::softmax") for line in found)


def test_an_installed_companion_brings_the_plugin_to_every_pytest():
    (entry,) = entry_points(group="pytest11", name="companion")
    assert entry.value == "companion.course.pytest_plugin"


def test_importing_the_plugin_imports_nothing_of_weight():
    program = (
        "import sys, pytest\n"
        "before = set(sys.modules)\n"
        "import companion.course.pytest_plugin\n"
        "print(sorted(set(sys.modules) - before))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == str(
        ["companion", "companion.course", "companion.course.pytest_plugin"]
    )
