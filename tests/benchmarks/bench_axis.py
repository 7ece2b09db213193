"""The axis of the book: bits per character of every kind of language model on works never seen.

    python tests/benchmarks/bench_axis.py [--longer] [--seeds 0 1 2] [--draft]

Needs the corpus `shakespeare`. N-grams are counted; the networks are given a minute each, by the
clock on the wall, on a machine that does nothing else, once a seed (about eleven minutes with the
defaults). With `--longer`, larger networks are given twenty minutes each (an hour a seed), and
stand beside what was found before. Checkpoints that have been scored on the same works are added
from their cards. Writes a section of `docs/benchmarks.md` and the numbers behind it,
`docs/axis.json`, which chapter 7 reads; with `--draft` it prints only.

The minute's settings and the best order were chosen on the validation works. Those of the twenty
minutes were set once, before any run of them: for about as many passes over the text as there is
time for, and a lower rate the wider the network.
"""

import argparse
import dataclasses
import json
import statistics
import sys
import time
from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from companion import backend, cache, checkpoints, metrics, training
from companion.gpt import GPT, GPTConfig, NextTokenLoss, batches
from companion.gpt.trained import END_OF_TEXT, bits_per_character, joined
from companion.neural_lm import FeedForwardConfig, RecurrentConfig
from companion.ngram import NGramModel, Vocabulary
from companion.tokenization import BPE
from tests.benchmarks import by_the_clock as clocked
from tests.benchmarks.common import DOCS, machine, table, write_section

ORDERS = range(1, 9)
BATCH, WARMUP = 32, 50  # of the GPT
STALLED = 0.25  # of its time gone between two points of a curve: the machine did something else
TRIES = 3  # of a run that stands still
CARD = "bits per character, of the float16 weights", "shakespeare, test"  # where a card says it
TITLE = "The axis of the book (chapter 7)"
LONGER = "twenty minutes"  # the part of `axis.json` that `--longer` writes


@dataclasses.dataclass(frozen=True)
class Budget:
    """Seconds by the clock, and what is trained in them: shapes, rates, and tokens of the BPE.

    The vocabularies of the shapes are those of the text.
    """

    seconds: float
    feed_forward: FeedForwardConfig
    recurrent: RecurrentConfig
    gpt: GPTConfig
    tokens: int
    rates: dict[str, float]

    @property
    def names(self) -> dict[str, str]:
        """What each kind of network is called in tables."""
        first, gru, gpt = self.feed_forward, self.recurrent, self.gpt
        return {
            "feed-forward": f"feed-forward, {first.context_length} characters, {first.d_ff} units",
            "recurrent": f"recurrent, GRU of {gru.d_model} units",
            "gpt": f"GPT, layers: {gpt.num_layers}, d_model {gpt.d_model}, {self.tokens} tokens",
        }


MINUTE = Budget(
    seconds=60,
    feed_forward=clocked.FEED_FORWARD,
    recurrent=clocked.RECURRENT,
    gpt=GPTConfig(
        vocab_size=1, context_length=64, d_model=128, num_heads=2, d_ff=512, dropout=0.0,
        num_layers=1,  # two are better after a long time, and worse after a minute
    ),
    tokens=512,
    rates={"feed-forward": 8e-3, "recurrent": 8e-3, "gpt": 5e-3},
)  # fmt: skip
TWENTY = Budget(
    seconds=1200,
    feed_forward=FeedForwardConfig(vocab_size=1, context_length=16, d_model=32, d_ff=1024),
    recurrent=RecurrentConfig(vocab_size=1, context_length=32, d_model=384, d_embedding=64),
    gpt=GPTConfig(
        vocab_size=1, context_length=128, d_model=192, num_layers=3, num_heads=3, d_ff=768,
        dropout=0.0,
    ),
    tokens=1024,
    rates={"feed-forward": 4e-3, "recurrent": 4e-3, "gpt": 3e-3},
)  # fmt: skip


def gpt(texts, budget: Budget, seed=0) -> tuple[clocked.Trained, BPE]:
    """A small GPT, and the BPE that was learnt within its time."""
    begun = time.perf_counter()
    tokenizer = BPE.train(texts, budget.tokens, special_tokens=[END_OF_TEXT])
    ids = joined(texts, tokenizer)
    config = dataclasses.replace(budget.gpt, vocab_size=len(tokenizer))
    batch = batches(ids, config.context_length, BATCH, seed)

    training.seed(seed)
    with backend.fast_precision():
        model = GPT(config)
    rate = budget.rates["gpt"]
    optimizer = backend.Adam(rate, beta_2=0.95, global_clipnorm=1.0)
    clock = clocked.fit_until(
        budget.seconds, begun, model, NextTokenLoss(), batch, rate, False, optimizer, WARMUP
    )
    per_token = sum(map(len, texts)) / len(ids)
    seen = clock.steps * BATCH * config.context_length * per_token
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


def learnt(kind: str, train, test, budget: Budget, seeds) -> dict:
    """One kind of network, once a seed: bits on the test works, and how it got there."""
    vocabulary = Vocabulary.from_sentences(train)
    row: dict = {"kind": kind, "name": budget.names[kind], "seconds": budget.seconds}
    row |= {"bits": [], "passes": [], "curves": []}  # a value a seed
    for seed in seeds:
        trained, score = undisturbed(kind, train, vocabulary, budget, seed)
        row["bits"].append(round(score(test), 4))
        row["passes"].append(round(trained.seen / sum(map(len, train)), 2))
        row["curves"].append(trained.curve)
        row["parameters"] = trained.model.count_params()
        print(kind, seed, row["bits"][-1], "passes", row["passes"][-1], flush=True)
    return row


def undisturbed(kind: str, train, vocabulary, budget: Budget, seed: int):
    """A trained network and the function from texts to its bits; trained again if it stood still.

    Whether a run stood still is seen from its clock alone, before it is scored. Raises
    `RuntimeError` when it did so `TRIES` times.
    """
    for _ in range(TRIES):
        if kind == "gpt":
            trained, tokenizer = gpt(train, budget, seed)
            score = partial(bits_per_character, trained.model, tokenizer)
        else:
            make, shape = {
                "feed-forward": (clocked.feed_forward, budget.feed_forward),
                "recurrent": (clocked.recurrent, budget.recurrent),
            }[kind]
            rate = budget.rates[kind]
            trained = make(train, vocabulary, budget.seconds, seed, shape, rate=rate)
            score = partial(clocked.neural_bits, trained.model, vocabulary=vocabulary)
        times = [0.0, *(second for second, _ in trained.curve)]
        longest = max(after - before for before, after in pairwise(times))
        if longest <= STALLED * budget.seconds:
            return trained, score
        print(f"{kind}, seed {seed}: stood still for {longest:.1f} s; once more", flush=True)
    raise RuntimeError(f"{kind}, seed {seed}: stood still {TRIES} times; is the machine idle?")


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
    """The tables, the order that came out, and what it means."""

    def line(name, bits, seconds, passes, parameters):
        return [name, bits, f"{seconds:.0f}", passes, f"{parameters:,}"]

    def networks(rows):
        return [
            line(row["name"], spread(row["bits"], 3), row["seconds"], spread(row["passes"], 2),
                 row["parameters"])
            for row in rows
        ]  # fmt: skip

    best, ranked = found["best order"], {}
    rows = []
    for row in found["n-grams"]:
        name = f"modified Kneser–Ney, order {row['order']}"
        name += {1: " (unigram)", best: " (best on the validation works)"}.get(row["order"], "")
        rows.append(line(name, f"{row['bits']:.3f}", row["seconds"], "1.00", row["parameters"]))
        if row["order"] in (1, best):
            ranked[name] = row["bits"]
    rows += networks(found["networks"])
    for row in found["checkpoints"]:
        name = f"checkpoint {row['name']}, from its card"
        rows.append(line(name, f"{row['bits']:.3f}", row["seconds"], "", row["parameters"]))
        ranked[name] = row["bits"]
    columns = ["model", "bits", "seconds", "passes over the text", "parameters"]
    longer = found.get(LONGER)
    return (
        f"{found['machine']}. `python tests/benchmarks/bench_axis.py`\n\n"
        f"Bits per character on the {found['characters']:,} characters of the test works, each "
        f"read from its beginning. Each network was given {found['seconds']:.0f} seconds by the "
        "clock, preparation and compilation included; mean over the seeds "
        f"{told(found['seeds'])}, with the least "
        f"and the most. The GPT was trained in {found['precision of the GPT']}, as `companion "
        "train` does here, the two others in float32; all are scored in float32. XLA compiled the "
        "feed-forward network only. Parameters of an n-gram model are its stored n-grams.\n\n"
        + table(columns, rows)
        + f"\n\nOrder of the means: {order(ranked | means(found['networks']))}."
        + (
            f"\n\nTwenty minutes each, for larger networks (`--longer`, {longer['machine']}, "
            f"seeds {told(longer['seeds'])}):\n\n{table(columns, networks(longer['networks']))}"
            f"\n\nOrder of the means: {order(ranked | means(longer['networks']))}."
            if longer
            else ""
        )
        + f"\n\n{EXPLANATION}"
    )


def told(seeds) -> str:
    """Seeds in a row."""
    return ", ".join(map(str, seeds))


def means(networks) -> dict[str, float]:
    """The mean bits of each network by its name."""
    return {row["name"]: statistics.mean(row["bits"]) for row in networks}


def order(ranked: dict[str, float]) -> str:
    """Who comes first, with the bits."""
    best_first = sorted(ranked.items(), key=lambda item: item[1])
    return " < ".join(f"{name} ({bits:.3f})" for name, bits in best_first)


EXPLANATION = """Counting is over after seconds and has then nothing left to learn from this text.
A network learns as long as it is given time. `axis.json` has the learning curves, the loss on
training text when it is met, a curve a seed: where two of them cross, a shorter benchmark would
have crowned another winner (chapter 7 computes the seconds). Where "passes" is above 1, the end of
a curve is second reading. A run that stood still for a quarter of its time is made again, before it
is scored. Networks whose ranges overlap are not ranked by these seeds, and a checkpoint differs
from the GPT of these tables in time, in size and in its tokenizer."""


def measure(budget: Budget, seeds) -> dict:
    """Everything on one axis, as data."""
    train, validation, test = map(clocked.characters, ("train", "validation", "test"))
    ngrams, best = counted(train, validation, test)
    return {
        "machine": machine(),
        "seconds": budget.seconds,
        "seeds": list(seeds),
        "precision of the GPT": backend.best_precision(),
        "characters": sum(map(len, test)),
        "best order": best,
        "n-grams": ngrams,
        "networks": [learnt(kind, train, test, budget, seeds) for kind in budget.names],
        "checkpoints": carded(),
    }


def measure_longer(seeds) -> Iterator[dict]:
    """The networks of twenty minutes alone, as far as they are trained: a kind more each time."""
    train, test = map(clocked.characters, ("train", "test"))
    part = {"machine": machine(), "seconds": TWENTY.seconds, "seeds": list(seeds), "networks": []}
    for kind in TWENTY.names:
        part["networks"].append(learnt(kind, train, test, TWENTY, seeds))
        yield part


def write(found: dict) -> None:
    """The section and `docs/axis.json`."""
    write_section(TITLE, section(found))
    with cache.atomic_write(DOCS / "axis.json", "w") as file:
        file.write(json.dumps(found, ensure_ascii=False, indent=1) + "\n")


def main() -> None:
    """Measure, and print or write what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--longer", action="store_true", help="twenty minutes each; adds to it")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--draft", action="store_true", help="print, and write nothing")
    arguments = parser.parse_args()
    file = DOCS / "axis.json"
    before = json.loads(file.read_text("utf-8")) if file.exists() else {}
    if not arguments.longer:
        found = measure(MINUTE, arguments.seeds)
        found |= {LONGER: before[LONGER]} if LONGER in before else {}
        rounds = [found]
    elif before:
        rounds = ({**before, LONGER: part} for part in measure_longer(arguments.seeds))
    else:
        parser.error("there is no docs/axis.json to add to; run without --longer first")
    for found in rounds:
        if arguments.draft:
            print(section(found))
        else:
            write(found)


if __name__ == "__main__":
    main()
