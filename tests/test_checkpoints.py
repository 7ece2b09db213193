"""Checkpoints: what is written is read, what is damaged is named, what is killed is resumed."""

import dataclasses
import hashlib
import json
import os
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest
from typer.testing import CliRunner

from companion import cache, checkpoints, training
from companion import transformer as tr
from companion.corpora import Pair
from companion.course import recipes
from companion.course.cli import app, models
from companion.course.recipes import translation

# Keras 3.15 reads variables in a way that NumPy 2 deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

CONFIG = tr.TransformerConfig(
    vocab_size=300, context_length=16, d_model=8, num_layers=1, num_heads=2, d_ff=8, norm="pre"
)


@pytest.fixture(autouse=True)
def places(tmp_path, monkeypatch):
    """An empty cache, and a course that comes without checkpoints."""
    monkeypatch.setenv("COMPANION_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(checkpoints, "COMMITTED", tmp_path / "committed")
    return tmp_path


@pytest.fixture
def model():
    training.seed(1)
    return tr.Transformer(CONFIG)


def arrays(model):
    return {name: np.array(w) for name, w in checkpoints.by_path(model).items()}


# --- writing and reading -------------------------------------------------------------------------


def test_weights_come_back_as_the_nearest_float16(model, tmp_path):
    before = arrays(model)
    folder = checkpoints.write(model, tmp_path / "toy", {"title": "a toy"})
    other = tr.Transformer(CONFIG)  # named transformer_1 by Keras: the names of models do not count
    assert other.name != model.name
    assert checkpoints.read(other, folder)["title"] == "a toy"
    for name, array in arrays(other).items():
        assert array.dtype == np.float32
        np.testing.assert_array_equal(array, before[name].astype(np.float16).astype(np.float32))


def test_rounded_weights_are_those_that_the_file_holds(model, tmp_path):
    folder = checkpoints.write(model, tmp_path / "toy", {})
    checkpoints.round_weights(model)
    other = tr.Transformer(CONFIG)
    checkpoints.read(other, folder)
    ours, theirs = arrays(model), arrays(other)
    assert all((ours[name] == theirs[name]).all() for name in ours)


def test_the_file_is_small_and_is_read_by_the_safetensors_library(model, tmp_path):
    from safetensors import safe_open

    folder = checkpoints.write(model, tmp_path / "toy", {})
    path = folder / checkpoints.WEIGHTS
    assert path.stat().st_size < 2 * model.count_params() + 16_000  # two bytes a number + names
    with safe_open(path, "numpy") as opened:
        assert set(opened.keys()) == set(checkpoints.by_path(model))
        assert "encoder/block1/attention/query/kernel" in opened.keys()  # noqa: SIM118


def test_the_card_lists_facts_and_sums_and_is_written_for_people_too(model, tmp_path):
    (tmp_path / "words.txt").write_text("a b c")
    facts = {"title": "a toy", "metrics": {"en→zh": {"bleu": 12.5}}, "data": ["one", "two"]}
    folder = checkpoints.write(model, tmp_path / "toy", facts, {"w.txt": tmp_path / "words.txt"})
    card = checkpoints.verify(folder)
    assert set(card["files"]) == {"weights.safetensors", "w.txt"}
    # printf 'a b c' | sha256sum
    assert card["files"]["w.txt"].startswith("0e9f64031fcb2bc7")
    readme = (folder / "README.md").read_text(encoding="utf-8")
    assert "- title: a toy\n" in readme
    assert "## metrics\n" in readme
    assert "### en→zh\n\n- bleu: 12.5\n" in readme
    assert "  - two\n" in readme


def test_a_copy_has_the_same_weights_and_one_into_another_model_is_refused_whole(model):
    training.seed(2)
    copy = checkpoints.copied(model, tr.Transformer(CONFIG))
    ours = arrays(model)
    assert all((weight == ours[name]).all() for name, weight in arrays(copy).items())
    for change, says in (
        ({"num_layers": 2}, "are on one side only"),
        ({"d_ff": 12}, "has the shape"),
    ):
        other = tr.Transformer(dataclasses.replace(CONFIG, **change))
        before = arrays(other)
        with pytest.raises(ValueError, match=says):
            checkpoints.copied(model, other)
        assert all((weight == before[name]).all() for name, weight in arrays(other).items())


def test_ones_own_checkpoint_comes_before_the_committed_one(model):
    with pytest.raises(checkpoints.CheckpointError, match="`companion train toy` makes it"):
        checkpoints.find("toy")
    assert checkpoints.names() == ()
    committed = checkpoints.write(model, checkpoints.COMMITTED / "toy", {})
    assert checkpoints.find("toy") == committed
    own = checkpoints.write(model, checkpoints.own() / "toy", {})
    assert checkpoints.find("toy") == own
    checkpoints.write(model, checkpoints.COMMITTED / "another", {})
    assert checkpoints.names() == ("another", "toy")


def test_writing_again_replaces_the_folder_and_a_failure_leaves_it(model, tmp_path):
    folder = checkpoints.write(model, tmp_path / "toy", {"n": 1}, {"extra": __file__})
    checkpoints.write(model, folder, {"n": 2})
    assert checkpoints.verify(folder)["n"] == 2
    assert not (folder / "extra").exists()
    with pytest.raises(FileNotFoundError):
        checkpoints.write(model, folder, {"n": 3}, {"gone": tmp_path / "gone"})
    assert checkpoints.verify(folder)["n"] == 2
    assert [p.name for p in tmp_path.iterdir()] == ["toy"]


def test_a_weight_that_float16_cannot_hold_is_named(model, tmp_path):
    checkpoints.by_path(model)["E/embeddings"].assign(np.full((300, 8), 1e5, np.float32))
    with pytest.raises(checkpoints.CheckpointError, match="E/embeddings holds 100000"):
        checkpoints.write(model, tmp_path / "toy", {})
    checkpoints.by_path(model)["E/embeddings"].assign(np.full((300, 8), np.nan, np.float32))
    with pytest.raises(checkpoints.CheckpointError, match="holds nan"):
        checkpoints.write(model, tmp_path / "toy", {})


# --- what is wrong -------------------------------------------------------------------------------


def cut(path):
    path.write_bytes(path.read_bytes()[:-7])


def flip(path):
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("file", "harm", "says"),
    [
        ("weights.safetensors", cut, "weights.safetensors is damaged"),
        ("weights.safetensors", flip, "weights.safetensors is damaged"),
        ("weights.safetensors", os.remove, "weights.safetensors is missing"),
        ("card.json", cut, "card.json is damaged"),
        ("card.json", os.remove, "card.json is missing"),
    ],
)
def test_a_damaged_file_is_named_with_the_remedy_and_the_model_is_left(
    model, tmp_path, file, harm, says
):
    folder = checkpoints.write(model, checkpoints.own() / "toy", {})
    harm(folder / file)
    before = arrays(model)
    with pytest.raises(checkpoints.CheckpointError, match=says) as caught:
        checkpoints.read(model, folder)
    assert "run `companion train toy` again" in str(caught.value)
    assert all((before[name] == array).all() for name, array in arrays(model).items())


def test_a_committed_checkpoint_is_fetched_again_not_trained(model):
    folder = checkpoints.write(model, checkpoints.COMMITTED / "toy", {})
    flip(folder / "weights.safetensors")
    with pytest.raises(checkpoints.CheckpointError, match="fetch the course's files again"):
        checkpoints.verify(folder)


def test_a_file_that_is_no_safetensors_is_refused_though_its_sum_is_right(model, tmp_path):
    folder = checkpoints.write(model, tmp_path / "toy", {})
    content = json.loads((folder / "card.json").read_text())
    (folder / "weights.safetensors").write_bytes(b"a b c")
    content["files"]["weights.safetensors"] = hashlib.sha256(b"a b c").hexdigest()
    (folder / "card.json").write_text(json.dumps(content))
    with pytest.raises(checkpoints.CheckpointError, match="no safetensors file"):
        checkpoints.read(model, folder)


@pytest.mark.parametrize(
    ("change", "says"),
    [({"d_ff": 16}, "feed_forward.* the shape"), ({"num_layers": 2}, "on one side only.*block2")],
)
def test_another_models_weights_are_refused_by_name(model, tmp_path, change, says):
    folder = checkpoints.write(model, tmp_path / "toy", {})
    other = tr.Transformer(dataclasses.replace(CONFIG, **change))
    before = arrays(other)
    with pytest.raises(checkpoints.CheckpointError, match=says):
        checkpoints.read(other, folder)
    assert all((before[name] == array).all() for name, array in arrays(other).items())


# --- kill -9 -------------------------------------------------------------------------------------

# The process kills itself at an event that it counts, not at a time: after ten steps (one call of
# theirs), with the new state written but not renamed, or renamed. An interval is four events.
PROGRAM = """
    import os, signal, sys
    from pathlib import Path

    import keras
    import numpy as np

    from companion import training
    from companion import transformer as tr

    folder, name, last = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    events, sync = 0, os.fsync

    def count():
        global events
        events += 1
        if events == last:
            os.kill(os.getpid(), signal.SIGKILL)

    def synced(file):
        sync(file)
        count()

    class Counted(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            count()

    training.seed(3)
    config = tr.TransformerConfig(vocab_size=50, context_length=16, d_model=16, num_layers=1,
                                  num_heads=2, d_ff=16, dropout=0.1, norm="pre")
    model = tr.Transformer(config)
    tr.compile_for_translation(model, steps=200, warmup=5)
    rng = np.random.default_rng(0)
    rows = rng.integers(5, 50, (200, 12)).astype("int32")
    rows[np.arange(12) >= rng.integers(3, 13, 200)[:, None]] = 0
    batch = tr.batches(rows, (rows > 0) * (54 - rows), tokens=100)
    os.fsync = synced  # of the file, then of its folder
    training.fit(
        model, batch, 200, every=20, resume=folder / f"{name}.npz", callbacks=[Counted()]
    )
    weights = np.concatenate([np.array(w).ravel() for w in model.weights])
    np.save(folder / f"{name}.npy", weights)
"""


def killed(tmp_path, events):
    """Weights of a run left alone, and of one that was killed each time at an event."""
    program = tmp_path / "program.py"
    program.write_text(textwrap.dedent(PROGRAM))

    def run(name, event=0):
        command = [sys.executable, program, tmp_path, name, str(event)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == (-signal.SIGKILL if event else 0), done.stderr[-3000:]

    run("whole")
    intervals = 0
    for event in events:
        run("killed", event)
        intervals += event // 4
        state = tmp_path / "killed.npz"
        assert (int(np.load(state)["done"]) if state.exists() else 0) == 20 * intervals
    run("killed")
    return [np.load(tmp_path / f"{name}.npy") for name in ("whole", "killed")]


def test_a_translation_model_killed_with_9_and_resumed_has_the_same_weights_bit_by_bit(tmp_path):
    # After ten steps of the second interval; then with its state not yet renamed.
    whole, resumed = killed(tmp_path, [5, 3])
    np.testing.assert_array_equal(whole, resumed)


@pytest.mark.slow
def test_twenty_kills_change_nothing(tmp_path):
    # Eight of the ten intervals are carried out by processes that are killed.
    whole, resumed = killed(tmp_path, [1, 2, 3, 4, 5] * 4)
    np.testing.assert_array_equal(whole, resumed)


# --- the recipe and the commands -----------------------------------------------------------------

PAIRS = [
    Pair(str(n), f"{word} is red.", f"{zh}是红的。")
    for n, (word, zh) in enumerate(
        [("Sara", "萨拉"), ("Tom", "汤姆"), ("The map", "地图"), ("Tea", "茶")]
    )
] * 6


@pytest.fixture
def small(monkeypatch):
    """The committed recipe with a tiny model and four sentences in place of three corpora."""
    recipe = recipes.RECIPES["translate-en-zh"]
    tiny = {"context_length": 20, "d_model": 16, "num_layers": 1, "num_heads": 2, "d_ff": 16}
    settings = recipe.settings | {
        "vocab_size": 290,
        "model": tiny | {"norm": "pre", "dropout": 0.0},
        "tokens": 200,
        "every": 2,
    }
    changed = dataclasses.replace(recipe, settings=settings, steps=4)
    monkeypatch.setitem(recipes.RECIPES, recipe.name, changed)
    monkeypatch.setattr(translation, "translation_pairs", lambda split, _: {"toy": list(PAIRS)})
    return changed


def command(*words, **options):
    return CliRunner().invoke(app, [str(word) for word in words], **options)


def test_train_writes_a_checkpoint_with_its_card_and_translate_uses_it(small, places):
    trained = command("train", "translate-en-zh", "--json")
    assert trained.exit_code == 0, trained.output
    told = json.loads(trained.stdout)
    assert told["folder"] == str(checkpoints.own() / "translate-en-zh")
    card = told["card"]
    assert card["config"]["d_model"] == 16
    assert card["training"]["steps"] == 4
    assert card["training"]["seconds"] >= 0
    measured = card["metrics on the test splits, of the float16 weights"]["toy"]
    assert set(measured) == {"zh→en", "en→zh"}
    assert measured["en→zh"]["nearest neighbour"]["bleu"] == 100
    assert "step 4/4" in trained.stderr

    asked = command("translate", "Sara is red.", "茶是红的。", "--json")
    assert asked.exit_code == 0, asked.output
    rows = json.loads(asked.stdout)["translations"]
    assert [row["to"] for row in rows] == ["zh", "en"]
    plain = command("translate", "--to", "zh", input="Sara is red.\n\nTom is red.\n")
    assert plain.exit_code == 0
    assert len(plain.stdout.splitlines()) == 2
    listed = json.loads(command("train", "--json").stdout)["recipes"]
    assert [r["folder"] for r in listed if r["name"] == small.name] == [told["folder"]]


def test_train_resumes_a_killed_run_and_makes_the_same_weights(small, places, monkeypatch):
    monkeypatch.setattr(tr, "compare", lambda *arguments: {})  # the scores are not asked here
    whole = recipes.train(small.name, places / "whole", say=lambda line: None)
    monkeypatch.setenv("COMPANION_DATA", str(places / "data2"))

    class Killed(BaseException):
        pass

    def die(self, epoch, logs=None):
        if epoch:
            raise Killed
        self.begun = time.perf_counter()

    with monkeypatch.context() as patch:
        patch.setattr(training.Progress, "on_epoch_begin", die)
        with pytest.raises(Killed):
            recipes.train(small.name, places / "again", say=lambda line: None)
    said = []
    again = recipes.train(small.name, places / "again", say=said.append)
    assert said[0].startswith("resuming from ")
    assert not any("step 2/4" in line for line in said)
    first, second = ((f / "weights.safetensors").read_bytes() for f in (whole, again))
    assert first == second
    with cache.lock(f"train-{small.name}", timeout=0):  # free again
        pass


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["translate", " "], 2, "an empty text"),
        (["translate", "cat", "--to", "fr"], 2, "the languages are zh and en"),
        (["translate", "cat"], 4, "`companion train translate-en-zh` makes it"),
        (["train", "translate-zh-en"], 2, "did you mean translate-en-zh?"),
        (["train", "translate-en-zh", "--steps", "0"], 2, "at least 1 step"),
    ],
)
def test_what_train_and_translate_cannot_do_is_said_in_one_sentence(words, code, says):
    done = command(*words, "--json")
    assert done.exit_code == code, done.output
    told = json.loads(done.stdout)
    assert says in f"{told['error']} {told['remedy']}"


def test_a_text_longer_than_the_model_is_a_usage_error_that_names_the_limit(monkeypatch):
    training.seed(0)
    tokenizer = tr.train_tokenizer(["a b c 猫"], 270)
    config = dataclasses.replace(CONFIG, vocab_size=len(tokenizer))
    translator = tr.Translator(tr.Transformer(config), tokenizer)
    monkeypatch.setattr(checkpoints, "find", lambda name: None)  # there may be none: CI has none
    monkeypatch.setattr(tr, "load_translator", lambda name: translator)
    done = command("translate", "x" * 40)
    assert done.exit_code == 2
    assert "the text has 40 tokens and the limit is 15" in done.stderr


def test_the_name_of_the_translator_is_that_of_a_recipe():
    assert models.TRANSLATOR in recipes.RECIPES
    assert recipes.find(models.TRANSLATOR).digest != ""
    with pytest.raises(ValueError, match="there are: translate-en-zh"):
        recipes.find("nothing")
