"""Chapter 10's start for texts that are asked about: marks of shared words, heads that look."""

import numpy as np
import pytest

from companion import finetuning as ft
from companion import training
from companion.bert import Bert, BertConfig
from companion.finetuning import reading
from companion.tokenization import WordPiece
from companion.tokenization.wordpiece import BERT_SPECIALS

WORDS = [f"w{i}" for i in range(60)]
CLS, SEP = 2, 3
SIZES = {"d_model": 128, "num_layers": 1, "num_heads": 8, "d_ff": 16, "dropout": 0.0}


@pytest.fixture(scope="module")
def encoder() -> Bert:
    training.seed(0)
    model = Bert(BertConfig(65, 64, num_segments=reading.MARKS, pooler=False, **SIZES))
    reading.start_to_read(model)
    return model


def test_words_of_the_text_that_the_question_has_are_marked():
    ids = np.array([[CLS, 10, 11, SEP, 12, 10, 13, SEP, 0], [CLS, 10, SEP, 10, 10, SEP, 0, 0, 0]])
    found = np.asarray(reading.marks(ids))
    # The question with its [CLS] is 0; the text 1; its words 10, which the question has, 2.
    assert found[0, :8].tolist() == [0, 0, 0, 1, 1, 2, 1, 1]
    assert found[1, :6].tolist() == [0, 0, 1, 2, 2, 1]


def test_marks_say_nothing_of_which_word_it_is():
    rng = np.random.default_rng(0)
    ids = rng.integers(5, 20, (8, 24))
    ids[:, 0], ids[:, 7], ids[:, 23] = CLS, SEP, SEP
    names = np.arange(65)
    names[5:20] = 5 + rng.permutation(15)  # every word by another name
    np.testing.assert_array_equal(reading.marks(ids), reading.marks(names[ids]))


def looked(encoder: Bert, ids: np.ndarray) -> np.ndarray:
    """The weights of the first block, (heads, time, time)."""
    return np.asarray(encoder.layers_of(ids)[1][0])[0]


def test_heads_look_at_their_place_and_at_the_same_word(encoder):
    ids = 5 + np.arange(40)[None]
    ids[0, 31] = ids[0, 12]  # one word twice
    weights = looked(encoder, ids)
    middle = np.arange(16, 28)
    for head, look in enumerate(reading.LOOKS):
        if look.ahead is None:
            assert weights[head, 12, [12, 31]].sum() > 0.6
            assert weights[head, 31, [12, 31]].sum() > 0.6
        elif not look.width:
            assert weights[head, middle, middle + int(look.ahead)].mean() > 0.4
        else:
            mean = (weights[head, middle] * np.arange(40)).sum(axis=1) - middle
            assert mean.mean() == pytest.approx(look.ahead, abs=1.5)


def test_a_question_about_a_text_makes_a_reader_and_other_tasks_none():
    texts = [" ".join(WORDS)]
    sizes = {"context_length": 16, **SIZES}
    kind = ft.Classification(("a", "b"), pooling="first")
    marked = ft.blank_start(texts, num_segments=reading.MARKS, **sizes)
    assert type(kind.model(marked, "scratch")) is reading.Reader
    assert type(kind.model(ft.blank_start(texts, **sizes), "scratch")) is ft.FineTuned


def test_a_reader_is_told_by_its_marks():
    """Whose word it is cannot be seen in the words' vectors: all of them are 0."""
    training.seed(0)
    tokenizer = WordPiece([*BERT_SPECIALS, *WORDS])
    config = BertConfig(
        len(tokenizer), context_length=16, num_segments=reading.MARKS, pooler=False, **SIZES
    )
    model = ft.Answering().model(ft.Start(config, None, tokenizer), "scratch")
    model.encoder.embedding.embeddings.assign(np.zeros((len(tokenizer), 128)))
    same, other = [CLS, 10, SEP, 11, 10, SEP], [CLS, 12, SEP, 11, 10, SEP]
    apart = np.asarray(model(np.array([same]))) - np.asarray(model(np.array([other])))
    assert np.abs(apart).max() > 1e-4
    model.encoder.segments.embeddings.assign(np.zeros((reading.MARKS, 128)))
    apart = np.asarray(model(np.array([same]))) - np.asarray(model(np.array([other])))
    np.testing.assert_allclose(apart, 0, atol=1e-6)
