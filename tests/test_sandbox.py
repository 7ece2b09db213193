"""Tests of companion.course.sandbox: the pipe, the walls, the limits, fairness among answers."""

import base64
import json
import os
import re
import secrets
import struct
from collections import Counter
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from companion import probes
from companion.course import catalogue, sandbox
from companion.course.chapters import CHAPTERS
from companion.course.grade import needs_keras
from companion.course.judge import draw, judge, local_apply
from companion.course.notebook import read
from companion.course.report import PASSED, SIGNS
from companion.course.sandbox import (
    KERAS,
    NUMPY,
    Cell,
    Failure,
    Process,
    grade,
    process,
    results,
    seccomp,
)
from companion.course.sandbox.grading import reference
from companion.course.sandbox.recipe import packages, visible
from companion.probes import wire

ISOLATION = sandbox.probe()
needs_sandbox = pytest.mark.skipif(not ISOLATION.proven, reason=ISOLATION.detail)

SLOT = 500 + os.getpid() % 500
QUICK = replace(NUMPY, exercise_seconds=1.0)
SETUP = Cell("setup", "import numpy as np\nfrom companion.course import check\n", trusted=True)
PERPLEXITY = "def perplexity(log_probs):\n    return np.exp(-np.mean(log_probs))\n"


def exercises(*names):
    known = catalogue.exercises("ngram")
    return {name: known[name] for name in names}


def states(cells, *names, limits=QUICK, **more):
    graded = grade(cells, exercises(*names), seed=secrets.randbits(64), limits=limits, slot=SLOT)
    return {name: report.state for name, report in graded.reports.items()}


def solution_cells(chapter):
    notebook = read.load(chapter.solutions)
    for _, cell in read.code_cells(notebook):
        name, role = read.mark(cell)
        if role in ("setup", "answer"):
            names = (name,) if role == "answer" else ()
            yield Cell(cell["id"], read.source(cell), names, trusted=role == "setup")


# the pipe


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        10**40,
        1.5,
        float("inf"),
        "我爱中国",
        [1, [2.0, "x"], []],
        ("a", 1),
        {("the", "cat"): 2, "k": [1]},
        {1, 2},
        frozenset({"a"}),
        Counter("aab"),
        b"\0\xff",
        {"tuple": 1, "array": "not one"},
    ],
)
def test_a_case_comes_out_of_the_pipe_as_it_went_in(value):
    back = wire.decode(json.loads(json.dumps(wire.encode(value))))
    assert back == value
    assert type(back) is type(value)


@pytest.mark.parametrize("dtype", ["f4", "f8", "i4", "i8", "b1", "f2", "u1"])
def test_arrays_keep_their_shape_their_values_and_may_be_written_to(dtype):
    array = np.arange(6).reshape(2, 3).T.astype(dtype)
    back = wire.decode(json.loads(json.dumps(wire.encode(array))))
    assert back.shape == (3, 2)
    assert (back == array).all()
    back[0, 0] = 1  # answers may work in place


def test_a_random_generator_goes_on_where_it_was():
    generator = np.random.default_rng(7)
    generator.normal()
    back = wire.decode(json.loads(json.dumps(wire.encode(generator))))
    assert back.normal() == generator.normal()


def test_what_has_no_form_on_the_pipe_is_refused_with_its_type():
    with pytest.raises(ValueError, match="a Fraction cannot go through the pipe"):
        wire.encode({"x": Fraction(1, 2)})
    with pytest.raises(ValueError, match="array of complex128"):
        wire.encode(np.zeros(2, complex))


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.name)
def test_every_case_of_every_exercise_fits_through_the_pipe(chapter):
    for exercise in catalogue.exercises(chapter.name).values():
        assert ":" in reference(exercise.probe)
        for case in draw(exercise, seed=1):
            back = wire.decode(json.loads(json.dumps(wire.encode(case))))
            assert probes.unchanged(case, back), exercise.name


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.name)
def test_no_exercise_shows_the_module_that_it_asks_for(chapter):
    for exercise in catalogue.exercises(chapter.name).values():
        shown = {path.name.removesuffix(".py") for path in visible(exercise.modules)}
        assert not shown & {chapter.name, "checks", "course"}, exercise.name


def test_an_allowed_module_brings_what_it_imports_and_never_the_course():
    assert {path.name for path in visible(["companion.ngram"])} >= {"ngram", "metrics"}
    for name in ("companion.checks.ngram", "companion.course", "companion.nothing", "os"):
        with pytest.raises(ValueError, match=name):
            visible([name])


# the decoder

RIGHT = {"kind": "function", "outputs": {"value": 1.0}, "mutated": False, "error": None}
FAULT = {"type": "E", "message": "m", "line": 1, "source": None}
ARRAY = {"array": base64.b64encode(bytes(16)).decode(), "dtype": "f8", "shape": [2]}


def test_what_the_worker_writes_is_read_back_as_the_judge_wants_it():
    data = RIGHT | {"outputs": {"a": ARRAY, "b": [1, "x", None, [True]], "c": float("inf")}}
    back = results.outcome(json.loads(json.dumps(data)))
    assert back["outputs"]["a"].tolist() == [0.0, 0.0]
    assert back["outputs"]["b"] == [1, "x", None, [True]]
    assert back["outputs"]["c"] == float("inf")


FORGERIES = {
    "no outcome": {},
    "one too few": {"outcomes": []},
    "one too many": {"outcomes": [RIGHT, RIGHT]},
    "not a list": {"outcomes": RIGHT},
    "a field more": {"outcomes": [RIGHT], "state": "passed"},
    "a verdict inside": {"outcomes": [RIGHT | {"state": "passed"}]},
    "neither outputs nor exception": {"outcomes": [RIGHT | {"outputs": None}]},
    "both": {"outcomes": [RIGHT | {"error": FAULT}]},
    "mutated is 0": {"outcomes": [RIGHT | {"mutated": 0}]},
    "kind is a number": {"outcomes": [RIGHT | {"kind": 1}]},
    "outputs is a list": {"outcomes": [RIGHT | {"outputs": [1]}]},
    "65 outputs": {"outcomes": [RIGHT | {"outputs": {str(i): 1 for i in range(65)}}]},
    "lists in lists": {"outcomes": [RIGHT | {"outputs": {"x": [[[[[1]]]]]}}]},
    "an unknown tag": {"outcomes": [RIGHT | {"outputs": {"x": {"tuple": [1]}}}]},
    "a line of text": {"outcomes": [RIGHT | {"outputs": None, "error": FAULT | {"line": "1"}}]},
    "four similar names": {"outcomes": [RIGHT | {"similar": ["a"] * 4}]},
    **{
        f"array: {name}": {"outcomes": [RIGHT | {"outputs": {"x": ARRAY | change}}]}
        for name, change in {
            "objects": {"dtype": "O8"},
            "big-endian": {"dtype": ">f8"},
            "a dtype that is a list": {"dtype": ["f8"]},
            "three numbers": {"shape": [3]},
            "minus": {"shape": [-2]},
            "no axis": {"shape": []},
            "nine axes": {"shape": [2, 1, 1, 1, 1, 1, 1, 1, 1]},
            "huge": {"shape": [2**30, 2**30, 2**30]},
            "a true size": {"shape": [True, 2]},
            "not base64": {"array": "?"},
            "not text": {"array": 1},
            "a boolean of two": {"array": "Ag==", "dtype": "b1", "shape": [1]},
        }.items()
    },
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_outcome_is_refused(name):
    with pytest.raises(results.Forged):
        results.outcomes(FORGERIES[name], 1)


@pytest.mark.parametrize(
    "line", [b"", b"passed", b"[]", b"1", b"\xff", b"[" * 50_000, b"{}," * 200_000, b"9" * 10_000]
)
def test_a_forged_line_is_refused(line):
    with pytest.raises(results.Forged):
        results.message(line)


def test_half_a_surrogate_pair_becomes_text_that_can_be_written():
    error = FAULT | {"message": "\ud800" + "x" * 10_000}
    back = results.outcome(RIGHT | {"outputs": None, "error": error})
    assert back["error"]["message"].encode("utf-8").startswith(b"?xxx")
    assert len(back["error"]["message"]) == probes.MESSAGE


def test_the_judge_has_a_verdict_for_whatever_the_decoder_lets_through():
    array = results.value(ARRAY)
    odd = [None, True, 0, 10**400, float("nan"), "x", [], [None], [[["x"]]], array, [array, "x"]]
    for exercise in catalogue.exercises("ngram").values():
        names = probes.run(exercise.probe, exercise.reference, draw(exercise, 0)[0])["outputs"]
        for kind in ("function", "number", "missing", "x"):
            for value in odd:
                given = RIGHT | {"kind": kind, "outputs": dict.fromkeys(names, value)}
                report = judge(exercise, lambda cases, given=given: [given] * len(cases), seed=3)
                assert report.state in SIGNS
                assert not report.passed


# the walls


def test_the_call_numbers_are_those_of_the_kernels_headers():
    compared = 0
    for column, header in (
        (0, "/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
        (1, "/usr/include/asm-generic/unistd.h"),
    ):
        if not Path(header).exists():
            continue
        lines = re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", Path(header).read_text())
        known = {name: int(number) for name, number in lines}
        special = zip(
            ("clone", "clone3", "mmap", "prctl", "ioctl"),
            (seccomp.CLONE, seccomp.CLONE3, seccomp.MMAP, seccomp.PRCTL, seccomp.IOCTL),
            strict=True,
        )
        for name, numbers in [*seccomp.DENIED.items(), *special]:
            if name in known:
                assert numbers[column] == known[name], (name, header)
                compared += 1
    if not compared:
        pytest.skip("no kernel headers on this machine")


def run_filter(program, machine, number, *arguments):
    """What the kernel's interpreter would return: the filter's few instructions, in Python."""
    arch = seccomp.MACHINES[machine][1]
    data = struct.pack("=iIQ6Q", number, arch, 0, *arguments, *[0] * (6 - len(arguments)))
    steps = list(struct.iter_unpack("=HBBI", program))
    at = value = 0
    while True:
        code, true, false, k = steps[at]
        at += 1
        if code == seccomp.RETURN:
            return k
        if code == seccomp.LOAD:
            value = struct.unpack_from("=I", data, k)[0]
        elif code == seccomp.AND:
            value &= k
        else:
            test = {seccomp.EQUAL: value == k, seccomp.AT_LEAST: value >= k}
            at += true if test.get(code, bool(value & k)) else false


@pytest.mark.parametrize("machine", seccomp.MACHINES)
def test_the_filter_refuses_what_is_listed_and_allows_the_rest(machine):
    column = seccomp.MACHINES[machine][0]
    program = seccomp.program(machine)
    refused = seccomp.ERRNO | 1  # EPERM

    def verdict(numbers, *arguments):
        return run_filter(program, machine, numbers[column], *arguments)

    denied = {numbers[column] for numbers in seccomp.DENIED.values()} - {None}
    special = (seccomp.CLONE, seccomp.CLONE3, seccomp.MMAP, seccomp.PRCTL, seccomp.IOCTL)
    for number in set(range(480)) - {numbers[column] for numbers in special}:
        expected = refused if number in denied else seccomp.ALLOW
        assert run_filter(program, machine, number) == expected, number
    assert verdict(seccomp.CLONE, 17) == seccomp.ALLOW  # fork: SIGCHLD and no flag
    assert verdict(seccomp.CLONE, 0x3D0F00) == seccomp.ALLOW  # a thread
    assert verdict(seccomp.CLONE, 0x10000000 | 17) == refused  # CLONE_NEWUSER
    assert verdict(seccomp.CLONE3) == seccomp.ERRNO | 38  # ENOSYS
    assert verdict(seccomp.MMAP, 0, 0, 0, 0x22) == seccomp.ALLOW  # private, anonymous
    assert verdict(seccomp.MMAP, 0, 0, 0, 0x01) == seccomp.ALLOW  # shared, of a file
    assert verdict(seccomp.MMAP, 0, 0, 0, 0x21) == refused
    assert verdict(seccomp.PRCTL, 1) == refused
    assert verdict(seccomp.PRCTL, 38) == seccomp.ALLOW  # PR_SET_NO_NEW_PRIVS
    assert verdict(seccomp.IOCTL, 0, 0x5412) == refused  # TIOCSTI
    assert verdict(seccomp.IOCTL, 0, 0x5401) == seccomp.ALLOW  # TCGETS, which isatty asks


def test_calls_of_another_architecture_end_the_process():
    # The same number is another call there, so the filter looks at the architecture first.
    program = seccomp.program("x86_64")
    assert struct.unpack_from("=HBBI", program, 0)[3] == seccomp.ARCHITECTURE
    assert run_filter(program, "aarch64", 0) == seccomp.KILL
    assert run_filter(program, "x86_64", seccomp.X32 + 41) == seccomp.ERRNO | 38


def test_a_machine_without_a_table_is_refused():
    with pytest.raises(ValueError, match="no system call filter for 'sparc'"):
        seccomp.program("sparc")


def test_an_installed_copy_of_the_companion_is_covered(tmp_path, monkeypatch):
    (tmp_path / "companion").mkdir()
    monkeypatch.setattr("sysconfig.get_path", lambda key: str(tmp_path))
    view = packages()
    assert view.hidden == (f"{view.paths[0]}/companion",)
    line = sandbox.command(["true"], as_root=False, view=view)
    assert line[line.index(view.hidden[0]) - 1] == "--tmpfs"


# grading


@needs_sandbox
@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.name)
def test_the_solutions_pass_in_the_sandbox(chapter):
    known = catalogue.exercises(chapter.name)
    cells = list(solution_cells(chapter))
    limits = KERAS if needs_keras(chapter) else NUMPY
    graded = grade(cells, known, seed=secrets.randbits(64), limits=limits, slot=SLOT)
    wrong = {n: (r.state, r.message) for n, r in graded.reports.items() if r.state != PASSED}
    assert wrong == {}
    assert graded.isolation == sandbox.level()
    assert graded.sandboxes == len({exercise.modules for exercise in known.values()})
    assert graded.peak_memory > 10 * 2**20


@needs_sandbox
def test_the_sandbox_gives_the_same_report_as_this_process():
    known = exercises("perplexity", "bigram_counts")
    for name, mistake in (("perplexity", 0), ("bigram_counts", 0)):
        variant = known[name].mistakes[mistake]
        seed = 5
        here = judge(known[name], local_apply(known[name], variant.variant), seed)
        assert here.mistake == variant.name
    source = """
def bigram_counts(sentences):
    counts = {}
    for words in sentences:
        padded = ["<s>", *words]
        for pair in zip(padded, padded[1:]):
            counts[pair] = counts.get(pair, 0) + 1
    return counts
"""
    graded = grade([SETUP, Cell("a", source, ("bigram_counts",))], known, seed=seed, slot=SLOT)
    assert graded.reports["bigram_counts"].mistake == "no-end"
    assert graded.reports["bigram_counts"] == here
    assert graded.reports["perplexity"].state == "not attempted"


@needs_sandbox
def test_a_mutated_input_a_stub_and_a_misspelt_name_are_told_as_such():
    cells = [
        SETUP,
        Cell(
            "a",
            "def perplexity(log_probs):\n    log_probs *= -1\n"
            "    return np.exp(np.mean(log_probs))\n",
            ("perplexity",),
        ),
        Cell(
            "b", "def bigram_counts(sentences):\n    raise NotImplementedError", ("bigram_counts",)
        ),
        Cell("c", "def table_grwoth(words, order):\n    return 1, 2", ("table_growth",)),
        Cell(
            "d",
            "%matplotlib inline\ndef unseen_rate(train, test, order):\n    return 0.5",
            ("unseen_rate",),
        ),
    ]
    names = ("perplexity", "bigram_counts", "table_growth", "unseen_rate")
    graded = grade(cells, exercises(*names), seed=1, slot=SLOT)
    assert graded.reports["perplexity"].mistake == "mutates-input"
    assert graded.reports["bigram_counts"].state == "not attempted"
    assert "table_grwoth" in graded.reports["table_growth"].message
    assert graded.reports["unseen_rate"].state == "failed"  # the magic is translated away


@needs_sandbox
def test_one_answer_may_use_another_even_if_a_third_ends_the_process():
    cells = [
        SETUP,
        Cell(
            "a",
            "def helper(x):\n    return -np.mean(x)\n\ndef bigram_counts(sentences):\n"
            "    return {}\n",
            ("bigram_counts",),
        ),
        Cell(
            "b",
            "def perplexity(log_probs):\n    return np.exp(helper(log_probs))\n",
            ("perplexity",),
        ),
        Cell("c", "import os\nos._exit(3)\n", ("table_growth",)),
    ]
    assert states(cells, "bigram_counts", "perplexity", "table_growth") == {
        "bigram_counts": "failed",
        "perplexity": "passed",
        "table_growth": "killed",
    }


@needs_sandbox
def test_an_answer_that_hangs_costs_its_own_mark_only():
    hang = "def {}(*a, **k):\n    while True: pass\n"
    cells = [
        SETUP,
        Cell("a", hang.format("table_growth"), ("table_growth",)),
        Cell("b", PERPLEXITY, ("perplexity",)),
        Cell("c", "while True: pass", ("unseen_rate",)),
    ]
    assert states(cells, "table_growth", "perplexity", "unseen_rate") == {
        "table_growth": "timeout",
        "perplexity": "passed",
        "unseen_rate": "timeout",
    }


@needs_sandbox
def test_a_submission_that_uses_up_all_its_time_is_over():
    cells = [SETUP, Cell("a", "import time\ntime.sleep(60)", ("perplexity",))]
    limits = replace(NUMPY, submission_seconds=1.0)
    assert states(cells, "perplexity", "table_growth", limits=limits)["perplexity"] == "timeout"


@needs_sandbox
def test_a_cell_of_the_release_that_fails_to_run_is_not_the_students_fault():
    cells = [
        Cell("setup", "import os; os._exit(1)", trusted=True),
        Cell("a", PERPLEXITY, ("perplexity",)),
    ]
    assert states(cells, "perplexity") == {"perplexity": "infrastructure"}


def test_a_machine_that_can_make_no_sandbox_reports_infrastructure_after_trying_again(monkeypatch):
    tried = []
    monkeypatch.setattr(process, "PATIENCE", (0.0, 0.0, 0.0))
    monkeypatch.setattr(Process, "_launch", lambda self: tried.append(1) or fail())

    def fail():
        raise OSError("no namespaces left")

    graded = grade([Cell("a", PERPLEXITY, ("perplexity",))], exercises("perplexity"), seed=1)
    assert graded.reports["perplexity"].state == "infrastructure"
    assert "no namespaces left" in graded.reports["perplexity"].message
    assert len(tried) == 3


@needs_sandbox
def test_a_sandbox_that_cannot_start_says_why(monkeypatch, tmp_path):
    fake = tmp_path / "bwrap"
    fake.write_text("#!/bin/sh\necho bwrap: No permissions to create a new namespace >&2; exit 1\n")
    fake.chmod(0o755)
    monkeypatch.setattr(process, "PATIENCE", (0.0,))
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(Failure, match="No permissions") as caught, Process(slot=SLOT):
        pass
    assert caught.value.state == "infrastructure"


def test_without_isolation_the_same_grader_works_and_says_so():
    cells = [SETUP, Cell("a", PERPLEXITY, ("perplexity",))]
    graded = grade(cells, exercises("perplexity"), seed=1, isolation="none")
    assert graded.isolation == "none"
    assert graded.reports["perplexity"].state == PASSED


@needs_sandbox
def test_an_allowed_module_can_be_imported_and_another_cannot():
    allowed = replace(exercises("perplexity")["perplexity"], modules=("companion.metrics",))
    cell = Cell("a", "from companion import metrics\n" + PERPLEXITY, ("perplexity",))
    assert grade([SETUP, cell], {"perplexity": allowed}, seed=1).reports["perplexity"].passed
    assert states([SETUP, cell], "perplexity") == {"perplexity": "error"}


def test_a_probe_that_no_sandbox_can_import_is_refused():
    lonely = replace(exercises("perplexity")["perplexity"], probe=lambda answer, case: {})
    with pytest.raises(ValueError, match=r"function of a module in companion\.probes"):
        grade([], {"perplexity": lonely}, seed=1)


@needs_sandbox
def test_a_sandbox_keeps_the_beginning_of_what_is_printed():
    limits = replace(NUMPY, log=1000)
    code = "import os\nos.write(1, b'hello' + bytes(5000))\n" + PERPLEXITY
    cells = [SETUP, Cell("a", code, ("perplexity",))]
    graded = grade(cells, exercises("perplexity"), seed=1, limits=limits, slot=SLOT)
    assert graded.reports["perplexity"].passed
    assert graded.log.startswith("hello")
    assert len(graded.log) == 1000
