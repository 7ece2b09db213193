"""What a frozen encoder knows: a linear classifier on its vectors. Chapter 9.

The encoder's weights stay as they are; only a logistic regression learns (Alain & Bengio 2017). A
probe finds what is *linearly there*, and a random encoder is part of the answer: much of a text's
class can be read from random vectors of its words, so a score means little without that baseline
(Hewitt & Liang 2019). Letters: B batch, T time, D d_model.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from keras import ops

from companion.bert import CLS_ID, SEP_ID, Bert, encode_texts, mean_pooling, narrow
from companion.tokenization import WordPiece
from companion.transformer import PAD_ID, padded

from .prefix import prefix_lm_mask


class Labels(NamedTuple):
    """Rows of ids (rows, time), and a class for each row, or for each token: "" is none."""

    ids: np.ndarray
    labels: np.ndarray


def text_labels(
    tokenizer: WordPiece, texts: Sequence[str], labels: Sequence[str], longest: int
) -> Labels:
    """Texts with a class each, as [CLS] text [SEP] cut to `longest` ids."""
    ids = encode_texts(tokenizer, [narrow(text) for text in texts], longest)
    return Labels(ids, np.asarray(labels, str))


def token_labels(
    tokenizer: WordPiece, texts: Iterable[Iterable[tuple[str, str]]], longest: int
) -> Labels:
    """Texts as pieces with a class each, `("Ann lives in", ""), ("Rome", "city")`, token by token.

    Every token of a piece has the piece's class; [CLS], [SEP] and pieces of no interest have "".
    What is longer than `longest` ids is cut.
    """
    rows, classes = [], []
    for pieces in texts:
        row, row_classes = [CLS_ID], [""]
        for piece, name in pieces:
            ids = tokenizer.encode_ordinary(narrow(piece))
            row += ids
            row_classes += [name] * len(ids)
        rows.append([*row[: longest - 1], SEP_ID])
        classes.append([*row_classes[: longest - 1], ""])
    ids = padded(rows)
    return Labels(ids, np.array([row + [""] * (ids.shape[1] - len(row)) for row in classes]))


def new_tokens(train: Labels, test: Labels, seed: int = 0) -> tuple[Labels, Labels]:
    """The same token labels, but half of the vocabulary is taught and the other half asked about.

    A probe can learn the class of each token by heart, from any vectors that tell tokens apart,
    random ones too. Of a token that it has never seen with a label it knows only what the encoder
    has put beside its kind.
    """
    size = int(max(train.ids.max(), test.ids.max())) + 1
    taught = np.random.default_rng(seed).permutation(size) % 2 == 0
    return (
        Labels(train.ids, np.where(taught[train.ids], train.labels, "")),
        Labels(test.ids, np.where(taught[test.ids], "", test.labels)),
    )


def vectors(bert: Bert, ids: np.ndarray, causal: bool = False, batch_size: int = 256) -> np.ndarray:
    """The last layer's vectors of rows of ids, (rows, time, d_model); nothing is trained.

    With `causal` every token sees itself and what is before it only: an encoder that was trained
    as a language model has never seen anything else.
    """
    out = []
    for begin in range(0, len(ids), batch_size):
        part = ids[begin : begin + batch_size]
        mask = None
        if causal:
            back = prefix_lm_mask(np.ones(len(part), int), part.shape[1])
            mask = back & (part != PAD_ID)[:, None, :]
        out.append(ops.convert_to_numpy(bert(part, attention_mask=mask)))
    return np.concatenate(out).astype(np.float32)


def examples(bert: Bert, data: Labels, causal: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """(n, d_model) vectors and (n,) classes: means of rows, or single tokens with a label."""
    x = vectors(bert, data.ids, causal)
    if data.labels.ndim == 1:
        return ops.convert_to_numpy(mean_pooling(x, data.ids != PAD_ID)), data.labels
    labelled = data.labels != ""
    return x[labelled], data.labels[labelled]


def probe(
    train: tuple[np.ndarray, np.ndarray], test: tuple[np.ndarray, np.ndarray], strength: float = 1.0
) -> np.ndarray:
    """Whether each test item is classified right by a logistic regression on frozen vectors.

    Both are (vectors, classes). Vectors are scaled to unit variance on the training items first;
    `strength` is 1/λ of the ℓ₂ penalty (scikit-learn's C). Booleans (n,), so that an interval can
    be taken over items.
    """
    from sklearn.linear_model import LogisticRegression  # a second that only probing needs

    (x, y), (new_x, new_y) = train, test
    mean, spread = x.mean(axis=0), np.maximum(x.std(axis=0), 1e-6)
    judge = LogisticRegression(C=strength, max_iter=2000, tol=1e-2)
    judge.fit((x - mean) / spread, y)
    return judge.predict((new_x - mean) / spread) == new_y


def commonest(train: np.ndarray, test: np.ndarray) -> float:
    """The accuracy of always saying the commonest training class: what a probe must beat."""
    classes, counts = np.unique(train, return_counts=True)
    return float((test == classes[np.argmax(counts)]).mean())
