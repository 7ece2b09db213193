"""Files that a reader brings: SQuAD, CoNLL, GLUE tables, JSON lines."""

import json
import re

import pytest

from companion import corpora, microworld
from companion.corpora import Document, Labelled, Pair, TaggedSentence


@pytest.fixture
def file(tmp_path):
    def write(name, text):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.mark.parametrize("version", ["1.1", "v2.0"])
def test_squad_as_microworld_writes_it_is_read_back(file, version):
    asked = microworld.questions(30, seed=1)
    found = corpora.read_squad(file("dev.json", json.dumps(microworld.squad(asked, version))))
    wanted = {q.id: q for q in asked if version == "v2.0" or not q.is_impossible}
    assert {question.id for question in found} == set(wanted)
    for question in found:
        told = wanted[question.id]
        assert (question.question, question.context) == (told.question, told.context)
        answers = () if told.is_impossible else ((told.answer_start, told.answer),)
        assert question.answers == answers
        assert question.is_impossible == told.is_impossible


def test_answers_that_several_people_marked_alike_are_one(file):
    answers = [{"text": "b", "answer_start": 2}, {"text": "b", "answer_start": 2}]
    qa = {"id": 7, "question": "?", "answers": [*answers, {"text": "a b", "answer_start": 0}]}
    data = {"data": [{"paragraphs": [{"context": "a b", "qas": [qa]}]}]}
    (question,) = corpora.read_squad(file("x.json", json.dumps(data)))
    assert question.answers == ((2, "b"), (0, "a b"))


def test_conll_files_give_sentences_with_their_last_column(file):
    path = file(
        "eng.testa", "-DOCSTART- -X- O O\n\nEU NNP B-NP B-ORG\nrejects VBZ B-VP O\n\nOK . O O\n"
    )
    first, second = corpora.read_conll(path)
    assert first == TaggedSentence("eng-0", ("EU", "rejects"), ("B-ORG", "O"))
    assert second.words == ("OK",)
    assert corpora.read_conll(path, tag=1)[0].tags == ("NNP", "VBZ")


def test_a_glue_table_gives_texts_or_pairs_with_labels(file):
    path = file(
        "dev.tsv", 'index\tsentence1\tsentence2\tlabel\n0\tHe "left.\tHe went.\tentailment\n'
    )
    assert corpora.read_tsv(path, ["sentence1"], "label") == (
        Labelled("dev-1", 'He "left.', "entailment"),  # a quote is a character, not a bracket
    )
    ((pair, label),) = corpora.read_tsv(path, ["sentence1", "sentence2"], "label")
    assert (pair, label) == (Pair("dev-1", 'He "left.', "He went."), "entailment")
    assert corpora.read_tsv(path, ["sentence2"], None)[0].label == ""


def test_json_lines_give_texts_pairs_or_documents(file):
    path = file("val.jsonl", '{"text": "我", "premise": "a", "hypothesis": "b", "label": true}\n\n')
    assert corpora.read_jsonl(path) == (Document("val-1", "val-1", "我"),)
    assert corpora.read_jsonl(path, ["text"], "label") == (Labelled("val-1", "我", "True"),)
    ((pair, label),) = corpora.read_jsonl(path, ["premise", "hypothesis"], "label")
    assert (pair.source, pair.target, label) == ("a", "b", "True")


@pytest.mark.parametrize(
    ("read", "text", "says"),
    [
        (corpora.read_squad, "{", "x is not SQuAD JSON"),
        (corpora.read_squad, '{"data": [{}]}', "paragraphs"),
        (
            corpora.read_squad,
            '{"data": [{"paragraphs": [{"context": "abc", "qas": [{"id": "q", "question": "?", '
            '"answers": [{"text": "b", "answer_start": 0}]}]}]}]}',
            "question q: 'b' does not stand at 0, where the text reads 'a'",
        ),
        (corpora.read_conll, "word\n", "line 1: 'word' has no word and tag"),
        (
            lambda p: corpora.read_tsv(p, ["a"], "b"),
            "a\tc\n1\t2\n",
            "item 1 has no 'b'; it has a, c",
        ),
        (lambda p: corpora.read_tsv(p, [], None), "a\n1\n", "one text or of two"),
        (corpora.read_jsonl, '{"text": "a"}\n[1]\n', "line 2: wanted an object"),
        (corpora.read_jsonl, "{]\n", "line 1 is not JSON"),
    ],
)
def test_what_is_not_in_the_format_is_named_with_its_place(file, read, text, says):
    path = file("x", text)
    with pytest.raises(ValueError, match=re.escape(says)):
        read(path)
