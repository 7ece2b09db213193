"""A trained model and its tokenizer: text with gaps in, characters out. Chapter 6.

Letters: B batch, T time, P gaps a row, V vocabulary.
"""

import re
from dataclasses import dataclass

import numpy as np
from keras import ops

from companion import checkpoints
from companion.neural_lm.scoring import log_softmax
from companion.tokenization import WordPiece

from .config import BertConfig
from .masking import gaps
from .model import MaskedBert
from .rows import narrow

MASK = "[MASK]"
CHECKPOINT = "bert-mini-zh"


@dataclass(frozen=True)
class Gap:
    """What may stand in one gap: the `k` likeliest tokens, each with its probability."""

    best: tuple[tuple[str, float], ...]


class Filler:
    """A `MaskedBert` and the tokenizer it was trained with.

    Raises `ValueError` where the two do not belong together.

    >>> load_filler().fill("我在北京[MASK]书", k=5)[0].best
    """

    def __init__(self, model: MaskedBert, tokenizer: WordPiece):
        if len(tokenizer) != model.config.vocab_size or tokenizer.vocab[0] != "[PAD]":
            raise ValueError(
                f"a tokenizer of {len(tokenizer)} tokens, the first {tokenizer.vocab[0]!r}, and a "
                f"model with a vocab_size of {model.config.vocab_size} do not belong together; "
                "the sizes are equal and [PAD] is first"
            )
        self.model, self.tokenizer = model, tokenizer
        self.mask_id = tokenizer.special_tokens[MASK]

    def encode(self, text: str) -> list[int]:
        """[CLS] text [SEP] as ids, [MASK] being a gap.

        Raises `ValueError` for an empty text, one of which the tokenizer keeps nothing (control
        characters), other special tokens, and more than the context.
        """
        if not text.strip():
            raise ValueError("the text is empty; give at least one character")
        special = self.tokenizer.special_tokens
        inside = self.tokenizer.encode(narrow(text), allowed_special={MASK})
        if not inside:
            raise ValueError(
                f"the text {text!r} has no character that the tokenizer keeps; give at least one"
            )
        limit = self.model.config.context_length
        if len(inside) + 2 > limit:
            raise ValueError(
                f"the text has {len(inside)} tokens and the limit is {limit - 2}; shorten it"
            )
        return [special["[CLS]"], *inside, special["[SEP]"]]

    def fill(self, text: str, k: int = 5) -> list[Gap]:
        """The `k` likeliest tokens of each [MASK] in the text, likeliest first.

        Each gap is filled on its own, the others being gaps to it: with several, the best of each
        need not go together. Raises `ValueError` for a text without [MASK], for one that `encode`
        refuses, and for a k outside 1 … V.
        """
        if not 1 <= k <= len(self.tokenizer):
            raise ValueError(f"k is {k}; it is 1 to {len(self.tokenizer)}")
        found = []
        for row in self.gap_log_probs(text):
            order = np.argsort(-row, kind="stable")[:k]
            pairs = ((self.plain(int(i)), float(np.exp(row[i]))) for i in order)
            found.append(Gap(tuple(pairs)))
        return found

    def rank(self, text: str, token: str) -> int:
        """The place of a token among all for the only [MASK] of a text; 1 is the likeliest.

        Raises `ValueError` for a token that is not in the vocabulary and for several gaps.
        """
        if token not in self.tokenizer.token_to_id:
            raise ValueError(f"{token!r} is not in the vocabulary; give a token that is")
        rows = self.gap_log_probs(text)
        if len(rows) != 1:
            raise ValueError(f"{text!r} has {len(rows)} gaps; write {MASK} once")
        return 1 + int((rows[0] > rows[0, self.tokenizer.token_to_id[token]]).sum())

    def gap_log_probs(self, text: str) -> np.ndarray:
        """log p(token | text with its gaps) of each gap, (gaps, vocab_size), in nats."""
        ids = np.array([self.encode(text)], np.int32)
        chosen = ids == self.mask_id
        if not chosen.any():
            raise ValueError(f"{text!r} has no gap; write {MASK} where a character is missing")
        positions, _ = gaps(ids, chosen)
        return self.log_probs(ids, positions)[0]

    def log_probs(self, ids: np.ndarray, positions: np.ndarray) -> np.ndarray:
        """log p at the given positions, (batch, gaps, vocab_size), of ids (batch, time)."""
        return log_softmax(ops.convert_to_numpy(self.model((ids, positions))))

    def pseudo_log_likelihood(self, text: str, batch_size: int = 64) -> np.ndarray:
        """log p(w_i | all other tokens) for each token i, in nats; Salazar et al. 2020, eq. 1.

        Every token in turn is the only gap: as many passes as tokens. The sum is *not* the
        logarithm of a probability of the text: these conditionals need not come from any one
        distribution. Raises `ValueError` for a text with a gap, and as `encode` does.
        """
        row = np.array(self.encode(text), np.int32)
        if (row == self.mask_id).any():
            raise ValueError(f"{text!r} has a gap; give the whole text, without {MASK}")
        places = np.arange(1, len(row) - 1)
        copies = np.repeat(row[None], len(places), axis=0)
        copies[np.arange(len(places)), places] = self.mask_id
        scores = []
        for begin in range(0, len(places), batch_size):
            part = slice(begin, begin + batch_size)
            found = self.log_probs(copies[part], places[part, None].astype(np.int32))
            scores.append(found[np.arange(len(found)), 0, row[places[part]]])
        return np.concatenate(scores)

    def plain(self, number: int) -> str:
        """A token as text, without the marks of a piece inside a word."""
        return re.sub("^##", "", self.tokenizer.vocab[number])


def load_filler(name: str = CHECKPOINT) -> Filler:
    """The filler of a checkpoint (`companion train bert-mini-zh` makes the course's).

    Raises `checkpoints.CheckpointError` where the checkpoint is missing or damaged.
    """
    folder = checkpoints.find(name)
    card = checkpoints.verify(folder)
    model = MaskedBert(BertConfig(**card["config"]))
    checkpoints.read(model, folder)
    return Filler(model, WordPiece.load(folder / "tokenizer.json"))
