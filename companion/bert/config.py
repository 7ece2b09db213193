"""The numbers that fix a BERT, named choices of them, and what they cost. Chapter 6.

`vocab_size` belongs to a tokenizer, so a preset is made to fit with
`dataclasses.replace(PRESETS["tiny"], vocab_size=len(tokenizer))`.
"""

import dataclasses
from typing import Literal

from companion.transformer.config import check_sizes

ACTIVATIONS = ("gelu", "gelu_tanh", "relu")


@dataclasses.dataclass(frozen=True)
class BertConfig:
    """`num_layers` post-norm blocks that look both ways (Devlin et al. 2019, §3).

    `context_length` is the longest row of ids: there is a trained vector for each position, and one
    for each of `num_segments` segments. `activation` is the exact GELU, as in the paper's code, or
    GPT-2's approximation of it, as in KerasHub; "relu" is cheaper, and our own checkpoint has it.
    `pooler` is the dense layer on [CLS]: NSP trains it, filling gaps alone does not. Raises
    `ValueError` for numbers that fit no model.
    """

    vocab_size: int
    context_length: int = 512
    d_model: int = 768
    num_layers: int = 12
    num_heads: int = 12
    d_ff: int = 3072
    dropout: float = 0.1
    num_segments: int = 2
    activation: Literal["gelu", "gelu_tanh", "relu"] = "gelu"
    pooler: bool = True

    def __post_init__(self):
        check_sizes(self)
        if self.num_segments < 1:
            raise ValueError(f"num_segments is {self.num_segments}; it is at least 1")
        if self.activation not in ACTIVATIONS:
            raise ValueError(
                f"activation is {self.activation!r}; it is one of {', '.join(ACTIVATIONS)}"
            )


PRESETS: dict[str, BertConfig] = {
    # Fills gaps of a small world in seconds on two cores.
    "tiny": BertConfig(
        vocab_size=500,
        context_length=32,
        d_model=64,
        num_layers=2,
        num_heads=4,
        d_ff=256,
        dropout=0.0,
    ),
    # The project's Chinese checkpoint: a character a token, no pooler because it has no NSP; ReLU,
    # because an exact GELU is slow on a processor.
    "mini-zh": BertConfig(
        vocab_size=4302,
        context_length=128,
        d_model=256,
        num_layers=4,
        num_heads=4,
        d_ff=1024,
        dropout=0.0,
        num_segments=1,
        activation="relu",
        pooler=False,
    ),
    # all-MiniLM-L6-v2: every second one of twelve layers of width 384; the vocabulary is BERT's.
    "minilm": BertConfig(
        vocab_size=30_522, d_model=384, num_layers=6, num_heads=12, d_ff=1536, dropout=0.0
    ),
    # Devlin et al. 2019, §3; the vocabulary of the uncased English models.
    "bert-base": BertConfig(vocab_size=30_522),
    "bert-large": BertConfig(
        vocab_size=30_522, d_model=1024, num_layers=24, num_heads=16, d_ff=4096
    ),
}


def parameter_count(config: BertConfig) -> int:
    """(V + C + S)·D + 2·D + L·(4·(D² + D) + 2·D·F + F + D + 4·D) [+ D² + D].

    The three tables and their norm; in each layer four projections with their biases, two dense
    layers with theirs, two norms; the pooler where there is one. Heads are not counted.
    """
    d, f = config.d_model, config.d_ff
    tables = (config.vocab_size + config.context_length + config.num_segments) * d
    layer = 4 * (d * d + d) + 2 * d * f + f + d + 4 * d
    pooler = (d * d + d) * config.pooler
    return tables + 2 * d + config.num_layers * layer + pooler
