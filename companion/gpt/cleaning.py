"""Cleaning a corpus: what is there twice, what is another language, what is no prose. Chapter 7.

Everything here looks at texts alone; what it removes is measured, not assumed to be bad.
"""

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np

PRIME = (1 << 31) - 1  # of the hash functions (a·x + b) mod p, with products below 2⁶²
HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
STOP_WORDS = frozenset({"the", "be", "to", "of", "and", "that", "have", "with"})
ENGLISH = STOP_WORDS | {"a", "in", "is", "it", "for", "was", "i", "you", "he", "not", "as", "on"}


def normalized(text: str) -> str:
    """The text with width, case and white space made equal: no difference to a reader."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def exact_duplicates(texts: Sequence[str]) -> list[int]:
    """The places of texts that, normalized, stand earlier in the list too, in order."""
    seen: set[bytes] = set()
    again = []
    for i, text in enumerate(texts):
        key = hashlib.sha256(normalized(text).encode()).digest()
        if key in seen:
            again.append(i)
        seen.add(key)
    return again


def shingles(text: str, n: int = 5) -> set[str]:
    """All runs of n characters of the normalized text; the text itself where it is shorter."""
    text = normalized(text)
    return {text[i : i + n] for i in range(max(1, len(text) - n + 1))}


def resemblance(one: set[str], other: set[str]) -> float:
    """|A ∩ B| / |A ∪ B|, Jaccard's; Broder 1997, §2."""
    return len(one & other) / max(1, len(one | other))


def min_hashes(texts: Sequence[str], hashes: int = 128, n: int = 5, seed: int = 0) -> np.ndarray:
    """A row a text: the least value of each hash function over its shingles; Broder 1997, §3.

    int64 (texts, hashes). Two rows agree in a place with a probability equal to the resemblance of
    the texts, so the share of agreeing places estimates it, to ±√(r(1 − r)/hashes).
    """
    rng = np.random.default_rng(seed)
    a, b = rng.integers(1, PRIME, hashes), rng.integers(0, PRIME, hashes)
    rows = []
    for text in texts:
        digests = [hashlib.blake2b(s.encode(), digest_size=4).digest() for s in shingles(text, n)]
        x = np.frombuffer(b"".join(digests), dtype="<u4").astype(np.int64) % PRIME
        least = [
            ((x[i : i + 4096, None] * a + b) % PRIME).min(axis=0) for i in range(0, len(x), 4096)
        ]
        rows.append(np.min(least, axis=0))
    return np.array(rows).reshape(len(texts), hashes)


class NearDuplicate(NamedTuple):
    """Text number `later` resembles the `earlier` one."""

    earlier: int
    later: int
    resemblance: float


def near_duplicates(
    texts: Sequence[str], threshold: float = 0.8, *, bands: int = 32, rows: int = 4, n: int = 5
) -> list[NearDuplicate]:
    """Pairs that resemble each other by at least `threshold`, found without comparing all pairs.

    Two texts are compared when their `min_hashes` agree throughout one of `bands` bands of `rows`
    places: a pair of resemblance r is missed with probability (1 − r^rows)^bands, 5·10⁻⁸ for 0.8
    (Leskovec et al. 2020, §3.4). The resemblance of those is computed exactly. Raises `ValueError`
    for a threshold outside (0, 1].
    """
    if not 0 < threshold <= 1:
        raise ValueError(f"threshold is {threshold}; it is above 0 and at most 1")
    signatures = min_hashes(texts, bands * rows, n).reshape(len(texts), bands, rows)
    together: set[tuple[int, int]] = set()
    for band in range(bands):
        buckets: dict[bytes, list[int]] = {}
        for i, row in enumerate(signatures[:, band]):
            bucket = buckets.setdefault(row.tobytes(), [])
            together.update((j, i) for j in bucket)
            bucket.append(i)
    found = []
    for i, j in sorted(together):
        r = resemblance(shingles(texts[i], n), shingles(texts[j], n))
        if r >= threshold:
            found.append(NearDuplicate(i, j, r))
    return found


def language(text: str) -> Literal["en", "zh", "other"]:
    """A guess: "zh" when most letters are Han, "en" when a word in ten is one of the commonest."""
    letters = [c for c in text if c.isalpha()]
    if letters and sum(1 for c in letters if HAN.match(c)) > len(letters) / 2:
        return "zh"
    words = re.findall(r"[^\W\d_]+", text.casefold())
    common = sum(word in ENGLISH for word in words)
    return "en" if words and common >= len(words) / 10 else "other"


def quality_problems(text: str) -> list[str]:
    """Which of the rules of Rae et al. 2021, app. A1.1, an English text breaks; none is good.

    Fewer than 50 or more than 100,000 words; a mean word of less than 3 or more than 10 letters;
    more than a tenth as many #, or as many …, as words; nine lines in ten with a bullet; three in
    ten that end in …; less than four words in five with a letter; fewer than two different words
    of `STOP_WORDS`.
    """
    words = text.split()
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    count, rows = max(1, len(words)), max(1, len(lines))
    ellipses = text.count("…") + text.count("...")
    mean = sum(map(len, words)) / count
    bare = {word.strip(".,;:!?\"'()").casefold() for word in words}
    rules = {
        "number of words": not 50 <= len(words) <= 100_000,
        "length of words": not 3 <= mean <= 10,
        "symbols": max(text.count("#"), ellipses) / count > 0.1,
        "bullets": sum(line[0] in "•-*" for line in lines) / rows > 0.9,
        "lines that break off": sum(line.endswith(("…", "...")) for line in lines) / rows > 0.3,
        "words without letters": sum(any(map(str.isalpha, w)) for w in words) / count < 0.8,
        "no common words": len(STOP_WORDS & bare) < 2,
    }
    return [name for name, broken in rules.items() if broken]
