"""From a picture to a sentence: chapter 5's Transformer with a picture for a source. Chapter 10.

Letters: B batch, P patches, C cells (patches a side), T target length, D d_model, V vocabulary.
"""

from collections.abc import Sequence

import keras
import numpy as np
from keras import ops

from companion import backend, generation, training
from companion.bert import encode_texts
from companion.tokenization import WordPiece
from companion.transformer import SmoothedCrossEntropy, Transformer

from .learning import rate_of
from .patches import PatchEmbedding, PictureConfig


@keras.saving.register_keras_serializable(package="companion")
class Captioner(Transformer):
    """p(w_t | w_1 … w_{t−1}, picture): a decoder whose memory is an encoded picture.

    The encoder is Dosovitskiy et al. 2021's (ViT), the decoder Vaswani et al. 2017's; to caption by
    likelihood is Vinyals et al. 2015. `model((pictures, shown))` of pictures (batch, side, side,
    3), values 0 to 1, and ids (batch, time) gives logits (batch, time, vocab_size). Of chapter 5's
    model only `encode` is new.
    """

    config_class = PictureConfig

    def build(self, input_shape=None):
        """Make all weights, the patches' too."""
        if self.built:
            return
        config = self.config
        self.patches = PatchEmbedding(config.side, config.patch, config.d_model, name="patches")
        self.patches.build()
        super().build()

    def call(self, inputs, training=None):
        """Logits of each next id."""
        pictures, shown = inputs
        return self.decode(shown, self.encode(pictures, training), training=training)

    def encode(self, source, training=None):
        """The memory (batch, patches, d_model) of pictures; there is no padding in them."""
        return self.encoder(self.dropout(self.patches(source), training=training))


class Captioning:
    """A `Captioner` before its pictures, as chapter 8's loops read: encoded once, then cached.

    >>> generation.greedy(Captioning(model, pictures), [[start_id]] * len(pictures), stop=[end_id])
    """

    ragged = False

    def __init__(self, model: Captioner, pictures: np.ndarray):
        self.network, self.config = model, model.config
        self.pictures = ops.convert_to_tensor(pictures, dtype="float32")

    def start(self, batch_size: int, length: int):
        """Room for the captions, and the pictures' keys and values."""
        if batch_size != self.pictures.shape[0]:
            raise ValueError(
                f"{batch_size} prompts for {self.pictures.shape[0]} pictures; give one for each"
            )
        return self.network.decoder.start_cache(self.network.encode(self.pictures), length)

    def extend(self, ids, cache, position, padding=None):
        """Read the captions on."""
        x = self.network.embed(ids, position)
        return self.network.decoder(x, cache=cache, position=position)

    def logits(self, x):
        """Logits of the next id."""
        return self.network.logits(x)


def caption_batches(
    pictures: np.ndarray, ids: np.ndarray, batch_size: int, seed: int = 0
) -> training.Batch:
    """((pictures, shown), target) as a function of the step; the target is one place ahead.

    `ids` (pictures, time) begin with [CLS] and end with [SEP], as `encode_texts` makes them.
    """
    pick = training.shuffled(pictures, ids, batch_size=batch_size, seed=seed)

    def batch(step: int):
        seen, rows = pick(step)
        return (seen, rows[:, :-1]), rows[:, 1:]

    return batch


def compile_for_captions(model: Captioner, rate: float, steps: int) -> None:
    """Adam, β₂ = 0.98, whose rate climbs and falls; cross-entropy without padding."""
    model.compile(backend.Adam(rate_of(rate, steps), beta_2=0.98), SmoothedCrossEntropy(0.0))


def write_captions(model: Captioner, tokenizer: WordPiece, pictures: np.ndarray) -> list[str]:
    """The caption of each picture, word by likeliest word."""
    special = tokenizer.special_tokens
    ids = generation.greedy(
        Captioning(model, pictures),
        [[special["[CLS]"]]] * len(pictures),
        model.config.context_length - 1,
        stop=[special["[SEP]"]],
    )
    return [tokenizer.decode(row) for row in ids]


def looked_at(
    model: Captioner, tokenizer: WordPiece, picture: np.ndarray, caption: str
) -> tuple[list[str], np.ndarray]:
    """The words of a caption, and where the decoder looks to say each: (words, cells, cells).

    The weights of the last block's cross-attention, the mean of its heads; each word's sum to 1.
    Xu et al. 2015, figure 2, drew the like.
    """
    ids = encode_texts(tokenizer, [caption], model.config.context_length)
    _, weights = model.decode(ids[:, :-1], model.encode(picture[None]), return_weights=True)
    mean = ops.convert_to_numpy(ops.mean(weights[-1], axis=1))[0]  # (T, P)
    cells = model.config.side // model.config.patch
    words = [tokenizer.vocab[i] for i in ids[0, 1:-1]]
    return words, mean[: len(words)].reshape(-1, cells, cells)


def nearest_captions(pictures: np.ndarray, captions: Sequence[str], asked: np.ndarray) -> list[str]:
    """For each asked picture the caption of the nearest in `pictures`, pixel by pixel: no learning.

    By the sum of squared differences; the earlier of equals.
    """
    known, asked = (np.reshape(x, (len(x), -1)) for x in (pictures, asked))
    distances = (known**2).sum(axis=1) - 2 * asked @ known.T  # (asked, known), |asked|² left out
    return [captions[i] for i in distances.argmin(axis=1)]


def exact_captions(captions: Sequence[str], written: Sequence[str]) -> np.ndarray:
    """Which captions were written to the word, boolean; white space does not count.

    Raises `ValueError` for lists of different length.
    """
    if len(captions) != len(written):
        raise ValueError(f"{len(captions)} captions and {len(written)} written; give one for each")
    pairs = zip(captions, written, strict=True)
    return np.array(["".join(a.split()) == "".join(b.split()) for a, b in pairs], bool)
