"""What the cards of chapter 10's tasks say to a page: scores, differences, shares, and none."""

import json

import pytest

from companion.course.tasks import TASKS, reading, results


def found(value, low, high):
    return {"score": value, "95 %": [low, high], "each seed": [value]}


CARD = {
    "results": {
        "films": {
            "100% of the items": {
                "bag of words": {
                    "seeds": [0],
                    "accuracy": found(0.75, 0.7, 0.8),
                    "F1": found(0.65, 0.6, 0.7),
                },
                "full": {
                    "seeds": [0, 1],
                    "accuracy": found(0.85, 0.8, 0.9),
                    "F1": found(0.55, 0.5, 0.6),
                },
            },
            "1% of the items": {"full": {"seeds": [0], "accuracy": found(0.6, 0.5, 0.7)}},
        },
        "tweets": {"100% of the items": {"full": {"seeds": [0], "accuracy": found(0.7, 0.6, 0.8)}}},
    },
    "runs": {"full 1, seed 0": {"items": 800}, "full 0.01, seed 0": {"items": 8}},
    "differences, paired over the test items": {
        "films": {
            "full − bag of words, 100%": {"difference": 0.1, "95 %": [0.05, 0.15]},
            "full − scratch, 1%": {"difference": 0.02, "95 %": [-0.05, 0.09]},
        },
        "tweets": {},
    },
}


def test_the_scores_of_a_test_come_best_first_with_their_intervals():
    best, other = reading.scores(CARD)
    assert (best.name, best.metric, best.seeds) == ("full", "accuracy", 2)
    assert best.interval == (0.85, 0.8, 0.9)
    assert other.name == "bag of words"
    assert [line.value for line in reading.scores(CARD, "tweets")] == [0.7]
    assert reading.scores(CARD, share=0.1) == []


def test_another_metric_has_an_order_of_its_own():
    lines = reading.scores(CARD, metric="F1")
    assert [(line.name, line.value) for line in lines] == [("bag of words", 0.65), ("full", 0.55)]
    with pytest.raises(ValueError, match="no metric 'EM'; the card has accuracy, F1"):
        reading.scores(CARD, metric="EM")


def test_a_difference_is_decided_where_its_interval_leaves_out_zero():
    (whole,) = reading.differences(CARD)
    (small,) = reading.differences(CARD, share=0.01)
    assert (whole.name, whole.seeds, whole.decided) == ("full − bag of words", 2, True)
    assert (small.name, small.decided) == ("full − scratch", False)
    assert reading.Line("a − b", "F1", -0.2, -0.3, -0.1, 1).decided
    assert reading.differences(CARD, "tweets") == []


def test_shares_of_the_items_are_read_back_as_numbers():
    by_method = reading.shares(CARD)
    assert sorted(by_method["full"]) == [0.01, 1.0]
    assert by_method["full"][0.01].value == 0.6
    assert list(by_method["bag of words"]) == [1.0]


def test_the_items_are_those_of_the_largest_run():
    assert reading.items(CARD) == 800


def test_a_test_that_the_card_has_not_is_said():
    with pytest.raises(ValueError, match="no test 'news'; the card has films, tweets"):
        reading.scores(CARD, "news")


def test_a_task_without_a_card_has_none(monkeypatch, tmp_path):
    (tmp_path / "card.json").write_text(json.dumps(CARD), encoding="utf-8")
    monkeypatch.setattr(results, "find", lambda name: tmp_path if name == "spam" else None)
    cards = reading.cards()
    assert list(cards) == list(TASKS)
    assert [name for name, card in cards.items() if card] == ["spam"]
    assert cards["spam"] == CARD


def test_what_the_course_writes_into_a_card_is_what_is_read_here():
    counts = [[1.0, 1.0], [0.0, 1.0], [1.0, 1.0], [1.0, 1.0]]
    tests = {"questions": {"accuracy": {"score": "share", "value": 0.75, "counts": counts}}}
    run = {"share": 1.0, "seed": 0, "items": 4, "tests": tests}
    runs = [
        {**run, "method": "commonest"},
        {**run, "method": "full", "seconds": 3, "steps": 5},
        {**run, "method": "scratch", "seconds": 3, "steps": 5},
    ]
    card = results.card(TASKS["question-type"], runs)
    assert {line.value for line in reading.scores(card)} == {0.75}  # 3 of 4
    names = [line.name for line in reading.differences(card)]
    assert sorted(names) == ["full − commonest", "full − scratch", "scratch − commonest"]
    assert not any(line.decided for line in reading.differences(card))  # equal answers
