"""Chapter 10's tasks: what they are made of, from a few records in place of the corpora."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion import corpora
from companion import finetuning as ft
from companion.bert import Bert, BertConfig
from companion.corpora import Labelled, TaggedSentence, Template
from companion.course import recipes, tasks
from companion.course.chapters import ROOT
from companion.course.tasks import (
    base,
    entities,
    intents,
    questions,
    results,
    runs,
    sentiment,
    world,
)


def load_from(monkeypatch, **of_split):
    """Let `corpora.load` give these records."""
    monkeypatch.setattr(corpora, "load", lambda name, split: of_split[split])


def test_a_line_is_cut_after_a_sign_and_keeps_its_entities(monkeypatch):
    words = ("江", "泽民", "到", "北京", "。", "好", "！")
    line = TaggedSentence("7", words, ("nr", "nr", "v", "ns", "w", "a", "w"))
    load_from(monkeypatch, train=[line, dataclasses.replace(line, id="8")])
    first, second = entities.sentences("train")  # the second line says nothing new
    assert "".join(first.words) == "江泽民到北京。"
    assert first.tags == ("B-PER", "I-PER", "I-PER", "O", "B-LOC", "I-LOC", "O")
    assert (second.words, second.group) == (("好", "！"), "7")
    assert entities.unseen([first, second], [second]) == [first]


def test_passages_hold_neighbouring_sentences_and_lose_nothing():
    def sentence(ident, text, *spans):
        return ft.TaggedText(ident, tuple(text), tuple(ft.bio_tags(spans, len(text))), group=ident)

    there = sentence("b", "我在天津。", (2, 4, "LOC"))
    short = [sentence("a", "他来。"), there, sentence("c", "好。")]
    assert [(i.id, "".join(i.words)) for i in entities.passages(short, room=9)] == [
        ("a", "他来。我在天津。"),
        ("c", "好。"),
    ]
    # Ten characters, nine of room: behind the pause. Without a pause: before the place.
    head, tail = entities.passages([sentence("d", "甲说，乙，丙在天津。", (7, 9, "LOC"))], room=9)
    assert ("".join(head.words), "".join(tail.words)) == ("甲说，乙，", "丙在天津。")
    head, tail = entities.passages([sentence("e", "甲在天津港。", (2, 5, "LOC"))], room=4)
    assert (head.tags, tail.tags) == (("O", "O"), ("B-LOC", "I-LOC", "I-LOC", "O"))


def test_what_is_longer_than_the_room_by_itself_is_no_error():
    def texts(*words, tags):
        items = entities.passages([ft.TaggedText("a", words, tags)], room=9)
        return [item.words for item in items], [tag for item in items for tag in item.tags]

    long = "a" * 10
    assert texts("他", long, "。", tags=("O", "O", "O"))[0] == [("他",), (long,), ("。",)]
    # An entity of ten characters and nine of room: cut where the room ends.
    pieces, tags = texts(*long, tags=("B-ORG", *["I-ORG"] * 9))
    assert [len(piece) for piece in pieces] == [9, 1]
    assert tags == ["B-ORG", *["I-ORG"] * 9]


@given(st.lists(st.lists(st.tuples(st.integers(1, 4), st.booleans()), min_size=1), max_size=8))
def test_passages_are_the_same_words_in_fewer_items_that_fit(shapes):
    # A word of each length, and whether it goes on with an entity: at most three words of one.
    items = []
    for number, shape in enumerate(shapes):
        tags: list[str] = []
        for _, goes_on in shape:
            open_ = tags and tags[-1] != "O" and tags[-2:] != ["I-PER"] * 2
            tags.append("I-PER" if goes_on and open_ else "B-PER" if goes_on else "O")
        words = tuple("字" * length for length, _ in shape)
        items.append(ft.TaggedText(str(number), words, tuple(tags)))
    packed = entities.passages(items, room=12)  # three words of four: an entity always fits
    for name in ("words", "tags"):
        before, after = ([x for i in some for x in getattr(i, name)] for some in (items, packed))
        assert before == after
    assert all(sum(map(len, item.words)) <= 12 for item in packed)
    assert all(item.tags[0][0] != "I" for item in packed)


def test_only_clear_cases_have_a_sentiment(monkeypatch):
    scored = [Labelled(str(s), f"text {s}", s) for s in (-2.0, -0.5, 0.4, 0.6)]
    load_from(monkeypatch, test=scored)
    found = sentiment.clear_cases("movie_snippets", "test")
    assert [(item.id, item.label) for item in found] == [("-2.0", "negative"), ("0.6", "positive")]


def test_a_question_has_the_part_of_its_type_before_the_colon(monkeypatch):
    load_from(monkeypatch, test=[Labelled("1", "Who ?", "HUM:ind")])
    assert questions.coarse("test")[0].label == "HUM"


def test_test_templates_of_intents_that_training_lacks_are_left_out(monkeypatch):
    made = {
        "train": [Template("t1", "en", "Stop", "stop the {area} timer", ())],
        "validation": [Template("t2", "en", "Stop", "halt", ())],
        "test": [
            Template("t3", "en", "Stop", "cease in the {area}", ()),
            Template("t4", "en", "Sing", "sing", ()),
            Template("t5", "zh-CN", "Stop", "停", ()),
        ],
    }
    load_from(monkeypatch, **made)
    grammar = {"lists": {}, "expansion_rules": {}}
    monkeypatch.setattr(corpora, "grammar", lambda language: grammar)
    data = intents.ENGLISH.load(intents.ENGLISH)
    known, new = data.tests.values()
    assert {item.group for item in new} == {"t3"}
    assert {item.group for item in known} == {"t1"}
    assert not {item.id for item in known} & {item.id for item in data.train}
    assert data.kind.tags == ("O", "B-area", "I-area")


@pytest.mark.parametrize("task", world.TASKS, ids=lambda task: task.name)
def test_a_task_of_the_microworld_has_short_texts_to_begin_with_and_longer_ones_to_end(task):
    small = {"train": 60, "validation": 6, "test": 6}
    task = dataclasses.replace(task, settings={**task.settings, "texts": small})
    data = task.load(task)
    assert (len(data.train), len(data.validation)) == (60, 6)
    new, longer = data.tests.values()
    mean = [sum(len(item.text) for item in items) / len(items) for items in (data.train, new)]
    assert mean[0] < mean[1] < sum(len(item.text) for item in longer) / len(longer)
    assert not {item.text for item in new} & {item.text for item in data.train}
    for name, baseline in data.baselines.items():
        answers = baseline(data.train, new)
        assert len(answers) == len(new), name
        assert data.kind.errors(new, answers)
        for metric in data.kind.metrics:
            assert 0 <= metric.score(metric.counts(new, answers).sum(axis=0)) <= 1


def test_every_task_says_what_it_reads_and_starts_from_what_can_be_made():
    for task in tasks.TASKS.values():
        assert set(task.corpora) <= set(corpora.names())
        if task.checkpoint is not None:
            assert task.checkpoint in task.corpora or task.checkpoint in recipes.RECIPES
        assert task.numbers["every"] % 2 == 0  # batches of two widths take turns
        assert set(task.methods) <= set(task.numbers["rates"])


def test_another_number_is_another_task():
    task = tasks.TASKS["spam"]
    changed = dataclasses.replace(task, settings={**task.settings, "epochs": 9})
    assert changed.digest("full") != task.digest("full")
    assert changed.digest("full") == dataclasses.replace(changed, title="x").digest("full")


def test_which_end_of_a_long_review_is_read_is_a_setting_that_the_digest_knows(monkeypatch):
    records = [Labelled("1", "好", "pos"), Labelled("2", "坏", "neg")]
    load_from(monkeypatch, train=records, validation=records, test=records)
    task = sentiment.CHINESE
    other = dataclasses.replace(task, settings={**task.settings, "both ends": False})
    assert [one.load(one).kind.both_ends for one in (task, other)] == [True, False]
    assert task.digest("full") != other.digest("full")


def test_a_checkpoint_may_be_tuned_with_a_dropout_it_was_not_pretrained_with():
    # bert-mini-zh is committed with dropout 0; sentiment-zh asks for 0.1, entities-zh for nothing.
    rates = {
        name: runs.start_of(tasks.TASKS[name], None).config.dropout
        for name in ("sentiment-zh", "entities-zh")
    }
    assert rates == {"sentiment-zh": 0.1, "entities-zh": 0.0}


def test_results_of_a_checkpoint_that_was_made_anew_are_another_tasks(monkeypatch):
    task = tasks.TASKS["sentiment-zh"]
    before, recipe = task.digest("full"), recipes.RECIPES[task.checkpoint]
    monkeypatch.setitem(recipes.RECIPES, recipe.name, dataclasses.replace(recipe, steps=1))
    assert task.digest("full") != before


@pytest.mark.parametrize("method", ["lora", "adapter"])
def test_another_edition_of_what_a_method_adds_is_another_digest_of_this_method(
    monkeypatch, method
):
    task = tasks.TASKS["question-type"]
    before = {one: task.digest(one) for one in task.methods}
    monkeypatch.setitem(base.ADDED, method, 2)
    assert [one for one in task.methods if task.digest(one) != before[one]] == [method]


def test_results_of_the_first_editions_are_read_which_did_not_count_them():
    committed = results.all_of(
        ROOT / "checkpoints" / "finetuned" / "question-type", tasks.TASKS["question-type"]
    )
    assert {run["method"] for run in committed} >= {"full", "frozen", "lora", "adapter", "scratch"}


@pytest.mark.parametrize(("d_model", "thin"), [(64, 8), (384, 16)])
def test_what_lora_and_adapters_add_is_of_an_edition(d_model, thin):
    # Another rank, α, width or place: raise the edition in tasks.base.ADDED, and here.
    config = BertConfig(
        vocab_size=20, context_length=4, d_model=d_model, num_layers=1, num_heads=2, d_ff=64,
        num_segments=1, pooler=False,
    )  # fmt: skip
    start = ft.Start(config, Bert(config).get_weights(), None)
    loras, adapters = (
        ft.new_model(start, ft.ClassificationHead(2), method).encoder._flatten_layers()
        for method in ("lora", "adapter")
    )
    ranks = {one.name: (one.rank, one.alpha) for one in loras if isinstance(one, ft.LoRADense)}
    widths = [one.width for one in adapters if isinstance(one, ft.Adapter)]
    names = [f"{name}_lora" for name in ("query", "key", "value", "output", "up", "down")]
    everywhere = dict.fromkeys(names, (thin, 2 * thin))
    assert {base.ADDED["lora"]: ranks} == {1: everywhere}
    assert {base.ADDED["adapter"]: widths} == {1: [thin, thin]}


def test_an_interval_is_chosen_by_the_first_metric_or_by_the_one_a_task_names():
    kind = ft.IntentSlots(("a", "b"), ("O", "B-x"))
    assert runs.metric_of(kind, None).name == "intent accuracy"
    slots = runs.metric_of(kind, tasks.find("intents-zh").numbers["chosen by"])
    assert slots.name == "slot F1"
    item = ft.TaggedText("1", ("go", "up"), ("O", "B-x"), "a", "t")
    # One span is wanted; found rightly, and missed: 2·1/(1 + 2) over both items.
    answers = [{"intent": "b", "tags": ["O", "B-x"]}, {"intent": "a", "tags": ["O", "O"]}]
    assert runs.score_of(slots, [item, item], answers) == pytest.approx(2 / 3)
