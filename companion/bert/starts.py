"""Where a small encoder starts: waves for positions, heads that look beside a gap. Chapter 6.

From random numbers a head must first find out which positions are neighbours, and a small model
spends much of a short training on that. What is set here is a start only: training changes it all.
"""

import numpy as np

from companion.attention import sinusoidal_positions

from .heads import SPREAD
from .model import Bert

SHARP = 20  # a neighbour's score is about half of it above those of other places


def start_from_waves(model: Bert) -> None:
    """Let the trained positions start as sinusoids, as wide as the other weights start.

    Vaswani et al. 2017, §3.5, for a start only: neighbouring positions are alike from the first
    step on, and nothing else is decided.
    """
    table = sinusoidal_positions(model.config.context_length, model.config.d_model)
    model.positions.table.assign(table * SPREAD * 2**0.5)  # a wave's own deviation is √½


def start_from_neighbours(model: Bert) -> None:
    """Let the heads of the first block look k = −1, 1, −2, 2 … places to the right.

    Position t starts as pairs (sin ωt, cos ωt); the pair of position t + k is that of t turned by
    ωk (Vaswani et al. 2017, §3.5), so a head whose W_Q holds these turns, and whose W_K picks the
    same pairs, looks k to the right (after Trockman & Kolter 2023). And kernels are as wide as
    keeps a vector's length, 1/√d_model: BERT's 0.02 was chosen for 768 columns. Raises `ValueError`
    for heads less than two columns wide.
    """
    width, heads = model.config.d_model, model.config.num_heads
    if width // heads < 2:
        raise ValueError(f"d_model {width} with {heads} heads; a head needs at least two columns")
    frequencies = _frequencies(width)
    waves = _waves(frequencies, model.config.context_length, width)
    model.positions.table.assign(waves * SPREAD * 2**0.5)  # a wave's own deviation is √½
    _widen(model)
    _turn_heads(model, frequencies)


def _frequencies(width: int) -> np.ndarray:
    """One ω a pair of columns, spread evenly over 0 … π: no two positions are alike."""
    omega = np.pi * (np.arange(width // 2) + 0.5) / (width // 2)
    return np.random.default_rng(0).permutation(omega)  # each head has slow and fast waves


def _waves(frequencies: np.ndarray, length: int, width: int) -> np.ndarray:
    """sin ωt and cos ωt of every position, pair by pair: (length, width)."""
    angles = np.arange(length)[:, None] * frequencies
    table = np.zeros((length, width))
    past = 2 * len(frequencies)
    table[:, 0:past:2], table[:, 1:past:2] = np.sin(angles), np.cos(angles)
    return table


def _widen(model: Bert) -> None:
    """Let the blocks' kernels start at a deviation of 1/√d_model in place of `SPREAD`."""
    for block in model.blocks:
        attention, dense = block.attention, block.feed_forward
        for layer in (
            *(attention.query_projection, attention.key_projection, attention.value_projection),
            *(attention.output_projection, dense.up, dense.down),
        ):
            layer.kernel.assign(layer.kernel * (model.config.d_model**-0.5 / SPREAD))


def _turn_heads(model: Bert, frequencies: np.ndarray) -> None:
    """Add to the first W_Q each head's turn, and to W_K the pairs that it is compared with."""
    width, heads = model.config.d_model, model.config.num_heads
    columns = width // heads
    pairs = columns // 2
    query, key = np.zeros((2, width, width))
    for head in range(heads):
        distance = (1 + head // 2) * (1 if head % 2 else -1)
        for pair in range(pairs):
            row, column = 2 * (head * pairs + pair), head * columns + 2 * pair
            angle = frequencies[row // 2] * distance
            sin, cos = np.sin(angle), np.cos(angle)
            query[row : row + 2, column : column + 2] = [[cos, -sin], [sin, cos]]
            key[row : row + 2, column : column + 2] = np.eye(2)
    strength = (SHARP / columns**0.5) ** 0.5
    first = model.blocks[0].attention
    first.query_projection.kernel.assign(first.query_projection.kernel + strength * query)
    first.key_projection.kernel.assign(first.key_projection.kernel + strength * key)
