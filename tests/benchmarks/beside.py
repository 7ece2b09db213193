"""Training steps side by side: each entrant in a process of its own, round after round.

A script that measures calls itself with `--work NAME` for each entrant; that process trains for
some steps and prints its clock readings, which `readings` turns into the wait for the first step
and the seconds of a later one. Ratios to our own are taken within a round; their median is
reported. Ours trains as `companion train` does, in `backend.fast_precision`; the same in float32 is
an entrant of its own, with ratios of its own below the table.
"""

import contextlib
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

PLAIN = ("TF_ENABLE_ONEDNN_OPTS", "KERAS_BACKEND", "TF_CPP_MIN_LOG_LEVEL", "XLA_FLAGS")
OURS = "companion"
# What all of them train: one size, whatever the model is called.
SHAPE = {"vocab_size": 4096, "d_model": 256, "layers": 4, "heads": 4, "length": 128, "batch": 32}
TOKENS = f"{SHAPE['batch']} × {SHAPE['length']} tokens"
FLOAT32 = ", in float32"  # behind an entrant's name: not in our precision
AS_IT_COMES = " as it comes"  # behind the name of one that must not even import companion
AUTOCAST = ", bfloat16"  # behind PyTorch's name
HEADER = (
    "model",
    "parameters",
    "step, s",
    "processor-s",
    "step ÷ ours (wall / processor)",
    "first step, s",
    "first ÷ ours (wall / processor)",
)


def precision(entrant: str) -> contextlib.AbstractContextManager:
    """Where the entrant's layers are to be made."""
    if entrant.endswith((FLOAT32, AS_IT_COMES)):
        return contextlib.nullcontext()
    from companion import backend

    return backend.fast_precision()


def timed(train: Callable[[list], int]) -> None:
    """Train in this process and print the readings: `train(callbacks)` returns the parameters."""
    import keras

    wall, work = [], []

    def read(*_, **__) -> None:
        wall.append(time.perf_counter())
        work.append(time.process_time())

    clock = keras.callbacks.LambdaCallback(on_train_batch_end=read)
    read()
    parameters = train([clock])
    print(json.dumps({"wall": wall, "work": work, "parameters": parameters}))


def readings(line: Sequence[str | Path]) -> dict[str, float]:
    """One entrant in a fresh process: seconds to the first step and a step, wall and processor."""
    environment = {name: value for name, value in os.environ.items() if name not in PLAIN}
    done = subprocess.run(
        line, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True
    )
    read = json.loads(done.stdout.splitlines()[-1])
    found = {"parameters": read["parameters"]}
    for clock in ("wall", "work"):
        gaps = [b - a for a, b in zip(read[clock], read[clock][1:], strict=False)]
        # The first two steps settle caches; what follows is the steady state.
        found |= {f"first {clock}": gaps[0], f"step {clock}": statistics.median(gaps[2:])}
    return found


def torch_environment(folder: str) -> Path:
    """An interpreter with PyTorch and nothing of ours."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python = Path(folder) / "bin" / "python"
    quiet = ["--quiet", "--disable-pip-version-check"]
    subprocess.run([python, "-m", "pip", "install", *quiet, "torch", "numpy"], check=True)
    return python


def torch_readings(python: Path, arguments: Sequence, entrant: str) -> dict[str, float]:
    """`torch_beside.py` in a fresh process; `arguments` are its own."""
    half = ["bf16"] if entrant.endswith(AUTOCAST) else []
    line = [python, Path(__file__).with_name("torch_beside.py"), *map(str, arguments), *half]
    return readings(line)


def ratios(rounds, entrant: str, what: str, ours: str = OURS) -> str:
    """Median over the rounds of an entrant's readings ÷ ours, by the wall clock and processor."""
    return " / ".join(
        f"{statistics.median(r[entrant][key] / r[ours][key] for r in rounds):.2f}"
        for key in (f"{what} wall", f"{what} work")
    )


def rows(
    rounds: Sequence[Mapping[str, Mapping[str, float]]],
    entrants: Mapping[str, str],
    alone: Sequence[str] = (),
) -> list[list[str]]:
    """A row an entrant, for `HEADER`: medians, and ratios to ours (not for those `alone`)."""
    found = []
    for entrant, settings in entrants.items():
        mine = [r[entrant] for r in rounds]

        def middle(key, mine=mine):
            return statistics.median(reading[key] for reading in mine)

        def ratio(what, entrant=entrant):
            return "" if entrant == OURS or entrant in alone else ratios(rounds, entrant, what)

        found.append(
            [
                f"{entrant} ({settings})",
                f"{mine[0]['parameters']:,}",
                f"{middle('step wall'):.2f}",
                f"{middle('step work'):.2f}",
                ratio("step"),
                f"{middle('first wall'):.1f}",
                ratio("first"),
            ]
        )
    return found


def section(
    script: str,
    rounds: Sequence[Mapping],
    entrants: Mapping[str, str],
    steps: int,
    step: str,
    float32: Sequence[str],
    alone: Sequence[str] = (),
) -> str:
    """What a script found, for docs/benchmarks.md: the table, and what `float32` take beside ours.

    `step` says what is learnt from in one; `rows` has the others.
    """
    from companion import backend
    from tests.benchmarks.common import machine, table

    ours = OURS + FLOAT32
    beside = (f"{entrant} {ratios(rounds, entrant, 'step', ours)}" for entrant in float32)
    return (
        f"{machine()}, {os.cpu_count()} threads. `python tests/benchmarks/{script}`\n\n"
        f"Medians of {len(rounds)} rounds of {steps} steps; a step is {step}; the first is timed "
        "from the call of `fit`. Our precision, if nothing else is said, is that of `companion "
        f"train`, here {backend.best_precision()}.\n\n"
        + table(HEADER, rows(rounds, entrants, alone))
        + f"\n\nA step ÷ that of {ours} (wall / processor): {'; '.join(beside)}."
    )
