"""Where a word stands, told in four ways, because attention itself does not know. Chapter 4.

Added to the input: `sinusoidal_positions`, `LearnedPositions`. Turned into queries and keys:
`rotary`. Added to the scores: `alibi`. Positions count from 0. Letters: T target length, S source
length, K key width, D d_model.
"""

import math

import keras
import numpy as np
from keras import ops

from .arguments import as_floats, first_of_the_last, known_position


def sinusoidal_positions(length, d_model, base=10_000.0):
    """P[t, 2i] = sin(t/base^(2i/d_model)), P[t, 2i+1] = cos(the same); Vaswani et al. 2017, §3.5.

    A float32 NumPy array (length, d_model). An odd d_model ends with a sine. Each pair of columns
    is the hand of a clock, from one turn in 2π positions to one in 2π·base.
    """
    if length < 1 or d_model < 1:
        raise ValueError(f"length {length} and d_model {d_model}; both are at least 1")
    even = 2 * (np.arange(d_model) // 2)
    angles = np.arange(length)[:, None] / base ** (even / d_model)
    waves = np.where(np.arange(d_model) % 2 == 0, np.sin(angles), np.cos(angles))
    return waves.astype(np.float32)


@keras.saving.register_keras_serializable(package="companion")
class LearnedPositions(keras.layers.Layer):
    """One trained vector for each position: rows `position` … `position + T − 1` of a table.

    Gehring et al. 2017, §3.1; Devlin et al. 2019. `call(x)` returns what is to be *added* to x
    (batch, time, d_model): (time, d_model), or (batch, time, d_model) when `position` holds one
    start for each row of the batch. Raises `ValueError` past `context_length`.
    """

    def __init__(self, context_length, d_model, initializer="uniform", **options):
        super().__init__(**options)
        self.context_length, self.d_model = context_length, d_model
        self.initializer = keras.initializers.get(initializer)

    def build(self, x_shape):
        """Make the table."""
        shape = (self.context_length, self.d_model)
        self.table = self.add_weight(name="table", shape=shape, initializer=self.initializer)

    def call(self, x, position=0):
        """The vectors of the positions that x occupies."""
        length = ops.shape(x)[1]
        first = known_position(position)
        if first is not None and isinstance(length, int):
            last = first + length - 1
            if not 0 <= first <= last < self.context_length:
                raise ValueError(
                    f"positions {first} to {last}; there are vectors for 0 to "
                    f"{self.context_length - 1}, so shorten the text or raise context_length"
                )
        return ops.take(self.table, _positions(position, length), axis=0)

    def get_config(self):
        """What rebuilds the layer."""
        initializer = keras.initializers.serialize(self.initializer)
        ours = {"context_length": self.context_length, "d_model": self.d_model}
        return super().get_config() | ours | {"initializer": initializer}


def rotary(x, position=0, base=10_000.0):
    """Turn each pair (x₂ᵢ, x₂ᵢ₊₁) by the angle t/base^(2i/K), t its position.

    Su et al. 2021, eq. 34. Neighbours form the pairs, as in the paper. `x` (…, time, K), K even;
    `position` is that of the first row, or one for each row of the batch. With queries and keys
    turned, the score of a pair depends on their distance only. Raises `ValueError` for an odd K.
    """
    x, angles = _turned(x, position, base)
    pairs = ops.reshape(x, (*ops.shape(x)[:-1], x.shape[-1] // 2, 2))  # (…, T, K/2, 2)
    return ops.reshape(ops.stack(_turn(pairs[..., 0], pairs[..., 1], angles), -1), ops.shape(x))


def rotary_half_split(x, position=0, base=10_000.0):
    """`rotary` with the pairs (xᵢ, xᵢ₊K/₂) instead of neighbours: GPT-NeoX's, LLaMA's, KerasHub's.

    The same rotation of columns in another order. Weights trained for one form are wrong for the
    other; inside one model either will do.
    """
    x, angles = _turned(x, position, base)
    half = x.shape[-1] // 2
    return ops.concatenate(_turn(x[..., :half], x[..., half:], angles), axis=-1)


def alibi(num_heads, target_length, source_length=None, position=None):
    """bias[h, t, s] = −slope(h) · |position + t − s|, added to the scores; Press et al. 2022, §3.

    (num_heads, target_length, source_length), float32. By default the targets are the last of the
    source, and more of them raise `ValueError`, as in `causal_mask`. The paper is causal; |·|
    serves masks that are not.
    """
    if source_length is None:
        source_length = target_length
    if position is None:
        position = first_of_the_last(target_length, source_length)
    targets = ops.cast(ops.arange(target_length) + position, "float32")
    distances = ops.abs(targets[:, None] - ops.cast(ops.arange(source_length), "float32"))
    return -ops.convert_to_tensor(alibi_slopes(num_heads))[:, None, None] * distances  # (H, T, S)


def alibi_slopes(num_heads):
    """2^(−8h/n) for h = 1 … n heads, n a power of two; Press et al. 2022, §3. float32 (num_heads,).

    Otherwise the slopes of the power of two below, then every second one of the power above.
    """
    if num_heads < 1:
        raise ValueError(f"num_heads is {num_heads}; there is at least one head")
    below = 2 ** int(math.log2(num_heads))
    slopes = [2 ** (-8 * h / below) for h in range(1, below + 1)]
    slopes += [2 ** (-4 * h / below) for h in range(1, 2 * below, 2)][: num_heads - below]
    return np.array(slopes, dtype=np.float32)


def _positions(position, length):
    """(T,), or (B, T) when `position` is one start for each row of the batch."""
    return ops.expand_dims(ops.convert_to_tensor(position, "int32"), -1) + ops.arange(length)


def _turned(x, position, base):
    """x as a tensor, and the angle of each of its positions and pairs, (…, T, K/2)."""
    x = as_floats(x)
    key_dim = x.shape[-1]
    if key_dim % 2:
        raise ValueError(f"the last axis of {tuple(x.shape)} is odd; rotary turns pairs")
    positions = ops.cast(_positions(position, ops.shape(x)[-2]), "float32")
    if len(positions.shape) == 2:  # one start a row: leave room for the axes between batch and T
        for _ in range(len(x.shape) - 3):
            positions = positions[:, None]
    speeds = base ** (-np.arange(0, key_dim, 2, dtype=np.float32) / key_dim)
    return x, positions[..., None] * speeds


def _turn(first, second, angles):
    """The plane rotation of (first, second), computed in float32."""
    cos, sin = ops.cos(angles), ops.sin(angles)
    one, other = ops.cast(first, "float32"), ops.cast(second, "float32")
    turned = one * cos - other * sin, one * sin + other * cos
    return [ops.cast(part, first.dtype) for part in turned]
