"""Readers of the field's standard files, for whoever has the real ones: SQuAD, CoNLL, GLUE, JSONL.

They give records, as `load` does for the course's own corpora. Nothing is fetched. A file that is
not what it should be raises `ValueError` with its name, the place, and what was expected there.
"""

import csv
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from companion.corpora.records import Document, Labelled, Pair, SpanQuestion, TaggedSentence


def read_squad(path: str | Path) -> tuple[SpanQuestion, ...]:
    """The questions of a SQuAD file, v1.1 or v2.0 (Rajpurkar et al. 2016, 2018).

    Every answer is checked to stand where the file says; a question that is impossible has none.
    """
    path, questions = Path(path), []
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        paragraphs = [p for article in content["data"] for p in article["paragraphs"]]
        for paragraph in paragraphs:
            questions += [_question(path, paragraph["context"], qa) for qa in paragraph["qas"]]
    except (KeyError, TypeError, json.JSONDecodeError) as error:
        raise ValueError(
            f"{path.name} is not SQuAD JSON ({type(error).__name__}: {error}); wanted "
            "data → paragraphs → context and qas"
        ) from None
    return tuple(questions)


def _question(path: Path, context: str, qa: dict[str, Any]) -> SpanQuestion:
    impossible = bool(qa.get("is_impossible", False))
    answers = () if impossible else qa["answers"]
    spans = tuple(dict.fromkeys((a["answer_start"], a["text"]) for a in answers))
    for start, text in spans:
        if context[start : start + len(text)] != text:
            raise ValueError(
                f"{path.name}, question {qa['id']}: {text!r} does not stand at {start}, where the "
                f"text reads {context[start : start + len(text)]!r}"
            )
    return SpanQuestion(str(qa["id"]), context, qa["question"], spans)


def read_conll(path: str | Path, word: int = 0, tag: int = -1) -> tuple[TaggedSentence, ...]:
    """The sentences of a CoNLL file: a word a line, columns apart by white space, an empty line.

    `word` and `tag` are the columns wanted (CoNLL 2003: words first, BIO tags last). Lines that
    begin with `-DOCSTART-` are left out.
    """
    path, sentences, rows = Path(path), [], []
    lines = path.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate([*lines, ""], start=1):
        columns = line.split()
        if columns and columns[0] == "-DOCSTART-":
            continue
        if columns:
            if not -len(columns) <= tag < len(columns) or len(columns) < 2:
                raise ValueError(f"{path.name}, line {number}: {line!r} has no word and tag")
            rows.append((columns[word], columns[tag]))
        elif rows:
            words, tags = zip(*rows, strict=True)
            sentences.append(TaggedSentence(f"{path.stem}-{len(sentences)}", words, tags))
            rows = []
    return tuple(sentences)


def read_tsv(
    path: str | Path, texts: Sequence[str], label: str | None
) -> tuple[Labelled | Pair | tuple[Pair, str], ...]:
    """The items of a GLUE table: tabs between columns, whose names stand in the first line.

    `texts` names the columns of one text or two, `label` that of the label (None for a test file).
    One text gives `Labelled` (without a label: label ""), two give (`Pair`, label).

    >>> read_tsv("RTE/train.tsv", ("sentence1", "sentence2"), "label")
    """
    path = Path(path)
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return tuple(_items(path, rows, texts, label))


def read_jsonl(
    path: str | Path, texts: Sequence[str] = ("text",), label: str | None = None
) -> tuple[Labelled | tuple[Pair, str] | Document, ...]:
    """The items of a file with a JSON object a line: SuperGLUE's tasks, or plain text.

    As `read_tsv`; with one text and no label the items are `Document`s.
    """
    path, rows = Path(path), []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise ValueError(f"{path.name}, line {number} is not JSON: {error}") from None
        if not isinstance(row, dict):
            raise ValueError(f"{path.name}, line {number}: wanted an object, {{…}}, not {row!r}")
        rows.append(row)
    if len(texts) == 1 and label is None:
        items = _items(path, rows, texts, label)
        return tuple(Document(item.id, item.id, item.text) for item in items)
    return tuple(_items(path, rows, texts, label))


def _items(path: Path, rows: Sequence[dict], texts: Sequence[str], label: str | None) -> Iterator:
    """Records of rows that have the columns asked for."""
    if len(texts) not in (1, 2):
        raise ValueError(f"texts {tuple(texts)}; name the columns of one text or of two")
    for number, row in enumerate(rows, start=1):
        wanted = [*texts, *([label] if label is not None else [])]
        if missing := [name for name in wanted if row.get(name) is None]:
            there = ", ".join(str(name) for name in row)
            raise ValueError(f"{path.name}, item {number} has no {missing[0]!r}; it has {there}")
        ident = f"{path.stem}-{number}"
        said = "" if label is None else str(row[label])
        if len(texts) == 1:
            yield Labelled(ident, row[texts[0]], said)
        else:
            yield Pair(ident, row[texts[0]], row[texts[1]]), said
