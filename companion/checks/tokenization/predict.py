"""Predict: how many bytes a short text takes, and what a list of merges makes of one word.

The answers are a number and a list, so there are no cases to draw. Each mistake is what a known
misconception arrives at; the text, the word and the merges are in the statement of the exercise.
"""

from companion.course.exercise import Exercise, Mistake
from companion.probes import tokenization as probes

utf8_length = Exercise(
    name="utf8_length",
    kind="predict",
    title="How many bytes is this text?",
    minutes=5,
    difficulty=1,
    cases=lambda rng, size: {},
    sizes=1,
    probe=probes.number,
    reference=35,  # c a f e: 4; U+0301: 2; seven ideographs: 21; two code points of emoji: 8
    mistakes=[
        Mistake(
            "code-points",
            14,
            "That is the number of code points, what `len` counts in Python; UTF-8 takes one to "
            "four bytes for each.",
        ),
        Mistake(
            "what-one-sees",
            12,
            "That is the number of characters that a reader sees; the accent and the skin tone "
            "are code points of their own, and a code point takes one to four bytes.",
        ),
        Mistake(
            "utf-16-units",
            16,
            "That is the number of UTF-16 units, what JavaScript and Java call the length; UTF-8 "
            "counts in bytes.",
        ),
        Mistake(
            "utf-16",
            32,
            "That is UTF-16, with two bytes for most characters; in UTF-8 ASCII takes one, an "
            "ideograph three.",
        ),
        Mistake(
            "utf-32",
            56,
            "That is four bytes for every code point, UTF-32; in UTF-8 only the emoji take four.",
        ),
        Mistake(
            "composed",
            34,
            "You counted é as one code point of two bytes; here it is an e (one byte) and a "
            "combining accent (two bytes).",
        ),
        Mistake(
            "two-bytes-an-ideograph",
            28,
            "Two bytes for an ideograph is GBK or UTF-16; in UTF-8 all code points from U+0800 "
            "to U+FFFF take three.",
        ),
        Mistake(
            "one-emoji",
            31,
            "You counted the thumb as one code point; its skin tone is a second one, of four "
            "bytes as well.",
        ),
        Mistake(
            "three-bytes-an-emoji",
            33,
            "Three bytes reach to U+FFFF; both code points of the thumb lie above and take four.",
        ),
    ],
    hints=[
        "UTF-8 spends more bytes on higher code points: the range decides, not the width on the "
        "screen.",
        "Four groups: Latin letters, one combining mark, seven ideographs, two code points of an "
        "emoji.",
        "Up to U+007F one byte, up to U+07FF two, up to U+FFFF three, above that four.",
    ],
)

bpe_tokens = Exercise(
    name="bpe_tokens",
    kind="predict",
    title="What BPE makes of a word",
    minutes=5,
    difficulty=1,
    cases=lambda rng, size: {},
    sizes=1,
    probe=probes.written_tokens,
    reference=["th", "ing"],
    mistakes=[
        Mistake(
            "left-to-right",
            ["thi", "n", "g"],
            "You merged what you met first, from left to right; BPE takes the merge that was "
            "learned first, wherever in the word it is.",
        ),
        Mistake(
            "longest-first",
            ["thin", "g"],
            "You took the longest token that fits at the front, as WordPiece does; in BPE the "
            "order of the merges decides, and `in g` comes before `th in`.",
        ),
        Mistake(
            "one-merge",
            ["t", "h", "in", "g"],
            "You stopped after one merge; go on until no two neighbours are in the list.",
        ),
        Mistake(
            "letters-only",
            ["th", "in", "g"],
            "You merged single letters only; a merged token is merged again where the list has "
            "it with its neighbour.",
        ),
        Mistake(
            "no-merge",
            ["t", "h", "i", "n", "g"],
            "Those are the letters that BPE starts from; now apply the merges.",
        ),
        Mistake(
            "whole-word",
            ["thing"],
            "No merge in the list joins the last two tokens; a word that was not in the text "
            "usually stays in pieces.",
        ),
    ],
    hints=[
        "The list is a ranking: encoding repeats the merges in the order in which they were "
        "learned.",
        "Write the letters apart. Go down the list once; at each merge join the two wherever they "
        "stand side by side.",
        "After the second merge three tokens are left; look which of the other merges still find "
        "both their halves.",
    ],
)
