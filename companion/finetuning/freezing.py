"""Which weights move, and how fast. Chapter 10."""

import re
from collections.abc import Mapping

import keras
import numpy as np


def freeze(model: keras.layers.Layer, but: str | None = None) -> int:
    """Let no weight move but those whose path contains the regular expression `but`.

    Returns how many numbers are left to train. Compile the model afterwards. Raises `ValueError`
    where `but` fits no weight: a misspelt name would freeze everything without a word.

    >>> freeze(model, but="head|block6")
    """
    wanted = re.compile(but) if but is not None else None
    moving = 0
    model.trainable = True
    for weight in model.weights:
        if weight.dtype.startswith("float"):
            weight.trainable = wanted is not None and bool(wanted.search(weight.path))
            moving += int(np.prod(weight.shape)) * weight.trainable
    if wanted is not None and not moving:
        paths = ", ".join(weight.path for weight in model.weights[:3])
        raise ValueError(f"no weight's path contains {but!r}; paths look like {paths}")
    return moving


def trainable_share(model: keras.Model) -> float:
    """The share of a model's numbers that training moves, 0 to 1."""
    sizes = [sum(int(np.prod(w.shape)) for w in ws) for ws in _kinds(model)]
    return sizes[0] / sizes[1]


def _kinds(model):
    return model.trainable_weights, [w for w in model.weights if w.dtype.startswith("float")]


def layerwise_rates(model: keras.Model, num_layers: int, decay: float = 0.8) -> dict[str, float]:
    """decay^(L + 1 − l) for the weights of block l, decay^(L + 1) below the blocks, 1 for the head.

    Discriminative fine-tuning (Howard & Ruder 2018, §3.2): what is near the input knows what all
    texts have in common and should move least. By the paths of the weights, for `LayerwiseAdam`.
    Raises `ValueError` for a decay outside (0, 1].
    """
    if not 0 < decay <= 1:
        raise ValueError(f"decay is {decay}; it is above 0 and at most 1 (all layers alike)")
    factors = {}
    for weight in model.trainable_weights:
        block = re.search(r"/block(\d+)/", weight.path)
        if block:
            below = num_layers + 1 - int(block[1])
        else:
            below = 0 if "head" in weight.path else num_layers + 1
        factors[weight.path] = decay**below
    return factors


@keras.saving.register_keras_serializable(package="companion")
class LayerwiseAdam(keras.optimizers.Adam):
    """Adam with a factor on the rate of each weight, by its path; others have the factor 1."""

    def __init__(self, learning_rate=1e-3, factors: Mapping[str, float] | None = None, **options):
        super().__init__(learning_rate, **options)
        self.factors = dict(factors or {})

    def build(self, variables):
        """Make the moments, and look up each weight's factor."""
        super().build(variables)
        self._rates = [self.factors.get(variable.path, 1.0) for variable in variables]

    def update_step(self, gradient, variable, learning_rate):
        """One step of Adam at this weight's own rate."""
        factor = self._rates[self._get_variable_index(variable)]
        super().update_step(gradient, variable, learning_rate * factor)

    def get_config(self):
        """What rebuilds the optimizer."""
        return super().get_config() | {"factors": self.factors}
