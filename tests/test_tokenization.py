"""Normalisation, byte-level BPE, WordPiece and Unigram: what they promise for small inputs."""

import itertools
import json
import math
import re

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from companion.tokenization import (
    BPE,
    BYTE_TO_CHAR,
    CONFUSIONS,
    Unigram,
    WordPiece,
    bert_words,
    code_points,
    from_visible,
    longest_match,
    merge_ids,
    merged_by,
    normalize,
    pretokenize,
    strip_accents,
    to_half_width,
    visible,
)

TEXT = "low low low low low lower lower newest newest newest newest newest newest widest widest"
BPE_TINY = BPE.train(TEXT * 3, 280, special_tokens=["<|end|>", "<|end|><|end|>"])
SCORES = {"▁": -3.0, "a": -2.0, "b": -2.5, "ab": -3.5, "aa": -3.0, "▁a": -2.2, "ba": -4.0}
PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "un", "##aff", "##able", "北", "京", "a"]


@pytest.mark.parametrize("confusion", CONFUSIONS, ids=lambda confusion: confusion.what)
def test_each_confusion_is_merged_by_the_steps_that_the_table_says(confusion):
    assert confusion.first != confusion.second
    assert merged_by(confusion.first, confusion.second) == confusion.merged_by


def test_code_points_are_named():
    assert [(p.code, p.category) for p in code_points("é中")] == [
        ("U+00E9", "Ll"),
        ("U+4E2D", "Lo"),
    ]
    assert code_points("e\u0301")[1].name == "COMBINING ACUTE ACCENT"


def test_normal_forms_accents_and_widths():
    assert normalize("e\u0301") == "é"
    assert strip_accents("naïve Århus ø") == "naive Arhus ø"
    assert to_half_width("１９９８年，ＡＢＣ　①") == "1998年,ABC ①"
    with pytest.raises(ValueError, match=r"NFX.*NFC"):
        normalize("a", "NFX")


def test_the_gpt2_pattern_keeps_the_last_space_for_the_next_word():
    assert pretokenize("I'll go  now, 12a") == ["I", "'ll", " go", " ", " now", ",", " 12", "a"]


@given(st.text())
def test_pretokens_joined_are_the_text(text):
    assert "".join(pretokenize(text)) == text


def test_a_pattern_that_cannot_be_used_is_refused():
    with pytest.raises(ValueError, match="capturing"):
        pretokenize("a", "(a)")
    with pytest.raises(ValueError, match="not a regular expression"):
        pretokenize("a", "[")


def test_a_pattern_that_would_lose_a_part_of_the_text_is_refused():
    for call in (lambda: BPE.train("a b", 258, pattern=r"\w+"), lambda: pretokenize("a b", r"\w+")):
        with pytest.raises(ValueError, match="leaves out a part of the text"):
            call()
    bpe = BPE.train("ab", 257, pattern=r"\w+")  # covers this text, not every text
    with pytest.raises(ValueError, match="leaves out a part of the text"):
        bpe.encode("a b")


def test_visible_bytes_are_gpt2s():
    # 33–126, 161–172 and 174–255 stand for themselves; the other 68 are numbered from U+0100:
    # 0–32 are U+0100–0120, so a space (32) is U+0120 and a newline (10) U+010A.
    assert visible(b" the\n") == "ĠtheĊ"
    assert len(set(BYTE_TO_CHAR.values())) == 256
    assert from_visible(visible(bytes(range(256)))) == bytes(range(256))
    with pytest.raises(ValueError, match="中"):
        from_visible("中")


def test_merge_ids_takes_the_lowest_rank_and_of_equals_the_leftmost():
    ranks = {(1, 2): (0, 5), (1, 1): (1, 6), (6, 6): (2, 7)}
    assert merge_ids([1, 1, 2], ranks) == [1, 5]  # (1, 2) comes before (1, 1)
    assert merge_ids([1, 1, 1], ranks) == [6, 1]  # leftmost first
    assert merge_ids([1, 1, 1, 1], ranks) == [7]
    assert merge_ids([], ranks) == []


def test_a_long_run_of_one_letter_takes_no_quadratic_time():
    bpe = BPE.train("a" * 64, 300)
    assert bpe.decode(bpe.encode("a" * 200_000)) == "a" * 200_000


def test_bpe_learns_the_merges_of_sennrichs_example():
    # Sennrich et al. 2016, §3.2, on words without spaces: low 5, lower 2, newest 6, widest 3.
    # e-s 6+3 = 9 and s-t 9 tie: the greater pair of byte strings, (s, t), is merged first; then
    # (e, st) 9; of (l, o) 7 and (o, w) 7 the greater is (o, w); then (l, ow) 7; then n-e, e-w,
    # w-est 6: the greatest is (w, est).
    words = ["low"] * 5 + ["lower"] * 2 + ["newest"] * 6 + ["widest"] * 3
    bpe = BPE.train("\n".join(words), 256 + 5, pattern=r"\w+|\n")
    assert bpe.merges == [(b"s", b"t"), (b"e", b"st"), (b"o", b"w"), (b"l", b"ow"), (b"w", b"est")]


@given(st.binary(max_size=200))
@example(b"\xed\xa0\x80\xff\xe4\xb8")
@settings(max_examples=300)
def test_any_bytes_survive_the_round_trip(data):
    assert BPE_TINY.decode_bytes(BPE_TINY.encode_bytes(data)) == data


@given(st.text(max_size=200))
def test_any_text_survives_the_round_trip(text):
    ids = BPE_TINY.encode_ordinary(text)
    assert BPE_TINY.decode(ids) == text
    assert BPE_TINY.encode_bytes(text.encode()) == ids


@given(st.lists(st.integers(0, len(BPE_TINY) - 1), max_size=40))
def test_a_stream_of_ids_gives_the_text_of_all_of_them(ids):
    assert "".join(BPE_TINY.decode_stream(ids)) == BPE_TINY.decode(ids)


def test_cut_off_utf8_is_one_replacement_character():
    ids = BPE_TINY.encode("我")  # three bytes, E6 88 91
    assert BPE_TINY.decode(ids[:2]) == "\ufffd"
    assert BPE_TINY.decode(ids[:2] + BPE_TINY.encode("a")) == "\ufffda"
    assert BPE_TINY.decode(ids[1:]) == "\ufffd\ufffd"  # two bytes that begin nothing
    assert BPE_TINY.decode(ids[:2], errors="ignore") == ""
    assert list(BPE_TINY.decode_stream(ids)) == ["我"]
    with pytest.raises(UnicodeDecodeError):
        BPE_TINY.decode(ids[:2], errors="strict")


@pytest.mark.parametrize("tokenizer", [BPE_TINY, WordPiece(PIECES), Unigram(SCORES)])
@pytest.mark.parametrize("wrong", [-1, 10**6])
def test_an_id_outside_the_vocabulary_raises(tokenizer, wrong):
    with pytest.raises(ValueError, match=f"{wrong} is not in the vocabulary"):
        tokenizer.decode([wrong])


def test_a_lone_surrogate_is_no_text():
    with pytest.raises(ValueError, match=r"lone surrogate.*position 1"):
        BPE_TINY.encode("a\udc80")


def test_special_tokens_raise_unless_they_are_allowed():
    end, double = len(BPE_TINY) - 2, len(BPE_TINY) - 1
    with pytest.raises(ValueError, match="allowed_special"):
        BPE_TINY.encode("low<|end|>")
    allowed = BPE_TINY.encode("low<|end|>", allowed_special={"<|end|>"})
    assert allowed == [*BPE_TINY.encode("low"), end]
    assert BPE_TINY.encode("<|end|>" * 3, allowed_special="all") == [double, end]
    # The longest counts, even where only the shorter one is allowed.
    with pytest.raises(ValueError, match=re.escape("'<|end|><|end|>'")):
        BPE_TINY.encode("<|end|><|end|>", allowed_special={"<|end|>"})
    assert BPE_TINY.decode(BPE_TINY.encode_ordinary("<|end|>")) == "<|end|>"
    assert end not in BPE_TINY.encode_ordinary("<|end|>")
    for allowed in ({"<|no|>"}, "<|end|>"):
        with pytest.raises(ValueError, match="special"):
            BPE_TINY.encode("low", allowed_special=allowed)


def test_training_does_not_learn_from_special_tokens():
    bpe = BPE.train(["ab<|x|>ab", "<|x|>"], 1000, special_tokens=["<|x|>"])
    assert bpe.merges == [(b"a", b"b")]  # nothing else is left to merge
    assert bpe.special_tokens == {"<|x|>": 257}
    assert len(bpe) == 258


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: BPE.train("a", 256, special_tokens=["<s>"]), "256.*at least 257"),
        (lambda: BPE.train("", 300), "empty"),
        (lambda: BPE.train("a", 300, special_tokens=["<s>", "<s>"]), "twice"),
        (lambda: BPE.train("a", 300, special_tokens=[""]), "special token"),
        (lambda: BPE.train("a", 300, special_tokens="[SEP]"), r"one string.*\['\[SEP\]'\]"),
        (lambda: WordPiece(PIECES, special_tokens="[UNK]"), "one string"),
        (lambda: Unigram(SCORES, "<unk>"), "one string"),
        (lambda: BPE({0: b"a"}, []), "lacks 255 single bytes"),
        (lambda: BPE(BPE_TINY.vocab, [(b"q", b"zz")]), "zz"),
        (lambda: BPE(BPE_TINY.vocab, [], {"<s>": 0}), "ids of their own"),
        (lambda: WordPiece.train("", 100), "empty"),
        (lambda: WordPiece.train("a", 5), "vocab_size=5"),
        (lambda: WordPiece.train("abc", 7), "3 different characters"),
        (lambda: WordPiece(["a"]), r"lacks the special token '\[UNK\]'"),
        (lambda: WordPiece([*PIECES, "a"]), "'a' twice"),
        (lambda: WordPiece.bert("fr"), "'fr'.*\"en\""),
        (lambda: Unigram.train("", 10), "empty"),
        (lambda: Unigram.train("abc", 3), "4 different characters"),
        (lambda: Unigram({}), "at least one piece"),
        (lambda: Unigram({"a": 0.0}, ["<s>"]), "lacks '<unk>'"),
        (lambda: Unigram(SCORES).sample("a", np.random.default_rng(0), -1), "alpha=-1"),
    ],
)
def test_errors_name_the_value_and_the_remedy(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    "tokenizer", [BPE_TINY, WordPiece(PIECES, lowercase=False), Unigram(SCORES, ["<s>", "<unk>"])]
)
def test_a_saved_tokenizer_is_the_same_when_loaded(tokenizer, tmp_path):
    path = tmp_path / "tokenizer.json"
    tokenizer.save(path)
    again = type(tokenizer).load(path)
    text = "lowest 北京 unaffable aab A\x00é"
    assert again.encode(text) == tokenizer.encode(text)
    assert again.vocab == tokenizer.vocab
    assert again.special_tokens == tokenizer.special_tokens
    assert [file.name for file in tmp_path.iterdir()] == ["tokenizer.json"]


@pytest.mark.parametrize("kind", [BPE, WordPiece, Unigram])
@pytest.mark.parametrize("content", ["", "[]", "{}", json.dumps({"format": "other"})])
def test_loading_something_else_says_so(kind, content, tmp_path):
    path = tmp_path / "wrong.json"
    path.write_text(content)
    with pytest.raises(ValueError, match=f"wrong.json is not a file that {kind.__name__}.save"):
        kind.load(path)


def test_bert_words_follow_googles_rules():
    assert bert_words("Résumé: 我爱NLP!") == ["resume", ":", "我", "爱", "nlp", "!"]
    assert bert_words("a\x00b\u200bc\td\u3000e") == ["abc", "d", "e"]  # control, format, spaces
    assert bert_words("x^2=$1~") == ["x", "^", "2", "=", "$", "1", "~"]  # ASCII signs all cut
    assert bert_words("ΣΑΣ") == ["σασ"]  # no final sigma: one character at a time
    assert bert_words("Résumé", lowercase=False) == ["Résumé"]


def test_wordpiece_takes_the_longest_piece_from_the_left():
    assert longest_match("unaffable", PIECES) == ["un", "##aff", "##able"]
    assert longest_match("unaffables", PIECES) == []
    tokenizer = WordPiece(PIECES)
    assert tokenizer.tokenize("Unaffable 北京?") == ["un", "##aff", "##able", "北", "京", "[UNK]"]
    assert tokenizer.decode(tokenizer.encode("unaffable 北京")) == "unaffable 北 京"


def test_wordpiece_gives_up_on_words_of_more_than_100_characters():
    tokenizer = WordPiece([*PIECES, "##a"])
    assert tokenizer.tokenize("a" * 100) == ["a"] + ["##a"] * 99
    assert tokenizer.tokenize("a" * 101) == ["[UNK]"]


def test_wordpiece_special_tokens_stand_for_themselves_where_allowed():
    tokenizer = WordPiece(PIECES)
    found = tokenizer.tokenize("北[MASK]京", allowed_special={"[MASK]"})
    assert found == ["北", "[MASK]", "京"]
    with pytest.raises(ValueError, match=r"\[MASK\]"):
        tokenizer.encode("北[MASK]京")


def segmentations(word: str, scores: dict[str, float]) -> dict[tuple[str, ...], float]:
    """All segmentations of a word with their log-probabilities, by trying every set of cuts."""
    found = {}
    for cuts in itertools.product([False, True], repeat=len(word) - 1):
        pieces, last = [], 0
        for place, cut in enumerate([*cuts, True], start=1):
            if cut:
                pieces.append(word[last:place])
                last = place
        if all(piece in scores for piece in pieces):
            found[tuple(pieces)] = sum(scores[piece] for piece in pieces)
    return found


def test_unigram_finds_the_likeliest_of_all_segmentations():
    for word in ("aabab", "bababa", "aaa"):
        every = segmentations("▁" + word, SCORES)
        best = Unigram(SCORES).tokenize(word)
        assert math.isclose(every[tuple(best)], max(every.values()))


def test_unigram_samples_segmentations_by_their_probability():
    tokenizer, rng, draws = Unigram(SCORES), np.random.default_rng(0), 4000
    for alpha in (0.0, 1.0):
        every = segmentations("▁abab", SCORES)
        weights = {pieces: math.exp(alpha * score) for pieces, score in every.items()}
        counts = dict.fromkeys(every, 0)
        for _ in range(draws):
            ids = tokenizer.sample("abab", rng, alpha)
            counts[tuple(tokenizer.vocab[number] for number in ids)] += 1
        for pieces, weight in weights.items():
            share = weight / sum(weights.values())
            # five standard deviations of a binomial share
            assert abs(counts[pieces] / draws - share) < 5 * math.sqrt(share / draws)


def test_unigram_gives_unknown_characters_one_id_a_run():
    tokenizer = Unigram(SCORES)
    assert tokenizer.tokenize("a我爱b") == ["▁a", "我", "爱", "b"]
    assert tokenizer.encode("a我爱b") == [
        tokenizer.token_to_id[token] for token in ("▁a", "<unk>", "b")
    ]
    assert tokenizer.decode(tokenizer.encode("a我爱b")) == "a\ufffdb"


@given(st.lists(st.text("ab ", max_size=12), min_size=1, max_size=4))
@example(["a", "b"])
def test_unigram_text_survives_the_round_trip_when_its_characters_are_known(parts):
    tokenizer, text = Unigram(SCORES, ["<unk>", "<sep>"]), "<sep>".join(parts)
    assert tokenizer.decode(tokenizer.encode(text, "all")) == text
    assert tokenizer.decode(tokenizer.encode_ordinary(parts[0])) == parts[0]


def test_unigram_puts_its_mark_before_the_text_and_not_again_after_a_special_token():
    tokenizer = Unigram(SCORES, ["<unk>", "<sep>"])
    ids = tokenizer.encode("ab<sep>ba<sep> a", "all")
    # ▁ab: ▁a·b costs 4.7, ▁·ab 6.5; ba in mid-text: ba 4.0, b·a 4.5; the last ▁ is a space.
    tokens = [tokenizer.vocab[number] for number in ids]
    assert tokens == ["▁a", "b", "<sep>", "ba", "<sep>", "▁a"]
