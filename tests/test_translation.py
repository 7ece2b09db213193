"""Translation: ids and text, batches, the translator, its baseline, its alignment, its errors."""

import dataclasses

import keras
import numpy as np
import pytest

from companion import microworld, training
from companion import transformer as tr
from companion.corpora import Pair
from companion.tokenization import BPE
from companion.transformer import translation

# Keras 3.15 reads variables in a way that NumPy 2 deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

TOY = [
    Pair("0", "Sara is a student.", "萨拉是一名学生。"),
    Pair("1", "Tom has two cats.", "汤姆有两只猫。"),
    Pair("2", "Where is the map?", "地图在哪里？"),
    Pair("3", "He likes red apples and green tea.", "他喜欢红苹果和绿茶。"),
]
TEXTS = [text for pair in TOY for text in (pair.source, pair.target)]


@pytest.fixture(scope="module")
def tokenizer():
    return tr.train_tokenizer(TEXTS, 330)


@pytest.fixture(scope="module")
def translator(tokenizer):
    """A model of 32 numbers a word, taught the four pairs both ways until it knows them."""
    training.seed(0)
    config = tr.TransformerConfig(
        vocab_size=len(tokenizer),
        context_length=48,
        d_model=32,
        num_layers=1,
        num_heads=2,
        d_ff=64,
        dropout=0.0,
        norm="pre",
    )
    model = tr.Transformer(config)
    tr.compile_for_translation(model, steps=150, rate=1e-2, warmup=20)
    source, target = tr.examples(TOY, tokenizer)
    training.fit(model, tr.batches(source, target, tokens=200), 150)
    return tr.Translator(model, tokenizer)


# --- ids -----------------------------------------------------------------------------------------


def test_padding_is_0_and_the_special_tokens_come_first(tokenizer):
    assert tokenizer.special_tokens == {
        "<pad>": 0,
        "<start>": 1,
        "<end>": 2,
        "<2en>": 3,
        "<2zh>": 4,
    }
    assert tr.PAD_ID == 0
    assert min(tr.source_ids(tokenizer, "\x00", "en")[1:]) > 4  # no text is padding


@pytest.mark.parametrize("text", [*TEXTS, "𠀀 héllo\t<pad> <2zh>", "混 mixed 文"])
def test_text_comes_back_from_its_ids_in_both_languages(tokenizer, text, tmp_path):
    ids = tr.target_ids(tokenizer, text)
    assert ids[-1] == tr.END_ID
    assert tr.END_ID not in ids[:-1]
    assert tokenizer.decode(ids[:-1]) == text
    tokenizer.save(tmp_path / "t.json")
    assert tr.target_ids(BPE.load(tmp_path / "t.json"), text) == ids


def test_no_token_reaches_from_one_chinese_character_into_the_next():
    # 苹果 and 绿茶 are in every line, and still no merge joins their characters.
    tokenizer = tr.train_tokenizer(["苹果绿茶，苹果绿茶。"] * 50, 300)
    pieces = [tokenizer.decode([i]) for i in tokenizer.encode_ordinary("苹果绿茶")]
    assert pieces == ["苹", "果", "绿", "茶"]


def test_the_tag_says_which_language_is_wanted(tokenizer):
    english, chinese = (tr.source_ids(tokenizer, "Sara", to) for to in ("en", "zh"))
    assert (english[0], chinese[0]) == (3, 4)
    assert english[1:] == chinese[1:] == tokenizer.encode("Sara")
    with pytest.raises(ValueError, match="to is 'fr'; the languages are en and zh"):
        tr.source_ids(tokenizer, "Sara", "fr")


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("the cat", "en"),
        ("猫在哪里？", "zh"),
        ("打开 JupyterLab", "en"),  # 2 of 12 letters
        ("重启 Python 内核", "zh"),  # 4 of 10 letters, more than a third
        ("42!", "en"),
        ("", "en"),
    ],
)
def test_the_language_of_a_text_is_that_of_its_letters(text, language):
    assert tr.language_of(text) == language


def test_examples_hold_each_pair_once_a_direction(tokenizer):
    source, target = tr.examples(TOY, tokenizer)
    assert len(source) == len(target) == 8
    assert list(source[:, 0]) == [4] * 0 + [3] * 4 + [4] * 4  # to English, then to Chinese
    back = tokenizer.decode(i for i in target[0] if i > 4)
    assert back == TOY[0].source
    one, _ = tr.examples(TOY, tokenizer, to=("zh",), longest=20)
    assert 0 < len(one) < 4
    with pytest.raises(ValueError, match="none of 4 pairs has at most 2 tokens"):
        tr.examples(TOY, tokenizer, longest=2)
    for pairs, to in (([], ("zh",)), (TOY, ())):
        with pytest.raises(ValueError, match=f"{len(pairs)} pairs to {len(to)} languages"):
            tr.examples(pairs, tokenizer, to)


def test_a_vocabulary_without_room_for_bytes_and_special_tokens_is_refused():
    with pytest.raises(ValueError, match="vocab_size is 260; 256 bytes and 5 special tokens are 2"):
        tr.train_tokenizer(["a b"], 260)
    assert len(tr.train_tokenizer(["a b"], 261)) == 261


def test_no_rows_make_an_empty_array():
    assert translation.padded([]).shape == (0, 0)


# --- batches -------------------------------------------------------------------------------------


def made_up(rows=203, seed=0):
    """Rows of random lengths whose first id is their number."""
    rng = np.random.default_rng(seed)
    source, target = (np.zeros((rows, 30), np.int32) for _ in range(2))
    for i in range(rows):
        source[i, : rng.integers(1, 31)] = 1000 + i
        target[i, : rng.integers(1, 31)] = 2000 + i
    return source, target


def test_an_epoch_of_batches_shows_no_row_twice_and_nearly_all_rows():
    source, target = made_up()
    batch = tr.batches(source, target, tokens=200)
    seen, step = [], 0
    while True:
        (given, shown), wanted = batch(step)
        names = given[:, 0]
        np.testing.assert_array_equal(names + 1000, wanted[:, 0])  # the pair stays together
        np.testing.assert_array_equal(shown, tr.shift_right(wanted, tr.START_ID))
        if set(names) & set(seen):  # the second epoch has begun
            break
        seen.extend(names)
        step += 1
    assert len(seen) >= 203 - 200  # at most one batch, of at most 200 rows, waits
    assert len(seen) > 180
    first, second = (list(batch(n + 1)[1][:, 0]) for n in (0, step))
    assert first != second


def test_batches_are_cut_to_their_longest_row_and_bounded_in_tokens():
    source, target = made_up()
    batch = tr.batches(source, target, tokens=200)
    for step in range(20):
        (given, _), wanted = batch(step)
        widest = max((side > 0).sum(axis=1).max() for side in (given, wanted))
        assert len(given) == 1 or len(given) * widest <= 200
        whole = np.pad(source, ((0, 0), (0, 1)))[given[:, 0] - 1000]
        np.testing.assert_array_equal(given, whole[:, : given.shape[1]])
        assert not whole[:, given.shape[1] :].any()


def test_two_batches_in_a_row_differ_in_both_widths():
    """Or Keras would take the width of the first two for that of all."""
    for rows in (made_up(), (np.ones((40, 7), np.int32),) * 2):
        batch = tr.batches(*rows, tokens=50)
        for step in range(15):
            ((a, x), _), ((b, y), _) = batch(step), batch(step + 1)
            assert a.shape[1] != b.shape[1]
            assert x.shape[1] != y.shape[1]


def test_translation_batches_are_a_function_of_the_step():
    rows = made_up()
    forwards, backwards = (tr.batches(*rows, tokens=150, seed=4) for _ in range(2))
    ahead = [forwards(step) for step in range(90)]
    behind = [backwards(step) for step in reversed(range(90))][::-1]
    for one, other in zip(ahead, behind, strict=True):
        for x, y in zip(keras.tree.flatten(one), keras.tree.flatten(other), strict=True):
            np.testing.assert_array_equal(x, y)


def test_too_few_rows_for_two_batches_are_refused():
    with pytest.raises(ValueError, match="one batch of 10000 tokens"):
        tr.batches(*made_up(5), tokens=10_000)


# --- the translator ------------------------------------------------------------------------------


def test_a_translator_says_what_it_was_taught_in_both_directions(translator):
    english, chinese = [p.source for p in TOY], [p.target for p in TOY]
    assert translator.translate(english, "zh") == chinese
    assert translator.translate(chinese, "en") == english


def test_a_batch_is_translated_as_one_by_one_so_padding_changes_nothing(translator):
    texts = ["Sara is a map.", "Where?", "Tom likes the red students and green cats", "two apples"]
    together = translator.translate(texts, "zh")
    assert together == [translator.translate([text], "zh")[0] for text in texts]
    assert together == translator.translate(texts, "zh", batch_size=3)


def test_many_texts_take_the_compiled_step_and_say_the_same(translator, monkeypatch):
    texts = [pair.source for pair in TOY] + ["Tom has a map."]
    one_by_one = [translator.translate([text], "zh")[0] for text in texts]
    monkeypatch.setattr(translation, "COMPILED_FROM", 2)
    monkeypatch.setattr(translator, "decode", None)  # not by this way
    assert translator.translate(texts, "zh") == one_by_one


def test_the_compiled_step_takes_a_text_as_long_as_the_context(translator, monkeypatch):
    # 33 to 48 ids are filled up to the 48 places of the context, not to the 64 of a power of two.
    monkeypatch.setattr(translation, "COMPILED_FROM", 1)
    texts = ("Where? " * n for n in range(1, 48))
    long = next(text for text in texts if len(translator.check(text, "zh")) > 32)
    assert len(translator.translate([long], "zh")) == 1


def test_what_cannot_be_translated_is_refused_with_its_limit(translator):
    with pytest.raises(ValueError, match="the text is empty"):
        translator.translate(["map", "  "], "zh")
    with pytest.raises(ValueError, match=r"has \d+ tokens and the limit is 47"):
        translator.translate(["地图在哪里？" * 20], "en")
    with pytest.raises(ValueError, match="put it in brackets"):
        translator.translate("map", "zh")


def test_a_tokenizer_of_another_model_is_refused(translator, tokenizer):
    other = tr.Transformer(dataclasses.replace(translator.model.config, vocab_size=999))
    with pytest.raises(ValueError, match="do not belong together"):
        tr.Translator(other, tokenizer)
    plain = BPE.train("a b c", 258)
    fitting = tr.Transformer(dataclasses.replace(translator.model.config, vocab_size=len(plain)))
    with pytest.raises(ValueError, match="special ones"):
        tr.Translator(fitting, plain)


# --- the baseline --------------------------------------------------------------------------------


def test_the_nearest_neighbour_is_the_one_with_the_greatest_dice_overlap():
    near = tr.NearestNeighbour(TOY, "zh")
    # {tom, has, two, green, cats, .} against pair 1: "Tom has two cats ." shares 5 words and
    # 3 word pairs of 9 and 11: 2·8/20 = 0.8; pair 3 shares green and "." alone: 2·2/26.
    assert near.translate(["Tom has two green cats."]) == [TOY[1].target]
    assert near.translate(["Quite unknown"]) == [TOY[0].target]
    back = tr.NearestNeighbour(TOY, "en")
    assert back.translate([p.target for p in TOY]) == [p.source for p in TOY]
    with pytest.raises(ValueError, match="'fr'"):
        tr.NearestNeighbour(TOY, "fr")


def test_model_and_baseline_are_compared_on_the_same_sentences(translator):
    long = Pair("4", "the " * 60, "地" * 60)
    table = tr.compare(translator, [*TOY, long], TOY[:2], to=("zh",))["en→zh"]
    assert (table["sentences"], table["too long"]) == (4, 1)
    assert table["model"]["bleu"] == pytest.approx(100)
    assert table["model"]["chrf_95"] == [100, 100]
    assert table["nearest neighbour"]["bleu"] < 60
    with pytest.raises(ValueError, match="1 of 2 sentences fit 48 positions"):
        tr.compare(translator, [TOY[0], long], TOY, to=("zh",))


# --- alignment -----------------------------------------------------------------------------------


def test_an_alignment_has_a_row_a_target_token_that_sums_to_one(translator):
    found = tr.alignment(translator, TOY[0].source, "zh")
    assert found.source[0] == "<2zh>"
    assert found.target[-1] == "<end>"
    assert "".join(found.target[:-1]) == TOY[0].target
    assert found.weights.shape == (1, 2, len(found.target), len(found.source))
    np.testing.assert_allclose(found.weights.sum(axis=-1), 1, atol=1e-5)
    assert found.matrix(0).shape == (len(found.target), len(found.source))


def test_a_forced_translation_of_what_the_model_says_has_the_same_alignment(translator):
    free = tr.alignment(translator, TOY[1].source, "zh")
    forced = tr.alignment(translator, TOY[1].source, "zh", translation=TOY[1].target)
    assert free.target == forced.target
    np.testing.assert_allclose(free.weights, forced.weights, atol=1e-6)


def test_attention_between_tokens_becomes_attention_between_words():
    # Tokens: tag, "Wu", " Gang", " is" → words "Wu", "Gang", "is"; 吴, 刚 → one word, 是 its own.
    weights = np.array(
        [[0.1, 0.5, 0.3, 0.1], [0.1, 0.1, 0.7, 0.1], [0.2, 0.1, 0.1, 0.6], [1, 0, 0, 0]]
    )
    found = tr.Alignment(
        ("<2zh>", "Wu", " Gang", " is"),
        ("吴", "刚", "是", "<end>"),
        weights[None, None],
        (0, 2, 5, 3),
        (3, 3, 3, 0),
    )
    words = tr.word_weights(found, ("wu", "Gang", "is"), ("吴刚", "是"), "Wu Gang is", "吴刚是")
    # Row 1 is the mean of the two characters' rows: (0.5 + 0.1)/2, (0.3 + 0.7)/2, (0.1 + 0.1)/2.
    np.testing.assert_allclose(words, [[0.3, 0.5, 0.1], [0.1, 0.1, 0.6]])
    # 吴刚 is Wu and Gang, looked at most; 是 is "is": 2 of 2. Were 是 aligned to "Wu": 1 of 2.
    assert tr.alignment_accuracy(words, [(0, 0), (1, 0), (2, 1)]) == (2, 2)
    assert tr.alignment_accuracy(words, [(0, 0), (1, 0), (0, 1)]) == (1, 2)
    with pytest.raises(ValueError, match="'Li' is not in"):
        tr.word_weights(found, ("Li",), ("吴刚",), "Wu Gang is", "吴刚是")


def test_every_word_of_microworld_is_found_in_its_text():
    tokenizer = tr.train_tokenizer(TEXTS, 330)
    for pair in microworld.parallel(50, seed=3):
        sizes = [
            tuple(len(tokenizer.vocab[i]) for i in tokenizer.encode_ordinary(text))
            for text in (pair.source, pair.target)
        ]
        flat = np.ones((1, 1, len(sizes[1]), len(sizes[0])))
        found = tr.Alignment((), (), flat, *sizes)
        words = tr.word_weights(
            found, pair.source_words, pair.target_words, pair.source, pair.target
        )
        assert words.shape == (len(pair.target_words), len(pair.source_words))
        assert (words > 0).all()


# --- errors --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("output", "kind"),
    [
        ("Tom has two cats.", None),
        ("", "empty"),
        ("Tom has Tom has two cats.", "repeats itself"),
        ("two cats has Tom.", "order"),
        ("Tom has cats.", "words missing"),
        ("Tom has two red cats.", "words added"),
        ("Tom has two dogs.", "wrong words"),
    ],
)
def test_an_error_has_one_kind(output, kind):
    assert tr.kind_of_error(output, "Tom has two cats.", "en") == kind


def test_the_error_table_counts_kinds_and_shows_the_worst_first():
    references = [p.target for p in TOY]
    outputs = [TOY[0].target, "汤姆有两只狗。", "地图？", "她喜欢白兔子和红茶。"]
    errors = tr.mistranslations([p.source for p in TOY], outputs, references, "zh")
    assert len(errors) == 3
    assert errors[0].chrf <= errors[1].chrf <= errors[2].chrf
    (kind, count, shown), (other, _, _) = tr.error_table(errors, each=1)
    assert (kind, count, other) == ("wrong words", 2, "words missing")
    assert shown == [errors[0] if errors[0].kind == kind else errors[1]]
