"""What runs beside the learner's code in chapter 7: one call, its result as plain data.

A probe gets the learner's answer and what one case holds. It knows no reference and imports no
check: in a sandbox it is the only course code that a submission sees.
"""

import numpy as np

from companion.probes.values import array as array
from companion.probes.values import scalar as scalar

PATIENCE = 500  # pieces that a forgetful model reads before it gives up


def two_arrays(answer, case):
    """A function that returns the pair (inputs, targets)."""
    result = answer(**case)
    if not (isinstance(result, tuple | list) and len(result) == 2):
        raise TypeError(
            f"the result is a {type(result).__name__}, it should be a pair (inputs, targets)"
        )
    return {
        name: np.asarray(part) for name, part in zip(("inputs", "targets"), result, strict=True)
    }


def gradients(answer, case):
    """A function that returns a list of arrays, one for each that it was given."""
    result = answer(**case)
    if not isinstance(result, list | tuple):
        raise TypeError(f"the result is a {type(result).__name__}, it should be a list of arrays")
    if len(result) != len(case["gradients"]):
        raise ValueError(f"{len(case['gradients'])} arrays were given, {len(result)} came back")
    return {f"gradient {i}": np.asarray(part, float) for i, part in enumerate(result)}


def pieces(answer, case):
    """A function that scores a long text with a model that reads short pieces only."""
    model = forgetful_model(case["weights"])
    sizes = {name: case[name] for name in ("ids", "context_length", "stride")}
    return {"result": np.asarray(answer(model, **sizes), float)}


def forgetful_model(weights):
    """`token_log_probs(piece)`: a made-up number for each token, from the tokens before it.

    It reads at most `len(weights)` ids; what stood before the piece it cannot know.
    """
    asked = 0

    def token_log_probs(piece):
        nonlocal asked
        asked += 1
        piece = np.asarray(piece)
        if asked > PATIENCE:
            raise RuntimeError(f"asked to read {PATIENCE} pieces: the loop does not end")
        if piece.ndim != 1 or not 1 <= len(piece) <= len(weights):
            raise ValueError(
                f"a piece has shape {piece.shape}; the model reads 1 to {len(weights)} ids in a row"
            )
        # The nearer a token, the more it weighs; position i has i + 1 of them.
        return -np.array([weights[: i + 1] @ (1.0 + piece[i::-1]) for i in range(len(piece))])

    return token_log_probs
