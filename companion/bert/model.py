"""BERT: blocks that look both ways, over three embeddings; and the models of its pretraining.

    x = blocks(norm(E[w] + P + S[s])),   p(w_i | corrupted text) = softmax(head(x_i)·Eᵀ + b)

Chapter 6. The blocks are chapter 5's, post-norm, with GELU; heads are in `heads`. Letters: B batch,
T time, P gaps a row, D d_model, V vocabulary.
"""

import keras
from keras import ops

from companion.attention import LearnedPositions, padding_mask
from companion.neural_lm.config import Configured
from companion.transformer import PAD_ID, LayerNorm, TransformerBlock, gelu_tanh

from .config import BertConfig
from .heads import EPSILON, SPREAD, MaskedLM, NextSentence

ACTIVATION = {"gelu": "gelu", "gelu_tanh": gelu_tanh, "relu": "relu"}


@keras.saving.register_keras_serializable(package="companion")
class Bert(Configured):
    """blocks(dropout(norm(E[ids] + P + S[segments]))): Devlin et al. 2019, §3 and figure 2.

    From ids (batch, time) to a vector for each token *in its context*, (batch, time, d_model).
    `segments` (batch, time) are 0 or 1, all 0 if not given. `attention_mask`, True = may be looked
    at, is (batch, time) or (batch, time, time); by default everything but padding (id 0) is looked
    at. Weights start at a truncated N(0, 0.02²).

    >>> Bert(PRESETS["tiny"])(np.array([[2, 9, 7, 3]]))   # (1, 4, 64)
    """

    config_class = BertConfig

    def __init__(self, config: BertConfig, **names):
        super().__init__(config, **names)
        start = keras.initializers.TruncatedNormal(stddev=SPREAD)
        width = config.d_model
        self.embedding = keras.layers.Embedding(
            config.vocab_size, width, embeddings_initializer=start.clone(), name="E"
        )
        self.positions = LearnedPositions(
            config.context_length, width, start.clone(), name="positions"
        )
        self.segments = keras.layers.Embedding(
            config.num_segments, width, embeddings_initializer=start.clone(), name="segments"
        )
        self.embedding_norm = LayerNorm(epsilon=EPSILON, name="embedding_norm")
        self.dropout = keras.layers.Dropout(config.dropout)
        self.blocks = [
            TransformerBlock(
                width,
                config.num_heads,
                config.d_ff,
                norm="post",
                epsilon=EPSILON,
                activation=ACTIVATION[config.activation],
                dropout=config.dropout,
                kernel_initializer=start.clone(),
                name=f"block{i}",
            )
            for i in range(1, config.num_layers + 1)
        ]
        self.pooler = None
        if config.pooler:
            self.pooler = keras.layers.Dense(
                width, "tanh", kernel_initializer=start.clone(), name="pooler"
            )
        self.build()

    def build(self, input_shape=None):
        """Make all weights; their shapes follow from the config alone."""
        if self.built:
            return
        shape = (None, None, self.config.d_model)
        self.embedding.build()
        self.positions.build(shape)
        self.segments.build()
        self.embedding_norm.build(shape)
        for block in self.blocks:
            block.build(shape)
        if self.pooler is not None:
            self.pooler.build((None, self.config.d_model))
        self.built = True

    def call(self, ids, segments=None, attention_mask=None, training=None):
        """A vector for each token, (batch, time, d_model)."""
        x = self.embed(ids, segments, training)
        seen = self.seen(ids, attention_mask)
        for block in self.blocks:
            x = block(x, attention_mask=seen, training=training)
        return x

    def embed(self, ids, segments=None, training=None):
        """dropout(norm(E[ids] + P + S[segments])): what the first block reads."""
        x = self.embedding(ids)
        kind = self.segments.embeddings[0] if segments is None else self.segments(segments)
        x = self.embedding_norm(x + self.positions(x) + ops.cast(kind, x.dtype))
        return self.dropout(x, training=training)

    def seen(self, ids, attention_mask=None):
        """The mask as the blocks want it, (batch, 1 or time, time)."""
        if attention_mask is None:
            return padding_mask(ids, PAD_ID)
        mask = ops.cast(attention_mask, "bool")
        return mask[:, None, :] if len(mask.shape) == 2 else mask

    def pool(self, x):
        """tanh(x_[CLS]·W + b), (batch, d_model): one vector for the row.

        As in the released code; the paper (§3) has [CLS]'s vector, C, without this layer. Raises
        `ValueError` for a model without a pooler.
        """
        if self.pooler is None:
            raise ValueError("this Bert has no pooler; make it from a config with pooler=True")
        return self.pooler(x[:, 0])

    def layers_of(self, ids, segments=None, attention_mask=None):
        """What each layer makes of the ids: (vectors, weights), to look inside.

        `vectors` has num_layers + 1 arrays (batch, time, d_model), the embeddings first; `weights`
        has num_layers arrays (batch, num_heads, time, time).
        """
        x, seen = self.embed(ids, segments), self.seen(ids, attention_mask)
        vectors, weights = [x], []
        for block in self.blocks:
            x, looked = block(x, attention_mask=seen, return_weights=True)
            vectors.append(x)
            weights.append(looked)
        return vectors, weights

    @classmethod
    def from_minilm(cls) -> "Bert":
        """The encoder all-MiniLM-L6-v2 with its real weights; see `converters.from_minilm`."""
        from . import converters  # it imports this module

        return converters.from_minilm()

    @classmethod
    def from_safetensors(cls, path, num_heads: int | None = None) -> "Bert":
        """The model of a Hugging Face BERT file; see `converters.from_safetensors`."""
        from . import converters

        return converters.from_safetensors(path, num_heads)

    @classmethod
    def from_keras_hub(cls, preset) -> "Bert":
        """The model with the weights of KerasHub's BERT; see `converters.from_keras_hub`."""
        from . import converters

        return converters.from_keras_hub(preset)


@keras.saving.register_keras_serializable(package="companion")
class MaskedBert(Configured):
    """p(w_i | corrupted text) for the gaps: a `Bert` and a `MaskedLM` head that shares its table.

    `model((ids, positions))`: corrupted ids (batch, time) and where the gaps are, (batch, gaps);
    logits (batch, gaps, vocab_size). The loss is `SmoothedCrossEntropy(0)` of chapter 5: a gap that
    only fills up a row has the label 0 and does not count.
    """

    config_class = BertConfig

    def __init__(self, config: BertConfig, **names):
        super().__init__(config, **names)
        self.bert = Bert(config, name="bert")
        self.masked_lm = MaskedLM(config.vocab_size, config.d_model, name="masked_lm")
        self.build()

    def build(self, input_shape=None):
        """Make all weights."""
        self.masked_lm.build()
        self.built = True

    def call(self, inputs, training=None):
        """Logits of the gaps."""
        ids, positions = inputs
        return self.gaps(self.bert(ids, training=training), positions)

    def gaps(self, x, positions):
        """Logits (batch, gaps, vocab_size) at some positions of encoded rows."""
        return self.masked_lm(x, positions=positions, table=self.bert.embedding.embeddings)


@keras.saving.register_keras_serializable(package="companion")
class PairedBert(Configured):
    """BERT's own pretraining: gaps, and whether the second segment followed the first.

    `model((ids, segments, positions))` gives `{"masked": (batch, gaps, vocab_size), "next":
    (batch, 2)}`, logits both; class 1 is "followed". The loss is the sum of the two mean
    cross-entropies (Devlin et al. 2019, appendix A.2). Raises `ValueError` without a pooler.
    """

    config_class = BertConfig

    def __init__(self, config: BertConfig, **names):
        super().__init__(config, **names)
        if not config.pooler:
            raise ValueError("next-sentence prediction reads the pooler; use pooler=True")
        self.bert = Bert(config, name="bert")
        self.masked_lm = MaskedLM(config.vocab_size, config.d_model, name="masked_lm")
        self.next_sentence = NextSentence(name="next_sentence")
        self.build()

    def build(self, input_shape=None):
        """Make all weights."""
        self.masked_lm.build()
        self.next_sentence.build((None, self.config.d_model))
        self.built = True

    def call(self, inputs, training=None):
        """Logits of the gaps and of the pair."""
        ids, segments, positions = inputs
        x = self.bert(ids, segments=segments, training=training)
        table = self.bert.embedding.embeddings
        return {
            "masked": self.masked_lm(x, positions=positions, table=table),
            "next": self.next_sentence(self.bert.pool(x)),
        }
