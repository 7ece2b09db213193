"""Filters: punish what was said, keep the k likeliest, keep those that together have p."""

from functools import partial

import numpy as np

from companion.course.exercise import Exercise, Mistake
from companion.probes import generation as probes


def logits(rng, count, scale=2.0):
    """Logits that differ, rounded so that they can be read."""
    return np.round(rng.normal(size=count) * scale, 2) + np.arange(count) * 0.001


def _penalty(logits, ids, penalty, **bugs):
    """The rule of Keskar et al. with a part done wrong on demand."""
    result = logits if bugs.get("in_place") else logits.copy()
    said = list(ids) if bugs.get("each_time") else sorted(set(ids))
    if bugs.get("everywhere"):
        said = range(len(logits))
    if bugs.get("last_only"):
        said = list(ids)[-1:]
    if bugs.get("others"):
        said = [i for i in range(len(logits)) if i not in ids]
    change = bugs.get("change", lambda x, penalty: x / penalty if x > 0 else x * penalty)
    for token in said:
        result[token] = change(result[token], penalty)
    return result


def _penalty_cases(rng, size):
    x = logits(rng, 6)
    x[0], x[1] = abs(x[0]) + 1, -abs(x[1]) - 1  # surely both signs
    ids = ([0, 1, 3], [0, 1, 0, 1, 2], [1], [], [4, 0, 5, 1])[size % 5]
    return {"logits": x, "ids": ids, "penalty": (1.5, 2.0, 1.2, 3.0, 1.25)[size % 5]}


repetition_penalty = Exercise(
    name="repetition_penalty",
    kind="fill",
    title="A penalty, whatever the sign",
    minutes=5,
    difficulty=1,
    cases=_penalty_cases,
    sizes=5,
    probe=probes.array,
    reference=_penalty,
    mistakes=[
        Mistake(
            "sign-bug",
            partial(_penalty, change=lambda x, penalty: x / penalty),
            "A negative logit divided by the penalty comes *closer* to 0: the token gains. "
            "Multiply it instead.",
        ),
        Mistake(
            "always-multiplied",
            partial(_penalty, change=lambda x, penalty: x * penalty),
            "A positive logit times the penalty grows: the token gains. Divide it instead.",
        ),
        Mistake(
            "rewarded",
            partial(_penalty, change=lambda x, penalty: x * penalty if x > 0 else x / penalty),
            "Both signs are the wrong way round: what was said becomes likelier.",
        ),
        Mistake(
            "subtracted",
            partial(_penalty, change=lambda x, penalty: x - penalty),
            "You subtract the penalty (other papers do); here positive logits are divided by it "
            "and negative ones multiplied.",
        ),
        Mistake(
            "each-time",
            partial(_penalty, each_time=True),
            "A token that was said twice is punished twice; it is said or not, how often does not "
            "count.",
        ),
        Mistake(
            "everybody-punished",
            partial(_penalty, everywhere=True),
            "You changed the logits of all tokens; only those in the text are punished.",
        ),
        Mistake(
            "innocents-punished",
            partial(_penalty, others=True),
            "You punished the tokens that are *not* in the text.",
        ),
        Mistake(
            "last-only",
            partial(_penalty, last_only=True),
            "You punished the last token of the text only.",
        ),
        Mistake(
            "in-place",
            partial(_penalty, in_place=True),
            "The numbers are right, but you changed the logits that you were given; work on a "
            "copy.",
        ),
    ],
    hints=[
        "A penalty is to lower a logit. What does dividing by 2 do to 4, and what to −4?",
        "`x` holds the logits of the tokens that were said, one each; the line makes as many.",
        "`np.where(condition, a, b)` chooses number by number.",
    ],
)


def _top_k(logits, k, **bugs):
    """Which logits are at least the k-th largest."""
    x = bugs.get("values", np.sort)(logits)
    place = bugs.get("place", lambda k, count: -min(k, count))(k, len(x))
    return bugs.get("compare", np.greater_equal)(logits, x[place])


def _exactly_k(logits, k):
    kept = np.zeros(len(logits), bool)
    kept[np.argsort(-logits, kind="stable")[:k]] = True
    return kept


def _as_logits(logits, k):
    return np.where(_top_k(logits, k), logits, -np.inf)


def _sorted_mask(logits, k):
    return np.arange(len(logits)) < k


def _top_k_cases(rng, size):
    x = logits(rng, 7)
    k = (3, 1, 2, 9, 4, 7)[size % 6]
    if size % 6 == 2:
        x = np.array([1.0, 3.0, 1.0, 0.0, -1.0, 1.0, 0.5])  # the second best comes three times
    if size % 6 == 4:
        x = np.array([2.0, 2.0, 1.5, 1.0, 0.0, -1.0, 1.2])  # the best comes twice
    return {"logits": x, "k": k}


top_k = Exercise(
    name="top_k",
    kind="implement",
    title="The k likeliest, ties included",
    minutes=15,
    difficulty=1,
    cases=_top_k_cases,
    sizes=6,
    probe=probes.array,
    reference=_top_k,
    mistakes=[
        Mistake(
            "exactly-k",
            _exactly_k,
            "Where several tokens are as likely as the k-th you kept those that come first in the "
            "vocabulary; nothing but their place speaks for them. Keep all of them.",
        ),
        Mistake(
            "kth-lost",
            partial(_top_k, compare=np.greater),
            "The k-th likeliest itself is missing: compare with ≥.",
        ),
        Mistake(
            "one-too-many",
            partial(_top_k, place=lambda k, count: -min(k + 1, count)),
            "You kept one token too many: the last kept is the k-th.",
        ),
        Mistake(
            "least-likely",
            partial(
                _top_k,
                place=lambda k, count: min(k, count) - 1,
                compare=np.less_equal,
            ),
            "You kept the k *smallest* logits: `np.sort` goes upwards.",
        ),
        Mistake(
            "from-the-wrong-end",
            partial(_top_k, place=lambda k, count: min(k, count) - 1),
            "You compare with the k-th *smallest* logit: `np.sort` goes upwards, so the k-th "
            "largest is at −k.",
        ),
        Mistake(
            "k-beyond-the-vocabulary",
            partial(_top_k, place=lambda k, count: -k),
            "A k larger than the vocabulary is an error in your version; it means that all stay.",
        ),
        Mistake(
            "k-different-values",
            partial(_top_k, values=np.unique),
            "You counted equal logits once; k counts tokens, not values.",
        ),
        Mistake(
            "mask-in-sorted-order",
            _sorted_mask,
            "Your mask belongs to the *sorted* logits; the tokens stand in another order.",
        ),
        Mistake(
            "logits-returned",
            _as_logits,
            "You returned the filtered logits; asked for is the mask, True for what is kept.",
        ),
    ],
    hints=[
        "One number decides: the k-th largest logit.",
        "A sorted copy gives the threshold; compared with it, the logits give a mask (V,).",
        "`np.sort` goes upwards, so the k-th largest is at −k; and k may be more than V.",
    ],
)


def _top_p(logits, p, **bugs):
    """The probabilities of the fewest likeliest tokens that reach p, renormalised."""
    probs = np.exp(logits - logits.max())
    probs = probs / probs.sum()
    order = np.argsort(bugs.get("direction", -1) * probs, kind="stable")
    total = np.cumsum(probs[order])
    keep = bugs.get("keep", lambda total, ordered, p: total - ordered < p)(total, probs[order], p)
    kept = np.zeros(len(probs), bool)
    kept[order] = keep
    if bugs.get("unsorted"):
        kept = keep
    result = np.where(kept, probs, 0)
    if bugs.get("sorted_result"):
        result = result[order]
    with np.errstate(all="ignore"):
        return bugs.get("norm", lambda x: x / x.sum())(result)


def _without_crossing(total, ordered, p):
    return total <= p


def _guarded(total, ordered, p):
    keep = total <= p
    keep[0] = True
    return keep


def _one_more(total, ordered, p):
    return np.concatenate([[True, True], total[:-2] - ordered[:-2] < p])


def _of_logits(logits, p):
    """The running sum of the logits themselves."""
    order = np.argsort(-logits, kind="stable")
    total = np.cumsum(logits[order])
    kept = np.zeros(len(logits), bool)
    kept[order] = total - logits[order] < p
    probs = np.where(kept, np.exp(logits - logits.max()), 0)
    return probs / probs.sum()


def _p_cases(rng, size):
    x = logits(rng, 6)
    p = (0.7, 0.5, 0.9, 0.3, 0.99, 0.6)[size % 6]
    if size % 6 == 1:
        x[2] = x.max() + 4  # the first has more than p by itself
    if size % 6 == 3:
        x = np.round(x / 10, 3) + np.arange(6) * 0.0001  # nearly flat
    return {"logits": x, "p": p}


top_p = Exercise(
    name="top_p",
    kind="implement",
    title="The nucleus",
    minutes=30,
    difficulty=2,
    cases=_p_cases,
    sizes=6,
    probe=probes.array,
    reference=_top_p,
    mistakes=[
        Mistake(
            "crossing-token-lost",
            partial(_top_p, keep=_without_crossing),
            "The token that carries the sum past p belongs to the nucleus. Without it the sum is "
            "below p, and where the first token has more than p nothing is left at all.",
        ),
        Mistake(
            "crossing-token-lost-but-the-first",
            partial(_top_p, keep=_guarded),
            "The token that carries the sum past p belongs to the nucleus: ask how much the "
            "tokens *before* it have. Then the first needs no exception.",
        ),
        Mistake(
            "one-too-many",
            partial(_top_p, keep=_one_more),
            "You kept one token too many: when the sum has reached p, stop.",
        ),
        Mistake(
            "ascending",
            partial(_top_p, direction=1),
            "You began with the least likely tokens: `np.argsort` goes upwards.",
        ),
        Mistake(
            "not-renormalised",
            partial(_top_p, norm=lambda x: x),
            "What is left adds up to p or a little more; divide it by its sum, or it is no "
            "distribution.",
        ),
        Mistake(
            "divided-by-p",
            lambda logits, p: _top_p(logits, p, norm=lambda x: x / p),
            "You divided by p; the nucleus has a little more than p, so divide by its sum.",
        ),
        Mistake(
            "mask-in-sorted-order",
            partial(_top_p, unsorted=True),
            "Your mask belongs to the *sorted* tokens; bring it back to the order of the "
            "vocabulary.",
        ),
        Mistake(
            "result-in-sorted-order",
            partial(_top_p, sorted_result=True),
            "The numbers are right but stand in the order of their size; give each token its own.",
        ),
        Mistake(
            "threshold",
            partial(_top_p, keep=lambda total, ordered, p: ordered >= p),
            "You kept tokens that have p by themselves; p is what the kept ones have together.",
        ),
        Mistake(
            "min-p",
            partial(_top_p, keep=lambda total, ordered, p: ordered >= p * ordered[0]),
            "You kept tokens at least p times as likely as the likeliest. That is min-p, another "
            "filter.",
        ),
        Mistake(
            "sum-of-logits",
            _of_logits,
            "You added up logits; p is a share of *probability*, so take the softmax first.",
        ),
    ],
    hints=[
        "Line the tokens up, the likeliest first, and walk until you have p. Who is with you?",
        "Sorted probabilities and their running sum are (V,); how much lay *before* a token is "
        "the running sum without its own part.",
        "With `order = np.argsort(-probs)`, `kept[order] = total - probs[order] < p` brings the "
        "mask back into the order of the vocabulary.",
    ],
)
