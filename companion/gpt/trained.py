"""The GPTs that `companion train` makes, read back with their tokenizers, and scored. Chapter 7."""

from collections.abc import Iterable

import numpy as np

from companion import checkpoints, metrics
from companion.tokenization import BPE

from .config import GPTConfig
from .model import GPT

END_OF_TEXT = "<|endoftext|>"  # stands before and between the texts, as in GPT-2


def load(name: str = "gpt-mini-en") -> tuple[GPT, BPE]:
    """The model and the tokenizer of a checkpoint (`companion train gpt-mini-en` makes one).

    Raises `checkpoints.CheckpointError` where the checkpoint is missing or damaged.
    """
    folder = checkpoints.find(name)
    card = checkpoints.verify(folder)
    model = GPT(GPTConfig(**card["config"]))
    checkpoints.read(model, folder)
    return model, BPE.load(folder / "tokenizer.json")


def joined(texts: Iterable[str], tokenizer: BPE) -> np.ndarray:
    """The ids of all texts in one row, the end symbol before each: what `batches` cuts up."""
    end = tokenizer.special_tokens[END_OF_TEXT]
    rows = [[end, *tokenizer.encode_ordinary(text)] for text in texts]
    return np.concatenate([np.asarray(row, np.int32) for row in rows])


def bits_per_character(model: GPT, tokenizer: BPE, texts: Iterable[str]) -> float:
    """−Σ log₂ p(token | those before it) / number of characters, over all texts.

    Each text is read from its beginning, after the end symbol; the unit in which chapters 1, 3 and
    7 meet, because it does not depend on how a text is cut into tokens.
    """
    end = tokenizer.special_tokens[END_OF_TEXT]
    nats, characters = 0.0, 0
    for text in texts:
        ids = tokenizer.encode_ordinary(text)
        nats += float(model.token_log_probs(ids, start_id=end).sum())
        characters += len(text)
    return metrics.bits_per_character(nats, characters)
