"""WordPiece: which pair it would merge in training, and the longest match that encodes a word."""

import math

from companion.checks.tokenization.toys import count_pairs, random_words
from companion.course.exercise import Exercise, Mistake, Relation
from companion.probes import tokenization as probes

UNKNOWN = "[UNK]"


def _gains(gain):
    """{(left, right): gain(together, left count, right count, total)}, with a formula of yours."""

    def wordpiece_gains(pieces, pairs):
        total = sum(pieces.values())
        return {
            (left, right): gain(together, pieces[left], pieces[right], total)
            for (left, right), together in pairs.items()
        }

    return wordpiece_gains


def _gain_cases(rng, size):
    words = random_words(rng, 3 + size, letters="abcd", longest=5) | {"queen": 3, "北京": 4}
    pieces = {}
    for word, count in words.items():
        for piece in word:
            pieces[piece] = pieces.get(piece, 0) + count
    return {"pieces": pieces, "pairs": count_pairs(words)}


def _twice(case, rng):
    return {name: {k: 2 * n for k, n in table.items()} for name, table in case.items()}


wordpiece_gains = Exercise(
    name="wordpiece_gains",
    kind="fill",
    title="What a WordPiece merge gains",
    minutes=5,
    difficulty=2,
    cases=_gain_cases,
    probe=probes.pair_table,
    reference=_gains(lambda n, a, b, total: n * math.log(total * n / (a * b))),
    relations=[
        Relation(
            "text-read-twice",
            _twice,
            lambda out, twice: bool(max(abs(2 * out["numbers"] - twice["numbers"])) < 1e-6),
            "A text read twice must gain twice as much: every occurrence of the pair counts.",
        ),
    ],
    mistakes=[
        Mistake(
            "bpe",
            _gains(lambda n, a, b, total: n),
            "That is how often the pair occurs, which is BPE's rule; WordPiece compares it with "
            "what chance would give.",
        ),
        Mistake(
            "ratio",
            _gains(lambda n, a, b, total: n / (a * b)),
            "That is the ratio that is often quoted; the gain in likelihood is the number of "
            "occurrences times the logarithm of the ratio to chance.",
        ),
        Mistake(
            "not-times-the-count",
            _gains(lambda n, a, b, total: math.log(total * n / (a * b))),
            "That is the gain of one occurrence; the pair occurs more than once, and each "
            "occurrence gains it.",
        ),
        Mistake(
            "per-piece",
            _gains(lambda n, a, b, total: n / total * math.log(total * n / (a * b))),
            "That is the gain for one piece of text, divided by the total; the gain of the whole "
            "text is wanted.",
        ),
        Mistake(
            "no-total",
            _gains(lambda n, a, b, total: n * math.log(n / (a * b))),
            "You compared counts, not probabilities: each count is divided by the total, which "
            "leaves the total once above the fraction bar.",
        ),
        Mistake(
            "total-below",
            _gains(lambda n, a, b, total: n * math.log(n / (a * b * total))),
            "The total is on the wrong side of the fraction bar: write the three probabilities "
            "out and cancel.",
        ),
        Mistake(
            "sum-below",
            _gains(lambda n, a, b, total: n * math.log(total * n / (a + b))),
            "Below stands the sum of the two counts; two independent events have the product of "
            "their probabilities.",
        ),
        Mistake(
            "left-only",
            _gains(lambda n, a, b, total: n * math.log(n / a)),
            "You compared with the left piece alone, a conditional probability; the right one "
            "could be common as well, so divide by both.",
        ),
        Mistake(
            "base-two",
            _gains(lambda n, a, b, total: n * math.log2(total * n / (a * b))),
            "The gain is wanted in nats: take the natural logarithm.",
        ),
    ],
    hints=[
        "A merge gains where two pieces come together more often than two independent pieces "
        "would.",
        "For each occurrence: the logarithm of P(pair) / (P(left) · P(right)), every probability "
        "a count divided by the total.",
        "Multiply that logarithm by how often the pair occurs, and cancel the total where it "
        "stands above and below.",
    ],
)


def _longest_match(word, vocabulary, starts=("", "##"), shown=("", "##"), shortest=False, least=0):
    """The pieces and what is left of the word when no piece fits."""
    pieces, start = [], 0
    while start < len(word):
        inside = bool(start)
        ends = range(start + 1, len(word) + 1 - least)
        fits = [end for end in ends if starts[inside] + word[start:end] in vocabulary]
        if not fits:
            break
        end = fits[0] if shortest else fits[-1]
        pieces.append(shown[inside] + word[start:end])
        start = end
    return pieces, word[start:]


def _whole_or_unknown(**options):
    def wordpiece_encode(word, vocabulary):
        pieces, rest = _longest_match(word, vocabulary, **options)
        return [UNKNOWN] if rest else pieces

    return wordpiece_encode


def _nothing(word, vocabulary):
    pieces, rest = _longest_match(word, vocabulary)
    return [] if rest else pieces


def _rest_unknown(word, vocabulary):
    pieces, rest = _longest_match(word, vocabulary)
    return [*pieces, UNKNOWN] if rest else pieces


def _rest_dropped(word, vocabulary):
    return _longest_match(word, vocabulary)[0]


def _letter_unknown(word, vocabulary):
    pieces, start = [], 0
    while start < len(word):
        mark = "##" if start else ""
        ends = [e for e in range(start + 1, len(word) + 1) if mark + word[start:e] in vocabulary]
        pieces.append(mark + word[start : ends[-1]] if ends else UNKNOWN)
        start = ends[-1] if ends else start + 1
    return pieces


def _backtracks(word, vocabulary, start=0):
    """The first cutting that comes out, longer pieces first: greedy matching has no second try."""
    if start == len(word):
        return []
    for end in range(len(word), start, -1):
        piece = ("##" if start else "") + word[start:end]
        rest = _backtracks(word, vocabulary, end) if piece in vocabulary else [UNKNOWN]
        if rest != [UNKNOWN]:
            return [piece, *rest]
    return [UNKNOWN]


def _from_the_right(word, vocabulary):
    pieces, end = [], len(word)
    while end:
        fits = [s for s in range(end) if ("##" if s else "") + word[s:end] in vocabulary]
        if not fits:
            return [UNKNOWN]
        pieces.insert(0, ("##" if fits[0] else "") + word[fits[0] : end])
        end = fits[0]
    return pieces


# Letters stand for the letters of a random alphabet. Each word meets another regime.
WORDPIECE_CASES = (
    # a whole word, and a shorter piece that also fits
    ("abc", "abc a ##b ##c ab"),
    # the longest piece, then the longest; from the right it would be a ##bcd
    ("abcd", "ab abc a ##cd ##d ##bcd ##b ##c"),
    # the longest piece leads into a dead end, and a shorter one would not
    ("abcd", "ab abc ##cd ##c a"),
    # a letter in the middle that no piece has; everything around it is known
    ("abzcd", "ab ##cd ##c ##d a ##b cd"),
    # what is needed inside is in the vocabulary without the mark only
    ("abcab", "ab c abc ##b"),
    # what is needed at the start is in the vocabulary with the mark only
    ("abab", "##ab ##b ##a b"),
    # the rest of the word is unknown
    ("abcz", "a ab ##c ##b ##bc"),
    # runs: the mark is on every piece but the first
    ("aaaaaaa", "a aa aaa ##a ##aa ##aaa"),
)
ALPHABETS = ("abcdz", "thinqz", "北京大学们", "elmos")


def _match_cases(rng, size):
    letters = rng.permutation(list(ALPHABETS[int(rng.integers(len(ALPHABETS)))]))
    rename = str.maketrans(dict(zip("abcdz", letters, strict=False)))
    word, vocabulary = WORDPIECE_CASES[size % len(WORDPIECE_CASES)]
    pieces = [UNKNOWN, *vocabulary.translate(rename).split()]
    return {"word": word.translate(rename), "vocabulary": pieces}


wordpiece_encode = Exercise(
    name="wordpiece_encode",
    kind="implement",
    title="WordPiece: the longest match",
    minutes=15,
    difficulty=2,
    cases=_match_cases,
    probe=probes.tokens,
    reference=_whole_or_unknown(),
    mistakes=[
        Mistake(
            "no-mark",
            _whole_or_unknown(starts=("", ""), shown=("", "")),
            "You look for pieces inside the word without `##`; there the vocabulary has them "
            "with the mark, and only those may continue a word.",
        ),
        Mistake(
            "mark-not-shown",
            _whole_or_unknown(shown=("", "")),
            "You look for `##` and leave it out of the result; the mark is part of the piece.",
        ),
        Mistake(
            "mark-everywhere",
            _whole_or_unknown(starts=("##", "##"), shown=("##", "##")),
            "The first piece of a word has no `##`; only those that continue it have.",
        ),
        Mistake(
            "shortest",
            _whole_or_unknown(shortest=True),
            "You take the shortest piece that fits; try the longest first.",
        ),
        Mistake(
            "never-to-the-end",
            _whole_or_unknown(least=1),
            "No piece of yours reaches the last letter, so every word is unknown; the end of a "
            "slice is not part of it, let it run to `len(word)`.",
        ),
        Mistake(
            "rest-unknown",
            _rest_unknown,
            "You keep the pieces found so far and make the rest `[UNK]`; in BERT the whole word "
            "is one `[UNK]`.",
        ),
        Mistake(
            "letter-unknown",
            _letter_unknown,
            "You make one letter `[UNK]` and go on; in BERT the whole word is one `[UNK]`.",
        ),
        Mistake(
            "rest-dropped",
            _rest_dropped,
            "Where no piece fits you return what you have, and the rest of the word is lost; the "
            "whole word is `[UNK]`.",
        ),
        Mistake(
            "nothing",
            _nothing,
            "A word that cannot be cut gives an empty list, so it vanishes; give `[UNK]`.",
        ),
        Mistake(
            "second-try",
            _backtracks,
            "You go back and try a shorter piece when the rest does not fit; that finds more "
            "words, but BERT's rule is greedy and gives `[UNK]`.",
        ),
        Mistake(
            "from-the-right",
            _from_the_right,
            "You cut from the end of the word; start at the front.",
        ),
    ],
    hints=[
        "At each place one question: what is the longest piece that begins here? There is no way "
        "back.",
        "Two loops: the outer one moves the start, the inner one lets the end come down from the "
        "end of the word.",
        "A piece is the slice, with the mark before it unless the start is 0; Python's `for` has "
        "an `else` for the case that no end was good.",
    ],
)
