"""What runs beside the learner's code in chapter 5: one call, its result as plain data.

A probe gets the learner's answer and what one case holds. It knows no reference and imports no
check: in a sandbox it is the only course code that a submission sees. Two answers are Keras layers;
they get the case's weights, so that what they give can be compared. Keras itself is not imported
here: an answer that needs it has done so.
"""

import contextlib
import sys

import numpy as np

from companion.probes.values import array as array
from companion.probes.values import scalar as scalar

LOUD = 3.0  # how far a spelling model lifts the next token above all others
PATIENCE = 500  # questions before a spelling model gives up


def block(answer, case):
    """A layer with `norm1`, `attention`, `norm2`, `up` and `down`: its output with given weights.

    The case holds `sizes` for the constructor, `weights` by part, `x` and `attention_mask`.
    """
    sizes = case["sizes"]
    width = (None, None, sizes["d_model"])
    shapes = {"attention": (width, width), "down": ((None, None, sizes["d_ff"]),)}
    with plain_errors():
        layer = answer(**sizes)
        for part, arrays in case["weights"].items():
            _fill(getattr(layer, part), arrays, *shapes.get(part, (width,)))
        output = layer(case["x"], attention_mask=case["attention_mask"])
    return {"output": _returned(output)}


def encoder(answer, case):
    """A layer with an `embedding` and a list `blocks`: its output with given weights.

    The case holds `sizes` for the constructor, the `table` of the embedding, the `weights` of each
    block's attention, `ids` and `attention_mask`.
    """
    sizes = case["sizes"]
    width = (None, None, sizes["d_model"])
    with plain_errors():
        layer = answer(**sizes)
        _fill(layer.embedding, [case["table"]], (None, None))
        if len(layer.blocks) != sizes["num_layers"]:
            raise ValueError(
                f"num_layers is {sizes['num_layers']}, and there are {len(layer.blocks)} blocks"
            )
        for part, arrays in zip(layer.blocks, case["weights"], strict=True):
            _fill(part.attention, arrays, width, width)
        output = layer(case["ids"], attention_mask=case["attention_mask"])
    return {"output": _returned(output)}


def decoding(answer, case):
    """A function that returns a list of ids, and asks a model that spells a known sentence."""
    result = answer(
        spelling_model(case["start_id"], case["sentence"], case["stop_id"], case["noise"]),
        start_id=case["start_id"],
        stop_id=case["stop_id"],
        max_length=case["max_length"],
    )
    if not isinstance(result, list | tuple | np.ndarray):
        raise TypeError(f"the result is a {type(result).__name__}, it should be a list of ids")
    return {"ids": [int(np.asarray(token).item()) for token in result]}


def spelling_model(start_id, sentence, stop_id, noise):
    """`next_logits(ids)` that favours the next token of the sentence as long as all are right.

    Anywhere else it babbles: the logits are a row of `noise`, (rows, vocab_size).
    """
    known = [start_id, *sentence, stop_id]
    asked = 0

    def next_logits(ids):
        nonlocal asked
        asked += 1
        if asked > PATIENCE:
            raise RuntimeError(f"asked for a next token {PATIENCE} times: the loop does not end")
        ids = [int(token) for token in ids]
        logits = noise[sum(ids) % len(noise)].copy()
        if ids == known[: len(ids)] and len(ids) < len(known):
            logits[known[len(ids)]] = logits.max() + LOUD
        return logits

    return next_logits


def _fill(part, arrays, *shapes):
    """Set the weights of a layer; make them first, unless it stands in two places."""
    if not getattr(part, "built", False):
        part.build(*shapes)
    part.set_weights(arrays)


def _returned(output):
    """A layer's output as an array."""
    if output is None:
        raise TypeError("`call` gives None: did you forget `return`?")
    return np.asarray(output)


@contextlib.contextmanager
def plain_errors():
    """Have Keras, if it is there, raise a layer's exceptions as they are, without its lecture."""
    keras = sys.modules.get("keras")
    if keras is None or not keras.config.is_traceback_filtering_enabled():
        yield
        return
    keras.config.disable_traceback_filtering()
    try:
        yield
    finally:
        keras.config.enable_traceback_filtering()
