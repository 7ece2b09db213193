"""The axis of the book: bits per character of every kind of language model on works never seen.

    python tests/benchmarks/bench_axis.py [--seconds 60] [--seeds 0 1 2] [--draft]

Needs the corpus `shakespeare`. N-grams are counted; the networks are given so many seconds each, by
the clock on the wall, on a machine that does nothing else, once a seed (about eleven minutes with
the defaults). Checkpoints that have been scored on the same works are added from their cards.
Writes a section of `docs/benchmarks.md` and the numbers behind it, `docs/axis.json`, which chapter
7 reads; with `--draft` it prints only. Settings and the best order were chosen on the validation
works.
"""

import argparse
import dataclasses
import json
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from companion import backend, cache, checkpoints, metrics, training
from companion.gpt import GPT, GPTConfig, NextTokenLoss, batches
from companion.gpt.trained import END_OF_TEXT, bits_per_character, joined
from companion.ngram import NGramModel, Vocabulary
from companion.tokenization import BPE
from tests.benchmarks import by_the_clock as clocked
from tests.benchmarks.common import DOCS, machine, table, write_section

ORDERS = range(1, 9)
LEARNT = 512  # tokens of the GPT's own BPE
SHAPE = GPTConfig(
    vocab_size=LEARNT,
    context_length=64,
    d_model=128,
    num_layers=1,  # two are better after a long time, and worse after a minute
    num_heads=2,
    d_ff=512,
    dropout=0.0,
)
BATCH, RATE, WARMUP = 32, 5e-3, 50
STALLED = 0.25  # of its time gone before the first point of a curve: the machine did something else
CARD = "bits per character, of the float16 weights", "shakespeare, test"  # where a card says it
TITLE = "The axis of the book (chapter 7)"

NAMES = {
    "feed-forward": (
        f"feed-forward, {clocked.FEED_FORWARD.context_length} characters, "
        f"{clocked.FEED_FORWARD.d_ff} units"
    ),
    "recurrent": f"recurrent, GRU of {clocked.RECURRENT.d_model} units",
    "gpt": f"GPT, layers: {SHAPE.num_layers}, d_model {SHAPE.d_model}, {LEARNT} tokens",
}


def gpt(texts, seconds, seed=0) -> tuple[clocked.Trained, BPE]:
    """A small GPT, and the BPE that was learnt within its time."""
    begun = time.perf_counter()
    tokenizer = BPE.train(texts, LEARNT, special_tokens=[END_OF_TEXT])
    ids = joined(texts, tokenizer)
    batch = batches(ids, SHAPE.context_length, BATCH, seed)

    training.seed(seed)
    config = dataclasses.replace(SHAPE, vocab_size=len(tokenizer))
    with backend.fast_precision():
        model = GPT(config)
    optimizer = backend.Adam(RATE, beta_2=0.95, global_clipnorm=1.0)
    clock = clocked.fit_until(
        seconds, begun, model, NextTokenLoss(), batch, RATE, False, optimizer, WARMUP
    )
    per_token = sum(map(len, texts)) / len(ids)
    seen = clock.steps * BATCH * SHAPE.context_length * per_token
    curve = clocked.in_bits(clock.curve, 1 / per_token)
    model = checkpoints.copied(model, GPT(config))  # scored in float32
    return clocked.Trained(model, seen, curve), tokenizer


def counted(train, validation, test) -> tuple[list[dict], int]:
    """Modified Kneser–Ney of each order on the test works, and the best order for validation."""
    vocabulary = Vocabulary.from_sentences(train)
    rows, chosen = [], {}
    for order in ORDERS:
        begun = time.perf_counter()
        model = NGramModel(order, vocabulary=vocabulary).fit(train, pad=False)
        seconds = time.perf_counter() - begun
        bits = {
            name: metrics.bits_per_character(
                float(model.token_log_probs(texts).sum()), sum(map(len, texts))
            )
            for name, texts in {"validation": validation, "test": test}.items()
        }
        chosen[order] = bits["validation"]
        size = sum(len(level.keys) for level in model.levels)
        rows.append(
            {
                "order": order,
                "bits": round(bits["test"], 4),
                "seconds": round(seconds, 1),
                "parameters": size,
            }
        )
        print(rows[-1], flush=True)
    return rows, min(chosen, key=chosen.__getitem__)


def learnt(kind: str, train, test, seconds: float, seeds) -> dict:
    """One kind of network, once a seed: bits on the test works, and how it got there.

    Raises `RuntimeError` when a run stood still at its beginning.
    """
    vocabulary = Vocabulary.from_sentences(train)
    row: dict = {"kind": kind, "name": NAMES[kind], "seconds": seconds}
    row |= {"bits": [], "passes": [], "curves": []}  # a value a seed
    for seed in seeds:
        if kind == "gpt":
            trained, tokenizer = gpt(train, seconds, seed)
            bits = bits_per_character(trained.model, tokenizer, test)
        else:
            make = clocked.feed_forward if kind == "feed-forward" else clocked.recurrent
            trained = make(train, vocabulary, seconds, seed)
            bits = clocked.neural_bits(trained.model, test, vocabulary)
        first = trained.curve[0][0]
        if first > STALLED * seconds:
            raise RuntimeError(
                f"{kind}, seed {seed}: {first} s to the first point; is the machine idle?"
            )
        row["bits"].append(round(bits, 4))
        row["passes"].append(round(trained.seen / sum(map(len, train)), 2))
        row["curves"].append(trained.curve)
        row["parameters"] = trained.model.count_params()
        print(kind, seed, row["bits"][-1], "passes", row["passes"][-1], flush=True)
    return row


def carded() -> list[dict]:
    """The checkpoints here that were scored on the same works, from their cards."""
    rows = []
    for name in checkpoints.names():
        card = checkpoints.card(checkpoints.find(name))
        bits = card.get(CARD[0], {}).get(CARD[1])
        if bits is not None:
            row = {"name": name, "bits": bits, "seconds": card["training"]["seconds"]}
            rows.append(
                row | {"parameters": card["parameters"], "where": card["training"]["machine"]}
            )
    return rows


def spread(values, digits: int) -> str:
    """The mean, and the least and the most where there are several: 2.343 (2.263–2.423)."""
    mean = f"{statistics.mean(values):.{digits}f}"
    if len(values) == 1:
        return mean
    return f"{mean} ({min(values):.{digits}f}–{max(values):.{digits}f})"


def section(found: dict) -> str:
    """The table, the order that came out, and what it means."""

    def line(name, bits, seconds, passes, parameters):
        return [name, bits, f"{seconds:.0f}", passes, f"{parameters:,}"]

    best, ranked = found["best order"], {}
    rows = []
    for row in found["n-grams"]:
        name = f"modified Kneser–Ney, order {row['order']}"
        name += {1: " (unigram)", best: " (best on the validation works)"}.get(row["order"], "")
        rows.append(line(name, f"{row['bits']:.3f}", row["seconds"], "1.00", row["parameters"]))
        if row["order"] in (1, best):
            ranked[name] = row["bits"]
    for row in found["networks"]:
        bits, passes = spread(row["bits"], 3), spread(row["passes"], 2)
        rows.append(line(row["name"], bits, row["seconds"], passes, row["parameters"]))
        ranked[row["name"]] = statistics.mean(row["bits"])
    for row in found["checkpoints"]:
        name = f"checkpoint {row['name']}, from its card"
        rows.append(line(name, f"{row['bits']:.3f}", row["seconds"], "", row["parameters"]))
        ranked[name] = row["bits"]
    order = " < ".join(f"{name} ({bits:.3f})" for name, bits in sorted(
        ranked.items(), key=lambda item: item[1]))  # fmt: skip
    seeds = ", ".join(map(str, found["seeds"]))
    return (
        f"{found['machine']}. `python tests/benchmarks/bench_axis.py`\n\n"
        f"Bits per character on the {found['characters']:,} characters of the test works, each "
        f"read from its beginning. Each network was given {found['seconds']:.0f} seconds by the "
        f"clock, preparation and compilation included; mean over the seeds {seeds}, with the least "
        f"and the most. The GPT was trained in {found['precision of the GPT']}, as `companion "
        "train` does here, the two others in float32; all are scored in float32. XLA compiled the "
        "feed-forward network only. Parameters of an n-gram model are its stored n-grams.\n\n"
        + table(["model", "bits", "seconds", "passes over the text", "parameters"], rows)
        + f"\n\nOrder of the means: {order}.\n\n{EXPLANATION}"
    )


EXPLANATION = """Counting is over after seconds and has then nothing left to learn from this text.
A network learns as long as it is given time. `axis.json` has the learning curves, the loss on
training text when it is met, a curve a seed: where two of them cross, a shorter benchmark would
have crowned another winner (chapter 7 computes the seconds). Where "passes" is above 1, the end of
a curve is second reading. Networks whose ranges overlap are not ranked by these seeds, and a
checkpoint differs from the GPT of this table in time, in size and in its tokenizer."""


def measure(seconds: float, seeds) -> dict:
    """Everything on one axis, as data."""
    train, validation, test = map(clocked.characters, ("train", "validation", "test"))
    ngrams, best = counted(train, validation, test)
    return {
        "machine": machine(),
        "seconds": seconds,
        "seeds": list(seeds),
        "precision of the GPT": backend.best_precision(),
        "characters": sum(map(len, test)),
        "best order": best,
        "n-grams": ngrams,
        "networks": [learnt(kind, train, test, seconds, seeds) for kind in NAMES],
        "checkpoints": carded(),
    }


def main() -> None:
    """Measure, print, and write the section and `docs/axis.json`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--draft", action="store_true", help="print, and write nothing")
    arguments = parser.parse_args()
    found = measure(arguments.seconds, arguments.seeds)
    if arguments.draft:
        print(section(found))
        return
    write_section(TITLE, section(found))
    with cache.atomic_write(DOCS / "axis.json", "w") as file:
        file.write(json.dumps(found, ensure_ascii=False, indent=1) + "\n")


if __name__ == "__main__":
    main()
