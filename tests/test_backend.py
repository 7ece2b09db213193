"""The machine: what is said of it is so."""

import subprocess
import sys

import keras
import numpy as np
import pytest

from companion import backend


def test_a_compiled_function_gives_the_same_numbers():
    x = np.linspace(-1, 1, 12, dtype="float32").reshape(3, 4)
    compiled = backend.compile(lambda a: keras.ops.softmax(a @ keras.ops.transpose(a)))
    expected = np.exp(x @ x.T) / np.exp(x @ x.T).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(compiled(x)), expected, rtol=1e-5)


def test_the_device_can_be_pinned_to_the_processor(monkeypatch):
    monkeypatch.setattr(keras.distribution, "list_devices", lambda kind: ["gpu:0"])
    monkeypatch.delenv("COMPANION_DEVICE", raising=False)
    assert backend.budget(cpu=1, gpu=2) == 2
    monkeypatch.setenv("COMPANION_DEVICE", "cpu")
    assert backend.budget(cpu=1, gpu=2) == 1
    assert backend.best_precision() != "mixed_float16"  # which is for GPUs alone


@pytest.mark.parametrize(
    ("flags", "onednn", "policy"),
    [
        ({"avx2", "amx_bf16"}, "1", "mixed_bfloat16"),
        ({"avx2", "avx512_bf16"}, "1", "mixed_bfloat16"),
        ({"avx2", "amx_bf16", "avx512_bf16"}, "0", "float32"),  # nothing would use the units
        ({"avx2"}, "1", "float32"),
        (set(), "1", "float32"),
    ],
)
def test_a_processor_with_units_for_bfloat16_uses_them(monkeypatch, flags, onednn, policy):
    monkeypatch.setattr(keras.backend, "backend", lambda: "tensorflow")
    monkeypatch.setattr(backend, "gpus", lambda: [])
    monkeypatch.setattr(backend, "_processor_flags", lambda: flags)
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", onednn)
    assert backend.best_precision() == policy


def test_fast_precision_holds_for_the_layers_made_within_it(monkeypatch):
    monkeypatch.setattr(backend, "best_precision", lambda: "mixed_bfloat16")
    with backend.fast_precision() as policy:
        inside = keras.layers.Dense(2)
    outside = keras.layers.Dense(2)
    assert policy == inside.dtype_policy.name == "mixed_bfloat16"
    assert outside.dtype_policy.name == "float32"
    assert (inside.compute_dtype, inside.variable_dtype) == ("bfloat16", "float32")


def test_fast_precision_ends_even_where_an_error_does(monkeypatch):
    monkeypatch.setattr(backend, "best_precision", lambda: "mixed_bfloat16")
    with pytest.raises(ValueError, match="no layer"), backend.fast_precision():
        raise ValueError("no layer")
    assert keras.mixed_precision.global_policy().name == "float32"


def test_a_backend_that_raises_when_asked_for_gpus_has_none(monkeypatch):
    def refuse(kind):
        raise RuntimeError("no such device")

    monkeypatch.setattr(keras.distribution, "list_devices", refuse)
    monkeypatch.delenv("COMPANION_DEVICE", raising=False)
    assert backend.gpus() == []


def test_a_backend_without_xla_is_refused_by_name(monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "torch")
    with pytest.raises(ValueError, match="'torch' has no XLA"):
        backend.compile(lambda a: a)


@pytest.mark.parametrize("first, warned", [("tensorflow", True), ("companion", False)])
def test_describe_says_so_when_tensorflow_was_imported_too_early(first, warned):
    code = f"import {first}; from companion import backend; print('warning' in backend.describe())"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split()[-1] == str(warned)


def test_the_environment_that_the_user_has_set_is_kept():
    code = "import companion, os; print(os.environ['TF_ENABLE_ONEDNN_OPTS'])"
    environment = {"TF_ENABLE_ONEDNN_OPTS": "0", "PATH": ""}
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    assert run.stdout.strip() == "0"


@pytest.mark.parametrize(
    "module", ["companion", "companion.ngram", "companion.corpora", "companion.microworld"]
)
def test_light_modules_start_without_keras(module):
    code = (
        f"import sys, {module}; heavy = {{'keras', 'tensorflow', 'jax', 'matplotlib'}};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


ADAM = {"learning_rate": 0.05, "beta_1": 0.9, "beta_2": 0.99, "epsilon": 1e-7}


def trained(optimizer, fit) -> list[np.ndarray]:
    """The weights of a small network after five steps."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(4, "tanh"), keras.layers.Dense(1)]
    )
    model.compile(optimizer, "mse")
    rows = np.random.default_rng(0).normal(size=(8, 3)).astype("float32")
    fit(model, rows, rows.sum(axis=1, keepdims=True))
    return model.get_weights()


def fit_keras(model, x, y):
    model.fit(x, y, batch_size=8, epochs=5, shuffle=False, verbose=0)


@pytest.mark.parametrize(
    "options",
    [{}, {"weight_decay": 0.1}, {"global_clipnorm": 0.1}, {"gradient_accumulation_steps": 2}],
)
def test_our_adam_and_keras_adam_end_at_the_same_weights(options):
    theirs = trained(keras.optimizers.Adam(**ADAM, **options), fit_keras)
    ours = trained(backend.Adam(**ADAM, **options), fit_keras)
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


def test_a_prepared_model_learns_what_keras_own_loop_learns():
    def fit_prepared(model, x, y):
        backend.prepare(model)
        fit_keras(model, x, y)

    theirs = trained(keras.optimizers.Adam(**ADAM), fit_keras)
    for one, other in zip(trained(backend.Adam(**ADAM), fit_prepared), theirs, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


def test_a_row_that_a_batch_uses_twice_has_its_gradients_added_before_adam_squares_them():
    # The loss is (2θ₀ + θ₁)², for the ids 0, 0, 1: ∂θ₀ = 4(2θ₀ + θ₁), ∂θ₁ = 2(2θ₀ + θ₁).
    model = keras.Sequential(
        [keras.Input((3,), dtype="int32"), keras.layers.Embedding(2, 1), keras.layers.Flatten()]
    )
    model.set_weights([np.array([[1.0], [0.5]])])
    optimizer = backend.Adam(**ADAM)
    model.compile(optimizer, lambda y, out: keras.ops.square(keras.ops.sum(out)))
    model.fit(np.array([[0, 0, 1]]), np.array([[0.0]]), epochs=4, verbose=0)

    theta, m, v = np.array([1.0, 0.5]), np.zeros(2), np.zeros(2)
    for t in range(1, 5):
        gradient = 2 * (2 * theta[0] + theta[1]) * np.array([2.0, 1.0])
        m, v = 0.9 * m + 0.1 * gradient, 0.99 * v + 0.01 * gradient**2
        theta -= 0.05 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.99**t)) + 1e-7)
    np.testing.assert_allclose(model.get_weights()[0][:, 0], theta, atol=1e-5)


def test_our_adam_is_saved_with_its_schedule():
    schedule = keras.optimizers.schedules.CosineDecay(0.1, 10)
    again = backend.Adam.from_config(backend.Adam(schedule, beta_2=0.98).get_config())
    assert again.beta_2 == 0.98
    assert float(again.learning_rate) == pytest.approx(0.1)
