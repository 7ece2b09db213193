"""The numbers that fix each model of the chapter, and named choices of them. Chapter 3.

`vocab_size` belongs to a text, so a preset is made to fit with
`dataclasses.replace(PRESETS["recurrent"]["tiny"], vocab_size=len(vocabulary))`.
"""

import dataclasses
from typing import Literal

import keras


def _check_positive(config, *names: str) -> None:
    for name in names:
        value = getattr(config, name)
        if value <= 0:
            raise ValueError(f"{name} is {value}; it is above zero")


@dataclasses.dataclass(frozen=True)
class VectorConfig:
    """Skip-gram and CBOW with negative sampling (Mikolov et al. 2013).

    `window` c words on either side count as context, or with `dynamic_window` a number drawn anew
    from 1 … c for each word, so that near words count more often. `negatives` k noise words face
    each real one. `threshold` t of the sub-sampling of frequent words.
    """

    vocab_size: int
    d_model: int = 100
    window: int = 5
    dynamic_window: bool = True
    negatives: int = 5
    threshold: float = 1e-3

    def __post_init__(self):
        _check_positive(self, "vocab_size", "d_model", "window", "negatives", "threshold")


@dataclasses.dataclass(frozen=True)
class FeedForwardConfig:
    """Bengio et al. (2003): `context_length` words back (the paper's n − 1), `d_model` numbers a
    word (m), `d_ff` hidden units (h), and `direct` connections from the words to the output (W).
    """

    vocab_size: int
    context_length: int = 8
    d_model: int = 32
    d_ff: int = 256
    direct: bool = False

    def __post_init__(self):
        _check_positive(self, "vocab_size", "context_length", "d_model", "d_ff")


@dataclasses.dataclass(frozen=True)
class RecurrentConfig:
    """GRU (Cho et al. 2014) or LSTM (Hochreiter & Schmidhuber 1997) layers of `d_model` units.

    Back-propagation is cut after `context_length` steps. A word vector has `d_embedding` numbers,
    or as many as a layer when that is None (only then can all layers be mixed). `dropout` is the
    share of numbers dropped between layers.
    """

    vocab_size: int
    context_length: int = 64
    d_model: int = 256
    d_embedding: int | None = None
    num_layers: int = 1
    cell: Literal["gru", "lstm"] = "gru"
    dropout: float = 0.0

    def __post_init__(self):
        _check_positive(self, "vocab_size", "context_length", "d_model", "num_layers")
        if self.d_embedding is not None:
            _check_positive(self, "d_embedding")
        if self.cell not in ("gru", "lstm"):
            raise ValueError(f"cell is {self.cell!r}; it is 'gru' or 'lstm'")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout is {self.dropout}; it is at least 0 and below 1")


PRESETS: dict[str, dict] = {
    "vectors": {
        "tiny": VectorConfig(vocab_size=1000, d_model=32, window=3),
        # The paper's 692,000-word vocabulary, 300 numbers a word (its §§3–4).
        "mikolov2013": VectorConfig(vocab_size=692_000, d_model=300, threshold=1e-5),
    },
    "feed_forward": {
        "tiny": FeedForwardConfig(vocab_size=86, context_length=4, d_model=16, d_ff=64),
        # Table 1, network MLP1 on the Brown corpus: n = 5, h = 50, m = 60, direct connections.
        "bengio2003": FeedForwardConfig(
            vocab_size=16_383, context_length=4, d_model=60, d_ff=50, direct=True
        ),
    },
    "recurrent": {
        "tiny": RecurrentConfig(vocab_size=86, context_length=16, d_model=48),
    },
}


def word_table(vocab_size: int, width: int) -> keras.layers.Embedding:
    """C (V, D): a row of standard normal numbers for each word, the input of a language model.

    Keras' own start, numbers within ±0.05, leaves all units behind it near zero, and the first
    thousand steps would only make the vectors grow.
    """
    start = keras.initializers.RandomNormal(stddev=1.0)
    return keras.layers.Embedding(vocab_size, width, embeddings_initializer=start, name="C")


class Configured(keras.Model):
    """A Keras model made from one of the dataclasses above, which is how Keras saves it too.

    Subclasses set `config_class` and make their weights when they are constructed.
    """

    config_class: type

    def __init__(self, config, **names):
        super().__init__(**names)
        if not isinstance(config, self.config_class):
            raise ValueError(
                f"config is a {type(config).__name__}; {type(self).__name__} takes a "
                f"{self.config_class.__name__}"
            )
        self.config = config

    def get_config(self) -> dict:
        """The config as a dictionary, with Keras' own entries (the name)."""
        return {**super().get_config(), "config": dataclasses.asdict(self.config)}

    @classmethod
    def from_config(cls, config: dict) -> "Configured":
        """The model that `get_config` described, with new weights."""
        return cls(cls.config_class(**config.pop("config")), **config)
