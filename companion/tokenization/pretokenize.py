"""Cut a text into words before BPE sees it, and write bytes as visible characters. Chapter 2.

BPE never merges across the cuts made here, so they decide what a token can be: without them the
commonest tokens would be "e t" and ", and". Concatenating the pieces gives the text back.
"""

from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

import regex

# GPT-2's pattern (Radford et al. 2019, `encoder.py`): English clitics, a word with the space before
# it, a number with the space before it, other signs, white space (all but the last space, which
# goes with the next word).
GPT2_PATTERN = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"


@lru_cache(maxsize=16)
def compile_pattern(pattern: str) -> regex.Pattern:
    """Compile a pre-tokenisation pattern; ValueError where it is wrong or has groups."""
    try:
        compiled = regex.compile(pattern)
    except regex.error as error:
        raise ValueError(f"the pattern {pattern!r} is not a regular expression: {error}") from error
    if compiled.groups:
        raise ValueError(
            f"the pattern {pattern!r} has capturing groups: write (?:…) instead of (…)"
        )
    return compiled


def pretokenize(text: str, pattern: str = GPT2_PATTERN) -> list[str]:
    """Return the pieces that a pattern finds in a text, in order (Radford et al. 2019, §2.2).

    Raises ValueError where the pattern leaves out a part of the text.

    >>> pretokenize("I'll go  now")
    ['I', "'ll", ' go', ' ', ' now']
    """
    words = compile_pattern(pattern).findall(text)
    if sum(map(len, words)) < len(text):
        raise ValueError(
            f"the pattern {pattern!r} leaves out a part of the text: let it match everything, "
            r"for example with |\s+|. at its end"
        )
    return words


def count_words(texts: Iterable[str], pattern: str = GPT2_PATTERN) -> Counter[bytes]:
    """Return how often each pre-token occurs, as UTF-8 bytes: all that BPE training needs."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(pretokenize(text, pattern))
    return Counter({word.encode("utf-8"): count for word, count in counts.items()})


def _byte_alphabet() -> dict[int, str]:
    """Return GPT-2's visible character for each byte (Radford et al. 2019, `bytes_to_unicode`).

    Printable Latin-1 characters stand for themselves; the other 68 bytes get U+0100 and on, in
    order: a space is Ġ (U+0120), a newline Ċ (U+010A).
    """
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in set(printable)]
    return {byte: chr(byte) for byte in printable} | {
        byte: chr(256 + place) for place, byte in enumerate(others)
    }


BYTE_TO_CHAR = _byte_alphabet()
CHAR_TO_BYTE = {char: byte for byte, char in BYTE_TO_CHAR.items()}
_DECODE_TABLE = str.maketrans({char: chr(byte) for char, byte in CHAR_TO_BYTE.items()})
_ENCODE_TABLE = str.maketrans({chr(byte): char for byte, char in BYTE_TO_CHAR.items()})


def visible(token: bytes) -> str:
    """Write a token's bytes as visible characters, one each: b" the" → "Ġthe"."""
    return token.decode("latin-1").translate(_ENCODE_TABLE)


def from_visible(text: str) -> bytes:
    """Read what `visible` wrote; ValueError for a character outside the alphabet of 256."""
    try:
        return text.translate(_DECODE_TABLE).encode("latin-1")
    except UnicodeEncodeError as error:
        raise ValueError(
            f"{text!r} is not a token in GPT-2's visible bytes: {text[error.start]!r} is not one "
            "of its 256 characters"
        ) from error
