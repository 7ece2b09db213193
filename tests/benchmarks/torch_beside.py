"""The model of `bench_transformer` and `bench_gpt` in plain PyTorch, eager, in its own environment.

Written as nanoGPT is (Karpathy 2022): one matrix product for queries, keys and values, PyTorch's
own attention kernel, Adam. Imports neither Keras nor companion.
Prints one line of JSON.

    python torch_beside.py VOCAB D_MODEL LAYERS HEADS TIME BATCH STEPS [tied] [bf16]
"""

import json
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F


class Block(nn.Module):
    """Pre-norm: x + attention(norm(x)), x + feed_forward(norm(x))."""

    def __init__(self, d_model, num_heads):
        super().__init__()
        self.num_heads = num_heads
        self.norm1, self.norm2 = nn.LayerNorm(d_model), nn.LayerNorm(d_model)
        self.qkv, self.output = nn.Linear(d_model, 3 * d_model), nn.Linear(d_model, d_model)
        self.up, self.down = nn.Linear(d_model, 4 * d_model), nn.Linear(4 * d_model, d_model)

    def forward(self, x):
        batch, length, d_model = x.shape
        parts = self.qkv(self.norm1(x)).split(d_model, dim=2)
        heads = [p.view(batch, length, self.num_heads, -1).transpose(1, 2) for p in parts]
        y = F.scaled_dot_product_attention(*heads, is_causal=True)
        x = x + self.output(y.transpose(1, 2).reshape(batch, length, d_model))
        return x + self.down(F.gelu(self.up(self.norm2(x))))


class LanguageModel(nn.Module):
    """Token and position vectors, blocks, a norm, and a projection to the vocabulary.

    Tied, the projection is the table of the tokens (GPT-2).
    """

    def __init__(self, vocab_size, d_model, num_layers, num_heads, length, tied=False):
        super().__init__()
        self.tokens = nn.Embedding(vocab_size, d_model)
        self.positions = nn.Embedding(length, d_model)
        self.blocks = nn.ModuleList(Block(d_model, num_heads) for _ in range(num_layers))
        self.norm = nn.LayerNorm(d_model)
        self.output = nn.Linear(d_model, vocab_size, bias=not tied)
        if tied:
            self.output.weight = self.tokens.weight

    def forward(self, ids):
        x = self.tokens(ids) + self.positions.weight[: ids.shape[1]]
        for block in self.blocks:
            x = block(x)
        return self.output(self.norm(x))


def main() -> None:
    """Train for some steps; print the time of the first and of each later one."""
    vocab_size, d_model, layers, heads, length, batch, steps = map(int, sys.argv[1:8])
    torch.manual_seed(0)
    ids = torch.randint(vocab_size, (batch, length))
    wall, work = [time.perf_counter()], [time.process_time()]
    model = LanguageModel(vocab_size, d_model, layers, heads, length, "tied" in sys.argv[8:])
    half = torch.autocast("cpu", torch.bfloat16, enabled="bf16" in sys.argv[8:])
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    for _ in range(steps):
        with half:
            loss = F.cross_entropy(model(ids).flatten(0, 1), ids.flatten())
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        loss.item()
        wall.append(time.perf_counter())
        work.append(time.process_time())
    size = sum(p.numel() for p in model.parameters())
    report = {"wall": wall, "work": work, "parameters": size, "loss": loss.item()}
    print(json.dumps(report | {"threads": torch.get_num_threads(), "torch": torch.__version__}))


if __name__ == "__main__":
    main()
