"""Release: what becomes of each region, and that nothing of a solution survives."""

import dataclasses
import json

import pytest
import toy_course as toy

from companion.course.notebook import normalise
from companion.course.release import ReleaseError, leaks, release, release_notebook, strip, write

EXERCISES = {exercise.name: exercise for exercise in toy.EXERCISES}


def released(made):
    return json.loads(release_notebook(made, "toy", EXERCISES))


def texts(data):
    return {cell["id"]: "".join(cell["source"]) for cell in data["cells"]}


def test_an_indented_region_becomes_a_line_that_raises():
    assert texts(released(toy.solution()))["toy-softmax"] == (
        "def softmax(x):\n    raise NotImplementedError  # your answer here"
    )


def test_a_region_of_assignments_becomes_ellipses_each_name_once():
    text = "before = 1\n### BEGIN SOLUTION\na = 1 + 1\nb: int = a\na = b\n### END SOLUTION"
    assert strip(text).text == "before = 1\na = ...\nb = ..."


def test_a_starter_takes_the_place_of_its_region_with_its_indentation():
    text = (
        "def f(x):\n    ### BEGIN SOLUTION\n    return x\n    ### END SOLUTION\n"
        "    ### BEGIN STARTER\n    # if x:\n    #\n    #     return -x\n    ### END STARTER\n"
        "print(1)"
    )
    assert strip(text).text == "def f(x):\n    if x:\n\n        return -x\nprint(1)"


def test_the_same_solution_gives_the_same_bytes_whatever_was_run_in_it():
    made = toy.solution()
    other = json.loads(normalise(toy.solution()))
    for cell in other["cells"]:
        if cell["cell_type"] == "code":
            cell["execution_count"] = 99
            cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": ["0.1\n"]}]
            cell["metadata"]["execution"] = {"iopub.execute_input": "2026-01-01"}
    other["metadata"]["language_info"] = {"name": "python", "version": "3.12.1"}
    once = release_notebook(made, "toy", EXERCISES)
    assert release_notebook(other, "toy", EXERCISES) == once
    assert released(made)["cells"][2]["outputs"] == []
    assert released(made)["nbformat_minor"] == 5
    ids = [cell["id"] for cell in toy.solution()["cells"]]
    assert [cell["id"] for cell in released(made)["cells"]] == ids


@pytest.mark.parametrize(
    "cell",
    [
        toy.markdown("toy-more", "Use `e / e.sum(axis=-1, keepdims=True)`, that is\n\n"
                     "    return e / e.sum(axis=-1,\n        keepdims=True)"),
        toy.code("toy-more", "y = 1  # e = np.exp(x - x.max(axis=-1, keepdims=True))"),
        {**toy.code("toy-more", "y = 1"),
         "metadata": {"tags": ["e = np.exp(x - x.max(axis=-1, keepdims=True))"]}},
    ],
    ids=["markdown", "code", "metadata"],
)  # fmt: skip
def test_a_line_that_survives_elsewhere_is_refused(cell):
    made = toy.solution()
    made["cells"].append(cell)
    with pytest.raises(ReleaseError, match=r"survive.*\n.*of toy-softmax, in the notebook"):
        released(made)


def test_a_line_that_survives_in_a_hint_is_refused():
    told = dataclasses.replace(toy.softmax, hints=["a", "b", toy.SOFTMAX.splitlines()[2].strip()])
    with pytest.raises(ReleaseError, match="in a hint of softmax"):
        release_notebook(toy.solution(), "toy", EXERCISES | {"softmax": told})


def test_a_solution_in_the_outputs_does_not_get_out():
    made = toy.solution()
    line = toy.SOFTMAX.splitlines()[2].strip()
    made["cells"][2]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": line}]
    assert line not in json.dumps(released(made))


@pytest.mark.parametrize(
    "line",
    [
        "return x",
        "return",
        "else:",
        "for word in words:",
        "if not found:",
        "# e = np.exp(x - x.max())",
        "x = 1",
        "import numpy as np",
        ")))))))))))",
    ],
)
def test_lines_that_any_python_has_are_not_looked_for(line):
    assert leaks([(line, "toy-cell")], [line]) == []


@pytest.mark.parametrize(
    "line", ["return x / 2", "total += x", "for a in f(x):", "y  =  x.sum()  # note", "if a > b:"]
)
def test_other_lines_are_looked_for_whatever_their_blanks_and_comments(line):
    text = " ".join(line.split("#")[0].split())
    assert len(leaks([(line, "toy-cell")], [f"see: {text}!"])) == 1


def test_a_line_inside_a_longer_word_is_no_leak():
    assert leaks([("count = 12", "toy-cell")], {"a": "discount = 12", "b": "count = 123"}) == []


def test_a_line_that_the_starter_gives_away_on_purpose_is_no_leak():
    shared = toy.CENTER.replace("### END SOLUTION", "other = 1 + 2 + 3\n### END SOLUTION").replace(
        "### END STARTER", "# other = 1 + 2 + 3\n### END STARTER"
    )
    assert "other = 1 + 2 + 3" in texts(released(toy.with_answers(center=shared)))["toy-center"]


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ("def softmax(x):\n    return x", "without ### BEGIN SOLUTION"),
        ("### BEGIN SOLUTION\nx = 1", "is not closed"),
        ("x = 1\n### END SOLUTION", "without what should come before"),
        ("### BEGIN SOLUTION\n### BEGIN SOLUTION\n### END SOLUTION", "is not closed"),
        ("### BEGIN SOLUTION\ndef f(): pass\n### END SOLUTION", "top level may only hold"),
        ("### BEGIN SOLUTION\nf(x)[0] = 1\n### END SOLUTION", "top level may only hold"),
        ("### BEGIN SOLUTION\nx = = 1\n### END SOLUTION", "not Python"),
        (
            "### BEGIN SOLUTION\n### END SOLUTION\n### BEGIN STARTER\nx = 2\n### END STARTER",
            "every line begins with",
        ),
        ("### BEGIN STARTER\n# x = 2\n### END STARTER", "without what should come before"),
    ],
)
def test_markers_that_do_not_pair_are_refused_with_the_cell(answer, message):
    with pytest.raises(ReleaseError, match=rf"toy-softmax: .*{message}"):
        released(toy.with_answers(softmax=answer))


def test_every_exercise_needs_its_answer_and_its_exact_check():
    made = toy.solution()
    made["cells"][3]["source"] = 'check("softmax")\nprint(1)'
    with pytest.raises(ReleaseError, match="must be exactly"):
        released(made)
    del made["cells"][3]
    with pytest.raises(ReleaseError, match="softmax: needs one answer cell and one check"):
        released(made)


def test_nothing_is_written_when_any_chapter_is_refused(tmp_path, monkeypatch):
    chapter = toy.install(monkeypatch, tmp_path)
    toy.save(chapter.solutions, toy.with_answers(softmax="def softmax(x):\n    return x"))
    before = chapter.exercises.read_bytes()
    with pytest.raises(ReleaseError):
        write([chapter])
    assert chapter.exercises.read_bytes() == before


def test_the_file_written_is_the_text_released(tmp_path, monkeypatch):
    chapter = toy.install(monkeypatch, tmp_path)
    (written,) = write([chapter], tmp_path / "out")
    assert written.name == "01_toy.ipynb"
    assert written.read_bytes() == release("toy").encode() == chapter.exercises.read_bytes()
