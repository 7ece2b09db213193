"""Decoding against hand calculations, loops over definitions, all texts of a length, and chance."""

import dataclasses
import itertools
import math

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from companion.generation import (
    Filters,
    KVCache,
    Translation,
    beam_search,
    contrastive_search,
    draw,
    greedy,
    min_p,
    no_repeat_ngram,
    repetition_penalty,
    sample,
    speculative,
    stream,
    temperature,
    top_k,
    top_p,
)
from companion.generation.beam import _largest as largest
from companion.generation.filters import FORBIDDEN, filtered
from companion.gpt import GPT, GPTConfig
from companion.transformer import Transformer, TransformerConfig
from companion.transformer import greedy as chapter_5_greedy

# Keras 3.15 reads its own variables in a way that NumPy 2.4 deprecates (JAX; files of weights).
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

LETTERS = "abcdefghijklmnopqrstuvwxyz ."


def array(x):
    return ops.convert_to_numpy(x)


def normal(*shape, seed=0, scale=1.0):
    return (np.random.default_rng(seed).normal(size=shape) * scale).astype("float32")


def randomise(model, seed=0, scale=0.3):
    for i, weight in enumerate(model.trainable_weights):
        weight.assign(normal(*weight.shape, seed=seed + i, scale=scale))
    return model


def gpt(vocab_size=11, context_length=40, seed=10, scale=0.5, num_layers=1):
    config = GPTConfig(vocab_size, context_length, 8, num_layers, 2, 12, dropout=0.0)
    return randomise(GPT(config), seed, scale)


@dataclasses.dataclass(frozen=True)
class Sizes:
    vocab_size: int
    context_length: int = 64


class Chain(keras.Model):
    """A model that reads one token and gives the logits of a row of a table: a Markov chain."""

    ragged = True

    def __init__(self, table):
        super().__init__()
        self.table = self.add_weight(name="table", shape=table.shape)
        self.table.assign(table)
        self.config = Sizes(len(table))
        self.built = True

    def start(self, batch_size, length):
        return (ops.zeros((batch_size, 1)),)

    def extend(self, ids, cache, position, padding=None):
        return ops.one_hot(ids, self.config.vocab_size), cache

    def logits(self, x):
        return ops.matmul(x, self.table)


def speller(word):
    """The chain that writes the word, whose letters differ, and then stops with a full stop."""
    table = np.zeros((len(LETTERS), len(LETTERS)), "float32")
    for letter, following in itertools.pairwise(word + "."):
        table[LETTERS.index(letter), LETTERS.index(following)] = 20
    return Chain(table)


def spelled(ids):
    return "".join(LETTERS[i] for i in ids)


STOP = (LETTERS.index("."),)


# Filters


def kept(logits):
    return [np.flatnonzero(row > FORBIDDEN).tolist() for row in array(logits)]


LOGITS = np.log([[0.5, 0.25, 0.15, 0.1], [0.1, 0.2, 0.3, 0.4]]).astype("float32")


def test_temperature_by_hand():
    # Halving the temperature squares the probabilities: (4, 1)/5 instead of (2, 1)/3.
    found = array(ops.softmax(temperature(np.log([[2.0, 1.0]]).astype("float32"), 0.5)))
    np.testing.assert_allclose(found, [[0.8, 0.2]], rtol=1e-5)
    with pytest.raises(ValueError, match='use "greedy"'):
        temperature(LOGITS, 0)


def test_top_k_keeps_k_and_those_as_likely_as_the_last():
    assert kept(top_k(LOGITS, 2)) == [[0, 1], [2, 3]]
    assert kept(top_k(np.array([[1.0, 3, 1, 0]]), 2)) == [[0, 1, 2]]
    np.testing.assert_array_equal(array(top_k(LOGITS, 9)), LOGITS)
    with pytest.raises(ValueError, match="k is 0"):
        top_k(LOGITS, 0)


def test_top_p_by_hand():
    # 0.5 alone is not 0.6, 0.5 + 0.25 is more; 0.4 + 0.3 = 0.7.
    assert kept(top_p(LOGITS, 0.6)) == [[0, 1], [2, 3]]
    assert kept(top_p(LOGITS, 0.45)) == [[0], [2, 3]]
    assert kept(top_p(LOGITS, 1e-9)) == [[0], [3]]
    np.testing.assert_array_equal(array(top_p(LOGITS, 1)), LOGITS)
    for wrong in (0, 1.1):
        with pytest.raises(ValueError, match=f"p is {wrong}"):
            top_p(LOGITS, wrong)


def test_top_p_of_one_keeps_the_rarest_token():
    # e⁻³⁰ is lost in a sum that is near 1.
    assert kept(top_p(np.array([[0.0, 0, -30]], "float32"), 1.0)) == [[0, 1, 2]]


def test_min_p_by_hand():
    # At least 0.3·0.5 = 0.15 (and a hair less, for rounding); 0.3·0.4 = 0.12.
    assert kept(min_p(LOGITS, 0.299)) == [[0, 1, 2], [1, 2, 3]]
    assert kept(min_p(LOGITS, 1.0)) == [[0], [3]]
    with pytest.raises(ValueError, match="p is 0"):
        min_p(LOGITS, 0)


def test_repetition_penalty_by_hand():
    found = array(repetition_penalty([[2.0, -2.0, 2.0, -2.0]], [[0, 1, -1, 0]], 2.0))
    np.testing.assert_allclose(found, [[1, -4, 2, -2]])
    with pytest.raises(ValueError, match="penalty is 0"):
        repetition_penalty(LOGITS, [[0], [0]], 0.0)


def test_no_repeat_ngram_by_hand():
    # 1 2 3 1 2: 3 would be the second 1 2 3. The other row has no 2-gram that begins with 3, and
    # what is empty on both sides is no text.
    ids = np.array([[1, 2, 3, 1, 2, -1], [-1, -1, 0, 1, 2, 3]])
    logits = np.zeros((2, 4), "float32")
    assert kept(no_repeat_ngram(logits, ids, 3)) == [[0, 1, 2], [0, 1, 2, 3]]
    assert kept(no_repeat_ngram(logits, ids, 2)) == [[0, 1, 2], [0, 1, 2, 3]]
    assert kept(no_repeat_ngram(logits, ids, 1)) == [[0], []]
    np.testing.assert_array_equal(array(no_repeat_ngram(logits, ids, 7)), logits)
    with pytest.raises(ValueError, match="n is 0"):
        no_repeat_ngram(logits, ids, 0)


HUGGING_FACE = (  # logits, and the texts before them
    np.array(
        [[2.0, -1, 0.5, 3, -2.5, 1, 0, 2.9], [0.1, 0.2, -0.3, 0, 4, -4, 0.3, 0.25]], "float32"
    ),
    np.array([[3, 0, 5, 3, 0], [1, 4, 4, 1, 4]]),
)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        # Made once with the logit processors of transformers 5.23: what each leaves, where it cuts.
        (Filters(top_k=3), [[0, 3, 7], [4, 6, 7]]),
        # e³, e^2.9 and e² of Σ = 51.5: 0.390 + 0.353 = 0.743, and 0.144 carries it past 0.8. 0.89.
        (Filters(top_p=0.8), [[0, 3, 7], [4]]),
        (Filters(top_p=0.4), [[3, 7], [4]]),
        (Filters(min_p=0.1), [[0, 3, 5, 7], [4]]),
        # 3 0 5 3 0: behind 0 came 5; 1 4 4 1 4: behind 4 came 4 and 1, behind 1 4 only 4.
        (Filters(no_repeat_ngram=2), [[0, 1, 2, 3, 4, 6, 7], [0, 2, 3, 5, 6, 7]]),
        (Filters(no_repeat_ngram=3), [[0, 1, 2, 3, 4, 6, 7], [0, 1, 2, 3, 5, 6, 7]]),
        (Filters(no_repeat_ngram=1), [[1, 2, 4, 6, 7], [0, 2, 3, 5, 6, 7]]),
    ],
)
def test_filters_keep_what_hugging_faces_processors_keep(filters, expected):
    assert kept(filters(*HUGGING_FACE)) == expected


def test_the_numbers_are_those_of_hugging_faces_processors():
    # By the same processors. 2/1.3 = 1.5385, 3/1.3 = 2.3077, 1/1.3 = 0.7692; 2/0.7 = 2.8571.
    punished = [
        [1.5385, -1.0, 0.5, 2.3077, -2.5, 0.7692, 0.0, 2.9],
        [0.1, 0.1538, -0.3, 0.0, 3.0769, -4.0, 0.3, 0.25],
    ]
    found = array(Filters(repetition_penalty=1.3)(*HUGGING_FACE))
    np.testing.assert_allclose(found, punished, atol=1e-4)
    warm = [2.8571, -1.4286, 0.7143, 4.2857, -3.5714, 1.4286, 0.0, 4.1429]
    np.testing.assert_allclose(array(Filters(temperature=0.7)(*HUGGING_FACE))[0], warm, atol=1e-4)


def slow_top_p(row, p):
    """Holtzman et al.'s set, token by token."""
    probs = np.exp(row - row.max())
    probs, total, chosen = probs / probs.sum(), 0.0, []
    for i in sorted(range(len(row)), key=lambda i: -row[i]):
        chosen.append(i)
        total += probs[i]
        if total >= p:
            break
    return sorted(chosen)


def slow_repeats(text, n, vocab_size):
    """The tokens that do not complete an n-gram of the text."""
    grams = {tuple(text[i : i + n]) for i in range(len(text) - n + 1)}
    begin = tuple(text[len(text) - n + 1 :]) if n > 1 else ()
    return [t for t in range(vocab_size) if len(begin) < n - 1 or (*begin, t) not in grams]


@settings(deadline=None, max_examples=30)
@given(
    seed=st.integers(0, 999),
    k=st.integers(1, 14),
    p=st.floats(0.01, 0.99),
    n=st.integers(1, 4),
    padding=st.integers(0, 3),
)
def test_filters_equal_loops_over_their_definitions(seed, k, p, n, padding):
    logits = normal(2, 12, seed=seed, scale=2)
    text = np.random.default_rng(seed).integers(0, 4, (2, 9))
    ids = np.pad(text, ((0, 0), (padding, 2)), constant_values=-1)
    likeliest = [sorted(np.argsort(-row)[:k].tolist()) for row in logits]
    assert kept(top_k(logits, k)) == likeliest
    assert kept(top_p(logits, p)) == [slow_top_p(row.astype("float64"), p) for row in logits]
    probs = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    far = np.abs(probs - p * probs.max(-1, keepdims=True)) > 1e-6
    assert far.all(), "a tie that rounding decides"
    expected = [np.flatnonzero(row >= p * row.max()).tolist() for row in probs]
    assert kept(min_p(logits, p)) == expected
    assert kept(no_repeat_ngram(logits, ids, n)) == [
        slow_repeats(row.tolist(), n, 12) for row in text
    ]


def test_filters_together_are_the_filters_in_order():
    logits, ids = normal(2, 12, scale=2), np.array([[1, 2, 1], [3, 3, 3]])
    expected = temperature(repetition_penalty(logits, ids, 1.3), 0.7)
    expected = no_repeat_ngram(expected, ids, 2)
    expected = top_p(top_k(expected, 5), 0.8)
    settings = Filters(
        repetition_penalty=1.3, no_repeat_ngram=2, temperature=0.7, top_k=5, top_p=0.8
    )
    np.testing.assert_array_equal(array(settings(logits, ids)), array(expected))
    np.testing.assert_array_equal(array(Filters()(logits, ids)), logits)
    for wrong in (0, np.float32(0)):
        with pytest.raises(ValueError, match="temperature is 0"):
            Filters(temperature=wrong)
    with pytest.raises(ValueError, match=r"n is 2\.5"):
        Filters(no_repeat_ngram=2.5)


def test_what_is_forbidden_stays_forbidden_whatever_the_temperature():
    # Hugging Face forbids first and divides afterwards: its number is −∞, which stays what it is.
    for value in (0.5, 2.0):
        warm = Filters(repetition_penalty=1.3, no_repeat_ngram=2, temperature=value)
        punished = temperature(repetition_penalty(HUGGING_FACE[0], HUGGING_FACE[1], 1.3), value)
        expected = np.where(
            [[0, 0, 0, 0, 0, 1, 0, 0], [0, 1, 0, 0, 1, 0, 0, 0]], FORBIDDEN, array(punished)
        )
        np.testing.assert_array_equal(array(warm(*HUGGING_FACE)), expected)


COLD = np.array([[-2.0, -3, -4], [-4.0, -2, -3]], "float32")


@pytest.mark.parametrize("value", [1e-9, 1e-20])
@pytest.mark.parametrize(
    ("cut", "expected"),
    [
        ({"top_k": 1}, [[0], [1]]),
        ({"top_k": 2}, [[0, 1], [1, 2]]),
        ({"top_p": 0.9}, [[0], [1]]),
        ({"min_p": 0.1}, [[0], [1]]),
        # 0 was said in the first text, 1 in the second: the likeliest of the others is left.
        ({"no_repeat_ngram": 1}, [[1, 2], [0, 2]]),
        ({"no_repeat_ngram": 1, "top_k": 1}, [[1], [2]]),
        ({"no_repeat_ngram": 1, "top_p": 0.9}, [[1], [2]]),
        ({"no_repeat_ngram": 1, "min_p": 0.1}, [[1], [2]]),
    ],
)
def test_what_is_forbidden_stays_below_logits_that_are_almost_frozen(value, cut, expected):
    # −2/10⁻²⁰ = −2·10²⁰: still far above what is forbidden.
    found = Filters(temperature=value, **cut)(COLD, np.array([[0], [1]]))
    assert kept(found) == expected
    likeliest = [max(row, key=lambda i: COLD[b, i]) for b, row in enumerate(expected)]
    assert array(ops.argmax(found, axis=-1)).tolist() == likeliest
    assert array(draw(found, np.array([0.0, 0.999], "float32"))).tolist() == likeliest


def test_a_temperature_that_float32_cannot_carry_is_named():
    for wrong in (1e-21, 1e-40, -1.0, math.nan):
        with pytest.raises(
            ValueError, match=rf'temperature is {wrong}; .* at least 1e-20 .*"greedy"'
        ):
            Filters(temperature=wrong)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
@pytest.mark.parametrize(
    "filters",
    [
        {"repetition_penalty": 1.3},
        {"temperature": 0.7},
        {"temperature": 1e-20},  # −3·10²⁰ is no float16
        {"top_k": 2},
        {"top_p": 0.7},
        {"min_p": 0.3},
        {"temperature": 0.7, "top_k": 2, "min_p": 0.3},
    ],
    ids=str,
)
def test_logits_of_low_precision_are_filtered_as_the_same_numbers_in_float32(dtype, filters):
    said = np.array([[0, 2], [1, 1]])
    low = ops.cast(COLD, dtype)
    expected = array(filtered(ops.cast(low, "float32"), said, 2, filters))
    tensors = {name: ops.convert_to_tensor(value, "float32") for name, value in filters.items()}
    for numbers in (filters, tensors):
        found = array(filtered(low, said, 2, numbers))
        assert np.isfinite(found).all()
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_what_is_forbidden_is_forbidden_in_low_precision_too(dtype):
    logits = ops.cast(COLD, dtype)
    said = np.array([[0], [1]])
    for filters in (Filters(top_k=1), Filters(top_p=0.1), Filters(min_p=0.9)):
        probs = array(ops.cast(ops.softmax(filters(logits, said)), "float32"))
        np.testing.assert_array_equal(probs, [[1, 0, 0], [0, 1, 0]])
    found = array(ops.cast(ops.softmax(no_repeat_ngram(logits, said, 1)), "float32"))
    assert (found[[0, 1], [0, 1]] == 0).all()
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-2)


# Chance


def chi_square(counts, probs):
    """Σ (observed − expected)²/expected over outcomes that are expected, and degrees of freedom."""
    counts, expected = np.asarray(counts), np.asarray(probs) * np.sum(counts)
    possible = expected > 0
    assert counts[~possible].sum() == 0
    statistic = ((counts - expected)[possible] ** 2 / expected[possible]).sum()
    return statistic, possible.sum() - 1


def assert_distributed(counts, probs):
    """Within the 99.9 % quantile of χ², by Wilson and Hilferty's approximation (1931)."""
    statistic, free = chi_square(counts, probs)
    limit = free * (1 - 2 / (9 * free) + 3.09 * math.sqrt(2 / (9 * free))) ** 3
    assert statistic < limit


def test_draws_follow_the_probabilities():
    probs = np.array([0.4, 0.0, 0.3, 0.2, 0.1, 0.0])
    logits = np.where(probs > 0, np.log(np.maximum(probs, 1e-9)), FORBIDDEN).astype("float32")
    chances = np.random.default_rng(0).random(4000, np.float32)
    found = array(draw(np.tile(logits, (4000, 1)), chances))
    assert_distributed(np.bincount(found, minlength=6), probs)
    ends = np.array([0.0, np.nextafter(np.float32(1), np.float32(0))], "float32")
    assert array(draw(np.tile(logits, (2, 1)), ends)).tolist() == [0, 4]


def test_sampled_tokens_follow_the_filtered_distribution():
    # A chain whose every row is the same: 60·50 draws of one distribution.
    logits = np.log([0.35, 0.3, 0.2, 0.1, 0.05]).astype("float32")
    texts = sample(Chain(np.tile(logits, (5, 1))), [[0]] * 60, 50, filters=Filters(top_p=0.8))
    counts = np.bincount(np.concatenate(texts), minlength=5)
    assert_distributed(counts, np.array([0.35, 0.3, 0.2, 0, 0]) / 0.85)


def test_a_seed_repeats_a_text_and_another_changes_it():
    model = Chain(np.zeros((9, 9), "float32"))
    first = sample(model, [[1]], 20, seed=1)
    assert sample(model, [[1]], 20, seed=1) == first
    assert sample(model, [[1]], 20, seed=2) != first


# The loop


def test_a_model_that_spells_a_word_is_heard():
    model = speller("word")
    prompts = [[LETTERS.index("w")], [LETTERS.index(letter) for letter in "wor"]]
    for write in (greedy, sample):
        assert list(map(spelled, write(model, prompts, 9, stop=STOP))) == ["ord", "d"]
    assert spelled(stream(model, prompts[0], 9, stop=STOP)) == "ord"
    assert spelled(greedy(model, prompts, 2)[0]) == "or"
    best = beam_search(model, prompts, 9, width=3, stop=STOP)
    assert [spelled(found[0].ids) for found in best] == ["ord", "d"]
    found = speculative(model, speller("worst"), prompts[0], 9, guesses=2, stop=STOP)
    assert spelled(found.ids) == "ord"
    assert found.accepted < found.proposed
    assert spelled(contrastive_search(model, prompts, 9, alpha=0.1, stop=STOP)[0]) == "ord"


PROMPTS = [[1, 2, 3], [4], [5, 6, 7, 8, 9, 10, 1, 2, 3, 4, 5, 6]]


def slow_greedy(model, prompt, max_tokens):
    """Everything read again for each token."""
    text = list(prompt)
    for _ in range(max_tokens):
        text.append(int(np.argmax(array(model(np.array([text])))[0, -1])))
    return text[len(prompt) :]


def test_greedy_text_is_that_of_a_model_without_a_cache_and_a_batch_is_one_by_one():
    model = gpt(num_layers=2, seed=0)
    expected = [slow_greedy(model, prompt, 12) for prompt in PROMPTS]
    assert len({tuple(text) for text in expected}) == 3
    assert greedy(model, PROMPTS, 12) == expected
    assert [greedy(model, [prompt], 12)[0] for prompt in PROMPTS] == expected
    stop = expected[0][3]
    cut = [text[: text.index(stop)] if stop in text else text for text in expected]
    assert greedy(model, PROMPTS, 12, stop=[stop]) == cut
    assert list(stream(model, PROMPTS[0], 12, stop=[stop], seed=None)) == cut[0]


def test_cached_logits_equal_uncached_on_forced_tokens():
    model = gpt(num_layers=2, seed=0)
    ids = np.random.default_rng(0).integers(0, 11, (3, 9)).astype("int32")
    expected, cache = array(model(ids)), KVCache.empty(model, 3, 9)
    for begin, end in [(0, 4), (4, 5), (5, 8), (8, 9)]:
        logits, cache = cache.read(model, ids[:, begin:end])
        np.testing.assert_allclose(array(logits), expected[:, end - 1], atol=1e-5)
    assert cache.position == 9
    back = cache.back_to(5)  # later slots are there, and are not looked at
    np.testing.assert_allclose(array(back.read(model, ids[:, 5:8])[0]), expected[:, 7], atol=1e-5)
    turned = cache.back_to(5).select(np.array([2, 2, 0]))
    logits, _ = turned.read(model, ids[[2, 2, 0], 5:6])
    np.testing.assert_allclose(array(logits), expected[[2, 2, 0], 5], atol=1e-5)


@pytest.mark.slow
def test_a_stream_is_the_sample_and_a_row_does_not_depend_on_its_neighbours():
    model = gpt()
    filters = Filters(
        repetition_penalty=1.2, no_repeat_ngram=3, temperature=1.5, top_k=8, top_p=0.9, min_p=0.01
    )
    texts = sample(model, PROMPTS, 15, filters=filters, seed=4)
    assert list(stream(model, PROMPTS[0], 15, filters=filters, seed=4)) == texts[0]
    whole = [*PROMPTS[0], *texts[0]]
    grams = list(zip(whole, whole[1:], whole[2:], strict=False))
    assert len(set(grams)) == len(grams)


def test_new_weights_and_new_numbers_reach_a_program_that_is_compiled():
    model = speller("abc")
    assert spelled(greedy(model, [[0]], 9, stop=STOP)[0]) == "bc"
    model.table.assign(speller("axyz").table)
    assert spelled(greedy(model, [[0]], 9, stop=STOP)[0]) == "xyz"
    flat = Chain(np.zeros((50, 50), "float32") - np.arange(50, dtype="float32") / 100)
    few = set(sample(flat, [[0]], 60, filters=Filters(top_k=2))[0])
    many = set(sample(flat, [[0]], 60, filters=Filters(top_k=40))[0])
    assert few == {0, 1}
    assert len(many) > 10


@pytest.mark.parametrize(
    ("prompts", "max_tokens", "named"),
    [
        ([], 5, "a list of lists"),
        ([1, 2], 5, "a list of lists"),
        ([[1], []], 5, "prompt 1 is empty"),
        ([[1, 11]], 5, "outside the vocabulary"),
        ([[1, -1]], 5, "outside the vocabulary"),
        ([[1, 2]], 39, "use 1 to 38 or shorten"),
        ([[1] * 40], 1, "for 40; shorten the prompt"),
        (np.zeros((0, 3), int), 5, "a list of lists"),
        ([[1, 2]], 0, "max_tokens is 0"),
    ],
)
def test_prompts_that_cannot_be_gone_on_with_are_named(prompts, max_tokens, named):
    with pytest.raises(ValueError, match=named):
        greedy(gpt(), prompts, max_tokens)


@pytest.mark.parametrize("stop", [-1, 11])
@pytest.mark.parametrize(
    "writes",
    [
        lambda model, stop: greedy(model, [[1]], 5, stop=stop),
        lambda model, stop: sample(model, [[1]], 5, stop=stop),
        lambda model, stop: next(stream(model, [1], 5, stop=stop)),
        lambda model, stop: beam_search(model, [[1]], 5, stop=stop),
        lambda model, stop: contrastive_search(model, [[1]], 5, stop=stop),
        lambda model, stop: speculative(model, model, [1], 5, stop=stop),
    ],
    ids=["greedy", "sample", "stream", "beam", "contrastive", "speculative"],
)
def test_a_stop_token_outside_the_vocabulary_is_named(writes, stop):
    with pytest.raises(ValueError, match=f"stop token {stop} is outside the vocabulary, 0 to 10"):
        writes(gpt(), [stop])


def test_every_search_stops_at_each_of_its_stop_tokens():
    # The chain writes w o r d and then a full stop; r is an end as well.
    model, prompt = speller("word"), [LETTERS.index("w")]
    for stop, text in ((STOP, "ord"), ([*STOP, LETTERS.index("r")], "o")):
        assert spelled(beam_search(model, [prompt], 9, width=2, stop=stop)[0][0].ids) == text
        assert spelled(contrastive_search(model, [prompt], 9, alpha=0, stop=stop)[0]) == text
        assert spelled(speculative(model, model, prompt, 9, stop=stop).ids) == text


# Searches


def all_texts(model, prompt, max_tokens, stop, penalty):
    """Every text up to a length with its score, the best first: brute force."""
    vocab_size, found = model.config.vocab_size, []
    for length in range(1, max_tokens + 1):
        for text in itertools.product(range(vocab_size), repeat=length):
            inner, last = text[:-1], text[-1]
            if stop in inner or (last != stop and length < max_tokens):
                continue
            log_prob = model.token_log_probs([*prompt[1:], *text], start_id=prompt[0])
            total = log_prob[len(prompt) - 1 :].sum()
            ids = text[:-1] if last == stop else text
            found.append((total / length**penalty, ids))
    return sorted(found, reverse=True)


@pytest.mark.parametrize("penalty", [1.0, pytest.param(0.0, marks=pytest.mark.slow)])
def test_a_beam_that_holds_everything_finds_the_best_texts_of_all(penalty):
    # 4 tokens, one of them the end, 3 places: 3 + … < 64 beginnings.
    model, prompts = gpt(vocab_size=4, scale=1.0), [[1, 2], [3]]
    found = beam_search(model, prompts, 3, width=64, length_penalty=penalty, stop=[0])
    for hypotheses, prompt in zip(found, prompts, strict=True):
        expected = all_texts(model, prompt, 3, 0, penalty)
        assert [h.ids for h in hypotheses] == [text for _, text in expected]
        scores = [score for score, _ in expected]
        np.testing.assert_allclose([h.score for h in hypotheses], scores, atol=1e-4)


def test_a_beam_finds_what_greed_misses():
    # 1 looks better than 2 at first (0.6 to 0.4), but is followed by one of two equals (0.3),
    # where 2 has one heir (0.4·0.9 = 0.36).
    table = np.full((5, 5), -30.0, "float32")
    table[0, 1:3] = np.log([0.6, 0.4])
    table[1, 3:5] = np.log([0.5, 0.5])
    table[2, 3:5] = np.log([0.9, 0.1])
    model = Chain(table)
    assert greedy(model, [[0]], 2) == [[1, 3]]
    best = beam_search(model, [[0]], 2, width=2)[0]
    assert best[0].ids == (2, 3)
    assert best[0].log_prob == pytest.approx(math.log(0.36), abs=1e-4)
    narrow = beam_search(model, [[0]], 2, width=1)[0]
    assert [h.ids for h in narrow] == [(1, 3)]


def test_a_beam_says_nothing_forbidden_however_warm_it_is():
    # 0 was said; 1 2 and 2 1 are all that is left, and then nothing.
    warm = Filters(no_repeat_ngram=1, temperature=2.0)
    model = Chain(np.zeros((3, 3), "float32"))
    found = beam_search(model, [[0]], 2, width=4, filters=warm)
    assert [h.ids for h in found[0]] == [(1, 2), (2, 1)]
    assert beam_search(model, [[0]], 3, width=4, filters=warm) == [[]]


@pytest.mark.slow
def test_a_beam_of_one_is_greedy_and_filters_bind_it():
    model = gpt()
    stop = greedy(model, PROMPTS[:1], 6)[0][4]
    for filters in (None, Filters(no_repeat_ngram=1)):
        expected = greedy(model, PROMPTS[:2], 6, filters=filters, stop=[stop])
        found = beam_search(model, PROMPTS[:2], 6, width=1, filters=filters, stop=[stop])
        assert [list(h[0].ids) for h in found] == expected
    with pytest.raises(ValueError, match="width 0"):
        beam_search(model, PROMPTS, 3, width=0)


def slow_contrastive(model, prompt, max_tokens, k, alpha):
    """Su et al.'s eq. 5, reading everything again for each candidate."""
    text = list(prompt)

    def vectors(ids):
        x, _ = KVCache.empty(model, 1, len(ids)).extend(model, np.array([ids]))
        x = array(x)[0].astype("float64")
        return x / np.linalg.norm(x, axis=1, keepdims=True)

    for _ in range(max_tokens):
        logits = array(model(np.array([text])))[0, -1].astype("float64")
        probs = np.exp(logits) / np.exp(logits).sum()
        scores = {}
        for v in np.argsort(-probs)[:k].tolist():
            h = vectors([*text, v])
            scores[v] = (1 - alpha) * probs[v] - alpha * (h[:-1] @ h[-1]).max()
        text.append(max(scores, key=scores.get))
    return text[len(prompt) :]


def test_contrastive_search_equals_its_definition():
    model = gpt()
    found = contrastive_search(model, PROMPTS[:2], 6, k=3, alpha=0.6)
    assert found == [slow_contrastive(model, prompt, 6, 3, 0.6) for prompt in PROMPTS[:2]]
    greedy_text = [slow_greedy(model, prompt, 6) for prompt in PROMPTS[:2]]
    assert contrastive_search(model, PROMPTS[:2], 6, k=3, alpha=0) == greedy_text != found
    with pytest.raises(ValueError, match="alpha 2"):
        contrastive_search(model, PROMPTS, 3, alpha=2)


def test_speculation_keeps_the_distribution_of_the_large_model():
    # Two tokens of a chain of 3: 9 texts with known probabilities; the draft knows another chain.
    table, other = normal(3, 3, seed=1), normal(3, 3, seed=2)
    model, draft, counts = Chain(table), Chain(other), np.zeros(9)
    proposed = accepted = 0
    for seed in range(400):
        found = speculative(model, draft, [0], 3, guesses=2, seed=seed)
        counts[3 * found.ids[0] + found.ids[1]] += 1
        proposed, accepted = proposed + found.proposed, accepted + found.accepted
    p = np.exp(table) / np.exp(table).sum(-1, keepdims=True)
    assert_distributed(counts, (p[0][:, None] * p).ravel())
    assert 0 < accepted < proposed
    with pytest.raises(ValueError, match="guesses 0"):
        speculative(model, draft, [0], 3, guesses=0)


@pytest.mark.slow
def test_a_draft_that_is_the_model_is_always_right():
    model = gpt()
    found = speculative(model, model, PROMPTS[0], 15, guesses=3, filters=Filters(top_k=4))
    assert len(found.ids) == 15
    assert found.accepted == found.proposed >= 9


@pytest.mark.slow
def test_speculation_without_chance_is_greedy():
    # top_k = 1 leaves one token to draw.
    model, draft = gpt(), gpt(seed=50)
    found = speculative(model, draft, PROMPTS[0], 12, guesses=2, filters=Filters(top_k=1))
    assert found.ids == slow_greedy(model, PROMPTS[0], 12)


# Chapter 5's model


def translator():
    config = TransformerConfig(11, 12, 8, 2, 2, 12, dropout=0.0, norm="pre")
    return randomise(Transformer(config), seed=5, scale=0.5)


@pytest.mark.slow
def test_a_translation_is_chapter_5s():
    model = translator()
    source = np.array([[3, 4, 5, 0, 0], [6, 7, 8, 9, 3], [5, 3, 0, 0, 0]], "int32")
    expected = chapter_5_greedy(model, source, start_id=1, end_id=2, max_length=8)
    prompts = [[1]] * 3
    assert greedy(Translation(model, source), prompts, 8, stop=[2]) == expected
    turned = Translation(model, source[::-1])  # another source, the same program
    assert greedy(turned, prompts, 8, stop=[2]) == expected[::-1]
    narrow = beam_search(Translation(model, source), prompts, 8, width=1, stop=[2])
    assert [list(h[0].ids) for h in narrow] == expected
    wide = beam_search(Translation(model, source), prompts, 8, width=6, stop=[2])
    for few, many in zip(narrow, wide, strict=True):
        assert many[0].log_prob >= few[0].log_prob - 1e-5


def test_a_translation_wants_a_prompt_for_each_source():
    reader = Translation(translator(), np.array([[3, 4]], "int32"))
    with pytest.raises(ValueError, match="2 prompts for 1 sources"):
        greedy(reader, [[1]] * 2, 4)
    two = Translation(translator(), np.array([[3, 4]] * 2, "int32"))
    with pytest.raises(ValueError, match="prompts have 1 to 2 tokens"):
        greedy(two, [[1], [1, 5]], 4)


@pytest.mark.parametrize("values", [3, 1000])
def test_of_equal_continuations_a_beam_keeps_the_first(values):
    rng = np.random.default_rng(values)
    for width in (1, 2, 7, 40):
        totals = rng.integers(0, values, (3, 40)).astype(float)
        totals[rng.random(totals.shape) < 0.3] = -np.inf  # what a filter forbids
        expected = np.argsort(-totals, axis=1, kind="stable")[:, :width]
        np.testing.assert_array_equal(largest(totals, width), expected)
