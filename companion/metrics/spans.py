"""Scores of spans in a sequence of BIO tags, by the rules of conlleval and seqeval."""

from collections.abc import Sequence

from .classes import precision_recall_f1

Span = tuple[str, int, int]  # type, first token, one past the last


def spans_of(tags: Sequence[str]) -> list[Span]:
    """The spans of BIO tags: B-X begins one, I-X goes on, O is outside.

    As conlleval (Tjong Kim Sang & De Meulder 2003) reads what a model wrote: an I-X that follows
    neither B-X nor I-X begins a span too. Raises `ValueError` for a tag that is none.

    >>> spans_of(["B-PER", "I-PER", "O", "I-LOC"])
    [('PER', 0, 2), ('LOC', 3, 4)]
    """
    spans: list[Span] = []
    kind, begin = None, 0
    for place, tag in enumerate([*tags, "O"]):
        prefix, _, name = tag.partition("-")
        if prefix not in ("B", "I", "O") or (prefix == "O") == bool(name):
            raise ValueError(f"tag {tag!r} at {place}; wanted O, B-TYPE or I-TYPE")
        if kind is not None and (prefix != "I" or name != kind):
            spans.append((kind, begin, place))
            kind = None
        if prefix != "O" and kind is None:
            kind, begin = name, place
    return spans


def span_scores(
    true: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]]
) -> dict[str, tuple[float, float, float]]:
    """Precision, recall and F₁ of spans for each type, and of "all" types together (micro).

    A span counts when type, beginning and end are right; half a name is wrong twice, as a span
    that is not there and as one that is missed. Raises `ValueError` where sentences or their
    lengths differ.
    """
    if len(true) != len(predicted) or len(true) == 0:
        raise ValueError(f"{len(true)} sentences and {len(predicted)} predictions; give one each")
    counts: dict[str, list[int]] = {"all": [0, 0, 0]}
    for number, (ours, theirs) in enumerate(zip(true, predicted, strict=True)):
        if len(ours) != len(theirs):
            raise ValueError(f"sentence {number} has {len(ours)} tags and {len(theirs)} predicted")
        wanted, found = set(spans_of(ours)), set(spans_of(theirs))
        for column, group in enumerate((wanted & found, found, wanted)):
            for kind, _, _ in group:
                counts.setdefault(kind, [0, 0, 0])[column] += 1
                counts["all"][column] += 1
    return {kind: precision_recall_f1(*counts[kind]) for kind in sorted(counts)}


def span_f1(true: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]]) -> float:
    """F₁ of all spans together, seqeval's default."""
    return span_scores(true, predicted)["all"][2]
