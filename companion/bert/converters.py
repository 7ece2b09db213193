"""BERT's weights as others keep them, in our layers. Chapter 6.

Hugging Face's names and shapes are the common tongue: a safetensors file has them, and KerasHub's
layers are translated into them. A dense kernel there is (out, in), the transpose of ours.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from companion import checkpoints, corpora

from .config import BertConfig
from .model import Bert

HEAD_WIDTH = 64  # of a head in the published BERTs, where no config.json says otherwise
# Counters that old files carry along, and heads of pretraining that an encoder has no place for.
NOT_WEIGHTS = re.compile(r"embeddings\.position_ids|cls\..*")


def from_minilm() -> Bert:
    """all-MiniLM-L6-v2 (Wang et al. 2020; Reimers & Gurevych 2019), from the corpus `minilm`.

    Six layers of width 384: every second one of twelve that were distilled from a model of
    BERT-base's size, then trained on pairs of sentences of like meaning. Raises `CorpusUnavailable`
    as `corpora.path` does.
    """
    corpora.path("minilm", "config.json")  # beside the weights: it has the number of heads
    return from_safetensors(corpora.path("minilm", "model.safetensors"))


def from_safetensors(path: str | Path, num_heads: int | None = None) -> Bert:
    """The Bert whose weights a safetensors file holds under Hugging Face's BERT names.

    With or without `bert.` before each name and with or without a pooler; pretraining heads are
    passed over. The sizes follow from the shapes, all but the number of heads: `num_heads`, or that
    of the config.json beside the file, or as many heads of width 64 as d_model has. GELU is exact.
    Raises `ValueError` for a file that is none, and for tensors that are missing, of another
    shape, or not BERT's.
    """
    path = Path(path)
    tensors = checkpoints.foreign_tensors(path)
    if num_heads is None and (beside := path.with_name("config.json")).is_file():
        num_heads = json.loads(beside.read_text(encoding="utf-8"))["num_attention_heads"]
    return from_tensors(tensors, num_heads, "gelu", str(path))


def from_keras_hub(preset) -> Bert:
    """The Bert with the weights of a `keras_hub.models.BertBackbone`, or of its preset's name.

    A name is fetched as KerasHub does it, or is the folder of a saved preset. KerasHub computes
    GELU by its approximation with tanh; so does the model returned.
    """
    import keras_hub

    backbone = preset
    if isinstance(preset, str | Path):
        backbone = keras_hub.models.BertBackbone.from_preset(str(preset))
    if not isinstance(backbone, keras_hub.models.BertBackbone):
        raise ValueError(
            f"preset is a {type(preset).__name__}; give a BertBackbone, a preset's name or a folder"
        )
    tensors = dict(_keras_hub_tensors(backbone))
    return from_tensors(tensors, backbone.num_heads, "gelu_tanh", backbone.name)


def from_tensors(
    tensors: Mapping[str, np.ndarray], num_heads: int | None, activation: str, where: str
) -> Bert:
    """The Bert with these weights, by Hugging Face's names; `where` they are from, for errors."""
    tensors = {_modern(name): array for name, array in tensors.items()}
    tensors = {name: array for name, array in tensors.items() if not NOT_WEIGHTS.fullmatch(name)}
    model = Bert(_config(tensors, num_heads, activation, where))
    expected = dict(_places(model))
    if odd := sorted(expected.keys() ^ tensors.keys()):
        what = "missing" if odd[0] in expected else "not one of BERT's"
        raise ValueError(f"{where}: {odd[0]} is {what} ({len(odd)} such names); is it a BERT?")
    arrays = {name: _ours(name, array) for name, array in tensors.items()}
    for name, variable in expected.items():
        if arrays[name].shape != tuple(variable.shape):
            raise ValueError(
                f"{where}: {name} has shape {arrays[name].shape} (dense kernels turned round); "
                f"wanted {tuple(variable.shape)}"
            )
    for name, variable in expected.items():
        variable.assign(arrays[name].astype(variable.dtype))
    return model


def _modern(name: str) -> str:
    """Without the model's prefix; γ and β of the oldest files are weight and bias."""
    name = name.removeprefix("bert.")
    return re.sub(r"LayerNorm\.gamma$", "LayerNorm.weight", name).replace(
        "LayerNorm.beta", "LayerNorm.bias"
    )


def _ours(name: str, array: np.ndarray) -> np.ndarray:
    """A tensor as our layers hold it: the kernels of dense layers turned round."""
    dense = name.endswith("weight") and array.ndim == 2 and "embeddings" not in name
    return array.T if dense else array


def _config(
    tensors: Mapping[str, np.ndarray], num_heads: int | None, activation: str, where: str
) -> BertConfig:
    """What the shapes say about the model; dropout is left out."""
    tables = {kind: f"embeddings.{kind}_embeddings.weight" for kind in _TABLES}
    up = "encoder.layer.0.intermediate.dense.weight"
    for name in (*tables.values(), up):
        if name not in tensors or tensors[name].ndim != 2:
            raise ValueError(f"{where}: {name} is missing or has no two axes; is it a BERT?")
    vocab_size, d_model = tensors[tables["word"]].shape
    if num_heads is None:
        if d_model % HEAD_WIDTH:
            raise ValueError(
                f"{where}: d_model {d_model} is no multiple of {HEAD_WIDTH}; give num_heads"
            )
        num_heads = d_model // HEAD_WIDTH
    found = (re.match(r"encoder\.layer\.(\d+)\.", name) for name in tensors)
    return BertConfig(
        vocab_size=vocab_size,
        context_length=tensors[tables["position"]].shape[0],
        d_model=d_model,
        num_layers=1 + max(int(number[1]) for number in found if number),
        num_heads=num_heads,
        d_ff=tensors[up].shape[0],
        dropout=0.0,
        num_segments=tensors[tables["token_type"]].shape[0],
        activation=activation,
        pooler="pooler.dense.weight" in tensors,
    )


_TABLES = ("word", "position", "token_type")


def _places(model: Bert) -> Iterator[tuple[str, object]]:
    """Hugging Face's names, each with our variable."""
    tables = (model.embedding.embeddings, model.positions.table, model.segments.embeddings)
    for kind, table in zip(_TABLES, tables, strict=True):
        yield f"embeddings.{kind}_embeddings.weight", table
    yield from _norm("embeddings.LayerNorm", model.embedding_norm)
    for i, block in enumerate(model.blocks):
        attention, dense = block.attention, block.feed_forward
        layers = {
            "attention.self.query": attention.query_projection,
            "attention.self.key": attention.key_projection,
            "attention.self.value": attention.value_projection,
            "attention.output.dense": attention.output_projection,
            "intermediate.dense": dense.up,
            "output.dense": dense.down,
        }
        for name, layer in layers.items():
            yield f"encoder.layer.{i}.{name}.weight", layer.kernel
            yield f"encoder.layer.{i}.{name}.bias", layer.bias
        yield from _norm(f"encoder.layer.{i}.attention.output.LayerNorm", block.attention_norm)
        yield from _norm(f"encoder.layer.{i}.output.LayerNorm", block.feed_forward_norm)
    if model.pooler is not None:
        yield "pooler.dense.weight", model.pooler.kernel
        yield "pooler.dense.bias", model.pooler.bias


def _norm(name: str, norm) -> Iterator[tuple[str, object]]:
    yield f"{name}.weight", norm.gain
    yield f"{name}.bias", norm.offset


def _keras_hub_tensors(backbone) -> Iterator[tuple[str, np.ndarray]]:
    """A KerasHub backbone's weights by Hugging Face's names; its heads are axes of their own."""
    tables = (
        backbone.token_embedding.embeddings,
        backbone.position_embedding.position_embeddings,
        backbone.segment_embedding.embeddings,
    )
    for kind, table in zip(_TABLES, tables, strict=True):
        yield f"embeddings.{kind}_embeddings.weight", _array(table)
    yield from _hub_norm("embeddings.LayerNorm", backbone.embeddings_layer_norm)
    for i, layer in enumerate(backbone.transformer_layers):
        attention, place = layer._self_attention_layer, f"encoder.layer.{i}"
        projections = {
            "query": attention.query_dense,  # (D, H, K)
            "key": attention.key_dense,
            "value": attention.value_dense,
        }
        for name, part in projections.items():
            kernel = _array(part.kernel)
            yield f"{place}.attention.self.{name}.weight", kernel.reshape(len(kernel), -1).T
            yield f"{place}.attention.self.{name}.bias", _array(part.bias).ravel()
        dense = {
            "attention.output.dense": attention.output_dense,  # (H, K, D)
            "intermediate.dense": layer._feedforward_intermediate_dense,
            "output.dense": layer._feedforward_output_dense,
        }
        for name, part in dense.items():
            kernel = _array(part.kernel)
            yield f"{place}.{name}.weight", kernel.reshape(-1, kernel.shape[-1]).T
            yield f"{place}.{name}.bias", _array(part.bias)
        yield from _hub_norm(
            f"{place}.attention.output.LayerNorm", layer._self_attention_layer_norm
        )
        yield from _hub_norm(f"{place}.output.LayerNorm", layer._feedforward_layer_norm)
    yield "pooler.dense.weight", _array(backbone.pooled_dense.kernel).T
    yield "pooler.dense.bias", _array(backbone.pooled_dense.bias)


def _hub_norm(name: str, norm) -> Iterator[tuple[str, np.ndarray]]:
    yield f"{name}.weight", _array(norm.gamma)
    yield f"{name}.bias", _array(norm.beta)


def _array(variable) -> np.ndarray:
    return np.array(variable.value)
