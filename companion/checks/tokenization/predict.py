"""Predict: how many bytes a short text takes, and what a list of merges makes of one word.

The answers are a number and a list, so there are no cases to draw. Each mistake is what a known
misconception arrives at; the text, the word and the merges are in the statement of the exercise. A
personal variant of the first has another text.
"""

from companion.checks.predictions import prediction
from companion.course.exercise import Exercise, Mistake, Variant
from companion.probes import tokenization as probes

ACUTE = "\u0301"
LATIN = ("the", "cafe", "fiance", "attache", "communique")  # with an accent on the last e
CHINESE = ("神经网络", "统计语言模型", "大规模语言模型", "从理论到实践", "自然语言处理技术")
TONES = "🏻🏼🏽🏾🏿"
NUMBERS = {4: "four", 6: "six", 7: "seven", 8: "eight"}


def _utf8_length(latin, chinese):
    """ASCII takes 1 byte, U+0301 takes 2, an ideograph 3, each of the emoji's two code points 4."""
    letters, signs = len(latin), len(chinese)
    length = letters + 2 + 3 * signs + 8
    points = letters + 1 + signs + 2
    return {
        "reference": length,
        "mistakes": [
            Mistake(
                "code-points",
                points,
                "That is the number of code points, what `len` counts in Python; UTF-8 takes one "
                "to four bytes for each.",
            ),
            Mistake(
                "what-one-sees",
                points - 2,
                "That is the number of characters that a reader sees; the accent and the skin "
                "tone are code points of their own, and a code point takes one to four bytes.",
            ),
            Mistake(
                "utf-16-units",
                points + 2,
                "That is the number of UTF-16 units, what JavaScript and Java call the length; "
                "UTF-8 counts in bytes.",
            ),
            Mistake(
                "utf-16",
                2 * (points + 2),
                "That is UTF-16, with two bytes for most characters; in UTF-8 ASCII takes one, an "
                "ideograph three.",
            ),
            Mistake(
                "utf-32",
                4 * points,
                "That is four bytes for every code point, UTF-32; in UTF-8 only the emoji take "
                "four.",
            ),
            Mistake(
                "composed",
                length - 1,
                "You counted é as one code point of two bytes; here it is an e (one byte) and a "
                "combining accent (two bytes).",
            ),
            Mistake(
                "two-bytes-an-ideograph",
                length - signs,
                "Two bytes for an ideograph is GBK or UTF-16; in UTF-8 all code points from "
                "U+0800 to U+FFFF take three.",
            ),
            Mistake(
                "one-emoji",
                length - 4,
                "You counted the thumb as one code point; its skin tone is a second one, of four "
                "bytes as well.",
            ),
            Mistake(
                "three-bytes-an-emoji",
                length - 2,
                "Three bytes reach to U+FFFF; both code points of the thumb lie above and take "
                "four.",
            ),
        ],
        "hints": [
            "UTF-8 spends more bytes on higher code points: the range decides, not the width on "
            "the screen.",
            f"Four groups: Latin letters, one combining mark, {NUMBERS[signs]} ideographs, two "
            "code points of an emoji.",
            "Up to U+007F one byte, up to U+07FF two, up to U+FFFF three, above that four.",
        ],
    }


def _vary_utf8_length(rng):
    latin, chinese, tone = (str(rng.choice(list(some))) for some in (LATIN, CHINESE, TONES))
    spelt = " ".join(f"U+{ord(c):04X}" for c in latin + ACUTE)
    span = f"from U+{ord(min(chinese)):04X} to U+{ord(max(chinese)):04X}"
    return Variant(
        statement={
            f"| cafe{ACUTE} | U+0063 U+0061 U+0066 U+0065 U+0301 |": (
                f"| {latin}{ACUTE} | {spelt} |"
            ),
            "| 大规模语言模型 | seven, from U+578B to U+8BED |": (
                f"| {chinese} | {NUMBERS[len(chinese)]}, {span} |"
            ),
            "| 👍🏽 | U+1F44D U+1F3FD |": f"| 👍{tone} | U+1F44D U+{ord(tone):04X} |",
        },
        **_utf8_length(latin, chinese),
    )


utf8_length = prediction(
    "utf8_length",
    "How many bytes is this text?",
    _utf8_length("cafe", "大规模语言模型"),
    vary=_vary_utf8_length,
    tolerance=1e-6,  # as it was: another would undo the passes that are recorded
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
