"""What a decoder may see: the mask of a prefix LM (fill), and MASS with three bugs (debug)."""

from functools import partial

import numpy as np

from companion.course.exercise import Exercise, Mistake, Relation
from companion.probes import objectives as probes


def _places(length):
    places = np.arange(length)
    return places, places[None, :] <= places[:, None]


def _mask(prefix, length, join=lambda back, places, prefix: back | (places < prefix)):
    places, back = _places(length)
    return join(back, places, prefix)


def _mask_cases(rng, size):
    length, prefix = ((3, 2), (4, 1), (5, 3), (4, 0), (6, 4), (5, 5))[size % 6]
    return {"prefix": prefix, "length": length}


def _wrong(join):
    return partial(_mask, join=join)


prefix_mask = Exercise(
    name="prefix_mask",
    kind="fill",
    title="The mask is the model",
    minutes=5,
    difficulty=1,
    cases=_mask_cases,
    sizes=6,
    probe=probes.array,
    reference=_mask,
    relations=[
        Relation(
            "a-longer-prefix-hides-nothing",
            lambda case, rng: case | {"prefix": min(case["prefix"] + 1, case["length"])},
            lambda out, longer: bool(np.all(longer["result"] >= out["result"])),
            "With a longer prefix nobody may see less than before.",
        ),
    ],
    mistakes=[
        Mistake(
            "causal",
            _wrong(lambda back, places, prefix: back),
            "That is the causal mask: the prefix is not seen from both sides.",
        ),
        Mistake(
            "both",
            _wrong(lambda back, places, prefix: back & (places < prefix)),
            "`&` wants both conditions: then only the prefix is ever seen. One of the two is "
            "enough, `|`.",
        ),
        Mistake(
            "rows",
            _wrong(lambda back, places, prefix: back | (places < prefix)[:, None]),
            "You opened the *rows* of the prefix: its tokens see all of the text, also what is to "
            "be said. Open the columns: who is seen, not who sees.",
        ),
        Mistake(
            "one-more",
            _wrong(lambda back, places, prefix: back | (places <= prefix)),
            "One token too many is given away: the prefix are the places 0 … prefix − 1.",
        ),
        Mistake(
            "one-less",
            _wrong(lambda back, places, prefix: back | (places < prefix - 1)),
            "The last token of the prefix is not seen by those before it.",
        ),
        Mistake(
            "everything",
            _wrong(lambda back, places, prefix: np.ones_like(back)),
            "Everybody sees everything: after the prefix the answer is in sight.",
        ),
        Mistake(
            "turned-round",
            _wrong(lambda back, places, prefix: ~(back | (places < prefix))),
            "The mask is the wrong way round: True means *may attend*.",
        ),
        Mistake(
            "prefix-only",
            _wrong(lambda back, places, prefix: np.broadcast_to(places < prefix, back.shape)),
            "Only the prefix is seen. What comes after it also sees itself and what came before.",
        ),
        Mistake(
            "no-brackets",
            _wrong(lambda back, places, prefix: (back | places) < prefix),
            "`|` is done before `<`: put the comparison in brackets.",
        ),
        Mistake(
            "numbers",
            _wrong(lambda back, places, prefix: (back | (places < prefix)) * 1.0),
            "The pattern is right, but these are numbers; wanted is a boolean array.",
        ),
    ],
    hints=[
        "A place is seen if it lies back, or if it is part of the prefix.",
        "`back` is (length, length); `places < prefix` is (length,) and stands for its columns.",
        "`|` joins two boolean arrays, and the shorter one counts for every row. It is done before "
        "`<`, so a comparison beside it stands in brackets.",
    ],
)


def _mass(ids, start, length, mask_id, shows_itself=False, shows_all=False, asks_all=False):
    """The three rows of MASS; a bug a switch."""
    span = slice(start, start + length)
    source = ids.copy()
    source[span] = mask_id
    shown = np.append(ids[:1], ids[:-1]) if shows_all else np.full_like(ids, mask_id)
    before = ids[start : start + length - 1]
    shown[span] = ids[span] if shows_itself else np.append(mask_id, before)
    target = ids.copy() if asks_all else np.zeros_like(ids)
    target[span] = ids[span]
    return source, shown, target


def _edge(ids, start, length, mask_id):
    source, shown, target = _mass(ids, start, length, mask_id)
    shown[start] = ids[start - 1]
    return source, shown, target


def _nothing_hidden(ids, start, length, mask_id):
    return (ids.copy(), *_mass(ids, start, length, mask_id)[1:])


def _squeezed(ids, start, length, mask_id):
    source, shown, target = _mass(ids, start, length, mask_id)
    return np.concatenate([source[: start + 1], source[start + length :]]), shown, target


def _mass_cases(rng, size):
    time = (6, 7, 8, 9, 10)[size % 5]
    ids = rng.permutation(np.arange(10, 40))[:time]
    ids[0], ids[-1] = 2, 3
    length = (time - 1) // 2
    start = int(rng.integers(2, time - length))
    return {"ids": ids, "start": start, "length": length, "mask_id": 4}


def _shifted(ids, start, length, mask_id, asks_all=False):
    """The line that gave the span away is gone, and nothing stands in its place."""
    source, _, target = _mass(ids, start, length, mask_id, asks_all=asks_all)
    return source, np.append(ids[:1], ids[:-1]), target


BUGS = ("shows_itself", "shows_all", "asks_all")
_REST = {
    ("shows_itself",): "Two bugs are gone. In the span the decoder is still shown the very token "
    "that it is to say; it should see the one before.",
    ("shows_all",): "Two bugs are gone. Outside the span the decoder is still shown the text: it "
    "should see [MASK] there, and has to ask the encoder.",
    ("asks_all",): "Two bugs are gone. All tokens are still asked for; the encoder shows the rest "
    "already. Outside the span the target is 0.",
    ("shows_itself", "shows_all"): "The target is right now. What the decoder is shown is wrong in "
    "the span and outside it.",
    ("shows_itself", "asks_all"): "Outside the span the decoder is shown [MASK] now. Look at what "
    "it is shown in the span, and at what is asked.",
    ("shows_all", "asks_all"): "In the span the decoder is shown the token before. Look at what "
    "it sees outside the span, and at what is asked.",
}

mass_row = Exercise(
    name="mass_row",
    kind="debug",
    title="A loss that falls to zero",
    minutes=30,
    difficulty=3,
    cases=_mass_cases,
    sizes=5,
    probe=probes.denoising,
    reference=_mass,
    starter=partial(_mass, **dict.fromkeys(BUGS, True)),
    mistakes=[
        *(
            Mistake(
                "-and-".join(bug.replace("_", "-") for bug in bugs),
                partial(_mass, **dict.fromkeys(bugs, True)),
                hint,
            )
            for bugs, hint in _REST.items()
        ),
        Mistake(
            "shifted-text-and-asks-all",
            partial(_shifted, asks_all=True),
            "The span is no longer given away. But outside it, and at its first place, the decoder "
            "is still shown the text: it should see [MASK] there. And look at what is asked.",
        ),
        Mistake(
            "shifted-text",
            _shifted,
            "What is asked is right. Outside the span, and at its first place, the decoder is "
            "still shown the text: it should see [MASK] there, and has to ask the encoder.",
        ),
        Mistake(
            "token-before-the-span",
            _edge,
            "At the span's first place the decoder is shown the token before the span, which the "
            "encoder shows already; MASS puts [MASK] there.",
        ),
        Mistake(
            "nothing-hidden",
            _nothing_hidden,
            "The encoder reads the whole text now: the decoder needs only to copy. The span is "
            "[MASK] in `source`.",
        ),
        Mistake(
            "one-mask",
            _squeezed,
            "One [MASK] for the whole span is BART's text infilling. MASS keeps a [MASK] for each "
            "token.",
        ),
    ],
    hints=[
        "For each of the three rows ask: who reads it, and what must they not know?",
        "The decoder sees in the span the token *before* each, at its first place and everywhere "
        "else mask_id; the target is 0 outside the span.",
        "Begin `shown` with `np.full_like(ids, mask_id)`, `target` with `np.zeros_like(ids)`, and "
        "move the slice of `ids` that goes into `shown` one to the left.",
    ],
)
