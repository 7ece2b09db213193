"""The numbers that fix a Transformer, and named choices of them. Chapter 5.

`vocab_size` belongs to a tokenizer, so a preset is made to fit with
`dataclasses.replace(PRESETS["tiny"], vocab_size=len(tokenizer))`.
"""

import dataclasses
from typing import Literal


def check_sizes(config) -> None:
    """Raise `ValueError` for numbers that fit no stack of blocks."""
    for name in ("vocab_size", "context_length", "d_model", "num_layers", "num_heads", "d_ff"):
        value = getattr(config, name)
        if value < 1:
            raise ValueError(f"{name} is {value}; it is at least 1")
    if config.d_model % config.num_heads:
        raise ValueError(f"d_model {config.d_model} does not divide into {config.num_heads} heads")
    if not 0 <= config.dropout < 1:
        raise ValueError(f"dropout is {config.dropout}; it is at least 0 and below 1")


@dataclasses.dataclass(frozen=True)
class TransformerConfig:
    """An encoder and a decoder of `num_layers` blocks each (Vaswani et al. 2017, table 3).

    One vocabulary serves both languages, and one table both embeddings and the output (§3.4).
    `context_length` is the longest source or target. `norm` is the place of the norm: "post", as
    in the paper, or "pre" (Xiong et al. 2020). `rotary` also turns the self-attention's queries and
    keys by their positions (Su et al. 2021). Raises `ValueError` for numbers that fit no model.
    """

    vocab_size: int
    context_length: int = 64
    d_model: int = 512
    num_layers: int = 6
    num_heads: int = 8
    d_ff: int = 2048
    dropout: float = 0.1
    norm: Literal["pre", "post"] = "post"
    rotary: bool = False

    def __post_init__(self):
        check_sizes(self)
        if self.norm not in ("pre", "post"):
            raise ValueError(f"norm is {self.norm!r}; it is 'pre' or 'post'")


PRESETS: dict[str, TransformerConfig] = {
    # Solves `microworld` in a minute on two cores: with one layer each a step takes half as long as
    # with two, and in a minute twice the steps are worth more than twice the layers.
    "tiny": TransformerConfig(
        vocab_size=1000,
        context_length=64,
        d_model=128,
        num_layers=1,
        num_heads=4,
        d_ff=512,
        dropout=0.0,
        norm="pre",
        rotary=True,
    ),
    # Table 3 of the paper; 37,000 is the joint vocabulary of its §5.1.
    "base": TransformerConfig(vocab_size=37_000, context_length=512),
    "big": TransformerConfig(
        vocab_size=37_000, context_length=512, d_model=1024, num_heads=16, d_ff=4096, dropout=0.3
    ),
}
