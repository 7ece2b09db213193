"""Counting: padded bigrams, the table that counts would fill, the n-grams never seen before.

The last two are measurements: a table of n-grams has V^n cells, a text fills few of them, and a
new text still asks for others.
"""

from collections import Counter
from functools import partial
from itertools import pairwise

from companion.checks.ngram.texts import END, START, padded_bigrams, random_sentences
from companion.course.exercise import Exercise, Mistake, Relation
from companion.probes import ngram as probes


def _padded(**options):
    return partial(padded_bigrams, **options)


def _across_sentences(sentences):
    return padded_bigrams([[word for words in sentences for word in words]])


def _one_padded_stream(sentences):
    return dict(Counter(pairwise(w for words in sentences for w in (START, *words, END))))


def _last_sentence_only(sentences):
    return padded_bigrams(sentences[-1:])


def _pads_in_place(sentences):
    counts = padded_bigrams(sentences)
    for words in sentences:
        words.insert(0, START)
        words.append(END)
    return counts


def _bigram_cases(rng, size):
    sentences = random_sentences(rng, 1 + size, vocab_size=2 + size)
    if size >= 1:
        sentences.append(list(sentences[0]))  # repeated bigrams: a count above one
    if size >= 2:
        sentences.insert(1, [])  # an empty sentence still has one bigram
    return {"sentences": sentences}


bigram_counts = Exercise(
    name="bigram_counts",
    kind="implement",
    title="Count bigrams",
    minutes=15,
    difficulty=1,
    cases=_bigram_cases,
    probe=probes.pair_counts,
    reference=padded_bigrams,
    relations=[
        Relation(
            "order-of-sentences",
            lambda case, rng: {"sentences": case["sentences"][::-1]},
            lambda out, back: (
                out["words"] == back["words"] and list(out["counts"]) == list(back["counts"])
            ),
            "The order of the sentences must not matter: no bigram spans two of them.",
        ),
    ],
    mistakes=[
        Mistake(
            "no-end",
            _padded(end=False),
            "The last word of a sentence is a context too, of `</s>`; pad at the end.",
        ),
        Mistake(
            "no-start",
            _padded(start=False),
            "The first word of a sentence has a context too, `<s>`; pad at the front.",
        ),
        Mistake(
            "no-padding",
            _padded(start=False, end=False),
            "Nothing says how sentences begin and end; put `<s>` before and `</s>` after each.",
        ),
        Mistake(
            "across-sentences",
            _across_sentences,
            "You joined the sentences before you padded, so bigrams span two of them; pad and "
            "count each sentence by itself.",
        ),
        Mistake(
            "end-to-start",
            _one_padded_stream,
            "You counted (`</s>`, `<s>`) where one sentence ends and the next begins; `<s>` is "
            "never predicted, so count each sentence by itself.",
        ),
        Mistake(
            "each-once",
            lambda sentences: dict.fromkeys(padded_bigrams(sentences), 1),
            "Every count is 1: add to the count that is already there.",
        ),
        Mistake(
            "reversed",
            lambda sentences: {(w, h): n for (h, w), n in padded_bigrams(sentences).items()},
            "Your keys are (word, context); the context comes first.",
        ),
        Mistake(
            "skips-empty",
            _padded(skip_empty=True),
            "You skipped the empty sentence; padded, it is one bigram, `<s>` then `</s>`.",
        ),
        Mistake(
            "last-sentence",
            _last_sentence_only,
            "Only the last sentence was counted; make the dictionary once, before the loop.",
        ),
        Mistake(
            "changes-input",
            _pads_in_place,
            "The counts are right, but you padded the caller's lists in place; pad a copy.",
        ),
    ],
    hints=[
        "A bigram model must also learn which words begin a sentence and which end it.",
        "One loop over the sentences; inside it a padded copy, and pairs of neighbours.",
        "`itertools.pairwise` gives the neighbours in a list, `Counter.update` counts them.",
    ],
)


def _table_growth(cells=pow, step=1, last=True, distinct=True):
    """The size of an n-gram table and how much of it a text fills, or a wrong idea of either."""

    def table_growth(words, order):
        starts = range(0, len(words) - order + last, step)
        ngrams = [tuple(words[i : i + order]) for i in starts]
        seen = len(set(ngrams)) if distinct else len(ngrams)
        return cells(len(set(words)), order), seen

    return table_growth


def _cells_of_tokens(words, order):
    return len(words) ** order, _table_growth()(words, order)[1]


def _ragged_end(words, order):
    ngrams = {tuple(words[i : i + order]) for i in range(len(words))}
    return len(set(words)) ** order, len(ngrams)


def _table_cases(rng, size):
    order = (1, 2, 3, 4, 5, 2, 3, 4)[size % 8]
    words = random_sentences(rng, 1, vocab_size=3 + size, longest=1)[0]
    words += [w for s in random_sentences(rng, 4, vocab_size=3 + size) for w in s]
    # The text comes twice, so n-grams repeat; its last word is new, so the last window counts.
    return {"words": [*words, *words, *words[: order + 1], "end"], "order": order}


table_growth = Exercise(
    name="table_growth",
    kind="measure",
    title="How an n-gram table grows",
    minutes=15,
    difficulty=2,
    cases=_table_cases,
    probe=probes.size_and_seen,
    reference=_table_growth(),
    mistakes=[
        Mistake(
            "linear",
            _table_growth(cells=lambda v, n: v * n),
            "You let the table grow linearly with the vocabulary; each of the n places can hold "
            "any of the V words, so multiply V by itself, n times.",
        ),
        Mistake(
            "contexts",
            _table_growth(cells=lambda v, n: v ** (n - 1)),
            "That is the number of contexts, the rows; each row has a cell for every word.",
        ),
        Mistake(
            "swapped",
            _table_growth(cells=lambda v, n: n**v),
            "Base and exponent are swapped: n places, V choices for each.",
        ),
        Mistake(
            "tokens-for-vocabulary",
            _cells_of_tokens,
            "You used the length of the text for V; the vocabulary holds each word once.",
        ),
        Mistake(
            "repeats-counted",
            _table_growth(distinct=False),
            "You counted every n-gram of the text; a cell is filled once, however often its "
            "n-gram comes back.",
        ),
        Mistake(
            "last-window",
            _table_growth(last=False),
            "The n-gram that ends with the last word is missing; there are N - n + 1 windows.",
        ),
        Mistake(
            "ragged-end",
            _ragged_end,
            "Slices at the end of the text are shorter than n and are no n-grams; stop N - n + 1 "
            "positions from the start.",
        ),
        Mistake(
            "blocks",
            lambda words, order: _table_growth(step=order)(words, order),
            "You cut the text into blocks; n-grams overlap, a new one starts at every word.",
        ),
    ],
    hints=[
        "A full table has one cell for every n-gram that could be written with the vocabulary, "
        "sense or nonsense.",
        "Two numbers: a power of the vocabulary size, and the size of a set of tuples.",
        "A tuple of `order` neighbouring words starts at every position that leaves room for it.",
    ],
)


def _ngrams(sentences, order):
    return [tuple(s[i : i + order]) for s in sentences for i in range(len(s) - order + 1)]


def _unseen_rate(train, test, order, kind=list):
    """The share of the n-grams of `test` (tokens, or `kind=set` types) that `train` lacks."""
    known, asked = set(_ngrams(train, order)), kind(_ngrams(test, order))
    return sum(g not in known for g in asked) / len(asked)


def _joined(train, test, order):
    one, other = ([w for words in text for w in words] for text in (train, test))
    return _unseen_rate([one], [other], order)


def _training_joined(train, test, order):
    return _unseen_rate([[w for words in train for w in words]], test, order)


def _per_training_ngram(train, test, order):
    rate = _unseen_rate(train, test, order)
    return rate * len(_ngrams(test, order)) / len(_ngrams(train, order))


def _types_over_tokens(train, test, order):
    asked = _ngrams(test, order)
    return len(set(asked) - set(_ngrams(train, order))) / len(asked)


def _unseen_cases(rng, size):
    order = 1 + size % 3
    # Joined end to end, the first two would hold "saw snow", for which the test asks.
    train = [["we", "saw"], ["snow", "fell"]]
    train += random_sentences(rng, 4 + size, vocab_size=4, longest=7)
    train.append(["the", "cat", "sat", "on"])
    # A known sentence, one with new words three times over (tokens are not types), a short one
    # (too short for a trigram: nothing may span two sentences), and more.
    news = ["a", "red", "dog", "saw", "the", "cat"]
    test = [train[-1], news, news, news, ["cat"], ["saw", "snow", "fell"], ["we", "saw", "snow"]]
    test += random_sentences(rng, 2 + size)
    return {"train": train, "test": test, "order": order}


unseen_rate = Exercise(
    name="unseen_rate",
    kind="measure",
    title="How many n-grams of a new text are new",
    minutes=15,
    difficulty=2,
    cases=_unseen_cases,
    probe=probes.scalar,
    reference=_unseen_rate,
    relations=[
        Relation(
            "test-read-twice",
            lambda case, rng: case | {"test": case["test"] * 2},
            lambda out, twice: abs(out["value"] - twice["value"]) < 1e-9,
            "The same test text read twice must have the same rate.",
        ),
    ],
    mistakes=[
        Mistake(
            "seen",
            lambda train, test, order: 1 - _unseen_rate(train, test, order),
            "That is the share that was seen; the question is the rest.",
        ),
        Mistake(
            "types",
            partial(_unseen_rate, kind=set),
            "You counted each different n-gram once; a model stumbles each time, so count every "
            "occurrence in the test text.",
        ),
        Mistake(
            "types-over-tokens",
            _types_over_tokens,
            "Above you count each different n-gram once, below every occurrence; count "
            "occurrences in both places.",
        ),
        Mistake(
            "percent",
            lambda train, test, order: 100 * _unseen_rate(train, test, order),
            "That is a percentage; return a share between 0 and 1.",
        ),
        Mistake(
            "swapped",
            lambda train, test, order: _unseen_rate(test, train, order),
            "You asked which training n-grams are missing from the test text; it is the other way "
            "round.",
        ),
        Mistake(
            "words-only",
            lambda train, test, order: _unseen_rate(train, test, 1),
            "You looked for unseen words; an n-gram of known words can be unseen as well.",
        ),
        Mistake(
            "across-sentences",
            _joined,
            "You joined the sentences, so n-grams span two of them; stay inside each sentence.",
        ),
        Mistake(
            "training-joined",
            _training_joined,
            "You joined the training sentences, so n-grams that span two of them count as known; "
            "stay inside each sentence.",
        ),
        Mistake(
            "divides-by-training",
            _per_training_ngram,
            "You divided by the number of training n-grams; divide by those of the test text.",
        ),
    ],
    hints=[
        "The rate says how often a model without smoothing would give the next word probability "
        "zero.",
        "A set of tuples from the training text; then every n-gram of the test text, one by one.",
        "A short inner function that lists the n-grams of some sentences serves both texts.",
    ],
)
