"""Records are what the files say, duplicates go, and splits are fixed for good."""

import dataclasses
import json
import pickle
from types import SimpleNamespace

import pytest
from toys import POEM, entry, register

from companion import corpora
from companion.corpora import archives, readers, registry, splits
from companion.corpora.records import Corpus, CorpusUnavailable, Document, Labelled, Pair


def test_a_corpus_is_an_immutable_tuple_that_survives_pickling():
    corpus = Corpus([Document("1", "t", "x")], "toy", "test", synthetic=True)
    again = pickle.loads(pickle.dumps(corpus))
    assert again == corpus
    assert (again.name, again.split, again.synthetic) == ("toy", "test", True)
    assert repr(again) == "<Corpus toy test: 1 Document records, synthetic>"
    with pytest.raises(dataclasses.FrozenInstanceError):
        corpus[0].text = "y"


def test_duplicates_go_before_splitting_and_contradictions_go_altogether():
    def labelled(ident, text, label):
        return Labelled(ident, text, label)

    kept = splits.distinct(
        [
            labelled("1", "good  film", "pos"),
            labelled("2", "good film", "pos"),  # the same but for a blank
            labelled("3", "ｇｏｏｄ film", "pos"),  # the same but for the width of letters
            labelled("4", "GOOD film", "pos"),  # not the same
            labelled("5", "so so", "pos"),
            labelled("6", "so so", "neg"),  # says the opposite of 5: both go
        ]
    )
    assert [record.id for record in kept] == ["1", "4"]
    assert splits.distinct([Pair("1", " ", "x"), Pair("2", "x", "y")]) == (Pair("2", "x", "y"),)


def test_a_split_by_hash_depends_on_nothing_but_the_letters_of_the_text():
    # sha256("abc") begins with ba78…: 0xba78 / 0x10000 = 0.728, so the eighth tenth: train
    assert splits.split_of("tweets", Labelled("1", "A b, c!", 0.0)) == "train"
    # sha256("i") begins with de7d…: 0xde7d / 0x10000 = 0.869, the ninth tenth: validation
    assert splits.split_of("tweets", Labelled("2", "(I)", 0.0)) == "validation"
    dealt = [splits.split_of("tweets", Labelled("", f"text {n}", 0.0)) for n in range(10_000)]
    # 10,000 draws at 0.1 have a standard deviation of 30
    assert abs(dealt.count("test") - 1_000) < 150
    assert abs(dealt.count("validation") - 1_000) < 150


def test_the_test_works_of_shakespeare_are_those_of_the_whole_project():
    dealt = {
        work: splits.split_of("shakespeare", Document(work, "", ""))
        for work in registry.SHAKESPEARE
    }
    test = {work for work, split in dealt.items() if split == "test"}
    assert test == {"henry_vi_part_2", "measure_for_measure", "othello", "sonnets"}
    assert sum(split == "validation" for split in dealt.values()) == 5
    assert dealt["passionate_pilgrim"] == "validation"  # it holds versions of two sonnets


def test_sentences_of_one_review_and_verses_of_one_book_stay_together():
    reviews = {splits.split_of("amazon_snippets", Labelled(f"7_{n}", "", 0.0)) for n in range(99)}
    assert len(reviews) == 1
    ruth = {splits.split_of("bible_pairs", Pair(f"08:1:{n}", "", "")) for n in range(22)}
    assert ruth == {"test"} == {splits.split_of("web_bible", Document("08", "Ruth", ""))}


def test_entities_join_surname_and_given_name_and_nothing_else():
    sentence = corpora.TaggedSentence(
        "1", tuple("江泽、李北京联社"), ("nr", "nr", "w", "nr", "ns", "ns", "nt", "n")
    )
    assert corpora.entity_spans(sentence) == [
        (0, 2, "nr"),
        (3, 4, "nr"),
        (4, 5, "ns"),
        (5, 6, "ns"),
        (6, 7, "nt"),
    ]


def read(tmp_path, format, **files):
    """The records of files given as bytes, a dot in a name written as two underscores."""
    names = {name.replace("__", "."): content for name, content in files.items()}
    for name, content in names.items():
        (tmp_path / name).write_bytes(content)
    return readers.read(format, tuple(names), tmp_path.joinpath)


def test_tagged_lines_are_cut_at_the_last_slash(tmp_path):
    (line,) = read(tmp_path, "peoples_daily", t__txt="１/２/m  的/u\n".encode())
    assert line.words == ("１/２", "的")
    assert line.tags == ("m", "u")
    assert line.text == "１/２的"


def test_labelled_formats_are_read_as_their_files_say(tmp_path):
    reviews = read(tmp_path, "reviews", pos__txt=b"good\n\n", neg__txt=b"bad\r\n")
    assert [(r.text, r.label) for r in reviews] == [("good", "pos"), ("bad", "neg")]
    (scored,) = read(tmp_path, "scored", s__txt=b"id\tsentiment\ttext\r\n1_2\t-0.5\tmeh\r\n")
    assert scored == Labelled("1_2", "meh", -0.5)
    (question,) = read(tmp_path, "trec", q__txt=b"DESC:def What is caf\xe9 ?\n")
    assert (question.label, question.text) == ("DESC:def", "What is café ?")
    sms = read(tmp_path, "sms", s__csv=b',spam,text\n0,0,"a, b"\n1,1,win\n')
    assert [(m.text, m.label) for m in sms] == [("a, b", "ham"), ("win", "spam")]


def test_pairs_and_templates_are_read_as_their_files_say(tmp_path):
    (talk,) = read(tmp_path, "dialogue", d__csv=b",statement,reply\n7,hi ,there\n")
    assert talk == Pair("00007", "hi", "there")
    catalogue = json.dumps({"": {}, "menu\x04Open": ["打开"], "Save": ["保存"]}).encode()
    pairs = read(tmp_path, "catalogues", c__json=catalogue)
    assert [(p.source, p.target) for p in pairs] == [("Open", "打开"), ("Save", "保存")]
    block = {"sentences": ["turn on <name>", "<name> on"], "slots": {"domain": "light"}}
    grammar = json.dumps({"intents": {"TurnOn": {"data": [block]}}}).encode()
    first, second = read(tmp_path, "intents", en__json=grammar)
    assert (first.id, first.language, first.slots) == (
        "en-TurnOn-001",
        "en",
        (("domain", "light"),),
    )
    assert second.text == "<name> on"


def test_what_translates_one_another_in_tatoeba_stays_in_one_split(tmp_path):
    rows = [("1", "你好！", "2", "Hello!"), ("3", "你好", "4", "Hi."), ("5", "再见。", "6", "Bye.")]
    rows += [("7", "嗨。", "4", "hi"), ("8", "拜拜。", "9", "So long.")]
    text = "\ufeff" + "\n".join("\t".join(row) for row in rows) + "\n"
    pairs = read(tmp_path, "tatoeba", t__tsv=text.encode())
    assert pairs[0] == Pair("00000_00001", "Hello!", "你好！")
    # 1 and 2 share their Chinese but for a sign, 2 and 4 their English but for case.
    groups = [pair.id.partition("_")[0] for pair in pairs]
    assert groups == ["00000", "00000", "00002", "00000", "00004"]
    assert len({splits.split_of("tatoeba", pairs[i]) for i in (0, 1, 3)}) == 1


def test_a_late_pair_links_two_groups():
    pairs = [("a", "x"), ("b", "y"), ("c", "z"), ("b", "x"), ("d", "z")]
    assert splits.linked(pairs) == [0, 0, 2, 0, 2]


def test_bibles_are_read_by_book_and_without_numbers(tmp_path):
    code = b"""raise SystemExit("run")
bible = Bible(WEB, "1. In  the`s. 2. And. 1. Now.", {1001001: 0, 1001002: 14, 2001001: 22},
    {1001001: 13, 1001002: 21, 2001001: 29}, {}, {Book.G: "Genesis", Book.E: "Exodus"}, {}, False)
"""
    english = read(tmp_path, "web_bible", b__py=code)
    assert [(book.id, book.title, book.text) for book in english] == [
        ("01", "Genesis", "In the's.\nAnd.\n"),
        ("02", "Exodus", "Now.\n"),
    ]
    lines = "创世纪 第一章 1-起初 创世纪 第二章 1-天地 2 出埃及记 第一章 1-名 ".replace(" ", "\r\n")
    chinese = read(tmp_path, "cuv_bible", s__txt=lines.replace("-", " ").encode())
    assert [(book.title, book.text) for book in chinese] == [
        ("创世纪", "起初\n天地\n"),
        ("出埃及记", "名\n"),
    ]
    _, verses = readers.bible_books("cuv_bible", ("s.txt",), tmp_path.joinpath)
    assert list(verses) == [(1, 1, 1), (1, 2, 1), (2, 1, 1)]  # 1:2:2 has no text of its own


def test_where_a_corpus_cannot_be_had_microworld_stands_in_and_says_so(toy, monkeypatch, capsys):
    from companion import microworld

    asked = []

    def documents(count, seed, language):
        asked.append((count, seed, language))
        return [SimpleNamespace(id="s1", title="A day", text=f"story of seed {seed}")]

    def unavailable(*_):
        raise CorpusUnavailable("No registry: connect.")

    monkeypatch.setattr(microworld, "documents", documents, raising=False)
    monkeypatch.setattr(archives, "download", unavailable)
    corpus = corpora.load_or_synthetic("toy", "test")
    assert corpus.synthetic
    assert corpus == (Document("test-s1", "A day", "story of seed 2"),)
    printed = capsys.readouterr().out
    assert printed == "SYNTHETIC TEXT stands in for 'toy'. No registry: connect.\n"
    assert len(corpora.load_or_synthetic("toy")) == 3
    assert asked == [(50, 2, "en"), (400, 0, "en"), (50, 1, "en"), (50, 2, "en")]
    with pytest.raises(CorpusUnavailable):  # a tagged corpus has no substitute
        corpora.load_or_synthetic("peoples_daily")


def test_a_real_corpus_is_not_synthetic(toy, quick, monkeypatch):
    register(monkeypatch, entry("verse", toy, {"poem.txt": "toycorpus-1.0/a.txt"}))
    corpus = corpora.load_or_synthetic("verse")
    assert not corpus.synthetic
    assert corpus == (Document("poem", "poem", POEM),)
