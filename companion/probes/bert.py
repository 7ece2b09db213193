"""What runs beside the learner's code in chapter 6: one call, its result as plain data.

A probe gets the learner's answer and what one case holds. It knows no reference and imports no
check: in a sandbox it is the only course code that a submission sees.
"""

import numpy as np

from companion.probes.values import array as array
from companion.probes.values import scalar as scalar


def row(answer, case):
    """A function that returns a row of ids and a row of segments."""
    result = answer(**case)
    if not isinstance(result, tuple | list) or len(result) != 2:
        raise TypeError("the result should be two rows, `return ids, segments`")
    ids, segments = result
    return {"ids": np.asarray(ids), "segments": np.asarray(segments)}


def scoring(answer, case):
    """A function that scores ids by asking a model, which is made from the case's tables."""
    model = both_sides(case["near"], case["own"])
    value = answer(model, case["ids"], case["mask_id"])
    return {"value": float(np.asarray(value).item())}


def both_sides(near, own):
    """`log_probs(ids)`: log p of every token at every place, (time, vocab_size).

    What a place says depends on its two neighbours (rows of `near`) and, loudly, on the token that
    it is shown itself (a row of `own`).
    """

    def log_probs(ids):
        ids = np.asarray(ids)
        left = near[np.append(ids[:1], ids[:-1])]
        right = near[np.append(ids[1:], ids[-1:])]
        logits = left + 2 * right + own[ids]
        shifted = logits - logits.max(axis=-1, keepdims=True)
        return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))

    return log_probs
