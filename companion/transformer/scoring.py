"""How good translations are, with intervals, beside the baseline. Chapter 5.

BLEU and chrF are `metrics`'; what is compared, and with what, is here.
"""

from collections.abc import Sequence

from companion import metrics

from .nearest import NearestNeighbour
from .translation import LANGUAGES, Translator

TOKENIZE = {"en": "13a", "zh": "zh"}


def quality(outputs: Sequence[str], references: Sequence[str], language: str) -> dict:
    """BLEU and chrF of a corpus in `language`, each with its 95 % bootstrap interval.

    {"bleu": …, "bleu_95": [low, high], "chrf": …, "chrf_95": [low, high]}
    """
    bleu = metrics.bleu_counts(outputs, references, TOKENIZE[language])
    chrf = metrics.chrf_counts(outputs, references)
    out = {}
    for name, counts, score in (
        ("bleu", bleu, metrics.bleu_from_counts),
        ("chrf", chrf, metrics.chrf_from_counts),
    ):
        interval = metrics.corpus_interval(counts, score)
        out[name] = round(score(counts.sum(axis=0)), 2)
        out[f"{name}_95"] = [round(limit, 2) for limit in interval]
    return out


def compare(translator: Translator, pairs, known, to: Sequence[str] = LANGUAGES) -> dict:
    """The translator's quality on `pairs`, and that of the nearest neighbour among `known` pairs.

    For each direction, "en→zh" or "zh→en": {"sentences": …, "too long": …, "model": `quality`,
    "nearest neighbour": `quality`}. Sentences with more tokens than the model has positions are
    left out of both, and counted. Raises `ValueError` where fewer than two are left.
    """
    out = {}
    for language in to:
        sides = [(p.source, p.target) if language == "zh" else (p.target, p.source) for p in pairs]
        kept = [side for side in sides if fits(translator, side[0], language)]
        if len(kept) < 2:
            longest = translator.model.config.context_length
            raise ValueError(
                f"{len(kept)} of {len(sides)} sentences fit {longest} positions; two are the least "
                "that an interval can be drawn for"
            )
        sources, references = zip(*kept, strict=True)
        copied = NearestNeighbour(known, language).translate(sources)
        other = "en" if language == "zh" else "zh"
        out[f"{other}→{language}"] = {
            "sentences": len(kept),
            "too long": len(sides) - len(kept),
            "model": quality(translator.translate(sources, language), references, language),
            "nearest neighbour": quality(copied, references, language),
        }
    return out


def fits(translator: Translator, text: str, to: str) -> bool:
    """Whether the text has no more tokens than the model has positions."""
    try:
        translator.check(text, to)
    except ValueError:
        return False
    return True
