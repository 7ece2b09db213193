"""One parser a file format: from a corpus's members to its records, in the order of the files.

Nothing is filtered here but what has no text; duplicates are taken out in `splits`. A reader is
called with a function that gives the path of a member.
"""

import ast
import csv
import json
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from companion.corpora import splits
from companion.corpora.records import Document, Labelled, Pair, Record, TaggedSentence, Template
from companion.corpora.registry import SHAKESPEARE

Files = Callable[[str], Path]


def read(format: str, members: Sequence[str], files: Files) -> tuple[Record, ...]:
    """All records of the members. Raises `ValueError` for a format that has no reader."""
    if format not in READERS:
        raise ValueError(f"no reader is called {format!r}; there are: {', '.join(READERS)}")
    return tuple(READERS[format](members, files))


def _lines(path: Path, encoding: str = "utf-8") -> list[str]:
    """The lines of a file, cut at line ends only (`str.splitlines` cuts at other marks too)."""
    return path.read_text(encoding).removesuffix("\n").split("\n")  # text mode drops the CRs


def _rows(path: Path) -> Iterator[list[str]]:
    """The rows of a CSV file under its header."""
    with open(path, encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        next(rows)
        yield from rows


def _texts(members: Sequence[str], files: Files) -> Iterator[Document]:
    """Plain text, one document a file; the title is its name."""
    for name in members:
        stem = name.removesuffix(".txt")
        title = SHAKESPEARE.get(stem, stem)
        yield Document(stem, title, files(name).read_text("utf-8"))


def _sanguo(members: Sequence[str], files: Files) -> Iterator[Document]:
    """A JSON list of chapters; the first line of each is its title."""
    chapters = json.loads(files(members[0]).read_text("utf-8"))
    for number, text in enumerate(chapters, start=1):
        yield Document(f"{number:03d}", text.lstrip().split("\n", 1)[0].strip(), text)


def _peoples_daily(members: Sequence[str], files: Files) -> Iterator[TaggedSentence]:
    """A line a paragraph, `word/tag` separated by blanks; the id is the number of the line."""
    cut = _Cut()
    for number, line in enumerate(_lines(files(members[0])), start=1):
        words, tags = zip(*[cut[token] for token in line.split()], strict=True)
        yield TaggedSentence(f"{number:05d}", words, tags)


class _Cut(dict):
    """token -> (word, tag), each of the 60,000 different tokens being cut once only."""

    def __missing__(self, token: str) -> tuple[str, str]:
        # A word may hold a slash itself, a tag never does: cut at the last one.
        word, _, tag = token.rpartition("/")
        self[token] = word, tag
        return word, tag


def _reviews(members: Sequence[str], files: Files) -> Iterator[Labelled]:
    """A review a line; the label is the name of the file, `"pos"` or `"neg"`."""
    for name in members:
        label = name.removesuffix(".txt")
        for number, line in enumerate(_lines(files(name)), start=1):
            if line.strip():
                yield Labelled(f"{label}-{number:05d}", line.strip(), label)


def _scored(members: Sequence[str], files: Files) -> Iterator[Labelled]:
    """Tab-separated id, score, text under a header; `12_3` is the third sentence of text 12."""
    for line in _lines(files(members[0]))[1:]:
        ident, score, text = line.split("\t")
        yield Labelled(ident, text.strip(), float(score))


def _trec(members: Sequence[str], files: Files) -> Iterator[Labelled]:
    """A question a line after its type, `COARSE:fine question`, in latin-1."""
    for number, line in enumerate(_lines(files(members[0]), "latin-1"), start=1):
        label, text = line.split(" ", 1)
        yield Labelled(f"{number:05d}", text.strip(), label)


def _sms(members: Sequence[str], files: Files) -> Iterator[Labelled]:
    for number, spam, text in _rows(files(members[0])):
        yield Labelled(f"{int(number):05d}", text.strip(), "spam" if spam == "1" else "ham")


def _dialogue(members: Sequence[str], files: Files) -> Iterator[Pair]:
    for number, line, reply in _rows(files(members[0])):
        yield Pair(f"{int(number):05d}", line.strip(), reply.strip())


def _intents(members: Sequence[str], files: Files) -> Iterator[Template]:
    """A grammar a language: intents, each with blocks of templates that share their slots."""
    for name in members:
        language = name.removesuffix(".json")
        intents = json.loads(files(name).read_text("utf-8"))["intents"]
        for intent, grammar in intents.items():
            templates = ((block, text) for block in grammar["data"] for text in block["sentences"])
            for number, (block, text) in enumerate(templates, start=1):
                slots = tuple((slot, str(value)) for slot, value in block.get("slots", {}).items())
                ident = f"{language}-{intent}-{number:03d}"
                yield Template(ident, language, intent, text, slots)


def _catalogues(members: Sequence[str], files: Files) -> Iterator[Pair]:
    """Message catalogues: a message, perhaps after its context and \\x04, and its translations."""
    for name in members:
        domain = name.removesuffix(".json")
        messages = json.loads(files(name).read_text("utf-8"))
        messages.pop("")  # the header
        for number, (message, translations) in enumerate(messages.items(), start=1):
            source = message.rpartition("\x04")[2]
            yield Pair(f"{domain}-{number:04d}", source, translations[0])


def _tatoeba(members: Sequence[str], files: Files) -> Iterator[Pair]:
    """Number, Chinese, number, English, tab-separated; the pair is English and Chinese.

    Several sentences may translate one, in either direction: whatever hangs together so is one
    group, and the id is `group_number`.
    """
    lines = _lines(files(members[0]), "utf-8-sig")
    pairs = [(english, chinese) for _, chinese, _, english in (line.split("\t") for line in lines)]
    groups = splits.linked(pairs)
    for number, ((source, target), group) in enumerate(zip(pairs, groups, strict=True), start=1):
        yield Pair(f"{group:05d}_{number:05d}", source.strip(), target.strip())


# -- Bibles: verses first, then books

Verses = dict[tuple[int, int, int], str]  # (book 1-66, chapter, verse) -> text


def bible_books(format: str, members: Sequence[str], files: Files) -> tuple[list[str], Verses]:
    """The titles of the 66 books and all verses that have text, in order."""
    parse = {"web_bible": _web_verses, "cuv_bible": _cuv_verses}[format]
    return parse(files(members[0]))


def _web_verses(path: Path) -> tuple[list[str], Verses]:
    """A Python file that calls `Bible(version, text, starts, ends, lengths, titles, …)`.

    `starts` and `ends` give the place of a verse in the text by its number, book × 1,000,000 +
    chapter × 1000 + verse; the file is parsed, never run.
    """
    tree = ast.parse(path.read_text("utf-8"))
    call = next(node.value for node in tree.body if isinstance(node, ast.Assign))
    text, starts, ends = (ast.literal_eval(argument) for argument in call.args[1:4])
    titles = [ast.literal_eval(title) for title in call.args[5].values]
    verses = {}
    for number, start in starts.items():
        key = (number // 1_000_000, number // 1000 % 1000, number % 1000)
        verse = " ".join(text[start : ends[number]].split()).replace("`", "'")
        if "by amos" not in verse:  # four verses hold a note by a program instead of a text
            verses[key] = re.sub(r"^\d+\. ", "", verse)
    return titles, verses


def _cuv_verses(path: Path) -> tuple[list[str], Verses]:
    """Lines `N verse`; before each chapter the name of the book, then the chapter's number."""
    titles: list[str] = []
    verses: Verses = {}
    chapter = 0
    for line in _lines(path, "utf-8-sig"):
        line = line.strip()
        found = re.match(r"(\d+)[ .]*(.*)", line)
        if found:
            if found[2]:  # some verses are given with the one before, and are empty here
                verses[len(titles), chapter, int(found[1])] = found[2]
        elif line and not line.startswith("第"):
            if not titles or titles[-1] != line:
                titles.append(line)
                chapter = 0
            chapter += 1
    return titles, verses


def _bible(format: str):
    def books(members: Sequence[str], files: Files) -> Iterator[Document]:
        """A document a book, a line a verse; the id is the book's number, 01 to 66."""
        titles, verses = bible_books(format, members, files)
        lines: dict[int, list[str]] = {}
        for (book, _, _), text in verses.items():
            lines.setdefault(book, []).append(text)
        for number, title in enumerate(titles, start=1):
            yield Document(f"{number:02d}", title, "\n".join(lines[number]) + "\n")

    return books


READERS = {
    "texts": _texts,
    "sanguo": _sanguo,
    "peoples_daily": _peoples_daily,
    "reviews": _reviews,
    "scored": _scored,
    "trec": _trec,
    "sms": _sms,
    "dialogue": _dialogue,
    "intents": _intents,
    "catalogues": _catalogues,
    "tatoeba": _tatoeba,
    "web_bible": _bible("web_bible"),
    "cuv_bible": _bible("cuv_bible"),
}
