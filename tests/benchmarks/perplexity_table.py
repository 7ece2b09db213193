"""Perplexity on the held-out works of Shakespeare: order × smoothing, words and characters.

    python tests/benchmarks/perplexity_table.py

Writes `docs/perplexity.md`. Also checks, on 2,000 tokens, that nltk gives the same perplexity
where it has the method: same vocabulary, same rule for unknown words.
"""

import math
import sys
from itertools import chain
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from nltk import lm as nltk_lm
from nltk.util import everygrams

from companion import corpora, metrics
from companion.ngram import SMOOTHINGS, UNKNOWN, NGramModel, split_sentences, split_words
from tests.benchmarks.common import machine, table, write_section

PAGE = "perplexity.md"
NLTK = {
    "mle": ({}, lambda n: nltk_lm.MLE(n)),
    "lidstone": ({"gamma": 0.5}, lambda n: nltk_lm.Lidstone(0.5, n)),
    "laplace": ({}, lambda n: nltk_lm.Laplace(n)),
    "witten_bell": ({}, lambda n: nltk_lm.WittenBellInterpolated(n)),
    "absolute_discounting": (
        {"discount": 0.75},
        lambda n: nltk_lm.AbsoluteDiscountingInterpolated(n),
    ),
    "kneser_ney": ({"discount": 0.1}, lambda n: nltk_lm.KneserNeyInterpolated(n)),
    "stupid_backoff": ({}, lambda n: nltk_lm.StupidBackoff(order=n)),
}


def words(split: str) -> list[list[str]]:
    """Sentences as lists of words and punctuation marks."""
    return [
        split_words(sentence)
        for document in corpora.load("shakespeare", split)
        for sentence in split_sentences(document.text)
    ]


def by_words() -> str:
    """Perplexity of order 1–5 for each smoothing; words seen once are `<unk>`."""
    train, test = words("train"), words("test")
    rows = []
    for name in SMOOTHINGS:
        models = (NGramModel(n, name, min_count=2).fit(train) for n in range(1, 6))
        rows.append([name, *(f"{model.perplexity(test):,.1f}" for model in models)])
    size = len(NGramModel(1, min_count=2).fit(train).vocabulary)
    return (
        f"Perplexity per token (words, punctuation marks and `</s>`), "
        f"{sum(map(len, train)):,} tokens of training text, {sum(map(len, test)):,} of test text "
        f"(and one `</s>` a sentence), {size:,} words in the vocabulary: those seen twice or more; "
        "the others are `<unk>`. Stupid back-off gives scores, not probabilities: its row of "
        "numbers cannot be compared with the others.\n\n"
        + table(["smoothing", *(f"order {n}" for n in range(1, 6))], rows)
    )


def by_characters() -> str:
    """Bits per character of order 1–5 (modified Kneser–Ney to 8) for each smoothing."""
    train = [document.text for document in corpora.load("shakespeare", "train")]
    test = [document.text for document in corpora.load("shakespeare", "test")]
    characters = sum(map(len, test))
    rows = []
    for name in SMOOTHINGS:
        row = [name]
        for n in range(1, 9):
            if n > 5 and name != "modified_kneser_ney":
                row.append("")
                continue
            log_probs = NGramModel(n, name).fit(train, pad=False).token_log_probs(test)
            bits = metrics.bits_per_character(float(log_probs.sum()), characters)
            row.append(f"{bits:.3f}")
        rows.append(row)
        print(row, flush=True)
    return (
        f"Bits per character, {sum(map(len, train)):,} characters of training text, "
        f"{characters:,} of test text; each work is one sequence without marks at its ends.\n\n"
        + table(["smoothing", *(f"order {n}" for n in range(1, 9))], rows)
    )


def beside_nltk() -> str:
    """The same perplexity as nltk on 2,000 tokens, order 3, fitted on 20,000."""
    train = list(chain.from_iterable(words("train")))[:20_000]
    test = list(chain.from_iterable(words("test")))[:2_000]
    vocabulary = nltk_lm.Vocabulary(train, unk_cutoff=2, unk_label=UNKNOWN)
    ngrams = [tuple(test[max(0, t - 2) : t + 1]) for t in range(len(test))]
    rows = []
    for name, (options, make) in NLTK.items():
        theirs = make(3)
        theirs.vocab = vocabulary
        theirs.fit([everygrams(train, max_len=3)])
        ours = NGramModel(3, name, min_count=2, **options).fit([train], pad=False)
        log_scores = np.array([theirs.logscore(g[-1], g[:-1]) for g in ngrams]) * math.log(2)
        ppl = ours.perplexity([test]), metrics.perplexity(log_scores)
        if not (ppl[0] == ppl[1] or abs(ppl[0] / ppl[1] - 1) < 1e-9):
            raise AssertionError(f"{name}: {ppl[0]} here, {ppl[1]} with nltk")
        rows.append([name, f"{ppl[0]:.9g}", f"{ppl[1]:.9g}"])
        print(rows[-1], flush=True)
    return (
        "Order 3, fitted on the first 20,000 tokens of the training text, on the first 2,000 of "
        "the test text; words seen once are `<unk>`; nltk's own default parameters. Equal to one "
        "part in 10⁹ (the script stops otherwise).\n\n"
        + table(["smoothing", "companion", "nltk.lm"], rows)
    )


def main() -> None:
    """Measure, print, and write `docs/perplexity.md`."""
    held_out = ", ".join(document.title for document in corpora.load("shakespeare", "test"))
    where = f"Test works: {held_out}. {machine()}.\n\n"
    write_section("Words", where + by_words(), PAGE)
    write_section("Characters", where + by_characters(), PAGE)
    write_section("Beside nltk", where + beside_nltk(), PAGE)


if __name__ == "__main__":
    main()
