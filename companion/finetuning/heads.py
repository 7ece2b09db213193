"""What stands on a pretrained encoder: a head a kind of answer. Chapter 10.

A head is small and new; the encoder below it is large and knows the language. Letters: B batch,
T time, D d_model, C classes.
"""

import keras
from keras import ops

from companion.attention import MASKED
from companion.bert import mean_pooling
from companion.transformer import PAD_ID

SPREAD = 0.02  # standard deviation of the first weights, as in BERT


@keras.saving.register_keras_serializable(package="companion")
class ClassificationHead(keras.layers.Layer):
    """dropout(pool(x))·W + b: one label for the whole text; Devlin et al. 2019, §4.1.

    From vectors (batch, time, d_model) to logits (batch, num_classes). `pooling` is "first" (the
    vector of [CLS], as BERT) or "mean" over what `attention_mask` (batch, time) lets through (as
    MiniLM was trained). Raises `ValueError` for another pooling or fewer than two classes.

    >>> ClassificationHead(2)(bert(ids), attention_mask=ids != 0)   # (batch, 2)
    """

    def __init__(self, num_classes, pooling="first", dropout=0.1, **options):
        super().__init__(**options)
        if pooling not in ("first", "mean") or num_classes < 2:
            raise ValueError(
                f"pooling {pooling!r}, num_classes {num_classes}; wanted first or mean, and at "
                "least two classes"
            )
        self.num_classes, self.pooling = num_classes, pooling
        self.dropout = keras.layers.Dropout(dropout)
        self.dense = _dense(num_classes, self.dtype_policy)

    def build(self, x_shape):
        """Make the dense layer."""
        self.dense.build((x_shape[0], x_shape[-1]))

    def call(self, x, attention_mask=None, training=None):
        """Logits (batch, num_classes)."""
        if self.pooling == "first":
            pooled = x[:, 0]
        else:
            everything = ops.ones(ops.shape(x)[:2], "bool")
            pooled = mean_pooling(x, everything if attention_mask is None else attention_mask)
        return self.dense(self.dropout(pooled, training=training))

    def get_config(self):
        """What rebuilds the layer."""
        return super().get_config() | {
            "num_classes": self.num_classes,
            "pooling": self.pooling,
            "dropout": self.dropout.rate,
        }


@keras.saving.register_keras_serializable(package="companion")
class TokenHead(keras.layers.Layer):
    """dropout(x_t)·W + b at each token: a tag a token; Devlin et al. 2019, §5.3.

    From vectors (batch, time, d_model) to logits (batch, time, num_tags).
    """

    def __init__(self, num_tags, dropout=0.1, **options):
        super().__init__(**options)
        if num_tags < 2:
            raise ValueError(f"num_tags is {num_tags}; with one tag there is nothing to learn")
        self.num_tags = num_tags
        self.dropout = keras.layers.Dropout(dropout)
        self.dense = _dense(num_tags, self.dtype_policy)

    def build(self, x_shape):
        """Make the dense layer."""
        self.dense.build(x_shape)

    def call(self, x, attention_mask=None, training=None):
        """Logits (batch, time, num_tags); padding gets some too, which the loss leaves out."""
        return self.dense(self.dropout(x, training=training))

    def get_config(self):
        """What rebuilds the layer."""
        return super().get_config() | {"num_tags": self.num_tags, "dropout": self.dropout.rate}


@keras.saving.register_keras_serializable(package="companion")
class SpanHead(keras.layers.Layer):
    """x_t·w_start and x_t·w_end: where the answer begins and ends; Devlin et al. 2019, §4.2.

    From vectors (batch, time, d_model) to logits (batch, 2, time): of the first token of the
    answer, and of its last. What `attention_mask` (batch, time) hides cannot be either: hide
    padding and, for an answer that must stand in the passage, the question.
    """

    def __init__(self, **options):
        super().__init__(**options)
        self.dense = _dense(2, self.dtype_policy)

    def build(self, x_shape):
        """Make the dense layer."""
        self.dense.build(x_shape)

    def call(self, x, attention_mask=None, training=None):
        """Logits (batch, 2, time)."""
        logits = ops.transpose(self.dense(x), (0, 2, 1))  # (B, 2, T)
        if attention_mask is None:
            return logits
        allowed = ops.cast(attention_mask, "bool")[:, None, :]
        return ops.where(allowed, logits, ops.cast(MASKED, logits.dtype))


@keras.saving.register_keras_serializable(package="companion")
class PairHead(keras.layers.Layer):
    """[u; v; |u − v|]·W + b: how two texts go together; Reimers & Gurevych 2019, §3.

    `head((u, v))` of two vectors (batch, d_model) each, encoded apart; logits (batch, num_classes).
    (Two texts that are encoded together, as [CLS] a [SEP] b [SEP], take a `ClassificationHead`.)
    """

    def __init__(self, num_classes, **options):
        super().__init__(**options)
        if num_classes < 2:
            raise ValueError(f"num_classes is {num_classes}; at least two are needed")
        self.num_classes = num_classes
        self.dense = _dense(num_classes, self.dtype_policy)

    def build(self, vectors_shape):
        """Make the dense layer."""
        self.dense.build((vectors_shape[0][0], 3 * vectors_shape[0][-1]))

    def call(self, vectors, training=None):
        """Logits (batch, num_classes)."""
        u, v = vectors
        return self.dense(ops.concatenate([u, v, ops.abs(u - v)], axis=-1))

    def get_config(self):
        """What rebuilds the layer."""
        return super().get_config() | {"num_classes": self.num_classes}


@keras.saving.register_keras_serializable(package="companion")
class IntentSlotHead(keras.layers.Layer):
    """One class for the text and a tag at each token, from one encoder; Chen et al. 2019, §3.2.

    From vectors (batch, time, d_model) to {"intent": (batch, num_intents), "tags": (batch, time,
    num_tags)}, logits both. `pooling` as in `ClassificationHead`.
    """

    def __init__(self, num_intents, num_tags, pooling="first", dropout=0.1, **options):
        super().__init__(**options)
        policy = self.dtype_policy
        self.intent = ClassificationHead(num_intents, pooling, dropout, dtype=policy, name="intent")
        self.tags = TokenHead(num_tags, dropout, dtype=policy, name="tags")

    def build(self, x_shape):
        """Make both heads' weights."""
        self.intent.build(x_shape)
        self.tags.build(x_shape)

    def call(self, x, attention_mask=None, training=None):
        """Both heads' logits."""
        return {
            "intent": self.intent(x, attention_mask=attention_mask, training=training),
            "tags": self.tags(x, attention_mask=attention_mask, training=training),
        }

    def get_config(self):
        """What rebuilds the layer."""
        return super().get_config() | {
            "num_intents": self.intent.num_classes,
            "num_tags": self.tags.num_tags,
            "pooling": self.intent.pooling,
            "dropout": self.intent.dropout.rate,
        }


class FineTuned(keras.Model):
    """head(encoder(ids)): a pretrained encoder and a new head, trained as one model.

    `model(ids)` of ids (batch, time); padding (id 0) is neither looked at nor pooled. The encoder
    is any model from ids to vectors (batch, time, d_model): chapter 6's `Bert`.

    >>> model = FineTuned(Bert.from_minilm(), ClassificationHead(2, pooling="mean"))
    """

    def __init__(self, encoder, head, **names):
        super().__init__(**names)
        self.encoder, self.head = encoder, head
        if not head.built:
            head.build((None, None, encoder.config.d_model))
        self.built = True

    def call(self, ids, training=None):
        """What the head makes of the encoder's vectors."""
        x = self.encoder(ids, training=training)
        return self.head(x, attention_mask=ops.not_equal(ids, PAD_ID), training=training)


def _dense(units, policy):
    start = keras.initializers.TruncatedNormal(stddev=SPREAD)
    return keras.layers.Dense(units, kernel_initializer=start, dtype=policy, name="dense")
