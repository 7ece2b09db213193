"""Where fine-tuning starts: an encoder, its tokenizer, and what of it is to move. Chapter 10."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np

from companion import checkpoints
from companion.bert import Bert, BertConfig, load_filler, narrow, start_from_neighbours
from companion.tokenization import WordPiece
from companion.transformer import TransformerConfig, padded

from .additions import PROJECTIONS, add_adapters, add_lora
from .freezing import freeze
from .heads import FineTuned
from .reading import MARKS, Reader, start_to_read

MINILM = "minilm"  # a corpus of real weights; every other name is that of a checkpoint
READER = "reader"  # the kind, on its card, of a checkpoint that is an encoder alone
METHODS = ("full", "frozen", "lora", "adapter", "scratch")


class Start(NamedTuple):
    """An encoder's config and weights (None: new ones), and the tokenizer that goes with it."""

    config: BertConfig | TransformerConfig
    weights: list[np.ndarray] | None
    tokenizer: WordPiece


def load_start(name: str) -> Start:
    """MiniLM with BERT's English WordPiece, or the encoder of a checkpoint.

    A checkpoint fills gaps (chapter 6), or it is an encoder that its card calls "reader". Raises
    `CorpusUnavailable` or `checkpoints.CheckpointError`, with what to do about it.
    """
    if name == MINILM:
        encoder, tokenizer = Bert.from_minilm(), WordPiece.bert("en")
    elif checkpoints.card(checkpoints.find(name)).get("kind") == READER:
        encoder, tokenizer = _load_reader(checkpoints.find(name))
    else:
        filler = load_filler(name)
        encoder, tokenizer = filler.model.bert, filler.tokenizer
    # The pooler is left behind: heads have their own way from vectors to one vector.
    weights = [np.asarray(w) for w in encoder.weights if "/pooler/" not in w.path]
    return Start(dataclasses.replace(encoder.config, pooler=False), weights, tokenizer)


def _load_reader(folder: Path) -> tuple[Bert, WordPiece]:
    """An encoder without a head, and its tokenizer."""
    encoder = Bert(BertConfig(**checkpoints.verify(folder)["config"]))
    checkpoints.read(encoder, folder)
    return encoder, WordPiece.load(folder / "tokenizer.json")


def blank_start(
    texts: Sequence[str], vocab_size: int = 2000, num_segments: int = 1, **sizes
) -> Start:
    """No weights, and a WordPiece of the texts; `sizes` are the other numbers of the config.

    With `reading.MARKS` segments the model is a `reading.Reader`: for texts that are asked about.
    """
    tokenizer = WordPiece.train([narrow(text) for text in texts], vocab_size)
    config = BertConfig(vocab_size=len(tokenizer), pooler=False, num_segments=num_segments, **sizes)
    return Start(config, None, tokenizer)


def new_model(start: Start, head: keras.layers.Layer, method: str = "full") -> FineTuned:
    """head(encoder(ids)) with the start's weights, of which `method` lets a part move.

    "full" moves everything; "frozen" the head alone; "lora" and "adapter" the head and what they
    add ("adapter" each block's two norms too); "scratch" everything, from new weights: what
    pretraining is worth is measured against it. Made in the precision that is set. Raises
    `ValueError` for another method, and for one that needs weights which the start has not.
    """
    if method not in METHODS:
        raise ValueError(f"method is {method!r}; it is one of {', '.join(METHODS)}")
    encoder = Bert(start.config, name="encoder")
    marked = start.config.num_segments == MARKS
    if method == "scratch":
        (start_to_read if marked else start_from_neighbours)(encoder)
    elif start.weights is None:
        raise ValueError(f"method is {method!r}, and there are no weights; only scratch needs none")
    else:
        encoder.set_weights(start.weights)
    model = (Reader if marked else FineTuned)(encoder, head)
    # What is added, here and below, has an edition in the course's `tasks.base.ADDED`.
    thin = min(16, start.config.d_model // 8)  # of MiniLM's weights LoRA then moves 2.9 %
    if method == "frozen":
        freeze(model, but="head/")
    elif method == "lora":
        add_lora(encoder, rank=thin, alpha=2 * thin, projections=PROJECTIONS)
    elif method == "adapter":
        add_adapters(encoder, width=thin)
    return model


def text_rows(
    tokenizer: WordPiece,
    texts: Sequence[str],
    longest: int,
    seconds: Sequence[str] | None = None,
    both_ends: bool = False,
) -> np.ndarray:
    """[CLS] text [SEP] or, with `seconds`, [CLS] second [SEP] text [SEP]: int32 (texts, time).

    Padded; of what is longer than `longest` the end is cut off or, with `both_ends`, the middle
    (head and tail; Sun et al. 2019, §5.3.1). Raises `ValueError` for a second text that leaves no
    room.
    """
    sep, rows = tokenizer.special_tokens["[SEP]"], []
    for i, text in enumerate(texts):
        row = _beginning(tokenizer, None if seconds is None else seconds[i], longest)
        tokens, room = tokenizer.encode_ordinary(narrow(text)), longest - len(row) - 1
        tail = room // 2 if both_ends and len(tokens) > room else 0
        row += tokens[: room - tail] + tokens[len(tokens) - tail :]
        rows.append([*row, sep])
    return padded(rows)


def word_rows(
    tokenizer: WordPiece,
    texts: Sequence[Sequence[str]],
    longest: int,
    seconds: Sequence[str] | None = None,
) -> tuple[np.ndarray, list[np.ndarray]]:
    """The same of texts that are cut into words: (ids, the place of each word's first token).

    Words that do not fit have no place, so that a text may have fewer places than words; one that
    the tokenizer drops (a mark by itself) has the place 0, that of [CLS]. Raises `ValueError` for a
    second text that leaves no room.
    """
    sep, rows, places = tokenizer.special_tokens["[SEP]"], [], []
    for i, words in enumerate(texts):
        row = _beginning(tokenizer, None if seconds is None else seconds[i], longest)
        firsts = []
        for word in words:
            pieces = tokenizer.encode_ordinary(narrow(word))
            if len(row) + len(pieces) >= longest:
                break
            firsts.append(len(row) if pieces else 0)
            row += pieces
        rows.append([*row, sep])
        places.append(np.array(firsts, int))
    return padded(rows), places


def _beginning(tokenizer: WordPiece, second: str | None, longest: int) -> list[int]:
    """What stands before a text: [CLS] or [CLS] second [SEP], with room for a token and [SEP]."""
    cls, sep = (tokenizer.special_tokens[token] for token in ("[CLS]", "[SEP]"))
    if second is None:
        return [cls]
    row = [cls, *tokenizer.encode_ordinary(narrow(second)), sep]
    if len(row) + 2 > longest:
        raise ValueError(f"{second!r} fills {longest} tokens by itself; allow more")
    return row
