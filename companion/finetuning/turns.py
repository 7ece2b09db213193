"""Batches of short and of long rows in turn, and what a model says of rows. Chapter 10.

Texts differ in length, and padding costs as much as text. Two widths are enough to save most of it,
and few enough for the compiled step. Letters: B batch, T time.
"""

import numpy as np
from keras import tree

from companion import training
from companion.bert import MASK, mask_tokens, take_turns
from companion.tokenization import WordPiece
from companion.transformer import PAD_ID

WIDTH_STEP = 16  # widths when predicting are multiples of it or the widest: few to compile


def turns(
    ids: np.ndarray, targets: dict[str, np.ndarray], batch_size: int, seed: int = 0
) -> training.Batch:
    """Batches for `training.fit`, a function of the step: rows below the median length, then above.

    `ids` (rows, time), padded with 0; `targets` by name, (rows, …); those with a time axis are cut
    as the ids are, and so are their weights, `targets["weights of NAME"]`. Each batch is (ids,
    targets, weights), or (ids, target, weight) where there is one target. Rows of one width, or
    too few for two halves, make batches of one kind. Raises `ValueError` where a target has
    another number of rows.
    """
    if odd := {name: len(rows) for name, rows in targets.items() if len(rows) != len(ids)}:
        raise ValueError(f"{len(ids)} rows of ids, and of targets {odd}; they are a target a row")
    lengths = (ids != PAD_ID).sum(axis=1)
    order = np.argsort(lengths, kind="stable")
    halves = [half for half in np.array_split(order, 2) if len(half)]
    widths = [int(lengths[half].max()) for half in halves]
    if len(halves) < 2 or widths[0] == widths[1] or min(map(len, halves)) < batch_size:
        halves, widths = [order], [int(lengths.max())]
    names = [name for name in targets if not name.startswith("weights of ")]
    arrays = [ids, *targets.values()]

    def source(half, width, number):
        kept = [_cut(array[half], width, ids.shape[1]) for array in arrays]
        size = min(batch_size, len(half))
        pick = training.shuffled(*kept, batch_size=size, seed=seed * 2 + number)

        def batch(step):
            shown, *rest = pick(step)
            found = dict(zip(targets, rest, strict=True))
            wanted = {name: found[name] for name in names}
            weights = {name: found.get(f"weights of {name}") for name in names}
            if len(names) == 1:
                return _triple(shown, wanted[names[0]], weights[names[0]])
            ones = {n: np.ones(len(shown), "float32") for n, w in weights.items() if w is None}
            return shown, wanted, weights | ones

        return batch

    return take_turns(*map(source, halves, widths, range(len(halves))))


def _triple(shown, wanted, weights):
    return (shown, wanted) if weights is None else (shown, wanted, weights)


def _cut(array: np.ndarray, width: int, time: int) -> np.ndarray:
    """The first `width` places of what has a time axis."""
    return array[:, :width] if array.ndim > 1 and array.shape[1] == time else array


def word_dropout(
    batch: training.Batch, rate: float, tokenizer: WordPiece, seed: int = 0
) -> training.Batch:
    """The same batches with `rate` of the tokens shown as [MASK], others at every step.

    What is asked for stays, so that no answer can hang on one word (Iyyer et al. 2015, §3.1, who
    left the words out). Special tokens are always shown. Raises `ValueError` as `mask_tokens` does.
    """
    special = tokenizer.special_tokens
    mask, kept = special[MASK], [*special.values()]

    def dropped(step):
        ids, *asked = batch(step)
        rng = np.random.default_rng([seed, step])
        shown = mask_tokens(
            ids, rng, len(tokenizer), mask_id=mask, special_ids=kept, rate=rate, shown=(1.0, 0.0)
        )
        return shown.ids, *asked

    return dropped


def predict(model, ids: np.ndarray, batch_size: int = 64) -> list:
    """What the model says of each row, as arrays without the batch's axis, in the order of rows.

    Rows of like length go together; a row's output along time is as long as its batch was wide.
    """
    lengths = (ids != PAD_ID).sum(axis=1)
    order = np.argsort(lengths, kind="stable")
    said: list = [None] * len(ids)
    for begin in range(0, len(order), batch_size):
        chosen = order[begin : begin + batch_size]
        width = rounded_up(int(lengths[chosen].max()), WIDTH_STEP, ids.shape[1])
        rows = np.zeros((batch_size, width), ids.dtype)
        rows[: len(chosen)] = ids[chosen, :width]
        outputs = model.predict_on_batch(rows)
        for place, row in enumerate(chosen):
            said[row] = tree.map_structure(lambda output, at=place: output[at], outputs)
    return said


def rounded_up(width: int, step: int, limit: int) -> int:
    """The next multiple of `step`, or `limit` if that is less: few widths, and none too wide."""
    return min(-(-width // step) * step, limit)


def steps_of(rows: int, batch_size: int, epochs: float, at_least: int, every: int) -> int:
    """How many steps `epochs` rounds take: at least `at_least`, and a multiple of `every`."""
    steps = max(at_least, round(epochs * rows / batch_size))
    return -(-steps // every) * every
