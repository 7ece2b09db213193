"""Skip-gram and CBOW: one vector a word, learnt by telling real neighbours from noise. Chapter 3.

    skip-gram   L = −log σ(u_o · v_c) − Σ_{i=1..k} log σ(−u_{n_i} · v_c),   n_i ~ P_n

v is a word's vector as a centre and the result that is kept, u its vector as a neighbour. CBOW
puts the mean of the context's vectors in place of v_c. What this does not do: tell the senses of
a word apart; whatever stands around it, it has one vector. Letters: B batch, C candidates (one
real word and k of noise), W window, D d_model, V vocabulary.
"""

from collections.abc import Sequence

import keras
import numpy as np
from keras import ops

from companion import training
from companion.neural_lm.config import Configured, VectorConfig
from companion.neural_lm.pairs import cbow_windows, draw_noise, noise_probs, skip_gram_pairs


def negative_sampling_loss(signs, scores):
    """−Σ_i log σ(s_i x_i); Mikolov et al. 2013 ("Distributed representations"), eq. 4, (batch,).

    `scores` x (batch, candidates) are dot products. `signs` s: 1 for the real word, −1 for noise,
    0 for a noise word that happens to be the real one, which is left out.
    """
    signs = ops.cast(signs, scores.dtype)
    return ops.sum(ops.abs(signs) * ops.softplus(-signs * scores), axis=-1)


class _TwoTables(Configured):
    """Two embedding tables (V, D): `vectors` v for what is given, `neighbours` u for the rest."""

    config_class = VectorConfig

    def __init__(self, config: VectorConfig, **names):
        super().__init__(config, **names)
        # As in the original program: small random v, zero u, so that every score begins at 0.
        bound = 0.5 / config.d_model
        start = keras.initializers.RandomUniform(-bound, bound)
        self.vectors = keras.layers.Embedding(
            config.vocab_size, config.d_model, embeddings_initializer=start, name="vectors"
        )
        self.neighbours = keras.layers.Embedding(
            config.vocab_size, config.d_model, embeddings_initializer="zeros", name="neighbours"
        )
        self.build()

    def build(self, input_shape=None):
        """Make both tables; their shapes do not depend on the input."""
        self.vectors.build()
        self.neighbours.build()
        self.built = True

    def word_vectors(self) -> np.ndarray:
        """The learnt vectors v, one row a word, (V, D)."""
        return np.array(np.asarray(self.vectors.embeddings))


@keras.saving.register_keras_serializable("companion")
class SkipGram(_TwoTables):
    """x_i = u_i · v_c: how well each candidate goes with the centre word; Mikolov et al. 2013.

    Called on `(centres, candidates)`, (batch,) and (batch, candidates) of ids; returns the scores,
    (batch, candidates), for `negative_sampling_loss`.
    """

    def call(self, inputs):
        """Scores of the candidates next to each centre."""
        centres, candidates = inputs
        return ops.einsum("bd,bcd->bc", self.vectors(centres), self.neighbours(candidates))


@keras.saving.register_keras_serializable("companion")
class CBOW(_TwoTables):
    """x_i = u_i · mean of v over the context: how well each candidate fills the gap.

    Mikolov et al. (2013, "Efficient estimation"), §3.1. Called on `(contexts, context_mask,
    candidates)`, (batch, 2W) ids, True where there is a word, (batch, candidates).
    """

    def call(self, inputs):
        """Scores of the candidates for the middle of each context."""
        contexts, context_mask, candidates = inputs
        present = ops.cast(context_mask, self.compute_dtype)
        # (B, 2W) times (B, 2W, D) → (B, D)
        total = ops.einsum("bw,bwd->bd", present, self.vectors(contexts))
        mean = total / ops.maximum(ops.sum(present, axis=1, keepdims=True), 1.0)
        return ops.einsum("bd,bcd->bc", mean, self.neighbours(candidates))


def skip_gram_batches(
    sentences: Sequence[np.ndarray],
    counts: np.ndarray,
    config: VectorConfig,
    batch_size: int,
    seed: int = 0,
) -> training.Batch:
    """`((centres, candidates), signs)` by step, for `training.fit`; sentences after `subsample`.

    The pairs are fixed, their order changes every epoch, and noise is drawn anew for every batch
    from (seed, step).
    """
    rng = _window_rng(config, seed)
    centres, contexts = skip_gram_pairs(sentences, config.window, rng)
    pairs = training.shuffled(centres, contexts, batch_size=batch_size, seed=seed)
    noise = noise_probs(counts)

    def batch(step: int):
        given, real = pairs(step)
        candidates, signs = _with_noise(real, noise, config.negatives, seed, step)
        return (given, candidates), signs

    return batch


def cbow_batches(
    sentences: Sequence[np.ndarray],
    counts: np.ndarray,
    config: VectorConfig,
    batch_size: int,
    seed: int = 0,
) -> training.Batch:
    """`((contexts, context_mask, candidates), signs)` by step; otherwise as `skip_gram_batches`."""
    rng = _window_rng(config, seed)
    contexts, masks, words = cbow_windows(sentences, config.window, rng)
    rows = training.shuffled(contexts, masks, words, batch_size=batch_size, seed=seed)
    noise = noise_probs(counts)

    def batch(step: int):
        given, mask, real = rows(step)
        candidates, signs = _with_noise(real, noise, config.negatives, seed, step)
        return (given, mask, candidates), signs

    return batch


def _window_rng(config: VectorConfig, seed: int) -> np.random.Generator | None:
    return np.random.default_rng(seed) if config.dynamic_window else None


def _with_noise(
    real: np.ndarray, noise: np.ndarray, negatives: int, seed: int, step: int
) -> tuple[np.ndarray, np.ndarray]:
    """The real word and k of noise beside it, (B, 1 + k), and their signs."""
    drawn = draw_noise(noise, (len(real), negatives), np.random.default_rng([seed, step]))
    signs = np.where(drawn == real[:, None], 0, -1)
    ones = np.ones((len(real), 1), dtype=np.int64)
    return np.hstack([real[:, None], drawn]), np.hstack([ones, signs])
