"""Training that repeats, and that a kill does not change."""

import signal
import subprocess
import sys
import textwrap
import time

import keras
import numpy as np
import pytest

from companion import training

ROWS = np.random.default_rng(0).normal(size=(40, 6)).astype("float32")
TARGETS = ROWS.sum(axis=1, keepdims=True)


def small_model(optimizer=None) -> keras.Model:
    training.seed(7)
    model = keras.Sequential(
        [
            keras.Input((6,)),
            keras.layers.Dense(8, "relu"),
            keras.layers.Dropout(0.5),  # its random state must survive too
            keras.layers.Dense(1),
        ]
    )
    model.compile(optimizer or keras.optimizers.Adam(0.01), "mse")
    return model


def weights(model: keras.Model) -> np.ndarray:
    return np.concatenate([w.numpy().ravel() for w in model.weights])


def test_batches_are_a_function_of_the_step():
    forwards = training.shuffled(ROWS, TARGETS, batch_size=8, seed=3)
    backwards = training.shuffled(ROWS, TARGETS, batch_size=8, seed=3)
    ahead = [forwards(step) for step in range(12)]
    behind = [backwards(step) for step in reversed(range(12))][::-1]
    for (x1, y1), (x2, y2) in zip(ahead, behind, strict=True):
        np.testing.assert_array_equal(x1, x2)
        np.testing.assert_array_equal(y1, y2)


def test_an_epoch_shows_every_row_once_and_the_next_in_another_order():
    rows = np.arange(40)
    batch = training.shuffled(rows, batch_size=8)
    first = np.concatenate([batch(step)[0] for step in range(5)])
    second = np.concatenate([batch(step)[0] for step in range(5, 10)])
    assert sorted(first) == sorted(second) == list(rows)
    assert list(first) != list(second)


@pytest.mark.parametrize("optimizer", [keras.optimizers.Adam, training.muon])
def test_a_run_interrupted_and_resumed_ends_at_the_same_weights(tmp_path, optimizer):
    batch = training.shuffled(ROWS, TARGETS, batch_size=8)
    whole = small_model(optimizer(0.01))
    history = training.fit(whole, batch, 25, every=10)
    state = tmp_path / "state.npz"
    training.fit(small_model(optimizer(0.01)), batch, 10, every=10, resume=state)
    resumed = small_model(optimizer(0.01))
    again = training.fit(resumed, batch, 25, every=10, resume=state)
    np.testing.assert_array_equal(weights(whole), weights(resumed))
    assert len(again["loss"]) == 3
    assert again == history


def test_a_finished_run_is_not_trained_further(tmp_path):
    batch = training.shuffled(ROWS, TARGETS, batch_size=8)
    model = small_model()
    training.fit(model, batch, 10, every=10, resume=tmp_path / "state.npz")
    before = weights(model)
    training.fit(model, batch, 10, every=10, resume=tmp_path / "state.npz")
    np.testing.assert_array_equal(before, weights(model))


def test_a_state_beyond_the_steps_that_are_asked_for_is_refused(tmp_path):
    batch = training.shuffled(ROWS, TARGETS, batch_size=8)
    state = tmp_path / "state.npz"
    training.fit(small_model(), batch, 20, every=10, resume=state)
    with pytest.raises(ValueError, match=r"state\.npz is at step 20, beyond 10"):
        training.fit(small_model(), batch, 10, every=10, resume=state)


@pytest.mark.parametrize("kind", [keras.callbacks.EarlyStopping, keras.callbacks.ReduceLROnPlateau])
def test_callbacks_that_forget_at_every_interval_are_refused(kind):
    batch = training.shuffled(ROWS, TARGETS, batch_size=8)
    with pytest.raises(ValueError, match=f"Keras' {kind.__name__} begins anew"):
        training.fit(small_model(), batch, 4, every=2, callbacks=[kind(monitor="loss")])


def test_muon_brings_the_directions_of_a_matrix_to_one_size_and_leaves_the_rest_to_adam():
    rng = np.random.default_rng(0)
    left, right = (np.linalg.qr(rng.normal(size=(6, 6)))[0] for _ in range(2))
    sizes = np.array([8.0, 4.0, 2.0, 1.0, 1.0, 1.0])
    gradient = left @ np.diag(sizes) @ right.T
    # Jordan et al. 2024: σ ← 3.4445σ − 4.7750σ³ + 2.0315σ⁵, thrice, from σ/‖σ‖.
    wanted = sizes / np.linalg.norm(sizes)
    for _ in range(3):
        wanted = 3.4445 * wanted - 4.7750 * wanted**3 + 2.0315 * wanted**5
    names = ("kernel", "table", "kernel_of_head")
    matrices = [keras.Variable(np.zeros((6, 6), "float32"), name=name) for name in names]
    bias = keras.Variable(np.zeros(6, "float32"), name="bias")
    gradients = [keras.ops.convert_to_tensor(gradient, "float32")] * 3
    steps = keras.ops.convert_to_tensor([1.0, -2, 3, -4, 5, -6])
    training.muon(0.01).apply([*gradients, steps], [*matrices, bias])
    moved = -np.asarray(matrices[0])
    found = np.diag(left.T @ moved @ right) / (0.01 * 0.2 * 6**0.5)
    assert np.allclose(found, wanted, atol=1e-3)
    assert wanted.max() / wanted.min() < 2 < sizes.max() / sizes.min()
    for variable in (*matrices[1:], bias):  # a first step of Adam is the rate, whatever the size
        assert np.allclose(np.abs(np.asarray(variable)), 0.005, rtol=1e-3)


def test_the_state_of_another_model_is_refused_by_name(tmp_path):
    state = tmp_path / "state.npz"
    batch = training.shuffled(ROWS, TARGETS, batch_size=8)
    training.fit(small_model(), batch, 2, every=1, resume=state)
    other = keras.Sequential([keras.Input((6,)), keras.layers.Dense(1)])
    other.compile("sgd", "mse")
    with pytest.raises(ValueError, match=r"state\.npz holds the state of another run"):
        training.fit(other, batch, 2, every=1, resume=state)


def test_text_is_sampled_after_each_interval():
    seen = []
    sampler = training.SampleText(lambda: "to be", show=seen.append)
    batch = training.shuffled(ROWS, TARGETS, batch_size=8)
    training.fit(small_model(), batch, 6, every=3, callbacks=[sampler])
    assert [line[:3] for line in seen] == ["[1]", "[2]"]
    assert all(line.endswith("to be") for line in seen)


@pytest.mark.parametrize("arguments", [{"steps": 0}, {"steps": 5, "every": 0}])
def test_a_run_of_no_steps_is_refused(arguments):
    with pytest.raises(ValueError, match="at least 1"):
        training.fit(small_model(), training.shuffled(ROWS, TARGETS, batch_size=8), **arguments)


def test_arrays_of_different_lengths_are_refused():
    with pytest.raises(ValueError, match=r"\[39, 40\] rows"):
        training.shuffled(ROWS, TARGETS[1:], batch_size=8)
    with pytest.raises(ValueError, match="batch_size is 41"):
        training.shuffled(ROWS, batch_size=41)
    with pytest.raises(ValueError, match="there are no rows"):
        training.shuffled(ROWS[:0], batch_size=8)


@pytest.mark.slow
def test_kill_9_at_a_random_moment_and_again_until_done_gives_the_same_weights(tmp_path):
    program = tmp_path / "run.py"
    program.write_text(
        textwrap.dedent(
            """
            import sys, numpy as np
            sys.path.insert(0, sys.argv[1])
            from test_training import ROWS, TARGETS, small_model, training, weights
            model = small_model()
            batch = training.shuffled(ROWS, TARGETS, batch_size=8)
            training.fit(model, batch, 2000, every=50, resume=sys.argv[2])
            np.save(sys.argv[3], weights(model))
            """
        )
    )
    folder = __file__.rsplit("/", 1)[0]

    def start(name):
        return subprocess.Popen(
            [sys.executable, program, folder, tmp_path / f"{name}.npz", tmp_path / f"{name}.npy"],
            stderr=subprocess.DEVNULL,
        )

    assert start("whole").wait() == 0
    rng, kills = np.random.default_rng(), 0
    while kills < 4:
        process = start("killed")
        time.sleep(float(rng.uniform(8, 13)))
        if process.poll() is not None:
            break
        process.send_signal(signal.SIGKILL)
        process.wait()
        kills += 1
    assert start("killed").wait() == 0
    np.testing.assert_array_equal(np.load(tmp_path / "whole.npy"), np.load(tmp_path / "killed.npy"))
