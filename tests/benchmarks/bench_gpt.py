"""One training step of a GPT, and the wait for the first one: ours, KerasHub's GPT-2, PyTorch.

    python tests/benchmarks/bench_gpt.py [--rounds 5] [--torch PYTHON]

The model is GPT-2 everywhere, small: 4 layers of d_model 256 and 4 heads, 4,096 tokens, the output
tied to the embeddings, no dropout; batches of 32 × 128. Each entrant runs in a process of its own,
one after the other, round after round. PyTorch (as nanoGPT writes it, eager) gets an environment of
its own in a temporary folder, or the interpreter that `--torch` names.
"""

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from tests.benchmarks import beside
from tests.benchmarks.beside import SHAPE

STEPS = 12
HUB = "KerasHub GPT2CausalLM"
HUB_PLAIN, HUB_OURS = HUB + beside.AS_IT_COMES, HUB + ", our settings"
TORCH = "PyTorch, nanoGPT style, eager"
ENTRANTS = {
    beside.OURS: "oneDNN on, no XLA",
    HUB_PLAIN: "nothing set, float32; jit_compile='auto' means no XLA",
    HUB_OURS: "oneDNN on, no XLA, our precision, optimizer built before fit, our Adam and loss",
    TORCH: "float32, oneDNN inside PyTorch, no compilation",
    TORCH + beside.AUTOCAST: "the same under torch.autocast",
    beside.OURS + beside.FLOAT32: "oneDNN on, no XLA",
    HUB_OURS + beside.FLOAT32: "the other settings",
}


def _ours():
    """The chapter's GPT."""
    from companion.gpt import GPT, GPTConfig

    width = SHAPE["d_model"]
    config = GPTConfig(
        SHAPE["vocab_size"],
        SHAPE["length"],
        width,
        SHAPE["layers"],
        SHAPE["heads"],
        4 * width,
        dropout=0.0,
    )
    return GPT(config)


def _hub():
    """KerasHub's GPT-2 of the same size."""
    import keras_hub

    width = SHAPE["d_model"]
    backbone = keras_hub.models.GPT2Backbone(
        vocabulary_size=SHAPE["vocab_size"],
        num_layers=SHAPE["layers"],
        num_heads=SHAPE["heads"],
        hidden_dim=width,
        intermediate_dim=4 * width,
        dropout=0.0,
        max_sequence_length=SHAPE["length"],
    )
    return keras_hub.models.GPT2CausalLM(backbone, preprocessor=None)


def work(entrant: str) -> None:
    """Train one entrant in this process and print its clock readings as JSON."""
    if entrant != HUB_PLAIN:
        import companion  # noqa: F401, sets the environment
    import keras
    import numpy as np

    rng = np.random.default_rng(0)
    text = rng.integers(1, SHAPE["vocab_size"], (SHAPE["batch"], SHAPE["length"] + 1))
    ids, targets = text[:, :-1].astype("int32"), text[:, 1:].astype("int32")
    keras.utils.set_random_seed(0)
    ours = entrant.startswith(beside.OURS)
    with beside.precision(entrant):
        model, inputs = _ours() if ours else _hub(), ids
    if not ours:
        inputs = {"token_ids": ids, "padding_mask": np.ones_like(ids)}
    if entrant == HUB_PLAIN:
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.Adam(1e-3), loss)
        inputs = {name: np.tile(array, (STEPS, 1)) for name, array in inputs.items()}
        repeated = np.tile(targets, (STEPS, 1))

        def train(callbacks):
            size = SHAPE["batch"]
            model.fit(inputs, repeated, batch_size=size, verbose=0, callbacks=callbacks)
            return model.count_params()
    else:
        from companion import backend, training
        from companion.gpt import NextTokenLoss

        if not ours:  # the same layers without KerasHub's own fit, which takes no PyDataset
            model = keras.Model(model.input, model.output)
        model(inputs)
        model.compile(backend.Adam(1e-3), NextTokenLoss(), jit_compile=False)

        def train(callbacks):
            batch = (inputs, targets)
            training.fit(model, lambda step: batch, STEPS, every=STEPS, callbacks=callbacks)
            return model.count_params()

    beside.timed(train)


def run(entrant: str, python: Path) -> dict:
    """One entrant in a fresh process: seconds to the first step and a step, wall and processor."""
    if entrant.startswith(TORCH):
        return beside.torch_readings(python, [*SHAPE.values(), STEPS, "tied"], entrant)
    return beside.readings([sys.executable, __file__, "--work", entrant])


def main() -> None:
    """Measure all entrants in rounds and write the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--torch", type=Path)
    parser.add_argument("--work", choices=[*ENTRANTS])
    arguments = parser.parse_args()
    if arguments.work:
        work(arguments.work)
        return
    from tests.benchmarks.common import write_section

    with tempfile.TemporaryDirectory() as folder:
        python = arguments.torch or beside.torch_environment(folder)
        rounds = []
        for _ in range(arguments.rounds):
            rounds.append({entrant: run(entrant, python) for entrant in ENTRANTS})
            print(rounds[-1], flush=True)
    text = beside.section(
        "bench_gpt.py", rounds, ENTRANTS, STEPS, beside.TOKENS,
        [HUB_PLAIN, HUB_OURS + beside.FLOAT32, TORCH],
    )  # fmt: skip
    write_section("A training step of a GPT (chapter 7)", text)


if __name__ == "__main__":
    main()
