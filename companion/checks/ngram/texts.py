"""Random toy texts for the cases of chapter 1, and the counts that several exercises start from.

Conventions of the chapter: a sentence is a list of words; `<s>` stands before the first word and
is never predicted, `</s>` stands after the last one and is predicted like a word.
"""

from collections import Counter
from itertools import pairwise

START, END, UNKNOWN = "<s>", "</s>", "<unk>"
WORDS = ("the", "cat", "sat", "on", "mat", "我", "爱", "中国", "dog", "saw", "a", "red")


def random_sentences(rng, count, vocab_size=6, longest=6):
    """`count` sentences of 1 to `longest` words."""
    lengths = rng.integers(1, longest + 1, count)
    return [[str(w) for w in rng.choice(WORDS[:vocab_size], n)] for n in lengths]


def padded_bigrams(sentences, start=True, end=True, skip_empty=False):
    """{(context, word): count} of the sentences, each padded by itself."""
    counts = Counter()
    for words in sentences:
        if words or not skip_empty:
            padded = [START] * start + list(words) + [END] * end
            counts.update(pairwise(padded))
    return dict(counts)


def random_bigrams(rng, count, **options):
    """The bigram counts of random sentences, the first of them three times."""
    sentences = random_sentences(rng, count, **options)
    return padded_bigrams([*sentences, sentences[0], sentences[0]])


def followers(bigrams, context):
    """{word: count} of what was seen after `context`."""
    return {w: count for (h, w), count in bigrams.items() if h == context}
