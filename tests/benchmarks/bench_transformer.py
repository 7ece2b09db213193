"""One training step, and the wait for the first one: ours, KerasHub's layers, plain PyTorch.

    python tests/benchmarks/bench_transformer.py [--rounds 5] [--torch PYTHON]

The model is the same everywhere: token and position vectors, 4 causal pre-norm blocks of d_model
256 and 4 heads, a norm, a projection to 4,096 ids; batches of 32 × 128. Each entrant runs in a
process of its own, one after the other, round after round; ratios are taken within a round and
their median is reported. PyTorch gets an environment of its own in a temporary folder, or the
interpreter that `--torch` names.
"""

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from tests.benchmarks import beside
from tests.benchmarks.beside import SHAPE

STEPS = 12
HUB = "KerasHub's layers"
HUB_PLAIN, HUB_OURS = HUB + beside.AS_IT_COMES, HUB + ", our settings"
TORCH = "PyTorch, eager"
ENTRANTS = {
    beside.OURS: "oneDNN on, no XLA",
    HUB_PLAIN: "nothing set, float32; jit_compile='auto' means no XLA",
    HUB_OURS: "oneDNN on, no XLA, our precision, optimizer built before fit, our Adam",
    TORCH: "float32, oneDNN inside PyTorch, no compilation",
    TORCH + beside.AUTOCAST: "the same under torch.autocast",
    beside.OURS + beside.FLOAT32: "oneDNN on, no XLA",
    HUB_OURS + beside.FLOAT32: "the other settings",
}
TINY = "companion, Transformer('tiny')"


def _language_model(embed, blocks, norm, **options):
    """The model around the blocks; `embed` and `norm` come from the same library as they do."""
    import keras

    output = keras.layers.Dense(SHAPE["vocab_size"])

    class LanguageModel(keras.Model):
        def __init__(self):
            super().__init__()
            self.embed, self.blocks, self.norm, self.output_layer = embed, blocks, norm, output

        def call(self, ids, training=None):
            x = self.embed(ids)
            for block in self.blocks:
                x = block(x, training=training, **options)
            return self.output_layer(self.norm(x))

    return LanguageModel()


def _ours():
    """Our blocks; the optimizer is our Adam."""
    import keras

    from companion.attention import LearnedPositions, causal_mask
    from companion.transformer import LayerNorm, TransformerBlock

    class Embed(keras.layers.Layer):
        def __init__(self):
            super().__init__()
            self.tokens = keras.layers.Embedding(SHAPE["vocab_size"], SHAPE["d_model"])
            self.positions = LearnedPositions(SHAPE["length"], SHAPE["d_model"])

        def call(self, ids):
            x = self.tokens(ids)
            return x + self.positions(x)

    width = SHAPE["d_model"]
    blocks = [
        TransformerBlock(width, SHAPE["heads"], 4 * width, activation="gelu")
        for _ in range(SHAPE["layers"])
    ]
    return _language_model(
        Embed(), blocks, LayerNorm(), attention_mask=causal_mask(SHAPE["length"])
    )


def _hub():
    """KerasHub's blocks and embedding, Keras' norm."""
    import keras
    import keras_hub

    width = SHAPE["d_model"]
    embed = keras_hub.layers.TokenAndPositionEmbedding(SHAPE["vocab_size"], SHAPE["length"], width)
    blocks = [
        keras_hub.layers.TransformerDecoder(
            4 * width, SHAPE["heads"], activation="gelu", normalize_first=True
        )
        for _ in range(SHAPE["layers"])
    ]
    return _language_model(embed, blocks, keras.layers.LayerNormalization(epsilon=1e-5))


def work(entrant: str) -> None:
    """Train one entrant in this process and print its clock readings as JSON."""
    if entrant != HUB_PLAIN:
        import companion  # noqa: F401, sets the environment
    import keras
    import numpy as np

    rng = np.random.default_rng(0)
    ids = rng.integers(1, SHAPE["vocab_size"], (SHAPE["batch"], SHAPE["length"])).astype("int32")
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    keras.utils.set_random_seed(0)
    if entrant == TINY:
        from companion.transformer import PRESETS, SmoothedCrossEntropy, Transformer

        model, loss = Transformer(PRESETS["tiny"]), SmoothedCrossEntropy()
        short = rng.integers(1, PRESETS["tiny"].vocab_size, (64, 24)).astype("int32")
        inputs, targets = (short, short), short
    else:
        with beside.precision(entrant):
            model = _ours() if entrant.startswith(beside.OURS) else _hub()
        inputs, targets = ids, ids
    if entrant == HUB_PLAIN:
        model.compile(keras.optimizers.Adam(1e-3), loss)
        repeated = np.tile(ids, (STEPS, 1))

        def train(callbacks):
            size = SHAPE["batch"]
            model.fit(repeated, repeated, batch_size=size, verbose=0, callbacks=callbacks)
            return model.count_params()
    else:
        from companion import backend, training

        model(inputs)
        model.compile(backend.Adam(1e-3), loss)

        def train(callbacks):
            batch = (inputs, targets)
            training.fit(model, lambda step: batch, STEPS, every=STEPS, callbacks=callbacks)
            return model.count_params()

    beside.timed(train)


def run(entrant: str, python: Path) -> dict:
    """One entrant in a fresh process: seconds to the first step and a step, wall and processor."""
    if entrant.startswith(TORCH):
        return beside.torch_readings(python, [*SHAPE.values(), STEPS], entrant)
    return beside.readings([sys.executable, __file__, "--work", entrant])


def main() -> None:
    """Measure all entrants in rounds and write the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--torch", type=Path)
    parser.add_argument("--work", choices=[*ENTRANTS, TINY])
    arguments = parser.parse_args()
    if arguments.work:
        work(arguments.work)
        return
    from tests.benchmarks.common import write_section

    with tempfile.TemporaryDirectory() as folder:
        python = arguments.torch or beside.torch_environment(folder)
        rounds = []
        for _ in range(arguments.rounds):
            rounds.append({entrant: run(entrant, python) for entrant in [*ENTRANTS, TINY]})
            print(rounds[-1], flush=True)
    text = beside.section(
        "bench_transformer.py", rounds, {**ENTRANTS, TINY: "oneDNN on, no XLA"}, STEPS,
        beside.TOKENS, [HUB_PLAIN, HUB_OURS + beside.FLOAT32, TORCH], alone=(TINY,),
    )  # fmt: skip
    write_section("A training step of a Transformer (chapter 5)", text)


if __name__ == "__main__":
    main()
