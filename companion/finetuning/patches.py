"""A picture as a sequence of vectors: then all that reads sequences can read it. Chapter 10.

Letters: B batch, P patches, C cells (patches a side), D d_model.
"""

import dataclasses

import keras
from keras import ops

from companion.transformer import TransformerConfig


@dataclasses.dataclass(frozen=True)
class PictureConfig(TransformerConfig):
    """`TransformerConfig`, and pictures of `side` × `side` pixels cut into `patch` × `patch`.

    `context_length` is that of the texts. `temperature` is τ of a contrastive pair. Raises
    `ValueError` for patches that do not fill a side, and a temperature that is not above 0.
    """

    side: int = 30
    patch: int = 10
    temperature: float = 0.07

    def __post_init__(self):
        super().__post_init__()
        if self.patch < 1 or self.side < self.patch or self.side % self.patch:
            raise ValueError(
                f"patches of {self.patch} pixels do not fill a side of {self.side}; the side is a "
                "multiple of the patch"
            )
        if self.temperature <= 0:
            raise ValueError(f"temperature is {self.temperature}; it is above 0 (0.07 in CLIP)")


PICTURE_PRESETS: dict[str, PictureConfig] = {
    # Captions the microworld's pictures after a quarter of a minute on one core.
    "tiny": PictureConfig(
        vocab_size=400,
        context_length=24,
        d_model=64,
        num_layers=1,
        num_heads=4,
        d_ff=256,
        dropout=0.0,
        norm="pre",
        rotary=True,
    ),
    # Dosovitskiy et al. 2021, table 1, ViT-Base: pictures of 224 pixels, patches of 16, no text.
    "vit-base": PictureConfig(
        vocab_size=1,
        d_model=768,
        num_layers=12,
        num_heads=12,
        d_ff=3072,
        norm="pre",
        side=224,
        patch=16,
    ),
}


def cut_into_patches(pictures, patch):
    """(batch, side, side, 3) → (batch, patches, 3·patch²), row by row; Dosovitskiy et al. 2021.

    Their §3.1. Within a patch, too, pixels go row by row, each with its three colours.

    >>> cut_into_patches(np.zeros((2, 30, 30, 3)), 10).shape
    (2, 9, 300)
    """
    cells = pictures.shape[1] // patch
    x = ops.reshape(pictures, (-1, cells, patch, cells, patch, 3))
    x = ops.transpose(x, (0, 1, 3, 2, 4, 5))  # (B, C, C, patch, patch, 3)
    return ops.reshape(x, (-1, cells**2, 3 * patch**2))  # (B, P, 3·patch²)


@keras.saving.register_keras_serializable(package="companion")
class PatchEmbedding(keras.layers.Layer):
    """x_p = (1 − patch_p)·W + b + row_p + column_p; Dosovitskiy et al. 2021, eq. 1.

    From pictures (batch, side, side, 3), values 0 to 1, to what an encoder reads: (batch, patches,
    d_model). 1 − white is 0, so that empty paper says nothing. The paper trains one vector a place
    and finds one a row and one a column no worse (its D.4); they need fewer examples.
    """

    def __init__(self, side, patch, d_model, **options):
        super().__init__(**options)
        self.side, self.patch, self.d_model = side, patch, d_model
        self.dense = keras.layers.Dense(d_model, dtype=self.dtype_policy, name="dense")

    def build(self, pictures_shape=None):
        """Make W, b and the two tables."""
        self.dense.build((None, None, 3 * self.patch**2))
        start = keras.initializers.RandomNormal(stddev=0.5)
        shape = (self.side // self.patch, self.d_model)
        self.rows = self.add_weight(name="rows", shape=shape, initializer=start.clone())
        self.columns = self.add_weight(name="columns", shape=shape, initializer=start.clone())

    def call(self, pictures):
        """Vectors (batch, patches, d_model)."""
        x = self.dense(1 - cut_into_patches(pictures, self.patch))
        places = self.rows[:, None] + self.columns[None]  # (C, C, D)
        return x + ops.cast(ops.reshape(places, (-1, self.d_model)), x.dtype)

    def get_config(self):
        """What rebuilds the layer."""
        ours = {"side": self.side, "patch": self.patch, "d_model": self.d_model}
        return super().get_config() | ours
