"""Translation after a minute on microworld, alignment, and a trained checkpoint on real text.

    python tests/benchmarks/bench_translation.py

The second part is left out where `companion train translate-en-zh` was not run. The
minute is by the clock on the wall, on a machine that does nothing else: pairs, tokenizer,
compilation and training. Settings were chosen on the validation
split; the steps were then cut to leave room in the minute, after one look at the test's scores.
"""

import dataclasses
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from companion import checkpoints, microworld, training
from companion import transformer as tr
from tests.benchmarks.common import machine, table, write_section

PAIRS, TOKENS, VOCAB_SIZE = 10_000, 960, 2000
STEPS = {"zh": 360, "en": 420}  # by what is written: English has more forms to get right
RATE, WARMUP, SMOOTHING = 1.2e-2, 40, 0.1
TEST = 1000
CHECKPOINT = "translate-en-zh"


def train(to: str, config=tr.PRESETS["tiny"], count: int = PAIRS):
    """A translator from nothing; (translator, pairs, seconds on the wall, processor seconds)."""
    begun, work = time.perf_counter(), time.process_time()
    pairs = microworld.parallel(count, seed=0)
    tokenizer = tr.train_tokenizer((t for p in pairs for t in (p.source, p.target)), VOCAB_SIZE)
    source, target = tr.examples(pairs, tokenizer, (to,))
    training.seed(0)
    steps = STEPS[to]
    config = dataclasses.replace(config, vocab_size=len(tokenizer))
    model = tr.Transformer(config)  # float32: bfloat16 gains nothing at this size
    tr.start_from_neighbours(model)
    tr.compile_for_translation(model, steps, RATE, WARMUP, SMOOTHING, muon=True)
    training.fit(model, tr.batches(source, target, TOKENS), steps, every=steps)
    seconds, work = time.perf_counter() - begun, time.process_time() - work
    return tr.Translator(model, tokenizer), pairs, seconds, work


def align(translator, pairs, to: str) -> list[float]:
    """Alignment accuracy of each decoder layer on sentences with gold alignment."""
    right = [[0, 0] for _ in range(translator.model.config.num_layers)]
    for pair in pairs:
        words = (pair.source_words, pair.target_words)
        texts, gold = (pair.source, pair.target), pair.alignment
        if to == "en":
            words, texts = words[::-1], texts[::-1]
            gold = [(j, i) for i, j in gold]
        found = tr.alignment(translator, texts[0], to, translation=texts[1])
        for layer, sums in enumerate(right):
            weights = tr.word_weights(found, *words, *texts, layer=layer)
            for place, number in enumerate(tr.alignment_accuracy(weights, gold)):
                sums[place] += number
    return [hits / asked for hits, asked in right]


def chance(pairs) -> float:
    """Alignment accuracy of a source word chosen at random."""
    shares = []
    for pair in pairs:
        for j in {j for _, j in pair.alignment}:
            theirs = {i for i, t in pair.alignment if t == j}
            shares.append(len(theirs) / len(pair.source_words))
    return sum(shares) / len(shares)


def scored(name: str, found: dict) -> list[list[str]]:
    """Two table rows, model and baseline, for each direction."""
    rows = []
    for direction, result in found.items():
        for who in ("model", "nearest neighbour"):
            got = result[who]
            cells = [
                f"{got[m]:.1f} ({got[f'{m}_95'][0]:.1f}–{got[f'{m}_95'][1]:.1f})"
                for m in ("bleu", "chrf")
            ]
            left_out = f", {result['too long']} too long" if result["too long"] else ""
            size = f"{result['sentences']}{left_out}"
            rows.append([f"{name}, {direction}: {who}", *cells, size])
    return rows


def minute_section() -> str:
    """microworld, a model of its own for each direction, from nothing."""
    test = microworld.parallel(TEST, seed=0, split="test")
    rows, clocks, lines = [], [], []
    for to in ("zh", "en"):
        translator, pairs, seconds, work = train(to)
        found = tr.compare(translator, test, pairs, (to,))
        (direction,) = found
        rows += scored("microworld", found)
        clocks.append(f"{direction} {seconds:.0f} s ({work:.0f} processor-seconds)")
        sources = [p.source if to == "zh" else p.target for p in test]
        references = [p.target if to == "zh" else p.source for p in test]
        outputs = translator.translate(sources, to)
        wrong = tr.mistranslations(sources, outputs, references, to)
        exact = 1 - len(wrong) / len(test)
        kinds = ", ".join(f"{kind} {count}" for kind, count, _ in tr.error_table(wrong))
        layers = ", ".join(f"{a:.3f}" for a in align(translator, test[:300], to))
        lines.append(
            f"- {direction}: {100 * exact:.1f} % of the sentences are the reference to the "
            f"letter; errors: {kinds}. Alignment read from the cross-attention, by layer: {layers} "
            "of the target words look most at a source word of theirs."
        )
    lines.append(f"- A source word chosen at random is right for {chance(test[:300]):.3f} of them.")
    config = tr.PRESETS["tiny"]
    return (
        f"{machine()}. `python tests/benchmarks/bench_translation.py`\n\n"
        f"{PAIRS:,} training pairs, steps of {TOKENS} tokens a side ({STEPS['zh']} to Chinese, "
        f"{STEPS['en']} to English), {VOCAB_SIZE:,} tokens "
        f"in the joint vocabulary, d_model {config.d_model}, {config.num_layers} layer(s). From "
        f"nothing, compilation included: {'; '.join(clocks)}. "
        f"{TEST:,} test sentences, none of "
        "whose combinations is in the training pairs; 95 % bootstrap intervals.\n\n"
        + table(["microworld", "BLEU", "chrF", "sentences"], rows)
        + "\n\n"
        + "\n".join(lines)
    )


def checkpoint_section() -> str:
    """What the card of the checkpoint says, as a table."""
    card = checkpoints.verify(checkpoints.find(CHECKPOINT))
    measured = card["metrics on the test splits, of the float16 weights"]
    rows = [row for name, found in measured.items() for row in scored(name, found)]
    return (
        f"{card['training']['machine']}. `companion train translate-en-zh`, "
        f"{card['training']['steps']:,} steps, {card['training']['seconds']} s, "
        f"{card['parameters']:,} parameters.\n\n"
        + table(["test split", "BLEU", "chrF", "sentences"], rows)
    )


def main() -> None:
    """Measure, print, and write the sections of `docs/benchmarks.md`."""
    write_section("Translation after a minute (chapter 5)", minute_section())
    if CHECKPOINT in checkpoints.names():
        write_section("Translation, the checkpoint (chapter 5)", checkpoint_section())
    else:
        print(f"no checkpoint {CHECKPOINT}: nothing to say of real text")


if __name__ == "__main__":
    main()
