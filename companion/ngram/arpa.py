"""N-gram models as text: the ARPA format that KenLM, SRILM and Kaldi share. Chapter 1.

    \\data\\
    ngram 1=5                        how many entries each order has
    \\1-grams:
    -0.9   the   -0.3                log₁₀ p(w | h), the n-gram, log₁₀ of the back-off weight
    \\end\\

−99 stands for the logarithm of zero. Only models that fall back on shorter contexts can be
written so: maximum likelihood, Lidstone, Good–Turing and stupid back-off cannot.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from companion import cache
from companion.ngram.backoff import Order, Table, order_of
from companion.ngram.counts import Stream, find, look_up
from companion.ngram.model import BackoffModel
from companion.ngram.vocabulary import START, START_ID, Vocabulary

NEVER = -99.0


def write_arpa(model: BackoffModel, path: str | Path) -> None:
    """Write a fitted model as an ARPA file, with twelve significant digits.

    Raises `ValueError` for a model that does not fall back on shorter contexts with weights of
    its own, and for words that hold white space, which separates words in the file.
    """
    if model.table is None:
        raise ValueError("the model has no counts yet; call fit(sentences) first")
    if not model.table.chained or model.table.orders[0].backoff[-1] != 1:
        raise ValueError(
            f"{getattr(model, 'smoothing', 'this model')} has no ARPA form: it does not fall back "
            "on shorter contexts; fit modified_kneser_ney, for example"
        )
    words = list(model.vocabulary)
    for word in words:
        if word.split() != [word]:
            raise ValueError(f"the word {word!r} holds white space, which ARPA cannot write")
    sections = list(_sections(model.table))
    with cache.atomic_write(path, "w") as file:
        file.write("\\data\\\n")
        for n, (rows, _, _) in enumerate(sections, 1):
            file.write(f"ngram {n}={len(rows)}\n")
        for n, (rows, probs, backoff) in enumerate(sections, 1):
            file.write(f"\n\\{n}-grams:\n")
            last = n == len(sections)
            for row, p, b in zip(rows.tolist(), probs.tolist(), backoff.tolist(), strict=True):
                ngram = " ".join([words[i] for i in row])
                file.write(f"{p:.12g}\t{ngram}\n" if last else f"{p:.12g}\t{ngram}\t{b:.12g}\n")
        file.write("\n\\end\\\n")


def read_arpa(path: str | Path, pad: bool = True) -> BackoffModel:
    """Read a model from an ARPA file, of this project or of another program.

    p(w | h) is read as KenLM reads it: the n-gram's own entry, else back-off weight × p(w | h').
    A word that the file does not list, `<unk>` included, has probability zero. Raises `ValueError`
    naming the line that is wrong, or the section whose length is not what the head of the file
    announces.
    """
    sections = _parse(Path(path))
    words = [line[1] for line in sections[0]]
    vocabulary = Vocabulary(words)
    size = len(vocabulary)
    numbers = {word: number for number, word in enumerate(vocabulary)}
    rows, probs, backoff = [], [], []
    for n, section in enumerate(sections, 1):
        try:
            flat = [numbers[word] for _, ngram, _ in section for word in ngram.split(" ")]
        except KeyError as error:
            raise ValueError(f"{path}: the {n}-grams use {error}, which is no unigram") from None
        rows.append(np.array(flat, dtype=np.int64).reshape(-1, n))
        probs.append(_power(np.array([p for p, _, _ in section])))
        backoff.append(_power(np.array([b for _, _, b in section])))
    base = np.ones(size)
    base[START_ID] = START in words and probs[0][words.index(START)] > 1e-90
    table = Table(tuple(_orders(rows, probs, backoff, size)), base / base.sum())
    return BackoffModel(vocabulary, table, len(sections), pad)


def _sections(table: Table) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Per order: n-grams (entries, n) as ids, log₁₀ probabilities, log₁₀ back-off weights."""
    size = len(table.base)
    histories = np.zeros((1, 0), dtype=np.int64)  # the contexts of this order, spelt out
    for n, order in enumerate(table.orders, 1):
        rows = np.column_stack([histories[order.keys // size], order.keys % size])
        probs = order.probs[:-1]
        backoff = np.ones(len(rows))
        if n < len(table.orders):
            above = table.orders[n]
            histories = np.column_stack([above.contexts % size, histories[above.contexts // size]])
            # A context is written beside its own n-gram; some, such as <s>, have none yet.
            text = Stream(histories.ravel(), np.tile(np.arange(n), len(histories)))
            last = np.arange(len(histories)) * n + n - 1
            *_, (_, place) = look_up(table.orders[:n], size, text, last)
            backoff[place[place >= 0]] = above.backoff[:-1][place >= 0]
            alone = place < 0
            rows = np.concatenate([rows, histories[alone]])
            probs = np.concatenate([probs, table.probs(text, last[alone])])
            backoff = np.concatenate([backoff, above.backoff[:-1][alone]])
        yield rows, _log10(probs), _log10(backoff)


def _orders(
    rows: list[np.ndarray], probs: list[np.ndarray], backoff: list[np.ndarray], size: int
) -> Iterator[Order]:
    """Pack n-grams given as ids into the sorted arrays of a table."""
    # The contexts of each length, and all their shorter ones, from the longest down.
    histories = [np.zeros((0, n), dtype=np.int64) for n in range(len(rows))]
    for n in range(len(rows) - 1, 0, -1):
        weighed = rows[n - 1][backoff[n - 1] != 1]
        shorter = histories[n + 1][:, 1:] if n + 1 < len(rows) else histories[n]
        histories[n] = np.unique(np.concatenate([rows[n][:, :-1], weighed, shorter]), axis=0)
    contexts = [np.zeros(1, dtype=np.int64)]

    def number(history: np.ndarray) -> np.ndarray:
        node = np.zeros(len(history), dtype=np.int64)
        for n in range(1, history.shape[1] + 1):
            node = find(contexts[n], node * size + history[:, -n])
        return node

    for n in range(len(rows)):
        if n:
            contexts.append(np.sort(number(histories[n][:, 1:]) * size + histories[n][:, 0]))
        # A word that is no unigram of the file has nothing below it: probability zero.
        weights = np.ones(len(contexts[n])) if n else np.zeros(1)
        if n:
            nodes = number(rows[n - 1])
            weights[nodes[nodes >= 0]] = backoff[n - 1][nodes >= 0]
        keys = number(rows[n][:, :-1]) * size + rows[n][:, -1]
        by_key = np.argsort(keys)
        yield order_of(contexts[n], keys[by_key], probs[n][by_key], weights)


def _parse(path: Path) -> list[list[tuple[float, str, float]]]:
    """The sections of a file as lists of (log₁₀ p, n-gram, log₁₀ back-off)."""
    announced: list[int] = []
    sections: list[list[tuple[float, str, float]]] = []
    ended = False
    for number, raw in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
        line = raw.rstrip("\r")
        if line == "\\end\\":
            ended = True
            break
        if line.startswith("ngram ") and not sections:
            announced.append(_announced(line, path, number))
        elif line == f"\\{len(sections) + 1}-grams:":
            sections.append([])
        elif line.strip() and sections:
            sections[-1].append(_entry(line, len(sections), path, number))
    if not ended or [len(section) for section in sections] != announced or not announced:
        raise ValueError(
            f"{path}: the head announces {announced} n-grams by order, the file holds "
            f"{[len(section) for section in sections]}"
            + ("" if ended else " and has no \\end\\ line")
            + "; it is not an ARPA file, or not all of it"
        )
    return sections


def _announced(line: str, path: Path, number: int) -> int:
    """One line of the head: ngram order=how many."""
    try:
        return int(line.partition("=")[2])
    except ValueError:
        raise ValueError(
            f"{path}, line {number}: {line!r} does not say how many n-grams there are"
        ) from None


def _entry(line: str, n: int, path: Path, number: int) -> tuple[float, str, float]:
    """One line: log₁₀ p, tab, n words with spaces between, and maybe a tab and a back-off."""
    fields = line.split()
    try:
        prob, words, rest = float(fields[0]), fields[1 : n + 1], fields[n + 1 :]
        if len(words) < n or len(rest) > 1:
            raise ValueError
        return prob, " ".join(words), float(rest[0]) if rest else 0.0
    except (ValueError, IndexError):
        raise ValueError(f"{path}, line {number}: {line!r} is no entry for {n} word(s)") from None


def _log10(probs: np.ndarray) -> np.ndarray:
    return np.log10(probs, out=np.full(len(probs), NEVER), where=probs > 0)


def _power(logs: np.ndarray) -> np.ndarray:
    return np.where(logs > NEVER, 10.0**logs, 0.0)
