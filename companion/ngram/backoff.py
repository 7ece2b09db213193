"""The fitted model as a table, and the one rule that reads it. Chapter 1.

    p(w | h) = probs[h w]                if that n-gram is in the table
             = backoff[h] · p(w | h')    if it is not; a context never seen has the weight 1

`h'` is the context without its oldest word. An ARPA file holds the same two columns. The models
that never fall back on a shorter context (maximum likelihood, Lidstone, Good–Turing) read the
uniform distribution in place of p(w | h').
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from companion.ngram.counts import Stream, find, look_up


@dataclass(frozen=True)
class Order:
    """One order of the table; `contexts` and `keys` are packed as in `counts.Level`.

    `probs` and `backoff` have one entry more than there are keys: index −1, "not found", reads it.
    """

    contexts: np.ndarray
    keys: np.ndarray
    probs: np.ndarray
    backoff: np.ndarray


def order_of(
    contexts: np.ndarray,
    keys: np.ndarray,
    probs: np.ndarray,
    backoff: np.ndarray,
    missing: float = 1.0,
) -> Order:
    """An `Order` whose unseen contexts have the back-off weight `missing`."""
    return Order(contexts, keys, np.append(probs, 0.0), np.append(backoff, missing))


@dataclass(frozen=True)
class Table:
    """Probabilities of n-grams by order.

    `base` (V,) stands below the unigrams: uniform over the words that can be predicted, 0 for the
    others. Without `chained`, an n-gram that is missing falls back on `base` at once.
    """

    orders: tuple[Order, ...]
    base: np.ndarray
    chained: bool = True

    def probs(self, text: Stream, time: np.ndarray) -> np.ndarray:
        """p(token | its context) for the tokens at the positions `time`; floats like `time`.

        The context of a token is as long as the order and its `reach` allow.
        """
        reach = text.reach[time]
        below = result = self.base[text.ids[time]]
        found = look_up(self.orders, len(self.base), text, time)
        for n, (order, (node, entry)) in enumerate(zip(self.orders, found, strict=True), 1):
            longer = np.where(entry >= 0, order.probs[entry], order.backoff[node] * below)
            result = np.where(reach >= n - 1, longer, result)
            below = result if self.chained else below
        return result

    def distribution(self, context: Sequence[int]) -> np.ndarray:
        """p(w | context) for every word of the vocabulary, (V,)."""
        vocab_size, node = len(self.base), 0
        result = self.base
        for n, order in enumerate(self.orders[: len(context) + 1], 1):
            if n > 1:
                node = int(find(order.contexts, node * vocab_size + int(context[-(n - 1)])))
            result = order.backoff[node] * (result if self.chained else self.base)
            if node >= 0:
                edges = np.array([node, node + 1]) * vocab_size
                first, last = np.searchsorted(order.keys, edges)
                result[order.keys[first:last] % vocab_size] = order.probs[first:last]
        return result
