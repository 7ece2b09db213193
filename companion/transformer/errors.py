"""What goes wrong in translations: the worst sentences, each with the kind of its error. Chapter 5.

The kinds are told by comparing words with the reference alone, so that a right translation in other
words counts as wrong ones.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from companion import metrics

KINDS = ("empty", "repeats itself", "order", "words missing", "words added", "wrong words")


@dataclass(frozen=True)
class Mistranslation:
    """One sentence that differs from its reference."""

    kind: str
    chrf: float
    source: str
    reference: str
    output: str


def kind_of_error(output: str, reference: str, language: str) -> str | None:
    """One of `KINDS`, the first that fits, or None where the words are the reference's.

    "repeats itself": two words in a row that the reference has less often, and that the output
    already had. Words are those of BLEU in the language of the translation, "en" or "zh".
    """
    tokenize = "zh" if language == "zh" else "13a"
    ours, theirs = (metrics.bleu_words(text, tokenize) for text in (output, reference))
    if ours == theirs:
        return None
    if not ours:
        return "empty"
    again = {pair: n for pair, n in Counter(pairwise(ours)).items() if n > 1}
    if again and (Counter(again) - Counter(pairwise(theirs))):
        return "repeats itself"
    added, missing = Counter(ours) - Counter(theirs), Counter(theirs) - Counter(ours)
    if not added:
        return "words missing" if missing else "order"
    return "wrong words" if missing else "words added"


def mistranslations(
    sources: Sequence[str], outputs: Sequence[str], references: Sequence[str], language: str
) -> list[Mistranslation]:
    """All sentences that differ from their reference, the worst (by chrF of the sentence) first."""
    found = []
    for source, output, reference in zip(sources, outputs, references, strict=True):
        kind = kind_of_error(output, reference, language)
        if kind:
            score = metrics.chrf([output], [reference])
            found.append(Mistranslation(kind, score, source, reference, output))
    return sorted(found, key=lambda error: error.chrf)


def error_table(errors: Sequence[Mistranslation], each: int = 2) -> list[tuple[str, int, list]]:
    """Kind, how many, and the worst `each` of it; the commonest kind first."""
    counts = Counter(error.kind for error in errors)
    return [
        (kind, count, [error for error in errors if error.kind == kind][:each])
        for kind, count in counts.most_common()
    ]
