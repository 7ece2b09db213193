"""Measure: what share of the spans was found."""

from functools import partial

import numpy as np

from companion.course.exercise import Exercise, Mistake, Relation
from companion.probes import finetuning as probes


def _ratio(part, whole):
    return part / whole if whole else 0.0


def _f1(matched, found, wanted):
    return 2 * matched / (found + wanted) if matched else 0.0


def _counts(true, found, keep=lambda span: tuple(span)):
    """(matched, found, wanted) of all texts together."""
    pairs = [
        ({keep(s) for s in wanted}, {keep(s) for s in said})
        for wanted, said in zip(true, found, strict=True)
    ]
    return np.sum([[len(w & f), len(f), len(w)] for w, f in pairs], axis=0)


def _span_f1(true, found, of=_f1):
    return float(of(*_counts(true, found)))


def _mean_of_texts(true, found):
    return np.mean([_f1(*_counts([w], [f])) for w, f in zip(true, found, strict=True)])


def _of_type(spans, kind):
    return [[s for s in text if s[2] == kind] for text in spans]


def _mean_of_types(true, found):
    kinds = sorted({s[2] for spans in (true, found) for text in spans for s in text})
    scores = [_f1(*_counts(_of_type(true, k), _of_type(found, k))) for k in kinds]
    return _ratio(sum(scores), len(scores))


def _pooled(true, found):
    wanted, said = ({tuple(s) for text in spans for s in text} for spans in (true, found))
    return _f1(len(wanted & said), len(said), len(wanted))


def _overlap(true, found):
    matched = sum(
        any(b < e2 and b2 < e and kind == kind2 for b2, e2, kind2 in wanted)
        for wanted, said in zip(true, found, strict=True)
        for b, e, kind in said
    )
    return _f1(matched, *_counts(true, found)[1:])


def _by_item(true, found):
    def items(spans):
        return [[(i, i + 1, kind) for b, e, kind in text for i in range(b, e)] for text in spans]

    return _f1(*_counts(items(true), items(found)))


# Texts of spans (begin, end, type); what was found differs in each way in which it can.
_TRUE = (
    [(0, 2, "PER")],
    [(0, 2, "PER"), (4, 5, "LOC"), (7, 10, "ORG")],
    [(3, 5, "LOC")],
    [(1, 4, "ORG"), (6, 7, "PER")],
    [(0, 2, "PER"), (5, 6, "LOC")],
)
_FOUND = (
    [(0, 2, "PER"), (4, 6, "LOC")],
    [(0, 2, "PER"), (4, 5, "ORG"), (8, 10, "ORG")],
    [],
    [(1, 3, "ORG"), (6, 7, "PER"), (8, 9, "LOC")],
    [(0, 2, "PER"), (5, 6, "LOC")],
)


def _f1_cases(rng, size):
    size %= 6
    if size == 4:  # nothing is right
        return {"true": [[(0, 2, "PER")]], "found": [[(0, 1, "PER")]]}
    if size == 5:  # nothing is there, and nothing was found
        return {"true": [[], []], "found": [[], []]}
    texts = (rng.permutation(5), [0, 1, 4], [1, 3], [*rng.permutation(5), 0, 4])[size]
    more = int(rng.integers(0, 5))  # places before each text
    moved = [
        [[(b + more, e + more, kind) for b, e, kind in spans[i]] for i in texts]
        for spans in (_TRUE, _FOUND)
    ]
    return {"true": moved[0], "found": moved[1]}


span_f1 = Exercise(
    name="span_f1",
    kind="measure",
    title="97 % right, and not one name",
    minutes=30,
    difficulty=2,
    cases=_f1_cases,
    sizes=6,
    probe=probes.scalar,
    reference=_span_f1,
    relations=[
        Relation(
            "turned-round",
            lambda case, rng: {"true": case["found"], "found": case["true"]},
            lambda out, turned: bool(np.isclose(out["value"], turned["value"])),
            "F₁ does not know which of the two is the truth: exchanged they must give the same.",
        ),
    ],
    mistakes=[
        Mistake(
            "precision",
            partial(_span_f1, of=lambda m, f, w: _ratio(m, f)),
            "That is the precision: how much of what was found is right. What was missed does not "
            "count in it.",
        ),
        Mistake(
            "recall",
            partial(_span_f1, of=lambda m, f, w: _ratio(m, w)),
            "That is the recall: how much was found. What was found wrongly does not count in it.",
        ),
        Mistake(
            "arithmetic-mean",
            partial(_span_f1, of=lambda m, f, w: (_ratio(m, f) + _ratio(m, w)) / 2),
            "You took the arithmetic mean of precision and recall; F₁ is the harmonic one, which "
            "is near the smaller of the two.",
        ),
        Mistake(
            "jaccard",
            partial(_span_f1, of=lambda m, f, w: _ratio(m, f + w - m)),
            "You divided by the size of the union (Jaccard's index); F₁ is 2 · matched / (found + "
            "wanted).",
        ),
        Mistake(
            "mean-of-texts",
            _mean_of_texts,
            "You averaged the F₁ of the texts, where a text with one name counts as much as one "
            "with ten. Add up the counts of all texts first.",
        ),
        Mistake(
            "mean-of-types",
            _mean_of_types,
            "You averaged the F₁ of the types (macro); add up the counts of all types first "
            "(micro).",
        ),
        Mistake(
            "texts-mixed",
            _pooled,
            "You put the spans of all texts into one set: (0, 2, PER) of one text then matches "
            "that of another, and two of them count once. Compare text by text.",
        ),
        Mistake(
            "overlap-is-enough",
            _overlap,
            "A span that only overlaps counts as found in your answer; beginning and end must be "
            "right.",
        ),
        Mistake(
            "type-ignored",
            lambda true, found: _f1(*_counts(true, found, keep=lambda s: s[:2])),
            "A place that is taken for an organisation counts as right in your answer; the type "
            "must be right too.",
        ),
        Mistake(
            "item-by-item",
            _by_item,
            "You counted the words inside of spans; what is counted are whole spans.",
        ),
    ],
    hints=[
        "Three counts over all texts: spans that are in both, spans that were found, spans that "
        "are wanted.",
        "For each text: two sets of triples, and `&` for what they have in common.",
        "2 · matched / (found + wanted), and 0 where nothing matched.",
    ],
)
