"""What a corpus is made of: six kinds of record, and the tuple that holds them.

Every record is immutable and has an `id` that names its document for good, so that a split made
from ids never moves.
"""

from dataclasses import dataclass


class CorpusUnavailable(RuntimeError):
    """A corpus can neither be read from the cache nor fetched; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Document:
    """A whole text: a play, a chapter of a novel, a book of the Bible."""

    id: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class TaggedSentence:
    """A line of segmented text with one part-of-speech tag a word; `words` and `tags` align."""

    id: str
    words: tuple[str, ...]
    tags: tuple[str, ...]

    @property
    def text(self) -> str:
        """The words without anything between them, as Chinese is written."""
        return "".join(self.words)


@dataclass(frozen=True, slots=True)
class Labelled:
    """A short text with its class (a string) or its mean human score (a float)."""

    id: str
    text: str
    label: str | float


@dataclass(frozen=True, slots=True)
class Pair:
    """Two texts that belong together: a sentence and its translation, a line and its reply."""

    id: str
    source: str
    target: str


@dataclass(frozen=True, slots=True)
class Template:
    """One line of an intent grammar; `language` is `"en"` or `"zh-CN"`.

    `text` is written in the grammar's notation: `[optional]`, `(one|other)`, `{slot}`, `<rule>`;
    the rules and the value lists are in `corpora.grammar(language)`. `slots` are the slot values
    that the template implies without naming them, as (name, value) pairs.
    """

    id: str
    language: str
    intent: str
    text: str
    slots: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class SpanQuestion:
    """A question whose answer stands in a text: SQuAD's form.

    `answers` are (start, text), several where several people marked one; none where the text does
    not say (SQuAD v2.0).
    """

    id: str
    context: str
    question: str
    answers: tuple[tuple[int, str], ...]

    @property
    def is_impossible(self) -> bool:
        """Whether the text leaves it open."""
        return not self.answers


Record = Document | TaggedSentence | Labelled | Pair | Template | SpanQuestion


class Corpus(tuple):
    """An immutable sequence of records that knows where it comes from.

    `name` is the corpus, `split` is `"train"`, `"validation"`, `"test"` or None (all three), and
    `synthetic` is True when `microworld` stands in for text that could not be had.
    """

    name: str
    split: str | None
    synthetic: bool

    def __new__(cls, records, name: str, split: str | None = None, synthetic: bool = False):
        """Hold `records`, any iterable of them."""
        corpus = super().__new__(cls, records)
        corpus.name, corpus.split, corpus.synthetic = name, split, synthetic
        return corpus

    def __getnewargs__(self):
        return tuple(self), self.name, self.split, self.synthetic

    def __repr__(self) -> str:
        kind = type(self[0]).__name__ if self else "no"
        origin = ", synthetic" if self.synthetic else ""
        return f"<Corpus {self.name} {self.split or 'all'}: {len(self)} {kind} records{origin}>"
