"""`companion train bert-mini-zh` and `companion fill-mask`: end to end with a toy in its place."""

import dataclasses
import json
import time

import numpy as np
import pytest
from typer.testing import CliRunner

from companion import bert as bt
from companion import checkpoints, corpora, training
from companion.corpora import Pair, TaggedSentence
from companion.course import recipes
from companion.course.cli import app
from companion.course.cli import models as commands
from companion.course.recipes import bert as recipe_file

WORDS = [("我", "r"), ("在", "p"), ("上海", "ns"), ("图书馆", "n"), ("看", "v"), ("新", "a"),
         ("报", "n"), ("。", "w")]  # fmt: skip
LINES = [
    TaggedSentence(str(n), tuple(w if w != "上海" else place for w, _ in WORDS), tags)
    for n, place in enumerate(("上海", "天津", "河边", "家里") * 3)
    for tags in [tuple(tag for _, tag in WORDS)]
]
TEXTS = {"toy": [line.text for line in LINES] + ["他在家读书。", "她在家喝茶。"] * 8}


@pytest.fixture
def places(tmp_path, monkeypatch):
    """Caches and checkpoints of a test's own."""
    monkeypatch.setenv("COMPANION_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(checkpoints, "COMMITTED", tmp_path / "committed")
    return tmp_path


@pytest.fixture
def small(monkeypatch):
    """The committed recipe with a tiny model and twenty-eight short texts in place of corpora."""
    recipe = recipes.RECIPES["bert-mini-zh"]
    tiny = {"context_length": 24, "d_model": 16, "num_layers": 1, "num_heads": 2, "d_ff": 16}
    settings = recipe.settings | {
        "at_least": 1,
        "model": recipe.settings["model"] | tiny,
        "short": {"length": 16, "batch_size": 4},
        "long": {"batch_size": 2},
        "every": 2,
        "held_out_rows": 4,
        "cloze": 6,
    }
    changed = dataclasses.replace(recipe, settings=settings, steps=4)
    monkeypatch.setitem(recipes.RECIPES, recipe.name, changed)
    monkeypatch.setattr(recipe_file, "chinese_texts", lambda split: TEXTS)
    monkeypatch.setattr(corpora, "load", lambda name, split: LINES)
    return changed


def command(*words, **options):
    return CliRunner().invoke(app, [str(word) for word in words], **options)


def test_train_writes_a_checkpoint_with_its_card_and_fill_mask_uses_it(small, places):
    trained = command("train", "bert-mini-zh", "--json")
    assert trained.exit_code == 0, trained.output
    card = json.loads(trained.stdout)["card"]
    assert card["config"]["d_model"] == 16
    assert card["training"]["steps"] == 4
    assert [part["rate of gaps"] for part in card["training"]["parts"]] == [0.3, 0.15, 0.3, 0.15]
    measured = card["metrics on held-out text, of the float16 weights"]
    scores = measured["gaps of the test splits"]["toy"]
    assert 0 <= scores["accuracy_95"][0] <= scores["accuracy"] <= scores["accuracy_95"][1] <= 1
    example = measured["我在北京[MASK]书"]
    assert 1 <= example["rank of 读"] <= card["config"]["vocab_size"]
    assert len(example["first five"]) == 5
    cloze = measured["one content character missing, answer among the first five"]
    # Six items; the model's difference to the neighbours is that of the two shares.
    gap = cloze["model"]["share"] - cloze["left and right neighbour"]["share"]
    assert cloze["model − neighbours"]["share"] == pytest.approx(gap, abs=2e-4)

    asked = command("fill-mask", "我在北京[MASK]书", "他[MASK]家[MASK]书", "--k", 3, "--json")
    assert asked.exit_code == 0, asked.output
    rows = json.loads(asked.stdout)["texts"]
    assert [len(row["gaps"]) for row in rows] == [1, 2]
    assert all(len(gap) == 3 for row in rows for gap in row["gaps"])
    first = example["first five"][0].split()
    assert rows[0]["gaps"][0][0][0] == first[0]  # the card's weights are the file's
    assert rows[0]["gaps"][0][0][1] == pytest.approx(float(first[1]), abs=1e-3)
    plain = command("fill-mask", input="他[MASK]家[MASK]书\n")
    assert plain.exit_code == 0
    assert "gap 2:" in plain.stdout
    long = command("fill-mask", "[MASK]" + "书" * 40)
    assert long.exit_code == 2
    assert "41 tokens and the limit is 22" in long.stderr


@pytest.mark.slow
@pytest.mark.parametrize(("intervals", "done"), [(1, "step 2/4"), (4, "step 2/2")])
def test_train_resumes_a_killed_run_and_makes_the_same_weights(
    small, places, monkeypatch, intervals, done
):
    # Nine steps in four parts of 4, 2, 2 and 1, two an interval. Killed after `done`.
    small = dataclasses.replace(small, steps=9)
    monkeypatch.setitem(recipes.RECIPES, small.name, small)
    monkeypatch.setattr(recipe_file, "measure", lambda *arguments: {})  # no scores asked here
    whole = recipes.train(small.name, places / "whole", say=lambda line: None)
    monkeypatch.setenv("COMPANION_DATA", str(places / "data2"))

    class Killed(BaseException):
        pass

    begun = []

    def die(self, epoch, logs=None):
        if len(begun) == intervals:
            raise Killed
        begun.append(epoch)
        self.begun = time.perf_counter()

    with monkeypatch.context() as patch:
        patch.setattr(training.Progress, "on_epoch_begin", die)
        with pytest.raises(Killed):
            recipes.train(small.name, places / "again", say=lambda line: None)
    said = []
    again = recipes.train(small.name, places / "again", say=said.append)
    assert said[0].startswith("resuming from ")
    assert not any(done in line for line in said)
    first, second = ((f / "weights.safetensors").read_bytes() for f in (whole, again))
    assert first == second


def test_tatoeba_gives_each_simplified_sentence_once(monkeypatch):
    said = ("你好。", "妳好。", "你好。", "再見。")  # 妳 and 見 are not in GB 2312
    pairs = [Pair(f"0_{n}", "Hi.", text) for n, text in enumerate(said)]
    monkeypatch.setattr(corpora, "load", lambda name, split: pairs if name == "tatoeba" else LINES)
    texts = recipe_file.chinese_texts("train")
    assert texts["tatoeba"] == ["你好。"]
    assert list(texts) == list(recipes.RECIPES["bert-mini-zh"].corpora)
    assert texts["sanguo"] == [line.text for line in LINES]


def test_a_training_text_that_holds_the_example_stops_the_recipe():
    recipe_file.absent("我在北京[MASK]书", ["我在北京的图书馆", "在北京读书"])  # two apart; no 我
    with pytest.raises(ValueError, match="holds '我在北京买书'"):
        recipe_file.absent("我在北京[MASK]书", ["昨天我在北京买书。"])


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["fill-mask", " "], 2, "an empty text has no gap"),
        (["fill-mask", "我在北京读书"], 2, "write [MASK] for a character"),
        (["fill-mask", "我[MASK]", "--k", "0"], 2, "--k is 0"),
        (["fill-mask", "我[MASK]"], 4, "`companion train bert-mini-zh` makes it"),
    ],
)
def test_what_fill_mask_cannot_do_is_said_in_one_sentence(places, words, code, says):
    done = command(*words, "--json")
    assert done.exit_code == code, done.output
    told = json.loads(done.stdout)
    assert says in f"{told['error']} {told['remedy']}"


def test_the_name_of_the_filler_is_that_of_a_recipe_and_of_the_module():
    assert commands.FILLER in recipes.RECIPES
    assert bt.filling.CHECKPOINT == commands.FILLER


# Cloze items and baselines


def test_a_cloze_item_is_a_sentence_with_one_content_character_missing():
    items = bt.content_gaps(LINES, 12, seed=1)
    assert len({item.text for item in items}) > 1
    texts = {line.text for line in LINES}
    content = set("上海天津河边家里图书馆看新报")  # nouns (ns too), verb, adjective; not 我 在 。
    for item in items:
        assert item.text.replace("[MASK]", item.answer) in texts
        assert item.answer in content
    with pytest.raises(ValueError, match="12 sentences have a content character; 13 were wanted"):
        bt.content_gaps(LINES, 13)


def test_the_commonest_content_characters_are_counted_in_content_words():
    # Every line has 图书馆看新报 once each, 12 times in all; 在 and 我 are no content words.
    assert bt.commonest_content(LINES, 6) == list("图书馆看新报")


def test_neighbours_by_hand():
    # Rows: 2 5 6 3 and 2 5 7 3. After 5 come 6 and 7, once each; before 3 stand 6 and 7.
    rows = np.array([[2, 5, 6, 3], [2, 5, 7, 3]])
    baseline = bt.Neighbours(rows, 8, weight=0.5)
    unigram = (np.array([0, 0, 2, 2, 0, 2, 1, 1]) + 0.5) / 12
    found = baseline.log_probs(5, 3)
    # p(6 | 5) = ½·½ + ½·p(6), p(3 | 6) = ½·1 + ½·p(3)
    expected = np.log(0.25 + unigram[6] / 2) + np.log(0.5 + unigram[3] / 2)
    assert found[6] == found[7] == pytest.approx(expected)
    assert found.argmax() in (6, 7)
    assert np.isfinite(found).all()
    with pytest.raises(ValueError, match="weight is 1"):
        bt.Neighbours(rows, 8, weight=1)


def test_among_the_first_k_by_hand():
    scores = np.array([[1.0, 5, 3, 4], [1, 5, 3, 4], [1, 5, 3, 4]])
    # id 2 is third, id 0 fourth; an answer that the tokenizer lacks is never found.
    assert bt.among_first(scores, np.array([2, 0, -1]), 3).tolist() == [True, False, False]
