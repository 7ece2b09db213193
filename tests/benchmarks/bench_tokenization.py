"""How fast: learning BPE and encoding with it, beside Rust `tokenizers` and `tiktoken`.

    python tests/benchmarks/bench_tokenization.py

Needs the corpora `shakespeare` and `gpt2_vocab`. The plain reference, which recounts the pairs of
all words at each merge, would take many minutes: a sample of its merges is timed, spread over the
whole training, and the rest is extrapolated. Encoding is timed in new processes, cache empty, in
processor seconds: both libraries use one thread there, and other load on the machine hardly counts.
"""

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from companion import corpora
from companion.tokenization import BPE, Unigram, WordPiece, count_words, merge_ids, train_merges
from tests.benchmarks.common import clock, machine, table, write_section

ROOT = Path(__file__).resolve().parents[2]
TRAIN_CHARACTERS = 1_000_000
MERGES = 8192
SAMPLES = 9  # merges of the plain reference that are timed

ENCODE = """
import sys, time
from companion import corpora
texts = [document.text for document in corpora.load("shakespeare")]
{prepare}
begun = time.process_time()
ids = [encode(text) for text in texts]
print(time.process_time() - begun, sum(map(len, ids)))
"""
OURS = """
begun = time.process_time()
from companion.tokenization import BPE
encode = BPE.gpt2().encode
print(time.process_time() - begun)
"""
TIKTOKEN = """
from companion.tokenization import BPE
bpe = BPE.gpt2()  # the vocabulary is given, not fetched
begun = time.process_time()
import tiktoken, tiktoken_ext.openai_public as public
encode = tiktoken.Encoding("gpt2", pat_str=public.r50k_pat_str, mergeable_ranks=bpe.token_to_id,
    special_tokens=bpe.special_tokens).encode
print(time.process_time() - begun)
"""


def both_clocks(action: Callable[[], Any], repeats: int = 1) -> tuple[float, float, Any]:
    """The shortest wall and processor seconds of some repeats, and what the last one returned."""
    wall = processor = float("inf")
    for _ in range(repeats):
        begun = time.process_time()
        seconds, result = clock(action)
        wall, processor = min(wall, seconds), min(processor, time.process_time() - begun)
    return wall, processor, result


def recount_and_merge(words: list[list[int]], counts: list[int], new: int) -> None:
    """One merge of the plain reference: recount all pairs, take the commonest, rewrite all words.

    The tie rule does not change the time, so equals are taken as they come.
    """
    pairs: Counter[tuple[int, int]] = Counter()
    for word, count in zip(words, counts, strict=True):
        for pair in pairwise(word):
            pairs[pair] += count
    best = max(pairs, key=pairs.__getitem__)
    ranks = {best: (0, new)}
    for place, word in enumerate(words):
        if best[0] in word:
            words[place] = merge_ids(word, ranks)


def plain_seconds(word_counts: dict[bytes, int], merges: list) -> float:
    """Processor seconds that the plain reference would take, from a sample of its merges."""
    seconds = []
    steps = np.linspace(0, len(merges) - 1, SAMPLES).astype(int)
    for number in steps:
        tokens = {token: n for n, token in enumerate(bytes([b]) for b in range(256))}
        ranks = {}
        for left, right in merges[:number]:
            new = tokens.setdefault(left + right, len(tokens))
            ranks[tokens[left], tokens[right]] = (len(ranks), new)
        words = [merge_ids(list(word), ranks) for word in word_counts]
        step = partial(recount_and_merge, words, list(word_counts.values()), len(tokens))
        seconds.append(both_clocks(step)[1])
    return float(np.trapezoid(seconds, steps)) + seconds[-1]


def rust_seconds(text: str) -> tuple[float, float]:
    def train():
        tokenizer = Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        trainer = trainers.BpeTrainer(
            vocab_size=256 + MERGES,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        )
        tokenizer.train_from_iterator([text], trainer)
        return tokenizer

    wall, processor, tokenizer = both_clocks(train, repeats=5)
    if tokenizer.get_vocab_size() != 256 + MERGES:
        raise AssertionError(f"tokenizers learned {tokenizer.get_vocab_size()} tokens")
    return wall, processor


def training() -> str:
    """Learn 8,192 merges from 1 MB, three ways."""
    text = "".join(document.text for document in corpora.load("shakespeare"))[:TRAIN_CHARACTERS]
    wall, ours, bpe = both_clocks(lambda: BPE.train(text, 256 + MERGES), repeats=5)
    rust_wall, rust = rust_seconds(text)
    word_counts = count_words([text])
    plain = plain_seconds(word_counts, train_merges(word_counts, 256 + MERGES)[1])
    wordpiece_wall, wordpiece, _ = both_clocks(lambda: WordPiece.train(text, 8192))
    unigram_wall, unigram, _ = both_clocks(lambda: Unigram.train(text.splitlines(), 8192))
    rows = [
        [f"our BPE, {len(bpe.merges):,} merges", f"{wall:.2f} s", f"{ours:.2f} s", "1"],
        [
            "BPE of Rust `tokenizers`",
            f"{rust_wall:.2f} s",
            f"{rust:.2f} s",
            f"ours takes {wall / rust_wall:.2f} × its wall time",
        ],
        [
            f"plain recount (extrapolated from {SAMPLES} merges)",
            "",
            f"{plain:.0f} s",
            f"ours is {plain / ours:.0f} × faster",
        ],
        ["our WordPiece, 8,192 tokens", f"{wordpiece_wall:.2f} s", f"{wordpiece:.2f} s", ""],
        ["our Unigram, 8,192 tokens", f"{unigram_wall:.2f} s", f"{unigram:.2f} s", ""],
    ]
    header = [f"learning from {TRAIN_CHARACTERS:,} characters", "wall", "processor", "ratio"]
    return table(header, rows)


def encoding() -> str:
    """GPT-2's ids of all of Shakespeare, each library in a new process."""
    megabytes = sum(len(d.text.encode()) for d in corpora.load("shakespeare")) / 1e6
    rows, seconds = [], {}
    for name, prepare in (("ours", OURS), ("`tiktoken`", TIKTOKEN)):
        run = subprocess.run(
            [sys.executable, "-c", ENCODE.format(prepare=prepare)],
            check=True,
            capture_output=True,
            text=True,
            cwd=ROOT,
        )
        ready, seconds[name], ids = map(float, run.stdout.split())
        rate = megabytes / (ready + seconds[name])
        rows.append(
            [
                f"{name} ({ids:,.0f} ids)",
                f"{ready:.2f} s",
                f"{seconds[name]:.2f} s",
                f"{megabytes / seconds[name]:.1f} MB/s",
                f"{rate:.1f} MB/s",
            ]
        )
    ratio = seconds["ours"] / seconds["`tiktoken`"]
    header = [
        f"GPT-2 ids of {megabytes:.2f} MB, processor seconds",
        "import, load",
        "encode",
        "rate",
        "with loading",
    ]
    return f"{table(header, rows)}\n\nOurs takes {ratio:.1f} × tiktoken's time to encode."


def main() -> None:
    body = f"{machine()}. One process, one thread of ours.\n\n{training()}\n\n{encoding()}"
    write_section("Tokenization", body)


if __name__ == "__main__":
    main()
