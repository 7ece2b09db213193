"""Implement: from BIO tags to spans, as conlleval reads them."""

from functools import partial

from companion.course.exercise import Exercise, Mistake, Relation
from companion.probes import finetuning as probes

TYPES = ("PER", "LOC", "ORG")


def _spans(tags, **bugs):
    """(first, one past the last, type); a wrong idea a switch."""
    found, kind, begin = [], None, 0
    for place, tag in enumerate([*tags, *["O"] * (not bugs.get("last_lost"))]):
        prefix, _, name = tag.partition("-")
        inside = prefix == "I" or (prefix == "B" and bugs.get("b_goes_on"))
        alike = name == kind or (prefix == "I" and bugs.get("any_type_goes_on"))
        if kind is not None and inside and alike:
            continue
        before = kind
        if kind is not None:
            found.append((begin, place, kind))
            kind = None
        orphan = "i_after_o_dropped" if before is None else "other_type_dropped"
        if prefix == "B" or (prefix == "I" and not bugs.get(orphan)):
            kind, begin = name, place
    return found


def _wrong(*names):
    return partial(_spans, **dict.fromkeys(names, True))


def _changed(change):
    return lambda tags: [change(*span) for span in _spans(tags)]


def _one_each(tags):
    return [(i, i + 1, tag[2:]) for i, tag in enumerate(tags) if tag != "O"]


# X and Y are two types, drawn anew each time.
_TEXTS = (
    "BX IX O BY",
    "O BX BX IX O",
    "O IX IX O BY",
    "BX IY IY O",
    "IX O BY IY BY",
    "O O O",
    "BX IX BX IX IY O IX",
    "BY IX O IY BX BX",
)


def _tag_cases(rng, size):
    kinds = dict(zip("XY", rng.permutation(TYPES)[:2].tolist(), strict=True))
    pattern = _TEXTS[size % len(_TEXTS)].split()
    return {"tags": [t if t == "O" else f"{t[0]}-{kinds[t[1]]}" for t in pattern]}


def _later(out, moved):
    return [[b + 1, e + 1, kind] for b, e, kind in out["spans"]] == moved["spans"]


tag_spans = Exercise(
    name="tag_spans",
    kind="implement",
    title="Where does a name end?",
    minutes=15,
    difficulty=2,
    cases=_tag_cases,
    sizes=len(_TEXTS),
    probe=probes.spans,
    reference=_spans,
    relations=[
        Relation(
            "an-o-at-the-end",
            lambda case, rng: {"tags": [*case["tags"], "O"]},
            lambda out, longer: out["spans"] == longer["spans"],
            "One more O at the end must change nothing.",
        ),
        Relation(
            "an-o-in-front",
            lambda case, rng: {"tags": ["O", *case["tags"]]},
            _later,
            "With an O in front all spans must move by one place, and nothing else may change.",
        ),
    ],
    mistakes=[
        Mistake(
            "b-goes-on",
            _wrong("b_goes_on"),
            "Two names of one type that stand side by side become one in your answer: a B always "
            "begins a new span. That is what B is for.",
        ),
        Mistake(
            "any-type-goes-on",
            _wrong("any_type_goes_on"),
            "An I of another type goes on with the span in your answer; it ends it, and begins "
            "one of its own type.",
        ),
        Mistake(
            "orphans-dropped",
            _wrong("i_after_o_dropped", "other_type_dropped"),
            "An I without its B is dropped. A model writes such tags, and conlleval counts them: "
            "the I begins a span.",
        ),
        Mistake(
            "i-after-o-dropped",
            _wrong("i_after_o_dropped"),
            "An I after an O, or at the beginning, is dropped; it begins a span too.",
        ),
        Mistake(
            "other-type-dropped",
            _wrong("other_type_dropped"),
            "An I of another type ends the span, which is right, and is then dropped; it begins a "
            "span of its own type.",
        ),
        Mistake(
            "only-b-begins",
            _wrong("i_after_o_dropped", "any_type_goes_on"),
            "Only a B begins a span in your answer, and any I goes on with it. An I begins one "
            "too, where no span of *its* type is open.",
        ),
        Mistake(
            "last-lost",
            _wrong("last_lost"),
            "A span that reaches to the end of the text is lost: after the loop one may be open.",
        ),
        Mistake(
            "inclusive",
            _changed(lambda begin, end, kind: (begin, end - 1, kind)),
            "Your spans end *at* their last tag; the second number is one past it, as in a slice.",
        ),
        Mistake(
            "one-each",
            _one_each,
            "Each tag is a span of its own; B and the I's after it are one name.",
        ),
        Mistake(
            "type-first",
            _changed(lambda begin, end, kind: (kind, begin, end)),
            "The spans are right, in another order: (first, one past the last, type).",
        ),
        Mistake(
            "prefix-kept",
            lambda tags: [(b, e, tags[b]) for b, e, _ in _spans(tags)],
            "The type is a tag in your answer, with its B- or I-; cut the prefix off.",
        ),
    ],
    hints=[
        "Walk through the tags once and remember the open span: its type, and where it began.",
        "A tag goes on with the span if it is an I of the same type. Any other tag ends it; any "
        "other tag but O then begins one.",
        "`prefix, _, kind = tag.partition('-')`; and one more O behind the last tag ends whatever "
        "is open.",
    ],
)
