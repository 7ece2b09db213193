"""GPT-2's weights as others keep them, in our layers. Chapter 7.

Hugging Face's names and shapes are the common tongue: a safetensors file has them, and KerasHub's
layers are translated into them. Its dense kernels are (in, out), as ours are; queries, keys and
values stand side by side in one, `attn.c_attn`, (D, 3·D). The output has no weights of its own.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from companion import checkpoints

from .config import GPTConfig
from .model import GPT

HEAD_WIDTH = 64  # of a head in every GPT-2, where no config.json says otherwise
# Masks that old files carry along as if they were weights.
NOT_WEIGHTS = re.compile(r"h\.\d+\.attn\.(masked_)?bias")


def from_safetensors(path: str | Path, num_heads: int | None = None) -> GPT:
    """The GPT whose weights a safetensors file holds under Hugging Face's GPT-2 names.

    With or without `transformer.` before each name. The sizes follow from the shapes, all but the
    number of heads: `num_heads`, or `n_head` of the config.json beside the file, or as many heads
    of width 64 as d_model has. Raises `ValueError` for a file that is none, for a config.json
    without `n_head`, and for tensors that are missing, of another shape, or not GPT-2's.
    """
    path = Path(path)
    tensors = checkpoints.foreign_tensors(path)
    if num_heads is None and (beside := path.with_name("config.json")).is_file():
        num_heads = json.loads(beside.read_text(encoding="utf-8")).get("n_head")
        if num_heads is None:
            raise ValueError(f"{beside} has no n_head, so it is not a GPT-2's; give num_heads")
    return from_tensors(tensors, num_heads, str(path))


def from_keras_hub(preset) -> GPT:
    """The GPT with the weights of a `keras_hub.models.GPT2Backbone`, or of its preset's name.

    A name is fetched as KerasHub does it, or is the folder of a saved preset.
    """
    import keras_hub

    backbone = preset
    if isinstance(preset, str | Path):
        backbone = keras_hub.models.GPT2Backbone.from_preset(str(preset))
    if not isinstance(backbone, keras_hub.models.GPT2Backbone):
        raise ValueError(
            f"preset is a {type(preset).__name__}; give a GPT2Backbone, a preset's name or a folder"
        )
    return from_tensors(dict(_keras_hub_tensors(backbone)), backbone.num_heads, backbone.name)


def from_tensors(tensors: Mapping[str, np.ndarray], num_heads: int | None, where: str) -> GPT:
    """The GPT with these weights, by Hugging Face's names; `where` they are from, for errors."""
    tensors = {name.removeprefix("transformer."): array for name, array in tensors.items()}
    tensors = {name: a for name, a in tensors.items() if not NOT_WEIGHTS.fullmatch(name)}
    head = tensors.pop("lm_head.weight", None)
    model = GPT(_config(tensors, num_heads, where))
    expected = dict(_places(model))
    if odd := sorted(expected.keys() ^ tensors.keys()):
        what = "missing" if odd[0] in expected else "not one of GPT-2's"
        raise ValueError(f"{where}: {odd[0]} is {what} ({len(odd)} such names); is it a GPT-2?")
    if head is not None and not np.array_equal(head, tensors["wte.weight"]):
        raise ValueError(f"{where}: lm_head.weight differs from wte.weight; GPT's output is tied")
    for name, variables in expected.items():
        *rows, width = variables[0].shape
        wanted = (*rows, width * len(variables))
        if tensors[name].shape != wanted:
            raise ValueError(f"{where}: {name} has shape {tensors[name].shape}; wanted {wanted}")
    for name, variables in expected.items():
        for part, variable in zip(
            np.split(tensors[name], len(variables), axis=-1), variables, strict=True
        ):
            variable.assign(part.astype(variable.dtype))
    return model


def to_tensors(model: GPT) -> dict[str, np.ndarray]:
    """A model's weights by Hugging Face's names, as `from_safetensors` wants them in a file."""
    return {
        name: np.concatenate([np.array(variable.value) for variable in variables], axis=-1)
        for name, variables in _places(model)
    }


def _config(tensors: Mapping[str, np.ndarray], num_heads: int | None, where: str) -> GPTConfig:
    """What the shapes say about the model; dropout is left out."""
    for name, axes in {"wte.weight": 2, "wpe.weight": 2, "h.0.mlp.c_fc.weight": 2}.items():
        if name not in tensors or tensors[name].ndim != axes:
            raise ValueError(f"{where}: {name} is missing or has no two axes; is it a GPT-2?")
    vocab_size, d_model = tensors["wte.weight"].shape
    if num_heads is None:
        if d_model % HEAD_WIDTH:
            raise ValueError(
                f"{where}: d_model {d_model} is no multiple of {HEAD_WIDTH}; give num_heads"
            )
        num_heads = d_model // HEAD_WIDTH
    layers = {int(found[1]) for name in tensors if (found := re.match(r"h\.(\d+)\.", name))}
    return GPTConfig(
        vocab_size=vocab_size,
        context_length=tensors["wpe.weight"].shape[0],
        d_model=d_model,
        num_layers=max(layers) + 1,
        num_heads=num_heads,
        d_ff=tensors["h.0.mlp.c_fc.weight"].shape[1],
        dropout=0.0,
    )


def _places(model: GPT) -> Iterator[tuple[str, list]]:
    """Hugging Face's names, each with our variables that stand in it side by side."""
    yield "wte.weight", [model.embedding.embeddings]
    yield "wpe.weight", [model.positions.table]
    for i, block in enumerate(model.blocks):
        attention, dense = block.attention, block.feed_forward
        fused = [attention.query_projection, attention.key_projection, attention.value_projection]
        layers = {
            "attn.c_attn": fused,
            "attn.c_proj": [attention.output_projection],
            "mlp.c_fc": [dense.up],
            "mlp.c_proj": [dense.down],
        }
        for name, parts in layers.items():
            yield f"h.{i}.{name}.weight", [part.kernel for part in parts]
            yield f"h.{i}.{name}.bias", [part.bias for part in parts]
        for name, norm in {"ln_1": block.attention_norm, "ln_2": block.feed_forward_norm}.items():
            yield f"h.{i}.{name}.weight", [norm.gain]
            yield f"h.{i}.{name}.bias", [norm.offset]
    yield "ln_f.weight", [model.final_norm.gain]
    yield "ln_f.bias", [model.final_norm.offset]


def _keras_hub_tensors(backbone) -> Iterator[tuple[str, np.ndarray]]:
    """A KerasHub backbone's weights by Hugging Face's names; its heads are axes of their own."""
    yield "wte.weight", _array(backbone.token_embedding.embeddings)
    yield "wpe.weight", _array(backbone.position_embedding.position_embeddings)
    for i, layer in enumerate(backbone.transformer_layers):
        attention, d_model = layer._self_attention_layer, backbone.hidden_dim
        fused = [attention.query_dense, attention.key_dense, attention.value_dense]  # (D, H, K)
        kernels = [_array(part.kernel).reshape(d_model, d_model) for part in fused]
        yield f"h.{i}.attn.c_attn.weight", np.concatenate(kernels, axis=1)
        yield f"h.{i}.attn.c_attn.bias", np.concatenate([_array(p.bias).ravel() for p in fused])
        dense = {
            "attn.c_proj": attention.output_dense,  # (H, K, D)
            "mlp.c_fc": layer._feedforward_intermediate_dense,
            "mlp.c_proj": layer._feedforward_output_dense,
        }
        for name, part in dense.items():
            kernel = _array(part.kernel)
            yield f"h.{i}.{name}.weight", kernel.reshape(-1, kernel.shape[-1])
            yield f"h.{i}.{name}.bias", _array(part.bias)
        norms = {"ln_1": layer._self_attention_layer_norm, "ln_2": layer._feedforward_layer_norm}
        for name, norm in norms.items():
            yield f"h.{i}.{name}.weight", _array(norm.gamma)
            yield f"h.{i}.{name}.bias", _array(norm.beta)
    yield "ln_f.weight", _array(backbone.layer_norm.gamma)
    yield "ln_f.bias", _array(backbone.layer_norm.beta)


def _array(variable) -> np.ndarray:
    return np.array(variable.value)
