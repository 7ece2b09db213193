"""The exercises of chapter 5 as a learner meets them; `selftest` examines the rest."""

import math
import subprocess
import sys

import keras
import numpy as np
import pytest

from companion import transformer
from companion.course import catalogue
from companion.course.chapters import find
from companion.course.judge import SEED, draw, judge, local_apply
from companion.course.notebook import load
from companion.course.notebook.execute import run_cells
from companion.course.notebook.read import answer_cells
from companion.probes.transformer import spelling_model


@pytest.fixture(scope="module")
def session():
    """What the solution notebook leaves: its answers, and the parts that it gives."""
    notebook = load(find("transformer").solutions)
    return run_cells(notebook, answer_cells(notebook, catalogue.exercises("transformer")))


@pytest.fixture(scope="module")
def solution(session):
    """The answers, by name."""
    return session.answers


def verdict(name, answer):
    exercise = catalogue.find(name)[1]
    return judge(exercise, local_apply(exercise, answer))


def cases(name):
    return draw(catalogue.find(name)[1], SEED)


def test_the_worked_examples_of_the_statements_are_what_the_solutions_give(solution):
    assert solution["shift_right"](np.array([[5, 6, 7]]), 1).tolist() == [[1, 5, 6]]
    mask = solution["decoder_mask"](np.array([[5, 6, 0]]), 0)
    assert mask.astype(int).tolist() == [[[1, 0, 0], [1, 1, 0], [1, 1, 0]]]
    x, two, one = np.array([[[1.0, 3.0]]]), np.array([2.0, 2.0]), np.array([1.0, 1.0])
    assert solution["layer_norm"](x, two, one, 1e-12) == pytest.approx(np.array([[[-1.0, 3.0]]]))
    # 4^−½ = 1/2 times the smaller of: 1 and 1/8; 1/2 and 4/8; 1/4 and 16/8
    rates = [solution["noam"](step, 4, 4) for step in (0, 3, 15)]
    assert rates == pytest.approx([0.0625, 0.25, 0.125])
    logits = np.array([[[0, math.log(3)]]])
    loss = solution["smoothed_loss"](logits, np.array([[1]]), 0.2, 0)
    assert loss == pytest.approx(0.1 * math.log(4) + 0.9 * math.log(4 / 3))
    assert loss == pytest.approx(0.398, abs=5e-4)
    babble = np.eye(9)
    for longest, said in ((9, [7, 5, 7]), (2, [7, 5])):
        model = spelling_model(1, [7, 5, 7], 2, babble)
        assert solution["greedy_decode"](model, 1, 2, longest) == said
    weights = np.array([[[0.5]], [[0.5]]])
    norms = solution["gradient_norms"]
    assert norms(np.zeros(1), weights, False) == pytest.approx([0.25, 0.5, 1])
    assert norms(np.zeros(1), weights, True) == pytest.approx([2.25, 1.5, 1])


def test_the_worked_examples_of_the_two_layers_are_what_they_give(solution):
    x = np.random.default_rng(0).normal(size=(1, 3, 4)).astype("float32")
    block = solution["PreNormBlock"](4, 2, 6)
    block(x)
    for part in (block.attention, block.down):
        part.set_weights([np.zeros_like(w) for w in part.get_weights()])
    assert np.asarray(block(x)) == pytest.approx(x)
    encoder = solution["Encoder"](3, 4, 2)
    encoder(np.array([[1]]))
    encoder.embedding.set_weights([np.ones((3, 4))])
    for block in encoder.blocks:
        block.attention.set_weights([np.zeros_like(w) for w in block.attention.get_weights()])
    first = np.asarray(encoder(np.array([[1]])))[0, 0]
    assert first.tolist() == pytest.approx([2, 3, 2, 3])  # √4 · 1, and a cosine of 0 is 1


def test_the_predicted_number_is_what_the_block_of_the_chapter_has(solution):
    def decoder_block(d_model, num_heads, d_ff):
        block = transformer.TransformerBlock(d_model, num_heads, d_ff, cross_attention=True)
        block.build((None, None, d_model))
        return block.count_params()

    assert decoder_block(64, 4, 256) == solution["decoder_block_parameters"]
    assert decoder_block(2, 1, 3) == 77  # the example: 2·24 + 17 + 12


def test_the_solutions_agree_with_the_module_of_the_chapter(solution):
    for case in cases("shift_right"):
        assert np.array_equal(solution["shift_right"](**case), transformer.shift_right(**case))
    for case in cases("layer_norm"):
        theirs = np.asarray(transformer.layer_norm(**case))
        assert solution["layer_norm"](**case) == pytest.approx(theirs, rel=1e-4, abs=1e-4)
    for case in cases("noam"):
        schedule = transformer.Noam(case["d_model"], case["warmup"])
        assert solution["noam"](**case) == pytest.approx(float(schedule(case["step"])), rel=1e-5)
    for case in cases("smoothed_loss"):
        loss = transformer.SmoothedCrossEntropy(case["smoothing"])
        pad, classes = case["pad_id"], case["logits"].shape[-1]  # turned to 0, the module's own
        target, logits = (case["target"] - pad) % classes, np.roll(case["logits"], -pad, axis=-1)
        theirs = float(loss(target, logits))
        assert solution["smoothed_loss"](**case) == pytest.approx(theirs, rel=1e-4)


def test_the_gradients_are_those_of_finite_differences(solution):
    def loss(h, weights, residual):
        for matrix in weights:
            h = h * residual + np.tanh(h @ matrix)
        return h.sum()

    for case in cases("gradient_norms"):
        steps = 1e-6 * np.eye(len(case["x"]))
        others = case["weights"], case["residual"]
        slopes = [
            (loss(case["x"] + s, *others) - loss(case["x"] - s, *others)) / 2e-6 for s in steps
        ]
        assert solution["gradient_norms"](**case)[0] == pytest.approx(
            np.linalg.norm(slopes), rel=1e-5
        )


def test_the_checks_know_no_keras():
    code = "import sys; import companion.checks.transformer; assert 'keras' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_block_in_keras_with_the_norm_behind_the_sum_is_named(solution):
    class PreNormBlock(solution["PreNormBlock"]):
        def call(self, x, attention_mask=None):
            x = self.norm1(x + self.attention(x, x, attention_mask=attention_mask))
            return self.norm2(x + self.down(self.up(x)))

    assert verdict("PreNormBlock", PreNormBlock).mistake == "post-norm"


def test_a_forgotten_return_and_a_misspelt_part_of_a_layer_are_told_without_keras_lecture(solution):
    class Silent(solution["PreNormBlock"]):
        def call(self, x, attention_mask=None):
            self.norm1(x)

    class Misspelt(solution["PreNormBlock"]):
        def call(self, x, attention_mask=None):
            return self.norm(x)

    assert "return" in verdict("PreNormBlock", Silent).message
    report = verdict("PreNormBlock", Misspelt)
    assert report.message == "AttributeError: 'Misspelt' object has no attribute 'norm'"
    assert keras.config.is_traceback_filtering_enabled()  # as it was


def encoder_as_printed(given, **repairs):
    """The broken encoder, with some of its bugs repaired."""

    class Encoder(keras.layers.Layer):
        def __init__(self, vocab_size, d_model, num_layers):
            super().__init__()
            if "width" in repairs:
                self.d_model = d_model
            self.embedding = keras.layers.Embedding(vocab_size, d_model)
            self.blocks = [given["Block"](d_model)] * num_layers
            if "blocks" in repairs:
                self.blocks = [given["Block"](d_model) for _ in range(num_layers)]

        def call(self, ids, attention_mask=None):
            x = self.embedding(ids) * self.d_model**0.5
            x = x + given["positions"](ids.shape[1], self.d_model)
            for block in self.blocks:
                x = block(x, attention_mask if "mask" in repairs else None)
            return x

    return Encoder


def test_the_bugs_of_the_encoder_are_found_one_after_the_other(session):
    def said(*repairs):
        answer = encoder_as_printed(session.namespace, **dict.fromkeys(repairs, True))
        return verdict("Encoder", answer)

    assert said().message == "AttributeError: 'Encoder' object has no attribute 'd_model'"
    assert said("width").mistake == "silent-bugs-left"
    assert said("width", "mask").mistake == "shared-block"
    assert said("width", "blocks").mistake == "no-mask"
    assert said("width", "blocks", "mask").passed


def test_an_encoder_that_is_repaired_but_for_a_name_that_nobody_imported_is_an_error(session):
    class Encoder(encoder_as_printed(session.namespace, width=True, blocks=True, mask=True)):
        def call(self, ids, attention_mask=None):
            return self.embedding(ids) * sqrt(self.d_model)  # noqa: F821

    report = verdict("Encoder", Encoder)
    assert (report.state, report.message) == ("error", "NameError: name 'sqrt' is not defined")


def keeps_what_ends_the_loop(next_logits, start_id, stop_id, max_length):
    ids = [start_id]
    while ids[-1] != stop_id and len(ids) <= max_length:
        ids.append(int(np.argmax(next_logits(ids))))
    return ids[1:]


def leaves_out_id_0(logits, target, smoothing, pad_id):
    shifted = logits - logits.max(axis=-1, keepdims=True)
    log_probs = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    wanted = (1 - smoothing) * np.eye(logits.shape[-1])[target] + smoothing / logits.shape[-1]
    return -(wanted * log_probs).sum(axis=-1)[target != 0].mean()


def clipped_loss(logits, target, smoothing, pad_id):
    shifted = logits - logits.max(axis=-1, keepdims=True)
    probs = np.exp(shifted) / np.exp(shifted).sum(axis=-1, keepdims=True)
    wanted = (1 - smoothing) * np.eye(logits.shape[-1])[target] + smoothing / logits.shape[-1]
    losses = -(wanted * np.log(np.clip(probs, 1e-7, 1))).sum(axis=-1)
    return losses[target != pad_id].mean()


@pytest.mark.parametrize(
    ("exercise", "answer", "mistake"),
    [
        ("decoder_block_parameters", 49_984, "encoder-block"),
        ("shift_right", lambda target, start_id: np.insert(target, 0, start_id, axis=1),
         "too-long"),
        ("decoder_mask", lambda target, pad_id: np.tri(target.shape[1], dtype=bool)
         & (target == pad_id)[:, None, :], "padding-inverted"),
        ("layer_norm", lambda x, gain, offset, epsilon: gain * (x - x.mean(-1, keepdims=True))
         / (x.std(-1, keepdims=True) + epsilon) + offset, "epsilon-outside"),
        ("noam", lambda step, d_model, warmup: d_model**-0.5
         * ((step + 1) ** -0.5 if step < warmup else (step + 1) * warmup**-1.5),
         "larger-of-the-two"),
        ("smoothed_loss", leaves_out_id_0, "zero-for-padding"),
        ("greedy_decode", keeps_what_ends_the_loop, "stop-kept"),
    ],
)  # fmt: skip
def test_wrong_answers_written_in_another_way_are_named_too(exercise, answer, mistake):
    assert verdict(exercise, answer).mistake == mistake


def test_right_answers_in_float32_pass(solution):
    def in_float32(name):
        def answer(**case):
            kept = {
                key: value.astype("float32") if np.asarray(value).dtype == float else value
                for key, value in case.items()
                if isinstance(value, np.ndarray)
            }
            return np.float32(solution[name](**(case | kept)))

        return answer

    assert verdict("layer_norm", in_float32("layer_norm")).passed
    assert verdict("smoothed_loss", in_float32("smoothed_loss")).passed
    assert verdict(
        "noam", lambda step, d_model, warmup: transformer.Noam(d_model, warmup)(step)
    ).passed


def test_a_loss_for_each_token_is_told_that_one_number_is_wanted():
    report = verdict("smoothed_loss", lambda logits, target, smoothing, pad_id: 1.0 * target)
    assert (report.state, "its mean" in report.hint) == ("error", True)


def test_a_clipped_probability_breaks_a_rule_whatever_it_is_clipped_to():
    assert "clipped" in verdict("smoothed_loss", clipped_loss).hint


def test_an_endless_loop_of_a_learner_ends():
    def endless(next_logits, start_id, stop_id, max_length):
        while next_logits([start_id]).argmax() != -1:
            pass

    assert "the loop does not end" in verdict("greedy_decode", endless).message
