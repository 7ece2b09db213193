"""The machine under Keras: device, precision, compilation. The only backend-specific code.

Everything else is written in `keras.ops` and `keras.layers` and does not know whether TensorFlow or
JAX computes it. `COMPANION_DEVICE=cpu` pins a run to the processor (tests and CI do).
"""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar


@contextmanager
def _quiet() -> Iterator[None]:
    """Nothing on file descriptor 2: TensorFlow's start-up writes there whatever the log level."""
    sys.stderr.flush()
    saved, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(nowhere)


with _quiet():  # an import that fails still raises, with its message
    import keras

T = TypeVar("T")


def gpus() -> list[str]:
    """Names of the GPUs that the backend may use; empty on a CPU or under COMPANION_DEVICE=cpu."""
    if os.environ.get("COMPANION_DEVICE", "").lower() == "cpu":
        return []
    try:
        return [str(device) for device in keras.distribution.list_devices("gpu")]
    except (RuntimeError, ValueError, AttributeError):
        return []  # JAX without CUDA raises where TensorFlow has an empty list


def budget(*, cpu: T, gpu: T) -> T:
    """The value for this machine: `cpu`, or `gpu` when there is one.

    A notebook says `steps = backend.budget(cpu=200, gpu=5000)` and scales itself.
    """
    return gpu if gpus() else cpu


def compile(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function as one XLA program: `tf.function(jit_compile=True)` or `jax.jit`.

    Keras' own `jit_compile="auto"` leaves XLA off on a CPU. Arguments must be tensors or nests of
    tensors of fixed shape; each new shape is compiled again. Raises `ValueError` on a backend that
    has no XLA.
    """
    name = keras.backend.backend()
    if name == "tensorflow":
        import tensorflow as tf

        # It warns when one function is compiled for many shapes; here that is what is asked for.
        tf.get_logger().setLevel("ERROR")
        # The functions are written in `keras.ops`, also their loops; rewriting their Python code
        # (autograph) would take a third of the time before a first call.
        return tf.function(function, jit_compile=True, autograph=False)
    if name == "jax":
        import jax

        return jax.jit(function)
    raise ValueError(f"backend {name!r} has no XLA; set KERAS_BACKEND to tensorflow or jax")


@keras.saving.register_keras_serializable(package="companion")
class Adam(keras.optimizers.Adam):
    """θ ← θ − η·m̂/(√v̂ + ε); Kingma & Ba 2015, algorithm 1 (ε as in its §2). Keras' options.

    On TensorFlow each variable is updated by one kernel instead of twelve operations: half of the
    time before a first training step went into tracing those. The numbers are those of
    `keras.optimizers.Adam`, save that an embedding's row that a batch uses twice has its gradients
    added before they are squared; Keras 3.15.1 squares each on TensorFlow (and not on JAX).
    """

    def _backend_update_step(self, grads, trainable_variables, learning_rate):
        fused = keras.backend.backend() == "tensorflow" and not self.amsgrad
        if not fused or self._distribution_strategy.num_replicas_in_sync > 1:
            super()._backend_update_step(grads, trainable_variables, learning_rate)
            return
        import tensorflow as tf

        step = keras.ops.cast(self.iterations + 1, "float32")
        beta_1, beta_2 = tf.constant(self.beta_1), tf.constant(self.beta_2)
        common = {
            "beta1_power": beta_1**step,
            "beta2_power": beta_2**step,
            "lr": tf.cast(learning_rate, "float32"),
            "beta1": beta_1,
            "beta2": beta_2,
            "epsilon": tf.constant(self.epsilon),
        }
        for gradient, variable in zip(grads, trainable_variables, strict=True):
            i = self._get_variable_index(variable)
            slots = {"m": self._momentums[i], "v": self._velocities[i], "var": variable}
            handles = {name: slot.value.handle for name, slot in slots.items()}
            tf.raw_ops.ResourceApplyAdam(**handles, **common, grad=tf.convert_to_tensor(gradient))


def prepare(model: keras.Model) -> None:
    """Spare a compiled model the second half of the wait for its first training step.

    Keras makes the optimizer's variables inside the first trace, which is then made twice, and
    wraps the step in another function, for several devices and several steps at a time. Here the
    variables are made at once, and on a single TensorFlow device the step is one function. What is
    computed stays the same.
    """
    model.optimizer.build(model.trainable_variables)
    if (
        keras.backend.backend() != "tensorflow"
        or model.train_function is not None
        or model.run_eagerly
        or model.steps_per_execution > 1
        or model.distribute_strategy.num_replicas_in_sync > 1
    ):
        return
    import tensorflow as tf

    step = tf.function(model.train_step, jit_compile=model.jit_compile, reduce_retracing=True)
    model.train_function = lambda batches: step(next(batches))


def set_precision() -> str:
    """Choose Keras' precision policy for this machine and return its name; see `best_precision`."""
    policy = best_precision()
    keras.mixed_precision.set_global_policy(policy)
    return policy


@contextmanager
def fast_precision() -> Iterator[str]:
    """Layers made within have `best_precision`; afterwards the policy is what it was.

    For training: a model whose numbers are quoted is made outside, in float32.
    """
    before = keras.mixed_precision.global_policy()
    try:
        yield set_precision()
    finally:
        keras.mixed_precision.set_global_policy(before)


def best_precision() -> str:
    """The policy that multiplies fastest here without a loss that training would notice.

    On a GPU mixed_bfloat16 where the hardware has it (compute capability 8.0 or more), else
    mixed_float16. On a processor mixed_bfloat16 where it multiplies that type (AMX, or AVX-512's
    BF16 instructions) and TensorFlow makes use of it (oneDNN); a training step then takes half to
    two thirds of the time. Else float32: without such units reduced precision is slower.
    """
    if gpus():
        return "mixed_bfloat16" if _compute_capability() >= 8.0 else "mixed_float16"
    asked = os.environ.get("TF_ENABLE_ONEDNN_OPTS") == "1"
    multiplies = not _processor_flags().isdisjoint({"amx_bf16", "avx512_bf16"})
    if keras.backend.backend() == "tensorflow" and asked and multiplies:
        return "mixed_bfloat16"
    return "float32"


def _processor_flags() -> set[str]:
    """What the processor can do, as Linux says it; nothing on other systems."""
    try:
        with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
            lines = [line for line in file if line.startswith("flags")]
    except OSError:
        return set()
    return set(lines[0].split()) if lines else set()


def limit_to_what_is_used() -> None:
    """Let GPU memory grow with need instead of taking all of it at once (TensorFlow only)."""
    if gpus() and keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        for device in tf.config.list_physical_devices("GPU"):
            tf.config.experimental.set_memory_growth(device, True)


def describe() -> dict[str, str]:
    """What computes here: backend and version, device, precision, XLA, threads, oneDNN, warnings.

    >>> describe()["device"]
    'CPU (2 cores)'
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    found = gpus()
    facts = {
        "backend": f"{keras.backend.backend()} (Keras {keras.__version__})",
        "device": ", ".join(found) if found else f"CPU ({cores} cores)",
        "precision": keras.mixed_precision.global_policy().name,
        "XLA": "on where asked for (backend.compile)" if not found else "on",
        "oneDNN": "on" if os.environ.get("TF_ENABLE_ONEDNN_OPTS") == "1" else "off",
    }
    order = list(sys.modules)
    if "tensorflow" in order and order.index("tensorflow") < order.index("companion"):
        facts["warning"] = (
            "TensorFlow was imported before companion, so companion's settings came too late; "
            "restart the kernel and import companion first"
        )
    return facts


def _compute_capability() -> float:
    if keras.backend.backend() != "tensorflow":
        return 8.0  # JAX supports bfloat16 on every GPU that it supports
    import tensorflow as tf

    details = tf.config.experimental.get_device_details(tf.config.list_physical_devices("GPU")[0])
    major, minor = details.get("compute_capability", (0, 0))
    return major + minor / 10


limit_to_what_is_used()
