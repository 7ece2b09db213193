"""Same ids as the world: tiktoken, Hugging Face, sentencepiece, tensorflow-text, on real text.

The libraries are given the same vocabulary from the cache; nothing is downloaded here.
"""

import io
import random
import unicodedata
from functools import cache

import pytest
import regex

from companion import corpora
from companion.tokenization import BPE, GPT2_PATTERN, Unigram, WordPiece, bert_words

needs_corpora = pytest.mark.skipif(
    not all(
        map(corpora.is_cached, ("gpt2_vocab", "bert_vocab_en", "bert_vocab_zh", "shakespeare"))
    ),
    reason="run `companion data fetch gpt2_vocab bert_vocab_en bert_vocab_zh shakespeare`",
)
pytestmark = needs_corpora

# Where text lives, so that a random string is more than unassigned code points.
BLOCKS = (
    *(range(0x20, 0x7F), range(0x80, 0x250), range(0x300, 0x370), range(0x370, 0x530)),
    *(range(0x590, 0x700), range(0x900, 0xE00), range(0x1100, 0x1200), range(0x1E00, 0x2100)),
    *(range(0x2100, 0x2C00), range(0x3000, 0x3400), range(0x4E00, 0xA000), range(0xAC00, 0xD7A4)),
    *(range(0xF900, 0xFB50), range(0xFE00, 0xFFF0), range(0x1F000, 0x1FB00)),
    *(range(0x20000, 0x2FA20), (0x09, 0x0A, 0x0D, 0x20, 0x85, 0xA0, 0x1C, 0x2028, 0x3000)),
    *(range(0xD800), range(0xE000, 0x110000)),
)


def random_strings(count: int, seed: int = 0) -> list[str]:
    """Strings of 0 to 30 characters, each from a block or (two in eighteen) from all of Unicode."""
    rng = random.Random(seed)
    return [
        "".join(chr(rng.choice(rng.choice(BLOCKS))) for _ in range(rng.randint(0, 30)))
        for _ in range(count)
    ]


@cache
def works() -> list[str]:
    return [document.text for document in corpora.load("shakespeare")]


@cache
def gpt2() -> BPE:
    return BPE.gpt2()


def hugging_face_gpt2():
    tokenizers = pytest.importorskip("tokenizers")
    files = (str(corpora.path("gpt2_vocab", name)) for name in ("encoder.json", "vocab.bpe"))
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE.from_file(*files))
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    return tokenizer


def tiktoken_gpt2():
    tiktoken = pytest.importorskip("tiktoken")
    return tiktoken.Encoding(
        "gpt2",
        pat_str=GPT2_PATTERN,
        mergeable_ranks=gpt2().token_to_id,
        special_tokens=gpt2().special_tokens,
    )


@cache
def letters_new_to_hugging_face() -> frozenset[str]:
    """Letters and digits of a newer Unicode than its tables: it takes them for other signs."""
    cut = hugging_face_gpt2().pre_tokenizer.pre_tokenize_str
    letters, digits = regex.compile(r"\p{L}"), regex.compile(r"\p{N}")
    characters = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000]
    return frozenset(
        [char for char in filter(letters.match, characters) if len(cut("a" + char)) > 1]
        + [char for char in filter(digits.match, characters) if len(cut("1" + char)) > 1]
    )


def test_gpt2_ids_are_those_of_tiktoken_and_hugging_face_on_10000_random_strings():
    newer, theirs, rust = letters_new_to_hugging_face(), hugging_face_gpt2(), tiktoken_gpt2()
    for text in random_strings(10_000):
        text = "".join(char for char in text if char not in newer)
        ids = gpt2().encode(text)
        assert ids == theirs.encode(text).ids == rust.encode(text)
        assert gpt2().decode(ids) == text


@pytest.mark.skipif(unicodedata.unidata_version != "14.0.0", reason="needs Python 3.11's tables")
def test_the_letters_left_out_above_are_all_newer_than_unicode_14():
    newer = letters_new_to_hugging_face()
    assert newer
    assert {unicodedata.category(char) for char in newer} == {"Cn"}  # not assigned


def test_gpt2_ids_are_those_of_tiktoken_and_hugging_face_on_all_of_shakespeare():
    theirs, rust = hugging_face_gpt2(), tiktoken_gpt2()
    for text, encoding in zip(works(), theirs.encode_batch(works()), strict=True):
        ids = gpt2().encode(text)
        assert ids == encoding.ids
        assert ids == rust.encode(text)
        assert gpt2().decode(ids) == text


def test_gpt2_knows_published_ids():
    # OpenAI's encoder: "Hello world" is 15496 995; 50,256 is the end of text.
    assert gpt2().encode("Hello world") == [15496, 995]
    assert gpt2().encode("<|endoftext|>", allowed_special="all") == [50256]
    assert len(gpt2()) == 50257


def hugging_face_bert(vocab: dict[str, int]):
    tokenizers = pytest.importorskip("tokenizers")
    model = tokenizers.models.WordPiece(vocab, unk_token="[UNK]", max_input_chars_per_word=100)
    tokenizer = tokenizers.Tokenizer(model)
    tokenizer.normalizer = tokenizers.normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.BertPreTokenizer()
    return tokenizer


@pytest.mark.parametrize("language", ["en", "zh"])
def test_bert_ids_are_those_of_hugging_face_on_10000_random_strings(language):
    ours = WordPiece.bert(language)
    theirs = hugging_face_bert(ours.token_to_id)
    for text in random_strings(10_000):
        assert ours.encode(text) == theirs.encode(text).ids


@pytest.mark.parametrize("language", ["en", "zh"])
def test_bert_ids_are_those_of_hugging_face_on_all_of_shakespeare(language):
    ours = WordPiece.bert(language)
    theirs = hugging_face_bert(ours.token_to_id).encode_batch(works())
    assert all(
        ours.encode(text) == encoding.ids for text, encoding in zip(works(), theirs, strict=True)
    )


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "zh"])
def test_bert_ids_are_those_of_hugging_face_for_every_code_point(language):
    ours = WordPiece.bert(language)
    theirs = hugging_face_bert(ours.token_to_id)
    characters = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000]
    wrong = [
        f"U+{ord(char):X}"
        for char in characters
        if ours.encode(text := f"a{char}b") != theirs.encode(text).ids
    ]
    assert wrong == []


def test_bert_keeps_its_first_published_example():
    # Devlin et al. 2019, README: "John Johanson's house" → john johan ##son ' s house.
    found = WordPiece.bert("en").tokenize("John Johanson's house")
    assert found == ["john", "johan", "##son", "'", "s", "house"]


# What tensorflow-text's BertTokenizer (NFKC case folding, then NFD without marks) makes otherwise.
# Text: (our words, its words).
TF_TEXT_DIFFERS = {
    "，": (["，"], [","]),  # full-width punctuation becomes ASCII
    "（ａ）": (["（", "ａ", "）"], ["(", "a", ")"]),
    "１９": (["１９"], ["19"]),
    "ß": (["ß"], ["ss"]),  # case folding, not lower case
    "ς": (["ς"], ["σ"]),
    "ﬁ": (["ﬁ"], ["fi"]),  # compatibility forms
    "½": (["½"], ["1⁄2"]),
    "ª": (["ª"], ["a"]),
    "x²": (["x²"], ["x2"]),
    "ｱ": (["ｱ"], ["ア"]),
    "a\u2028b": (["a", "b"], ["a\u2028b"]),  # the line separator is no space to it
}


def tf_normalized(texts: list[str]) -> list[str]:
    """Normalise as tensorflow-text's BertTokenizer does before it cuts."""
    tensorflow, tf_text = (
        pytest.importorskip("tensorflow"),
        pytest.importorskip("tensorflow_text"),
    )
    folded = tf_text.normalize_utf8(tf_text.case_fold_utf8(texts), "NFD")
    plain = tensorflow.strings.regex_replace(folded, r"\p{Mn}", "")
    return [text.decode() for text in plain.numpy()]


@pytest.mark.parametrize("text", TF_TEXT_DIFFERS)
def test_tensorflow_text_normalises_otherwise(text):
    pytest.importorskip("tensorflow_text")
    from tensorflow_text.python.ops.bert_tokenizer import BasicTokenizer

    ours, theirs = TF_TEXT_DIFFERS[text]
    words = BasicTokenizer(lower_case=True).tokenize([text]).to_list()[0]
    assert bert_words(text) == ours
    assert [word.decode() for word in words] == theirs
    assert ours != theirs


@pytest.mark.parametrize("language", ["en", "zh"])
def test_after_its_own_normaliser_tensorflow_text_gives_our_ids(language):
    ours = WordPiece.bert(language)
    file = str(corpora.path(f"bert_vocab_{language}", "vocab.txt"))
    blocks = (range(0x20, 0x7F), range(0xA1, 0x530), range(0x2010, 0x2028), range(0x2030, 0x2200))
    blocks += (range(0x3001, 0x3100), range(0x4E00, 0x9FA0, 9), range(0xFF01, 0xFFEF))
    texts = [f"a{chr(code)}b {chr(code)}" for block in blocks for code in block] + works()[:2]
    tf_text = pytest.importorskip("tensorflow_text")
    theirs = tf_text.BertTokenizer(file, lower_case=True).tokenize(texts).merge_dims(1, 2)
    assert [ours.encode(text) for text in tf_normalized(texts)] == theirs.to_list()


def test_unigram_segments_as_sentencepiece_given_its_model():
    sentencepiece = pytest.importorskip("sentencepiece")
    model = io.BytesIO()
    lines = "".join(works())[:300_000].splitlines()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines),
        model_writer=model,
        vocab_size=2000,
        normalization_rule_name="identity",
        remove_extra_whitespaces=False,
        num_threads=1,
        minloglevel=2,
    )
    theirs = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
    scores = {theirs.id_to_piece(n): theirs.get_score(n) for n in range(3, len(theirs))}
    ours = Unigram(scores, ["<unk>", "<s>", "</s>"])
    other = [text for text in random_strings(300) if "\0" not in text and "▁" not in text]
    texts = [*"".join(works()).splitlines()[::5], "我爱 to be", "  two  spaces ", *other]
    assert [ours.encode(text) for text in texts] == theirs.encode(texts)
