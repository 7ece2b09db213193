"""How well gaps are filled: on held-out rows, and against two baselines that only count. Chapter 6.

Letters: B batch, P gaps a row, V vocabulary.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np
from keras import ops

from companion import metrics
from companion.tokenization import WordPiece
from companion.transformer import PAD_ID, padded

from .filling import MASK, Filler
from .learning import Mask
from .masking import gaps
from .rows import narrow

CONTENT_TAGS = ("n", "v", "a")  # nouns, verbs, adjectives: what the Peking tags begin with


@dataclass(frozen=True)
class ClozeItem:
    """A sentence with one character missing, and the character."""

    text: str
    answer: str


def masked_scores(
    model: keras.Model, rows: np.ndarray, mask: Mask, seed: int = 0, batch_size: int = 64
) -> dict[str, float]:
    """Share of gaps filled right and mean −log p(true token) in nats, over rows of ids.

    The gaps depend on `seed` alone, so that models are compared on the same ones:
    {"gaps": …, "accuracy": …, "accuracy_95": [low, high], "loss": …}; the interval is over rows.
    Raises `ValueError` where no row has a gap.
    """
    shown, chosen = mask(rows, np.random.default_rng(seed))
    if not chosen.any():
        raise ValueError(f"none of the {len(rows)} rows has a gap; give more rows or a higher rate")
    positions, labels = gaps(rows, chosen)
    right, losses = [], []
    for begin in range(0, len(rows), batch_size):
        part = slice(begin, begin + batch_size)
        logits = model((shown[part], positions[part]))
        loss = keras.losses.sparse_categorical_crossentropy(labels[part], logits, from_logits=True)
        losses.append(ops.convert_to_numpy(loss))
        right.append(ops.convert_to_numpy(ops.argmax(logits, axis=-1)) == labels[part])
    real = labels != PAD_ID
    right, losses = np.concatenate(right) & real, np.concatenate(losses)
    counts = np.stack([right.sum(axis=1), real.sum(axis=1)], axis=1)
    # Rows without a gap may be drawn again and again: hence 1.
    interval = metrics.corpus_interval(counts, lambda total: total[0] / max(1, total[1]))
    return {
        "gaps": int(real.sum()),
        "accuracy": round(float(right.sum() / real.sum()), 4),
        "accuracy_95": [round(limit, 4) for limit in interval],
        "loss": round(float((losses * real).sum() / real.sum()), 4),
    }


def content_gaps(
    sentences: Sequence, count: int, seed: int = 0, shortest: int = 8, longest: int = 100
) -> list[ClozeItem]:
    """`count` sentences with one content character missing, from segmented and tagged lines.

    A content character is part of a word that is tagged as a noun, verb or adjective (gold tags of
    `peoples_daily`). A line is cut after each 。; of the sentences of `shortest` to `longest`
    characters `count` are drawn, and in each one content character. Raises `ValueError` where
    there are fewer.
    """
    found = []
    for words, tags in _sentences(sentences):
        length = sum(map(len, words))
        places = _content_places(words, tags)
        if shortest <= length <= longest and places:
            found.append(("".join(words), places))
    if len(found) < count:
        raise ValueError(f"{len(found)} sentences have a content character; {count} were wanted")
    rng = np.random.default_rng(seed)
    items = []
    for number in rng.permutation(len(found))[:count]:
        text, places = found[number]
        place = int(rng.choice(places))
        items.append(ClozeItem(text[:place] + MASK + text[place + 1 :], text[place]))
    return items


def commonest_content(sentences: Sequence, k: int) -> list[str]:
    """The k content characters that stand most often in tagged lines, as in `content_gaps`."""
    counts: Counter[str] = Counter()
    for line in sentences:
        text = "".join(line.words)
        counts.update(text[place] for place in _content_places(line.words, line.tags))
    return [character for character, _ in counts.most_common(k)]


def _content_places(words, tags) -> list[int]:
    characters = [(c, tag) for word, tag in zip(words, tags, strict=True) for c in word]
    return [
        place
        for place, (character, tag) in enumerate(characters)
        if tag[0] in CONTENT_TAGS and "\u4e00" <= character <= "\u9fff"
    ]


def _sentences(lines):
    """Each line's sentences as (words, tags)."""
    for line in lines:
        begin = 0
        for end, word in enumerate(line.words, start=1):
            if word == "。" or end == len(line.words):
                yield line.words[begin:end], line.tags[begin:end]
                begin = end


class Neighbours:
    """p(c | left, right) ∝ p(c | left)·p(right | c): what counting neighbours can know of a gap.

    p(b | a) = λ·count(a b)/count(a) + (1 − λ)·count(b)/N from rows of ids (Jelinek & Mercer 1980),
    borders of a row included, padding not. Raises `ValueError` unless 0 ≤ λ < 1: with λ = 1 what
    was never seen would be impossible.
    """

    def __init__(self, rows: np.ndarray, vocab_size: int, weight: float = 0.9):
        if not 0 <= weight < 1:
            raise ValueError(f"weight is {weight}; it is at least 0 and below 1")
        first, second = rows[:, :-1].ravel(), rows[:, 1:].ravel()
        real = (first != PAD_ID) & (second != PAD_ID)
        packed = first[real].astype(np.int64) * vocab_size + second[real]
        size = vocab_size * vocab_size
        self.pairs = np.bincount(packed, minlength=size).reshape(vocab_size, vocab_size)
        self.before = np.maximum(self.pairs.sum(axis=1), 1)
        # Half a count each, so that nothing is impossible.
        common = np.bincount(rows[rows != PAD_ID], minlength=vocab_size) + 0.5
        self.unigram = common / common.sum()
        self.weight = weight

    def log_probs(self, left: int, right: int) -> np.ndarray:
        """log p of every id between two neighbours, (vocab_size,), up to a constant."""
        rest = 1 - self.weight
        after_left = self.weight * self.pairs[left] / self.before[left] + rest * self.unigram
        before_right = self.weight * self.pairs[:, right] / self.before + rest * self.unigram[right]
        return np.log(after_left) + np.log(before_right)


def cloze_hits(
    items: Sequence[ClozeItem], filler: Filler, k: int = 5, batch_size: int = 50
) -> np.ndarray:
    """Whether the answer is among the model's first k, (items,) of booleans."""
    encoded = [filler.encode(item.text) for item in items]
    answers = answer_ids(items, filler.tokenizer)
    hits = []
    for begin in range(0, len(items), batch_size):
        ids = padded(encoded[begin : begin + batch_size])
        positions, _ = gaps(ids, ids == filler.mask_id, 1)
        scores = filler.log_probs(ids, positions)[:, 0]
        hits.append(among_first(scores, answers[begin : begin + batch_size], k))
    return np.concatenate(hits)


def baseline_hits(
    items: Sequence[ClozeItem], tokenizer: WordPiece, baseline: Neighbours, k: int = 5
) -> np.ndarray:
    """The same for a baseline that sees the tokens beside the gap, [CLS] or [SEP] at the ends."""
    special = tokenizer.special_tokens
    scores = []
    for item in items:
        inside = tokenizer.encode(narrow(item.text), allowed_special={MASK})
        row = [special["[CLS]"], *inside, special["[SEP]"]]
        place = row.index(special[MASK])
        scores.append(baseline.log_probs(row[place - 1], row[place + 1]))
    return among_first(np.array(scores), answer_ids(items, tokenizer), k)


def answer_ids(items: Sequence[ClozeItem], tokenizer: WordPiece) -> np.ndarray:
    """The ids of the answers; −1, which no model can say, for one that the tokenizer lacks."""
    return np.array([tokenizer.token_to_id.get(narrow(item.answer), -1) for item in items])


def among_first(scores: np.ndarray, answers: np.ndarray, k: int) -> np.ndarray:
    """Whether fewer than k ids score higher than the answer; scores (items, V), answers (items,).

    Ties are settled in the answer's favour.
    """
    known = answers >= 0
    own = scores[np.arange(len(scores)), np.maximum(answers, 0)]
    return known & ((scores > own[:, None]).sum(axis=1) < k)


def share_and_interval(hits: np.ndarray) -> dict[str, float | list[float]]:
    """The share of hits and its 95 % bootstrap interval over items."""
    low, high = metrics.bootstrap_interval(hits.astype(float))
    return {"share": round(float(hits.mean()), 4), "share_95": [round(low, 4), round(high, 4)]}


def compare_cloze(
    filler: Filler,
    rows: np.ndarray,
    train: Sequence,
    *,
    tuning: Sequence[ClozeItem],
    items: Sequence[ClozeItem],
    k: int = 5,
) -> dict[str, dict]:
    """The model beside two baselines on the same items: {"model": `share_and_interval`, …}.

    "unigrams" always says the k commonest content characters of the tagged lines `train`; "left and
    right neighbour" is `Neighbours` of `rows`, its weight the best of five on the `tuning` items;
    "model − neighbours" is the mean difference with its interval.
    """
    common = commonest_content(train, k)
    unigrams = np.array([item.answer in common for item in items])
    baseline, tried = Neighbours(rows, len(filler.tokenizer)), {}
    for weight in (0.5, 0.7, 0.9, 0.97, 0.99):
        baseline.weight = weight
        tried[weight] = baseline_hits(tuning, filler.tokenizer, baseline, k).mean()
    baseline.weight = max(tried, key=tried.get)
    neighbours = baseline_hits(items, filler.tokenizer, baseline, k)
    model = cloze_hits(items, filler, k)
    return {
        "items": {"sentences": len(items), "first": k},
        "model": share_and_interval(model),
        "unigrams": share_and_interval(unigrams) | {"always": "".join(common)},
        "left and right neighbour": share_and_interval(neighbours) | {"weight": baseline.weight},
        "model − neighbours": share_and_interval(model.astype(float) - neighbours),
    }
