"""Records from the cache, split; and what chapters need that is not a plain list of records."""

import functools
import json
from collections.abc import Mapping

from companion.corpora import readers, registry, splits, store
from companion.corpora.records import (
    Corpus,
    CorpusUnavailable,
    Document,
    Pair,
    Record,
    TaggedSentence,
)

BOOKS = ("web_bible", "cuv_bible")
ENTITY_TAGS = ("ns", "nr", "nt", "nz")
DOCUMENT_FORMATS = ("texts", "sanguo", *BOOKS)
SYNTHETIC_DOCUMENTS = {"train": 400, "validation": 50, "test": 50}


def names() -> tuple[str, ...]:
    """The names of all corpora."""
    return tuple(registry.CORPORA)


def records(name: str) -> tuple[Record, ...]:
    """Every record of the files as they are, duplicates included: for counting, not training.

    Raises `ValueError` for an unknown corpus or one without records, `CorpusUnavailable` as
    `fetch` does.
    """
    info = registry.info(name)
    if info.format is None:
        members = ", ".join(info.members)
        raise ValueError(
            f"{name!r} has no records; use corpora.path({name!r}, member), member one of: {members}"
        )
    folder = store.fetch(name)
    return readers.read(info.format, tuple(info.members), folder.joinpath)


def load(name: str, split: str | None = None) -> Corpus:
    """The distinct records of a corpus, or of its `"train"`, `"validation"` or `"test"` split.

    Fetches the corpus if it is not cached. The splits are fixed, by document, disjoint, and
    together give `load(name)`. Raises `ValueError` for an unknown corpus or split,
    `CorpusUnavailable` with a remedy when the corpus cannot be had.

        works = corpora.load("shakespeare", "train")
        works[0].title, works[0].text[:80]
    """
    _check_split(split)
    kept = splits.distinct(records(name))
    if split is not None:
        kept = tuple(record for record in kept if splits.split_of(name, record) == split)
    return Corpus(kept, name, split)


def load_or_synthetic(name: str, split: str | None = None) -> Corpus:
    """`load(name, split)`; when the corpus cannot be had, documents of `microworld` instead.

    The substitution is printed in one line, and `.synthetic` is True. Only corpora of documents
    have a substitute; for another one `CorpusUnavailable` is raised as by `load`.
    """
    try:
        return load(name, split)
    except CorpusUnavailable as error:
        info = registry.info(name)
        if info.format not in DOCUMENT_FORMATS:
            raise
        print(f"SYNTHETIC TEXT stands in for {name!r}. {error}")
        return Corpus(_synthetic(info.language[0], split), name, split, synthetic=True)


def _synthetic(language: str, split: str | None) -> list[Document]:
    """Stories of another seed for each split, so that the splits are as disjoint as real ones."""
    from companion import microworld  # costs a second that real text does not need

    documents = []
    for seed, (part, count) in enumerate(SYNTHETIC_DOCUMENTS.items()):
        if split in (None, part):
            stories = microworld.documents(count, seed, language)
            documents += [Document(f"{part}-{s.id}", s.title, s.text) for s in stories]
    return documents


def entity_spans(sentence: TaggedSentence) -> list[tuple[int, int, str]]:
    """The named entities of a `peoples_daily` line as (first word, word after the last, tag).

    Tags: `ns` place, `nr` person, `nt` organisation, `nz` other. A surname and a given name are
    two words of the corpus and one person here; every other tagged word is one entity.
    """
    spans: list[tuple[int, int, str]] = []
    for place, tag in enumerate(sentence.tags):
        if tag not in ENTITY_TAGS:
            continue
        if tag == "nr" and spans and spans[-1][1:] == (place, "nr"):
            spans[-1] = (spans[-1][0], place + 1, tag)
        else:
            spans.append((place, place + 1, tag))
    return spans


@functools.cache
def grammar(language: str) -> Mapping:
    """The whole intent grammar of `home_intents`, `language` being `"en"` or `"zh-CN"`.

    Keys: `intents`, `lists` (the values of a slot), `expansion_rules`, `skip_words`, `responses`.
    Raises `ValueError` for a language that is not in the cache.
    """
    known = [member.removesuffix(".json") for member in registry.info("home_intents").members]
    if language not in known:
        raise ValueError(f"no grammar for {language!r}; there are: {', '.join(known)}")
    return json.loads(store.path("home_intents", f"{language}.json").read_text("utf-8"))


def bible_pairs(split: str | None = None) -> Corpus:
    """The verses that both Bibles have, English to Chinese, as `Pair`s; the split is by book.

    Ids are `book:chapter:verse`. Where the Chinese puts two verses under one number, both are
    left out. Raises as `load` does.
    """
    _check_split(split)
    english, chinese = (_verses(name) for name in BOOKS)
    pairs = []
    for (book, chapter, verse), text in english.items():
        following = (book, chapter, verse + 1)
        merged = following in english and following not in chinese
        if (book, chapter, verse) in chinese and not merged:
            ident = f"{book:02d}:{chapter}:{verse}"
            pairs.append(Pair(ident, text, chinese[book, chapter, verse]))
    if split is not None:
        pairs = [pair for pair in pairs if splits.split_of("bible_pairs", pair) == split]
    return Corpus(pairs, "bible_pairs", split)


def _verses(name: str) -> readers.Verses:
    info = registry.info(name)
    folder = store.fetch(name)
    return readers.bible_books(info.format, tuple(info.members), folder.joinpath)[1]


def _check_split(split: str | None) -> None:
    if split is not None and split not in splits.SPLITS:
        raise ValueError(f"no split is called {split!r}; there are: {', '.join(splits.SPLITS)}")
