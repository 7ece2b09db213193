"""What skip-gram and CBOW read: words and their neighbours, and noise. Chapter 3.

Everything here is NumPy and counts whole arrays at a time. Sentences are arrays of word ids; no
window reaches over the end of a sentence. Letters: N words of text, V vocabulary, W window, k
noise words a pair.
"""

from collections.abc import Sequence

import numpy as np

from companion.ngram import Vocabulary
from companion.ngram.vocabulary import UNKNOWN_ID


def known_ids(sentences: Sequence[Sequence[str]], vocabulary: Vocabulary) -> list[np.ndarray]:
    """Ids of each sentence without its unknown words: rare words are dropped before windowing.

    Their neighbours move closer together, as in the original program.
    """
    ids = (vocabulary.ids(sentence) for sentence in sentences)
    return [sentence[sentence != UNKNOWN_ID] for sentence in ids]


def word_counts(sentences: Sequence[np.ndarray], vocab_size: int) -> np.ndarray:
    """c(w) for every id, (V,). Raises `ValueError` when there is no word to count."""
    counts = np.bincount(np.concatenate([*sentences, []]).astype(int), minlength=vocab_size)
    if not counts.any():
        raise ValueError("the sentences hold no known word; fit the vocabulary on this text")
    return counts


def keep_probs(counts: np.ndarray, threshold: float = 1e-3) -> np.ndarray:
    """p(keep w) = min(1, √(t / f(w))), f the share of w in the text; Mikolov et al. 2013, eq. 5.

    The paper writes what is discarded, 1 − √(t / f). (V,); a word never seen is kept.
    """
    if threshold <= 0:
        raise ValueError(f"threshold is {threshold}; it is above 0, for example 1e-3")
    shares = np.asarray(counts) / np.sum(counts)
    scaled = np.divide(threshold, shares, out=np.ones(shares.shape), where=shares > 0)
    return np.sqrt(np.minimum(1.0, scaled))


def subsample(
    sentences: Sequence[np.ndarray], keep: np.ndarray, rng: np.random.Generator
) -> list[np.ndarray]:
    """Each word w of the text stays with probability `keep[w]`, independently of the others."""
    return [ids[rng.random(len(ids)) < keep[ids]] for ids in sentences]


def noise_probs(counts: np.ndarray, power: float = 0.75) -> np.ndarray:
    """P_n(w) = c(w)^¾ / Σ c^¾, (V,), what noise words are drawn from; Mikolov et al. 2013, §2.2."""
    if np.sum(counts) <= 0:
        raise ValueError("all counts are zero; noise needs at least one word")
    raised = np.where(np.asarray(counts) > 0, np.asarray(counts, float) ** power, 0.0)
    return raised / raised.sum()


def draw_noise(probs: np.ndarray, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Word ids drawn from `probs`, independently, in an array of the given shape."""
    steps = np.cumsum(probs)
    # Scaled by the last step, which rounding leaves a little off one: no id beyond V.
    return np.searchsorted(steps, rng.random(shape) * steps[-1], side="right")


def skip_gram_pairs(
    sentences: Sequence[np.ndarray], window: int, rng: np.random.Generator | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """All (w_t, w_{t+j}), −c ≤ j ≤ c, j ≠ 0; Mikolov et al. 2013, eq. 1.

    Two arrays (pairs,): the centre word and the context word, in the order of the text. With
    `rng`, c is drawn for each centre from 1 … window.

    >>> skip_gram_pairs([np.array([7, 8, 9])], window=1)
    (array([7, 8, 8, 9]), array([8, 7, 9, 8]))
    """
    ids, near, there = _neighbours(sentences, window, rng)
    centres = np.repeat(ids, there.sum(axis=1))
    return centres, near[there]


def cbow_windows(
    sentences: Sequence[np.ndarray], window: int, rng: np.random.Generator | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The context of each word, its mask and the word: (N, 2W), (N, 2W) True = a word, (N,).

    Mikolov et al. (2013, "Efficient estimation"), §3.1. Context words stand in the order of the
    text; an empty place holds id 0 and is False in the mask. Words without any context are left
    out. With `rng`, the window is drawn for each word from 1 … window.
    """
    ids, near, there = _neighbours(sentences, window, rng)
    some = there.any(axis=1)
    return np.where(there, near, 0)[some], there[some], ids[some]


def _neighbours(
    sentences: Sequence[np.ndarray], window: int, rng: np.random.Generator | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """All ids (N,), what stands −W … −1, 1 … W from each (N, 2W), and whether that counts."""
    if window < 1:
        raise ValueError(f"window is {window}; it is at least 1 word on either side")
    ids = np.concatenate([np.empty(0, np.int64), *sentences]).astype(np.int64)
    sentence = np.repeat(np.arange(len(sentences)), [len(each) for each in sentences])
    reach = np.full(len(ids), window) if rng is None else rng.integers(1, window + 1, len(ids))
    offsets = np.concatenate([np.arange(-window, 0), np.arange(1, window + 1)])
    places = np.arange(len(ids))[:, None] + offsets
    inside = (places >= 0) & (places < len(ids))
    places = np.where(inside, places, 0)
    same = sentence[places] == sentence[:, None]
    near_enough = np.abs(offsets) <= reach[:, None]
    return ids, ids[places], inside & same & near_enough
