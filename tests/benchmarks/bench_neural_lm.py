"""Word vectors after a minute, and bits per character of three kinds of model after a minute each.

    python tests/benchmarks/bench_neural_lm.py

Needs the corpora `peoples_daily` and `shakespeare`; takes about six minutes on an idle machine.
Settings were chosen on other probe words and on the validation works.
"""

import dataclasses
import math
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path

import keras
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from companion import corpora, metrics, training
from companion import neural_lm as lm
from companion.ngram import NGramModel, Vocabulary
from tests.benchmarks.common import machine, table, write_section

# A minute by the clock on the wall, on a machine that does nothing else. All that a learner waits
# for counts, compilation included.
SECONDS = 60
MANY = 10**6  # steps, more than any minute holds

VECTORS = lm.VectorConfig(vocab_size=1, d_model=64, window=3, threshold=1e-3)
VECTOR_BATCH, VECTOR_RATE = 4096, 5e-3
MIN_COUNT = 5
# Twenty to forty words of each kind: the most frequent ones of the training text, from the tenth
# on, that carry the tag in at least nine of ten uses and have two characters or more.
PROBES = {"ns": 40, "nr": 40, "v": 40, "n": 40, "t": 20, "a": 20}
TAGS = {"ns": "place", "nr": "person", "v": "verb", "n": "noun", "t": "time", "a": "adjective"}
SKIPPED, PURITY = 10, 0.9
PRINTED = ("北京", "泽民", "提高", "经济", "今天", "重要")

CROSS_ENTROPY = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
FEED_FORWARD = lm.FeedForwardConfig(vocab_size=1, context_length=10, d_model=24, d_ff=256)
RECURRENT = lm.RecurrentConfig(vocab_size=1, context_length=32, d_model=160, d_embedding=64)


EXPLANATION = """Why: a trigram sees two characters. Both networks see more of them, and contexts
that look alike share weights, so that about a hundred thousand numbers can use ten characters
and more. An n-gram of higher order has a number for each sequence that it met, a million and
more; counting sets all of them in one pass and a few seconds, whereas gradient descent, in the
time given, does not reach the end of the text even once where "passes" is below 1. The counts
have then nothing left to learn from this text; the networks have not converged."""


class UntilTime(keras.callbacks.Callback):
    """Stops `seconds` after `begun`; the learning rate falls on a cosine.

    The rate follows the clock, since nobody knows the number of steps beforehand.
    """

    def __init__(self, rate: float, seconds: float, begun: float):
        super().__init__()
        self.rate, self.seconds, self.begun, self.steps = rate, seconds, begun, 0

    def on_train_batch_begin(self, batch, logs=None):
        """Set the rate for the share of the time that has passed."""
        share = min(1.0, (time.perf_counter() - self.begun) / self.seconds)
        self.model.optimizer.learning_rate = self.rate * (1 + math.cos(math.pi * share)) / 2

    def on_train_batch_end(self, batch, logs=None):
        """Count, and stop when the time is over."""
        self.steps += 1
        self.model.stop_training = time.perf_counter() - self.begun >= self.seconds


def fit_until(seconds, begun, model, loss, batch, rate, xla: bool) -> int:
    """Train with Adam until `seconds` after `begun`; returns the number of steps."""
    clock = UntilTime(rate, seconds, begun)
    work = time.process_time()
    optimizer = keras.optimizers.Adam(rate, global_clipnorm=1.0)
    model.compile(optimizer, loss, jit_compile=xla)
    training.fit(model, batch, MANY, every=MANY, callbacks=[clock])
    print(
        f"{clock.steps} steps in {time.perf_counter() - begun:.1f} s, "
        f"{time.process_time() - work:.0f} processor-seconds of training"
    )
    return clock.steps


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


def characters(split: str) -> list[str]:
    """The works of one split of Shakespeare."""
    return [document.text for document in corpora.load("shakespeare", split)]


def feed_forward(texts, vocabulary, config=FEED_FORWARD, batch_size=512, rate=8e-3):
    """Bengio's model after a minute."""
    begun = time.perf_counter()
    config = dataclasses.replace(config, vocab_size=len(vocabulary))
    batch = lm.window_batches([vocabulary.ids(text) for text in texts], config, batch_size)

    training.seed(0)
    model = lm.FeedForwardLM(config)
    steps = fit_until(SECONDS, begun, model, CROSS_ENTROPY, batch, rate, xla=True)
    return model, steps * batch_size


def recurrent(texts, vocabulary, config=RECURRENT, batch_size=32, rate=8e-3):
    """A GRU after a minute."""
    begun = time.perf_counter()
    config = dataclasses.replace(config, vocab_size=len(vocabulary))
    batch = lm.stream_batches([vocabulary.ids(text) for text in texts], config, batch_size)

    training.seed(0)
    model = lm.RecurrentLM(config)
    trained = lm.TruncatedBPTT(model, batch_size)
    steps = fit_until(SECONDS, begun, trained, CROSS_ENTROPY, batch, rate, xla=False)
    return model, steps * batch_size * config.context_length


def neural_bits(model, texts, vocabulary) -> float:
    """Bits per character of some works, each from its beginning."""
    total = sum(float(model.token_log_probs(vocabulary.ids(text)).sum()) for text in texts)
    return metrics.bits_per_character(total, sum(map(len, texts)))


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
    model, seen = feed_forward(train, vocabulary)
    name = f"feed-forward, {FEED_FORWARD.context_length} characters, {FEED_FORWARD.d_ff} units"
    add(name, neural_bits(model, test, vocabulary), SECONDS, seen, model.count_params())
    model, seen = recurrent(train, vocabulary)
    name = f"recurrent, GRU of {RECURRENT.d_model} units"
    add(name, neural_bits(model, test, vocabulary), SECONDS, seen, model.count_params())

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
