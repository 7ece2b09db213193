"""Where a small Transformer starts: heads that look at the words beside them. Chapter 5.

From random numbers a head must first find out which words are neighbours; a small model may spend
a part of a short training on that. What is set here is a start only: training changes it all.
"""

import numpy as np

from companion.attention import MultiHeadAttention

from .model import Transformer

FAST = 4  # of a head's pairs, those that turn quickest tell neighbours apart
SHARP = 30  # how far apart: about 3.6 between the scores of a neighbour and of the next place


def start_from_neighbours(model: Transformer) -> None:
    """Let the first heads look k places to the right: −1, 1, −2, 2 … at the source.

    And −1, −2, −3 … at what is written, where the last head stays free. Rotary positions turn the
    pair i of a query at t by ωᵢt, of a key at s by ωᵢs (Su et al. 2021, eq. 34). Biases alone, a
    key's pair (a, 0) and a query's turned by ωᵢk, therefore score Σᵢ a²·cos ωᵢ(t + k − s), largest
    at s = t + k. Raises `ValueError` for a model that is not rotary.
    """
    if not model.config.rotary:
        raise ValueError("rotary is False; biases find neighbours only where positions turn pairs")
    heads = range(model.config.num_heads)
    both_ways = [(1 + head // 2) * (1 if head % 2 else -1) for head in heads]
    _look_at(model.encoder.blocks[0].attention, both_ways)
    _look_at(model.decoder.blocks[0].attention, [-1 - head for head in heads][:-1])


def _look_at(attention: MultiHeadAttention, distances: list[int]) -> None:
    """Let head h of a rotary attention begin by looking `distances[h]` places to the right."""
    width = attention.key_dim
    speeds = 10_000.0 ** (-np.arange(0, width, 2) / width)[:FAST]
    query, key = np.zeros((2, attention.d_model))
    for head, distance in enumerate(distances):
        begin, past = head * width, head * width + 2 * len(speeds)
        query[begin:past:2] = np.cos(speeds * distance)
        query[begin + 1 : past : 2] = np.sin(speeds * distance)
        key[begin:past:2] = 1.0
    for projection, bias in ((attention.query_projection, query), (attention.key_projection, key)):
        projection.bias.assign(bias * SHARP**0.5)
