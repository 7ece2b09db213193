"""Special tokens: strings such as <|endoftext|> or [MASK] that stand for one id. Chapter 2.

Text that a user typed must not become a control token by accident. So a special token in a text is
an error unless the caller allows it by name; when two overlap, the longest one counts.
"""

import re
from collections.abc import Collection, Iterable


def special_pattern(specials: Iterable[str]) -> re.Pattern | None:
    """Return the pattern that finds special tokens, longest first; None where there are none.

    Raises ValueError for a single string, whose letters would be the tokens, and for "".
    """
    if isinstance(specials, str):
        raise ValueError(f"special_tokens={specials!r} is one string: give a list, [{specials!r}]")
    longest_first = sorted(specials, key=lambda token: (-len(token), token))
    if "" in longest_first:
        raise ValueError("'' cannot be a special token: give a string of at least one character")
    if not longest_first:
        return None
    return re.compile("(" + "|".join(map(re.escape, longest_first)) + ")")


def resolve_allowed(specials: Collection[str], allowed: Collection[str] | str) -> frozenset[str]:
    """Return the allowed special tokens; `allowed` is a collection of them, or "all"."""
    if isinstance(allowed, str):
        if allowed != "all":
            raise ValueError(f'allowed_special={allowed!r}: give a set of strings, or "all"')
        return frozenset(specials)
    unknown = sorted(set(allowed) - set(specials))
    if unknown:
        raise ValueError(
            f"unknown special token {unknown[0]!r}: this tokenizer has {sorted(specials)}"
        )
    return frozenset(allowed)


def split_special(text: str, pattern: re.Pattern | None, allowed: frozenset[str]) -> list[str]:
    """Split a text into plain text (even positions) and special tokens (odd positions).

    A special token that is not allowed raises ValueError. Matching is on all the special tokens,
    the allowed and the others, so that allowing a short one never splits a longer one.
    """
    if pattern is None:
        return [text]
    parts = pattern.split(text)
    for special in parts[1::2]:
        if special not in allowed:
            raise ValueError(
                f"the text contains the special token {special!r}: pass "
                f"allowed_special={{{special!r}}} if it is meant, or encode_ordinary(text) to "
                "treat it as plain text"
            )
    return parts
