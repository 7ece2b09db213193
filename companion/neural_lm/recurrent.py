"""The recurrent language model: a state that has read everything so far. Chapter 3.

    h_t = cell(x_t, h_{t−1}),   p(w_{t+1} | w_1 … w_t) = softmax(U h_t + b)

No window bounds what the state may remember. Training cannot go back through a whole book,
though: it runs `context_length` steps, corrects the weights, and goes on from the state where it
stopped, which it keeps but no longer differentiates (truncated back-propagation through time,
Williams & Peng 1990). Letters: B batch, T time, D d_model, V vocabulary.
"""

import itertools
from collections.abc import Sequence

import keras
import numpy as np
from keras import ops

from companion import training
from companion.neural_lm.config import Configured, RecurrentConfig, word_table
from companion.neural_lm.scoring import checked_ids, log_probs_in_pieces, log_softmax
from companion.ngram.vocabulary import START_ID

CELLS = {"gru": (keras.layers.GRU, 1), "lstm": (keras.layers.LSTM, 2)}  # layer, arrays of state
NOT_WORTH_COMPILING = 128  # tokens that are read sooner than a compiled loop is made

State = list[list]  # for each layer its arrays (batch, d_model): [h] of a GRU, [h, c] of an LSTM


@keras.saving.register_keras_serializable("companion")
class RecurrentLM(Configured):
    """p(w_{t+1} | w_1 … w_t) = softmax(U h_t + b), h_t = cell(h_{t−1}, x_t); Mikolov et al. 2010.

    From ids (batch, time), read from the zero state, to logits of each next word
    (batch, time, vocab_size). `run` takes and returns the state.
    """

    config_class = RecurrentConfig

    def __init__(self, config: RecurrentConfig, **names):
        super().__init__(config, **names)
        layer, self.arrays = CELLS[config.cell]
        self.embedding = word_table(config.vocab_size, config.d_embedding or config.d_model)
        self.recurrent = [
            layer(config.d_model, return_sequences=True, return_state=True, name=f"layer{i}")
            for i in range(1, config.num_layers + 1)
        ]
        self.dropout = keras.layers.Dropout(config.dropout)
        self.projection = keras.layers.Dense(config.vocab_size, name="U")
        self.build()

    def build(self, input_shape=None):
        """Make all weights; their shapes follow from the config alone."""
        self.embedding.build()
        width = self.embedding.output_dim
        for layer in self.recurrent:
            layer.build((None, None, width))
            width = self.config.d_model
        self.projection.build((None, None, width))
        self.built = True

    def zero_state(self, batch_size: int) -> State:
        """The state before anything was read."""
        return [
            [ops.zeros((batch_size, self.config.d_model)) for _ in range(self.arrays)]
            for _ in self.recurrent
        ]

    def call(self, ids, training=None):
        """Logits of each next word, from the zero state."""
        return self.run(ids, self.zero_state(ops.shape(ids)[0]), training)[0]

    def run(self, ids, state: State, training=None) -> tuple:
        """Read (batch, time) ids on from a state: logits (batch, time, V) and the state after."""
        layers, after = self._read(ids, state, training)
        return self.projection(self.dropout(layers[-1], training=training)), after

    def layer_outputs(self, ids) -> list:
        """The word vectors and the output of each layer, num_layers + 1 of (batch, time, D).

        What `scalar_mix` mixes, when the word vectors are as wide as the layers.
        """
        return self._read(ids, self.zero_state(ops.shape(ids)[0]), training=False)[0]

    def _read(self, ids, state: State, training) -> tuple[list, State]:
        outputs, after = [self.embedding(ids)], []
        for layer, before in zip(self.recurrent, state, strict=True):
            x = self.dropout(outputs[-1], training=training)
            output, *new = layer(x, initial_state=list(before), training=training)
            outputs.append(output)
            after.append(new)
        return outputs, after

    def token_log_probs(
        self, ids: Sequence[int], *, stride: int = 1024, overlap: int = 256
    ) -> np.ndarray:
        """log p of every token of a text given those before it, (time,), in nats.

        The text is preceded by `<s>`. A text of at most `stride` tokens is read in one go. A
        longer one is cut into pieces that are read side by side; each begins `overlap` tokens
        early, with the zero state, so that its first score has that much context. Raises
        `ValueError` for an empty text, ids outside the vocabulary, stride < 1, overlap < 0.
        """
        return log_probs_in_pieces(
            self._logits,
            ids,
            start_id=START_ID,
            vocab_size=self.config.vocab_size,
            stride=stride,
            overlap=overlap,
        )

    def _logits(self, read: np.ndarray) -> np.ndarray:
        if read.shape[1] <= NOT_WORTH_COMPILING:
            return ops.convert_to_numpy(self(read))
        return self.predict(read, batch_size=len(read), verbose=0)

    def start(self, batch_size: int = 1) -> State:
        """The state before a text, for `step`."""
        return self.zero_state(batch_size)

    def step(self, ids: np.ndarray, state: State) -> tuple[np.ndarray, State]:
        """Read one id a row; returns log p of every next word, (batch, V), and the new state."""
        x, after = self.embedding(ops.convert_to_tensor(ids, dtype="int32")), []
        for layer, before in zip(self.recurrent, state, strict=True):
            x, new = layer.cell(x, before)
            after.append(list(new) if isinstance(new, list | tuple) else [new])
        return log_softmax(ops.convert_to_numpy(self.projection(x))), after


class TruncatedBPTT(keras.Model):
    """Trains a `RecurrentLM` with the state carried from one batch to the next.

    Back-propagation through time, cut after each batch (Williams & Peng 1990). Called on
    `(ids, keep)` from `stream_batches`: (batch, time), and (batch,) with 0 where a row starts
    over and 1 where it goes on. The state lives in variables of this model that are not trained,
    so that a resumed run finds it again.
    """

    def __init__(self, model: RecurrentLM, batch_size: int, **names):
        super().__init__(**names)
        self.model = model
        shape = (batch_size, model.config.d_model)
        self.carried = [
            self.add_weight(shape=shape, initializer="zeros", trainable=False, name=f"state{i}")
            for i in range(len(model.recurrent) * model.arrays)
        ]
        self.built = True

    def call(self, inputs, training=None):
        """Logits of each next word, (batch, time, V); moves the carried state on."""
        ids, keep = inputs
        keep = ops.cast(keep, self.compute_dtype)[:, None]
        flat = [keep * variable for variable in self.carried]
        n = self.model.arrays
        state = [flat[i : i + n] for i in range(0, len(flat), n)]
        logits, after = self.model.run(ids, state, training)
        for variable, value in zip(self.carried, itertools.chain(*after), strict=True):
            variable.assign(value)
        return logits


def stream_batches(
    texts: Sequence[Sequence[int]], config: RecurrentConfig, batch_size: int
) -> training.Batch:
    """`((ids, keep), targets)` by step, for `training.fit` of `TruncatedBPTT`.

    The texts, each after one `<s>`, are put end to end and cut into `batch_size` streams that are
    read side by side: row b of a batch goes on where row b of the batch before it stopped. What
    does not fill the streams is left out. Raises `ValueError` when the text is too short.
    """
    parts = [[START_ID, *checked_ids(ids, config.vocab_size)] for ids in texts]
    joined = np.concatenate([np.asarray(part, dtype=np.int32) for part in parts])
    length = config.context_length
    per_epoch = (len(joined) - 1) // (batch_size * length)
    if per_epoch < 1:
        raise ValueError(
            f"the text has {len(joined)} tokens; {batch_size} streams of {length} need "
            f"{batch_size * length + 1}: use fewer streams or a shorter context_length"
        )
    streams = np.arange(batch_size)[:, None] * (per_epoch * length) + np.arange(length)

    def batch(step: int):
        position = step % per_epoch
        at = streams + position * length
        keep = np.full(batch_size, 0.0 if position == 0 else 1.0, dtype=np.float32)
        return (joined[at], keep), joined[at + 1]

    return batch
