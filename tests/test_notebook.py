"""Notebooks as learners leave them: broken, retyped, doubled; and the repository's one form."""

import json

import pytest
import toy_course as toy

from companion.course.notebook import (
    NotebookError,
    answers,
    answers_and_helpers,
    check_notebook,
    load,
    normalise,
    parse,
    problems,
)
from companion.course.notebook.formatter import main, words
from companion.course.notebook.read import answer_hash, defined_names, only_defines

RIGHT = "def softmax(x):\n    e = np.exp(x - x.max(-1, keepdims=True))\n    return e / e.sum(-1)"
RIGHT = RIGHT.replace("e.sum(-1)", "e.sum(-1, keepdims=True)")


@pytest.fixture
def chapter(tmp_path, monkeypatch):
    return toy.install(monkeypatch, tmp_path)


def states(made, chapter, names=None):
    toy.save(chapter.exercises, made)
    return {r.exercise: r for r in check_notebook(chapter.exercises, names)}


def test_the_solution_passes_and_the_untouched_exercises_are_not_attempted(chapter):
    assert [r.state for r in check_notebook(chapter.solutions)] == ["passed"] * 3
    assert [r.state for r in check_notebook(chapter.exercises)] == ["not attempted"] * 3


def test_only_the_names_asked_for_are_reported(chapter):
    assert [r.exercise for r in check_notebook(chapter.solutions, ["center"])] == ["center"]
    with pytest.raises(ValueError, match="did you mean center"):
        check_notebook(chapter.solutions, ["centre"])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"# Toy\n", "no valid JSON at line 1"),
        (b'{"cells": [', "no valid JSON"),
        (b'{"a": "\xff\xfe"}', "not UTF-8"),
        (b"[1, 2]", "the file holds no object"),
        (b'{"nbformat": 3, "worksheets": []}', "nbformat is 3"),
        (b'{"nbformat": 4, "cells": {}}', "no list of cells"),
        (b'{"nbformat": 4, "cells": [{"source": ""}]}', "cell 0 has no type"),
        (b'{"nbformat": 4, "cells": [{"cell_type": "code", "source": 3}]}', "no source"),
        (b'{"nbformat": 4, "cells": [7]}', "cell 0 has no type"),
        (b"[" * 100_000, "nested too deeply"),
    ],
)
def test_a_file_that_is_no_notebook_is_refused_in_one_sentence(chapter, content, message):
    chapter.exercises.write_bytes(content)
    with pytest.raises(NotebookError, match=message) as caught:
        check_notebook(chapter.exercises)
    assert "\n" not in str(caught.value)


def test_a_deleted_answer_is_not_attempted_and_says_how_to_get_it_back(chapter):
    made = toy.solution()
    made["cells"] = [c for c in made["cells"] if c["id"] != "toy-softmax"]
    found = states(made, chapter)
    assert found["softmax"].state == "not attempted"
    assert "companion reset softmax" in found["softmax"].message
    assert found["center"].passed


def test_an_answer_defined_twice_is_judged_by_its_last_cell_and_told_so(chapter):
    made = toy.solution()
    made["cells"].append(
        toy.code("toy-again", "def softmax(x):\n    return x", "softmax", "answer")
    )
    report = states(made, chapter)["softmax"]
    assert report.state == "failed"
    assert "defined in 2 cells (toy-softmax, toy-again); the last one counts" in report.notes[0]


def test_answers_are_found_where_ids_and_metadata_were_lost(chapter):
    made = toy.solution()
    for cell in made["cells"]:
        del cell["id"]
        cell["metadata"] = {}
    assert {r.state for r in states(made, chapter).values()} == {"passed"}


def test_a_cell_that_fails_does_not_stop_the_others(chapter):
    found = states(
        toy.with_answers(softmax="def softmax(x):\n    return (", mean_by_hand="1 / 0"), chapter
    )
    assert (found["softmax"].state, found["softmax"].error["type"]) == ("error", "SyntaxError")
    assert found["mean_by_hand"].error == {
        "type": "ZeroDivisionError", "message": "division by zero", "line": 1, "source": "1 / 0",
    }  # fmt: skip
    assert found["center"].passed


def test_a_cell_that_fails_leaves_no_older_answer(chapter):
    made = toy.solution()
    made["cells"].append(toy.code("toy-again", "1 / 0", "softmax", "answer"))
    assert states(made, chapter)["softmax"].state == "error"


def test_a_cell_that_fails_after_the_definition_is_judged_and_told_so(chapter):
    report = states(toy.with_answers(softmax=RIGHT + "\n\nassert False"), chapter)["softmax"]
    assert report.passed
    assert "AssertionError" in report.notes[0]


def test_a_failing_setup_is_named_as_the_possible_cause(chapter):
    made = toy.solution()
    made["cells"][1]["source"] = "import no_such_module_here"
    report = states(made, chapter)["softmax"]
    assert report.error["type"] == "NameError"
    assert "no_such_module_here" in report.notes[-1]


def test_magics_prints_and_exits_in_answers_are_survived(chapter, capfd):
    loud = f"%%time\nprint('loud')\n{RIGHT}"
    found = states(
        toy.with_answers(softmax=loud, mean_by_hand="%pip list\nimport sys\nsys.exit(1)"), chapter
    )
    assert found["softmax"].passed
    assert found["mean_by_hand"].error["type"] == "SystemExit"
    assert "loud" not in capfd.readouterr().out


def test_helpers_in_cells_of_the_learners_own_are_there_and_their_experiments_are_not_run(chapter):
    made = toy.with_answers(softmax="def softmax(x):\n    return helper(x)")
    own = RIGHT.replace("softmax", "helper")
    made["cells"].insert(2, toy.code("own-1", own))
    made["cells"].insert(3, toy.code("own-2", "del np  # an experiment"))
    assert states(made, chapter)["softmax"].passed


def test_an_answer_counts_as_it_was_after_its_own_cell(chapter):
    other = toy.CENTER + "\nmean_by_hand = 77  # the name is used again, for something else"
    assert states(toy.with_answers(center=other), chapter)["mean_by_hand"].passed


def test_a_misspelt_answer_is_pointed_out(chapter):
    found = states(toy.with_answers(softmax=RIGHT.replace("softmax", "soft_max")), chapter)
    assert "`soft_max`" in found["softmax"].message


def test_answers_gives_the_source_of_each_in_the_order_of_the_notebook(chapter):
    found = answers(chapter.exercises)
    assert list(found) == ["softmax", "mean_by_hand", "center"]
    assert found["mean_by_hand"] == "mean_by_hand = ..."


def test_a_changed_helper_changes_what_every_answer_depends_on_and_an_experiment_does_not(chapter):
    made = toy.with_answers(softmax=RIGHT)
    toy.save(chapter.exercises, made)
    plain = answers_and_helpers(chapter.exercises)
    made["cells"].insert(2, toy.code("own-1", "print(softmax)  # an experiment"))
    toy.save(chapter.exercises, made)
    assert answers_and_helpers(chapter.exercises) == plain
    made["cells"].insert(2, toy.code("own-2", "def helper(x):\n    return x"))
    toy.save(chapter.exercises, made)
    helped = answers_and_helpers(chapter.exercises)
    assert list(helped) == list(answers(chapter.exercises))
    assert all(helped[name] != plain[name] for name in plain)


def test_the_hash_of_an_answer_ignores_blanks_at_the_ends_of_lines():
    assert answer_hash("x = 1  \ny = 2\n") == answer_hash("x = 1\ny = 2")
    assert answer_hash("x = 1") != answer_hash("x = 2")


def test_a_copy_under_another_name_is_known_by_its_metadata(chapter, tmp_path):
    copy = tmp_path / "my copy.ipynb"
    made = load(chapter.exercises)
    made["cells"] = made["cells"][:2]  # so that only the chapter knows what should be there
    assert len(check_notebook(toy.save(copy, made))) == 3


def test_names_bound_inside_functions_and_comprehensions_do_not_count():
    code = (
        "import a\ndef f():\n    b = 1\nc, (d, *e) = 1, (2,)\nfor g in []:\n    h = [i for i in g]"
    )
    assert defined_names(code) == {"f", "c", "d", "e", "g", "h"}
    assert defined_names("def broken(:") == set()
    assert only_defines("import a\nK = 3\ndef f(): pass")
    assert not only_defines("K = train()")


def test_the_one_form_is_reached_in_one_step_and_keeps_what_is_shown():
    made = toy.solution()
    cell = made["cells"][1]
    cell["execution_count"] = 41
    cell["metadata"] |= {"execution": {"start": "now"}, "collapsed": True}
    cell["outputs"] = [
        {"output_type": "stream", "name": "stdout", "text": "a"},
        {"output_type": "stream", "name": "stdout", "text": "b\n"},
        {"output_type": "execute_result", "execution_count": 41, "data": {}, "metadata": {}},
    ]
    text = normalise(made)
    data = json.loads(text)
    assert data["cells"][1]["execution_count"] == 1
    assert data["cells"][1]["metadata"] == {"exercise": {"name": None, "role": "setup"}}
    assert data["cells"][1]["outputs"][0]["text"] == ["ab\n"]
    assert data["cells"][1]["outputs"][1]["execution_count"] == 1
    assert text.endswith("}\n")
    assert normalise(data) == text


def test_nbformat_finds_the_one_form_valid():
    import nbformat

    book = nbformat.reads(normalise(toy.solution()), as_version=4)
    assert nbformat.validator.isvalid(book)
    del book.cells[0]["source"]
    assert not nbformat.validator.isvalid(book)


def test_a_cell_without_an_id_is_refused():
    made = toy.solution()
    del made["cells"][0]["id"]
    with pytest.raises(NotebookError, match="cell 1 has no id"):
        normalise(made)


def test_ids_must_be_readable_unique_and_of_their_chapter(chapter):
    made = toy.notebook(*(toy.markdown(i, "x") for i in ("toy-a", "toy-a", "Toy!", "other-a")))
    found = " | ".join(problems(made, chapter.exercises))
    assert "toy-a: the id is used twice" in found
    assert "Toy!: an id is words" in found
    assert "other-a: the id must begin with `toy-`" in found


def test_cells_of_a_chapter_have_a_greatest_size(chapter, tmp_path):
    made = toy.notebook(
        toy.code("toy-a", "x = 1\n" * 16), toy.markdown("toy-b", "word " * 121),
        toy.code("toy-c", "x = 1\n" * 15), toy.markdown("toy-d", "word " * 120),
    )  # fmt: skip
    found = problems(made, tmp_path / "chapters" / "01_toy" / "toy.ipynb")
    assert found == [
        "toy-a: 16 lines of code; at most 15",
        "toy-b: 121 words; at most 120",
    ]
    assert problems(made, chapter.exercises) == []


def test_tables_code_and_formulas_are_no_prose():
    assert words("one two\n| a | b |\n```\nx = 1\n```\n$$a + b$$\n我爱中国") == 4  # 2 + 4 / 2


def test_the_formatter_checks_writes_and_then_finds_nothing(chapter, capsys):
    path = chapter.exercises
    toy.save(path, toy.solution())
    assert main(["--check", str(path)]) == 1
    assert "not in the one form" in capsys.readouterr().out
    assert main(["--write", str(path)]) == 0
    assert main(["--check", str(path)]) == 0
    path.write_text("no json", encoding="utf-8")
    assert main(["--write", str(path)]) == 1
    assert path.read_text(encoding="utf-8") == "no json"


def test_parse_and_load_agree(chapter):
    assert parse(chapter.exercises.read_text(encoding="utf-8")) == load(chapter.exercises)
