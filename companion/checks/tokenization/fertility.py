"""Measuring a tokenizer: how many tokens a character costs, how many bytes a token carries."""

from companion.course.exercise import Exercise, Mistake, Relation
from companion.probes import tokenization as probes

PIECES = ("the ", "cat ", "sat", " on", "naïve ", "我", "爱", "中国", "大桥", "👍", "é", "\n")


def _fertility(
    characters=len,
    size=lambda text: len(text.encode()),
    number=len,
    mean=False,
    finish=lambda per_character, per_token: (per_character, per_token),
):
    """Tokens per character and bytes per token, or a wrong idea of one of them."""

    def fertility(texts, tokens):
        rows = [
            (number(one), characters(text), size(text))
            for text, one in zip(texts, tokens, strict=True)
        ]
        if mean:
            ratios = [(n / chars, volume / n) for n, chars, volume in rows]
            return tuple(sum(column) / len(rows) for column in zip(*ratios, strict=True))
        n, chars, volume = (sum(column) for column in zip(*rows, strict=True))
        return finish(n / chars, volume / n)

    return fertility


def _fertility_cases(rng, size):
    texts = ["the cat sat on", "我爱中国👍", "the cat", "\n".join(["naïve é"] * (2 + size))]
    texts += ["".join(rng.choice(PIECES, int(n))) for n in rng.integers(1, 12, 2 + size)]
    return {"texts": texts, "tokens": [_cut(rng, text) for text in texts]}


def _cut(rng, text):
    """The text's bytes in random tokens of one to four."""
    data, tokens = text.encode(), []
    while data:
        length = int(rng.integers(1, 5))
        tokens.append(data[:length])
        data = data[length:]
    return tokens


fertility = Exercise(
    name="fertility",
    kind="measure",
    title="What a tokenizer costs",
    minutes=15,
    difficulty=2,
    cases=_fertility_cases,
    probe=probes.two_ratios,
    reference=_fertility(),
    relations=[
        Relation(
            "read-twice",
            lambda case, rng: {name: 2 * rows for name, rows in case.items()},
            lambda out, twice: all(abs(out[name] - twice[name]) < 1e-9 for name in out),
            "The same texts read twice must cost the same per character.",
        ),
    ],
    mistakes=[
        Mistake(
            "mean-of-ratios",
            _fertility(mean=True),
            "You averaged the ratios of the texts, so a short text weighs as much as a long one; "
            "add up tokens, characters and bytes first and divide once.",
        ),
        Mistake(
            "characters-per-token",
            _fertility(finish=lambda a, b: (1 / a, b)),
            "Your first number is characters per token; it is the other way round.",
        ),
        Mistake(
            "tokens-per-byte",
            _fertility(finish=lambda a, b: (a, 1 / b)),
            "Your second number is tokens per byte; it is the other way round.",
        ),
        Mistake(
            "bytes-for-characters",
            _fertility(characters=lambda text: len(text.encode())),
            "You divided by the bytes; 我 is one character and three bytes, so count the "
            "characters of the string.",
        ),
        Mistake(
            "characters-for-bytes",
            _fertility(size=len),
            "Your second number counts characters; a token carries bytes, and 我 takes three, so "
            "encode the text as UTF-8 before you count.",
        ),
        Mistake(
            "types",
            _fertility(number=lambda tokens: len(set(tokens))),
            "You counted each different token of a text once; every occurrence costs.",
        ),
        Mistake(
            "per-word",
            _fertility(characters=lambda text: len(text.split())),
            "You divided by the words; Chinese has no spaces between them, so the comparison is "
            "per character.",
        ),
        Mistake(
            "without-spaces",
            _fertility(characters=lambda text: len("".join(text.split()))),
            "You left the white space out of the characters; it is encoded too, so it counts.",
        ),
        Mistake(
            "swapped",
            _fertility(finish=lambda a, b: (b, a)),
            "The two numbers are in the wrong order: tokens per character first.",
        ),
    ],
    hints=[
        "Both numbers are ratios of totals: what all the texts have together.",
        "Three sums over the texts: of tokens, of characters, of bytes; then two divisions.",
        "The length of a string counts characters; the length of its UTF-8 counts bytes; the "
        "bytes of all tokens together are the same.",
    ],
)
