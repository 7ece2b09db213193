"""The exercises of chapter 7 as a learner meets them; `selftest` examines the rest."""

import dataclasses
import math
import re
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest

from companion import gpt
from companion.course import catalogue
from companion.course.chapters import find
from companion.course.judge import SEED, draw, judge, local_apply
from companion.course.notebook import load
from companion.course.notebook.execute import run_cells
from companion.course.notebook.read import answer_cells
from companion.gpt import cleaning
from companion.probes.gpt import forgetful_model


@pytest.fixture(scope="module")
def solution():
    """The answers of the solution notebook, by name."""
    notebook = load(find("gpt").solutions)
    return run_cells(notebook, answer_cells(notebook, catalogue.exercises("gpt"))).answers


def verdict(name, answer):
    exercise = catalogue.find(name)[1]
    return judge(exercise, local_apply(exercise, answer))


def cases(name):
    return draw(catalogue.find(name)[1], SEED)


def test_the_worked_examples_of_the_statements_are_what_the_solutions_give(solution):
    inputs, targets = solution["windows"](np.array([1, 2, 3, 4, 5, 6]), 2)
    assert (inputs.tolist(), targets.tolist()) == ([[1, 2], [3, 4]], [[2, 3], [4, 5]])
    assert solution["accumulate"](np.array([[4.0], [8.0]]), np.array([1, 3])).tolist() == [7.0]
    logits = np.log([[[0.25, 0.5, 0.25], [0.25, 0.25, 0.5], [1 / 3] * 3]])
    loss = solution["next_token_loss"]
    ids = np.array([[2, 1, 0]])
    assert loss(logits, ids, -1) == pytest.approx(math.log(8) / 2)
    assert loss(logits, ids, -1) == pytest.approx(1.04, abs=5e-3)
    assert loss(logits, ids, 0) == pytest.approx(math.log(2))
    rates = [solution["warmup_cosine"](step, 1.0, 12, 4, 0.2) for step in (0, 1, 3, 7, 11, 99)]
    assert rates == pytest.approx([0.25, 0.5, 1, 0.6, 0.2, 0.2])
    clipped = solution["clip_by_global_norm"]([np.array([3.0]), np.array([[4.0, 0.0]])], 1.0)
    assert clipped[0] == pytest.approx(np.array([0.6]))
    assert clipped[1] == pytest.approx(np.array([[0.8, 0.0]]))
    assert solution["resemblance"]("abab", "abc", 2) == pytest.approx(1 / 3)
    thirds = [[1, 0, 0], [1 / 2, 1 / 2, 0], [1 / 3] * 3]
    assert solution["causal_weights"](np.zeros((3, 3))) == pytest.approx(np.array(thirds))
    read = []

    def remembers(piece):
        read.append(list(piece))
        return np.array(piece, float)

    assert solution["sliding_log_probs"](remembers, np.arange(7), 4, 2).tolist() == [*range(7)]
    assert read == [[0, 1, 2, 3], [2, 3, 4, 5], [3, 4, 5, 6]]


def test_the_predicted_numbers_are_what_the_chapter_counts(solution):
    assert solution["untrained_loss"] == pytest.approx(math.log(50_257))
    assert solution["gpt_parameters"] == gpt.parameter_count(gpt.GPTConfig(1000, 64, 32, 2, 4, 160))
    assert gpt.parameter_count(gpt.GPTConfig(5, 3, 2, 1, 1, 4)) == 74  # 16 + 24 + 22 + 8 + 4
    assert math.log(4) == pytest.approx(1.39, abs=5e-3)


def test_the_solutions_agree_with_the_module_of_the_chapter(solution):
    for case in cases("windows"):
        for mine, theirs in zip(solution["windows"](**case), gpt.windows(**case), strict=True):
            np.testing.assert_array_equal(mine, theirs)
    for case in cases("next_token_loss"):  # of the row without padding
        logits, ids = case["logits"][:1].astype("float32"), case["ids"][:1]
        mine = solution["next_token_loss"](logits, ids, case["pad_id"])
        assert mine == pytest.approx(float(gpt.next_token_loss(logits, ids)), rel=1e-4)
    for case in cases("warmup_cosine"):
        schedule = gpt.WarmupCosine(case["rate"], case["steps"], case["warmup"], case["floor"])
        mine = solution["warmup_cosine"](**case)
        assert mine == pytest.approx(float(schedule(case["step"])), rel=1e-5)
    for case in cases("resemblance"):
        # The module changes case and spaces first, the exercise does not.
        one, other = (cleaning.normalized(case[text]) for text in ("one", "other"))
        theirs = cleaning.resemblance(
            *(cleaning.shingles(text, case["n"]) for text in (one, other))
        )
        assert solution["resemblance"](one, other, case["n"]) == pytest.approx(theirs)


def test_clipping_equals_keras(solution):
    from keras import ops
    from keras.optimizers import SGD

    for case in cases("clip_by_global_norm"):
        mine = solution["clip_by_global_norm"](**case)
        optimizer = SGD(global_clipnorm=case["limit"])
        theirs = optimizer._clip_gradients([ops.convert_to_tensor(g) for g in case["gradients"]])
        for ours, keras_own in zip(mine, theirs, strict=True):
            np.testing.assert_allclose(ours, ops.convert_to_numpy(keras_own), rtol=1e-4, atol=1e-6)


def test_accumulated_parts_are_the_gradient_of_the_whole(solution):
    # The mean of (w − x)² over all x has the slope 2·(w − mean x), whatever the parts.
    x, w = np.array([1.0, 5.0, 2.0, 8.0, 4.0]), 3.0
    parts = np.split(x, [1, 4])
    gradients = np.array([[2 * (w - part.mean())] for part in parts])
    tokens = np.array([len(part) for part in parts])
    assert solution["accumulate"](gradients, tokens) == pytest.approx([2 * (w - x.mean())])


def test_a_stride_of_one_gives_every_token_all_the_context_there_can_be(solution):
    model, ids = forgetful_model(1 / np.arange(1, 5)), np.arange(9) % 4
    mine = solution["sliding_log_probs"](model, ids, 4, 1)
    one_by_one = [model(ids[max(0, i - 3) : i + 1])[-1] for i in range(9)]
    assert mine == pytest.approx(one_by_one)


@pytest.mark.parametrize("seed", range(20))
def test_two_decimals_will_do_whatever_the_vocabulary(seed):
    exercise = catalogue.find("untrained_loss")[1]
    if seed:
        given = exercise.vary(np.random.default_rng(seed))
        exercise = dataclasses.replace(exercise, reference=given.reference, mistakes=given.mistakes)
    rounded = round(exercise.reference, 2)  # log 50,257 = 10.82491: 0.0049 below
    assert judge(exercise, local_apply(exercise, rounded)).passed
    for wrong in (rounded - 0.02, rounded + 0.02):
        assert judge(exercise, local_apply(exercise, wrong)).state == "failed"


def test_the_checks_know_no_keras():
    code = "import sys; import companion.checks.gpt; assert 'keras' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def rolled_windows(ids, context_length):
    count = (len(ids) - 1) // context_length
    inputs = ids[: count * context_length].reshape(count, context_length)
    return inputs, np.concatenate([inputs[:, 1:], inputs[:, :1]], axis=1)


def loss_by_loops(logits, ids, pad_id):
    losses = []
    for row, text in zip(logits, ids, strict=True):
        mine = []
        for t in range(len(text) - 1):
            if text[t + 1] != pad_id:
                scores = row[t] - row[t].max()
                mine.append(np.log(np.exp(scores).sum()) - scores[text[t + 1]])
        losses.append(np.mean(mine))
    return np.mean(losses)


def rate_of_keras_step(step, rate, steps, warmup, floor):
    if step < warmup:
        return rate * step / warmup
    share = min(1, (step - warmup) / (steps - warmup))
    return rate * floor + 0.5 * (rate - rate * floor) * (1 + np.cos(np.pi * share))


def loss_with(maximum):
    """The loss with one log-softmax or another."""

    def loss(logits, ids, pad_id):
        logits, targets = logits[:, :-1], ids[:, 1:]
        with np.errstate(all="ignore"):
            scores = logits - maximum(logits)
            log_probs = scores - np.log(np.exp(scores).sum(axis=-1, keepdims=True))
            losses = -np.take_along_axis(log_probs, targets[..., None], axis=-1)[..., 0]
            return losses[targets != pad_id].mean()

    return loss


def shingles_tidied(*changes):
    """The resemblance of texts that were changed first."""

    def resemblance(one, other, n):
        for change in changes:
            one, other = change(one), change(other)
        a, b = (
            {text[i : i + n] for i in range(max(1, len(text) - n + 1))} for text in (one, other)
        )
        return len(a & b) / len(a | b)

    return resemblance


def one_space(text):
    return re.sub(" +", " ", text)


def counted_shingles(one, other, n):
    a, b = (
        Counter(text[i : i + n] for i in range(max(1, len(text) - n + 1))) for text in (one, other)
    )
    return sum(min(a[s], b[s]) for s in a) / sum(max(a[s], b[s]) for s in {*a, *b})


def only_the_axis_mended(scores):
    hidden = np.tril(np.ones(scores.shape, dtype=bool), k=-1)
    powers = np.exp(np.where(hidden, 0.0, scores))
    return powers / powers.sum(axis=1)[:, None]


def all_pieces_whole(token_log_probs, ids, context_length, stride):
    scores, begin = [], 0
    while True:
        scores.append(token_log_probs(ids[begin : begin + context_length]))
        if begin + context_length >= len(ids):
            return np.concatenate(scores)
        begin = min(begin + stride, len(ids) - context_length)


@pytest.mark.parametrize(
    ("exercise", "answer", "mistake"),
    [
        ("untrained_loss", 15.617, "bits"),
        ("gpt_parameters", 95_680, "untied"),
        ("windows", rolled_windows, "wraps-in-the-row"),
        ("accumulate", lambda gradients, tokens: sum(gradients) / len(tokens), "mean-of-means"),
        ("next_token_loss", loss_by_loops, "mean-of-rows"),
        ("next_token_loss", loss_with(lambda logits: logits.max()), "one-maximum"),
        (
            "next_token_loss",
            loss_with(lambda logits: logits.max(axis=(1, 2), keepdims=True)),
            "one-maximum",
        ),
        ("next_token_loss", loss_with(lambda logits: 0.0), "sum-overflows"),
        ("warmup_cosine", rate_of_keras_step, "counts-from-zero"),
        (
            "clip_by_global_norm",
            lambda gradients, limit: [
                g * min(1, limit / max(1e-30, np.linalg.norm(g))) for g in gradients
            ],
            "each-by-itself",
        ),
        ("resemblance", counted_shingles, "how-often"),
        ("resemblance", shingles_tidied(str.casefold), "lower-case"),
        ("resemblance", shingles_tidied(one_space), "one-space"),
        ("resemblance", shingles_tidied(one_space, str.lower), "tidied"),
        ("causal_weights", only_the_axis_mended, "ahead-and-zeros"),
        ("sliding_log_probs", all_pieces_whole, "scored-twice"),
    ],
)
def test_wrong_answers_written_in_another_way_are_named_too(exercise, answer, mistake):
    assert verdict(exercise, answer).mistake == mistake


def test_an_answer_of_another_form_is_told_which_form_is_wanted():
    alone = verdict("windows", lambda ids, context_length: ids)
    assert "a pair (inputs, targets)" in alone.message
    norm = verdict("clip_by_global_norm", lambda gradients, limit: 1.0)
    assert "a list of arrays" in norm.message
    too_few = verdict("clip_by_global_norm", lambda gradients, limit: gradients[:1])
    assert "1 came back" in too_few.message


def test_an_endless_loop_of_a_learner_ends():
    def endless(token_log_probs, ids, context_length, stride):
        while True:
            token_log_probs(ids[:context_length])

    assert "the loop does not end" in verdict("sliding_log_probs", endless).message
