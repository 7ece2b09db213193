"""Tokens per second of decoding, and the wait for the first text: ours, KerasHub, Hugging Face.

    python tests/benchmarks/bench_generation.py [--rounds 3] [--torch PYTHON]

The model is the same everywhere, GPT-2's layout with random weights: 4 layers of d_model 256 and
4 heads, 4,096 ids, a context of 128. Prompts of 9 to 16 tokens are padded to 16 (a batch of one
has 16), 112 more are written, with a stop token to look out for. Each entrant runs in a process of
its own, one after the other, round after round; ratios are taken within a round, and their median
and range are reported. PyTorch and transformers get an environment of their own in a temporary
folder, or the interpreter that `--torch` names.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
SHAPE = {"vocab_size": 4096, "d_model": 256, "layers": 4, "heads": 4, "length": 128, "prompt": 16}
BATCHES, STRATEGIES, P, STOP, REPEATS = (1, 8), ("greedy", "top-p"), 0.9, 3, 5
PLAIN = ("TF_ENABLE_ONEDNN_OPTS", "KERAS_BACKEND", "TF_CPP_MIN_LOG_LEVEL", "XLA_FLAGS")
# Of each entrant: what the row says, and what is set before TensorFlow starts.
ENTRANTS = {
    "companion": ("as `companion generate`: oneDNN off, XLA", {"TF_ENABLE_ONEDNN_OPTS": "0"}),
    "companion, oneDNN on": ("as in a notebook: oneDNN on, XLA", {"TF_ENABLE_ONEDNN_OPTS": "1"}),
    "KerasHub, XLA": ("nothing set but jit_compile=True", {}),
    "KerasHub, XLA, oneDNN off": ("jit_compile=True", {"TF_ENABLE_ONEDNN_OPTS": "0"}),
    "KerasHub as it comes": ("nothing set; jit_compile='auto' means no XLA", {}),
    "Hugging Face with cache": ("PyTorch eager, oneDNN inside", {}),
    "the multiplications alone": ("oneDNN off, XLA", {"TF_ENABLE_ONEDNN_OPTS": "0"}),
}


def prompts(batch: int) -> list[list[int]]:
    """Ids of 9 to 16 tokens a row, the last row's 16; none is the stop token."""
    longest = SHAPE["prompt"]
    lengths = [longest - (batch - 1 - row) % 8 for row in range(batch)]
    return [[4 + (7 * row + i) % 4000 for i in range(n)] for row, n in enumerate(lengths)]


def _ours():
    """A function from batch and strategy to (a text's writing, how many tokens it wrote)."""
    from companion.generation import Filters, greedy, sample
    from companion.gpt import GPT, GPTConfig

    width, new = SHAPE["d_model"], SHAPE["length"] - SHAPE["prompt"]
    model = GPT(
        GPTConfig(SHAPE["vocab_size"], SHAPE["length"], width, SHAPE["layers"], SHAPE["heads"],
                  4 * width, 0.0)
    )  # fmt: skip

    def write(batch, strategy):
        texts = prompts(batch)
        if strategy == "greedy":
            found = greedy(model, texts, new, stop=[STOP])
        else:
            found = sample(model, texts, new, filters=Filters(top_p=P), stop=[STOP])
        return max(map(len, found))

    return write


def _hub(**options):
    """KerasHub's GPT-2 and its `generate`, which wants prompts at the left end of their slots."""
    import keras_hub
    import numpy as np

    width, length = SHAPE["d_model"], SHAPE["length"]
    backbone = keras_hub.models.GPT2Backbone(
        SHAPE["vocab_size"], SHAPE["layers"], SHAPE["heads"], width, 4 * width, 0.0, length
    )
    samplers = {"greedy": "greedy", "top-p": keras_hub.samplers.TopPSampler(p=P, seed=0)}
    models = {}

    def write(batch, strategy):
        if strategy not in models:
            models[strategy] = keras_hub.models.GPT2CausalLM(backbone, preprocessor=None)
            models[strategy].compile(sampler=samplers[strategy], **options)
        ids, mask = np.zeros((batch, length), "int32"), np.zeros((batch, length), "bool")
        for row, text in enumerate(prompts(batch)):
            ids[row, : len(text)], mask[row, : len(text)] = text, True
        found = models[strategy].generate(
            {"token_ids": ids, "padding_mask": mask}, stop_token_ids=(STOP,)
        )
        # The loop begins at the shortest prompt and ends with the longest text.
        longest = int(np.asarray(found["padding_mask"]).sum(axis=1).max())
        return longest - SHAPE["prompt"]

    return write


def _floor():
    """A loop that multiplies by as many weights for each token, and does nothing else.

    At a batch of one each weight is read once a token and used once: memory sets the pace.
    """
    import numpy as np
    from keras import ops

    from companion import backend

    width, new = SHAPE["d_model"], SHAPE["length"] - SHAPE["prompt"]
    layer = [(width, width)] * 4 + [(width, 4 * width), (4 * width, width)]
    shapes = layer * SHAPE["layers"] + [(width, SHAPE["vocab_size"])]
    rng = np.random.default_rng(0)
    kernels = [ops.convert_to_tensor(rng.normal(size=s, scale=0.05), "float32") for s in shapes]

    def loop(x, kernels):
        def turn(place, x):
            wide = x
            for kernel in kernels:
                y = ops.matmul(wide if kernel.shape[0] > width else x, kernel)
                x, wide = (y, y) if y.shape[1] == width else (x, y)
            return place + 1, ops.tanh(x + ops.max(wide, axis=-1, keepdims=True))

        return ops.while_loop(lambda place, x: place < new, turn, (0, x))[1]

    program = backend.compile(loop)

    def write(batch, strategy):
        np.asarray(program(ops.ones((batch, width)), kernels))
        return new

    return write


def work(entrant: str) -> None:
    """Time one entrant in this process and print its clock readings as JSON."""
    if entrant.startswith("companion"):
        write = _ours()
    elif entrant.startswith("the mult"):
        write = _floor()
    else:
        write = _hub(**({"jit_compile": True} if "XLA" in entrant else {}))
    print(json.dumps(readings(write)))


def readings(write) -> dict:
    """Of each batch and strategy: seconds to the first text, and tokens a second afterwards."""
    found = {}
    for strategy in STRATEGIES:
        for batch in BATCHES:
            wall, processor, tokens = [], [], []
            for _ in range(1 + REPEATS):
                begun, worked = time.perf_counter(), time.process_time()
                longest = write(batch, strategy)
                wall.append(time.perf_counter() - begun)
                processor.append(time.process_time() - worked)
                tokens.append(batch * longest)
            found[f"{strategy} {batch}"] = {
                "first wall": wall[0],
                "first work": processor[0],
                "wall": statistics.median(n / s for n, s in zip(tokens[1:], wall[1:], strict=True)),
                "work": statistics.median(
                    n / s for n, s in zip(tokens[1:], processor[1:], strict=True)
                ),
            }
    return found


def run(entrant: str, python: Path | None) -> dict:
    """One entrant in a fresh process."""
    environment = {name: value for name, value in os.environ.items() if name not in PLAIN}
    line = [sys.executable, __file__, "--work", entrant]
    if entrant.startswith("Hugging Face"):
        given = {"shape": SHAPE, "p": P, "stop": STOP, "repeats": REPEATS, "strategies": STRATEGIES}
        given["prompts"] = [prompts(batch) for batch in BATCHES]
        line = [python, Path(__file__).with_name("transformers_beside.py"), json.dumps(given)]
    done = subprocess.run(
        line,
        env=environment | ENTRANTS[entrant][1],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def transformers_environment(folder: str) -> Path:
    """An interpreter with PyTorch and transformers and nothing of ours."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python = Path(folder) / "bin" / "python"
    quiet = ["--quiet", "--disable-pip-version-check"]
    needed = ["torch", "transformers", "numpy"]
    subprocess.run([python, "-m", "pip", "install", *quiet, *needed], check=True)
    return python


def section(rounds: list[dict[str, dict]]) -> str:
    """A table a strategy: tokens a second, ours over theirs, and seconds to the first text."""
    from tests.benchmarks.common import machine, table

    parts = [
        f"{machine()}, {os.cpu_count()} threads. `python tests/benchmarks/bench_generation.py`",
        f"Medians of {len(rounds)} rounds of {REPEATS} texts of {SHAPE['prompt']} + "
        f"{SHAPE['length'] - SHAPE['prompt']} tokens; the ratios are those of wall time, with the "
        "lowest and highest of the rounds, and of processor time; above 1 ours is faster. They are "
        "taken within a round, so their median is not the ratio of the medians beside it, and the "
        "range shows how far the rounds differ. The first text includes tracing and compiling. "
        "The last row multiplies by as many float32 weights a token, and does nothing else.",
    ]
    for strategy in STRATEGIES:
        rows = []
        for entrant in rounds[0]:
            row = [f"{entrant} ({ENTRANTS[entrant][0]})"]
            for batch in BATCHES:
                key = f"{strategy} {batch}"
                mine = [r[entrant][key] for r in rounds]
                row.append(f"{statistics.median(m['wall'] for m in mine):.0f}")
                wall, work = (
                    [r["companion"][key][c] / r[entrant][key][c] for r in rounds]
                    for c in ("wall", "work")
                )
                ratio = f"{statistics.median(wall):.1f} ({min(wall):.1f}–{max(wall):.1f})"
                ratio += f" / {statistics.median(work):.1f}"
                row.append("" if entrant == "companion" else ratio)
                row.append(f"{statistics.median(m['first wall'] for m in mine):.1f}")
            rows.append(row)
        header = [strategy if strategy == "greedy" else f"{strategy}, p = {P}"]
        for batch in BATCHES:
            header += [f"batch {batch}, tokens/s", "ours ÷ it", "first text, s"]
        parts.append(table(header, rows))
    return "\n\n".join(parts)


def main() -> None:
    """Measure all entrants in rounds and write the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--torch", type=Path, help="an interpreter with torch and transformers")
    parser.add_argument("--work", choices=list(ENTRANTS))
    arguments = parser.parse_args()
    if arguments.work:
        work(arguments.work)
        return
    from tests.benchmarks.common import write_section

    with tempfile.TemporaryDirectory() as folder:
        python = arguments.torch or transformers_environment(folder)
        rounds = []
        for _ in range(arguments.rounds):
            rounds.append({entrant: run(entrant, python) for entrant in ENTRANTS})
            print(rounds[-1], flush=True)
    write_section("Decoding (chapter 8)", section(rounds))


if __name__ == "__main__":
    main()
