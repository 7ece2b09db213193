"""Translation, English and Chinese, both ways by one model: pairs to ids, batches, text again.

Chapter 5. One joint vocabulary of chapter 2's BPE serves both languages (Sennrich et al. 2016,
§3.2); a tag before the source says which language is wanted (Johnson et al. 2017, §3). Training is
`training.fit` on `batches`; decoding is `greedy`. Baseline, alignment and errors are in `nearest`,
`alignment` and `errors`. Letters: B batch, S source length, T target length.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise

import keras
import numpy as np
import regex

from companion import backend, checkpoints, training
from companion.tokenization import BPE, GPT2_PATTERN

from .config import TransformerConfig
from .greedy import greedy
from .learning import SmoothedCrossEntropy, shift_right
from .model import PAD_ID, Transformer

LANGUAGES = ("en", "zh")
SPECIALS = ("<pad>", "<start>", "<end>", "<2en>", "<2zh>")
START_ID, END_ID = SPECIALS.index("<start>"), SPECIALS.index("<end>")
TAG_IDS = {language: SPECIALS.index(f"<2{language}>") for language in LANGUAGES}

# Chinese has no blanks: GPT-2's pattern would take a whole clause for one word, and BPE would learn
# tokens that begin in one word and end in the next. Here each Chinese character is a word.
PATTERN = r"\p{Han}|" + GPT2_PATTERN.replace(r" ?\p{L}+", r" ?[^\P{L}\p{Han}]+")
COMPILED_FROM = 16  # so many texts are worth the seconds of compilation
_HAN = regex.compile(r"\p{Han}")


def language_of(text: str) -> str:
    """`"zh"` where at least a third of the letters are Chinese characters, else `"en"`."""
    letters = sum(character.isalpha() for character in text)
    return "zh" if letters and 3 * len(_HAN.findall(text)) >= letters else "en"


def train_tokenizer(texts: Iterable[str], vocab_size: int) -> BPE:
    """A joint BPE of both languages whose first ids are `SPECIALS`, padding being 0.

    Raises `ValueError` as `BPE.train` does, and for a vocabulary without room for the bytes.
    """
    least = 256 + len(SPECIALS)
    if vocab_size < least:
        raise ValueError(
            f"vocab_size is {vocab_size}; 256 bytes and {len(SPECIALS)} special tokens are {least}"
        )
    learned = BPE.train(texts, vocab_size - len(SPECIALS), pattern=PATTERN)
    vocab = {number + len(SPECIALS): token for number, token in learned.vocab.items()}
    special_ids = {token: number for number, token in enumerate(SPECIALS)}
    return BPE(vocab, learned.merges, special_ids, PATTERN)


def source_ids(tokenizer: BPE, text: str, to: str) -> list[int]:
    """The tag of the wanted language, then the text; what looks like a special token is text."""
    if to not in TAG_IDS:
        raise ValueError(f"to is {to!r}; the languages are {' and '.join(LANGUAGES)}")
    return [TAG_IDS[to], *tokenizer.encode_ordinary(text)]


def target_ids(tokenizer: BPE, text: str) -> list[int]:
    """The text, then the end."""
    return [*tokenizer.encode_ordinary(text), END_ID]


def padded(rows: Sequence[Sequence[int]], width: int | None = None) -> np.ndarray:
    """Rows of ids as one array (rows, width), filled up with padding; by default the longest's."""
    width = max(map(len, rows), default=0) if width is None else width
    out = np.full((len(rows), width), PAD_ID, np.int32)
    for line, row in zip(out, rows, strict=True):
        line[: len(row)] = row
    return out


def examples(
    pairs, tokenizer: BPE, to: Sequence[str] = LANGUAGES, longest: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Sources (rows, source) and targets (rows, target) of pairs with `.source` en, `.target` zh.

    A pair makes a row for each language in `to`. Rows with more than `longest` ids on a side are
    left out. Raises `ValueError` when none is left.
    """
    if not pairs or not to:
        raise ValueError(f"{len(pairs)} pairs to {len(to)} languages; give one of each at least")
    rows = []
    for language in to:
        for pair in pairs:
            given, wanted = pair.source, pair.target
            if language == "en":
                given, wanted = wanted, given
            row = source_ids(tokenizer, given, language), target_ids(tokenizer, wanted)
            if longest is None or max(map(len, row)) <= longest:
                rows.append(row)
    if not rows:
        raise ValueError(f"none of {len(pairs)} pairs has at most {longest} tokens on each side")
    source, target = zip(*rows, strict=True)
    return padded(source), padded(target)


def batches(source: np.ndarray, target: np.ndarray, tokens: int, seed: int = 0) -> training.Batch:
    """Batches of sentences of like length, of about `tokens` ids a side; Vaswani et al. 2017, §5.1.

    A function of the step, as `training.fit` wants it: ((source, shown), target), cut to the
    longest row of the batch. Each epoch sees every row once (an odd batch out is left for another
    epoch), neighbours and batches in a new order.
    Batches of short and of long rows take turns and differ in width: from the first two that it
    sees, Keras concludes which axes vary. Raises `ValueError` when the rows do not fill two
    batches.
    """
    widths = np.stack([(side != PAD_ID).sum(axis=1) for side in (source, target)])  # (2, rows)
    by_length = np.lexsort(widths)
    bounds = np.array([0, *_cuts(widths[:, by_length].max(axis=0), tokens)])
    spans = np.stack([widths[:, by_length[a:b]].max(axis=1) for a, b in pairwise(bounds)])
    half = len(spans) // 2
    if not half:
        raise ValueError(f"{len(source)} rows are one batch of {tokens} tokens; make tokens fewer")
    order: tuple[int, np.ndarray, np.ndarray] = (-1, by_length, bounds)

    def shuffled(epoch: int) -> tuple[int, np.ndarray, np.ndarray]:
        rng = np.random.default_rng([seed, epoch])
        rows = np.lexsort((rng.permutation(len(source)), *widths))  # equals change places
        short = np.append(0, 1 + rng.permutation(half - 1))  # each epoch begins with batch 0
        long = half + rng.permutation(len(spans) - half)[:half]
        return epoch, rows, np.stack([short, long], axis=1).ravel()

    def batch(step: int):
        nonlocal order
        epoch, place = divmod(step, 2 * half)
        if order[0] != epoch:
            order = shuffled(epoch)
        _, rows, numbers = order
        number = numbers[place]
        s, t = spans[number]
        if place % 2:  # a long one: wider than the short ones before and after it
            around = spans[[numbers[place - 1], numbers[(place + 1) % (2 * half)]]]
            s, t = np.maximum((s, t), 1 + around.max(axis=0))
        chosen = rows[bounds[number] : bounds[number + 1]]
        wanted = _cut(target[chosen], t)
        return (_cut(source[chosen], s), shift_right(wanted, START_ID)), wanted

    return batch


def _cuts(widths: np.ndarray, tokens: int) -> list[int]:
    """Where batches end, so that rows × width ≤ tokens; `widths` ascend nearly."""
    cuts, begin, widest = [], 0, 0
    for place, width in enumerate(widths):
        widest = max(widest, width)
        if place > begin and (place + 1 - begin) * widest > tokens:
            cuts.append(place)
            begin, widest = place, width
    return [*cuts, len(widths)]


def _cut(array: np.ndarray, width: int) -> np.ndarray:
    """The first `width` columns, padded where there are fewer."""
    missing = max(0, width - array.shape[1])
    return np.pad(array[:, :width], ((0, 0), (0, missing)))


def compile_for_translation(
    model: Transformer,
    steps: int,
    rate: float = 3e-3,
    warmup: int = 100,
    smoothing: float = 0.0,
    muon: bool = False,
) -> None:
    """Adam (β₂ = 0.98, as in Vaswani et al. 2017, §5.3); the rate climbs, then falls to nothing.

    With `muon`, `training.muon` learns the matrices: on microworld in half the steps, with batches
    half as large again and at twice the rate.

    `Noam` falls with the root of the step and never arrives; when the number of steps is known, a
    cosine that ends at zero (Loshchilov & Hutter 2017) learns more in a minute. Keras hands ten
    batches at a time to the compiled step: with a small model its own bookkeeping after each one
    would take a fifth of the time.
    """
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0, max(1, steps - warmup), warmup_target=rate, warmup_steps=warmup
    )
    model.compile(
        training.muon(schedule) if muon else backend.Adam(schedule, beta_2=0.98),
        SmoothedCrossEntropy(smoothing),
        steps_per_execution=10,
    )


class Translator:
    """A model and its tokenizer: text in, text out.

    >>> Translator(model, tokenizer).translate(["Sara is a student."], to="zh")
    ['萨拉是一名学生。']
    """

    def __init__(self, model: Transformer, tokenizer: BPE):
        if len(tokenizer) != model.config.vocab_size or tokenizer.special_tokens != {
            token: number for number, token in enumerate(SPECIALS)
        }:
            raise ValueError(
                f"a tokenizer of {len(tokenizer)} tokens, special ones "
                f"{list(tokenizer.special_tokens)}, and a model with a vocab_size of "
                f"{model.config.vocab_size} do not belong together; make the tokenizer with "
                "train_tokenizer and the config with its length"
            )
        self.model, self.tokenizer = model, tokenizer
        self._step = None

    def translate(self, texts: Sequence[str], to: str, batch_size: int = 256) -> list[str]:
        """The likeliest translation, word by word, of each text, in the order of the texts.

        `to` is "en" or "zh". Texts of like length are decoded together. Raises `ValueError` for an
        empty text, and for one that has more tokens than the model has positions.
        """
        if isinstance(texts, str):
            raise ValueError("texts is one text; put it in brackets")
        rows = [self.check(text, to) for text in texts]
        out = [""] * len(rows)
        order = sorted(range(len(rows)), key=lambda i: len(rows[i]))
        for begin in range(0, len(order), batch_size):
            chosen = order[begin : begin + batch_size]
            chosen_rows = [rows[i] for i in chosen]
            many = len(rows) >= COMPILED_FROM
            found = self.decode_compiled(chosen_rows) if many else self.decode(padded(chosen_rows))
            for i, ids in zip(chosen, found, strict=True):
                out[i] = self.tokenizer.decode(i for i in ids if i >= len(SPECIALS))
        return out

    def check(self, text: str, to: str) -> list[int]:
        """The source ids of a text, or a `ValueError` that says what is wrong with it."""
        if not text.strip():
            raise ValueError("the text is empty; give at least one word")
        ids, limit = source_ids(self.tokenizer, text, to), self.model.config.context_length
        if len(ids) > limit:
            raise ValueError(
                f"the text has {len(ids) - 1} tokens and the limit is {limit - 1}; translate it "
                "sentence by sentence"
            )
        return ids

    def decode(self, source: np.ndarray) -> list[list[int]]:
        """Greedy decoding of sources (batch, source)."""
        return greedy(self.model, source, start_id=START_ID, end_id=END_ID)

    def decode_compiled(self, rows: list[list[int]]) -> list[list[int]]:
        """The same by a compiled step. Rows and widths are filled up to powers of two, but not past
        the context: each shape costs seconds of compilation, and each token then a tenth of the
        time.
        """
        count, width = (1 << (n - 1).bit_length() for n in (len(rows), max(map(len, rows))))
        width = min(width, self.model.config.context_length)
        source = padded(rows + rows[:1] * (count - len(rows)), width)
        if self._step is None:
            self._step = backend.compile(self.model.step)
        ids = greedy(self.model, source, start_id=START_ID, end_id=END_ID, step=self._step)
        return ids[: len(rows)]


def load_translator(name: str = "translate-en-zh") -> Translator:
    """The translator of a checkpoint (`companion train` makes it).

    Raises `checkpoints.CheckpointError` where the checkpoint is missing or damaged.
    """
    folder = checkpoints.find(name)
    card = checkpoints.verify(folder)
    model = Transformer(TransformerConfig(**card["config"]))
    checkpoints.read(model, folder)
    return Translator(model, BPE.load(folder / "tokenizer.json"))
