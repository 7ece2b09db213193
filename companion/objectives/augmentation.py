"""More text from the same text: delete, swap, replace, translate and back. Chapter 9.

Wei & Zou 2019 (EDA) and Sennrich et al. 2016. Each function gives *another* sentence that should
mean nearly the same; whether it does is for the reader to look at. Plain Python and NumPy.
"""

from collections.abc import Callable, Sequence

import numpy as np

from companion.neural_lm import nearest
from companion.ngram import Vocabulary
from companion.transformer import LANGUAGES, language_of


def delete_words(words: Sequence[str], rng: np.random.Generator, rate: float = 0.1) -> list[str]:
    """Each word is left out with probability `rate`; at least one stays. Wei & Zou 2019, §2 (RD).

    Raises `ValueError` for a rate outside 0 … 1.
    """
    if not 0 <= rate <= 1:
        raise ValueError(f"rate is {rate}; it is 0 to 1")
    kept = rng.random(len(words)) >= rate
    if len(words) and not kept.any():
        kept[rng.integers(len(words))] = True
    return [word for word, stays in zip(words, kept, strict=True) if stays]


def swap_words(words: Sequence[str], rng: np.random.Generator, count: int = 1) -> list[str]:
    """Two words at different places change places, `count` times. Wei & Zou 2019, §2 (RS)."""
    out = list(words)
    for _ in range(count if len(out) > 1 else 0):
        i, j = rng.choice(len(out), 2, replace=False)
        out[i], out[j] = out[j], out[i]
    return out


def synonyms(
    words: Sequence[str],
    rng: np.random.Generator,
    vectors: np.ndarray,
    vocabulary: Vocabulary,
    *,
    count: int = 1,
    k: int = 5,
    at_least: float = 0.5,
) -> list[str]:
    """`count` words replaced by one of their `k` nearest in a space of vectors. Ibid., §2 (SR).

    EDA looks synonyms up in WordNet; here they are chapter 3's neighbours with a cosine of
    `at_least`, which are words that stand in the same *places*: *good* has *bad* among them. Words
    without a vector or without such a neighbour stay. `vectors` (V, D), row i for id i.
    """
    out, changed = list(words), 0
    for place in rng.permutation(len(out)):
        if changed == count:
            break
        if out[place] not in vocabulary:
            continue
        around = nearest(vectors, vocabulary, out[place], k)
        near = [word for word, cosine in around if cosine >= at_least]
        if near:
            out[place] = near[rng.integers(len(near))]
            changed += 1
    return out


def back_translate(
    texts: Sequence[str], translate: Callable[..., Sequence[str]]
) -> list[tuple[str, str]]:
    """(there, and back): each text in the other language, and that in its own again.

    Sennrich et al. 2016 ("Improving NMT with monolingual data"), §3. `translate(texts, to=…)` is a
    translator's, such as `Translator.translate` of chapter 5; where it says nothing, nothing comes
    back. Texts are all of one language. Raises `ValueError` for texts of two languages.

    >>> back_translate(["Sara is a student."], load_translator().translate)
    """
    found = {language_of(text) for text in texts}
    if len(found) != 1:
        raise ValueError(
            f"{len(texts)} texts, languages {sorted(found)}; give texts of one language"
        )
    own = found.pop()
    (other,) = set(LANGUAGES) - {own}
    there = list(translate(texts, to=other))
    said = [i for i, text in enumerate(there) if text.strip()]  # a translator may say nothing
    back = [""] * len(there)
    if said:
        for i, text in zip(said, translate([there[i] for i in said], to=own), strict=True):
            back[i] = text
    return list(zip(there, back, strict=True))
