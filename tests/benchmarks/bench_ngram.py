"""How fast and how large: fitting and scoring n-gram models, beside nltk in the same run.

    python tests/benchmarks/bench_ngram.py

Needs the corpus `shakespeare`. nltk scores a sample only (about a minute), and its time is given
per token. Peak memory is that of a process of its own that does nothing else.
"""

import subprocess
import sys
from itertools import chain
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from nltk.lm import KneserNeyInterpolated
from nltk.util import everygrams

from companion import corpora
from companion.ngram import NGramModel
from tests.benchmarks.common import clock, machine, table, write_section

SIDE_BY_SIDE = 100_000  # tokens that both libraries read
NLTK_SAMPLE = 300  # tokens that nltk scores
ORDER = 3
DISCOUNT = 0.1  # nltk's default

FIT_ALONE = """
import resource, sys, time
from companion import corpora
from companion.ngram import NGramModel
sentences = [document.text.split() for document in corpora.load("shakespeare")]
begun, worked = time.perf_counter(), time.process_time()
NGramModel(5).fit(sentences)
seconds, processor = time.perf_counter() - begun, time.process_time() - worked
unit = 2**30 if sys.platform == "darwin" else 2**20  # bytes there, KiB elsewhere
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
print(sum(map(len, sentences)), seconds, processor, peak)
"""


def whole_corpus() -> list[list[str]]:
    """A 5-gram modified Kneser–Ney model of all of Shakespeare: seconds and GiB."""
    run = subprocess.run(
        [sys.executable, "-c", FIT_ALONE],
        check=True,
        capture_output=True,
        text=True,
        cwd=Path(__file__).resolve().parents[2],
    )
    words, seconds, processor, gigabytes = run.stdout.split()
    documents = [document.text.split() for document in corpora.load("shakespeare")]
    model = NGramModel(5).fit(documents)
    held = list(chain.from_iterable(documents))[:100_000]
    one, _ = clock(lambda: model.log_prob(held), repeats=3)
    lines = [held[i : i + 10] for i in range(0, len(held), 10)]
    many, _ = clock(lambda: model.token_log_probs(lines), repeats=3)
    return [
        [
            f"fit a 5-gram modified Kneser–Ney model on {int(words):,} words",
            f"{float(seconds):.2f} s",
        ],
        ["the same in processor seconds", f"{float(processor):.2f} s"],
        ["peak memory of the process that fits it", f"{float(gigabytes):.2f} GiB"],
        ["score 100,000 words as one sentence", f"{one:.2f} s"],
        ["score 100,000 words as 10,000 sentences", f"{many:.2f} s"],
    ]


def beside_nltk() -> list[list[str]]:
    """Interpolated Kneser–Ney, order 3, fitted on the same tokens and scoring the same ones."""
    tokens = list(chain.from_iterable(d.text.split() for d in corpora.load("shakespeare")))
    train, test = tokens[:SIDE_BY_SIDE], tokens[SIDE_BY_SIDE : 2 * SIDE_BY_SIDE]
    model = NGramModel(ORDER, "kneser_ney", discount=DISCOUNT)
    our_fit, _ = clock(lambda: model.fit([train], pad=False), repeats=3)
    our_score, log_probs = clock(lambda: model.token_log_probs([test]), repeats=3)

    theirs = KneserNeyInterpolated(ORDER, discount=DISCOUNT)
    their_fit, _ = clock(lambda: theirs.fit([everygrams(train, max_len=ORDER)], train))
    begin = 1000
    sample = range(begin, begin + NLTK_SAMPLE)
    their_score, scores = clock(
        lambda: [theirs.score(test[t], test[t - ORDER + 1 : t]) for t in sample]
    )
    ours = np.exp(log_probs[begin : begin + NLTK_SAMPLE])
    difference = np.abs(ours - scores).max()
    if difference > 1e-9:
        raise AssertionError(f"not the same model: probabilities differ by {difference}")
    per_token = our_score / len(test), their_score / NLTK_SAMPLE
    return [
        [
            "fit, 100,000 tokens",
            f"{our_fit:.3f} s",
            f"{their_fit:.2f} s",
            f"{their_fit / our_fit:,.0f}×",
        ],
        [
            "score one token",
            f"{per_token[0] * 1e6:.2f} µs",
            f"{per_token[1] * 1e3:.1f} ms",
            f"{per_token[1] / per_token[0]:,.0f}×",
        ],
        ["largest difference of a probability", f"{difference:.0e}", "", ""],
    ]


def main() -> None:
    """Measure, print, and write the section of `docs/benchmarks.md`."""
    body = "\n\n".join(
        (
            f"{machine()}. `python tests/benchmarks/bench_ngram.py`",
            table(["on all of Shakespeare", "measured"], whole_corpus()),
            f"Kneser–Ney of order {ORDER} beside nltk in one run: the same 100,000 tokens to fit, "
            f"100,000 others to score, of which nltk is timed on a sample of {NLTK_SAMPLE}.",
            table(["what", "companion", "nltk.lm", "ratio"], beside_nltk()),
        )
    )
    write_section("N-gram models (chapter 1)", body)


if __name__ == "__main__":
    main()
