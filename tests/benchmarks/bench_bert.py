"""One training step of filling gaps, and the wait for the first one: ours beside KerasHub's.

    python tests/benchmarks/bench_bert.py [--rounds 3]

The model is the same everywhere: BERT of 4 layers, d_model 256, 4 heads, a vocabulary of 4,096, a
head that scores 20 gaps a row; batches of 32 × 128, dropout 0.1. Each entrant runs in a process of
its own, one after the other, round after round; ratios are taken within a round and their median
is reported.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from tests.benchmarks import beside
from tests.benchmarks.beside import SHAPE

GAPS, STEPS = 20, 10
HUB = "KerasHub BertMaskedLM"
HUB_PLAIN, HUB_OURS = HUB + beside.AS_IT_COMES, HUB + ", our settings"
ENTRANTS = {
    beside.OURS: "oneDNN on, no XLA",
    HUB_PLAIN: "nothing set, float32; jit_compile='auto' means no XLA",
    HUB_OURS: "oneDNN on, no XLA, our precision, optimizer built before fit, our Adam",
    beside.OURS + beside.FLOAT32: "oneDNN on, no XLA",
    HUB_OURS + beside.FLOAT32: "the other settings",
}


def _ours():
    """Our model, built."""
    from companion.bert import BertConfig, MaskedBert

    width = SHAPE["d_model"]
    sizes = (SHAPE["vocab_size"], SHAPE["length"], width, SHAPE["layers"], SHAPE["heads"])
    return MaskedBert(BertConfig(*sizes, 4 * width, 0.1, pooler=False))


def _hub():
    """KerasHub's model and its head."""
    import keras_hub

    width = SHAPE["d_model"]
    backbone = keras_hub.models.BertBackbone(
        SHAPE["vocab_size"],
        SHAPE["layers"],
        SHAPE["heads"],
        width,
        4 * width,
        max_sequence_length=SHAPE["length"],
    )
    return keras_hub.models.BertMaskedLM(backbone)


def work(entrant: str) -> None:
    """Train one entrant in this process and print its clock readings as JSON."""
    if entrant != HUB_PLAIN:
        import companion  # noqa: F401, sets the environment
    import keras
    import numpy as np

    rng = np.random.default_rng(0)
    ids = rng.integers(5, SHAPE["vocab_size"], (SHAPE["batch"], SHAPE["length"])).astype("int32")
    positions = np.sort(rng.permuted(np.tile(np.arange(128), (32, 1)), axis=1)[:, :GAPS], axis=1)
    positions = positions.astype("int32")
    labels = np.take_along_axis(ids, positions, axis=1)
    ones = np.ones_like(ids)
    theirs = {"token_ids": ids, "segment_ids": 0 * ids, "padding_mask": ones}
    theirs |= {"mask_positions": positions}
    keras.utils.set_random_seed(0)
    ours = entrant.startswith(beside.OURS)
    with beside.precision(entrant):
        model = _ours() if ours else _hub()
    if entrant == HUB_PLAIN:
        model.compile()  # its own choice of optimizer and loss
        inputs = {name: np.tile(array, (STEPS, 1)) for name, array in theirs.items()}
        repeated = np.tile(labels, (STEPS, 1))

        def train(callbacks):
            size = SHAPE["batch"]
            model.fit(inputs, repeated, batch_size=size, verbose=0, callbacks=callbacks)
            return model.count_params()
    else:
        from companion import backend, training
        from companion.bert import compile_for_gaps

        batch = ((ids, positions), labels)
        if ours:
            compile_for_gaps(model, STEPS)
        else:  # the same layers without KerasHub's own fit, which takes no PyDataset
            model, batch = keras.Model(model.input, model.output), (theirs, labels)
            loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
            model.compile(backend.Adam(1e-3), loss)

        def train(callbacks):
            training.fit(model, lambda step: batch, STEPS, every=STEPS, callbacks=callbacks)
            return model.count_params()

    beside.timed(train)


def run(entrant: str) -> dict:
    """One entrant in a fresh process: seconds to the first step and a step, wall and processor."""
    return beside.readings([sys.executable, __file__, "--work", entrant])


def main() -> None:
    """Measure all entrants in rounds and write the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--work", choices=list(ENTRANTS))
    arguments = parser.parse_args()
    if arguments.work:
        work(arguments.work)
        return
    from tests.benchmarks.common import write_section

    rounds = []
    for _ in range(arguments.rounds):
        rounds.append({entrant: run(entrant) for entrant in ENTRANTS})
        print(rounds[-1], flush=True)
    step = f"{beside.TOKENS} with {GAPS} gaps a row (KerasHub's model also has an untrained pooler)"
    text = beside.section(
        "bench_bert.py", rounds, ENTRANTS, STEPS, step, [HUB_PLAIN, HUB_OURS + beside.FLOAT32]
    )
    write_section("A training step of BERT (chapter 6)", text)


if __name__ == "__main__":
    main()
