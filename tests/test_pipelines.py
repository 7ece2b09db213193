"""Text inside tf.data: the same ids from Python and from the graph, and padded batches."""

import random

import pytest

pytest.importorskip("tensorflow_text", reason="tensorflow-text has no wheels for this system")

import tensorflow as tf

from companion import pipelines
from companion.tokenization import WordPiece

SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
PIECES = [*SPECIALS, "un", "##aff", "##able", "我", "爱", "中", "国", "a", "##b", "!", ",", "，"]
OURS = WordPiece(PIECES)
IN_GRAPH = pipelines.bert_ids(PIECES)


def both(texts, batch_size=64):
    tokenizers = {"ours": pipelines.python_ids(OURS.encode_ordinary), "theirs": IN_GRAPH}
    return list(pipelines.token_batches(texts, tokenizers, batch_size))


def test_one_pipeline_gives_the_same_ids_from_python_and_from_the_graph():
    (batch,) = both(["Unaffable 我爱中国!", "", "ab b"])
    # un ##aff ##able 我 爱 中 国 ! | nothing | a ##b, and b begins no piece: [UNK]
    assert batch["ours"].to_list() == [[5, 6, 7, 8, 9, 10, 11, 14], [], [12, 13, 1]]
    assert batch["theirs"].to_list() == batch["ours"].to_list()
    assert batch["text"].numpy()[0].decode() == "Unaffable 我爱中国!"


def test_ids_are_equal_for_latin_letters_ideographs_and_ascii_marks():
    dice = random.Random(0)
    texts = [
        "".join(dice.choices("Unafble abB我爱中国!, é\t", k=dice.randrange(20))) for _ in range(500)
    ]
    for batch in both(texts):
        assert batch["ours"].to_list() == batch["theirs"].to_list()


def test_full_width_punctuation_is_folded_in_the_graph_only():
    (batch,) = both(["我，"])
    assert batch["ours"].to_list() == [[8, 16]]
    assert batch["theirs"].to_list() == [[8, 15]]
    normalized = pipelines.bert_normalized(tf.constant(["我，É"])).numpy()[0].decode()
    assert normalized == "我,e"
    assert OURS.encode("我,") == batch["theirs"].to_list()[0]


def test_order_is_kept_and_the_last_batch_is_smaller():
    batches = both(["a", "ab", "我", "爱", "国"], batch_size=2)
    assert [len(batch["text"]) for batch in batches] == [2, 2, 1]
    assert [row for batch in batches for row in batch["ours"].to_list()] == [
        [12], [12, 13], [8], [9], [11],
    ]  # fmt: skip


def test_model_inputs_keep_the_end_mark_when_they_cut():
    ids = tf.ragged.constant([[5, 6, 7, 8], [9], []], dtype=tf.int32, ragged_rank=1)
    inputs = pipelines.model_inputs(ids, length=5, start=2, end=3)
    assert inputs["ids"].numpy().tolist() == [[2, 5, 6, 7, 3], [2, 9, 3, 0, 0], [2, 3, 0, 0, 0]]
    assert inputs["attention_mask"].dtype == tf.bool
    assert inputs["attention_mask"].numpy().sum(axis=1).tolist() == [5, 3, 2]


def test_bad_input_is_named_in_the_error():
    with pytest.raises(ValueError, match=r"\[UNK\]"):
        pipelines.bert_ids(["a"])
    with pytest.raises(ValueError, match="length=2"):
        pipelines.model_inputs(tf.ragged.constant([[1]]), 2, 2, 3)
    with pytest.raises(ValueError, match="text"):
        pipelines.token_batches(["a"], {"text": IN_GRAPH})
