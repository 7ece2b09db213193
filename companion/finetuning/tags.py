"""From spans to tags and back, and layers that know which tags can be neighbours. Chapter 10.

Letters: B batch, T time, N tags.
"""

from collections.abc import Iterable, Sequence

import keras
import numpy as np
from keras import ops

from companion.metrics import spans_of

from .heads import TokenHead

FORBIDDEN = -1e4  # the score of a pair of tags that cannot stand side by side


def bio_tags(spans: Iterable[tuple[int, int, str]], length: int) -> list[str]:
    """B-TYPE at the first item of each span, I-TYPE at the others, O elsewhere.

    Ramshaw & Marcus 1995, in the form of CoNLL 2003 (IOB2). Spans are (first, one past the last,
    type), as `corpora.entity_spans` gives them. Raises `ValueError` for a span outside the text
    and for two that overlap: one tag an item cannot say both.
    """
    tags = ["O"] * length
    for begin, end, kind in spans:
        if not 0 <= begin < end <= length:
            raise ValueError(f"span {begin}–{end} does not fit a text of {length}")
        if any(tag != "O" for tag in tags[begin:end]):
            raise ValueError(f"span {begin}–{end} ({kind}) overlaps another; BIO has one tag each")
        tags[begin:end] = [f"B-{kind}", *[f"I-{kind}"] * (end - begin - 1)]
    return tags


def bio_spans(tags: Sequence[str]) -> list[tuple[int, int, str]]:
    """The spans of BIO tags as (first, one past the last, type): `bio_tags` undone."""
    return [(begin, end, kind) for kind, begin, end in spans_of(tags)]


def allowed_transitions(tags: Sequence[str]) -> np.ndarray:
    """[i, j] True where tag j may follow tag i: I-TYPE follows B-TYPE and I-TYPE alone. (N, N)"""
    return np.array(
        [[after[0] != "I" or before[1:] == after[1:] for after in tags] for before in tags]
    )


def viterbi(logits: np.ndarray, transitions: np.ndarray) -> list[int]:
    """argmax over paths y of Σ_t logits[t, y_t] + Σ_t transitions[y_{t−1}, y_t]; Viterbi 1967.

    `logits` (time, tags), `transitions` (tags, tags); the best tag of each item, given that all are
    chosen together. T·N² steps, where trying all paths takes N^T.
    """
    logits, transitions = np.asarray(logits, float), np.asarray(transitions, float)
    if logits.ndim != 2 or transitions.shape != (logits.shape[1],) * 2:
        raise ValueError(
            f"logits {logits.shape} and transitions {transitions.shape}: wanted (time, tags) and "
            "(tags, tags)"
        )
    best, came_from = logits[0], []
    for row in logits[1:]:
        paths = best[:, None] + transitions  # [from, to]
        came_from.append(paths.argmax(axis=0))
        best = paths.max(axis=0) + row
    path = [int(best.argmax())]
    for pointers in reversed(came_from):
        path.append(int(pointers[path[-1]]))
    return path[::-1]


@keras.saving.register_keras_serializable(package="companion")
class CRF(keras.layers.Layer):
    """p(y | x) = exp(Σ_t x[t, y_t] + Σ_t A[y_{t−1}, y_t]) / Z: Lafferty et al. 2001, eq. 1.

    A linear chain over a `TokenHead`'s logits: A (tags, tags) is trained, so that the model learns
    that I-PER does not follow O. Calling it is for training, `viterbi(logits, A)` for use.
    """

    def __init__(self, num_tags, **options):
        super().__init__(**options)
        self.num_tags = num_tags
        self.transitions = self.add_weight(
            name="transitions", shape=(num_tags, num_tags), initializer="zeros"
        )
        self.built = True

    def call(self, logits, tags, attention_mask):
        """log p(tags | logits), (batch,), in nats.

        `logits` (batch, time, tags), `tags` (batch, time) integers, `attention_mask` (batch, time):
        True for the items of a text. What stands between two of them is passed over, as [CLS] and
        the later pieces of a word are.
        """
        items = ops.cast(attention_mask, "int32")
        time = ops.shape(items)[1]
        order = ops.argsort(ops.arange(time) - time * items, axis=1)  # the items first, in a row
        seen = ops.cast(ops.take_along_axis(items, order, axis=1), "float32")
        tags = ops.take_along_axis(tags, order, axis=1)
        logits = ops.take_along_axis(ops.cast(logits, "float32"), order[:, :, None], axis=1)
        return self._score(logits, tags, seen) - self._log_partition(logits, seen)

    def _score(self, logits, tags, seen):
        """The exponent of one path."""
        own = ops.take_along_axis(logits, tags[..., None], axis=-1)[..., 0]  # (B, T)
        pairs = ops.take(
            ops.reshape(self.transitions, (-1,)), tags[:, :-1] * self.num_tags + tags[:, 1:]
        )
        return ops.sum(own * seen, axis=1) + ops.sum(pairs * seen[:, 1:], axis=1)

    def _log_partition(self, logits, seen):
        """log Z by the forward algorithm: log-sums over all paths, an item at a time."""

        def longer(forward, item):  # (B, N): log-sums over all paths that end with a tag
            own, inside = item[:, :-1], item[:, -1:]
            further = ops.logsumexp(forward[:, :, None] + self.transitions, axis=1) + own
            forward = ops.where(inside > 0, further, forward)
            return forward, forward

        # One array, not two: Keras' `scan` wants to know the length of several beforehand.
        items = ops.concatenate([logits, seen[:, :, None]], axis=-1)
        last, _ = ops.scan(longer, logits[:, 0], ops.transpose(items[:, 1:], (1, 0, 2)))
        return ops.logsumexp(last, axis=-1)

    def get_config(self):
        """What rebuilds the layer."""
        return super().get_config() | {"num_tags": self.num_tags}


@keras.saving.register_keras_serializable(package="companion")
class CRFHead(TokenHead):
    """A `TokenHead` with a `CRF` above it, `head.crf`; Lample et al. 2016, §2.2.

    Its logits are a `TokenHead`'s; train it by `CRFLoss(head.crf)`, and give
    `head.crf.transitions` to `viterbi`.
    """

    def build(self, x_shape):
        """Make the dense layer and the CRF, which stays in float32."""
        super().build(x_shape)
        self.crf = CRF(self.num_tags, dtype="float32", name="crf")


class CRFLoss(keras.losses.Loss):
    """−log p(tags | logits) of a `CRF`, in nats, over the width of the batch.

    From tags (batch, time), −1 where none is asked for, and logits (batch, time, tags). Divided by
    the width it is as large as a cross-entropy of each token.
    """

    def __init__(self, crf: CRF, **options):
        super().__init__(**options)
        self.crf = crf

    def call(self, tags, logits):
        """(batch,), a number a text."""
        tags = ops.cast(tags, "int32")
        log_probs = self.crf(logits, ops.maximum(tags, 0), tags >= 0)
        return -log_probs / ops.cast(ops.shape(tags)[1], log_probs.dtype)
