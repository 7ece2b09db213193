"""Scores for the gaps alone: gather before the vocabulary."""

import numpy as np

from companion.checks.transformer.arrays import normal
from companion.course.exercise import Exercise, Mistake, Relation
from companion.probes import bert as probes


def _gathered(x, positions):
    return np.take_along_axis(x, positions[:, :, None], axis=1)


def _logits(x, positions, table, bias):
    return _gathered(x, positions) @ table.T + bias


def _all_rows(x, positions, table, bias):
    return x[:, positions[0]] @ table.T + bias


def _cross(x, positions, table, bias):
    return x[:, positions] @ table.T + bias


def _flat(x, positions, table, bias):
    return x.reshape(-1, x.shape[-1])[positions] @ table.T + bias


def _cases(rng, size):
    batch, time, gaps, width, vocab = (
        (1, 3, 1, 2, 4), (2, 4, 2, 3, 5), (2, 5, 3, 2, 6), (3, 4, 1, 4, 5), (3, 6, 2, 3, 7),
    )[size % 5]  # fmt: skip
    positions = np.stack([rng.permutation(time)[:gaps] for _ in range(batch)])
    return {
        "x": normal(rng, batch, time, width),
        "positions": positions,
        "table": normal(rng, vocab, width),
        "bias": normal(rng, vocab),
    }


def _turned(case, rng):
    return case | {"positions": case["positions"][:, ::-1].copy()}


gap_logits = Exercise(
    name="gap_logits",
    kind="implement",
    title="Score the gaps, not the text",
    minutes=15,
    difficulty=2,
    cases=_cases,
    sizes=5,
    probe=probes.array,
    reference=_logits,
    relations=[
        Relation(
            "order-of-gaps",
            _turned,
            lambda out, other: np.allclose(out["result"][:, ::-1], other["result"]),
            "Asked for in another order, the gaps must get the same scores in that order.",
        ),
    ],
    mistakes=[
        Mistake(
            "first-rows-gaps",
            _all_rows,
            "Every row is read at the gaps of the *first* one; each has its own.",
        ),
        Mistake(
            "every-row-for-every-row",
            _cross,
            "`x[:, positions]` takes the gaps of all rows from each row: four axes. Row b is to be "
            "read at positions[b].",
        ),
        Mistake(
            "flat-positions",
            _flat,
            "You flattened the batch and read all gaps from its first row; place t of row b is "
            "b · time + t.",
        ),
        Mistake(
            "every-token",
            lambda x, positions, table, bias: x @ table.T + bias,
            "These are the scores of *all* tokens; that is the work the exercise is to save.",
        ),
        Mistake(
            "no-bias",
            lambda x, positions, table, bias: _gathered(x, positions) @ table.T,
            "The bias is missing: a number a word, how common it is.",
        ),
        Mistake(
            "first-tokens",
            lambda x, positions, table, bias: x[:, : positions.shape[1]] @ table.T + bias,
            "You took the first tokens of each row, as many as there are gaps; `positions` says "
            "which ones.",
        ),
        Mistake(
            "probabilities",
            lambda x, positions, table, bias: _softmax(_logits(x, positions, table, bias)),
            "These are probabilities; wanted are the logits before the softmax.",
        ),
        Mistake(
            "sorted",
            lambda x, positions, table, bias: _logits(x, np.sort(positions, axis=1), table, bias),
            "The gaps come in the order of the text; give them in the order of `positions`.",
        ),
    ],
    hints=[
        "First pick the vectors of the gaps, then multiply: the vocabulary is the wide part.",
        "From (batch, time, d_model) to (batch, gaps, d_model), each row at its own positions.",
        "`np.take_along_axis(x, positions[:, :, None], axis=1)`, or an index for the rows, "
        "`np.arange(batch)[:, None]`, beside `positions`.",
    ],
)


def _softmax(logits):
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)
