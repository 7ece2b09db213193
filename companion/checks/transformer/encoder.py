"""An encoder in Keras with the bugs of a printed one, and two that no exception tells of."""

import numpy as np

from companion.checks.transformer.arrays import Attention, Part, attention_weights, normal
from companion.course.exercise import Exercise, Mistake, Relation
from companion.probes import transformer as probes


def positions(length, d_model):
    """The waves of Vaswani et al. 2017, §3.5: sine and cosine in turn, as the notebook gives them.

    A calculation of its own: column by column, where the notebook stacks all sines and cosines.
    """
    waves = np.empty((length, d_model))
    for column in range(d_model):
        angles = np.arange(length) / 10_000 ** ((column - column % 2) / d_model)
        waves[:, column] = np.cos(angles) if column % 2 else np.sin(angles)
    return waves


class Table(Part):
    """`keras.layers.Embedding`."""

    def __call__(self, ids):
        """The rows of these ids."""
        return self.arrays[0][ids]


class Block:
    """The block that the notebook gives: attention and the way around it."""

    def __init__(self):
        self.attention = Attention()

    def __call__(self, x, attention_mask=None):
        """What the words tell each other, added to what they were."""
        return x + self.attention(x, x, attention_mask)


class Stack:
    """The encoder, with a part at a time done wrong on demand (class attributes)."""

    shared = masked_out = False
    before = staticmethod(lambda words, waves, d_model: words * d_model**0.5 + waves)

    def __init__(self, vocab_size, d_model, num_layers):
        self.d_model = d_model
        self.embedding = Table()
        self.blocks = [Block()] * num_layers if self.shared else [Block() for _ in [0] * num_layers]

    def __call__(self, ids, attention_mask=None):
        """Words and positions, then the blocks."""
        mask = None if self.masked_out else attention_mask
        words = self.embedding(ids)
        x = self.before(words, positions(ids.shape[1], self.d_model), self.d_model)
        return self.climb(x, mask)

    def climb(self, x, mask):
        """One block after the other."""
        for block in self.blocks:
            x = block(x, mask)
        return x


def _wrong(**bugs):
    """The encoder with these class attributes."""
    bugs = {
        name: staticmethod(value) if name == "before" else value for name, value in bugs.items()
    }
    return type("Stack", (Stack,), bugs)


class AsGiven(Stack):
    """The broken code of the exercise, which stops at the first name that nobody imported."""

    def __call__(self, ids, attention_mask=None):
        """Nothing: the name is looked up before anything is computed."""
        raise NameError("name 'math' is not defined")


def _first_only(self, x, mask):
    return self.blocks[0](x, mask)


def _each_from_the_start(self, x, mask):
    return self.blocks[-1](x, mask)


def _added_again(self, x, mask):
    for block in self.blocks:
        x = x + block(x, mask)
    return x


def _waves_each_time(self, x, mask):
    for block in self.blocks:
        x = block(x, mask) + positions(x.shape[1], self.d_model)
    return x - positions(x.shape[1], self.d_model)  # added once before, and before each block


def _nothing_kept(self, x, mask):
    return x


def _unscaled(words, waves, d_model):
    return words + waves


def _cases(rng, size):
    batch, time, d_model, num_layers = (
        (1, 2, 2, 1),
        (1, 3, 4, 2),
        (2, 4, 6, 1),
        (2, 3, 4, 3),
        (1, 4, 6, 2),
    )[size % 5]
    vocab_size = int(rng.integers(5, 9))
    mask = None
    if size > 1:
        mask = np.ones((batch, time, time), dtype=bool)
        mask[:, :, -1] = False  # the last place is padding
    return {
        "sizes": {"vocab_size": vocab_size, "d_model": d_model, "num_layers": num_layers},
        "ids": rng.integers(0, vocab_size, (batch, time)),
        "attention_mask": mask,
        "table": normal(rng, vocab_size, d_model),
        "weights": [attention_weights(rng, d_model, 1, d_model) for _ in range(num_layers)],
    }


def _other_first_block(case, rng):
    weights = [[array.copy() for array in block] for block in case["weights"]]
    weights[0] = [array * 1.5 for array in weights[0]]
    return case | {"weights": weights}


Encoder = Exercise(
    name="Encoder",
    kind="debug",
    title="An encoder that does not run, and then runs (Keras)",
    minutes=30,
    difficulty=3,
    cases=_cases,
    sizes=5,
    tolerance=1e-4,  # Keras computes in float32
    probe=probes.encoder,
    reference=Stack,
    starter=AsGiven,
    relations=[
        Relation(
            "every-block-matters",
            _other_first_block,
            lambda out, other: not np.allclose(out["output"], other["output"], atol=1e-3),
            "Other weights in the first block give the same output: that block is never used.",
        ),
    ],
    mistakes=[
        Mistake(
            "silent-bugs-left",
            _wrong(shared=True, masked_out=True),
            "It runs, and two bugs are left that raise nothing. How many different blocks are in "
            "`blocks`, and where does the mask go?",
        ),
        Mistake(
            "shared-block",
            _wrong(shared=True),
            "`[block] * n` is n times the *same* block, with one set of weights; make a new one "
            "for each layer.",
        ),
        Mistake(
            "no-mask",
            _wrong(masked_out=True),
            "The mask is taken and never handed on: the blocks look at padding.",
        ),
        Mistake(
            "scale-removed",
            _wrong(shared=True, masked_out=True, before=_unscaled),
            "The line that failed is gone, and with it the factor √d_model. It belongs there; and "
            "two bugs are left that raise nothing.",
        ),
        Mistake(
            "no-scale",
            _wrong(before=_unscaled),
            "The word vectors are multiplied by √d_model before the positions are added, so that "
            "the positions do not drown them.",
        ),
        Mistake(
            "scaled-too-late",
            _wrong(before=lambda words, waves, d_model: (words + waves) * d_model**0.5),
            "You scaled words and positions together; only the word vectors are multiplied by "
            "√d_model.",
        ),
        Mistake(
            "whole-width",
            _wrong(before=lambda words, waves, d_model: words * d_model + waves),
            "You multiplied by d_model; multiply by its square root.",
        ),
        Mistake(
            "divided",
            _wrong(before=lambda words, waves, d_model: words / d_model**0.5 + waves),
            "You divided by √d_model, as attention does; here the words are made larger.",
        ),
        Mistake(
            "no-positions",
            _wrong(before=lambda words, waves, d_model: words * d_model**0.5),
            "The positions are gone: the encoder cannot tell one order of the words from another.",
        ),
        Mistake(
            "first-block-only",
            _wrong(climb=_first_only),
            "Only the first block is used: does `return` stand inside the loop?",
        ),
        Mistake(
            "last-block-only",
            _wrong(climb=_each_from_the_start),
            "Every block reads the embeddings and only the last is heard; each reads what the one "
            "before it gave.",
        ),
        Mistake(
            "result-dropped",
            _wrong(climb=_nothing_kept),
            "What the blocks give is thrown away: the result is still the embeddings.",
        ),
        Mistake(
            "positions-in-every-block",
            _wrong(climb=_waves_each_time),
            "The positions are added before every block; they are added once, to the words.",
        ),
        Mistake(
            "another-way-around",
            _wrong(climb=_added_again),
            "You add x around each block; the way around is inside the block already.",
        ),
    ],
    hints=[
        "Two bugs stop the program, one after the other; the other two let it run and are wrong.",
        "Give the two blocks of `Encoder(10, 4, 2)` a look: `encoder.blocks[0] is "
        "encoder.blocks[1]`. Then hide a word by the mask and see whether anything changes.",
        "What `call` needs later must be kept on `self` in `__init__`; a root needs no import, "
        "it is a power.",
    ],
)
