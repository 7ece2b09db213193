"""Which source words a translator looked at for each word that it wrote. Chapter 5.

Cross-attention read as an alignment of words (Bahdanau et al. 2015, §5.2.1 did so first). Where a
sentence's true alignment is known, as in `microworld`, the reading is scored. Letters: S source
length, T target length.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from keras import ops

from companion.attention import padding_mask

from .learning import shift_right
from .model import PAD_ID
from .translation import END_ID, START_ID, Translator, padded, target_ids


@dataclass(frozen=True)
class Alignment:
    """Cross-attention of one sentence: `weights` (layers, heads, target, source), rows sum to one.

    `source` and `target` are the tokens as text, the source's first one being the tag of the
    language, the target's last one the end. A character cut into several tokens shows as "�".
    """

    source: tuple[str, ...]
    target: tuple[str, ...]
    weights: np.ndarray
    source_bytes: tuple[int, ...]  # how many bytes of the text each token covers
    target_bytes: tuple[int, ...]

    def matrix(self, layer: int = -1) -> np.ndarray:
        """The mean over the heads of one layer, (target, source): what a figure shows."""
        return self.weights[layer].mean(axis=0)


def alignment(
    translator: Translator, text: str, to: str, translation: str | None = None
) -> Alignment:
    """The cross-attention of a text and its translation, by default the translator's own.

    A given `translation` is forced: row t is what the decoder looks at when it has read the true
    tokens before t and is to write token t. Raises `ValueError` as `Translator.translate` does.
    """
    source = translator.check(text, to)
    if translation is None:
        written = [*translator.decode(padded([source]))[0], END_ID]
    else:
        written = target_ids(translator.tokenizer, translation)
    written = written[: translator.model.config.context_length]
    ids, target = padded([source]), padded([written])
    model = translator.model
    shown = ops.convert_to_tensor(shift_right(target, START_ID))
    _, weights = model.decode(
        shown, model.encode(ops.convert_to_tensor(ids)), padding_mask(ids, PAD_ID), True
    )
    vocab, specials = translator.tokenizer.vocab, translator.tokenizer.special_tokens.values()
    names = [tuple(vocab[i].decode("utf-8", "replace") for i in row) for row in (source, written)]
    sizes = [tuple(0 if i in specials else len(vocab[i]) for i in row) for row in (source, written)]
    stacked = np.stack([ops.convert_to_numpy(layer)[0] for layer in weights])  # (layers, H, T, S)
    return Alignment(*names, stacked, *sizes)


def word_weights(
    found: Alignment,
    source_words: Sequence[str],
    target_words: Sequence[str],
    source_text: str,
    target_text: str,
    layer: int = -1,
) -> np.ndarray:
    """Attention between words, (target words, source words): a token's weight goes to its word.

    Summed over a source word's tokens, averaged over a target word's; what falls on the tag and
    the end is left out. Words are found in the texts one after the other, whatever their case.
    Raises `ValueError` for a word that is not there.
    """
    to_source = _owners(found.source_bytes, _spans(source_words, source_text))  # (words, tokens)
    to_target = _owners(found.target_bytes, _spans(target_words, target_text))
    to_target = to_target / np.maximum(to_target.sum(axis=1, keepdims=True), 1)
    return to_target @ found.matrix(layer) @ to_source.T


def alignment_accuracy(weights: np.ndarray, gold: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """How many target words look most at a source word of theirs: (right, words that have one).

    `weights` (target words, source words), `gold` pairs (source word, target word).
    """
    sources: dict[int, set[int]] = {}
    for i, j in gold:
        sources.setdefault(j, set()).add(i)
    right = sum(int(np.argmax(weights[j])) in wanted for j, wanted in sources.items())
    return right, len(sources)


def _spans(words: Sequence[str], text: str) -> list[tuple[int, int]]:
    """The bytes (from, to) of each word in a text, in order."""
    lowered, spans, place = text.lower(), [], 0
    for word in words:
        begin = lowered.find(word.lower(), place)
        if begin < 0:
            raise ValueError(f"the word {word!r} is not in {text[place:]!r}")
        place = begin + len(word)
        spans.append(tuple(len(text[:end].encode()) for end in (begin, place)))
    return spans


def _owners(sizes: Sequence[int], spans: Sequence[tuple[int, int]]) -> np.ndarray:
    """1 where a token overlaps a word, (words, tokens); a token of several words is shared out."""
    ends = np.cumsum(sizes)
    begins = ends - sizes
    from_, to = np.array(spans).T
    overlap = np.minimum(to[:, None], ends) - np.maximum(from_[:, None], begins)
    owned = (overlap > 0).astype(float)
    return owned / np.maximum(owned.sum(axis=0), 1)
