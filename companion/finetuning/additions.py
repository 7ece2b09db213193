"""Training a few new weights inside a frozen network: LoRA and adapters. Chapter 10.

Letters: D width in, F width out, r rank.
"""

from collections.abc import Callable, Sequence

import keras
from keras import ops

PROJECTIONS = ("query", "key", "value", "output", "up", "down")  # attention, then feed-forward


@keras.saving.register_keras_serializable(package="companion")
class LoRADense(keras.layers.Layer):
    """φ(x·W + b + (α/r)·x·A·B) with W and b frozen; Hu et al. 2022, §4.1, eq. 3.

    φ is the dense layer's activation, in attention none.

    A dense layer's change is kept as the product of two thin matrices, A (width, rank) and B
    (rank, units): r·(D + F) numbers in place of D·F. A starts at random, its variance 2/D (He et
    al. 2015, eq. 10): x·A is about as large as x, whatever the rank. B starts at zero, so that the
    layer starts as `dense`. Raises `ValueError` for a dense layer that is not built, for a rank
    below 1, and for one that saves nothing.

    >>> LoRADense(dense, rank=4)(x)   # as dense(x), until it is trained
    """

    def __init__(self, dense, rank=4, alpha=8.0, **options):
        super().__init__(**options)
        if not dense.built:
            raise ValueError(f"{dense.name} is not built; there are no weights to add to")
        width, units = dense.kernel.shape
        if not 1 <= rank < min(width, units):
            raise ValueError(
                f"rank is {rank}; a matrix {width} × {units} takes 1 to one below both"
            )
        self.dense, self.rank, self.alpha = dense, rank, alpha
        self.dense.trainable = False
        self.a = self.add_weight(name="a", shape=(width, rank), initializer="he_uniform")
        self.b = self.add_weight(name="b", shape=(rank, units), initializer="zeros")
        self.built = True

    @property
    def scale(self) -> float:
        """α/r: with it the rate of learning need not change with the rank."""
        return self.alpha / self.rank

    def call(self, x):
        """What the dense layer says, its kernel changed by (α/r)·A·B."""
        y = ops.matmul(x, self.dense.kernel)
        y = y + self.scale * ops.matmul(ops.matmul(x, self.a), self.b)
        if self.dense.use_bias:
            y = y + self.dense.bias
        return self.dense.activation(y)

    def merged(self) -> keras.layers.Dense:
        """The dense layer with W + (α/r)·A·B for its kernel: nothing is slower for having learned.

        The layer itself is returned, changed; this one, whose B is zero again, still equals it.
        """
        change = self.scale * ops.matmul(self.a, self.b)
        self.dense.kernel.assign(ops.add(self.dense.kernel, change))
        self.b.assign(ops.zeros_like(self.b))
        return self.dense


@keras.saving.register_keras_serializable(package="companion")
class Adapter(keras.layers.Layer):
    """x + gelu(x·W_down + c)·W_up + b, `width` numbers wide within; Houlsby et al. 2019, §2.1.

    W_up starts at zero: an adapter starts as the identity.
    """

    def __init__(self, d_model, width=16, **options):
        super().__init__(**options)
        if not 1 <= width < d_model:
            raise ValueError(f"width is {width}; an adapter is narrower than d_model {d_model}")
        self.d_model, self.width = d_model, width
        policy = self.dtype_policy
        self.down = keras.layers.Dense(width, "gelu", dtype=policy, name="down")
        self.up = keras.layers.Dense(d_model, kernel_initializer="zeros", dtype=policy, name="up")
        self.down.build((None, None, d_model))
        self.up.build((None, None, width))
        self.built = True

    def call(self, x):
        """The vectors, each moved a little."""
        return x + self.up(self.down(x))

    def get_config(self):
        """What rebuilds the layer."""
        return super().get_config() | {"d_model": self.d_model, "width": self.width}


class Adapted(keras.layers.Layer):
    """adapter(layer(x)): a layer, and an adapter on what it says."""

    def __init__(self, layer, adapter, **options):
        super().__init__(**options)
        self.layer, self.adapter = layer, adapter
        self.built = True

    def call(self, x):
        """The layer's output, adapted."""
        return self.adapter(self.layer(x))


def add_lora(
    encoder, rank: int = 4, alpha: float = 8.0, projections: Sequence[str] = ("query", "value")
) -> list[LoRADense]:
    """Freeze an encoder and give `projections` of each block a LoRA; returns the LoRAs.

    Query and value: the choice of Hu et al. 2022, §7.1. Any of `PROJECTIONS` may have one; with all
    of them LoRA comes closest to full fine-tuning (Dettmers et al. 2023, §4). The encoder is
    changed in place, and gives the same results until it is trained; compile the model anew. Raises
    `ValueError` for a projection that a block does not have, and an encoder that has its LoRAs
    already.
    """
    if odd := set(projections) - set(PROJECTIONS):
        raise ValueError(f"projections {sorted(odd)}; a block has {', '.join(PROJECTIONS)}")

    def lora(dense):
        if isinstance(dense, LoRADense):
            raise ValueError(f"{encoder.name} has LoRAs already; merge them first (`merge_lora`)")
        return LoRADense(dense, rank, alpha, dtype=dense.dtype_policy, name=f"{dense.name}_lora")

    encoder.trainable = False
    return [
        _replace(*_place(block, name), lora) for block in encoder.blocks for name in projections
    ]


def merge_lora(encoder) -> None:
    """Add what the LoRAs learned to the weights below them, and take the LoRAs out again."""
    for block in encoder.blocks:
        for name in PROJECTIONS:
            owner, attribute = _place(block, name)
            if isinstance(getattr(owner, attribute), LoRADense):
                _replace(owner, attribute, LoRADense.merged)


def _place(block, projection: str) -> tuple[keras.layers.Layer, str]:
    """Which layer of a block holds a projection, and by which name."""
    if projection in ("up", "down"):
        return block.feed_forward, projection
    return block.attention, f"{projection}_projection"


def add_adapters(encoder, width: int = 16) -> list[Adapter]:
    """Freeze an encoder and put two adapters into each block, before what goes around meets.

    After the attention's output projection and after the feed-forward layer, as in Houlsby et al.
    2019, figure 2. The norms learn too, as there. Changed in place; returns the adapters.
    """
    encoder.trainable = False
    added = []

    def adapted(layer):
        adapter = Adapter(encoder.config.d_model, width, dtype=layer.dtype_policy, name="adapter")
        added.append(adapter)
        return Adapted(layer, adapter, name=f"adapted_{layer.name}")

    for block in encoder.blocks:
        _replace(block.attention, "output_projection", adapted)
        _replace(block, "feed_forward", adapted)
        for norm in (block.attention_norm, block.feed_forward_norm):
            norm.trainable = True
    return added


def _replace(owner: keras.layers.Layer, attribute: str, make: Callable):
    """Put make(layer) in the place of a built layer's sublayer; returns what was put there."""
    # Keras closes a built layer to new sublayers; its own `enable_lora` opens it in this way too.
    owner._tracker.unlock()
    old = getattr(owner, attribute)
    new = make(old)
    owner._tracker.untrack(old)  # forgotten wholly: `merge_lora` brings the dense layer back
    setattr(owner, attribute, new)
    owner._tracker.lock()
    return new
