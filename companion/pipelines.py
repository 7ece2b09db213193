"""Text inside `tf.data`: tensorflow-text's tokenizer, any Python tokenizer, padded batches.

The only importer of TensorFlow outside `backend`. tensorflow-text is a part of the graph: it runs
on many threads, is saved with a model, and needs no Python where the model is served. A Python
tokenizer runs in `tf.data` too, one thread at a time. A pipeline takes either; it knows ids, not
tokenizers, so it stands below the chapters.

`tensorflow_text` has no wheels for Windows: importing this module there says so.
"""

import math
from collections.abc import Callable, Mapping, Sequence

from companion import backend  # noqa: F401  first: it starts TensorFlow quietly

# isort: split
import tensorflow as tf

try:
    import tensorflow_text as tf_text
except ImportError as error:
    raise ImportError(
        "tensorflow-text is not installed (it has no wheels for Windows): use WSL, or "
        "pip install 'tensorflow-text>=2.21,<2.22'"
    ) from error

Tokenize = Callable[[tf.Tensor], tf.RaggedTensor]  # strings (batch,) to ids (batch, ragged)


def bert_ids(vocab: Sequence[str], lowercase: bool = True) -> Tokenize:
    """Return tensorflow-text's BERT tokenizer as a function of a batch of strings.

    `vocab` lists the tokens in the order of their ids and must hold [UNK]. With `lowercase` the
    text goes through `bert_normalized` first. Ids are int32, without [CLS] and [SEP].
    """
    if "[UNK]" not in vocab:
        raise ValueError("the vocabulary lacks '[UNK]': BERT's tokenizer needs it")
    table = tf.lookup.StaticVocabularyTable(
        tf.lookup.KeyValueTensorInitializer(
            list(vocab), tf.range(len(vocab), dtype=tf.int64), tf.string, tf.int64
        ),
        num_oov_buckets=1,
    )
    tokenizer = tf_text.BertTokenizer(table, lower_case=lowercase)

    def tokenize(texts: tf.Tensor) -> tf.RaggedTensor:
        words = tokenizer.tokenize(texts)  # (batch, words, pieces)
        return tf.cast(words.merge_dims(-2, -1), tf.int32)

    return tokenize


def bert_normalized(texts: tf.Tensor) -> tf.Tensor:
    """Return what tensorflow-text's BERT makes of a text: case-folded by NFKC, then without marks.

    Google's rules lower the letters and drop the accents; this also turns ， into a comma.
    """
    folded = tf_text.normalize_utf8(tf_text.case_fold_utf8(texts), "NFD")
    return tf.strings.regex_replace(folded, r"\p{Mn}", "")


def python_ids(encode: Callable[[str], Sequence[int]]) -> Tokenize:
    """Return a Python tokenizer, `text -> ids`, as a function of a batch of strings."""

    def call(texts) -> tf.RaggedTensor:
        rows = [encode(text.decode("utf-8")) for text in texts.numpy()]
        ids = tf.constant([number for row in rows for number in row], tf.int32)
        return tf.RaggedTensor.from_row_lengths(ids, [len(row) for row in rows])

    def tokenize(texts: tf.Tensor) -> tf.RaggedTensor:
        return tf.py_function(call, [texts], tf.RaggedTensorSpec([None, None], tf.int32))

    return tokenize


def token_batches(
    texts: Sequence[str], tokenizers: Mapping[str, Tokenize], batch_size: int = 64
) -> tf.data.Dataset:
    """Return batches of `{"text": strings, name: ragged ids, …}`, a name a tokenizer, in order."""
    if not tokenizers or "text" in tokenizers:
        raise ValueError(f"give tokenizers by name, none called 'text': {sorted(tokenizers)}")

    def add_ids(batch: tf.Tensor) -> dict[str, tf.Tensor | tf.RaggedTensor]:
        return {"text": batch} | {name: ids(batch) for name, ids in tokenizers.items()}

    batches = tf.data.Dataset.from_tensor_slices(list(texts)).batch(batch_size)
    return batches.map(add_ids, num_parallel_calls=tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE)


def model_inputs(
    ids: tf.RaggedTensor, length: int, start: int, end: int, pad: int = 0
) -> dict[str, tf.Tensor]:
    """Return `ids` and `attention_mask`, both (batch, `length`): [CLS] ids [SEP], cut and padded.

    A text that is too long loses its end, not its [SEP]. The mask is True where there is a token.
    Raises `ValueError` where `length` has no place for a token between `start` and `end`.
    """
    if length < 3:
        raise ValueError(f"length={length} is too short: [CLS], one token and [SEP] need 3")
    trimmed = tf_text.RoundRobinTrimmer(length - 2).trim([ids])
    joined, _ = tf_text.combine_segments(trimmed, start_of_sequence_id=start, end_of_segment_id=end)
    padded, is_token = tf_text.pad_model_inputs(joined, length, pad)
    return {"ids": padded, "attention_mask": tf.cast(is_token, tf.bool)}


def gap_chooser(
    vocab_size: int,
    mask_id: int,
    special_ids: Sequence[int],
    rate: float = 0.15,
    most: int = 20,
) -> Callable[[tf.RaggedTensor], dict[str, tf.RaggedTensor]]:
    """Return tensorflow-text's masking of ragged ids (batch, ragged) by BERT's law.

    `RandomItemSelector` takes `rate` of a row's tokens, rounded *up*, at most `most`;
    `MaskValuesChooser` shows 80 % as `mask_id`, 10 % as any id of the vocabulary and 10 % as they
    are. Gives `ids`, `positions` and `labels`, all ragged. Both draw from TensorFlow's generator:
    `tf.random.set_seed` repeats them. Raises `ValueError` for a rate outside 0 … 1.
    """
    if not 0 < rate <= 1:
        raise ValueError(f"rate is {rate}; it is above 0 and at most 1")
    selector = tf_text.RandomItemSelector(most, rate, unselectable_ids=list(special_ids))
    chooser = tf_text.MaskValuesChooser(vocab_size, mask_id, 0.8, 0.1)

    def choose(ids: tf.RaggedTensor) -> dict[str, tf.RaggedTensor]:
        shown, positions, labels = tf_text.mask_language_model(
            ids, item_selector=selector, mask_values_chooser=chooser
        )
        return {"ids": shown, "positions": positions, "labels": labels}

    return choose


def gap_batches(
    texts: Sequence[str],
    tokenize: Tokenize,
    *,
    length: int,
    vocab_size: int,
    special_tokens: Mapping[str, int],
    batch_size: int = 32,
    rate: float = 0.15,
) -> tf.data.Dataset:
    """Return batches to fill gaps with: ((ids, positions), labels), as chapter 6's model wants.

    Each text is tokenised, cut, put between [CLS] and [SEP], masked (`gap_chooser`) and padded to
    `length`, all in the graph. `positions` and `labels` (batch, gaps) are padded with 0. Gaps are
    drawn anew each epoch. `special_tokens` maps [PAD], [UNK], [CLS], [SEP], [MASK] to their ids.
    The texts left over at the end of an epoch are dropped. Raises `ValueError` for fewer than a
    batch.
    """
    if len(texts) < batch_size:
        raise ValueError(f"{len(texts)} texts make no batch of {batch_size}")
    pad, most = special_tokens["[PAD]"], math.ceil(rate * (length - 2))
    choose = gap_chooser(
        vocab_size, special_tokens["[MASK]"], tuple(special_tokens.values()), rate, most
    )

    def prepare(batch: tf.Tensor):
        ids = tokenize(batch)
        trimmed = tf_text.RoundRobinTrimmer(length - 2).trim([ids])
        joined, _ = tf_text.combine_segments(
            trimmed, special_tokens["[CLS]"], special_tokens["[SEP]"]
        )
        masked = choose(joined)
        shown, _ = tf_text.pad_model_inputs(masked["ids"], length, pad)
        positions, _ = tf_text.pad_model_inputs(masked["positions"], most, 0)
        labels, _ = tf_text.pad_model_inputs(masked["labels"], most, pad)
        # Positions come as int64 where ids are int32; Keras wants to see one shape and type.
        return (shown, tf.cast(positions, tf.int32)), tf.cast(labels, tf.int32)

    batches = tf.data.Dataset.from_tensor_slices(list(texts)).batch(batch_size, drop_remainder=True)
    return batches.map(prepare, num_parallel_calls=tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE)
