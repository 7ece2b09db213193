"""Two towers, one space: a picture and its caption get like vectors. Chapter 10.

Chapter 9's InfoNCE told a text's twin from other texts; here it tells a picture's caption from
other captions, and a caption's picture from other pictures. Nobody says a word: the pair only
chooses. Letters: B batch, P patches, T time, D d_model.
"""

from collections.abc import Sequence

import keras
import numpy as np
from keras import ops

from companion import backend, training
from companion.attention import padding_mask, sinusoidal_positions
from companion.bert import mean_pooling
from companion.neural_lm.config import Configured
from companion.objectives import info_nce
from companion.transformer import PAD_ID, Encoder

from .captions import Captioner
from .learning import rate_of
from .patches import PatchEmbedding, PictureConfig


def both_ways(pictures, texts, temperature=0.07):
    """½·(InfoNCE(u, v) + InfoNCE(v, u)), row by row: Radford et al. 2021, figure 3 (CLIP).

    Vectors u of pictures and v of texts, (batch, d_model); row i of one belongs to row i of the
    other. (batch,), in nats. CLIP learns its temperature, from 0.07 on; here it is given.
    """
    there, back = (info_nce(*pair, temperature) for pair in ((pictures, texts), (texts, pictures)))
    return (there + back) / 2


@keras.saving.register_keras_serializable(package="companion")
class Retriever(Configured):
    """u = mean(encoder(patches))·W, v = mean(encoder(words))·W′: Radford et al. 2021, §2.

    `model((pictures, ids))` of pictures (batch, side, side, 3), values 0 to 1, and ids (batch,
    time) gives both towers' vectors, (2, batch, d_model). The towers share no weights.
    """

    config_class = PictureConfig

    def __init__(self, config: PictureConfig, **names):
        super().__init__(config, **names)
        width = config.d_model
        self.patches = PatchEmbedding(config.side, config.patch, width, name="patches")
        self.picture_encoder = Encoder(config, name="picture_encoder")
        self.picture_dense = keras.layers.Dense(width, use_bias=False, name="picture_dense")
        start = keras.initializers.RandomNormal(stddev=1.0)
        self.embedding = keras.layers.Embedding(
            config.vocab_size, width, embeddings_initializer=start, name="E"
        )
        self.text_encoder = Encoder(config, name="text_encoder")
        self.text_dense = keras.layers.Dense(width, use_bias=False, name="text_dense")
        self.positions = sinusoidal_positions(config.context_length, width)
        self.build()

    def build(self, input_shape=None):
        """Make all weights; their shapes follow from the config alone."""
        if self.built:
            return
        self.patches.build()
        self.embedding.build()
        for encoder in (self.picture_encoder, self.text_encoder):
            encoder.build((None, None, self.config.d_model))
        for dense in (self.picture_dense, self.text_dense):
            dense.build((None, self.config.d_model))
        self.built = True

    def call(self, inputs, training=None):
        """The vectors of pictures and of texts."""
        pictures, ids = inputs
        return ops.stack([self.see(pictures, training), self.read(ids, training)])

    def see(self, pictures, training=None):
        """A vector a picture, (batch, d_model)."""
        x = self.picture_encoder(self.patches(pictures), training=training)  # (B, P, D)
        return self.picture_dense(ops.mean(x, axis=1))

    def read(self, ids, training=None):
        """A vector a text, (batch, d_model); padding (id 0) is neither looked at nor counted."""
        x = self.embedding(ids)
        x = x + ops.cast(self.positions[: ops.shape(ids)[1]], x.dtype)
        x = self.text_encoder(x, attention_mask=padding_mask(ids, PAD_ID), training=training)
        return self.text_dense(mean_pooling(x, ops.not_equal(ids, PAD_ID)))

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """The mean of `both_ways` over the batch; there are no labels."""
        return ops.mean(both_ways(y_pred[0], y_pred[1], self.config.temperature))


def start_from_captioner(model: Retriever, captioner: Captioner) -> None:
    """Give the picture tower the patches and the encoder that captions have trained: transfer.

    Raises `ValueError` for encoders of other sizes.
    """
    model.patches.set_weights(captioner.patches.get_weights())
    model.picture_encoder.set_weights(captioner.encoder.get_weights())


def pair_batches(
    pictures: np.ndarray, ids: np.ndarray, batch_size: int, seed: int = 0
) -> training.Batch:
    """((pictures, ids),) as a function of the step: the other rows are the wrong answers."""
    pick = training.shuffled(pictures, ids, batch_size=batch_size, seed=seed)
    return lambda step: (pick(step),)


def compile_for_retrieval(model: Retriever, rate: float, steps: int) -> None:
    """Adam, β₂ = 0.98 as for CLIP's picture Transformers, whose rate climbs and falls."""
    model.compile(backend.Adam(rate_of(rate, steps), beta_2=0.98))


def likeness(model: Retriever, pictures: np.ndarray, ids: np.ndarray) -> np.ndarray:
    """The cosine of each picture with each text, (pictures, texts)."""
    sides = []
    for vectors in (model.see(pictures), model.read(ids)):
        x = ops.convert_to_numpy(vectors)
        sides.append(x / np.linalg.norm(x, axis=1, keepdims=True))
    return sides[0] @ sides[1].T


def recall_at(k: int, scores: np.ndarray) -> float:
    """The share of rows whose own column, i for row i, is among the k of highest score; 0 to 1.

    `scores` (queries, items); transposed, the items ask. What equals the own score counts as
    better: a model that finds all alike finds nothing. Raises `ValueError` for a matrix that is not
    square, and for a k outside 1 to its size.
    """
    scores = np.asarray(scores)
    if scores.ndim != 2 or scores.shape[0] != scores.shape[1] or not 1 <= k <= len(scores):
        raise ValueError(
            f"scores have shape {scores.shape} and k is {k}; wanted a square and 1 to its size"
        )
    own = np.diagonal(scores)[:, None]
    return float(((scores >= own).sum(axis=1) <= k).mean())


def word_overlap(texts: Sequence[str], others: Sequence[str]) -> np.ndarray:
    """|A ∩ B| / |A ∪ B| of the words of each text and each other (Jaccard), (texts, others)."""
    sides = [[set(text.split()) for text in side] for side in (texts, others)]
    return np.array([[len(a & b) / max(1, len(a | b)) for b in sides[1]] for a in sides[0]])
