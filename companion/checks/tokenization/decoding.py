"""From ids back to text: bytes first, characters only when all the bytes are there."""

from itertools import pairwise

from companion.course.exercise import Exercise, Mistake, Relation
from companion.probes import tokenization as probes


def _checked(ids, vocab):
    for number in ids:
        if number not in vocab:
            raise ValueError(f"id {number} is not in the vocabulary")
    return [vocab[number] for number in ids]


def _unchecked(ids, vocab):
    return (vocab[number] for number in ids)


def _skips(ids, vocab):
    return (vocab[number] for number in ids if number in vocab)


def _replaces(ids, vocab):
    return (vocab.get(number, "\ufffd".encode()) for number in ids)


def _wraps(ids, vocab):
    tokens = list(vocab.values())
    return (tokens[number % len(tokens)] for number in ids)


def _by_place(ids, vocab):
    tokens = list(vocab.values())
    if not all(0 <= number < len(tokens) for number in ids):
        raise ValueError("an id is not in the vocabulary")
    return (tokens[number] for number in ids)


def _in_range(ids, vocab):
    if not all(0 <= number <= max(vocab) for number in ids):
        raise ValueError("an id is not in the vocabulary")
    return _unchecked(ids, vocab)


def _decode(errors="replace", encoding="utf-8", between=b"", look_up=_checked):
    """Join the bytes of the ids and decode them, with one thing or another done wrong."""

    def decode_ids(ids, vocab):
        return between.join(look_up(ids, vocab)).decode(encoding, errors)

    return decode_ids


def _each(errors, look_up=_checked):
    def decode_ids(ids, vocab):
        return "".join(token.decode("utf-8", errors) for token in look_up(ids, vocab))

    return decode_ids


def _decoding_cases(rng, size):
    text = "".join(rng.choice(["the ", "cat", "我", "爱", "中国", "👍", "é", " "], 3 + size))
    data = f"a我👍{text}é".encode()
    if size % 4 == 1:
        data = data[:-1]  # the last character is cut off, as when a model stops in the middle
    if size % 4 == 2:
        data = data[:4] + b"\xff" + data[4:]  # a byte that no UTF-8 text has
    # Cut anywhere: characters are split between two tokens. The first token ends inside 我.
    cuts = sorted({0, 2, len(data), *rng.integers(3, len(data), len(data) // 2).tolist()})
    tokens = [data[a:b] for a, b in pairwise(cuts)]
    vocab = dict(enumerate(sorted({*tokens, b"zz"})))
    if size == 4:
        vocab = {3 * i: token for i, token in vocab.items()}  # ids are keys, not places
    number = {token: i for i, token in vocab.items()}
    ids = [number[token] for token in tokens]
    if size % 4 == 3:
        ids.insert(1, len(vocab) if size == 3 else -1)
    if size == 7:  # an id in a gap between the keys
        vocab = {3 * i: token for i, token in vocab.items()}
        ids = [3 * i if i >= 0 else 1 for i in ids]
    return {"ids": ids, "vocab": vocab}


decode_ids = Exercise(
    name="decode_ids",
    kind="implement",
    title="From ids back to text",
    minutes=15,
    difficulty=2,
    cases=_decoding_cases,
    probe=probes.text,
    reference=_decode(),
    relations=[
        Relation(
            "one-byte-a-token",
            lambda case, rng: _bytewise(case),
            lambda out, bytewise: out["text"] == bytewise["text"],
            "The text must not depend on how its bytes were cut into tokens.",
        ),
    ],
    mistakes=[
        Mistake(
            "token-by-token",
            _each("replace"),
            "You decode each token by itself; a token may end in the middle of a character, so "
            "join the bytes of all tokens before you decode.",
        ),
        Mistake(
            "token-by-token-strictly",
            _each("strict"),
            "You decode each token by itself, and one that ends in the middle of a character "
            "raises; join the bytes of all tokens before you decode.",
        ),
        Mistake(
            "token-by-token-unchecked",
            _each("strict", _unchecked),
            "You decode each token by itself, and one that ends in the middle of a character "
            "raises; join the bytes first. After that, think of ids that are not there and of "
            "bytes that are no text.",
        ),
        Mistake(
            "token-by-token-key-error",
            _each("replace", _unchecked),
            "You decode each token by itself; one may end in the middle of a character, so join "
            "the bytes first. And an id that is not there should raise ValueError.",
        ),
        Mistake(
            "token-by-token-dropped",
            _each("ignore"),
            "You decode each token by itself and drop what is incomplete, so characters that are "
            "split between two tokens vanish; join the bytes first.",
        ),
        Mistake(
            "well-behaved-only",
            _decode(errors="strict", look_up=_unchecked),
            "Right for whole characters and known ids. Two things are left: bytes that are no "
            "text must give U+FFFD (see `errors` of `decode`), an id that is not there must "
            "raise ValueError instead of KeyError.",
        ),
        Mistake(
            "strict",
            _decode(errors="strict"),
            "A model may stop in the middle of a character or give bytes that are no text; that "
            "must not raise but give U+FFFD: see the argument `errors` of `decode`.",
        ),
        Mistake(
            "dropped",
            _decode(errors="ignore"),
            "You drop the bytes that are no text without a trace; put U+FFFD in their place.",
        ),
        Mistake(
            "escaped",
            _decode(errors="backslashreplace"),
            "You write the bytes that are no text as escapes; put U+FFFD in their place.",
        ),
        Mistake(
            "latin-1",
            _decode(encoding="latin-1"),
            "You read each byte as one character, which is Latin-1; the bytes are UTF-8.",
        ),
        Mistake(
            "with-spaces",
            _decode(between=b" "),
            "You put spaces between the tokens; a byte-level token holds its own space.",
        ),
        Mistake(
            "unknown-id-skipped",
            _decode(look_up=_skips),
            "An id outside the vocabulary is left out without a word; raise ValueError.",
        ),
        Mistake(
            "unknown-id-replaced",
            _decode(look_up=_replaces),
            "An id outside the vocabulary becomes U+FFFD, as if it were a bad byte; raise "
            "ValueError.",
        ),
        Mistake(
            "unknown-id-key-error",
            _decode(look_up=_unchecked),
            "An id outside the vocabulary raises KeyError; the caller gave a bad value, so raise "
            "ValueError and say which id it was.",
        ),
        Mistake(
            "unknown-id-wraps",
            _decode(look_up=_wraps),
            "An id outside the vocabulary becomes another token, as with a negative index into a "
            "list; raise ValueError.",
        ),
        Mistake(
            "id-as-place",
            _decode(look_up=_by_place),
            "You take an id for a place in the list of tokens; it is a key, and there may be gaps "
            "between the keys. Look it up in `vocab`.",
        ),
        Mistake(
            "range-only",
            _decode(look_up=_in_range),
            "You compare an id with the smallest and the greatest; there may be gaps between the "
            "keys, so ask with `in`.",
        ),
    ],
    hints=[
        "A token is bytes, not characters: 我 may be spread over two or three tokens.",
        "Look up all ids, join what you find, decode once.",
        "`bytes.decode` has an argument that says what invalid bytes become; and a test with `in` "
        "before the look-up lets you raise the exception that you want.",
    ],
)


def _bytewise(case):
    vocab = dict(enumerate(bytes([byte]) for byte in range(256)))
    if not all(number in case["vocab"] for number in case["ids"]):
        return case
    data = b"".join(case["vocab"][number] for number in case["ids"])
    return {"ids": list(data), "vocab": vocab}
