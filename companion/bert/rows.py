"""From texts to rows of ids: characters as tokens, and ways to fill a row. Chapter 6.

RoBERTa (Liu et al. 2019, §4.2) compared the ways. `pairs.make_pairs` makes pairs of single
sentences with next sentences to predict, their SENTENCE-PAIR (BERT's own pairs had spans of several
sentences, and did better); `document_sentences` and `full_sentences` leave those out. They are
functions of the data: the model stays the same. A document is a list of sentences, a sentence a
list of ids.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from companion.tokenization import WordPiece, bert_words
from companion.tokenization.wordpiece import BERT_SPECIALS
from companion.transformer import padded

CLS_ID, SEP_ID = BERT_SPECIALS.index("[CLS]"), BERT_SPECIALS.index("[SEP]")

Documents = Sequence[Sequence[Sequence[int]]]

# A sentence is what ends in one of these, closing quotes included, or at the end of a line.
_SENTENCE = re.compile(r"[^。！？!?；;…\n]*[。！？!?；;…]+[”’」』）)\"]*|[^。！？!?；;…\n]+")
_NARROW = {
    wide: wide - 0xFEE0
    for wide in range(0xFF01, 0xFF5F)
    if chr(wide - 0xFEE0).isalnum()  # １９９８ and ＡＢＣ; Chinese punctuation stays as it is
}


def narrow(text: str) -> str:
    """Full-width letters and digits as ASCII: １９９８年，ＡＢＣ → 1998年，ABC."""
    return text.translate(_NARROW)


def split_sentences(text: str) -> list[str]:
    """The sentences of a Chinese text, each with its end; lines end sentences too.

    >>> split_sentences("我爱书。你呢？")
    ['我爱书。', '你呢？']
    """
    return [found for sentence in _SENTENCE.findall(text) if (found := sentence.strip())]


def character_tokenizer(texts: Iterable[str], at_least: int = 1) -> WordPiece:
    """A WordPiece whose pieces are single characters seen `at_least` times, commonest first.

    Behind the special tokens, [PAD] being 0. Chinese characters are words of their own, as in
    BERT's Chinese model; letters and digits inside a word carry ##. Raises `ValueError` where no
    character is left.
    """
    words = Counter(word for text in texts for word in bert_words(narrow(text)))
    counts: Counter[str] = Counter()
    for word, count in words.items():
        for place, letter in enumerate(word):
            counts["##" * (place > 0) + letter] += count
    kept = [piece for piece, count in counts.items() if count >= at_least]
    if not kept:
        raise ValueError(f"no character stands {at_least} times in the texts; lower at_least")
    kept.sort(key=lambda piece: (-counts[piece], piece))
    return WordPiece([*BERT_SPECIALS, *kept])


def encode_documents(tokenizer: WordPiece, texts: Iterable[str]) -> list[list[list[int]]]:
    """Each text as its sentences, each sentence as ids; empty ones are left out."""
    documents = []
    for text in texts:
        found = (tokenizer.encode_ordinary(s) for s in split_sentences(narrow(text)))
        if document := [sentence for sentence in found if sentence]:
            documents.append(document)
    return documents


def document_sentences(
    documents: Documents, length: int, cls_id: int = CLS_ID, sep_id: int = SEP_ID
) -> np.ndarray:
    """[CLS] sentences [SEP]: as many of one document as fit, padded; Liu et al. 2019, §4.2.

    Their DOC-SENTENCES. int32 (rows, length). A sentence that fills more than a row is cut.
    Raises `ValueError` for a length below 3 or no sentence.
    """
    rows: list[list[int]] = []
    for document in documents:
        room = 0
        for piece in _cut(document, length):
            if len(piece) > room:
                rows.append([])
                room = length - 2
            rows[-1] += piece
            room -= len(piece)
    return _framed(rows, length, cls_id, sep_id)


def full_sentences(
    documents: Documents, length: int, cls_id: int = CLS_ID, sep_id: int = SEP_ID
) -> np.ndarray:
    """The same across documents, a [SEP] where one ends: hardly any padding; ibid., §4.2.

    Their FULL-SENTENCES. Raises as `document_sentences` does.
    """
    rows: list[list[int]] = []
    room = 0
    for document in documents:
        for number, piece in enumerate(_cut(document, length)):
            border = [sep_id] * (number == 0 and 0 < room < length - 2)
            if len(border) + len(piece) > room:
                rows.append([])
                room, border = length - 2, []
            rows[-1] += border + piece
            room -= len(border) + len(piece)
    return _framed(rows, length, cls_id, sep_id)


def _cut(document: Sequence[Sequence[int]], length: int) -> Iterable[list[int]]:
    """The sentences, those cut that are longer than a row."""
    if length < 3:
        raise ValueError(f"length is {length}; [CLS], one token and [SEP] need 3")
    for sentence in document:
        for begin in range(0, len(sentence), length - 2):
            yield list(sentence[begin : begin + length - 2])


def _framed(rows: list[list[int]], length: int, cls_id: int, sep_id: int) -> np.ndarray:
    if not rows:
        raise ValueError("the documents hold no sentence")
    return padded([[cls_id, *row, sep_id] for row in rows], length)
