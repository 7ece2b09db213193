"""Personal variants: released, checked by their own bundle, and graded against whose they are."""

import json
import os
import re
import subprocess
import sys
from dataclasses import replace

import pytest
from class_of import CHAPTER, Here, hand_in, notebook
from toy_course import mean_by_hand
from typer.testing import CliRunner

from companion.course import bundle, catalogue, chapters, grade, variants
from companion.course.cli import app
from companion.course.exercise import Mistake, Variant
from companion.course.gradebook import BookError, GradeBook
from companion.course.notebook.read import mark, source
from companion.course.release import ReleaseError, release
from companion.course.selftest import Result, examine
from companion.course.variants import Variants

SEEDS = range(12)
NAMES = ("p_sat_given_cat", "perplexity_by_hand")


def test_a_seed_gives_the_same_givens_each_time_and_another_seed_others():
    def references(seed):
        found = catalogue.exercises("ngram", seed).values()
        return [e.reference for e in found if e.statement]

    assert references(3) == references(3)
    assert len({str(references(seed)) for seed in SEEDS}) > len(SEEDS) // 2
    assert not any(e.statement for e in catalogue.exercises("ngram").values())


@pytest.mark.parametrize("chapter", [c.name for c in chapters.CHAPTERS])
def test_in_every_variant_each_mistake_is_named_as_itself(chapter):
    result, varying = Result(), 0
    for seed in SEEDS:
        for exercise in catalogue.exercises(chapter, seed).values():
            if exercise.statement:
                examine(exercise, result, seeds=(0,))
                varying += 1
    assert varying >= len(SEEDS) or chapter not in ("ngram", "tokenization", "attention")
    assert not result.unnamed
    assert not result.problems


def test_the_page_on_grading_names_every_exercise_that_varies():
    page = (chapters.ROOT / "docs" / "grading.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| (\d+) \| (`.*`) \|$", page, re.MULTILINE))
    vary = {}
    for chapter in chapters.CHAPTERS:
        found = [e.name for e in catalogue.exercises(chapter.name).values() if e.vary]
        vary |= {str(chapter.number): ", ".join(f"`{name}`" for name in found)} if found else {}
    assert rows == vary


def test_a_variant_keeps_the_names_of_the_mistakes():
    own, other = (catalogue.exercises("ngram", seed)["perplexity_by_hand"] for seed in (None, 5))
    assert [m.name for m in own.mistakes] == [m.name for m in other.mistakes]
    assert own.fingerprint() != other.fingerprint()  # a pass of one is no pass of the other


def toy(statement, reference=3.0, mistakes=(2, 9, 4.5)):
    wrong = [
        Mistake(m.name, value, m.hint)
        for m, value in zip(mean_by_hand.mistakes, mistakes, strict=True)
    ]
    variant = Variant(statement, reference, wrong, mean_by_hand.hints)
    return replace(mean_by_hand, vary=lambda rng: variant)


def test_givens_whose_mistakes_cannot_be_told_apart_are_not_given():
    with pytest.raises(ValueError, match="two of its mistakes are always equal"):
        variants.varied(toy({}, mistakes=(2, 2, 4.5)), seed=1)


def test_a_passage_that_is_not_in_the_text_once_is_refused(monkeypatch):
    exercises = catalogue.exercises("ngram", 1)
    for passage in ("no such words", "the"):
        told = replace(exercises["p_sat_given_cat"], statement={passage: "x"})
        monkeypatch.setattr(catalogue, "exercises", lambda *_, t=told: {**exercises, t.name: t})
        with pytest.raises(ReleaseError, match=f"'{passage}' is .* times in its text"):
            release("ngram", 1)


def test_a_variant_differs_from_the_books_own_text_in_its_statements_only():
    own, other = (json.loads(release("ngram", seed))["cells"] for seed in (None, 4))
    differ = [a["id"] for a, b in zip(own, other, strict=True) if source(a) != source(b)]
    assert differ == ["ngram-p-sat-given-cat", "ngram-perplexity-by-hand"]


# -- whose is which


def test_a_roster_is_read_from_lines_or_from_the_first_column(tmp_path):
    path = tmp_path / "roster"
    for text in ("amy\n\nbob\n", "Student,mail\namy,a@b\nbob,\n", "\ufeffname\namy\nbob"):
        path.write_text(text, encoding="utf-8")
        assert variants.roster(path) == ["amy", "bob"]
    for text, message in (("", "no names"), ("amy\namy", "twice"), ("amy\nаmy", "looks like")):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(ValueError, match=message):
            variants.roster(path)


def test_a_students_variant_depends_on_seed_and_name_alone():
    two, three = (
        variants.for_roster(7, ["amy", "bob"]),
        variants.for_roster(7, ["cy", "bob", "amy"]),
    )
    assert three.extends(two)
    assert not two.extends(three)
    assert two.of("amy") != two.of("bob")
    assert two.of("eve") is None
    assert variants.for_roster(8, ["amy"]).of("amy") != two.of("amy")
    assert Variants.from_json(json.loads(json.dumps(two.to_json()))) == two


@pytest.mark.parametrize("data", [[], {}, {"seed": -1}, {"seed": True}, {"seed": 1, "students": 3}])
def test_a_file_without_seeds_is_refused(tmp_path, data):
    path = tmp_path / "variants.json"
    path.write_text(json.dumps(data))
    with pytest.raises(ValueError, match=r"variants\.json: no seed"):
        variants.load(path)


# -- graded


def right(seed):
    """Chapter 1's answers to the variant of this seed: the two numbers, nothing else."""
    found = catalogue.exercises("ngram", seed)
    return notebook({name: f"{name} = {found[name].reference!r}" for name in NAMES})


def points(book):
    """{student: points of the two numbers}."""
    return {
        r.student: sum(g.points for g in r.grades if g.exercise in NAMES) for r in book.records()
    }


def test_each_submission_is_judged_against_the_variant_of_its_student(tmp_path):
    whose = variants.for_roster(7, ["amy", "bob", "cay"])
    of = whose.students
    assert len({str(right(seed)) for seed in of.values()}) == 3
    mine = right(of["amy"])
    mine["metadata"]["companion"]["seed"] = of["bob"]  # what a notebook says of itself is not asked
    hand_in(tmp_path / "in", "amy", mine)
    hand_in(tmp_path / "in", "bob", right(of["amy"]))  # a friend's
    hand_in(tmp_path / "in", "cay", right(None))  # the book's own numbers
    hand_in(tmp_path / "in", "eve", right(of["amy"]))  # a name of their own choice
    with GradeBook(tmp_path / "book") as book:
        grade.run(book, tmp_path / "in", Here(), variants=whose)
        assert points(book)["amy"] == 2
        assert points(book)["bob"] < 2
        assert points(book)["cay"] < 2
        assert [r.student for r in book.refusals()] == ["eve"]
        assert "roster" in book.refusals()[0].reason


def test_the_book_remembers_its_variants_and_takes_no_others(tmp_path):
    whose = variants.for_roster(7, ["amy"])
    hand_in(tmp_path / "in", "amy", right(whose.of("amy")))
    for given in (whose, None, variants.for_roster(7, ["amy", "bob"])):
        with GradeBook(tmp_path / "book") as book:
            grade.run(book, tmp_path / "in", Here(), variants=given, regrade=True)
            assert points(book) == {"amy": 2}
    for other in (variants.for_roster(8, ["amy", "bob"]), Variants(7), whose):
        with GradeBook(tmp_path / "book") as book, pytest.raises(BookError, match="other variants"):
            grade.run(book, tmp_path / "in", Here(), variants=other)
    with GradeBook(tmp_path / "plain") as book:
        grade.run(book, tmp_path / "in", Here())
        with pytest.raises(BookError, match="without variants"):
            grade.run(book, tmp_path / "in", Here(), variants=whose)


# -- the commands


def companion(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


def test_a_bundle_for_each_student_checks_its_own_variant(tmp_path):
    (tmp_path / "roster").write_text("amy\nbob\n")
    words = ("--out", tmp_path / "out", "--seed", 7, "--students", tmp_path / "roster")
    done = companion("release", "ngram", *words)
    assert done.exit_code == 0, done.output
    whose = variants.load(tmp_path / "out" / "variants.json")
    assert whose == variants.for_roster(7, ["amy", "bob"])
    amy = tmp_path / "out" / "amy"
    assert json.loads((amy / "manifest.json").read_bytes())["seed"] == whose.of("amy")
    assert not list(amy.rglob("variants.json"))  # whose variant is which is not for students
    own = json.loads((amy / "exercises" / f"{CHAPTER.stem}.ipynb").read_bytes())
    answers = {mark(c): source(c) for c in right(whose.of("amy"))["cells"]}
    for cell in own["cells"]:
        if mark(cell) in [(name, "answer") for name in NAMES]:
            cell["source"] = answers[mark(cell)]
    (tmp_path / f"{CHAPTER.stem}.ipynb").write_text(json.dumps(own))
    call = (
        "import sys\nfrom companion.course.notebook import check_notebook\n"
        f"print([r.state for r in check_notebook(sys.argv[1], {list(NAMES)})])"
    )
    done = subprocess.run(
        [sys.executable, "-c", call, tmp_path / f"{CHAPTER.stem}.ipynb"],
        cwd=amy,
        env=os.environ | {"PYTHONPATH": str(amy)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "['passed', 'passed']"


def test_a_variant_for_the_class_is_in_its_manifest(tmp_path):
    done = companion("release", "ngram", "--out", tmp_path, "--seed", 3)
    assert done.exit_code == 0, done.output
    assert variants.load(tmp_path / "manifest.json") == Variants(3)
    text = (tmp_path / "exercises" / f"{CHAPTER.stem}.ipynb").read_text("utf-8")
    assert text == release("ngram", 3) != release("ngram")
    bundle.write_bundle([CHAPTER], tmp_path / "plain")
    assert "seed" not in json.loads((tmp_path / "plain" / "manifest.json").read_bytes())


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--seed", 1), "--out DIR"),
        (("--out", "x", "--students", "roster"), "needs a --seed"),
        (("--out", "x", "--seed", 1, "--students", "nowhere"), "--students nowhere: No such file"),
    ],
)
def test_options_that_do_not_go_together_are_told(tmp_path, monkeypatch, words, message):
    monkeypatch.chdir(tmp_path)
    done = companion("release", "ngram", *words)
    assert done.exit_code == 2
    assert message in done.stderr
    assert not (tmp_path / "x").exists()


def test_a_file_of_variants_that_cannot_be_read_is_told_once(tmp_path):
    (tmp_path / "latin").write_bytes("é".encode("latin-1"))
    for name, reason in (
        ("nowhere", "No such file or directory; check"),
        ("latin", "not in UTF-8"),
    ):
        path = tmp_path / name
        done = companion("grade", tmp_path, "--out", tmp_path / "book", "--variants", path)
        assert done.exit_code == 2
        assert f"--variants {path}: " in done.stderr
        assert reason in done.stderr
        assert done.stderr.count(str(path)) == 1
        with pytest.raises(ValueError, match=reason):
            variants.roster(path)


def test_the_selftest_looks_at_variants_too(monkeypatch):
    from companion.course.selftest import selftest

    found = catalogue.exercises("ngram")
    wrong = [Mistake("median", 2, "a"), Mistake("mean", 3, "b"), Mistake("mode", 4, "c")]
    given = Variant({"no such words": "x"}, 1, wrong, ["a", "b", "c"])
    broken = {
        **found,
        "p_sat_given_cat": replace(found["p_sat_given_cat"], vary=lambda rng: given),
    }
    module = sys.modules["companion.checks.ngram"]
    monkeypatch.setattr(module, "EXERCISES", tuple(broken.values()))
    result = selftest([CHAPTER], seeds=(0,))
    assert [line for line in result.problems if "variant 0: p_sat_given_cat: 'no such" in line]
