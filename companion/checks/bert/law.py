"""The masking law in two steps: which tokens are chosen, and what is shown in their place."""

import numpy as np

from companion.course.exercise import Exercise, Mistake, Relation
from companion.probes import bert as probes


def _choose(ids, lots, special_ids, rate):
    return (lots < rate) & ~np.isin(ids, special_ids)


def _row_by_row(ids, lots, special_ids, rate):
    """The same lots for every row: those of the first."""
    return (lots[:1] < rate) & ~np.isin(ids, special_ids)


def _special_shapes(rng, size):
    batch, time = ((1, 4), (1, 8), (2, 6), (3, 5), (2, 10), (4, 7))[size % 6]
    ids = rng.integers(10, 99, (batch, time))
    special = np.sort(rng.choice(10, 4, replace=False))
    ids[:, 0], ids[:, -1] = special[1], special[2]
    if size > 1:
        ids[-1, -2:] = special[0]
    return ids, special


def _choose_cases(rng, size):
    ids, special = _special_shapes(rng, size)
    lots = np.round(rng.random(ids.shape), 2)
    rate = (0.3, 0.3, 0.25, 0.4, 0.15, 0.5)[size % 6]
    lots[0, :2] = rate / 2  # [CLS] draws low, and so does an ordinary token
    lots[0, -2:] = rate, rate / 3  # a lot equal to the rate is not below it; [SEP] draws low
    return {"ids": ids, "lots": lots, "special_ids": special.tolist(), "rate": rate}


choose_gaps = Exercise(
    name="choose_gaps",
    kind="fill",
    title="Which tokens become gaps?",
    minutes=5,
    difficulty=1,
    cases=_choose_cases,
    sizes=6,
    probe=probes.array,
    reference=_choose,
    mistakes=[
        Mistake(
            "specials-too",
            lambda ids, lots, special_ids, rate: lots < rate,
            "Special tokens are chosen too: there is nothing to learn from guessing [CLS].",
        ),
        Mistake(
            "specials-only",
            lambda ids, lots, special_ids, rate: (lots < rate) & np.isin(ids, special_ids),
            "You chose the special tokens and no others; `~` turns the condition round.",
        ),
        Mistake(
            "either",
            lambda ids, lots, special_ids, rate: (lots < rate) | ~np.isin(ids, special_ids),
            "`|` takes what meets one of the two conditions; a gap must meet both, `&`.",
        ),
        Mistake(
            "kept",
            lambda ids, lots, special_ids, rate: (lots >= rate) & ~np.isin(ids, special_ids),
            "You chose the tokens that are *kept*: of numbers between 0 and 1 a share of `rate` "
            "lies *below* rate.",
        ),
        Mistake(
            "all-ordinary",
            lambda ids, lots, special_ids, rate: ~np.isin(ids, special_ids),
            "Every ordinary token is chosen; the lots are not used.",
        ),
        Mistake(
            "up-to-the-rate",
            lambda ids, lots, special_ids, rate: (lots <= rate) & ~np.isin(ids, special_ids),
            "A lot that equals the rate is not *below* it: `<`, not `<=`.",
        ),
        Mistake(
            "first-row",
            _row_by_row,
            "All rows use the lots of the first one, so that they have their gaps in the same "
            "places.",
        ),
        Mistake(
            "numbers",
            lambda ids, lots, special_ids, rate: _choose(ids, lots, special_ids, rate) * 1.0,
            "The pattern is right, but these are numbers; wanted is a boolean array.",
        ),
        Mistake(
            "ids",
            lambda ids, lots, special_ids, rate: np.where(
                _choose(ids, lots, special_ids, rate), ids, 0
            ),
            "You returned the ids of the chosen tokens; wanted is True or False for each place.",
        ),
    ],
    hints=[
        "Two conditions: the lot is low, and the token is no special one.",
        "`lots < rate` and `np.isin(ids, special_ids)` are both boolean, (batch, time).",
        "`&` joins two boolean arrays, `~` turns one round; put brackets around the comparison.",
    ],
)


def _corrupt(ids, chosen, lots, random_ids, mask_id, **bugs):
    """80/10/10 by lots, with a part at a time done wrong on demand."""
    masked, random = bugs.get("shares", (0.8, 0.9))
    out = ids.copy()
    where = bugs.get("where", chosen)
    out[where & (lots < masked)] = mask_id
    other = where & (lots >= masked) & (lots < random)
    out[other] = random_ids[other]
    return out


def _in_place(ids, chosen, lots, random_ids, mask_id):
    ids[:] = _corrupt(ids, chosen, lots, random_ids, mask_id)
    return ids


def _with(**bugs):
    return lambda **case: _corrupt(**case, **bugs)


def _one_after_the_other(ids, chosen, lots, random_ids, mask_id):
    """`lots < 0.9` without its lower bound writes over the masks."""
    out = np.where(chosen & (lots < 0.8), mask_id, ids)
    return np.where(chosen & (lots < 0.9), random_ids, out)


def _corrupt_cases(rng, size):
    ids, special = _special_shapes(rng, size)
    chosen = rng.random(ids.shape) < 0.6
    chosen[0, :2] = False, True
    chosen[0, 2] = True
    lots = np.round(rng.random(ids.shape), 2)
    random_ids = rng.integers(100, 200, ids.shape)
    ordinary = np.flatnonzero(chosen.ravel())
    # All three fates, and lots on the borders, as far as there are gaps for them.
    fates = np.array([0.1, 0.85, 0.95, 0.8, 0.9, 0.0])
    lots.flat[ordinary[: len(fates)]] = rng.permutation(fates)[: len(ordinary)]
    lots.flat[np.flatnonzero(~chosen.ravel())[:2]] = 0.1, 0.85
    return {
        "ids": ids,
        "chosen": chosen,
        "lots": lots,
        "random_ids": random_ids,
        "mask_id": int(special[3]),
    }


def _only_chosen(out, other):
    return np.array_equal(out["result"], other["result"])


def _other_lots_elsewhere(case, rng):
    lots = np.where(case["chosen"], case["lots"], rng.random(case["lots"].shape))
    return case | {"lots": lots}


corrupt = Exercise(
    name="corrupt",
    kind="implement",
    title="80, 10, 10",
    minutes=15,
    difficulty=1,
    cases=_corrupt_cases,
    sizes=6,
    probe=probes.array,
    reference=_corrupt,
    relations=[
        Relation(
            "only-chosen-tokens-change",
            _other_lots_elsewhere,
            _only_chosen,
            "The lots of tokens that were not chosen must not matter.",
        ),
    ],
    mistakes=[
        Mistake(
            "all-masked",
            _with(shares=(1.1, 1.1)),
            "Every chosen token is shown as [MASK] (a sample chapter of the book says so too). "
            "Then the model never has to represent a token that it is shown.",
        ),
        Mistake(
            "never-kept",
            _with(shares=(0.8, 1.1)),
            "80 % [MASK] is right, but all the others are random: the last tenth stays as it is.",
        ),
        Mistake(
            "no-random",
            _with(shares=(0.8, 0.8)),
            "80 % [MASK] is right, but all the others stay: a tenth is to be a random token.",
        ),
        Mistake(
            "masks-overwritten",
            _one_after_the_other,
            "The random tokens are written over the masks: `lots < 0.9` is true below 0.8 too.",
        ),
        Mistake(
            "shares-swapped",
            _with(shares=(0.1, 0.9)),
            "A tenth is shown as [MASK] and 80 % as random tokens; it is the other way round.",
        ),
        Mistake(
            "ten-eighty",
            lambda ids, chosen, lots, random_ids, mask_id: np.where(
                chosen & (lots >= 0.2), mask_id, np.where(chosen & (lots >= 0.1), random_ids, ids)
            ),
            "The shares are right, but of the wrong end: the *low* lots, below 0.8, are to become "
            "[MASK].",
        ),
        Mistake(
            "everywhere",
            lambda ids, chosen, lots, random_ids, mask_id: _corrupt(
                ids, chosen, lots, random_ids, mask_id, where=np.ones_like(chosen)
            ),
            "Tokens that were not chosen are changed too.",
        ),
        Mistake(
            "others",
            lambda ids, chosen, lots, random_ids, mask_id: _corrupt(
                ids, chosen, lots, random_ids, mask_id, where=~chosen
            ),
            "You changed the tokens that were *not* chosen.",
        ),
        Mistake(
            "unchanged",
            lambda ids, chosen, lots, random_ids, mask_id: ids.copy(),
            "Nothing is changed. `out[condition]` alone reads; `out[condition] = …` writes.",
        ),
        Mistake(
            "in-place",
            _in_place,
            "The values are right, but you wrote them into the ids themselves, which the loss "
            "needs as labels; work on a copy.",
        ),
    ],
    hints=[
        "Each chosen token has one of three fates, and its lot decides which.",
        "Begin with a copy; then write at two sets of places, lots below 0.8 and from 0.8 to 0.9.",
        "`out[chosen & (lots < 0.8)] = mask_id`; for the random ones index `random_ids` with the "
        "same condition.",
    ],
)
