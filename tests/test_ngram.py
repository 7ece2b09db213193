import math
import subprocess
import sys
from itertools import product

import numpy as np
import pytest
from nltk import lm as nltk_lm
from nltk.util import everygrams

from companion.ngram import (
    END,
    SMOOTHINGS,
    START,
    UNKNOWN,
    NGramModel,
    Vocabulary,
    read_arpa,
    split_characters,
    split_sentences,
    split_words,
    write_arpa,
)
from companion.ngram.discounts import (
    absolute_discount,
    good_turing_counts,
    interpolation_weights,
    katz_counts,
    modified_discounts,
)

CATS = [s.split() for s in ("the cat sat on the mat", "the dog sat", "a cat saw the dog")]
NORMALISED = [name for name in SMOOTHINGS if name != "stupid_backoff"]
ARPA_NAMES = ["jelinek_mercer", "witten_bell", "absolute_discounting", "kneser_ney"]
ARPA_NAMES += ["modified_kneser_ney", "katz"]


def zipf_text(sentences=300, words=60, seed=0):
    """A text with a few frequent and many rare words, in which a word depends on the last one."""
    rng = np.random.default_rng(seed)
    text = []
    for _ in range(sentences):
        ids = [int(rng.zipf(1.4)) % words]
        for _ in range(rng.integers(1, 12)):
            ids.append((ids[-1] * 7 + int(rng.zipf(1.6))) % words)
        text.append([f"w{i}" for i in ids])
    return text


def total(model, context):
    return sum(model.prob(word, context) for word in model.vocabulary)


# --- text and vocabulary


def test_words_sentences_and_characters_are_cut_as_described():
    assert split_words("Ay, there's the rub!") == ["Ay", ",", "there's", "the", "rub", "!"]
    assert split_sentences("ACT I.\n\nWho's\nthere? “Nay.” 我爱中国。你呢？") == [
        "ACT I.",
        "Who's there?",
        "“Nay.”",
        "我爱中国。",
        "你呢？",
    ]
    assert split_characters("我 爱") == ["我", " ", "爱"]


def test_a_vocabulary_maps_words_to_ids_and_back_and_knows_what_it_does_not_know():
    vocabulary = Vocabulary.from_sentences([["b", "a", "b"], ["c", "a", "b"]], min_count=2)
    assert list(vocabulary) == [UNKNOWN, START, END, "b", "a"]
    assert vocabulary.ids(["a", "c", "b"]).tolist() == [4, 0, 3]
    assert vocabulary.tokens([3, 0]) == ["b", UNKNOWN]
    assert "c" not in vocabulary
    assert len(vocabulary) == 5


# --- counting


@pytest.mark.parametrize("order", [1, 2, 3, 6])
def test_counts_equal_those_of_a_dictionary_of_tuples(order):
    text = zipf_text(60)
    model = NGramModel(order, "mle").fit(text)
    counted = {}
    for sentence in text:
        padded = [START] * (order - 1) + sentence + [END]
        for end in range(order, len(padded) + 1):
            for n in range(1, order + 1):
                ngram = tuple(padded[end - n : end])
                counted[ngram] = counted.get(ngram, 0) + 1
    assert all(model.count(list(ngram)) == count for ngram, count in counted.items())
    for n, level in enumerate(model.levels, 1):
        assert level.counts.sum() == sum(c for ngram, c in counted.items() if len(ngram) == n)
    assert model.count(["w1", "nobody"][:order]) == (0 if order > 1 else counted[("w1",)])


def test_a_vocabulary_to_the_power_of_the_order_far_beyond_64_bits_is_no_obstacle():
    # 5,000^12 ≈ 2^147
    text = [[f"w{i}" for i in range(5000)]]
    model = NGramModel(12, "mle").fit(text)
    assert model.prob("w100", [f"w{i}" for i in range(89, 100)]) == 1.0
    assert model.prob("w100", ["w0"] + [f"w{i}" for i in range(90, 100)]) == 0.0


def test_coverage_is_the_share_of_ngrams_that_were_seen():
    model = NGramModel(2, "mle").fit([["a", "b"], ["a", "c"]], pad=False)
    # of a c b d: the tokens a c b are known, d is not; of the pairs ac, cb, bd only ac
    assert model.coverage([["a", "c", "b", "d"]]).tolist() == [3 / 4, 1 / 3]


# --- estimates


def test_the_book_example_by_maximum_likelihood():
    # 我爱中国, 我爱北京: 爱 always follows 我; 中 follows 爱 in one of two
    model = NGramModel(2, "mle").fit(["我爱中国", "我爱北京"])
    assert model.prob("爱", "我") == 1.0
    assert model.prob("中", "爱") == 0.5
    # p(<s> 我)=1 · p(爱|我)=1 · p(中|爱)=1/2 · p(国|中)=1 · p(</s>|国)=1
    assert model.log_prob("我爱中国") == pytest.approx(math.log(0.5))
    assert model.perplexity(["我爱中国"]) == pytest.approx(2 ** (1 / 5))


@pytest.mark.parametrize("name", NORMALISED)
@pytest.mark.parametrize("pad", [True, False])
def test_every_smoothing_sums_to_one_after_1000_contexts_seen_and_unseen(name, pad):
    text = zipf_text()
    model = NGramModel(4, name, min_count=2).fit(text, pad=pad)
    rng = np.random.default_rng(1)
    words = list(model.vocabulary)
    seen = 0
    for trial in range(1000):
        sentence = text[rng.integers(len(text))]
        end = rng.integers(len(sentence))
        context = sentence[max(0, end - rng.integers(4)) : end]
        if trial % 2:
            context = [words[i] for i in rng.integers(0, len(words), rng.integers(4))]
        probs = model.distribution(context)
        assert (probs >= 0).all()
        if name == "mle" and not probs.any():
            continue  # a context that maximum likelihood has not seen
        seen += 1
        assert probs.sum() == pytest.approx(1, abs=1e-9)
    assert seen > 500
    start = model.vocabulary.ids([START])[0]
    assert model.distribution([])[start] == 0


@pytest.mark.parametrize("name", SMOOTHINGS)
def test_one_probability_is_the_same_asked_alone_in_a_row_or_in_a_sentence(name):
    model = NGramModel(3, name).fit(CATS)
    for context in (["the"], ["cat", "sat"], ["mat", "a"], [START, START], ["zebra", "the"]):
        alone = [model.prob(word, context) for word in model.vocabulary]
        assert model.distribution(context) == pytest.approx(alone, abs=1e-12)
    padded = [START, START, "the", "dog", END]
    steps = [model.prob(w, c) for w, *c in ((padded[t], *padded[t - 2 : t]) for t in (2, 3, 4))]
    assert np.exp(model.token_log_probs([["the", "dog"]])) == pytest.approx(steps, abs=1e-12)


@pytest.mark.parametrize("name", SMOOTHINGS)
@pytest.mark.parametrize("order", [1, 2, 5])
@pytest.mark.parametrize("pad", [True, False])
def test_a_corpus_of_one_word_works(name, order, pad):
    model = NGramModel(order, name).fit([["hello"]], pad=pad)
    assert 0 < model.prob("hello") <= 1
    if name != "stupid_backoff":
        assert total(model, []) == pytest.approx(1)


NLTK = {
    "mle": ({}, lambda n: nltk_lm.MLE(n)),
    "lidstone": ({"gamma": 0.3}, lambda n: nltk_lm.Lidstone(0.3, n)),
    "laplace": ({}, lambda n: nltk_lm.Laplace(n)),
    "witten_bell": ({}, lambda n: nltk_lm.WittenBellInterpolated(n)),
    "absolute_discounting": (
        {"discount": 0.6},
        lambda n: nltk_lm.AbsoluteDiscountingInterpolated(n, discount=0.6),
    ),
    "kneser_ney": (
        {"discount": 0.3},
        lambda n: nltk_lm.KneserNeyInterpolated(n, discount=0.3),
    ),
    "stupid_backoff": ({"alpha": 0.4}, lambda n: nltk_lm.StupidBackoff(0.4, n)),
}


def both(name, order, sequences):
    options, make = NLTK[name]
    theirs = make(order)
    theirs.fit(
        [list(everygrams(s, max_len=order)) for s in sequences], [w for s in sequences for w in s]
    )
    return NGramModel(order, name, **options).fit(sequences, pad=False), theirs


@pytest.mark.parametrize("name", NLTK)
@pytest.mark.parametrize("order", [2, 3])
def test_every_word_after_every_context_has_the_probability_that_nltk_gives(name, order):
    # nltk pads both sides with order − 1 marks, and they are words to it: pad=False does the same
    sequences = [[START] * (order - 1) + s + [END] * (order - 1) for s in CATS]
    ours, theirs = both(name, order, sequences)
    words = [*sorted({w for s in sequences for w in s}), "zebra"]
    left_out = set()
    for length in range(order):
        for context in product(words, repeat=length):
            try:
                expected = [theirs.score(word, context) for word in words]
            except ZeroDivisionError:  # nltk: no word at all was seen before this context
                left_out.add(context)
                continue
            if name == "kneser_ney" and abs(sum(expected) - 1) > 1e-9:
                left_out.add(context)
                continue
            got = [ours.prob(word, context) for word in words]
            assert got == pytest.approx(expected, abs=1e-9)
    # By name: nltk's Kneser–Ney does not sum to one after some contexts that hold <s>, since it
    # counts followers that have no continuation count. Ours does, there too.
    assert all(name == "kneser_ney" and START in context for context in left_out)
    assert all(total(ours, context) == pytest.approx(1) for context in left_out)


@pytest.mark.parametrize("name", NLTK)
def test_perplexity_equals_that_of_nltk_with_the_same_vocabulary(name):
    # Words seen once are <unk> to both, and so are the words of the test text never seen.
    train, test = zipf_text(200, 500, seed=1), zipf_text(15, 500, seed=2)
    options, make = NLTK[name]
    theirs = make(2)
    theirs.vocab = nltk_lm.Vocabulary([w for s in train for w in s], 2, UNKNOWN)
    theirs.fit([list(everygrams(s, max_len=2)) for s in train])
    ours = NGramModel(2, name, min_count=2, **options).fit(train, pad=False)
    assert ours.count([UNKNOWN]) > 0
    ngrams = [tuple(s[max(0, t - 1) : t + 1]) for s in test for t in range(len(s))]
    if name == "mle":  # both give inf for an unseen pair: compare on the pairs that were seen
        ngrams = [g for g in ngrams if ours.count(list(g))]
        test = [list(g) for g in ngrams if len(g) == 2]
        ngrams = [part for g in test for part in ((g[0],), tuple(g))]
    assert ours.perplexity(test) == pytest.approx(theirs.perplexity(ngrams), rel=1e-9)


def test_modified_kneser_ney_equals_a_table_worked_out_by_hand():
    # Bigrams: <s> a 3, a b 2, a c 1, b </s> 2, c </s> 1. No n-gram has count 4, so that the
    # discounts are KenLM's fallback (1/2, 1, 3/2).
    # Continuation counts: a 1 (after <s>), b 1, c 1, </s> 2 (after b and c); total 5.
    # Unigrams: left over (3 · 1/2 + 1) / 5 = 1/2, shared among a b c </s> <unk>, 1/10 each:
    #   a, b, c: (1 − 1/2)/5 + 1/10 = 2/10    </s>: (2 − 1)/5 + 1/10 = 3/10    <unk>: 1/10
    # After a (3 tokens): left over (1 + 1/2)/3 = 1/2:
    #   b: (2 − 1)/3 + 1/2 · 2/10 = 13/30     c: (1 − 1/2)/3 + 1/10 = 8/30
    #   a: 1/2 · 2/10                         </s>: 1/2 · 3/10        <unk>: 1/2 · 1/10
    # After <s>: left over (3/2)/3 = 1/2; a: (3 − 3/2)/3 + 1/10 = 6/10
    # After b: left over 1/2; </s>: (2 − 1)/2 + 1/2 · 3/10 = 13/20
    # After c: left over 1/2; </s>: (1 − 1/2)/1 + 1/2 · 3/10 = 13/20
    model = NGramModel(2, "modified_kneser_ney").fit([["a", "b"], ["a", "c"], ["a", "b"]])
    words = ["a", "b", "c", END, UNKNOWN]
    assert [model.prob(w) for w in words] == pytest.approx([0.2, 0.2, 0.2, 0.3, 0.1])
    after_a = [0.1, 13 / 30, 8 / 30, 0.15, 0.05]
    assert [model.prob(w, ["a"]) for w in words] == pytest.approx(after_a)
    assert model.prob("a", [START]) == pytest.approx(0.6)
    assert model.prob(END, ["b"]) == pytest.approx(13 / 20)
    assert model.prob(END, ["c"]) == pytest.approx(13 / 20)
    assert model.discounts == [(0.5, 1.0, 1.5)] * 2


def test_modified_kneser_ney_keeps_plain_counts_after_the_start_of_a_sentence():
    # Order 3, discounts 1/2 1 3/2. Bigrams <s> a 2, <s> c 1 keep their plain counts (3 tokens).
    # Continuation counts: a 1, c 1, b 2, </s> 1; total 5; left over (3 · 1/2 + 1)/5 = 1/2 for the
    # five words: a: (1 − 1/2)/5 + 1/10 = 2/10.
    # After <s>: left over (1 + 1/2)/3 = 1/2; a: (2 − 1)/3 + 1/2 · 2/10 = 13/30
    model = NGramModel(3, discount=(0.5, 1, 1.5)).fit([["a", "b"], ["a", "b"], ["c", "b"]])
    assert model.prob("a", [START]) == pytest.approx(13 / 30)
    assert model.prob("a", [START, START]) == pytest.approx(13 / 30)
    # the same from sequences that bring their marks with them
    brought = [[START, *s.split(), END] for s in ("a b", "a b", "c b")]
    marked = NGramModel(3, discount=(0.5, 1, 1.5)).fit(brought, pad=False)
    assert marked.log_prob(brought[0]) == pytest.approx(model.log_prob(["a", "b"]))


def test_katz_equals_a_row_worked_out_by_hand():
    # Bigrams a b 2 and a c, b c, c a, d a once: n₁ = 4, n₂ = 1. d₁ = 2 n₂ / n₁ = 1/2, and d₂
    # would be 0 (n₃ = 0), so that count 2 is kept. Unigrams: a 5, b 3, c 3, d 1 of 12.
    # After a (3 tokens): b 2/3, c 1/2 / 3 = 1/6; 1/6 is left for a, d, which have 6/12: α = 1/3.
    pairs = ["ab", "ab", "ac", "bc", "ca", "da"]
    model = NGramModel(2, "katz").fit(pairs, pad=False)
    row = [model.prob(w, ["a"]) for w in "abcd"]
    assert row == pytest.approx([5 / 36, 24 / 36, 6 / 36, 1 / 36])


def test_good_turing_equals_a_row_worked_out_by_hand():
    # a twice, b c d e once: n₁ = 4, n₂ = 1, n₃ = 0. 1* = 2 · 1/4 = 1/2, 2* = 2. Only <unk> is
    # unseen, n₀ = 1, and gets n₁/n₀ = 4. Sum 2 + 4 · 1/2 + 4 = 8.
    model = NGramModel(1, "good_turing").fit(["aabcde"], pad=False)
    assert model.prob("a") == pytest.approx(2 / 8)
    assert model.prob("b") == pytest.approx(1 / 16)
    assert model.prob("?") == pytest.approx(4 / 8)


def test_jelinek_mercer_mixes_the_orders_with_the_weights_given():
    # V = {a, b, <unk>}; p(b) = 0.8 · 2/4 + 0.2 / 3; p(b | a) = 0.5 · 1 + 0.5 p(b)
    model = NGramModel(2, "jelinek_mercer", weights=(0.8, 0.5)).fit(["ab", "ab"], pad=False)
    unigram = 0.8 * 0.5 + 0.2 / 3
    assert model.prob("b") == pytest.approx(unigram)
    assert model.prob("b", ["a"]) == pytest.approx(0.5 + 0.5 * unigram)


def test_jelinek_mercer_weights_reach_the_maximum_of_the_left_out_likelihood():
    # One context, counts 3 and 1: left out, 2/3 and 0. The shorter context says 0.3 and 0.2.
    counts, lower = np.array([3, 1]), np.array([0.3, 0.2])
    weights, mixed = interpolation_weights(counts, np.zeros(2, int), lower, rounds=2000)
    grid = np.linspace(0, 0.999, 1000)[:, None]
    likelihood = (counts * np.log(grid * [2 / 3, 0] + (1 - grid) * lower)).sum(axis=1)
    assert weights[0] == pytest.approx(grid[likelihood.argmax(), 0], abs=2e-3)
    assert mixed == pytest.approx(weights[0] * np.array([2 / 3, 0]) + (1 - weights[0]) * lower)


def test_discounts_estimated_from_counts_of_counts():
    counts = np.repeat([1, 2, 3, 4, 9], [4, 2, 2, 1, 5])  # n₁ … n₄ = 4, 2, 2, 1
    # Y = 4 / (4 + 2·2) = 1/2; 1 − 2·½·2/4, 2 − 3·½·2/2, 3 − 4·½·1/2
    assert modified_discounts(counts) == pytest.approx((0.5, 0.5, 2.0))
    assert absolute_discount(counts) == pytest.approx(0.5)
    # 1* = 2·2/4 = 1; 2* = 3·2/2 = 3 > 2, kept; 3* = 4·1/2 = 2; n₅ = 0: 4 is kept
    assert good_turing_counts(counts)[[0, 4, 6, 8, 9]] == pytest.approx([1, 2, 2, 4, 9])
    # Katz, n₆ = 0: d₁ = 1, d₃ = 2/3, the others out of (0, 1]
    assert katz_counts(counts)[[0, 4, 6, 8, 9]] == pytest.approx([1, 2, 2, 4, 9])
    assert modified_discounts(np.array([7, 7])) == (0.5, 1.0, 1.5)
    assert absolute_discount(np.array([7, 7])) == 0.75


def test_a_discount_of_zero_is_maximum_likelihood_for_what_was_seen():
    smooth = NGramModel(3, "absolute_discounting", discount=0).fit(CATS)
    plain = NGramModel(3, "mle").fit(CATS)
    assert smooth.log_prob(CATS[0]) == pytest.approx(plain.log_prob(CATS[0]))


def test_a_longer_context_is_cut_and_an_unseen_one_falls_back():
    model = NGramModel(2, "witten_bell").fit(CATS)
    assert model.prob("cat", ["on", "mat", "the"]) == model.prob("cat", ["the"])
    assert model.prob("cat", ["zebra"]) == model.prob("cat")
    assert model.prob("zebra", ["the"]) == model.prob(UNKNOWN, ["the"])


def test_more_context_helps_on_a_text_whose_words_depend_on_the_last_one():
    train, test = zipf_text(2000), zipf_text(100, seed=5)
    by_order = [NGramModel(n).fit(train).perplexity(test) for n in (1, 2)]
    assert by_order[1] < by_order[0]
    laplace = NGramModel(2, "laplace").fit(train).perplexity(test)
    assert by_order[1] < laplace


def test_fitting_reads_a_string_as_scoring_does():
    model = NGramModel(1, "mle", vocabulary=Vocabulary(["the", "cat"])).fit(["the cat"])
    assert model.perplexity(["the cat"]) == pytest.approx(3)  # the, cat, </s>: a third each
    with pytest.raises(ValueError, match="sentence 0 already contains <s>"):
        NGramModel(1, vocabulary=Vocabulary(["the", "cat"])).fit(["<s> the cat"])


# --- asking and sampling


def test_next_words_come_in_order_and_never_include_the_start():
    model = NGramModel(2, "mle").fit([["a", "b"], ["a", "b"], ["a", "c"]])
    assert model.next_words(["a"]) == [("b", pytest.approx(2 / 3)), ("c", pytest.approx(1 / 3))]
    assert [w for w, _ in model.next_words(["a"], k=1)] == ["b"]
    assert model.next_words(["zebra"]) == []


def test_samples_repeat_with_their_seed_stop_at_the_end_and_follow_the_probabilities():
    model = NGramModel(2, "mle").fit([["a", "b"], ["a", "b"], ["a", "b"], ["a", "c"]])
    assert model.sample(seed=3) == model.sample(seed=3)
    rng = np.random.default_rng(0)
    drawn = [tuple(model.sample(seed=rng)) for _ in range(2000)]
    assert set(drawn) == {("a", "b"), ("a", "c")}
    # a b has probability 3/4; five standard errors are 5 · √(3/16 / 2000) ≈ 0.05
    assert drawn.count(("a", "b")) / 2000 == pytest.approx(0.75, abs=0.05)
    cold = {tuple(model.sample(seed=rng, temperature=0.01)) for _ in range(50)}
    assert cold == {("a", "b")}
    assert model.sample(seed=rng, context=["b"]) == []
    assert len(NGramModel(1).fit(["ab" * 50], pad=False).sample(7, seed=0)) == 7


# --- bad input


@pytest.mark.parametrize("order", [0, -1, 1.5, "2", True])
def test_an_order_that_is_not_a_positive_whole_number_is_refused(order):
    with pytest.raises(ValueError, match="order is"):
        NGramModel(order)


def test_an_unknown_smoothing_is_refused_with_the_list_of_those_there_are():
    with pytest.raises(ValueError, match="no smoothing 'kn'; there are: mle, lidstone"):
        NGramModel(2, "kn")


@pytest.mark.parametrize("corpus", [[], [[]], [""]])
def test_an_empty_corpus_is_refused(corpus):
    with pytest.raises(ValueError, match="empty"):
        NGramModel(2).fit(corpus)


def test_one_string_in_place_of_sentences_is_refused():
    with pytest.raises(ValueError, match="one string"):
        NGramModel(2).fit("the cat sat")


def test_marks_inside_a_sentence_that_is_to_be_padded_are_refused():
    with pytest.raises(ValueError, match=r"sentence 1 already contains <s>.*pad=False"):
        NGramModel(2).fit([["a"], [START, "a"]])


def test_words_that_are_not_strings_are_refused():
    with pytest.raises(ValueError, match="3 is not a string"):
        NGramModel(2).fit([["a", 3]])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"smoothing": "kneser_ney", "discount": 1.5}, "discount is 1.5"),
        ({"smoothing": "kneser_ney", "discount": (0.5, 1, 1.5)}, "discount is"),
        ({"smoothing": "witten_bell", "discount": 0.5}, "takes no discount"),
        ({"smoothing": "lidstone", "gamma": 0}, "gamma is 0"),
        ({"smoothing": "jelinek_mercer", "weights": (0.5, 0.5, 0.5)}, "weights is"),
        ({"smoothing": "stupid_backoff", "alpha": 2}, "alpha is 2"),
    ],
)
def test_settings_out_of_range_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        NGramModel(2, **options)


def test_a_model_is_asked_only_after_it_was_fitted():
    asked = {"prob": ["a"], "log_prob": [["a"]], "perplexity": [[["a"]]], "count": [["a"]]}
    asked |= {"next_words": [], "sample": [], "coverage": [[["a"]]]}
    for method, arguments in asked.items():
        with pytest.raises(ValueError, match="call fit"):
            getattr(NGramModel(2), method)(*arguments)


def test_a_sentence_of_100000_tokens_is_one_sentence():
    sentence = ["the", "cat", "sat", "on"] * 25_000
    model = NGramModel(5).fit(CATS)
    one = model.log_prob(sentence)
    # From the fifth token on every four tokens look alike: the rest is a multiple of their sum.
    steps = model.token_log_probs([sentence])
    assert one == pytest.approx(steps[:4].sum() + 24_999 * steps[4:8].sum() + steps[-1])


# --- ARPA


@pytest.mark.parametrize("name", ARPA_NAMES)
@pytest.mark.parametrize("pad", [True, False])
def test_arpa_written_and_read_back_gives_the_same_log_probabilities(name, pad, tmp_path):
    text = zipf_text(100)
    model = NGramModel(4, name, min_count=2).fit(text, pad=pad)
    write_arpa(model, tmp_path / "model.arpa")
    again = read_arpa(tmp_path / "model.arpa", pad=pad)
    assert again.order == 4
    test = zipf_text(40, 70, seed=9)
    expected = model.token_log_probs(test)
    assert again.token_log_probs(test) == pytest.approx(expected, abs=1e-9)
    assert again.next_words(["w1"], 3)[0][0] == model.next_words(["w1"], 3)[0][0]


BY_HAND = """
\\data\\
ngram 1=5
ngram 2=2
ngram 3=1

\\1-grams:
-1.0\t<unk>
-99\t<s>\t-0.5
-0.7\t</s>
-0.6\tthe\t-0.2
-0.4\tcat\t-0.1

\\2-grams:
-0.25\t<s> the\t-0.05
-0.3\tthe cat

\\3-grams:
-0.15\t<s> the cat

\\end\\
"""


def test_an_arpa_file_made_by_hand_is_read_as_kenlm_reads_it(tmp_path):
    path = tmp_path / "hand.arpa"
    path.write_text(BY_HAND, encoding="utf-8")
    model = read_arpa(path)
    # <s> the cat </s>: p(the | <s>) is listed, −0.25; p(cat | <s> the) is listed, −0.15;
    # p(</s> | the cat): no trigram, "the cat" has no weight (0), no bigram "cat </s>",
    # weight of cat −0.1, p(</s>) −0.7: −0.8. Sum −1.2.
    assert model.log_prob(["the", "cat"]) == pytest.approx(-1.2 * math.log(10))
    # <s> cat dog: bow(<s>) −0.5 + p(cat) −0.4; bow(cat) −0.1 + p(<unk>) −1.0; p(</s>) −0.7
    steps = np.array([-0.9, -1.1, -0.7]) * math.log(10)
    assert model.token_log_probs([["cat", "dog"]]) == pytest.approx(steps)
    # p(the | <s> the): bow(<s> the) −0.05, bow(the) −0.2, p(the) −0.6
    assert math.log10(model.prob("the", [START, "the"])) == pytest.approx(-0.85)


def test_a_word_that_an_arpa_file_does_not_list_is_impossible(tmp_path):
    path = tmp_path / "no_unknown.arpa"
    path.write_text(
        "\\data\\\nngram 1=3\n\n\\1-grams:\n-99\t<s>\n-0.30103\t</s>\n-0.30103\ta\n\n\\end\\\n",
        encoding="utf-8",
    )
    model = read_arpa(path)
    assert model.prob("dog") == 0
    assert model.distribution().sum() == pytest.approx(1, abs=1e-5)  # 10^-0.30103 twice


@pytest.mark.parametrize("name", [n for n in SMOOTHINGS if n not in ARPA_NAMES])
def test_models_that_do_not_fall_back_on_weights_of_their_own_have_no_arpa_form(name, tmp_path):
    with pytest.raises(ValueError, match="no ARPA form"):
        write_arpa(NGramModel(2, name).fit(CATS), tmp_path / "m.arpa")


def test_words_with_spaces_and_damaged_arpa_files_are_refused(tmp_path):
    path = tmp_path / "m.arpa"
    with pytest.raises(ValueError, match="white space"):
        write_arpa(NGramModel(2).fit(["a b"]), path)
    path.write_text(BY_HAND.replace("ngram 2=2", "ngram 2=3"), encoding="utf-8")
    with pytest.raises(ValueError, match=r"announces \[5, 3, 1\].*holds \[5, 2, 1\]"):
        read_arpa(path)
    path.write_text(BY_HAND.replace("ngram 2=2", "ngram 2=2k"), encoding="utf-8")
    with pytest.raises(ValueError, match=r"m.arpa, line \d: 'ngram 2=2k' does not say how many"):
        read_arpa(path)
    path.write_text(BY_HAND.replace("-0.3\tthe cat", "-0.3\tthe"), encoding="utf-8")
    with pytest.raises(ValueError, match="line 16"):
        read_arpa(path)
    path.write_text(BY_HAND.replace("-0.3\tthe cat", "-0.3\tthe dog"), encoding="utf-8")
    with pytest.raises(ValueError, match="dog"):
        read_arpa(path)


# --- Keras


def test_importing_the_chapter_starts_no_keras():
    code = "import sys, companion.ngram; sys.exit(bool({'keras', 'tensorflow'} & {*sys.modules}))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_one_layer_network_trained_by_gradient_descent_reaches_the_counts():
    from companion.ngram import table

    vocabulary = Vocabulary.from_sentences(CATS)
    ids = [vocabulary.ids([START, *s, END]) for s in CATS]
    counts = table.bigram_counts(ids, len(vocabulary))
    model = table.bigram_table(len(vocabulary))
    losses = table.train_table(model, counts, steps=300)
    # at the start every word is equally likely; at the end H is the entropy of the counts
    assert losses[0] == pytest.approx(math.log(len(vocabulary)), abs=1e-5)
    expected = table.counted_probs(counts)
    p = expected[counts > 0]
    entropy = -(counts[counts > 0] * np.log(p)).sum() / counts.sum()
    assert entropy - 1e-5 <= losses[-1] < entropy + 0.01
    seen = counts.sum(axis=1) > 0
    assert np.abs(table.table_probs(model) - expected)[seen].max() < 0.01
    # and the same numbers are those of the model that counts
    bigrams = NGramModel(2, "mle").fit(CATS)
    assert bigrams.distribution(["the"]) == pytest.approx(expected[vocabulary.ids(["the"])[0]])


@pytest.mark.parametrize("name", SMOOTHINGS)
def test_refitting_to_a_lower_order_equals_fitting_it(name):
    first = NGramModel(3, name, min_count=2).fit(CATS)
    for order in (1, 2, 3):
        again, fresh = first.refit(order=order), NGramModel(order, name, min_count=2).fit(CATS)
        assert (again.token_log_probs(CATS) == fresh.token_log_probs(CATS)).all()


def test_refitting_with_another_smoothing_equals_fitting_it():
    first, fresh = NGramModel(3, "laplace").fit(CATS), NGramModel(3, "katz").fit(CATS)
    again = first.refit(smoothing="katz")
    assert (again.token_log_probs(CATS) == fresh.token_log_probs(CATS)).all()


def test_refitting_drops_a_fixed_discount_where_nothing_is_subtracted():
    first = NGramModel(2, "kneser_ney", discount=0.75).fit(CATS)
    fresh = NGramModel(2, "laplace").fit(CATS)
    again = first.refit(smoothing="laplace")
    assert (again.token_log_probs(CATS) == fresh.token_log_probs(CATS)).all()
    kept = first.refit(smoothing="absolute_discounting")
    assert kept.settings.discount == 0.75


def test_refitting_to_a_lower_order_keeps_the_weights_of_the_orders_that_stay():
    first = NGramModel(2, "jelinek_mercer", weights=(0.8, 0.5)).fit(CATS)
    fresh = NGramModel(1, "jelinek_mercer", weights=(0.8,)).fit(CATS)
    assert (first.refit(order=1).token_log_probs(CATS) == fresh.token_log_probs(CATS)).all()


def test_refitting_refuses_what_was_not_counted():
    model = NGramModel(2, "laplace").fit(CATS)
    with pytest.raises(ValueError, match="order is 0"):
        model.refit(order=0)
    with pytest.raises(ValueError, match="order is 3; only orders up to 2"):
        model.refit(order=3)
    with pytest.raises(ValueError, match="call fit"):
        model.refit(smoothing="modified_kneser_ney")
