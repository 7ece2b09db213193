"""Word vectors after a minute, and bits per character of three kinds of model after a minute each.

    python tests/benchmarks/bench_neural_lm.py

Needs the corpora `peoples_daily` and `shakespeare`; takes about six minutes on an idle machine.
Settings were chosen on other probe words and on the validation works.
"""

import dataclasses
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from companion import corpora, metrics, training
from companion import neural_lm as lm
from companion.ngram import NGramModel, Vocabulary
from tests.benchmarks.by_the_clock import (
    FEED_FORWARD,
    RECURRENT,
    characters,
    feed_forward,
    fit_until,
    neural_bits,
    recurrent,
)
from tests.benchmarks.common import machine, table, write_section

# A minute by the clock on the wall, on a machine that does nothing else. All that a learner waits
# for counts, compilation included.
SECONDS = 60

VECTORS = lm.VectorConfig(vocab_size=1, d_model=64, window=3, threshold=1e-3)
VECTOR_BATCH, VECTOR_RATE = 4096, 5e-3
MIN_COUNT = 5
# Twenty to forty words of each kind: the most frequent ones of the training text, from the tenth
# on, that carry the tag in at least nine of ten uses and have two characters or more.
PROBES = {"ns": 40, "nr": 40, "v": 40, "n": 40, "t": 20, "a": 20}
TAGS = {"ns": "place", "nr": "person", "v": "verb", "n": "noun", "t": "time", "a": "adjective"}
SKIPPED, PURITY = 10, 0.9
PRINTED = ("北京", "泽民", "提高", "经济", "今天", "重要")

EXPLANATION = """Why: a trigram sees two characters. Both networks see more of them, and contexts
that look alike share weights, so that about a hundred thousand numbers can use ten characters
and more. An n-gram of higher order has a number for each sequence that it met, a million and
more; counting sets all of them in one pass and a few seconds, whereas gradient descent, in the
time given, does not reach the end of the text even once where "passes" is below 1. The counts
have then nothing left to learn from this text; the networks have not converged."""


def probe_words(sentences, vocabulary: Vocabulary) -> dict[str, str]:
    """200 words and their majority tags, chosen by frequency rank alone, from training text."""
    tags = majority_tags(sentences)
    chosen: dict[str, list[str]] = defaultdict(list)
    for word in list(vocabulary)[3:]:  # most frequent first
        tag, purity = tags[word]
        if tag in PROBES and purity >= PURITY and len(word) >= 2:
            chosen[tag].append(word)
    return {w: tag for tag, n in PROBES.items() for w in chosen[tag][SKIPPED : SKIPPED + n]}


def majority_tags(sentences) -> dict[str, tuple[str, float]]:
    """The most frequent tag of every word, and its share of the word's uses."""
    seen: dict[str, Counter] = defaultdict(Counter)
    for sentence in sentences:
        for word, tag in zip(sentence.words, sentence.tags, strict=True):
            seen[word][tag] += 1
    majority = {}
    for word, counts in seen.items():
        tag, count = counts.most_common(1)[0]
        majority[word] = (tag, count / counts.total())
    return majority


def train_vectors(kind: str, sentences, seconds: float = SECONDS):
    """Vectors of the training text after a minute, and their vocabulary."""
    begun = time.perf_counter()
    vocabulary = Vocabulary.from_sentences((s.words for s in sentences), MIN_COUNT)
    ids = lm.known_ids([s.words for s in sentences], vocabulary)
    counts = lm.word_counts(ids, len(vocabulary))
    config = dataclasses.replace(VECTORS, vocab_size=len(vocabulary))
    keep = lm.keep_probs(counts, config.threshold)
    ids = lm.subsample(ids, keep, np.random.default_rng(0))
    model_class, batches = {
        "skip-gram": (lm.SkipGram, lm.skip_gram_batches),
        "CBOW": (lm.CBOW, lm.cbow_batches),
    }[kind]
    batch = batches(ids, counts, config, VECTOR_BATCH)

    training.seed(0)
    model = model_class(config)
    fit_until(seconds, begun, model, lm.negative_sampling_loss, batch, VECTOR_RATE, xla=True)
    return model.word_vectors(), vocabulary


def same_tag(vectors, vocabulary, probes, tags) -> tuple[list[float], list[float]]:
    """For each probe: the share of its ten neighbours, and of all words, that have its tag."""
    kinds = Counter(tags[word][0] for word in list(vocabulary)[3:])
    total = len(vocabulary) - 3
    shares, chances = [], []
    for word, tag in probes.items():
        near = lm.nearest(vectors, vocabulary, word, 10)
        shares.append(sum(tags[other][0] == tag for other, _ in near) / 10)
        chances.append((kinds[tag] - 1) / (total - 1))
    return shares, chances


def vectors_section() -> str:
    """Same-tag neighbours of 200 probe words for both models, and a list to read."""
    sentences = corpora.load("peoples_daily", "train")
    tags = majority_tags(sentences)
    rows, lists = [], []
    for kind in ("skip-gram", "CBOW"):
        vectors, vocabulary = train_vectors(kind, sentences)
        probes = probe_words(sentences, vocabulary)
        shares, chances = map(np.array, same_tag(vectors, vocabulary, probes, tags))
        low, high = metrics.bootstrap_interval(shares)
        lift = shares.mean() / chances.mean()
        interval = f"{low:.3f}–{high:.3f}"
        rows.append(
            [kind, f"{shares.mean():.3f}", interval, f"{chances.mean():.3f}", f"{lift:.1f}×"]
        )
        for tag, name in TAGS.items():
            mine = np.array([probes[word] == tag for word in probes])
            share, chance = shares[mine].mean(), chances[mine].mean()
            row = [f"{kind}, {name} ({mine.sum()})", f"{share:.3f}", "", f"{chance:.3f}"]
            rows.append([*row, f"{share / chance:.1f}×"])
        for word in PRINTED:
            near = " ".join(other for other, _ in lm.nearest(vectors, vocabulary, word, 8))
            lists.append(f"- {kind}, {word}: {near}")
    return (
        f"{machine()}. `python tests/benchmarks/bench_neural_lm.py`\n\n"
        f"{SECONDS} seconds each on the training text of `peoples_daily`, "
        f"{len(vocabulary) - 3:,} words seen {MIN_COUNT} times or more, d_model "
        f"{VECTORS.d_model}, window {VECTORS.window}. Share of the ten nearest neighbours of "
        f"{len(probes)} probe words that have the probe's majority tag, with a 95 % bootstrap "
        "interval over probes; chance is the share of all words that have it.\n\n"
        + table(["model, tag", "same tag", "95 %", "chance", "ratio"], rows)
        + "\n\nNearest neighbours:\n\n"
        + "\n".join(lists)
    )


def characters_section() -> str:
    """Bits per character on the held-out works: n-grams, feed-forward, recurrent."""
    train, test = characters("train"), characters("test")
    vocabulary = Vocabulary.from_sentences(train)
    length, read = sum(map(len, test)), sum(map(len, train))
    rows = []

    def add(name: str, bits: float, seconds: float, seen: int, size: int) -> None:
        passes = f"{seen / read:.2f}"
        rows.append([name, f"{bits:.3f}", f"{seconds:.0f}", passes, f"{size:,}"])
        print(rows[-1], flush=True)

    for order in range(1, 9):
        begun = time.perf_counter()
        model = NGramModel(order, vocabulary=vocabulary).fit(train, pad=False)
        took = time.perf_counter() - begun
        bits = metrics.bits_per_character(float(model.token_log_probs(test).sum()), length)
        size = sum(len(level.keys) for level in model.levels)
        add(f"modified Kneser–Ney, order {order}", bits, took, read, size)
    networks = {
        f"feed-forward, {FEED_FORWARD.context_length} characters, {FEED_FORWARD.d_ff} units": (
            feed_forward
        ),
        f"recurrent, GRU of {RECURRENT.d_model} units": recurrent,
    }
    for name, train_one in networks.items():
        trained = train_one(train, vocabulary, SECONDS)
        size = trained.model.count_params()
        add(name, neural_bits(trained.model, test, vocabulary), SECONDS, trained.seen, size)

    trigram, best = rows[2], min(rows[:8], key=lambda row: float(row[1]))
    ranked = sorted([trigram, best, *rows[8:]], key=lambda row: float(row[1]))
    order = " < ".join(f"{row[0]} ({row[1]})" for row in ranked)
    return (
        f"{machine()}. `python tests/benchmarks/bench_neural_lm.py`\n\n"
        f"Bits per character on the {length:,} characters of the test works, each read from its "
        f"beginning; {len(vocabulary):,} characters in the vocabulary; {SECONDS} "
        "seconds of training, preparation and compilation included. Parameters of an n-gram "
        "model are its stored n-grams.\n\n"
        + table(["model", "bits", "seconds", "passes over the text", "parameters"], rows)
        + f"\n\nMeasured order: {order}.\n\n{EXPLANATION}"
    )


def main() -> None:
    """Measure, print, and write both sections of `docs/benchmarks.md`."""
    write_section("Word vectors (chapter 3)", vectors_section())
    write_section("Neural language models (chapter 3)", characters_section())


if __name__ == "__main__":
    main()
