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
    assert backend.set_precision() == "float32"


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
