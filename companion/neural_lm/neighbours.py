"""What a space of word vectors knows: the words near a word, and proportions. Chapter 3."""

import numpy as np

from companion.ngram import END, START, UNKNOWN, Vocabulary

SPECIAL = (UNKNOWN, START, END)  # their vectors were never trained


def nearest(
    vectors: np.ndarray, vocabulary: Vocabulary, word: str, k: int = 10
) -> list[tuple[str, float]]:
    """The k words with the greatest cosine v·w / (|v| |w|) to a word, itself left out.

    `vectors` (V, D), row i for id i of the vocabulary. Returns (word, cosine), nearest first.
    Raises `ValueError` for an unknown word, k < 1, or vectors of another vocabulary.
    """
    unit = _unit(vectors, vocabulary)
    return _closest(unit, vocabulary, unit[_id(vocabulary, word)], (word,), k)


def analogy(
    vectors: np.ndarray, vocabulary: Vocabulary, a: str, b: str, c: str, k: int = 10
) -> list[tuple[str, float]]:
    """a is to b as c is to …: the k words nearest to b − a + c; Mikolov, Yih & Zweig 2013, §4.

    Vectors are scaled to length one first, and the three words themselves are left out, as in
    Mikolov et al. 2013, "Efficient estimation", §4 (b itself would otherwise often win). Arguments
    and errors as `nearest`.
    """
    unit = _unit(vectors, vocabulary)
    of_a, of_b, of_c = (unit[_id(vocabulary, word)] for word in (a, b, c))
    wanted = of_b - of_a + of_c
    return _closest(unit, vocabulary, wanted / max(np.linalg.norm(wanted), 1e-12), (a, b, c), k)


def _closest(
    unit: np.ndarray, vocabulary: Vocabulary, wanted: np.ndarray, left_out: tuple[str, ...], k: int
) -> list[tuple[str, float]]:
    if k < 1:
        raise ValueError(f"k is {k}; ask for at least one neighbour")
    cosines = unit @ wanted
    hidden = vocabulary.ids([*SPECIAL, *left_out])
    cosines[hidden] = -np.inf
    best = np.argsort(-cosines, kind="stable")[: min(k, len(unit) - len(set(hidden.tolist())))]
    return list(zip(vocabulary.tokens(best), cosines[best].tolist(), strict=True))


def _unit(vectors: np.ndarray, vocabulary: Vocabulary) -> np.ndarray:
    """Every row divided by its length."""
    vectors = np.asarray(vectors)
    if vectors.ndim != 2 or len(vectors) != len(vocabulary):
        raise ValueError(
            f"vectors have shape {vectors.shape} and the vocabulary {len(vocabulary)} words; "
            "there is one row for each word"
        )
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)


def _id(vocabulary: Vocabulary, word: str) -> int:
    if word not in vocabulary or word in SPECIAL:
        raise ValueError(f"{word!r} has no vector: it is not a word of the vocabulary")
    return int(vocabulary.ids([word])[0])
