"""The loss with label smoothing: a wanted distribution that does not want certainty."""

from functools import partial

import numpy as np

from companion.checks.transformer.arrays import log_softmax, normal
from companion.course.exercise import Exercise, Mistake, Relation
from companion.probes import transformer as probes


def _targets(target, classes, smoothing, pad_id):
    """1 − ε on the true token plus ε/V on each."""
    return (1 - smoothing) * np.eye(classes)[target] + smoothing / classes


def _among_the_others(target, classes, smoothing, pad_id):
    true = np.eye(classes)[target]
    return (1 - smoothing) * true + smoothing / (classes - 1) * (1 - true)


def _without_padding(target, classes, smoothing, pad_id):
    true = np.eye(classes)[target]
    others = (1 - true) * (np.arange(classes) != pad_id)
    return (1 - smoothing) * true + smoothing * others / others.sum(axis=-1, keepdims=True)


def _swapped(target, classes, smoothing, pad_id):
    return smoothing * np.eye(classes)[target] + (1 - smoothing) / classes


def _more_than_one(target, classes, smoothing, pad_id):
    return np.eye(classes)[target] + smoothing / classes


def _less_than_one(target, classes, smoothing, pad_id):
    true = np.eye(classes)[target]
    return (1 - smoothing) * true + smoothing / classes * (1 - true)


def _whole_epsilon(target, classes, smoothing, pad_id):
    return (1 - smoothing) * np.eye(classes)[target] + smoothing


def _divergence(wanted, log_probs):
    return wanted * (log_probs - np.log(wanted))


def _roles_swapped(wanted, log_probs):
    return np.exp(log_probs) * np.log(wanted)


def _naive_log(logits):
    with np.errstate(all="ignore"):
        powers = np.exp(logits)
        return np.log(powers / powers.sum(axis=-1, keepdims=True))


def _small_number_added(logits):
    return np.log(np.exp(log_softmax(logits)) + 1e-9)


def _mean_of_sentences(losses, real):
    return ((losses * real).sum(axis=1) / real.sum(axis=1)).mean()


def _loss(logits, target, smoothing, pad_id, **bugs):
    """The mean over real tokens of −Σ q·log p, with a part at a time done wrong on demand."""
    wanted = bugs.get("targets", _targets)(target, logits.shape[-1], smoothing, pad_id)
    log_probs = bugs.get("log", log_softmax)(logits)
    terms = bugs.get("terms", np.multiply)(wanted, log_probs)
    losses = -terms.sum(axis=-1) * bugs.get("factor", 1)
    if bugs.get("vocabulary") == "mean":
        losses = -terms.mean(axis=-1)
    mean = bugs.get("mean", lambda values, real: (values * real).sum() / real.sum())
    return mean(losses, target != bugs.get("pad", pad_id))


LOSS_SHAPES = ((1, 1, 4), (1, 3, 5), (2, 3, 6), (2, 4, 5), (3, 3, 7), (2, 5, 6))


def _loss_cases(rng, size):
    batch, time, classes = LOSS_SHAPES[size % 6]
    logits = normal(rng, batch, time, classes)
    pad_id = 0 if size < 3 else classes - 1  # no constant
    target = rng.integers(0, classes - 1, (batch, time)) + (pad_id == 0)
    if size > 1:  # sentences of different lengths
        for row in range(batch):
            target[row, time - row :] = pad_id
    if size == 4:
        logits = 400 * logits  # exp alone overflows, and the softmax becomes 0
    return {
        "logits": logits,
        "target": target,
        "smoothing": (0.1, 0.1, 0.2, 0.1, 0.3, 0.05)[size % 6],
        "pad_id": pad_id,
    }


def _more_padding(case, rng):
    """A column of padding at the end, whatever the model says there."""
    batch, _, classes = case["logits"].shape
    column = np.full((batch, 1), case["pad_id"])
    return case | {
        "logits": np.concatenate([case["logits"], normal(rng, batch, 1, classes)], axis=1),
        "target": np.concatenate([case["target"], column], axis=1),
    }


def _same_value(out, other):
    # float32 will do
    return bool(np.isclose(out["value"], other["value"], rtol=1e-5, atol=1e-5, equal_nan=True))


SURER = 1e4


def _surer(case, rng):
    """A model that is sure of what it said, wrong or not."""
    return case | {"logits": case["logits"] * SURER}


smoothed_loss = Exercise(
    name="smoothed_loss",
    kind="implement",
    title="A loss that does not want certainty",
    minutes=30,
    difficulty=2,
    cases=_loss_cases,
    sizes=6,
    probe=probes.scalar,
    reference=_loss,
    relations=[
        Relation(
            "padding-does-not-count",
            _more_padding,
            _same_value,
            "One more place of padding in every sentence must change nothing.",
        ),
        Relation(
            "only-differences-of-logits",
            lambda case, rng: case | {"logits": case["logits"] + 7},
            _same_value,
            "The same number added to all logits must change nothing.",
        ),
        Relation(
            "no-limit-to-the-loss",
            _surer,
            lambda out, surer: not 0 <= surer["value"] < 40,
            "A model that is sure and wrong must lose hundreds of nats, and here it stops at some "
            "value: is a small number added to a probability, or is it clipped? Take log p from "
            "the logits.",
        ),
    ],
    mistakes=[
        Mistake(
            "no-smoothing",
            partial(_loss, targets=lambda t, v, e, p: np.eye(v)[t]),
            "That is the ordinary cross-entropy: ε is not used.",
        ),
        Mistake(
            "among-the-others",
            partial(_loss, targets=_among_the_others),
            "You gave ε to the *other* tokens, ε/(V − 1) each; here all V tokens get ε/V, the "
            "true one too, beside its 1 − ε. Both are in use; the text defines this one.",
        ),
        Mistake(
            "padding-gets-nothing",
            partial(_loss, targets=_without_padding),
            "You kept ε away from the padding symbol; here all V tokens get ε/V.",
        ),
        Mistake(
            "more-than-one",
            partial(_loss, targets=_more_than_one),
            "The wanted probabilities sum to 1 + ε; the true token gives ε away, 1 − ε is left.",
        ),
        Mistake(
            "less-than-one",
            partial(_loss, targets=_less_than_one),
            "The wanted probabilities sum to 1 − ε/V: the true token gets its ε/V too, beside "
            "1 − ε.",
        ),
        Mistake(
            "whole-epsilon-to-each",
            partial(_loss, targets=_whole_epsilon),
            "You gave ε to every token; they share it, ε/V each.",
        ),
        Mistake(
            "divergence",
            partial(_loss, terms=_divergence),
            "That is the divergence of p from q: the entropy of q is taken away. The loss is "
            "−Σ q·log p alone; its lowest value is not 0.",
        ),
        Mistake(
            "roles-swapped",
            partial(_loss, terms=_roles_swapped),
            "You took −Σ p·log q; the logarithm is that of the model's p, the weights are q.",
        ),
        Mistake(
            "swapped",
            partial(_loss, targets=_swapped),
            "You gave ε to the true token and 1 − ε to all; it is the other way round.",
        ),
        Mistake(
            "padding-counted",
            partial(_loss, mean=lambda values, real: values.mean()),
            "Padding is counted as a token to be predicted; leave those places out.",
        ),
        Mistake(
            "zero-for-padding",
            partial(_loss, pad=0),
            "You leave out the tokens with id 0, which is the padding symbol only by chance; use "
            "pad_id.",
        ),
        Mistake(
            "divided-by-all",
            partial(_loss, mean=lambda values, real: (values * real).sum() / real.size),
            "Padding adds nothing to the sum, but you still divide by all places; divide by the "
            "number of real tokens.",
        ),
        Mistake(
            "mean-of-sentences",
            partial(_loss, mean=_mean_of_sentences),
            "You averaged the sentences' means, so that tokens of short sentences weigh more; "
            "divide one sum by one number of tokens.",
        ),
        Mistake(
            "sum",
            partial(_loss, mean=lambda values, real: (values * real).sum()),
            "That is the sum over the tokens; return their mean.",
        ),
        Mistake(
            "one-a-sentence",
            partial(_loss, mean=lambda values, real: (values * real).sum() / len(real)),
            "You divided by the number of sentences; divide by the number of real tokens.",
        ),
        Mistake(
            "mean-over-the-vocabulary",
            partial(_loss, vocabulary="mean"),
            "You averaged over the vocabulary; q·log p is *summed* over it, the mean is over "
            "tokens.",
        ),
        Mistake(
            "sign",
            partial(_loss, factor=-1),
            "The sign is missing: logarithms of probabilities are negative, a loss is not.",
        ),
        Mistake(
            "bits",
            partial(_loss, factor=1 / np.log(2)),
            "That is in bits; take the natural logarithm.",
        ),
        Mistake(
            "small-number-added",
            partial(_loss, log=_small_number_added),
            "You added a small number to keep the logarithm finite, which caps the loss where the "
            "model is sure and wrong. Take log p from the logits: logits − log Σ exp.",
        ),
        Mistake(
            "overflow",
            partial(_loss, log=_naive_log),
            "Right for small logits; with large ones exp overflows or the logarithm sees a 0. Take "
            "log p from the logits after subtracting their maximum.",
        ),
    ],
    hints=[
        "Three steps: log p from the logits, the wanted distribution q, and a mean over the real "
        "tokens only.",
        "log p and q are (batch, time, V); their product summed over V is (batch, time).",
        "`np.eye(V)[target]` has a 1 at each true token; `target != pad_id` says what counts.",
    ],
)
