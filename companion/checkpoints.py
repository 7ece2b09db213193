"""Small trained models as files: found, read, written, verified, listed. Models are not known here.

A checkpoint is a folder: `weights.safetensors` (float16; never pickle, which runs code when it is
read), `card.json` (what was trained, on what, for how long, how good it is, and the sha256 of each
file), `README.md` (the card for people), and what belongs to the model, as its tokenizer. Weights
go by the paths of the variables within the model, `encoder/block1/attention/query/kernel`, so that
neither order nor the model's own name matters. Those committed with the course are in
`checkpoints/`; what `companion train` makes on this machine is in the cache and comes first.
"""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from companion import cache

WEIGHTS, CARD, README = "weights.safetensors", "card.json", "README.md"
COMMITTED = Path(__file__).resolve().parents[1] / "checkpoints"


class CheckpointError(ValueError):
    """A checkpoint is missing, damaged or another model's; the message names file and remedy."""


def own() -> Path:
    """The folder of the checkpoints that were trained on this machine."""
    return cache.root() / "checkpoints"


def names() -> tuple[str, ...]:
    """The names of all checkpoints that are there, in alphabetical order."""
    cards = (card for folder in (own(), COMMITTED) for card in folder.glob(f"*/{CARD}"))
    return tuple(sorted({card.parent.name for card in cards}))


def find(name: str) -> Path:
    """The folder of the checkpoint `name`: one's own, or else the committed one.

    Raises `CheckpointError` when there is neither.
    """
    for folder in (own() / name, COMMITTED / name):
        if (folder / CARD).is_file():
            return folder
    known = ", ".join(names()) or "none"
    raise CheckpointError(
        f"no checkpoint {name!r} in {own()} or {COMMITTED} (there: {known}); "
        f"`companion train {name}` makes it"
    )


def card(folder: str | Path) -> dict[str, Any]:
    """The card of a checkpoint's folder. Raises `CheckpointError` where it cannot be read."""
    path = Path(folder) / CARD
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        files = dict(content["files"])
    except FileNotFoundError:
        raise CheckpointError(f"{path} is missing; {_remedy(path.parent)}") from None
    except (ValueError, KeyError, TypeError):
        raise CheckpointError(f"{path} is damaged; {_remedy(path.parent)}") from None
    return content | {"files": files}


def verify(folder: str | Path) -> dict[str, Any]:
    """The card, once every file that it lists is there with its sha256; else `CheckpointError`."""
    folder = Path(folder)
    content = card(folder)
    for name, expected in content["files"].items():
        path = folder / name
        if not path.is_file():
            raise CheckpointError(f"{path} is missing; {_remedy(folder)}")
        found = hashlib.sha256(path.read_bytes()).hexdigest()
        if found != expected:
            raise CheckpointError(
                f"{path} is damaged (sha256 {found[:12]}…, the card says {expected[:12]}…); "
                f"{_remedy(folder)}"
            )
    return content


def read(model, folder: str | Path) -> dict[str, Any]:
    """Put a verified checkpoint's weights, as float32, into a built model; returns the card.

    Raises `CheckpointError` when a file is missing or damaged, and when the weights are those of a
    model with other variables or shapes; the model is then as it was.
    """
    content = verify(folder)
    path = Path(folder) / WEIGHTS
    try:
        tensors = load_tensors(path.read_bytes())
    except (OSError, SafetensorError) as error:
        raise CheckpointError(f"{path} is no safetensors file ({error})") from error
    variables = by_path(model)
    if odd := sorted(variables.keys() ^ tensors.keys()):
        where = "file" if odd[0] in tensors else "model"
        raise CheckpointError(
            f"{path} belongs to another model: {len(odd)} variables are on one side only, as "
            f"{odd[0]} (in the {where}); make the model from the config in {CARD}"
        )
    for name, variable in variables.items():
        if tuple(variable.shape) != tensors[name].shape:
            raise CheckpointError(
                f"{path} has {name} with the shape {tensors[name].shape}, and the model wants "
                f"{tuple(variable.shape)}; make the model from the config in {CARD}"
            )
    for name, variable in variables.items():
        variable.assign(tensors[name].astype(variable.dtype))
    return content


def write(
    model,
    folder: str | Path,
    facts: Mapping[str, Any],
    files: Mapping[str, str | Path] | None = None,
) -> Path:
    """Write weights, card and further files as the folder of a checkpoint, whole or not at all.

    `facts` are what the card says beside the sums of the files; `files` maps names in the folder
    to files that are copied there. Returns the folder. Raises `CheckpointError` for weights that
    float16 cannot hold, `OSError` as the system does; the folder then is as it was.
    """
    folder = Path(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as place:
        new = Path(place) / folder.name
        new.mkdir()
        (new / WEIGHTS).write_bytes(save_tensors(_halves(model)))
        for name, source in (files or {}).items():
            shutil.copyfile(source, new / name)
        sums = {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(new.iterdir())}
        content = {"name": folder.name, **facts, "files": sums}
        text = json.dumps(content, ensure_ascii=False, indent=2) + "\n"
        (new / CARD).write_text(text, encoding="utf-8")
        (new / README).write_text(render(content), encoding="utf-8")
        cache.replace_directory(new, folder)
    return folder


def by_path(model) -> dict[str, Any]:
    """A built model's weights by their paths within it."""
    variables = {weight.path.partition("/")[2]: weight for weight in model.weights}
    if len(variables) != len(model.weights):
        raise ValueError(f"two weights of {model.name} share a path; give its layers names")
    return variables


def round_weights(model) -> None:
    """Give a model the weights that reading what `write` wrote would give it.

    What is measured after this is true of the file.
    """
    variables = by_path(model)
    for name, half in _halves(model).items():
        variables[name].assign(half.astype(variables[name].dtype))


def foreign_tensors(path: str | Path) -> dict[str, np.ndarray]:
    """The tensors of a safetensors file that others wrote, by their names.

    Raises `ValueError` for a file that is none, or of numbers that NumPy does not know.
    """
    try:
        return load_tensors(Path(path).read_bytes())
    except (OSError, SafetensorError, TypeError, KeyError) as error:
        raise ValueError(
            f"{path} cannot be read as safetensors of float32 or float16 ({error})"
        ) from error


def copied(source, target):
    """`target`, with the weights of `source`: the same model in another precision, for example.

    Raises `ValueError` for a model with other variables or shapes; `target` is then as it was.
    """
    theirs, ours = by_path(source), by_path(target)
    if odd := sorted(theirs.keys() ^ ours.keys()):
        raise ValueError(
            f"{source.name} and {target.name} are different models: {len(odd)} variables are on "
            f"one side only, as {odd[0]} (in {(source if odd[0] in theirs else target).name})"
        )
    for name, variable in ours.items():
        if tuple(variable.shape) != tuple(theirs[name].shape):
            raise ValueError(
                f"{name} has the shape {tuple(theirs[name].shape)} in {source.name}, and "
                f"{target.name} wants {tuple(variable.shape)}"
            )
    for name, variable in ours.items():
        variable.assign(np.asarray(theirs[name]))
    return target


def render(content: Mapping[str, Any], depth: int = 1) -> str:
    """A card as Markdown: a heading for each mapping, a line for each fact."""
    lines = []
    for key, value in content.items():
        if isinstance(value, Mapping):
            lines.append(f"\n{'#' * (depth + 1)} {key}\n\n{render(value, depth + 1)}")
        elif isinstance(value, list | tuple):
            lines += [f"- {key}:", *(f"  - {item}" for item in value)]
        else:
            lines.append(f"- {key}: {value}")
    return "\n".join(lines).replace("\n\n\n", "\n\n") + "\n" * (depth == 1)


def _halves(model) -> dict[str, np.ndarray]:
    """The weights in float16 (integers as they are); an overflow is an error, not infinity."""
    halves = {}
    for name, variable in by_path(model).items():
        array = np.asarray(variable)
        if array.dtype.kind == "f":
            largest = float(np.abs(array).max(initial=0))
            if not largest <= float(np.finfo(np.float16).max):
                raise CheckpointError(
                    f"{name} holds {largest:g}, which float16 cannot; training has diverged: "
                    "lower the learning rate"
                )
            array = array.astype(np.float16)
        halves[name] = np.ascontiguousarray(array)
    return halves


def _remedy(folder: Path) -> str:
    """What to do about a damaged folder."""
    if folder.parent == COMMITTED:
        return "fetch the course's files again"
    return f"delete {folder} or run `companion train {folder.name}` again"
