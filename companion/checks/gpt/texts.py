"""What a language model is shown and asked: windows of a text, and the loss of the next token."""

from functools import partial

import numpy as np

from companion.course.exercise import Exercise, Mistake, Relation
from companion.probes import gpt as probes


def _windows(ids, context_length, targets=lambda ids, used, inputs: ids[1 : used + 1], order="C"):
    """Inputs, and targets one token later, or what a wrong idea takes for them."""
    count = (len(ids) - 1) // context_length
    used = count * context_length
    inputs = ids[:used].reshape(count, context_length)
    wanted = targets(ids, used, inputs)
    return inputs, wanted if wanted.ndim == 2 else wanted.reshape(inputs.shape, order=order)


def _last_zero(ids, used, inputs):
    return np.hstack([inputs[:, 1:], np.zeros_like(inputs[:, :1])])


def _windows_cases(rng, size):
    context_length = (2, 3, 4, 5)[size % 4]
    length = 3 * context_length + (1, 0, 2)[size % 3] + size  # with and without a rest
    return {"ids": rng.permutation(90)[:length] + 1, "context_length": context_length}


windows = Exercise(
    name="windows",
    kind="fill",
    title="Shift by one",
    minutes=5,
    difficulty=1,
    cases=_windows_cases,
    probe=probes.two_arrays,
    reference=_windows,
    mistakes=[
        Mistake(
            "not-shifted",
            partial(_windows, targets=lambda ids, used, inputs: inputs),
            "Your targets are the inputs: the model would be asked for the token that it is "
            "looking at. They begin one token later.",
        ),
        Mistake(
            "wraps-in-the-row",
            partial(_windows, targets=lambda ids, used, inputs: np.roll(inputs, -1, axis=1)),
            "The last target of each row is the row's own first token; what follows it stands in "
            "the text, at the beginning of the next row.",
        ),
        Mistake(
            "wraps-at-the-end",
            partial(_windows, targets=lambda ids, used, inputs: np.roll(ids[:used], -1)),
            "All right but the very last target, which is the first token of the text: take "
            "`ids[used]`, not `ids[0]`.",
        ),
        Mistake(
            "last-is-zero",
            partial(_windows, targets=_last_zero),
            "The last target of each row is 0; what follows is known, it is the next row's first "
            "token.",
        ),
        Mistake(
            "one-short",
            partial(_windows, targets=lambda ids, used, inputs: inputs[:, 1:]),
            "Your targets have one column less than the inputs; the last input has a successor "
            "too, in the text.",
        ),
        Mistake(
            "the-past",
            partial(_windows, targets=lambda ids, used, inputs: np.roll(ids, 1)[:used]),
            "You shifted the other way: your model learns to say what came before.",
        ),
        Mistake(
            "by-two",
            partial(_windows, targets=lambda ids, used, inputs: np.roll(ids, -2)[:used]),
            "You shifted by two tokens; the next one is asked for.",
        ),
        Mistake(
            "down-the-columns",
            partial(_windows, order="F"),
            "The right tokens, filled in column by column; reshape row by row, as the inputs.",
        ),
    ],
    hints=[
        "Which token should a model say that has just read `ids[0]`? And one that has read "
        "`ids[used - 1]`?",
        "As many tokens as the inputs, from the same text, beginning one later; the same shape.",
        "A slice of `ids` from 1 to `used`, both included, then `.reshape(count, context_length)`.",
    ],
)


def _log_softmax(logits):
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def _loss(logits, ids, pad_id, **bugs):
    """Mean of −log p(next id) over all targets that are no padding, or a part done wrong."""
    logits, shown, targets = bugs.get("shift", _shift)(logits, ids)
    with np.errstate(all="ignore"):
        log_probs = bugs.get("log_softmax", _log_softmax)(logits)
        losses = -np.take_along_axis(log_probs, targets[..., None], axis=-1)[..., 0]
        real = (shown if bugs.get("by_input") else targets) != pad_id
        return float(bugs.get("mean", lambda x, real: x[real].mean())(losses, real))


def _shift(logits, ids):
    return logits[:, :-1], ids[:, :-1], ids[:, 1:]


def _no_shift(logits, ids):
    return logits, ids, ids


def _shift_back(logits, ids):
    return logits[:, 1:], ids[:, 1:], ids[:, :-1]


def _naive(logits):
    powers = np.exp(logits)
    return np.log(powers / powers.sum(axis=-1, keepdims=True))


def _sum_overflows(logits):
    return logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))


def _one_maximum(logits):
    shifted = logits - logits.max()
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def _mean_of_rows(losses, real):
    return np.mean([row[kept].mean() for row, kept in zip(losses, real, strict=True)])


def _last_turned(case, rng):
    logits = case["logits"].copy()
    logits[:, -1] *= -1
    return case | {"logits": logits}


def _loss_cases(rng, size):
    batch, time, vocab_size = ((2, 5, 4), (3, 6, 5), (1, 2, 3), (2, 4, 7))[size % 4]
    pad_id = int(rng.integers(vocab_size))
    others = np.delete(np.arange(vocab_size), pad_id)
    ids = rng.choice(others, (batch, time))
    for row in range(1, batch):
        ids[row, 2 + (row + size) % (time - 2) :] = pad_id  # two real ids at least
    logits = rng.normal(scale=2, size=(batch, time, vocab_size)).round(2)
    if size in (3, 6):  # exp alone overflows, and one maximum for all places leaves nothing
        logits = logits + np.where(np.arange(time) % 2, -900.0, 900.0)[:, None]
    return {"logits": logits, "ids": ids, "pad_id": pad_id}


next_token_loss = Exercise(
    name="next_token_loss",
    kind="implement",
    title="The loss of the next token",
    minutes=15,
    difficulty=2,
    cases=_loss_cases,
    probe=probes.scalar,
    reference=_loss,
    relations=[
        Relation(
            "same-added-to-all-logits",
            lambda case, rng: case | {"logits": case["logits"] + 3},
            lambda out, more: abs(out["value"] - more["value"]) < 1e-6,
            "The same number added to all logits must change nothing.",
        ),
        Relation(
            "last-logits-do-not-count",
            _last_turned,
            lambda out, other: abs(out["value"] - other["value"]) < 1e-9,
            "Nothing follows the last token of a row, so the logits there must not count.",
        ),
    ],
    mistakes=[
        Mistake(
            "not-shifted",
            partial(_loss, shift=_no_shift),
            "You compare the logits at t with the id at t, which the model has just read; they "
            "say what comes at t + 1.",
        ),
        Mistake(
            "shifted-back",
            partial(_loss, shift=_shift_back),
            "You shifted the other way: your logits are asked for the token before.",
        ),
        Mistake(
            "padding-counts",
            partial(_loss, mean=lambda x, real: x.mean()),
            "Padding is among your targets; nobody wants the model to learn to write it.",
        ),
        Mistake(
            "divides-by-all",
            partial(_loss, mean=lambda x, real: (x * real).sum() / real.size),
            "The sum leaves padding out, but you divide by the number of all targets; divide by "
            "those that you added.",
        ),
        Mistake(
            "mask-of-the-inputs",
            partial(_loss, by_input=True),
            "You left out what follows padding; leave out where padding *is* the target: a row's "
            "last real token is not asked for it.",
        ),
        Mistake(
            "mean-of-rows",
            partial(_loss, mean=_mean_of_rows),
            "You took the mean of each row, then of the rows: a token of a short row weighs more. "
            "Take one mean over all targets.",
        ),
        Mistake(
            "sum",
            partial(_loss, mean=lambda x, real: x[real].sum()),
            "That is the sum; the loss is a mean over the targets.",
        ),
        Mistake(
            "overflow",
            partial(_loss, log_softmax=_naive),
            "Right for small logits; with large ones `np.exp` overflows. Take out the largest "
            "logit of each place first.",
        ),
        Mistake(
            "sum-overflows",
            partial(_loss, log_softmax=_sum_overflows),
            "Right for small logits; with large ones the sum of `np.exp` overflows. Take out the "
            "largest logit of each place first.",
        ),
        Mistake(
            "one-maximum",
            partial(_loss, log_softmax=_one_maximum),
            "You took one maximum out of all places; where the logits lie far below it, `np.exp` "
            "leaves only zeros. Each place has a maximum of its own.",
        ),
        Mistake(
            "no-softmax",
            partial(_loss, log_softmax=lambda x: x),
            "You took the logit of the target for its log-probability; a log-softmax comes first.",
        ),
        Mistake(
            "probability",
            partial(_loss, log_softmax=lambda x: np.exp(_log_softmax(x))),
            "That is minus the mean probability; the loss is minus the mean *logarithm* of it.",
        ),
        Mistake(
            "negative",
            partial(_loss, mean=lambda x, real: -x[real].mean()),
            "The sign is missing: logarithms of probabilities are negative, a loss is not.",
        ),
        Mistake(
            "bits",
            partial(_loss, mean=lambda x, real: x[real].mean() / np.log(2)),
            "That is in bits; in nats the natural logarithm is all there is.",
        ),
        Mistake(
            "perplexity",
            partial(_loss, mean=lambda x, real: np.exp(x[real].mean())),
            "That is the perplexity, the exponential of the loss.",
        ),
    ],
    hints=[
        "After reading t tokens the model says what comes at t + 1; after the last nobody can "
        "say whether it was right.",
        "`logits[:, :-1]` against `ids[:, 1:]`; of those places, the ones whose target is no "
        "padding.",
        "`np.take_along_axis(log_probs, targets[..., None], axis=-1)[..., 0]` picks the targets; "
        "index with a mask, then `.mean()`.",
    ],
)
