"""The baseline of every translator: say what the most similar known sentence was translated to.

Chapter 5. What a model must beat to have learnt more than its examples.
"""

from array import array
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from companion import metrics


class NearestNeighbour:
    """argmaxᵢ 2·|q ∩ sᵢ|/(|q| + |sᵢ|) over known sources sᵢ, as sets of word 1- and 2-grams (Dice).

    Words are those of BLEU: characters in Chinese. Of equals the first known wins, and also where
    nothing is shared. Raises `ValueError` for another language or no pairs.

    >>> NearestNeighbour(pairs, to="zh").translate(["Sara is a teacher."])
    ['萨拉是一名学生。']
    """

    def __init__(self, pairs, to: str):
        if to not in ("en", "zh") or not len(pairs):
            raise ValueError(f"{len(pairs)} pairs to translate to {to!r}; to is 'en' or 'zh'")
        self.tokenize = "13a" if to == "zh" else "zh"
        known, self.answers = zip(
            *((p.source, p.target) if to == "zh" else (p.target, p.source) for p in pairs),
            strict=True,
        )
        places: dict[object, array] = defaultdict(lambda: array("l"))
        sizes = []
        for i, text in enumerate(known):
            grams = self._grams(text)
            sizes.append(len(grams))
            for gram in grams:
                places[gram].append(i)
        self.sizes = np.array(sizes)
        self.places = {gram: np.array(found) for gram, found in places.items()}

    def translate(self, texts: Sequence[str]) -> list[str]:
        """The translation of each text's nearest known neighbour."""
        return [self.answers[self.nearest(text)] for text in texts]

    def nearest(self, text: str) -> int:
        """The place of the most similar known source."""
        grams = self._grams(text)
        found = [self.places[gram] for gram in grams if gram in self.places]
        if not found:
            return 0
        shared = np.bincount(np.concatenate(found), minlength=len(self.sizes))
        return int(np.argmax(2 * shared / (self.sizes + len(grams))))

    def _grams(self, text: str) -> set:
        words = metrics.bleu_words(text, self.tokenize)
        return set(words) | set(pairwise(words))
