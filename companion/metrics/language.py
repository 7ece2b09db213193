"""Scores of language models: cross-entropy, perplexity, bits per character.

Log-probabilities are natural logarithms (nats) throughout; a function that returns bits says so.
"""

import math
from collections.abc import Sequence

import numpy as np


def cross_entropy(log_probs: Sequence[float]) -> float:
    """Mean negative log-probability, H = −(1/N) Σ log p(wᵢ | context), in nats per token.

    Jurafsky & Martin (2024), Speech and Language Processing, eq. 3.40. `log_probs` holds one
    natural logarithm per token; −inf (an impossible token) gives inf. Raises `ValueError` when
    empty, when a value is NaN, or when one is positive (a probability above 1).
    """
    values = np.asarray(log_probs, dtype=np.float64).ravel()
    if values.size == 0:
        raise ValueError("no log-probabilities: the cross-entropy of an empty text is undefined")
    if np.isnan(values).any():
        raise ValueError(f"log-probability number {int(np.isnan(values).argmax())} is NaN")
    if values.max() > 1e-9:
        raise ValueError(
            f"a log-probability of {values.max():g} means a probability above 1; "
            "pass log p, not −log p"
        )
    return max(0.0, -float(values.mean()))


def perplexity(log_probs: Sequence[float]) -> float:
    """exp of the cross-entropy, PP = (Π 1/p(wᵢ | context))^(1/N); Jurafsky & Martin, eq. 3.14.

    Between 1 (every token certain) and inf (one token impossible); a uniform model over V words
    has perplexity V. Same arguments and errors as `cross_entropy`.

    >>> perplexity(np.log([0.25, 0.25]))
    4.0
    """
    nats = cross_entropy(log_probs)
    return math.exp(nats) if nats < 700 else math.inf


def bits_per_character(log_prob: float, characters: int) -> float:
    """−log₂ p(text) / number of characters: the one axis on which all models of the book compare.

    `log_prob` is the total log-probability of the text in nats, `characters` its length. Unlike
    perplexity it does not depend on how the text was cut into tokens. Raises `ValueError` for a
    text without characters and a `log_prob` that is positive or NaN.
    """
    if characters < 1:
        raise ValueError(f"characters is {characters}; a text has at least one")
    if math.isnan(log_prob):
        raise ValueError("log_prob is NaN: the model gave no probability (has it diverged?)")
    if log_prob > 1e-9:
        raise ValueError(f"log_prob is {log_prob:g}; the logarithm of a probability is at most 0")
    return max(0.0, -log_prob) / math.log(2) / characters
