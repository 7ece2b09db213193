"""The exercises of chapter 10 as a learner meets them; `selftest` examines the rest."""

import itertools
import re
import subprocess
import sys
from itertools import product

import numpy as np
import pytest

from companion import bert, metrics
from companion import finetuning as ft
from companion.checks.finetuning import EXERCISES
from companion.course.chapters import ROOT
from companion.course.judge import SEED, draw, judge, local_apply
from companion.course.notebook import load
from companion.course.notebook.execute import run_cells
from companion.course.notebook.read import answer_cells
from companion.probes.finetuning import descent

NAMED = {exercise.name: exercise for exercise in EXERCISES}


@pytest.fixture(scope="module")
def solution():
    """The solution notebook's answers, by name."""
    notebook = load(ROOT / "solutions" / "10_finetuning.ipynb")
    return run_cells(notebook, answer_cells(notebook, NAMED)).answers


def verdict(name, answer):
    return judge(NAMED[name], local_apply(NAMED[name], answer))


def cases(name):
    return draw(NAMED[name], SEED)


def test_the_worked_examples_of_the_first_statements_are_what_the_solutions_give(solution):
    # One block, 8 wide: 2 places · rank 2 · (8 + 8) = 64; a head of 3 classes: 9 · 3 = 27.
    assert 2 * 2 * (8 + 8) + (8 + 1) * 3 == 91
    # 12 LoRAs of 4 · 768 = 3072 are 36,864; the head is 385 · 6 = 2310.
    assert solution["lora_weights"] == 36_864 + 2_310
    one = [np.array([[number]]) for number in (5.0, 3.0, 2.0)]
    assert solution["merged_kernel"](*one, 4.0).tolist() == [[29]]
    weights = solution["class_weights"](np.array([0, 0, 0, 1]), 2)
    np.testing.assert_allclose(weights, [2 / 3, 2])
    paths = ["bert/tokens/table", "bert/block1/norm/b", "head/dense/bias"]
    assert solution["layer_rates"](paths, 1.0, 0.5, 2).tolist() == [0.125, 0.25, 1]


def test_the_worked_examples_of_the_other_statements_are_what_the_solutions_give(solution):
    assert solution["tag_spans"](["B-PER", "I-PER", "O", "I-LOC"]) == [(0, 2, "PER"), (3, 4, "LOC")]
    start, end = np.array([0.0, 1, 3]), np.array([0.0, 4, 3])
    assert solution["best_answer"](start, end, 2) == (2, 2)
    arcs = np.zeros((3, 3))
    arcs[0, 2] = -10_000
    logits = np.array([[2.0, 1, 0], [0, 0, 3]])
    assert solution["best_path"](logits, arcs, np.array([0.0, 0, -10_000])) == [1, 2]
    tuned = solution["fine_tune"](
        np.array([1.0, 1.0]), np.array([True, False]), lambda w: np.array([2.0, 2.0]),
        lambda w, split: 0.0, 0.1, 0.5, 1, 1,
    )  # fmt: skip
    np.testing.assert_allclose(tuned, [0.75, 1])  # 1 − 0.1 · (2 + 0.5 · 1)
    true, found = ([[(0, 2, "PER")], [(1, past, "LOC")]] for past in (2, 3))
    assert solution["span_f1"](true, found) == 0.5


def test_the_solutions_agree_with_the_module_of_the_chapter(solution):
    for case in cases("class_weights"):
        theirs = ft.class_weights(case["labels"].tolist())
        np.testing.assert_allclose(solution["class_weights"](**case), list(theirs.values()))
    for case in cases("tag_spans"):
        assert solution["tag_spans"](**case) == ft.bio_spans(case["tags"])
    for case in cases("best_answer"):
        theirs = ft.best_span(**case, none_at=0)
        assert solution["best_answer"](**case) == (theirs or (0, 0))
    for case in cases("best_path"):
        first = case["logits"].copy()
        first[0] += case["start"]
        assert solution["best_path"](**case) == ft.viterbi(first, case["transitions"])


def test_the_number_of_lora_weights_is_what_keras_counts():
    config = bert.BertConfig(
        vocab_size=9, context_length=4, d_model=8, num_layers=1, num_heads=2, d_ff=8
    )
    model = ft.FineTuned(bert.Bert(config), ft.ClassificationHead(3))
    ft.add_lora(model.encoder, rank=2)
    assert sum(int(np.prod(weight.shape)) for weight in model.trainable_weights) == 91


def test_the_best_path_is_the_best_of_all_paths(solution):
    for case in cases("best_path")[:5]:
        logits, arcs, start = (case[name] for name in ("logits", "transitions", "start"))

        def score(path, logits=logits, arcs=arcs, start=start):
            own = sum(row[tag] for row, tag in zip(logits, path, strict=True))
            return start[path[0]] + own + sum(arcs[pair] for pair in itertools.pairwise(path))

        everything = product(range(logits.shape[1]), repeat=len(logits))
        if logits.shape[1] ** len(logits) < 20_000:
            assert tuple(solution["best_path"](**case)) == max(everything, key=score)


def test_f1_of_spans_is_what_the_metrics_say(solution):
    rng = np.random.default_rng(0)
    true, found = (
        [rng.choice(["O", "B-X", "I-X", "B-Y"], 12).tolist() for _ in range(6)] for _ in range(2)
    )
    ours = solution["span_f1"](*([ft.bio_spans(tags) for tags in text] for text in (true, found)))
    assert ours == pytest.approx(metrics.span_scores(true, found)["all"][2])


def test_the_checks_know_no_keras():
    code = "import sys; import companion.checks.finetuning; assert 'keras' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_each_bug_of_the_training_is_told_when_the_others_are_gone():
    def repaired(*repairs):
        def fine_tune(weights, moves, gradient, score, rate, decay, patience, turns):
            weights = weights.copy()
            best, best_score, waited = weights, -np.inf, 0
            for _ in range(turns):
                fall = decay * weights
                fall = fall * moves if "decay" in repairs else fall
                weights -= rate * (moves * gradient(weights) + fall)
                now = score(weights, "validation" if "split" in repairs else "test")
                if now > best_score:
                    best = weights.copy() if "copy" in repairs else weights
                    best_score, waited = now, 0
                else:
                    waited += 1
                if waited == patience:
                    break
            return best

        return fine_tune

    assert verdict("fine_tune", repaired()).state == "not attempted"
    assert verdict("fine_tune", repaired("decay", "split", "copy")).passed
    found = {
        repairs: verdict("fine_tune", repaired(*repairs)).mistake
        for count in (1, 2)
        for repairs in itertools.combinations(("decay", "split", "copy"), count)
    }
    assert found == {
        ("decay",): "scores-on-test-and-returns-the-last",
        ("split",): "decays-the-frozen-and-returns-the-last",
        ("copy",): "decays-the-frozen-and-scores-on-test",
        ("decay", "split"): "returns-the-last",
        ("decay", "copy"): "scores-on-test",
        ("split", "copy"): "decays-the-frozen",
    }


def test_a_peek_at_the_test_split_is_told_even_where_nothing_comes_of_it():
    def peeks(weights, moves, gradient, score, rate, decay, patience, turns):
        best, best_score, waited = weights, -np.inf, 0
        for _ in range(turns):
            weights = weights - rate * moves * (gradient(weights) + decay * weights)
            now = score(weights, "validation") + 1e-2 * score(weights, "test")
            best, best_score, waited = (
                (weights, now, 0) if now > best_score else (best, best_score, waited + 1)
            )
            if waited == patience:
                break
        return best

    report = verdict("fine_tune", peeks)
    assert report.state == "failed"
    assert "With another test split the same weights" in (report.hint or "")


def conlleval(tags):
    """Its own rules, written down as it has them: where a span ends, and where one begins."""
    spans, begin = [], None
    for i, (before, tag) in enumerate(itertools.pairwise(["O", *tags, "O"])):
        changed = before[1:] != tag[1:] or tag[0] in "BO"
        if begin is not None and before != "O" and changed:
            spans.append((begin, i, before[2:]))
        if tag != "O" and (before == "O" or changed):
            begin = i
    return spans


def test_conllevals_own_rules_pass():
    assert verdict("tag_spans", conlleval).passed


def only_b_begins(tags):
    spans = []
    for i, tag in enumerate(tags):
        if tag[0] == "B":
            spans.append([i, i + 1, tag[2:]])
        elif tag[0] == "I" and spans and spans[-1][1] == i and spans[-1][2] == tag[2:]:
            spans[-1][1] = i + 1
    return spans


def first_digit(paths, rate, decay, num_layers):
    found = []
    for path in paths:
        blocks = [n for n in range(1, num_layers + 1) if f"block{n}" in path]
        level = blocks[0] if blocks else (num_layers + 1) * ("head" in path)
        found.append(rate * decay ** (num_layers + 1 - level))
    return np.array(found)


def apart(start, end, longest):
    i, j = int(np.argmax(start[1:])) + 1, int(np.argmax(end[1:])) + 1
    return (0, 0) if start[i] + end[j] <= start[0] + end[0] else (i, j)


def best_or(nothing):
    """The best pair, unless `nothing(best score, start, end)`."""

    def answer(start, end, longest):
        pairs = itertools.product(range(1, len(start)), repeat=2)
        spans = [(start[i] + end[j], i, j) for i, j in pairs if i <= j < i + longest]
        best, i, j = max(spans)
        return (0, 0) if nothing(best, start, end) else (i, j)

    return answer


@pytest.mark.parametrize(
    "nothing",
    [
        lambda best, start, end: best <= start[0],
        lambda best, start, end: best <= end[0],
        lambda best, start, end: best <= 2 * start[0],
        lambda best, start, end: best <= 2 * end[0],
        lambda best, start, end: start.argmax() == 0,
        lambda best, start, end: end.argmax() == 0,
    ],
)
def test_no_answer_is_never_told_by_one_end_of_cls_alone(nothing):
    exercise = NAMED["best_answer"]
    right = best_or(lambda best, start, end: best <= start[0] + end[0])
    for seed in range(20):
        assert judge(exercise, local_apply(exercise, right), seed).passed
        assert not judge(exercise, local_apply(exercise, best_or(nothing)), seed).passed


def test_two_sharp_places_never_win_and_what_wins_barely_beats_nothing():
    exercise = NAMED["best_answer"]
    for seed in range(20):
        case = draw(exercise, seed)[7]
        start, end = case["start"], case["end"]
        assert ft.best_span(**case, none_at=0) == (2, 3)
        assert 0 < start[2] + end[3] - (start[0] + end[0]) < 1


def test_f1_needs_an_answer_where_no_span_is():
    def unguarded(true, found):
        pairs = [(set(wanted), set(said)) for wanted, said in zip(true, found, strict=True)]
        total = sum(len(wanted) + len(said) for wanted, said in pairs)
        return 2 * sum(len(wanted & said) for wanted, said in pairs) / total

    assert "division by zero" in verdict("span_f1", unguarded).message


def beam_of_one(logits, transitions, start):
    tags, scores = [], start
    for row in logits:
        tags.append(int(np.argmax(scores + row)))
        scores = transitions[tags[-1]]
    return np.array(tags)


def in_one_set(true, found):
    wanted = {span for text in true for span in text}
    said = {span for text in found for span in text}
    both = len(wanted & said)
    if not both:
        return 0
    precision, recall = both / len(said), both / len(wanted)
    return 2 * precision * recall / (precision + recall)


@pytest.mark.parametrize(
    ("exercise", "answer", "mistake"),
    [
        ("lora_weights", 12 * 384 * 384 + 2310, "full-matrices"),
        ("lora_weights", 12 * 4 * 768, "no-head"),
        ("merged_kernel", lambda w, a, b, alpha: w + alpha * np.einsum("dr,rf->df", a, b),
         "alpha-only"),
        ("class_weights", lambda labels, num_classes: np.array(
            [len(labels) / np.sum(labels == c) for c in range(num_classes)]), "one-over-share"),
        ("layer_rates", first_digit, "first-digit"),
        ("tag_spans", only_b_begins, "orphans-dropped"),
        ("best_answer", apart, "apart"),
        ("best_answer", best_or(lambda best, start, end: best <= end[0]), "end-of-nothing"),
        ("best_path", beam_of_one, "greedy"),
        ("span_f1", in_one_set, "texts-mixed"),
    ],
)  # fmt: skip
def test_wrong_answers_written_in_another_way_are_named_too(exercise, answer, mistake):
    assert verdict(exercise, answer).mistake == mistake


@pytest.mark.parametrize(
    ("exercise", "answer", "says"),
    [
        ("tag_spans", lambda tags: [(0, 1)], "wanted (first, one past the last, type)"),
        ("tag_spans", lambda tags: {}, "should be a list of spans"),
        ("best_answer", lambda start, end, longest: (1, 2, 3), "return first, last"),
        ("best_path", lambda logits, transitions, start: 3, "a list of tags' numbers"),
    ],
)
def test_what_is_no_list_of_what_is_wanted_is_told(exercise, answer, says):
    assert says in verdict(exercise, answer).message


def test_a_training_without_an_end_is_ended():
    def endless(weights, moves, gradient, score, rate, decay, patience, turns):
        while score(weights, "validation") < 1:
            weights = weights - rate * moves * gradient(weights)

    assert "the training does not end" in verdict("fine_tune", endless).message


def test_a_split_that_is_not_there_is_named():
    _, score, _ = descent(np.ones(1), {"train": np.zeros(1), "test": np.zeros(1)})
    with pytest.raises(ValueError, match=re.escape("no split 'dev'; there are: train, test")):
        score(np.ones(1), "dev")


@pytest.mark.slow
def test_one_character_too_few_leaves_no_name_and_most_characters_right(solution):
    from companion.course.tasks.entities import sentences

    tags = [item.tags for item in sentences("test")]
    true = [solution["tag_spans"](text) for text in tags]
    short = [[(b, e - 1, kind) for b, e, kind in text if e - b > 1] for text in true]
    said = [ft.bio_tags(spans, len(text)) for spans, text in zip(short, tags, strict=True)]
    right = np.mean([a == b for pair in zip(tags, said, strict=True) for a, b in zip(*pair)])  # noqa: B905
    assert right == pytest.approx(0.967, abs=0.001)
    assert solution["span_f1"](true, short) == 0
    outside = np.mean([tag == "O" for text in tags for tag in text])
    assert outside == pytest.approx(0.913, abs=0.001)
