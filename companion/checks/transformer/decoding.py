"""Greedy decoding: ask, take the likeliest, append, until the stop symbol or the end."""

from functools import partial

import numpy as np

from companion.checks.transformer.arrays import normal
from companion.course.exercise import Exercise, Mistake
from companion.probes import transformer as probes


def _greedy(next_logits, start_id, stop_id, max_length, **bugs):
    """The likeliest token each time, with a part of the loop done wrong on demand."""
    shown = bugs.get("shown", lambda ids: ids)
    best = bugs.get("best", np.argmax)
    ids = [bugs.get("start", lambda start, stop: start)(start_id, stop_id)]
    for _ in range(max_length + bugs.get("more", 0)):
        token = int(best(next_logits(shown(ids))))
        if token == stop_id and bugs.get("stops", True):
            if bugs.get("keep") == "stop":
                ids.append(token)
            break
        ids.append(token)
    return bugs.get("result", lambda ids: ids[1:])(ids)


def _never_ends(next_logits, start_id, stop_id, max_length):
    return _greedy(next_logits, start_id, stop_id, 10**6)


def _stops_cut(next_logits, start_id, stop_id, max_length):
    """Always to the end, and every stop symbol left out afterwards."""
    ids = _greedy(next_logits, start_id, stop_id, max_length, stops=False)
    return [token for token in ids if token != stop_id]


def _not_appended(next_logits, start_id, stop_id, max_length):
    result = []
    for _ in range(max_length):
        token = int(np.argmax(next_logits([start_id])))
        if token == stop_id:
            break
        result.append(token)
    return result


def _last_lost(next_logits, start_id, stop_id, max_length):
    """The last id is taken off as if it always were the stop symbol."""
    return _greedy(next_logits, start_id, stop_id, max_length)[:-1]


def _cases(rng, size):
    length, max_length = ((2, 5), (3, 3), (5, 3), (0, 4), (1, 1), (6, 8), (4, 9))[size % 7]
    vocab_size = int(rng.integers(7, 12))
    start_id, stop_id, *words = (int(i) for i in rng.permutation(vocab_size))
    noise = normal(rng, vocab_size, vocab_size)
    noise[:, stop_id] -= 20  # babble does not end by itself
    return {
        "start_id": start_id,
        "stop_id": stop_id,
        "max_length": max_length,
        "sentence": [words[i % len(words)] for i in rng.integers(0, 99, length)],
        "noise": noise,
    }


greedy_decode = Exercise(
    name="greedy_decode",
    kind="implement",
    title="Word by word",
    minutes=15,
    difficulty=2,
    cases=_cases,
    sizes=7,
    probe=probes.decoding,
    reference=_greedy,
    mistakes=[
        Mistake(
            "start-kept",
            partial(_greedy, result=lambda ids: ids),
            "The start symbol is still in front of the result; nobody said that word.",
        ),
        Mistake(
            "stop-kept",
            partial(_greedy, keep="stop"),
            "The stop symbol is in the result; it ends the sentence and is no part of it. Look at "
            "the token before you append it.",
        ),
        Mistake(
            "both-kept",
            partial(_greedy, keep="stop", result=lambda ids: ids),
            "Start and stop symbol are in the result; they are no words of the sentence.",
        ),
        Mistake(
            "last-word-lost",
            _last_lost,
            "You always take the last token off, as if it were the stop symbol; it was never "
            "appended, or max_length came first.",
        ),
        Mistake(
            "stop-ignored",
            partial(_greedy, stops=False),
            "Your loop goes on after the stop symbol, and the model babbles; end it there.",
        ),
        Mistake(
            "stop-filtered",
            _stops_cut,
            "You left the stop symbol out of the result, but what was said after it is still "
            "there; the sentence ends at the first one.",
        ),
        Mistake(
            "one-short",
            partial(_greedy, more=-1),
            "Where max_length ends the text you return one token too few: it counts what is "
            "returned, without the start, and nothing is to be taken off at the end.",
        ),
        Mistake(
            "one-short-stop-kept",
            partial(_greedy, more=-1, keep="stop"),
            "The stop symbol is in the result, and where max_length ends the text you return one "
            "token too few: it counts without the start.",
        ),
        Mistake(
            "one-too-many",
            partial(_greedy, more=1),
            "You return one token more than max_length.",
        ),
        Mistake(
            "never-ends",
            _never_ends,
            "max_length is not used: a model that never says stop would keep you for ever.",
        ),
        Mistake(
            "not-appended",
            _not_appended,
            "The model is asked the same question each time: what it says must be appended to what "
            "it is shown.",
        ),
        Mistake(
            "last-token-only",
            partial(_greedy, shown=lambda ids: ids[-1:]),
            "You show the model its last token only, as if it were a bigram; it needs all that was "
            "said so far, from the start on.",
        ),
        Mistake(
            "no-start",
            partial(_greedy, shown=lambda ids: ids[1:]),
            "The start symbol is missing from what the model is shown; in training it stood in "
            "front of every target.",
        ),
        Mistake(
            "starts-with-stop",
            partial(_greedy, start=lambda start, stop: stop),
            "You begin with the stop symbol in the place of the start symbol.",
        ),
        Mistake(
            "starts-with-zero",
            partial(_greedy, start=lambda start, stop: 0),
            "You begin with 0, which is the start symbol only by chance; use start_id.",
        ),
        Mistake(
            "logit-for-id",
            partial(_greedy, best=np.max),
            "You took the largest logit itself for the token; the id is its *place*.",
        ),
        Mistake(
            "least-likely",
            partial(_greedy, best=np.argmin),
            "You took the smallest logit; the likeliest token has the largest.",
        ),
    ],
    hints=[
        "Play it by hand: what do you show the model first, what second, and when do you stop?",
        "A list of ids that begins with the start symbol grows by one each time; logits are "
        "(vocab_size,).",
        "`int(np.argmax(...))` is the next token; test it against stop_id before it is appended, "
        "and return what came after the start.",
    ],
)
