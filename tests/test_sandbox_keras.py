"""Keras in the sandbox: layers and training within the limits, on the processor only."""

import os
import secrets

import numpy as np
import pytest

from companion.course import sandbox
from companion.course.exercise import Exercise, Mistake
from companion.course.sandbox import KERAS, Cell, grade
from companion.probes import values

ISOLATION = sandbox.probe()
pytestmark = pytest.mark.skipif(not ISOLATION.proven, reason=ISOLATION.detail)

SETUP = Cell(
    "setup",
    "from companion.course import check\nimport keras\nimport numpy as np\n",
    trusted=True,
)


def exercise(name, reference, **wrong):
    """A function of `x`, an array of 3 numbers in each row."""
    return Exercise(
        name=name,
        kind="implement",
        title=name,
        minutes=5,
        difficulty=1,
        cases=lambda rng, size: {"x": rng.normal(size=(1 + size, 3)).astype("float32")},
        probe=values.array,
        reference=reference,
        mistakes=[Mistake(n.replace("_", "-"), f, "No.") for n, f in wrong.items()],
        hints=["a", "b", "c"],
        sizes=3,
        tolerance=1e-5,
    )


# A dense layer of ones sums each row, and gives the sum twice.
SUMS = exercise(
    "sums",
    lambda x: np.repeat(x.sum(axis=1, keepdims=True), 2, axis=1),
    mean=lambda x: np.repeat(x.mean(axis=1, keepdims=True), 2, axis=1),
    once=lambda x: x.sum(axis=1, keepdims=True),
    same=lambda x: x,
)
# One step of gradient descent from w = 0 on (x w - 1)², averaged: w = 2 · rate · mean of x.
STEP = exercise(
    "step",
    lambda x: 2 * 0.1 * x.mean(axis=0),
    no_two=lambda x: 0.1 * x.mean(axis=0),
    no_mean=lambda x: 2 * 0.1 * x.sum(axis=0),
    uphill=lambda x: -2 * 0.1 * x.mean(axis=0),
)
PLACE = exercise(
    "place",
    lambda x: np.float32([1, 1, 1]),
    zeros=lambda x: np.float32([0, 0, 0]),
    no_network=lambda x: np.float32([0, 1, 1]),
    no_library=lambda x: np.float32([1, 1, 0]),
)
CELLS = [
    SETUP,
    Cell(
        "sums",
        "def sums(x):\n"
        "    layer = keras.layers.Dense(2, kernel_initializer='ones')\n"
        "    return layer(x) / x.shape[1]\n",  # the mistake `mean`
        ("sums",),
    ),
    Cell(
        "step",
        "def step(x):\n"
        "    layer = keras.layers.Dense(1, use_bias=False, kernel_initializer='zeros')\n"
        "    model = keras.Sequential([layer])\n"
        "    model.compile(keras.optimizers.SGD(0.1), 'mse')\n"
        "    model.fit(x, np.ones((len(x), 1)), batch_size=len(x), verbose=0)\n"
        "    return model.get_weights()[0][:, 0]\n",
        ("step",),
    ),
    # What Keras was not allowed to import an answer may; the processor is all that there is.
    Cell(
        "place",
        "def place(x):\n"
        "    import socket\n"
        "    import matplotlib\n"
        "    try:\n"
        "        socket.socket()\n"
        "        walled = 0\n"
        "    except OSError:\n"
        "        walled = 1\n"
        "    cpu = keras.ops.convert_to_tensor(x).device.endswith('CPU:0')\n"
        "    return np.float32([walled, cpu, keras.backend.backend() == 'tensorflow'])\n",
        ("place",),
    ),
]


@pytest.fixture(scope="module")
def graded():
    exercises = {e.name: e for e in (SUMS, STEP, PLACE)}
    seed, slot = secrets.randbits(64), 2000 + os.getpid() % 500
    return grade(CELLS, exercises, seed=seed, limits=KERAS, slot=slot)


def test_a_layer_is_judged_and_its_mistake_named(graded):
    assert (graded.reports["sums"].state, graded.reports["sums"].mistake) == ("failed", "mean")


def test_a_model_can_be_trained(graded):
    assert graded.reports["step"].state == "passed", graded.reports["step"]


def test_the_answer_has_the_processor_no_network_and_its_libraries(graded):
    assert graded.reports["place"].state == "passed", graded.reports["place"]


def test_all_of_it_takes_one_sandbox_and_stays_within_its_limits(graded):
    assert graded.sandboxes == 1
    assert 100 * 2**20 < graded.peak_memory < KERAS.resident // 2
    assert graded.processor_seconds < KERAS.cpu_seconds
