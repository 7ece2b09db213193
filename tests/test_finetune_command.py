"""`companion finetune`: runs add up in a card, a killed one is resumed, a wrong one explained."""

import contextlib
import dataclasses
import io
import json
import os
import random
import subprocess
import sys
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from companion import bert as bt
from companion import checkpoints, training
from companion import finetuning as ft
from companion.course import tasks
from companion.course.chapters import ROOT
from companion.course.cli import app
from companion.course.notebook import load
from companion.course.tasks import reading, results
from companion.finetuning import EarlyStopping

GOOD, BAD = "好棒美香甜", "差坏丑臭苦"
SMALL = {
    "longest": 12,
    "batch_size": 8,
    "epochs": 1,
    "at least": 8,
    "every": 4,
    "validation": 12,
    "rates": dict.fromkeys(("full", "frozen", "lora", "adapter", "scratch"), 1e-3),
}


def reviews(count: int, seed: int) -> list[ft.Example]:
    """Texts of five characters, all of one mood."""
    rng = random.Random(seed)
    made = []
    for i in range(count):
        mood = rng.choice((GOOD, BAD))
        text = "".join(rng.choice(mood) for _ in range(rng.choice((3, 8))))
        made.append(ft.Example(f"{seed}-{i}", text, "for" if mood == GOOD else "against"))
    return made


def toy_data(task: tasks.Task) -> tasks.Data:
    train = reviews(40, 0)
    return tasks.Data(
        kind=ft.Classification.of(train),
        train=train,
        validation=reviews(16, 1),
        tests={"toy": reviews(30, 2), "elsewhere": reviews(10, 3)},
        baselines={"commonest": ft.commonest},
    )


@pytest.fixture
def places(tmp_path, monkeypatch):
    """Caches and checkpoints of a test's own, with a tiny encoder that has learned nothing."""
    monkeypatch.setenv("COMPANION_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(checkpoints, "COMMITTED", tmp_path / "committed")
    tokenizer = bt.character_tokenizer([GOOD + BAD])
    config = dataclasses.replace(
        bt.PRESETS["tiny"], vocab_size=len(tokenizer), context_length=16, d_model=16,
        num_heads=2, num_layers=1, d_ff=16, num_segments=1, pooler=False,
    )  # fmt: skip
    training.seed(0)
    tokenizer.save(tmp_path / "tokenizer.json")
    checkpoints.write(
        bt.MaskedBert(config),
        checkpoints.own() / "bert-mini-zh",
        {"config": dataclasses.asdict(config)},
        {"tokenizer.json": tmp_path / "tokenizer.json"},
    )
    return tmp_path


@pytest.fixture
def toy(places, monkeypatch):
    """The committed task with few texts in place of the corpus, and few steps."""
    task = dataclasses.replace(tasks.TASKS["sentiment-zh"], load=toy_data, settings=SMALL)
    monkeypatch.setitem(tasks.TASKS, task.name, task)
    return task


def command(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


# the command


def test_runs_of_several_methods_add_up_in_one_card_and_none_is_repeated(toy, places):
    first = command("finetune", "sentiment-zh", "--json")
    assert first.exit_code == 0, first.output
    again = command("finetune", "sentiment-zh", "--method", "full", "--method", "scratch", "--json")
    assert again.exit_code == 0, again.output
    assert "full-1-0: finished before" in again.stderr
    card = json.loads(again.stdout)["card"]
    rows = card["results"]["toy"]["100% of the items"]
    assert set(rows) == {"commonest", "full", "scratch"}
    # The test's majority among 30 texts, whatever the training's majority was.
    labels = [item.label for item in reviews(30, 2)]
    majority = [item.label for item in reviews(40, 0)]
    expected = labels.count(max(set(majority), key=majority.count)) / 30
    assert rows["commonest"]["accuracy"]["score"] == pytest.approx(expected, abs=1e-4)
    gap = card["differences, paired over the test items"]["toy"]["full − commonest, 100%"]
    assert gap["difference"] == pytest.approx(
        rows["full"]["accuracy"]["score"] - expected, abs=2e-4
    )
    assert gap["95 %"][0] <= gap["difference"] <= gap["95 %"][1]
    table = card["errors"]
    assert sum(table["for"]) + sum(table["against"]) == 30
    assert card["runs"]["full 1, seed 0"]["steps"] == 8
    folder = results.own("sentiment-zh")
    assert json.loads((folder / "card.json").read_text("utf-8")) == card
    assert "full − scratch, 100%" in (folder / "README.md").read_text("utf-8")
    assert not list((places / "data" / "finetuning").rglob("*.npz"))  # states of finished runs


def test_results_that_take_the_place_of_committed_ones_say_how_to_undo_that(toy, places):
    words = ("finetune", "sentiment-zh", "--method", "frozen")
    told = "Chapter 10 now reads this card in place of the committed one; remove "
    first = command(*words)
    assert first.exit_code == 0, first.output
    assert told not in first.stdout  # nothing is committed that it could stand in for
    committed = checkpoints.COMMITTED / results.PLACE / "sentiment-zh"
    committed.mkdir(parents=True)
    (committed / "card.json").write_text("{}", encoding="utf-8")
    assert f"{told}{results.own('sentiment-zh')} to have that again." in command(*words).stdout
    for other in (("--steps", 4), ("--out", places / "elsewhere")):
        assert told not in command(*words, *other).stdout


@pytest.mark.slow
def test_a_killed_run_is_resumed_and_answers_as_one_that_was_not(toy, places, monkeypatch):
    wanted = tasks.Wanted(methods=("lora",))
    tasks.finetune("sentiment-zh", wanted, places / "whole", say=lambda line: None)
    monkeypatch.setenv("COMPANION_DATA", str(places / "data2"))
    (places / "data2").mkdir()
    (places / "data" / "checkpoints").rename(places / "data2" / "checkpoints")

    class Killed(BaseException):
        pass

    # Killed in the second interval, once it was scored and before its state was written.
    original = EarlyStopping.on_epoch_end

    def scored_then_dead(self, epoch, logs=None):
        original(self, epoch, logs)
        if epoch:
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(EarlyStopping, "on_epoch_end", scored_then_dead)
        with pytest.raises(Killed):
            tasks.finetune("sentiment-zh", wanted, places / "again", say=lambda line: None)
    said = []
    tasks.finetune("sentiment-zh", wanted, places / "again", say=said.append)
    assert any(line.startswith("lora-1-0: resuming from ") for line in said)
    assert not any("step 4/8" in line for line in said)
    one, other = (
        json.loads((places / name / "runs" / "lora-1-0.json").read_text("utf-8"))
        for name in ("whole", "again")
    )
    assert one["validation"] == other["validation"]
    assert one["tests"] == other["tests"]


CHILD = """
import dataclasses, os, signal, sys
from pathlib import Path
from companion.course import tasks

task = tasks.TASKS["aspects"]
sizes = task.settings["model"] | {"d_model": 16, "num_layers": 1, "num_heads": 2, "d_ff": 16}
tasks.TASKS["aspects"] = dataclasses.replace(task, settings=task.settings | {
    "model": sizes, "texts": {"train": 90, "validation": 20, "test": 20},
    "batch_size": 8, "every": 4, "epochs": 1, "at least": 12,
})

def say(line):
    if sys.argv[2] == "die" and "step 8/12" in line:
        os.kill(os.getpid(), signal.SIGKILL)  # nothing is tidied up, as in a power cut
    print(line, flush=True)

tasks.finetune("aspects", folder=Path(sys.argv[1]), say=say)
"""


@pytest.mark.slow
def test_a_run_ended_by_kill_9_ends_where_an_uninterrupted_one_does(tmp_path):
    def child(place: str, how: str):
        environment = os.environ | {"COMPANION_DATA": str(tmp_path / f"data-{place}")}
        words = [sys.executable, "-c", CHILD, str(tmp_path / place), how]
        return subprocess.run(words, env=environment, capture_output=True, text=True, check=False)

    assert child("again", "die").returncode == -9
    assert not list((tmp_path / "again").rglob("scratch*.json"))
    resumed, whole = child("again", "live"), child("whole", "live")
    assert resumed.returncode == whole.returncode == 0, resumed.stderr
    assert "scratch-1-0: resuming from" in resumed.stdout
    assert "step 4/12" not in resumed.stdout
    one, other = (
        json.loads((tmp_path / name / "runs" / "scratch-1-0.json").read_text("utf-8"))
        for name in ("again", "whole")
    )
    for said in ("steps", "best at step", "validation", "tests", "errors"):
        assert one[said] == other[said]


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["sentiment"], 2, "no task 'sentiment'"),
        (["sentiment-zh", "--method", "half"], 2, "takes full, scratch, frozen, lora, adapter"),
        (["sentiment-zh", "--share", "1.5"], 2, "share is 1.5"),
        (["sentiment-zh", "--seed", "-1"], 2, "seed is -1"),
        (["sentiment-zh", "--steps", "0"], 2, "steps is 0"),
        (["sentiment-zh"], 4, "`companion train bert-mini-zh` makes it"),
    ],
)
def test_what_finetune_cannot_do_is_said_in_one_sentence(tmp_path, monkeypatch, words, code, says):
    monkeypatch.setenv("COMPANION_DATA", str(tmp_path))
    monkeypatch.setattr(checkpoints, "COMMITTED", tmp_path / "committed")
    done = command("finetune", *words, "--json")
    assert done.exit_code == code, done.output
    told = json.loads(done.stdout)
    assert says in f"{told['error']} {told['remedy']}"


def test_without_a_task_the_tasks_are_listed_with_where_they_start():
    done = command("finetune", "--json")
    assert done.exit_code == 0, done.output
    rows = {row["name"]: row for row in json.loads(done.stdout)["tasks"]}
    assert set(rows) == set(tasks.TASKS)
    assert rows["sentiment-en"]["starts from"] == "minilm"
    assert rows["sentiment-zh"]["methods"][0] == "full"


# results


def test_results_of_other_settings_do_not_count(toy, places):
    run = tasks.Run("full")
    results.write(places, run, {"digest": toy.digest("full"), "method": "full", "tests": {}})
    changed = dataclasses.replace(toy, settings=SMALL | {"epochs": 2})
    assert results.read(places, toy, run) is not None
    assert results.read(places, changed, run) is None
    assert results.all_of(places, changed) == []
    rates = toy.numbers["rates"]
    faster = {
        m: dataclasses.replace(toy, settings=SMALL | {"rates": rates | {m: 1.0}}) for m in rates
    }
    assert results.read(places, faster["full"], run) is None
    assert results.read(places, faster["lora"], run) is not None  # another method's rate


def toy_run(method, share, right, **more):
    """What a run leaves that answered so many test items, and which of them it had right."""
    counts = [[one, 1] for one in right]
    return {"method": method, "share": share, "seed": 0, "items": 8, **more,
            "tests": {"toy": {"accuracy": {"score": "share", "counts": counts}}}}  # fmt: skip


def test_shares_that_round_to_one_percentage_are_two_lines_of_the_card():
    of_share = {0.12: [1, 0, 0, 0], 0.125: [1, 1, 1, 0], 0.001: [0, 0, 0, 0], 1.0: [1, 1, 1, 1]}
    trained = [toy_run("full", share, right, seconds=1) for share, right in of_share.items()]
    rivals = [toy_run("commonest", share, [1, 0, 0, 0]) for share in of_share]
    card = results.card(tasks.TASKS["spam"], trained + rivals)
    found = {share: line.value for share, line in reading.shares(card)["full"].items()}
    assert found == {share: sum(right) / 4 for share, right in of_share.items()}
    assert reading.scores(card, share=0.125)[0].value == 0.75
    gains = {share: reading.differences(card, share=share)[0].value for share in of_share}
    assert gains == {0.12: 0, 0.125: 0.5, 0.001: -0.25, 1.0: 0.75}
    titles = [f"{of} of the items" for of in ("100%", "12.5%", "12%", "0.1%")]
    assert list(card["results"]["toy"]) == titles


def test_the_page_reads_a_card_of_small_shares_alone():
    def card(name, share):
        runs = [
            toy_run("full", share, [1] * 9 + [0], seconds=1),
            toy_run("bag of words", share, [1] * 3 + [0] * 7),
        ]
        return results.card(tasks.TASKS[name], runs)

    drawn = []
    page = {
        "cards": {"question-type": card("question-type", 0.1), "entailment": card("entailment", 1)},
        "plots": SimpleNamespace(forest=lambda groups, *more: drawn.append(groups)),
        "reading": reading,
        "tasks": tasks,
    }
    notebook = load(ROOT / "chapters" / "10_finetuning" / "finetuning.ipynb")
    code = {cell["id"]: "".join(cell["source"]) for cell in notebook["cells"]}
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        for name in ("figure", "verdict", "verdicts", "count", "rule"):
            exec(code[f"finetuning-record-{name}"], page)
    assert list(drawn[0]) == ["entailment, accuracy"]
    assert out.getvalue().splitlines() == [
        "entailment, full − bag of words: ahead +0.600; room 0.700, resolution 0.300, 8 labels",
        "entailment: bar 0.95 NOT reached (full, 0.900)",
        "entailment: beats the baseline; no run from scratch on this card",
    ]


def test_a_damaged_result_is_one_that_was_never_found(toy, places):
    path = results.path_of(places, tasks.Run("full"))
    path.parent.mkdir(parents=True)
    path.write_text('{"digest": "', encoding="utf-8")
    assert results.read(places, toy, tasks.Run("full")) is None
