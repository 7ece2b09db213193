"""The shortest decoding loop: always the likeliest next token. Chapter 5; chapter 8 does better."""

import numpy as np
from keras import ops

from companion.attention import padding_mask

from .model import PAD_ID, Transformer


def greedy(
    model: Transformer,
    source,
    *,
    start_id: int,
    end_id: int,
    max_length: int | None = None,
    step=None,
):
    """ŷ_t = argmax p(y | ŷ_1 … ŷ_{t−1}, source), until `end_id`, for every row of a batch.

    `source` integers (batch, source), 0 for padding. Returns a list of lists of ids without start
    and end. The source is encoded once, and each step computes one position: keys and values of
    the positions before it are kept. `step` may be `backend.compile(model.step)`, kept by a caller
    who decodes many batches of one shape. Raises `ValueError` for a `max_length` past the context.
    """
    longest = model.config.context_length
    max_length = longest if max_length is None else max_length
    if not 1 <= max_length <= longest:
        raise ValueError(f"max_length is {max_length}; the model has positions for 1 to {longest}")
    source = ops.convert_to_tensor(source, dtype="int32")
    source_mask = padding_mask(source, PAD_ID)
    cache = model.decoder.start_cache(model.encode(source), max_length)
    rows = source.shape[0]
    ids = np.full(rows, start_id)
    written, done = [[] for _ in range(rows)], np.zeros(rows, bool)
    for position in range(max_length):
        shown = ops.convert_to_tensor(ids[:, None], dtype="int32")
        place = position if step is None else ops.convert_to_tensor(position, dtype="int32")
        logits, cache = (step or model.step)(shown, source_mask, cache, place)
        ids = np.argmax(ops.convert_to_numpy(logits), axis=-1)
        done |= ids == end_id
        if done.all():
            break
        for row in np.flatnonzero(~done):
            written[row].append(int(ids[row]))
    return written
