"""One compiled loop that writes: read the last token, filter, choose, until every row has stopped.

Chapter 8. `greedy` and `sample` run the whole loop in one XLA program with fixed shapes; `stream`
runs one turn of it at a time and hands out each token as it comes, the same ones. Letters: B rows,
P slots of the prompts, N tokens at most, V vocabulary.
"""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from keras import ops

from companion import backend

from .cache import KVCache, Model, network, padded_prompts, stops, weights, with_weights
from .filters import Filters, filtered
from .reading import Reading

NOTHING = -1  # in place of an id: before a prompt, after a stop token


def greedy(
    model: Model,
    prompts: Sequence[Sequence[int]],
    max_tokens: int = 50,
    *,
    filters: Filters | None = None,
    stop: Sequence[int] = (),
) -> list[list[int]]:
    """w_t = argmax p(w | w_1 … w_{t−1}): always the likeliest token, the lowest id among equals.

    Prompts may differ in length; each gets `max_tokens` ids at most, without the prompt and
    without the `stop` token that ended it. Raises `ValueError` for prompts that `padded_prompts`
    refuses, and a stop token outside the vocabulary.
    """
    return _write(model, prompts, max_tokens, filters, stop, seed=None)


def sample(
    model: Model,
    prompts: Sequence[Sequence[int]],
    max_tokens: int = 50,
    *,
    filters: Filters | None = None,
    stop: Sequence[int] = (),
    seed: int = 0,
) -> list[list[int]]:
    """w_t ~ p(w | w_1 … w_{t−1}) after the filters: a token drawn by chance. Otherwise as `greedy`.

    Row b's chances are drawn from (seed, b): what a row becomes does not depend on its neighbours.
    """
    return _write(model, prompts, max_tokens, filters, stop, seed)


def stream(
    model: Model,
    prompt: Sequence[int],
    max_tokens: int = 50,
    *,
    filters: Filters | None = None,
    stop: Sequence[int] = (),
    seed: int | None = 0,
) -> Iterator[int]:
    """Yield the ids of one text one by one, as they are written: `sample`'s, or with seed None
    `greedy`'s. Raises as they do, when the first id is asked for.
    """
    inputs = _Inputs(model, [prompt], max_tokens, filters, stop, seed)
    turn = inputs.program("turn", _turn_program)
    reading = Reading(model, [prompt], max_tokens)  # the searches read prompts by this program too
    logits = ops.convert_to_tensor(reading.logits[:, -1])
    state = _beginning(inputs.arguments[2], reading.cache.layers, logits, max_tokens)
    for place in range(inputs.width, inputs.width + max_tokens):
        state = turn(*inputs.arguments, state)
        number = int(state[3][0, place])
        if number in stop:
            return
        yield number


def draw(logits, chance):
    """The token at which the running sum of probabilities passes `chance`, in [0, 1) a row.

    (batch, vocab) and (batch,) → int32 (batch,). A token of probability 0 is never drawn.
    """
    logits = ops.cast(logits, "float32")
    weights = ops.exp(logits - ops.max(logits, axis=-1, keepdims=True))
    total = ops.cumsum(weights, axis=-1)
    # Below the whole sum by a rounding, so that some token passes.
    goal = chance[:, None] * total[:, -1:] * (1 - 2.0**-22)
    return ops.cast(ops.argmax(ops.logical_and(total > goal, weights > 0), axis=-1), "int32")


class _Inputs:
    """What a loop is given: tensors of fixed shapes, and the names under which it is compiled."""

    def __init__(self, model, prompts, max_tokens, filters, stop, seed):
        filters = Filters() if filters is None else filters
        self.model, self.max_tokens, self.n = model, max_tokens, filters.no_repeat_ngram
        ids, padding = padded_prompts(model, prompts, max_tokens)
        self.rows, self.width = ids.shape
        numbers = filters.numbers()
        self.likeliest = seed is None
        # A program is made for the filters that are on, whatever their numbers are.
        self.key = (max_tokens, self.n, tuple(numbers), self.likeliest, padding is None)
        self.arguments = (
            weights(model),
            model.start(self.rows, self.width + max_tokens),
            ops.convert_to_tensor(ids),
            None if padding is None else ops.convert_to_tensor(padding),
            {name: ops.convert_to_tensor(value) for name, value in numbers.items()},
            ops.convert_to_tensor(stops(model, stop)),
            ops.convert_to_tensor(_chances(seed, self.rows, max_tokens)),
        )

    def program(self, name: str, make: Callable) -> Callable:
        """The compiled program of this name, made once for a model and its settings."""
        # Beside the model's attributes, not among them: Keras would take programs for its parts.
        programs = vars(network(self.model)).setdefault("_programs", {})
        key = (name, *self.key)
        if key not in programs:
            programs[key] = backend.compile(
                make(self.model, self.max_tokens, self.n, self.likeliest)
            )
        return programs[key]


def _chances(seed: int | None, rows: int, max_tokens: int) -> np.ndarray:
    """(N, B) numbers in [0, 1); zeros, which nobody looks at, without a seed."""
    if seed is None:
        return np.zeros((max_tokens, rows), np.float32)
    rows = [
        np.random.default_rng([seed, row]).random(max_tokens, np.float32) for row in range(rows)
    ]
    return np.stack(rows, axis=1)


def _write(model, prompts, max_tokens, filters, stop, seed) -> list[list[int]]:
    inputs = _Inputs(model, prompts, max_tokens, filters, stop, seed)
    text = ops.convert_to_numpy(inputs.program("whole", _whole_program)(*inputs.arguments))
    ends = set(stop) | {NOTHING}
    return [_until(row[inputs.width :].tolist(), ends) for row in text]


def _until(ids: list[int], ends: set[int]) -> list[int]:
    for i, number in enumerate(ids):
        if number in ends:
            return ids[:i]
    return ids


def _beginning(ids, layers, logits, max_tokens):
    """The state of the loop behind the prompts: place, layers, logits, text, done."""
    rows, width = ids.shape
    room = ops.full((rows, max_tokens), NOTHING, "int32")
    text = ops.concatenate([ids, room], axis=1)
    place = ops.convert_to_tensor(width, "int32")
    return place, layers, logits, text, ops.zeros((rows,), "bool")


def _turn(model, n, likeliest, width, padding, numbers, ends, chances):
    """One turn of the loop: the token at `place` is chosen, written and read."""

    def turn(place, layers, logits, text, done):
        logits = filtered(logits, text, n, numbers)
        if likeliest:
            new = ops.cast(ops.argmax(logits, axis=-1), "int32")
        else:
            new = draw(logits, ops.take(chances, place - width, axis=0))
        text = ops.slice_update(text, (0, place), ops.where(done, NOTHING, new)[:, None])
        done = ops.logical_or(done, ops.take(ends, new))
        logits, cache = KVCache(layers, place).read(model, new[:, None], padding)
        return place + 1, cache.layers, logits, text, done

    return turn


def _whole_program(model, max_tokens, n, likeliest):
    def program(values, layers, ids, padding, numbers, ends, chances):
        width = ids.shape[1]
        turn = _turn(model, n, likeliest, width, padding, numbers, ends, chances)

        def goes_on(place, layers, logits, text, done):
            return ops.logical_and(place < width + max_tokens, ops.logical_not(ops.all(done)))

        with with_weights(model, values):
            # Padding is read, but never looked at.
            logits, cache = KVCache(layers, 0).read(model, ops.maximum(ids, 0), padding)
            state = _beginning(ids, cache.layers, logits, max_tokens)
            return ops.while_loop(goes_on, turn, state)[3]

    return program


def _turn_program(model, max_tokens, n, likeliest):
    def program(values, layers, ids, padding, numbers, ends, chances, state):
        turn = _turn(model, n, likeliest, ids.shape[1], padding, numbers, ends, chances)
        with with_weights(model, values):
            return turn(*state)

    return program
