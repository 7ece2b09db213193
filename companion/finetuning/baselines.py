"""What a network must beat: the commonest class, words counted, tags from neighbours. Ch. 10.

Each is honest: it reads the same training items and nothing else, and none of it is tuned on the
test items. scikit-learn is imported where it is used.
"""

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np

from .items import Asked, Example, Rewrite, TaggedText
from .tags import FORBIDDEN, allowed_transitions, viterbi


def commonest(train: Sequence[Example], test: Sequence[Example]) -> list[str]:
    """The commonest class, whatever the text."""
    label = Counter(item.label for item in train).most_common(1)[0][0]
    return [label] * len(test)


def bag_of_words(
    train: Sequence[Example], test: Sequence[Example], by: str = "word", n: int = 2
) -> list[str]:
    """Logistic regression on TF-IDF of 1- to n-grams; Salton & Buckley 1988, Ng & Jordan 2002.

    `by` is "word" or, where words are not parted by blanks, "char". The two texts of a pair are one
    bag. Raises `ValueError` as scikit-learn does, for one class.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    pattern = r"(?u)\b\w+\b" if by == "word" else None  # words of one letter count too
    vectors = TfidfVectorizer(analyzer=by, ngram_range=(1, n), token_pattern=pattern)
    texts, others = ([f"{item.text} {item.second}" for item in items] for items in (train, test))
    model = LogisticRegression(C=10.0, max_iter=1000)
    model.fit(vectors.fit_transform(texts), [item.label for item in train])
    return [str(label) for label in model.predict(vectors.transform(others))]


# What is looked at to tag a word: itself and its neighbours, one by one, in twos and in threes.
WINDOWS = ((0,), (-1,), (1,), (-2,), (2,), (-2, -1), (-1, 0), (0, 1), (1, 2), (-1, 0, 1))
GOLDEN = np.uint64(0x9E3779B97F4A7C15)  # Fibonacci hashing: 2⁶⁴ over the golden ratio
BUCKETS = 1 << 20  # features are hashed: two that fall together are rare, and do little harm


class WindowTagger:
    """Logistic regression of a word's tag on the words around it; no network, no CRF.

    Each combination of `WINDOWS` is a feature (Ratnaparkhi 1996 for tagging, without the tags
    before); the tags of a text are chosen together by `viterbi`, as the network's are. The weights
    of each tag are learned by stochastic gradient descent, `epochs` rounds. Features are hashed
    into `buckets`: fewer are faster, and more features fall together.
    """

    def __init__(self, train: Sequence[TaggedText], epochs: int = 5, buckets: int = BUCKETS):
        from sklearn.linear_model import SGDClassifier

        self.buckets = buckets
        counts = Counter(word for item in train for word in item.words)
        self.numbers = {word: i + 1 for i, word in enumerate(counts)}
        self.model = SGDClassifier("log_loss", alpha=1e-6, max_iter=epochs, tol=None)
        self.model.set_params(random_state=0)
        tags = [tag for item in train for tag in item.tags]
        self.model.fit(self._features([item.words for item in train]), tags)
        self.tags = [str(tag) for tag in self.model.classes_]
        self.transitions = np.where(allowed_transitions(self.tags), 0.0, FORBIDDEN)
        self.beginning = np.where([tag[0] == "I" for tag in self.tags], FORBIDDEN, 0.0)

    def tag(self, texts: Sequence[Sequence[str]]) -> list[list[str]]:
        """A tag a word for each text."""
        if not any(texts):
            return [[] for _ in texts]
        scores = self.model.decision_function(self._features(texts))
        if scores.ndim == 1:  # two tags: scikit-learn gives the second one's score
            scores = np.stack([-scores, scores], axis=1)
        found, begin = [], 0
        for words in texts:
            own = scores[begin : begin + len(words)].copy()
            begin += len(words)
            if len(words):
                own[0] += self.beginning
            path = viterbi(own, self.transitions) if len(words) else []
            found.append([self.tags[i] for i in path])
        return found

    def _features(self, texts: Sequence[Sequence[str]]):
        """A sparse row a word, with a 1 for each of its windows."""
        from scipy.sparse import csr_matrix

        edge, ends = [0, 0], [False, False]  # two words that are none, before and behind each text
        flat, real = [], []
        for words in texts:
            flat += [*edge, *(self.numbers.get(word, -1) for word in words), *edge]
            real += [*ends, *([True] * len(words)), *ends]
        ids, inside = np.array(flat).astype(np.uint64), np.flatnonzero(real)
        columns = np.empty((len(inside), len(WINDOWS)), np.int64)
        for number, window in enumerate(WINDOWS):
            mixed = np.full(len(inside), number + 1, np.uint64)
            for step in window:
                mixed = (mixed ^ ids[inside + step]) * GOLDEN
                mixed ^= mixed >> np.uint64(29)
            columns[:, number] = mixed % self.buckets
        rows = np.arange(len(inside) + 1) * len(WINDOWS)
        ones = np.ones(columns.size, np.float32)
        return csr_matrix((ones, columns.ravel(), rows), shape=(len(inside), self.buckets))


def window_tags(
    train: Sequence[TaggedText], test: Sequence[TaggedText], buckets: int = BUCKETS
) -> list[list[str]]:
    """The tags of a `WindowTagger`."""
    return WindowTagger(train, buckets=buckets).tag([item.words for item in test])


def bag_and_tags(
    train: Sequence[TaggedText],
    test: Sequence[TaggedText],
    by: str = "word",
    buckets: int = BUCKETS,
) -> list[dict]:
    """Intents by a `bag_of_words`, slots by a `WindowTagger`."""
    blank = " " if by == "word" else ""
    texts = [
        [Example(item.id, blank.join(item.words), item.label) for item in items]
        for items in (train, test)
    ]
    intents = bag_of_words(*texts, by=by, n=2 if by == "word" else 3)
    tags = window_tags(train, test, buckets)
    return [{"intent": i, "tags": t} for i, t in zip(intents, tags, strict=True)]


def overlapping_sentence(train: Sequence[Asked], test: Sequence[Asked]) -> list[str]:
    """Of the sentence that shares most words with the question, the last word that is new.

    What reading comprehension is without reading; the earlier of equals.
    """
    found = []
    for item in test:
        asked = set(_plain(item.question))
        sentences = [_plain(one) for one in re.split(r"(?<=[.!?])\s+", item.text)]
        best = max(sentences, key=lambda words: len(asked & set(words)))
        new = [word for word in best if word not in asked]
        found.append(new[-1] if new else "")
    return found


def lead(train: Sequence[Rewrite], test: Sequence[Rewrite], sentences: int = 3) -> list[str]:
    """The first sentences of the text for its summary; of news hard to beat (Nenkova 2005)."""
    return [" ".join(re.split(r"(?<=[.!?])\s+", item.text)[:sentences]) for item in test]


def nearest_target(train: Sequence[Rewrite], test: Sequence[Rewrite]) -> list[str]:
    """What was to be written for the training source of the nearest TF-IDF vector, by cosine."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectors = TfidfVectorizer(ngram_range=(1, 2), token_pattern=r"(?u)\b\w+\b")
    known = vectors.fit_transform([f"{item.second} {item.text}" for item in train])
    asked = vectors.transform([f"{item.second} {item.text}" for item in test])
    return [train[int((known @ one.T).toarray().argmax())].target for one in asked]


def _plain(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())
