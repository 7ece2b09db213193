"""Chinese words: the likeliest path through all the dictionary's words in a sentence."""

import math
from functools import partial
from itertools import groupby

from companion.course.exercise import Exercise, Mistake, Relation
from companion.probes import tokenization as probes

# Sentences in which the longest word from the left, or from the right, is a trap.
SENTENCES = (
    ("研究生命的起源", "研究 研究生 生命 命 的 起源"),
    ("南京市长江大桥", "南京 南京市 市长 长江 大桥 江 长江大桥"),
    ("小明说的确实在理", "说 的 的确 确实 实在 在理 理"),
    ("结婚的和尚未结婚的", "结婚 的 和 和尚 尚未 未 未结"),
    ("研究生活力十足", "研究生 活力 生活 生活力 十足"),
    ("乒乓球拍卖完了", "乒乓 乒乓球 球拍 拍卖 卖 完 完了 卖完"),
)
LONG = 6  # the size of the case in which a product of probabilities underflows
# What must hold for every seed: a long word that beats its two halves in the sum but not in the
# mean (size 1), and listed words that are less likely than their parts, known or unknown.
RARE = {"市长": -60.0, "长江大桥": -60.0}
RARER = {"市长": -90.0, "长江大桥": -90.0}  # where every word is rarer
NAME = "中华人民共和国"  # seven characters, in the case of size 5: a word may have any length
NAMED = {NAME: -9.0, "中华": -8.0, "人民": -8.0, "共和国": -8.0}
FIXED = {
    1: {"市长": -30.0, "长江大桥": -13.0, "长江": -7.0, "大桥": -7.0},
    5: NAMED,
    LONG: RARER,
    7: RARE,
}


def _edges(text, log_probs, unknown, lengths=None):
    """(start, end, log-probability) of every word in the text, by where it ends.

    One character is always a word; `lengths` are those that an unknown word may have.
    """
    for end in range(1, len(text) + 1):
        for start in range(end):
            word = text[start:end]
            if word in log_probs:
                yield start, end, log_probs[word]
            elif end == start + 1 or (lengths and end - start in lengths):
                yield start, end, unknown


def _best_path(score=lambda score, log_prob, number: score + log_prob, best_of=max, **options):
    """Dynamic programming; `score(score so far, log_prob, words so far)` is a path's new score."""

    def segment_words(text, log_probs, unknown):
        best = {0: (0.0, [])}
        for start, end, log_prob in _edges(text, log_probs, unknown, **options):
            before, words = best[start]
            path = score(before, log_prob, len(words)), [*words, text[start:end]]
            best[end] = best_of(best.get(end, path), path, key=lambda found: found[0])
        return best[len(text)][1]

    return segment_words


def _mean(score, log_prob, number):
    return (score * number + log_prob) / (number + 1)


def _product(text, log_probs, unknown):
    multiply = _best_path(lambda score, log_prob, number: (score or not number) * log_prob)
    probs = {word: math.exp(log_prob) for word, log_prob in log_probs.items()}
    return multiply(text, probs, math.exp(unknown))


def _free_unknown(text, log_probs, unknown):
    return _best_path()(text, log_probs, 0.0)


def _short_words(text, log_probs, unknown):
    listed = {word: log_prob for word, log_prob in log_probs.items() if len(word) <= 4}
    return _best_path()(text, listed, unknown)


def _joins_unknown(text, log_probs, unknown):
    words = _best_path()(text, log_probs, unknown)
    runs = groupby(words, key=lambda word: word in log_probs)
    return [word for listed, run in runs for word in (run if listed else ["".join(run)])]


def _one_word_at_a_time(value, text, log_probs, unknown):
    """At each place the known word with the greatest `value(word, log_prob)`, without a look on."""
    words = []
    while text:
        known = [text[:n] for n in range(1, len(text) + 1) if text[:n] in log_probs]
        words.append(max(known, key=lambda word: value(word, log_probs[word]), default=text[0]))
        text = text[len(words[-1]) :]
    return words


def _longest(word, log_prob):
    return len(word)


def _backwards(text, log_probs, unknown):
    mirrored = {word[::-1]: log_prob for word, log_prob in log_probs.items()}
    words = _one_word_at_a_time(_longest, text[::-1], mirrored, unknown)
    return [word[::-1] for word in reversed(words)]


def _segmentation_cases(rng, size):
    # Twice the sentences, and rare words: enough for a product to be zero, and few enough
    # characters, also doubled, for a recursion that goes one character deeper at each call.
    sentences = [SENTENCES[size % 6]] if size != LONG else SENTENCES * 2
    words = sorted({word for _, listed in sentences for word in listed.split()})
    rarer = 20 * (size == LONG)
    # Not rounded: two best paths would have equal sums, and then either cut is right.
    log_probs = {word: float(rng.uniform(-14, -6)) - rarer for word in words}
    return {
        "text": NAME * (size == 5) + "".join(sentence for sentence, _ in sentences),
        "log_probs": log_probs | FIXED.get(size, {}),
        "unknown": float(rng.uniform(-18, -14)) - rarer,
    }


def _twice(case, rng):
    text = f"{case['text']}。{case['text']}"
    return case | {"text": text, "log_probs": case["log_probs"] | {"。": -3.0}}


segment_words = Exercise(
    name="segment_words",
    kind="implement",
    title="The likeliest words of a Chinese sentence",
    minutes=30,
    difficulty=3,
    cases=_segmentation_cases,
    probe=probes.tokens,
    reference=_best_path(),
    relations=[
        Relation(
            "two-sentences",
            _twice,
            lambda out, twice: twice["tokens"] == [*out["tokens"], "。", *out["tokens"]],
            "Two sentences with a full stop between them must be cut like each by itself: do your "
            "scores become zero in a long text, or is there a place that no path reaches?",
        ),
    ],
    mistakes=[
        Mistake(
            "longest-from-the-left",
            partial(_one_word_at_a_time, _longest),
            "You take the longest word from the left and never come back; compare whole paths by "
            "their sums.",
        ),
        Mistake(
            "longest-from-the-right",
            _backwards,
            "You take the longest word from the right and never come back; compare whole paths "
            "by their sums.",
        ),
        Mistake(
            "likeliest-next-word",
            partial(_one_word_at_a_time, lambda word, log_prob: log_prob),
            "You take the likeliest next word and never come back; a good first word may lead to "
            "bad ones, so compare whole paths.",
        ),
        Mistake(
            "fewest-words",
            _best_path(lambda score, log_prob, number: score - 1),
            "You look for the fewest words; the probabilities decide, not the number of words.",
        ),
        Mistake(
            "mean",
            _best_path(_mean),
            "You compare the mean log-probability of a word; the probability of a sentence is the "
            "product of all its words, so compare sums.",
        ),
        Mistake(
            "product",
            _product,
            "The product of many probabilities is zero in floating point, and then every path "
            "looks alike; add the logarithms.",
        ),
        Mistake(
            "least-likely",
            _best_path(best_of=min),
            "You look for the smallest sum; log-probabilities are negative, the likeliest path "
            "has the largest sum.",
        ),
        Mistake(
            "last-word-only",
            _best_path(lambda score, log_prob, number: log_prob),
            "At each place you compare the last words only; add the best score of the place where "
            "the word begins.",
        ),
        Mistake(
            "long-unknown-words",
            _best_path(lengths=range(2, 1000)),
            "You let any stretch of text be one unknown word; only a single character may be "
            "unknown.",
        ),
        Mistake(
            "short-words",
            _short_words,
            "You look for short words only; most Chinese words have at most four characters, but "
            "names are longer. The longest word of `log_probs` is the limit.",
        ),
        Mistake(
            "joins-unknown",
            _joins_unknown,
            "You join neighbouring unknown characters to one word; each of them is a word of its "
            "own here.",
        ),
        Mistake(
            "free-unknown",
            _free_unknown,
            "A character that is not in the dictionary costs you nothing, so it is better than "
            "any word; it costs `unknown`.",
        ),
        Mistake(
            "characters",
            lambda text, log_probs, unknown: list(text),
            "Those are the characters; look for longer words in the dictionary as well.",
        ),
    ],
    hints=[
        "The best way to reach a place in the text ends with some word; before that word it is "
        "the best way to the place where the word begins.",
        "For each end keep two things: the best sum so far and where its last word begins. Fill "
        "them from the left, then walk back from the end.",
        "For a fixed end try every start, look the slice up, and let a single character that is "
        "not listed cost `unknown`; `max` over pairs (sum, start) does the choice.",
    ],
)
