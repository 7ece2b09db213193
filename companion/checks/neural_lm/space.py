"""The space of word vectors: the nearest words by cosine."""

import numpy as np

from companion.course.exercise import Exercise, Mistake, Relation
from companion.probes import neural_lm as probes


def _cosine(one, other):
    return one @ other / np.sqrt((one @ one) * (other @ other))


def _nearest(score=_cosine, leave_out=lambda words, scores, word: [word], sort=-1, ask=0):
    """The words with the greatest score, some left out; one part at a time wrong on demand.

    `ask` words more than k are looked at before any is left out; None looks at all.
    """

    def nearest_words(words, vectors, word, k):
        given = vectors[words.index(word)]
        # Row by row: a vector twice as long has exactly the same cosine.
        scores = np.array([score(given, row) for row in vectors])
        order = np.argsort(sort * scores, kind="stable")
        hidden = leave_out(words, scores, word)
        found = [words[i] for i in (order if ask is None else order[: k + ask])]
        return [w for w in found if w not in hidden][:k]

    return nearest_words


def _all_others(words, vectors, word, k):
    return _nearest(ask=None)(words, vectors, word, len(words))


def _itself_last(words, vectors, word, k):
    return [*_all_others(words, vectors, word, k), word][:k]


def _first_dropped(words, vectors, word, k, last=False):
    """The first of the list is taken for the word itself; of equal scores the first or last one."""
    given = vectors[words.index(word)]
    scores = np.array([_cosine(given, row) for row in vectors])
    order = np.argsort(scores, kind="stable")[::-1] if last else np.argsort(-scores, kind="stable")
    return [words[i] for i in order[1 : k + 1]]


def _last_dropped(words, vectors, word, k):
    return _first_dropped(words, vectors, word, k, last=True)


def _columns_scaled(words, vectors, word, k):
    scaled = vectors / np.linalg.norm(vectors, axis=0)
    return _nearest(lambda one, other: one @ other, ask=None)(words, scaled, word, k)


WORDS = ("cat", "dog", "mat", "北京", "上海", "the", "of", "我", "你", "red", "blue", "sat")


ITSELF = "the word itself"


def _space_cases(rng, size):
    count, width = 7 + size % 6, 2 + size % 3
    words = [str(w) for w in rng.permutation(WORDS[:count])]
    # Lengths differ, as those of frequent and rare words do; directions differ, too.
    vectors = rng.normal(size=(count, width)) * rng.uniform(0.3, 3, (count, 1))
    at = int(rng.integers(1, count - 1))
    if size % 4 == 1:
        vectors[0] = 2 * vectors[at]  # the same direction, twice as long: cosine 1, listed before
    if size % 4 == 2:
        vectors[-1] = 2 * vectors[at]  # and listed after
    if size % 4 == 3:
        vectors[0] = -1.5 * vectors[at]  # the opposite
    vectors[:, -1] *= 4  # one coordinate is larger than the others
    k = count + 3 if size == 4 else 2 + size % 3
    return {"words": words, "vectors": vectors, "word": words[at], "k": k}


def _rescaled(case, rng):
    lengths = rng.choice([0.25, 0.5, 2.0, 4.0], (len(case["vectors"]), 1))
    return case | {"vectors": case["vectors"] * lengths}


def _all_in_one_direction(case, rng):
    """Every vector is a multiple of one; the word itself is called by another name."""
    at, count = case["words"].index(case["word"]), len(case["words"])
    words = [ITSELF if i == at else word for i, word in enumerate(case["words"])]
    vectors = rng.permutation(2.0 ** np.arange(count))[:, None] * case["vectors"][at]
    return {"words": words, "vectors": vectors, "word": ITSELF, "k": count - 1}


nearest_words = Exercise(
    name="nearest_words",
    kind="implement",
    title="The nearest words",
    minutes=15,
    difficulty=2,
    cases=_space_cases,
    probe=probes.words,
    reference=_nearest(ask=None),
    relations=[
        Relation(
            "lengths-do-not-matter",
            _rescaled,
            lambda out, rescaled: out["words"] == rescaled["words"],
            "A vector that is made longer or shorter must keep its place: only directions count.",
        ),
        Relation(
            "never-itself",
            _all_in_one_direction,
            lambda out, twins: ITSELF not in twins["words"],
            "When other words have the same direction as the word, the word itself is in your "
            "list: leave it out by its position, not as the first of the ranking.",
        ),
    ],
    mistakes=[
        Mistake(
            "dot-product",
            _nearest(lambda one, other: one @ other, ask=None),
            "You ranked by the dot product, so long vectors win; divide by their lengths.",
        ),
        Mistake(
            "distance",
            _nearest(lambda one, other: -np.linalg.norm(one - other), ask=None),
            "You ranked by distance; a vector in the same direction may be far away because it is "
            "long. Rank by cosine.",
        ),
        Mistake(
            "itself",
            _nearest(leave_out=lambda words, scores, word: []),
            "The word itself is in the list, of course with cosine 1; leave it out.",
        ),
        Mistake(
            "itself-last",
            _itself_last,
            "When k is larger than the number of others the word itself comes back as the last; "
            "a cosine of −∞ only moves it to the end. Leave it out.",
        ),
        Mistake(
            "first-dropped",
            _first_dropped,
            "You dropped the first of the ranking; when another vector has the same direction, "
            "that is not the word itself. Leave it out by its position.",
        ),
        Mistake(
            "first-dropped-backwards",
            _last_dropped,
            "You dropped the end of the ranking as the word itself; when another vector has the "
            "same direction, it may be that one. Leave the word out by its position.",
        ),
        Mistake(
            "one-short",
            _nearest(),
            "You took k words and left the word itself out afterwards, so one is missing; leave "
            "it out first.",
        ),
        Mistake(
            "cosine-one-left-out",
            _nearest(
                leave_out=lambda words, scores, word: [
                    w for w, s in zip(words, scores, strict=True) if s > 1 - 1e-9
                ],
                ask=None,
            ),
            "You left out every word with cosine 1; another word may have the same direction, and "
            "it is the nearest of all.",
        ),
        Mistake(
            "farthest",
            _nearest(sort=1, ask=None),
            "Those are the farthest words: the greatest cosine comes first, and `np.argsort` "
            "begins with the smallest.",
        ),
        Mistake(
            "farthest-first",
            lambda words, vectors, word, k: _nearest(ask=None)(words, vectors, word, k)[::-1],
            "The right words, the wrong way round: the nearest comes first.",
        ),
        Mistake(
            "opposites",
            _nearest(lambda one, other: abs(_cosine(one, other)), ask=None),
            "You took the absolute value, so an opposite counts as near; keep the sign.",
        ),
        Mistake(
            "columns-scaled",
            _columns_scaled,
            "You divided the columns by their length; a word is a row, so take the norm over the "
            "last axis (axis=1, keepdims=True).",
        ),
        Mistake(
            "all-words",
            _all_others,
            "You returned all words; return the first k.",
        ),
    ],
    hints=[
        "The cosine is the dot product of two vectors of length one; how long they were does not "
        "matter.",
        "Divide each row by its norm; one product of a matrix and a vector gives all cosines.",
        "`np.argsort` of the negative cosines gives positions, nearest first; skip the position "
        "of the word before you cut at k.",
    ],
)
