"""One compiled loop that writes: read the last token, filter, choose, until every row has stopped.

Chapter 8. `greedy` and `sample` run the whole loop in one XLA program with fixed shapes; `stream`
runs one turn of it at a time and hands out each token as it comes, the same ones. Letters: B rows,
P slots of the prompts, N tokens at most, V vocabulary.
"""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from keras import ops

from companion import backend

from .cache import KVCache, Model, network, padded_prompts, weights, with_weights
from .filters import Filters, filtered

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
    `greedy`'s.
    """
    inputs = _Inputs(model, [prompt], max_tokens, filters, stop, seed)
    turn = inputs.program("turn", _turn_program)
    begin = inputs.program("begin", _begin_program)
    text, state = begin(*inputs.arguments)
    for place in range(inputs.width, inputs.width + max_tokens):
        number = int(text[0, place])
        if number in stop:
            return
        yield number
        if place + 1 < inputs.width + max_tokens:
            text, state = turn(*inputs.arguments, text, state)


def draw(logits, chance):
    """The token at which the running sum of probabilities passes `chance`, in [0, 1) a row.

    (batch, vocab) and (batch,) → int32 (batch,). A token of probability 0 is never drawn.
    """
    probs = ops.softmax(ops.cast(logits, "float32"), axis=-1)
    total = ops.cumsum(probs, axis=-1)
    # The sum may end a little beside 1; below it by a rounding, so that some token passes.
    goal = chance[:, None] * total[:, -1:] * (1 - 2.0**-22)
    return ops.cast(ops.argmax(ops.logical_and(total > goal, probs > 0), axis=-1), "int32")


class _Inputs:
    """What a loop is given: tensors of fixed shapes, and the names under which it is compiled."""

    def __init__(self, model, prompts, max_tokens, filters, stop, seed):
        filters = Filters() if filters is None else filters
        self.model, self.max_tokens, self.n = model, max_tokens, filters.no_repeat_ngram
        ids, padding = padded_prompts(model, prompts, max_tokens)
        self.rows, self.width = ids.shape
        numbers = filters.numbers()
        # A program is made for the filters that are on, whatever their numbers are.
        self.key = (max_tokens, self.n, tuple(numbers), seed is None, padding is None)
        self.arguments = (
            weights(model),
            model.start(self.rows, self.width + max_tokens),
            ops.convert_to_tensor(ids),
            None if padding is None else ops.convert_to_tensor(padding),
            {name: ops.convert_to_tensor(value) for name, value in numbers.items()},
            ops.convert_to_tensor(_stops(model, stop)),
            ops.convert_to_tensor(_chances(seed, self.rows, max_tokens)),
        )

    def program(self, name: str, make: Callable) -> Callable:
        """The compiled program of this name, made once for a model and its settings."""
        # Beside the model's attributes, not among them: Keras would take programs for its parts.
        programs = vars(network(self.model)).setdefault("_programs", {})
        key = (name, *self.key)
        if key not in programs:
            programs[key] = backend.compile(make(self.model, self.max_tokens, self.n, self.key[3]))
        return programs[key]


def _stops(model, stop) -> np.ndarray:
    """(V,), True where a row ends."""
    ends = np.zeros(model.config.vocab_size, bool)
    for number in stop:
        if not 0 <= number < len(ends):
            raise ValueError(f"stop token {number} is outside the vocabulary, 0 to {len(ends) - 1}")
        ends[number] = True
    return ends


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


def _begin(model, max_tokens, n, likeliest):
    """The first half of every program: the prompt read and the first token written."""

    def begin(layers, ids, padding, numbers, ends, chances):
        room = ops.full((ids.shape[0], max_tokens), NOTHING, "int32")
        text = ops.concatenate([ids, room], axis=1)
        shown = ops.maximum(ids, 0)  # padding is read, but never looked at
        logits, cache = KVCache(layers, 0).read(model, shown, padding)
        done = ops.zeros((ids.shape[0],), "bool")
        return put(logits, text, done, ids.shape[1], numbers, ends, chances[0]), cache.layers

    def put(logits, text, done, place, numbers, ends, chance):
        logits = filtered(logits, text, n, numbers)
        new = ops.cast(ops.argmax(logits, axis=-1), "int32") if likeliest else draw(logits, chance)
        text = ops.slice_update(text, (0, place), ops.where(done, NOTHING, new)[:, None])
        return text, ops.logical_or(done, ops.take(ends, new))

    return begin, put


def _turn(model, width, put):
    """One turn of the loop: the token before `place` is read, and the one at `place` written."""

    def turn(place, layers, text, done, padding, numbers, ends, chances):
        # Not `ops.slice`: XLA would make another program for each place.
        last = ops.take(text, place - 1, axis=1)[:, None]
        cache = KVCache(layers, place - 1)
        logits, cache = cache.read(model, ops.maximum(last, 0), padding)
        chance = ops.take(chances, place - width, axis=0)
        text, done = put(logits, text, done, place, numbers, ends, chance)
        return cache.layers, text, done

    return turn


def _whole_program(model, max_tokens, n, likeliest):
    begin, put = _begin(model, max_tokens, n, likeliest)

    def program(values, layers, ids, padding, numbers, ends, chances):
        width = ids.shape[1]
        turn = _turn(model, width, put)

        def goes_on(place, layers, text, done):
            return ops.logical_and(place < width + max_tokens, ops.logical_not(ops.all(done)))

        def body(place, layers, text, done):
            after = turn(place, layers, text, done, padding, numbers, ends, chances)
            return (place + 1, *after)

        with with_weights(model, values):
            (text, done), layers = begin(layers, ids, padding, numbers, ends, chances)
            start = (ops.convert_to_tensor(width + 1, "int32"), layers, text, done)
            return ops.while_loop(goes_on, body, start)[2]

    return program


def _begin_program(model, max_tokens, n, likeliest):
    begin, _ = _begin(model, max_tokens, n, likeliest)

    def program(values, layers, ids, padding, numbers, ends, chances):
        with with_weights(model, values):
            (text, done), layers = begin(layers, ids, padding, numbers, ends, chances)
        return text, (ops.convert_to_tensor(ids.shape[1] + 1, "int32"), layers, done)

    return program


def _turn_program(model, max_tokens, n, likeliest):
    _, put = _begin(model, max_tokens, n, likeliest)

    def program(values, layers, ids, padding, numbers, ends, chances, text, state):
        place, layers, done = state
        turn = _turn(model, ids.shape[1], put)
        with with_weights(model, values):
            layers, text, done = turn(place, layers, text, done, padding, numbers, ends, chances)
        return text, (place + 1, layers, done)

    return program
