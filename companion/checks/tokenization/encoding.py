"""Byte-pair encoding, the encoder: which merge comes next, and where; with two bugs to find."""

from itertools import pairwise

from companion.checks.tokenization.toys import (
    from_the_right,
    keeps_the_right_half,
    merge,
    random_words,
    train,
)
from companion.course.exercise import Exercise, Mistake
from companion.probes import tokenization as probes


def _encoder(choose, join=merge, once=False):
    """A BPE encoder: which of the known pairs is merged next, and how."""

    def bpe_encode(word, merges):
        tokens = list(word)
        while known := [pair for pair in pairwise(tokens) if pair in merges]:
            tokens = join(tokens, choose(known, merges))
            if once:
                break
        return tokens

    return bpe_encode


def _lowest_rank(known, merges):
    return min(known, key=merges.index)


def _highest_rank(known, merges):
    return max(known, key=merges.index)


def _leftmost(known, merges):
    return known[0]


def _stale_places(tokens, pair):
    """Join at places found beforehand, from the right: in a run it swallows a letter."""
    tokens = list(tokens)
    places = [i for i, found in enumerate(pairwise(tokens)) if found == pair]
    for place in reversed(places):
        tokens[place : place + 2] = ["".join(pair)]
    return tokens


def _moved_places(tokens, pair):
    """Join at places found beforehand, from the left: each join moves the places behind it."""
    tokens = list(tokens)
    for place in [i for i, found in enumerate(pairwise(tokens)) if found == pair]:
        tokens[place : place + 2] = ["".join(pair)]
    return tokens


def _longest_token(word, merges):
    vocabulary = {left + right for left, right in merges}
    tokens = []
    while word:
        ends = [n for n in range(1, len(word) + 1) if n == 1 or word[:n] in vocabulary]
        tokens.append(word[: ends[-1]])
        word = word[ends[-1] :]
    return tokens


def _encoding_cases(rng, size):
    # In `thing` the merge that counts is not the leftmost, in 中国人 not the last; 哈 makes runs.
    words = {"ring": 6, "king": 6, "sing": 5, "thin": 8, "this": 7, "哈哈": 4, "哈哈哈哈": 2}
    words |= {"中国": 9, "国人": 3, **random_words(rng, 4, letters="abc")}
    fixed = (
        "thing",
        "哈哈哈",
        "中国人",
        "nothing",
        "thinking",
        "哈哈哈哈哈哈",
        "q",
        "中国人哈哈哈",
    )
    drawn = "".join(rng.choice(list("abc"), 2 + size)) if size > 2 else ""
    return {"word": fixed[size % 8] + drawn, "merges": train(words, 20 + size)}


LEFTMOST = "it merges the leftmost known pair; BPE merges the pair that was learned first"
RUNS = (
    "in a run such as 哈哈哈 two places of the pair share a token, and joining both swallows a "
    "letter; after a join look for the next place behind it"
)

bpe_encode = Exercise(
    name="bpe_encode",
    kind="debug",
    title="Two bugs in a BPE encoder",
    minutes=15,
    difficulty=2,
    cases=_encoding_cases,
    probe=probes.tokens,
    reference=_encoder(_lowest_rank),
    starter=_encoder(_leftmost, _stale_places),
    mistakes=[
        Mistake("left-to-right", _encoder(_leftmost), f"One bug is gone, one is left: {LEFTMOST}."),
        Mistake(
            "swallows-a-letter",
            _encoder(_lowest_rank, _stale_places),
            f"One bug is gone, one is left: {RUNS}.",
        ),
        Mistake(
            "moved-places",
            _encoder(_lowest_rank, _moved_places),
            "You found all places first and join from the left: after the first join every place "
            "behind it has moved by one.",
        ),
        Mistake(
            "learned-last",
            _encoder(_highest_rank),
            "You merge the pair that was learned last; the one learned first comes first.",
        ),
        Mistake(
            "longest-token",
            _longest_token,
            "You cut off the longest known token from the left: that is WordPiece's way; BPE "
            "repeats the merges in the order of learning.",
        ),
        Mistake(
            "from-the-right",
            _encoder(_lowest_rank, from_the_right),
            "In a run of three equal tokens you join the last two; the leftmost place comes first.",
        ),
        Mistake(
            "one-merge",
            _encoder(_lowest_rank, once=True),
            "You return after one merge; repeat until no pair of neighbours is in the list.",
        ),
        Mistake(
            "right-half-stays",
            _encoder(_lowest_rank, keeps_the_right_half),
            "The joined token is there and its right half as well; the tokens must spell the word.",
        ),
    ],
    hints=[
        "Two questions about each step: which pair is merged, and at which places.",
        "Try `thing` by hand with the merges of exercise 2, then 哈哈哈 with the one merge "
        "(哈, 哈): do the tokens still spell the word?",
        "`merges` is in the order of learning, so a pair's position in the list is its rank; and "
        "once two tokens are joined, neither is there to be joined again.",
    ],
)
