"""Eleven answers to one question: what is p(w | h) when c(h w) is small or zero? Chapter 1.

Chen & Goodman (1998), "An empirical study of smoothing techniques for language modeling" (C&G
below), is the reference throughout. Each function is one equation. It is given the counts of one
order and `lower`, the probability that the shorter context h' gives to the word of each n-gram,
and returns two arrays:

    probs (n-grams,)     p(w | h) for each n-gram that was counted
    backoff (contexts,)  what p(w | h') is multiplied by when (h, w) was never seen

The recursion over orders is in `estimate`. An interpolated model also mixes p(w | h') into the
n-grams that were seen; once that is done it answers like a back-off model, with other numbers.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from companion.ngram import discounts
from companion.ngram.counts import Level, adjusted_counts, continuation_counts


@dataclass(frozen=True)
class Settings:
    """What can be set by hand; `None` means estimated from the counts."""

    discount: float | Sequence[float] | None = None
    gamma: float = 0.5
    weights: float | Sequence[float] | None = None
    alpha: float = 0.4


@dataclass(frozen=True)
class Evidence:
    """The counts of one order, as an equation wants them: c(hw), c(h), N₁₊(h •)."""

    order: int
    counts: np.ndarray  # (n-grams,)
    context: np.ndarray  # (n-grams,) the number of each n-gram's context
    num_contexts: int
    num_words: int  # how many words can be predicted
    discount: tuple[float, ...] = ()
    weights: np.ndarray | None = None  # (contexts,) λ

    @cached_property
    def totals(self) -> np.ndarray:
        """c(h) = Σ_w c(hw), (contexts,)."""
        return self.sum(self.counts)

    @cached_property
    def types(self) -> np.ndarray:
        """N₁₊(h •) = how many different words follow h, (contexts,)."""
        return self.sum(self.counts > 0)

    @cached_property
    def relative(self) -> np.ndarray:
        """c(hw) / c(h), the maximum-likelihood estimate, (n-grams,)."""
        return self.counts / self.safe_totals[self.context]

    @property
    def safe_totals(self) -> np.ndarray:
        """c(h), with 1 for a context without counts, whose counts are all zero anyway."""
        return np.where(self.totals > 0, self.totals, 1)

    def sum(self, values: np.ndarray) -> np.ndarray:
        """Σ over the n-grams of each context, (contexts,)."""
        # Of nothing at all, where no sequence is long enough, bincount makes integers.
        return np.bincount(self.context, values, self.num_contexts).astype(np.float64)

    def interpolate(
        self, own: np.ndarray, left: np.ndarray, lower: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """p = own + left(h) p(w | h'); all is left to h' where the context has no counts."""
        left = np.where(self.totals > 0, left, 1.0)
        return own + left[self.context] * lower, left


Estimate = tuple[np.ndarray, np.ndarray]


def mle(n: Evidence, lower: np.ndarray, settings: Settings) -> Estimate:
    """p(w | h) = c(hw) / c(h), maximum likelihood; zero for what was not seen."""
    return n.relative, np.zeros(n.num_contexts)


def lidstone(n: Evidence, lower: np.ndarray, settings: Settings) -> Estimate:
    """p(w | h) = (c(hw) + γ) / (c(h) + γ V); Lidstone 1920, C&G 1998, §2.1.

    The same as a mixture with the uniform distribution (here `lower`) of weight γV / (c(h) + γV).
    """
    extra = settings.gamma * n.num_words
    left = extra / (n.totals + extra)
    return n.counts / (n.totals + extra)[n.context] + left[n.context] * lower, left


def laplace(n: Evidence, lower: np.ndarray, settings: Settings) -> Estimate:
    """p(w | h) = (c(hw) + 1) / (c(h) + V): Lidstone with γ = 1."""
    return lidstone(n, lower, replace(settings, gamma=1.0))


def good_turing(n: Evidence, lower: np.ndarray, settings: Settings) -> Estimate:
    """p(w | h) = r* / Σ_w r*, with r* = (r+1) n_{r+1} / n_r; Good 1953, C&G 1998, §2.2.

    The n-grams never seen share n₁ equally: r₀* = n₁ / n₀, and n₀ is all that could be formed of
    the words less what was seen (with n₁ = 0, as if it were 1). It has no shorter contexts: C&G
    use it as a part of Katz's model, not alone, and the chapter shows why.
    """
    n1 = max(int((n.counts == 1).sum()), 1)
    n0 = float(n.num_words + 1) ** (n.order - 1) * n.num_words - (n.counts > 0).sum()
    unseen = n1 / n0 if n0 > 0 else 0.0
    adjusted = discounts.good_turing_counts(n.counts)
    totals = n.sum(adjusted) + (n.num_words - n.types) * unseen
    left = n.num_words * unseen / totals
    return np.where(n.counts > 0, adjusted / totals[n.context], left[n.context] * lower), left


def jelinek_mercer(n: Evidence, lower: np.ndarray, settings: Settings) -> Estimate:
    """p(w | h) = λ(h) c(hw)/c(h) + (1 − λ(h)) p(w | h'); Jelinek & Mercer 1980, C&G 1998, §2.3.

    Below the unigrams stands the uniform distribution. λ is set by `weights` (one number, or one
    an order) or found by leaving one token out at a time (`discounts.interpolation_weights`).
    """
    return n.interpolate(n.weights[n.context] * n.relative, 1 - n.weights, lower)


def witten_bell(n: Evidence, lower: np.ndarray, settings: Settings) -> Estimate:
    """p(w | h) = (c(hw) + N₁₊(h •) p(w | h')) / (c(h) + N₁₊(h •)); Bell et al. 1990, C&G §2.5.

    Unigrams are maximum likelihood, as in nltk.lm.
    """
    if n.order == 1:
        return mle(n, lower, settings)
    total = np.maximum(n.totals + n.types, 1)
    return n.interpolate(n.counts / total[n.context], n.types / total, lower)


def absolute_discounting(n: Evidence, lower: np.ndarray, settings: Settings) -> Estimate:
    """p(w | h) = max(c(hw) − D, 0)/c(h) + D N₁₊(h •)/c(h) · p(w | h'); Ney et al. 1994, C&G §2.6.

    Unigrams are not discounted, as in nltk.lm.
    """
    if n.order == 1:
        return mle(n, lower, settings)
    (d,) = n.discount
    own = np.maximum(n.counts - d, 0) / n.safe_totals[n.context]
    return n.interpolate(own, d * n.types / n.safe_totals, lower)


def kneser_ney(n: Evidence, lower: np.ndarray, settings: Settings) -> Estimate:
    """Absolute discounting on continuation counts N₁₊(• h w) below the highest order.

    Kneser & Ney 1995; interpolated as in C&G 1998, §2.7, and nltk.lm.
    """
    return absolute_discounting(n, lower, settings)


def modified_kneser_ney(n: Evidence, lower: np.ndarray, settings: Settings) -> Estimate:
    """p(w | h) = (c − D(c))/c(h) + Σ_r D_r N_r(h •)/c(h) · p(w | h'); C&G 1998, §3.

    Three discounts an order, for counts of 1, 2 and more. Unigrams are discounted too and mixed
    with the uniform distribution, as in KenLM (Heafield et al. 2013).
    """
    d = np.array([0.0, *n.discount])[np.minimum(n.counts, 3)]
    own = (n.counts - d) / n.safe_totals[n.context]
    return n.interpolate(own, n.sum(d) / n.safe_totals, lower)


def katz(n: Evidence, lower: np.ndarray, settings: Settings) -> Estimate:
    """p(w | h) = d_r c(hw)/c(h) if seen, else α(h) p(w | h'); Katz 1987, C&G 1998, §2.4.

    α(h) is what makes the row sum to one. Where no count of a context is discounted, c(h) is
    raised by 1 to leave something for the unseen (the rule of the CMU toolkit and SRILM). Where
    nothing is left unseen, the seen words take all. Unigrams are maximum likelihood.
    """
    if n.order == 1:
        return mle(n, lower, settings)
    kept = np.where(n.counts > 0, discounts.katz_counts(n.counts), 0.0)
    freed = n.sum(n.counts - kept)
    probs = kept / (n.totals + (freed <= 1e-12 * n.totals))[n.context]
    left = 1 - n.sum(probs)
    unseen = 1 - n.sum(lower)
    # Below 1e-10 the difference from 1 is rounding: every word that h' knows has been seen.
    alpha = np.divide(left, unseen, out=np.zeros_like(left), where=unseen > 1e-10)
    return np.where(alpha[n.context] > 0, probs, probs / n.sum(probs)[n.context]), alpha


def stupid_backoff(n: Evidence, lower: np.ndarray, settings: Settings) -> Estimate:
    """S(w | h) = c(hw)/c(h) if seen, else 0.4 S(w | h'): a score; Brants et al. 2007, eq. 5."""
    return n.relative, np.full(n.num_contexts, settings.alpha)


@dataclass(frozen=True)
class Smoothing:
    """An equation, the counts it reads, and what a context falls back on."""

    estimate: Callable[[Evidence, np.ndarray, Settings], Estimate]
    counts: Callable[[Level, Level | None], np.ndarray] = lambda level, above: level.counts
    discount: Callable[[np.ndarray], float | tuple[float, ...]] | None = None
    chained: bool = True  # falls back on the shorter context; else on the uniform distribution
    missing: Callable[[Settings], float] = lambda settings: 1.0  # back-off of an unseen context


SMOOTHINGS: dict[str, Smoothing] = {
    "mle": Smoothing(mle, chained=False, missing=lambda settings: 0.0),
    "lidstone": Smoothing(lidstone, chained=False),
    "laplace": Smoothing(laplace, chained=False),
    "good_turing": Smoothing(good_turing, chained=False),
    "jelinek_mercer": Smoothing(jelinek_mercer),
    "witten_bell": Smoothing(witten_bell),
    "absolute_discounting": Smoothing(absolute_discounting, discount=discounts.absolute_discount),
    "kneser_ney": Smoothing(kneser_ney, continuation_counts, discounts.absolute_discount),
    "modified_kneser_ney": Smoothing(
        modified_kneser_ney, adjusted_counts, discounts.modified_discounts
    ),
    "katz": Smoothing(katz),
    "stupid_backoff": Smoothing(stupid_backoff, missing=lambda settings: settings.alpha),
}


def estimate(
    levels: Sequence[Level], name: str, settings: Settings, base: np.ndarray
) -> tuple[list[Estimate], list[tuple[float, ...]]]:
    """Apply one smoothing to each order, from the unigrams up.

    `base` (V,) is what stands below the unigrams: uniform over the words that can be predicted.
    Returns (probs, backoff) and the discounts in use, per order.
    """
    method = SMOOTHINGS[name]
    rows, used = [], []
    lower, left_out = base, base
    for level, above in zip(levels, [*levels[1:], None], strict=True):
        counts = method.counts(level, above)
        n = Evidence(
            level.order, counts, level.context, len(level.contexts), np.count_nonzero(base)
        )
        if method.discount is not None:
            n = replace(n, discount=_discount(method, n, settings))
        if name == "jelinek_mercer":
            weights, left_out = _weights(n, left_out[level.suffix], settings)
            n = replace(n, weights=weights)
        below = lower[level.suffix] if method.chained else base[level.keys % level.vocab_size]
        rows.append(method.estimate(n, below, settings))
        used.append(n.discount)
        lower = rows[-1][0]
    return rows, used


def _discount(method: Smoothing, n: Evidence, settings: Settings) -> tuple[float, ...]:
    """The discounts of one order: as set, or estimated; one number, or three for modified KN."""
    given = settings.discount
    found = method.discount(n.counts) if given is None else given
    if method.estimate is modified_kneser_ney:
        return tuple(np.broadcast_to(found, 3).tolist())
    return (0.0,) if n.order == 1 else (float(found),)


def _weights(n: Evidence, lower: np.ndarray, settings: Settings) -> tuple[np.ndarray, np.ndarray]:
    """λ (contexts,) as set or estimated, and the left-out probabilities for the next order."""
    if settings.weights is None:
        return discounts.interpolation_weights(n.counts, n.context, lower)
    given = np.atleast_1d(np.asarray(settings.weights, dtype=np.float64))
    return np.full(n.num_contexts, given[min(n.order, len(given)) - 1]), lower
