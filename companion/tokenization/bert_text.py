"""BERT's text rules before WordPiece: clean, space the ideographs, strip accents, split. Chapter 2.

The rules are Google's (Devlin et al. 2019, `tokenization.py`), in the form in which Hugging Face
`tokenizers` implements them, so that the ids are the same. Two of its choices are visible:

- **Unicode 8.** Its table of categories is that of Unicode 8.0. A mark, format character or
  punctuation sign that is newer counts as an ordinary character; so it does here, which also makes
  the ids independent of the Python version.
- **Ideographs.** Its range of CJK extension E begins at U+2B920; Google's begins at U+2B820.
"""

import unicodedata

_NEWER = """
5c8-5c9 61d 7fd 890-891 897-89f 8ca-8e2 9fd-9fe a76 afa-aff b53-b55 c04 c3c c77 c84 d00 d3b-d3c d81
eba ece 180f 1885-1886 1abf-1af0 1b4e-1b4f 1b7d-1b7f 1df6-1dfb 2e43-2e4f 2e52-2e5d 2e60-2e63 a82c
a8c5 a8ff a9bd 10d24-10d27 10d69-10d6e 10eab-10ead 10ecb-10ed0 10ef0-10eff 10f46-10f50 10f55-10f59
10f82-10f89 11070 11073-11074 110c2 110cd 111cf 1123e 11241 1133b 113bb-113c0 113ce 113d0 113d2
113d4-113d5 113d7-113d8 113e1-113e2 11438-1143f 11442-11444 11446 1144b-1144f 1145a-1145b
1145d-1145e 11660-1166c 116b9 1182f-11837 11839-1183b 1193b-1193c 1193e 11943-11946 119d4-119d7
119da-119db 119e0 119e2 11a01-11a0a 11a33-11a38 11a3b-11a47 11a51-11a56 11a59-11a5b 11a8a-11a96
11a98-11a9c 11a9e-11aa2 11b00-11b09 11b60 11b62-11b64 11b66 11be1 11c30-11c36 11c38-11c3d 11c3f
11c41-11c45 11c70-11c71 11c92-11ca7 11caa-11cb0 11cb2-11cb3 11cb5-11cb6 11d31-11d36 11d3a
11d3c-11d3d 11d3f-11d45 11d47 11d90-11d91 11d95 11d97 11df0 11ef3-11ef4 11ef7-11ef8 11f00-11f01
11f36-11f3a 11f40 11f42-11f4f 11f5a 11fff 12ff1-12ff2 13430-13440 13447-13455 1611e-16129
1612d-1612f 16d6d-16d6f 16e97-16e9a 16f4f 16fe2 16fe4 1cf00-1cf2d 1cf30-1cf46 1d127-1d128
1d25b-1d25c 1e000-1e006 1e008-1e018 1e01b-1e021 1e023-1e024 1e026-1e02a 1e08f 1e130-1e136 1e2ae
1e2ec-1e2ef 1e4ec-1e4ef 1e5ee-1e5ef 1e5ff 1e6e3 1e6e6 1e6ee-1e6ef 1e6f5 1e944-1e94a 1e95e-1e95f
"""
_IDEOGRAPHS = (
    "4e00-9fff 3400-4dbf 20000-2a6df 2a700-2b73f 2b740-2b81f 2b920-2ceaf f900-faff 2f800-2fa1f"
)


def _codes(ranges: str) -> dict[int, None]:
    """Return the code points of a list of hexadecimal ranges, as the keys of a dictionary."""
    bounds = (entry.partition("-") for entry in ranges.split())
    return {
        code: None
        for first, _, last in bounds
        for code in range(int(first, 16), int(last or first, 16) + 1)
    }


# The category in Unicode 8.0, where it is not what `unicodedata` says.
_CATEGORY = dict.fromkeys(_codes(_NEWER), "Cn") | {
    0x166D: "Po",
    0x111C9: "Po",
    0x1734: "Mn",
    0x1171E: "Mn",
}
_SPACED = _codes(_IDEOGRAPHS)


def category(char: str) -> str:
    """Return the general category of a character as Unicode 8.0 has it, where it matters here."""
    return _CATEGORY.get(ord(char)) or unicodedata.category(char)


def is_punctuation(char: str) -> bool:
    """Return whether BERT cuts here: category P, and every ASCII sign (`$`, `+`, `^`, `~`, …)."""
    if char.isascii():
        return char.isprintable() and not char.isalnum() and char != " "
    return category(char)[0] == "P"


def _clean(char: str) -> str:
    if char in "\t\n\r" or (char.isspace() and category(char) != "Cc"):
        return " "
    if char in "\0\ufffd" or category(char) in {"Cc", "Cf", "Co", "Cs"}:
        return ""
    return f" {char} " if ord(char) in _SPACED else char


def _lower(char: str) -> str:
    # One character at a time: Σ always becomes σ, at the end of a word too.
    return "" if category(char) == "Mn" else char.lower()


class _PerCharacter(dict):
    """A table for `str.translate` that is filled as characters are met."""

    def __init__(self, function):
        self.function = function

    def __missing__(self, code: int) -> str:
        value = self[code] = self.function(chr(code))
        return value


_CLEAN = _PerCharacter(_clean)
_LOWER = _PerCharacter(_lower)
_CUT = _PerCharacter(lambda char: f" {char} " if is_punctuation(char) else char)


def bert_normalize(text: str, lowercase: bool = True) -> str:
    """Return BERT's normal form of a text (Devlin et al. 2019, `BasicTokenizer`).

    Control characters go, white space becomes a space, ideographs get spaces around them; with
    `lowercase` (an uncased model) the text is decomposed, its marks are dropped and it is lowered.
    """
    text = text.translate(_CLEAN)
    if not lowercase:
        return text
    return unicodedata.normalize("NFD", text).translate(_LOWER)


def bert_words(text: str, lowercase: bool = True) -> list[str]:
    """Return the words that WordPiece then cuts: normalised, split at spaces and punctuation.

    >>> bert_words("Résumé: 我爱NLP!")
    ['resume', ':', '我', '爱', 'nlp', '!']
    """
    return bert_normalize(text, lowercase).translate(_CUT).split()
