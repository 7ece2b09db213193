"""Vectors of whole texts and of words in their contexts. Chapter 6.

What an encoder is for once it is trained: texts of like meaning get like vectors, and a word gets a
vector for each place where it stands, not one for good as in chapter 3. Letters: B batch, T time.
"""

from collections.abc import Sequence

import numpy as np
from keras import ops

from companion.tokenization import WordPiece
from companion.transformer import padded

from .model import Bert


def mean_pooling(x, attention_mask):
    """Σ_t m_t·x_t / Σ_t m_t: the mean of a row's vectors without padding.

    Reimers & Gurevych 2019, §3. `x` (batch, time, d_model), `attention_mask` (batch, time), True
    for tokens; (batch, d_model). A row without tokens gives zeros.
    """
    m = ops.cast(attention_mask, x.dtype)[:, :, None]  # (B, T, 1)
    return ops.sum(x * m, axis=1) / ops.maximum(ops.sum(m, axis=1), 1.0)


def cosine(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """a·b/(|a|·|b|), of each row of `a` (…, width) with each of `b` (…, width): (a rows, b rows).

    Raises `ValueError` for a vector of zeros, which has no direction.
    """
    sides = []
    for side in (np.atleast_2d(a), np.atleast_2d(b)):
        lengths = np.linalg.norm(side, axis=1, keepdims=True)
        if not lengths.all():
            raise ValueError("a vector of zeros has no direction; leave the empty text out")
        sides.append(side / lengths)
    return sides[0] @ sides[1].T


def encode_texts(tokenizer: WordPiece, texts: Sequence[str], longest: int) -> np.ndarray:
    """[CLS] text [SEP] for each text, cut to `longest` ids and padded: int32 (texts, time)."""
    special = tokenizer.special_tokens
    rows = [
        [special["[CLS]"], *tokenizer.encode_ordinary(text)[: longest - 2], special["[SEP]"]]
        for text in texts
    ]
    return padded(rows)


def sentence_vectors(
    bert: Bert, tokenizer: WordPiece, texts: Sequence[str], batch_size: int = 32
) -> np.ndarray:
    """The `mean_pooling` of each text, (texts, d_model); texts past the context lose their ends.

    >>> cosine(*sentence_vectors(Bert.from_minilm(), WordPiece.bert("en"), [text, other]))
    """
    if isinstance(texts, str) or not len(texts):
        raise ValueError("texts is a list of at least one text; put a single one in brackets")
    out = []
    for begin in range(0, len(texts), batch_size):
        part = texts[begin : begin + batch_size]
        ids = encode_texts(tokenizer, part, bert.config.context_length)
        out.append(ops.convert_to_numpy(mean_pooling(bert(ids), ids != 0)))
    return np.concatenate(out)


def word_vectors(
    bert: Bert, tokenizer: WordPiece, texts: Sequence[str], word: str
) -> tuple[np.ndarray, np.ndarray]:
    """A word's vectors in each text, (texts, d_model): in its context, and before any layer.

    The second, the row of E, is the same in every text: what chapter 3 calls the word's vector. Of
    a word of several tokens both are means; of several places in a text the first counts. The
    beginning of a longer word is not the word, also where the context ends before the rest of it.
    Raises `ValueError` for a word without tokens, for a text without the word, and for one in which
    the context does not hold the whole word.
    """
    wanted = tokenizer.encode_ordinary(word)
    if not wanted:
        raise ValueError(f"the word {word!r} has no tokens; give at least one character")
    longest = bert.config.context_length
    ids = encode_texts(tokenizer, texts, longest)
    places = [_find(tokenizer, text, word, longest) for text in texts]
    x = ops.convert_to_numpy(bert(ids))
    contextual = [
        row[at : at + len(wanted)].mean(axis=0) for row, at in zip(x, places, strict=True)
    ]
    table = ops.convert_to_numpy(bert.embedding.embeddings)
    return np.stack(contextual), np.repeat(table[wanted].mean(axis=0)[None], len(texts), axis=0)


def _find(tokenizer: WordPiece, text: str, word: str, longest: int) -> int:
    """Where a word begins in [CLS] text [SEP] of at most `longest` tokens.

    It is looked for in the whole text: what is cut off may be the rest of a longer word.
    """
    row, pieces = (
        [tokenizer.vocab[number] for number in tokenizer.encode_ordinary(of)] for of in (text, word)
    )
    row.append("[SEP]")
    for place in range(len(row) - len(pieces)):
        end = place + len(pieces)
        if row[place:end] == pieces and not row[end].startswith("##"):
            if end > longest - 2:
                raise ValueError(
                    f"the word {word!r} is behind the model's context, {longest} tokens of "
                    f"{text!r}; cut off what stands before it"
                )
            return 1 + place
    raise ValueError(f"the word {word!r} is not in {text!r}; leave that text out")
