"""The numbers that fix a GPT, named choices of them, and what they cost. Chapter 7.

`vocab_size` belongs to a tokenizer, so a preset is made to fit with
`dataclasses.replace(PRESETS["tiny"], vocab_size=len(tokenizer))`.
"""

import dataclasses

from companion.transformer.config import check_sizes


@dataclasses.dataclass(frozen=True)
class GPTConfig:
    """`num_layers` pre-norm blocks that look back only (Radford et al. 2019, §2.3).

    One table is both the embeddings and the output. `context_length` is the longest text: there
    is a trained vector for each position. Raises `ValueError` for numbers that fit no model.
    """

    vocab_size: int
    context_length: int = 1024
    d_model: int = 768
    num_layers: int = 12
    num_heads: int = 12
    d_ff: int = 3072
    dropout: float = 0.1

    def __post_init__(self):
        check_sizes(self)


def _gpt2(d_model: int, num_layers: int, num_heads: int) -> GPTConfig:
    return GPTConfig(50_257, 1024, d_model, num_layers, num_heads, 4 * d_model)


PRESETS: dict[str, GPTConfig] = {
    # Learns to spell in seconds on two cores.
    "tiny": GPTConfig(
        vocab_size=512,
        context_length=64,
        d_model=64,
        num_layers=2,
        num_heads=4,
        d_ff=256,
        dropout=0.0,
    ),
    # Radford et al. 2019, table 2, whose own counts (117M to 1542M) OpenAI later called wrong.
    "gpt2": _gpt2(768, 12, 12),
    "gpt2-medium": _gpt2(1024, 24, 16),
    "gpt2-large": _gpt2(1280, 36, 20),
    "gpt2-xl": _gpt2(1600, 48, 25),
    # Brown et al. 2020, table 2.1, its last row (exact in table D.1): to count, not to make.
    "gpt3": GPTConfig(50_257, 2048, 12_288, 96, 96, 4 * 12_288),
}


def parameter_count(config: GPTConfig) -> int:
    """V·D + C·D + L·(4·(D² + D) + 2·D·F + F + D + 4·D) + 2·D: every number that is trained.

    Tokens and positions; in each layer four projections with their biases, two dense layers with
    theirs, two norms; the last norm. The output has no table of its own. With F = 4·D a layer is
    12·D² and a little: almost all of a large model.
    """
    d, f = config.d_model, config.d_ff
    layer = 4 * (d * d + d) + 2 * d * f + f + d + 4 * d
    tables = (config.vocab_size + config.context_length) * d
    return tables + config.num_layers * layer + 2 * d


def memory(config: GPTConfig, bytes_per_weight: int = 4) -> dict[str, int]:
    """Bytes that training with Adam keeps: weights, gradients, Adam's state, and their total.

    Adam keeps two moments a weight in float32. Weights of fewer than four bytes are trained
    through a float32 copy, which is counted with Adam's state; 16 bytes a weight either way
    (Rajbhandari et al. 2020, §3.1). What the layers compute on the way, which grows with the
    batch, is not counted. Raises `ValueError` for a size that is not 2 or 4.
    """
    if bytes_per_weight not in (2, 4):
        raise ValueError(f"bytes_per_weight is {bytes_per_weight}; it is 2 (half) or 4 (float32)")
    count = parameter_count(config)
    own = count * bytes_per_weight
    adam = count * (8 if bytes_per_weight == 4 else 12)
    return {"weights": own, "gradients": own, "adam": adam, "total": 2 * own + adam}
