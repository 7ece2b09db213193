"""One text, several spellings: what Unicode calls equal, and what only looks equal. Chapter 2.

Two strings that look the same may hold different code points; a tokenizer then gives them different
ids. The four normal forms (Unicode Standard Annex 15) merge some of these spellings. This file
names the code points of a string and says which forms merge two spellings. It does *not* choose a
form: BERT's own rules are in `bert_text`, and byte-level BPE changes nothing at all.
"""

import unicodedata
from dataclasses import dataclass

NORMAL_FORMS = ("NFC", "NFD", "NFKC", "NFKD")


@dataclass(frozen=True)
class CodePoint:
    """One character: its code `U+4E2D`, its general category (`Lo`) and its Unicode name."""

    char: str
    code: str
    category: str
    name: str


@dataclass(frozen=True)
class Confusion:
    """Two spellings that a reader takes for one, and the steps that make them equal."""

    what: str
    first: str
    second: str
    merged_by: frozenset[str]


def code_points(text: str) -> list[CodePoint]:
    """Return the code points of a text with their names (Unicode Character Database).

    >>> [point.code for point in code_points("e\u0301")]
    ['U+0065', 'U+0301']
    """
    return [
        CodePoint(
            char, f"U+{ord(char):04X}", unicodedata.category(char), unicodedata.name(char, "?")
        )
        for char in text
    ]


def normalize(text: str, form: str = "NFC") -> str:
    """Return the normal form of a text: `form` is NFC, NFD, NFKC or NFKD (Unicode Annex 15).

    C composes (e + ´ → é), D decomposes (é → e + ´); K also replaces what is equal only in meaning
    (ﬁ → fi, Ａ → A, ① → 1), which cannot be undone.
    """
    if form not in NORMAL_FORMS:
        raise ValueError(f"unknown normal form {form!r}: use one of {', '.join(NORMAL_FORMS)}")
    return unicodedata.normalize(form, text)


def strip_accents(text: str) -> str:
    """Decompose (NFD) and drop the combining marks (category Mn): naïve → naive, Århus → Arhus.

    Not a transliteration: ø, ł and đ have no decomposition and stay; so does a Devanagari vowel
    sign of category Mc, while one of category Mn is lost, which changes the word.
    """
    decomposed = unicodedata.normalize("NFD", text)
    return "".join(char for char in decomposed if unicodedata.category(char) != "Mn")


def to_half_width(text: str) -> str:
    """Replace the full-width ASCII (U+FF01–FF5E) and the ideographic space by ASCII, nothing else.

    １９９８年，ＡＢＣ → 1998年,ABC. Unlike NFKC it leaves ①, ﬁ and ㎏ alone.
    """
    return text.translate(_HALF_WIDTH)


_HALF_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}


def merged_by(first: str, second: str) -> frozenset[str]:
    """Return which steps make two spellings equal: of the four normal forms and `casefold`."""
    forms = {
        form
        for form in NORMAL_FORMS
        if unicodedata.normalize(form, first) == unicodedata.normalize(form, second)
    }
    if first.casefold() == second.casefold():
        forms.add("casefold")
    return frozenset(forms)


_ALL = frozenset(NORMAL_FORMS)
_COMPATIBLE = frozenset({"NFKC", "NFKD"})
_NONE: frozenset[str] = frozenset()

CONFUSIONS = (
    Confusion("é as one code point, and as e with a combining accent", "é", "e\u0301", _ALL),
    Confusion("the Ångström sign and the letter Å", "\u212b", "\u00c5", _ALL | {"casefold"}),
    Confusion("two marks in either order", "a\u0323\u0302", "a\u0302\u0323", _ALL),
    Confusion("a Hangul syllable and its three letters", "한", "\u1112\u1161\u11ab", _ALL),
    Confusion("a CJK compatibility ideograph and its double", "\uf90a", "金", _ALL),
    Confusion("full-width and ASCII letters and digits", "ＧＰＴ２", "GPT2", _COMPATIBLE),
    Confusion("full-width and ASCII comma", "，", ",", _COMPATIBLE),
    Confusion("half-width and usual katakana", "ｶﾞ", "ガ", _COMPATIBLE),
    Confusion("the ligature ﬁ and two letters", "ﬁne", "fine", _COMPATIBLE | {"casefold"}),
    Confusion("a circled digit and the digit", "①", "1", _COMPATIBLE),
    Confusion("a Kangxi radical and the character 人", "\u2f08", "人", _COMPATIBLE),
    Confusion("a no-break space and a space", "a\u00a0b", "a b", _COMPATIBLE),
    Confusion("German ß and ss", "Straße", "Strasse", frozenset({"casefold"})),
    Confusion("final and medial sigma", "ς", "σ", frozenset({"casefold"})),
    Confusion("Cyrillic а and Latin a", "\u0430", "a", _NONE),
    Confusion("traditional 國 and simplified 国", "國", "国", _NONE),
    Confusion("a word with a zero-width space inside", "to\u200bken", "token", _NONE),
    Confusion("a soft hyphen inside a word", "to\u00adken", "token", _NONE),
    Confusion("an em dash and the numeral 一 (one)", "—", "一", _NONE),
    Confusion("straight and curly apostrophe", "don't", "don’t", _NONE),
)
