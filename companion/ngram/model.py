"""N-gram language models: fitted, asked for probabilities, made to speak. Chapter 1.

    p(w₁ … w_T) = Π_t p(w_t | w_{t−n+1} … w_{t−1})

The chain rule is exact; that only the last n − 1 words count is the Markov assumption.
"""

import math
from collections.abc import Iterable, Sequence

import numpy as np

from companion import metrics
from companion.ngram.backoff import Table, order_of
from companion.ngram.counts import (
    Level,
    Stream,
    count_ngrams,
    find,
    from_last_start,
    look_up,
    stream,
)
from companion.ngram.smoothing import SMOOTHINGS, Settings, estimate
from companion.ngram.vocabulary import END, END_ID, START, START_ID, UNKNOWN_ID, Vocabulary

Sentence = Sequence[str]


class BackoffModel:
    """What can be asked of a table of n-gram probabilities, fitted here or read from a file.

    A sentence is a list of words. A string stands for its characters if the vocabulary is made of
    single characters, otherwise for the words that white space separates. Unknown words are
    `<unk>`. `pad` says whether `<s>` × (order − 1) and `</s>` are put around each sentence.
    """

    def __init__(self, vocabulary: Vocabulary, table: Table | None, order: int, pad: bool = True):
        self.vocabulary = vocabulary
        self.table = table
        self.order = order
        self.pad = pad

    def prob(self, word: str, context: Sentence = ()) -> float:
        """p(word | context), between 0 and 1.

        Only the last order − 1 words of the context count. A shorter context is taken as it is,
        without `<s>` before it: the answer is that of the lower order.
        """
        ids = np.append(self._context(context), self.vocabulary.ids([word]))
        at = np.array([len(ids) - 1])
        return float(self._fitted().probs(Stream(ids, np.arange(len(ids))), at)[0])

    def token_log_probs(self, sentences: Iterable[Sentence]) -> np.ndarray:
        """log p of each predicted token, in nats, sentences end to end, `</s>` included.

        (tokens,); −inf for a token of probability zero.
        """
        table = self._fitted()
        text = stream(self._sentences(sentences), self.vocabulary, self.order, self.pad)
        with np.errstate(divide="ignore"):
            return np.log(table.probs(text, np.flatnonzero(self._predicted(text.ids))))

    def log_prob(self, sentence: Sentence) -> float:
        """log p(sentence) = Σ_t log p(w_t | context), in nats; `</s>` counts if `pad` is on."""
        return float(self.token_log_probs([sentence]).sum())

    def perplexity(self, sentences: Iterable[Sentence]) -> float:
        """exp(−(1/N) Σ log p) over all N predicted tokens, `</s>` included."""
        return metrics.perplexity(self.token_log_probs(sentences))

    def distribution(self, context: Sentence = ()) -> np.ndarray:
        """p(w | context) for every word of the vocabulary, in the order of its ids, (V,)."""
        table = self._fitted()
        return table.distribution(self._context(context))

    def next_words(self, context: Sentence = (), k: int = 10) -> list[tuple[str, float]]:
        """The k likeliest next words, with their probabilities; fewer if fewer are possible."""
        if k < 1:
            raise ValueError(f"k is {k}; ask for at least one word")
        probs = self.distribution(context)
        best = np.argsort(-probs, kind="stable")[:k]
        best = best[probs[best] > 0]
        words = self.vocabulary.tokens(best)
        return list(zip(words, probs[best].tolist(), strict=True))

    def sample(
        self,
        max_tokens: int = 100,
        *,
        context: Sentence | None = None,
        seed: int | np.random.Generator | None = None,
        temperature: float = 1.0,
    ) -> list[str]:
        """Draw words one after another until `</s>` or `max_tokens`; the context is not repeated.

        Without a context a sentence is begun. Probabilities are raised to 1/temperature: below 1
        the likely words gain. Raises `ValueError` for a temperature that is not positive and
        where the model gives every word probability zero.
        """
        if temperature <= 0:
            raise ValueError(f"temperature is {temperature}; it is above 0, and 1 changes nothing")
        rng = np.random.default_rng(seed)
        table = self._fitted()
        if context is None:
            context = [START] * (self.order - 1) if self.pad else []
        history = self._context(context).tolist()
        begun = len(history)
        while len(history) < begun + max_tokens:
            weights = table.distribution(history[max(0, len(history) - self.order + 1) :])
            if not weights.any():
                if len(history) > begun:
                    break  # a dead end: the text that was counted ends here
                raise ValueError(f"nothing was ever seen after {context!r}; give another context")
            weights = (weights / weights.max()) ** (1 / temperature)
            word = int(rng.choice(len(weights), p=weights / weights.sum()))
            if word == END_ID:
                break
            history.append(word)
        return self.vocabulary.tokens(history[begun:])

    def _fitted(self) -> Table:
        if self.table is None:
            raise ValueError("the model has no counts yet; call fit(sentences) first")
        return self.table

    def _predicted(self, ids: np.ndarray) -> np.ndarray:
        """Which tokens are predicted: all but `<s>`, unless the text has it as a word."""
        return (ids != START_ID) | (self._fitted().base[START_ID] > 0)

    def _tokens(self, text: Sentence) -> Sentence:
        if not isinstance(text, str):
            return text
        return list(text) if self.vocabulary.characters_only else text.split()

    def _context(self, context: Sentence) -> np.ndarray:
        """Ids of the last order − 1 words of a context."""
        tokens = self._tokens(context)
        return self.vocabulary.ids(tokens[max(0, len(tokens) - self.order + 1) :])

    def _sentences(self, sentences: Iterable[Sentence]) -> list[Sentence]:
        return _checked([self._tokens(sentence) for sentence in _listed(sentences)], self.pad)


class NGramModel(BackoffModel):
    """An n-gram model with one of eleven smoothings; Chen & Goodman 1998.

    `order` is n; `smoothing` is a name in `SMOOTHINGS`. Every one but `stupid_backoff` sums to
    one over the words, `<unk>` and `</s>` after any context (`mle` only after contexts that it
    has seen, and is zero after the others). Conventions: `kneser_ney` and `absolute_discounting`
    as in nltk.lm, where unigrams are not discounted, so that a word never seen has probability
    zero; `modified_kneser_ney` as in KenLM: three discounts an order, unigrams mixed with the
    uniform distribution, and `<s>` × (order − 1) read as a single `<s>`.

    `discount` fixes what is otherwise estimated (one number, or three for modified Kneser–Ney);
    `gamma` is Lidstone's added count; `weights` Jelinek–Mercer's λ (one number, or one an order,
    unigrams first); `alpha` the factor of stupid back-off. Words seen fewer than `min_count`
    times are counted as `<unk>`; a `vocabulary` decides that by itself.

    >>> model = NGramModel(2, "mle").fit([["the", "cat", "sat"], ["the", "mat"]])
    >>> model.prob("cat", ["the"])
    0.5
    """

    def __init__(
        self,
        order: int,
        smoothing: str = "modified_kneser_ney",
        *,
        discount: float | Sequence[float] | None = None,
        gamma: float = 0.5,
        weights: float | Sequence[float] | None = None,
        alpha: float = 0.4,
        min_count: int = 1,
        vocabulary: Vocabulary | None = None,
    ):
        _check_settings(order, smoothing, discount, gamma, weights, alpha)
        super().__init__(vocabulary or Vocabulary(), None, int(order))
        self.smoothing = smoothing
        self.settings = Settings(discount, gamma, weights, alpha)
        self.min_count = min_count
        self.discounts: list[tuple[float, ...]] = []  # in use, by order, once fitted
        self.levels: tuple[Level, ...] = ()  # the counts, by order, once fitted
        self._vocabulary_given = vocabulary is not None
        self._modified = smoothing == "modified_kneser_ney"  # has `<s>` as KenLM has it

    def fit(self, sentences: Iterable[Sentence], pad: bool = True) -> "NGramModel":
        """Count the sentences and estimate the probabilities; returns the model itself.

        A model that was given no vocabulary reads a string as its characters. With `pad`,
        `<s>` × (order − 1) goes before each sentence and one `</s>` after; without, sequences are
        taken as they come, each token with what context it has, and `<s>` is a word like any other
        (save in modified Kneser–Ney). Raises `ValueError` for an empty corpus, a single string,
        and padding around sentences that bring their own `<s>` or `</s>`.
        """
        sentences = _listed(sentences)
        if self._vocabulary_given:  # it says what a string stands for
            sentences = [self._tokens(sentence) for sentence in sentences]
        if not any(len(sentence) for sentence in _checked(sentences, pad)):
            raise ValueError("the corpus is empty; fit needs at least one token")
        if not self._vocabulary_given:
            self.vocabulary = Vocabulary.from_sentences(sentences, self.min_count)
        self.pad = pad
        text = stream(sentences, self.vocabulary, self.order, pad)
        text = from_last_start(text) if self._modified else text
        start_is_word = not (pad or self._modified)
        predicted = (text.ids != START_ID) | start_is_word
        self.levels = count_ngrams(text, predicted, self.order, len(self.vocabulary))

        return self._estimated()

    def refit(self, *, order: int | None = None, smoothing: str | None = None) -> "NGramModel":
        """A new model from the same counts: of a lower order, with another smoothing, or both.

        Equal to fitting it on the same sentences, without counting them again. A fixed discount
        stays where the smoothing has one. Raises `ValueError` for a higher order, and for a change
        to or from modified Kneser–Ney, which counts the starts of sentences in its own way.
        """
        self._fitted()
        order = self.order if order is None else order
        smoothing = self.smoothing if smoothing is None else smoothing
        if order > self.order:
            raise ValueError(f"order is {order}; only orders up to {self.order} were counted")
        modified = "modified_kneser_ney"
        if smoothing != self.smoothing and modified in (smoothing, self.smoothing):
            raise ValueError(f"{modified} counts starts of sentences in its own way; call fit")
        settings = dict(vars(self.settings))
        if np.ndim(settings["weights"]):  # one an order: those of the lower orders stay
            settings["weights"] = settings["weights"][:order]
        if smoothing in SMOOTHINGS and SMOOTHINGS[smoothing].discount is None:
            settings["discount"] = None
        model = NGramModel(order, smoothing, **settings, vocabulary=self.vocabulary)
        model.pad, model.min_count, model.levels = self.pad, self.min_count, self.levels[:order]
        return model._estimated()

    def _estimated(self) -> "NGramModel":
        """Turn the counts into probabilities."""
        method = SMOOTHINGS[self.smoothing]
        base = uniform(self.levels[0].counts)
        rows, self.discounts = estimate(self.levels, self.smoothing, self.settings, base)
        missing = method.missing(self.settings)
        orders = (
            order_of(level.contexts, level.keys, probs, backoff, missing)
            for level, (probs, backoff) in zip(self.levels, rows, strict=True)
        )
        self.table = Table(tuple(orders), base, method.chained)
        return self

    def count(self, ngram: Sentence) -> int:
        """How often the n-gram was seen: c(w₁ … w_n) for n from 1 to the order."""
        self._fitted()
        ids = self.vocabulary.ids(self._tokens(ngram))
        if not 1 <= len(ids) <= self.order:
            raise ValueError(f"{ngram!r} has {len(ids)} tokens; from 1 to {self.order} are counted")
        level, node = self._node(ids[:-1])
        entry = int(find(level.keys, node * len(self.vocabulary) + int(ids[-1])))
        return int(level.counts[entry]) if entry >= 0 else 0

    def coverage(self, sentences: Iterable[Sentence]) -> np.ndarray:
        """The share of the n-grams of a text that the model has counted, by order, (order,)."""
        self._fitted()
        text = stream(self._sentences(sentences), self.vocabulary, self.order, self.pad)
        text = from_last_start(text) if self._modified else text
        time = np.flatnonzero(self._predicted(text.ids))
        shares = []
        for level, (_, entry) in zip(
            self.levels, look_up(self.levels, len(self.vocabulary), text, time), strict=True
        ):
            seen = np.append(level.counts, 0)[entry] > 0
            near = text.reach[time] >= level.order - 1
            shares.append(seen[near].mean() if near.any() else math.nan)
        return np.array(shares)

    def _node(self, context: np.ndarray) -> tuple[Level, int]:
        """The level that a context belongs to, and its number there (−1 if never seen)."""
        node = 0
        for level, word in zip(self.levels[1:], context[::-1].tolist(), strict=False):
            node = int(find(level.contexts, node * len(self.vocabulary) + word))
        return self.levels[len(context)], node


def uniform(counts: np.ndarray) -> np.ndarray:
    """1/V over what can be predicted, (V,): words, `<unk>`, and `</s>` if sentences end.

    `<s>` and `</s>` have a share only if they were counted as predicted tokens.
    """
    possible = np.full(len(counts), True)
    possible[[START_ID, END_ID]] = counts[[START_ID, END_ID]] > 0
    possible[UNKNOWN_ID] = True
    return possible / np.count_nonzero(possible)


def _listed(sentences: Iterable[Sentence]) -> list[Sentence]:
    if isinstance(sentences, str):
        raise ValueError(
            f"sentences is one string, {sentences[:20]!r}…; pass a list of sentences, "
            "such as [text] or [split_words(text)]"
        )
    return [s if isinstance(s, (str, list, tuple)) else list(s) for s in sentences]


def _checked(sentences: list[Sentence], pad: bool) -> list[Sentence]:
    if pad:
        for number, sentence in enumerate(sentences):
            marks = [] if isinstance(sentence, str) else [m for m in (START, END) if m in sentence]
            if marks:
                raise ValueError(
                    f"sentence {number} already contains {marks[0]}; take it out, "
                    "or fit with pad=False to use sequences as they come"
                )
    return sentences


def _check_settings(order, smoothing, discount, gamma, weights, alpha) -> None:
    if isinstance(order, bool) or not isinstance(order, (int, np.integer)) or order < 1:
        raise ValueError(f"order is {order!r}; it is a whole number from 1 (unigrams) up")
    if smoothing not in SMOOTHINGS:
        raise ValueError(f"no smoothing {smoothing!r}; there are: {', '.join(SMOOTHINGS)}")
    if discount is not None:
        if SMOOTHINGS[smoothing].discount is None:
            raise ValueError(f"{smoothing} takes no discount; leave it out")
        values = np.atleast_1d(np.asarray(discount, dtype=np.float64))
        allowed = (1, 3) if smoothing == "modified_kneser_ney" else (1,)
        limits = np.array([1.0, 2.0, 3.0])[: len(values)]
        if len(values) not in allowed or not ((values >= 0) & (values <= limits)).all():
            raise ValueError(
                f"discount is {discount!r}; it is a number from 0 to 1"
                + (" or three, up to 1, 2 and 3" if 3 in allowed else "")
            )
    if not gamma > 0:
        raise ValueError(f"gamma is {gamma}; the count added to each word is above 0")
    if weights is not None:
        values = np.atleast_1d(np.asarray(weights, dtype=np.float64))
        if len(values) not in (1, order) or not ((values >= 0) & (values <= 1)).all():
            raise ValueError(
                f"weights is {weights!r}; it is a number from 0 to 1, or one for each of the "
                f"{order} orders, unigrams first"
            )
    if not 0 < alpha <= 1:
        raise ValueError(f"alpha is {alpha}; the factor of stupid back-off is above 0, up to 1")
