"""The texts of `bench_generation`, written by Hugging Face's `generate` with its cache.

In an environment of its own, eagerly, as it comes; a GPT-2 of random weights. Imports neither Keras
nor companion. The argument is JSON, and so is the line that it prints.

    python transformers_beside.py '{"shape": {…}, "prompts": […], …}'
"""

import json
import statistics
import sys
import time

import torch
from transformers import GPT2Config, GPT2LMHeadModel


def padded(prompts, width):
    """Prompts at the right end of their slots, and the mask of what they fill."""
    ids = torch.zeros((len(prompts), width), dtype=torch.long)
    for row, prompt in enumerate(prompts):
        ids[row, width - len(prompt) :] = torch.tensor(prompt)
    lengths = torch.tensor([len(prompt) for prompt in prompts])
    return ids, (torch.arange(width) >= width - lengths[:, None]).long()


def main():
    """Time every batch and strategy: the first text, and tokens a second afterwards."""
    given = json.loads(sys.argv[1])
    shape, found = given["shape"], {}
    torch.manual_seed(0)
    config = GPT2Config(
        vocab_size=shape["vocab_size"],
        n_positions=shape["length"],
        n_embd=shape["d_model"],
        n_layer=shape["layers"],
        n_head=shape["heads"],
    )
    model = GPT2LMHeadModel(config).eval()
    for strategy in given["strategies"]:
        for prompts in given["prompts"]:
            ids, mask = padded(prompts, shape["prompt"])
            options = {"do_sample": False}
            if strategy == "top-p":
                options = {"do_sample": True, "top_p": given["p"], "top_k": 0}
            wall, work, tokens = [], [], []
            for _ in range(1 + given["repeats"]):
                begun, worked = time.perf_counter(), time.process_time()
                texts = model.generate(
                    ids,
                    attention_mask=mask,
                    max_new_tokens=shape["length"] - shape["prompt"],
                    eos_token_id=given["stop"],
                    pad_token_id=0,
                    use_cache=True,
                    **options,
                )
                wall.append(time.perf_counter() - begun)
                work.append(time.process_time() - worked)
                tokens.append(len(prompts) * (texts.shape[1] - shape["prompt"]))
            rates = {
                name: statistics.median(n / s for n, s in zip(tokens[1:], clock[1:], strict=True))
                for name, clock in (("wall", wall), ("work", work))
            }
            first = {"first wall": wall[0], "first work": work[0]}
            found[f"{strategy} {len(prompts)}"] = first | rates
    print(json.dumps(found))


if __name__ == "__main__":
    main()
