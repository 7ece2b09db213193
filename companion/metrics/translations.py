"""Scores of translations: BLEU and chrF, as sacrebleu computes them."""

import math
import re
from collections import Counter
from collections.abc import Hashable, Sequence
from typing import Literal

import numpy as np

_BLEU_ORDER, _CHRF_ORDER = 4, 6

# mteval-v13a's cuts: signs stand alone; a full stop or comma unless it is within a number; a dash
# after a digit.
_SIGNS = re.compile(r"([!-&(-+/:-@\[-`{-~])")
_STOP_AFTER_WORD = re.compile(r"([^0-9])([.,])")
_STOP_BEFORE_WORD = re.compile(r"([.,])([^0-9])")
_DASH = re.compile(r"([0-9])(-)")
_ENTITIES = (("&quot;", '"'), ("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">"))

# What sacrebleu's "zh" takes for Chinese. Its list writes planes above the first as four digits
# and a fifth sign, so that everything from U+2001 to U+2A6D counts: dashes and curly quotes too.
_CHINESE = re.compile(
    "([\u2001-\u2a6d\u2e80-\u303f\u3100-\u312f\u31a0-\u31bf\u31c0-\u31ef\u3200-\u4db5"
    "\u4e00-\u9fbb\uf900-\ufa2d\ufa30-\ufa6a\ufa70-\ufad9\ufe10-\ufe1f\ufe30-\ufe4f\uff00-\uffef])"
)


def bleu_words(text: str, tokenize: Literal["13a", "zh", "none"] = "13a") -> list[str]:
    """The words that BLEU compares: "13a" for languages with spaces, "zh" for Chinese characters.

    As in sacrebleu (Post 2018); "none" cuts at white space only. Raises `ValueError` for another
    name.
    """
    if tokenize not in ("13a", "zh", "none"):
        raise ValueError(f'tokenize is {tokenize!r}; it is "13a", "zh" or "none"')
    text = text.rstrip()
    if tokenize == "none":
        return text.split()
    if tokenize == "zh":
        text = _CHINESE.sub(r" \1 ", text.strip())
    else:
        text = text.replace("<skipped>", "").replace("-\n", "").replace("\n", " ")
        for entity, sign in _ENTITIES:
            text = text.replace(entity, sign)
        text = f" {text} "
    text = _SIGNS.sub(r" \1 ", text)
    text = _STOP_AFTER_WORD.sub(r"\1 \2 ", text)
    text = _STOP_BEFORE_WORD.sub(r" \1 \2", text)
    return _DASH.sub(r"\1 \2 ", text).split()


def bleu(hypotheses: Sequence[str], references: Sequence[str], tokenize: str = "13a") -> float:
    """BP·exp(¼ Σₙ log pₙ), n = 1 … 4, over a corpus, 0 to 100; Papineni et al. 2002, §2.3.

    pₙ is the share of n-grams of the hypotheses that their references have (each no oftener than
    there), BP = min(1, exp(1 − r/c)) for r words of references and c of hypotheses. One reference a
    sentence. An order without a match counts as if it had had ½, ¼, … of one (Chen & Cherry 2014,
    method 3), so the score equals sacrebleu's. Raises `ValueError` for lists of different length.

    >>> bleu(["the cat sat on the mat ."], ["the cat sat on a mat ."])
    48.89...
    """
    return bleu_from_counts(bleu_counts(hypotheses, references, tokenize).sum(axis=0))


def bleu_counts(
    hypotheses: Sequence[str], references: Sequence[str], tokenize: str = "13a"
) -> np.ndarray:
    """What BLEU is made of, a row a sentence: matches of 4 orders, n-grams of 4, c and r."""
    rows = []
    for hypothesis, reference in _together(hypotheses, references):
        ours, theirs = bleu_words(hypothesis, tokenize), bleu_words(reference, tokenize)
        orders = [_matches(ours, theirs, n) for n in range(1, _BLEU_ORDER + 1)]
        matched, written, _ = zip(*orders, strict=True)
        rows.append([*matched, *written, len(ours), len(theirs)])
    return np.array(rows, dtype=np.int64)


def bleu_from_counts(counts: np.ndarray) -> float:
    """BLEU of summed rows of `bleu_counts`."""
    matched, written = counts[:_BLEU_ORDER], counts[_BLEU_ORDER : 2 * _BLEU_ORDER]
    ours, theirs = counts[-2:]
    if not matched.any() or not written.all():
        return 0.0
    logs, share = [], 1.0
    for n in range(_BLEU_ORDER):
        if not matched[n]:
            share /= 2
        logs.append(math.log((matched[n] or share) / written[n]))
    brevity = min(0.0, 1 - theirs / ours)
    return 100 * math.exp(brevity + sum(logs) / _BLEU_ORDER)


def chrf(hypotheses: Sequence[str], references: Sequence[str], beta: float = 2.0) -> float:
    """(1 + β²)·P·R/(β²·P + R) of character n-grams, n = 1 … 6, 0 to 100; Popović 2015, eq. 1.

    P is the mean over n of the share of the hypotheses' n-grams that the references have, R that of
    the references' n-grams that the hypotheses have; β = 2 makes recall count more. White space
    does not count, and no words are cut: it suits Chinese as it is. Equals sacrebleu's chrF2.
    Raises `ValueError` for lists of different length.
    """
    return chrf_from_counts(chrf_counts(hypotheses, references).sum(axis=0), beta)


def chrf_counts(hypotheses: Sequence[str], references: Sequence[str]) -> np.ndarray:
    """What chrF is made of, a row a sentence: for each order matches, hypothesis' and reference's.

    Where a reference has no n-gram of an order, the hypothesis' do not count (as in sacrebleu).
    """
    rows = []
    for hypothesis, reference in _together(hypotheses, references):
        ours, theirs = ("".join(text.split()) for text in (hypothesis, reference))
        orders = [_matches(ours, theirs, n) for n in range(1, _CHRF_ORDER + 1)]
        rows.append([(m, written if wanted else 0, wanted) for m, written, wanted in orders])
    return np.array(rows, dtype=np.int64).reshape(len(rows), -1)


def chrf_from_counts(counts: np.ndarray, beta: float = 2.0) -> float:
    """ChrF of summed rows of `chrf_counts`."""
    matched, written, wanted = counts.reshape(_CHRF_ORDER, 3).T
    known = (written > 0) & (wanted > 0)
    if not matched[known].any():
        return 0.0
    precision = float(np.mean(matched[known] / written[known]))
    recall = float(np.mean(matched[known] / wanted[known]))
    return 100 * (1 + beta**2) * precision * recall / (beta**2 * precision + recall)


def _together(hypotheses: Sequence[str], references: Sequence[str]):
    """Pairs of hypothesis and reference; one text in place of a list is an easy mistake."""
    if isinstance(hypotheses, str) or isinstance(references, str):
        raise ValueError("hypotheses and references are lists of texts; put one text in brackets")
    if len(hypotheses) != len(references) or not hypotheses:
        raise ValueError(
            f"{len(hypotheses)} hypotheses and {len(references)} references; give one reference a "
            "hypothesis, and at least one"
        )
    return zip(hypotheses, references, strict=True)


def _matches(ours: Sequence[Hashable], theirs: Sequence[Hashable], n: int) -> tuple[int, int, int]:
    """n-grams of ours that are in theirs, each no oftener than there; number of ours, of theirs."""
    mine, yours = (
        Counter(tuple(text[i : i + n]) for i in range(len(text) - n + 1)) for text in (ours, theirs)
    )
    return (mine & yours).total(), mine.total(), yours.total()
