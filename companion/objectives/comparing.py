"""One encoder, one corpus, one budget, many objectives: which vectors are worth most? Chapter 9.

Every objective trains the *same* `Bert`; what stands on it, and what it is asked, differs. So that
a comparison is one of objectives, all get the same texts, steps, batch and schedule, and start from
the same weights. What cannot be the same: pairs hold two sentences a row, about a third less text
than the full rows of the others; SimCSE needs dropout; a step's cost differs, and the clock is
reported, not equalised. Reading order: the corpus, the objectives by name, `prepare`.
"""

import dataclasses
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import keras
import numpy as np

from companion import training
from companion.bert import (
    Bert,
    BertConfig,
    MaskedBert,
    PairedBert,
    compile_for_gaps,
    compile_for_pairs,
    document_sentences,
    dynamic_masks,
    gaps,
    make_pairs,
    mask_tokens,
    most_gaps,
    start_from_waves,
)
from companion.bert.learning import Mask
from companion.bert.rows import Documents
from companion.tokenization import WordPiece
from companion.transformer import PAD_ID

from .contrastive import SimCSE, SimCSEConfig
from .denoising import Denoiser, DenoiserConfig, mass_spans, text_infilling
from .electra import Electra, ElectraConfig
from .mixing import mix, temperature_mixing
from .pairs import masked_pairs, sentence_order_pairs
from .prefix import PrefixLM, next_token, prefix_lm
from .sentinels import span_corruption

ENCODER = BertConfig(
    vocab_size=1,  # of the corpus
    context_length=32,  # of the corpus
    d_model=128,
    num_layers=2,
    num_heads=4,
    d_ff=512,
    dropout=0.0,
    pooler=False,
)


@dataclasses.dataclass(frozen=True)
class Material:
    """A corpus made ready: documents as sentences of ids, rows of `length`, and room for names.

    `sentinel_ids` follow the tokenizer's own ids, so `vocab_size` is larger than the tokenizer.
    """

    tokenizer: WordPiece
    documents: Documents
    rows: np.ndarray
    sentinel_ids: tuple[int, ...]

    @property
    def vocab_size(self) -> int:
        """The tokenizer's ids and the sentinels."""
        return len(self.tokenizer) + len(self.sentinel_ids)

    @property
    def mask(self) -> Mask:
        """BERT's law over the tokenizer's own ids."""
        return partial(mask_tokens, vocab_size=len(self.tokenizer))


def material(
    documents: Iterable[Iterable[str]],
    tokenizer: WordPiece,
    length: int = 64,
    sentinels: int = 16,
    shortest: int = 8,
) -> Material:
    """Documents, each as its sentences, in rows of `length` ids; those of one text share a row.

    The language is the caller's: who has a text and not its sentences cuts it first (Chinese:
    chapter 6's `split_sentences`). Rows of fewer than `shortest` ids, [CLS] and [SEP] included, are
    left out: there is no half of one token to hide. Raises `ValueError` as chapter 6's
    `document_sentences` does, for a document that is one text, and where no row is long enough.
    """
    told = []
    for document in documents:
        if isinstance(document, str):
            raise ValueError(f"a document is a list of sentences, not one text: {document[:30]!r}")
        found = (tokenizer.encode_ordinary(sentence) for sentence in document)
        if kept := [sentence for sentence in found if sentence]:
            told.append(kept)
    names = tuple(range(len(tokenizer), len(tokenizer) + sentinels))
    rows = document_sentences(told, length)
    rows = rows[(rows != PAD_ID).sum(axis=1) >= shortest]
    if not len(rows):
        raise ValueError(f"no row has {shortest} ids; give longer texts, or a smaller shortest")
    return Material(tokenizer, told, rows, names)


Made = tuple[keras.Model, training.Batch]


@dataclasses.dataclass(frozen=True)
class Objective:
    """A name for tables, whose it is, and `make(material, config, batch_size, seed)`: a model with
    an encoder `bert`, and its batches. `causal`: the encoder has only ever looked back.
    """

    title: str
    paper: str
    make: Callable[[Material, BertConfig, int, int], Made]
    causal: bool = False


def _as(kind: type[BertConfig], config: BertConfig, **more) -> Any:
    """The same numbers as a config of another kind."""
    return kind(**(dataclasses.asdict(config) | more))


def _masked(corpus: Material, config: BertConfig, batch_size: int, seed: int) -> Made:
    return MaskedBert(config), dynamic_masks(corpus.rows, batch_size, corpus.mask, seed)


def _paired(make) -> Callable[..., Made]:
    """Gaps, and a question about two segments that `make` draws."""

    def prepare(corpus: Material, config: BertConfig, batch_size: int, seed: int) -> Made:
        pairs = make(corpus.documents, np.random.default_rng(seed), corpus.rows.shape[1])
        model = PairedBert(dataclasses.replace(config, pooler=True))
        return model, masked_pairs(*pairs, batch_size, corpus.mask, seed)

    return prepare


def _electra(corpus: Material, config: BertConfig, batch_size: int, seed: int) -> Made:
    pick = training.shuffled(corpus.rows, batch_size=batch_size, seed=seed)
    width = most_gaps(corpus.rows.shape[1])

    def batch(step: int):
        (ids,) = pick(step)
        # Every gap is shown as [MASK]: what the discriminator reads is the generator's guess.
        shown, chosen = partial(corpus.mask, shown=(1.0, 0.0))(
            ids, np.random.default_rng([seed, step])
        )
        positions, labels = gaps(ids, chosen, width)
        return (ids, shown, positions), labels

    return Electra(_as(ElectraConfig, config)), batch


def _prefixed(make) -> Callable[..., Made]:
    def prepare(corpus: Material, config: BertConfig, batch_size: int, seed: int) -> Made:
        pick = training.shuffled(corpus.rows, batch_size=batch_size, seed=seed)

        def batch(step: int):
            ids, seen, target = make(*pick(step), np.random.default_rng([seed, step]))
            return (ids, seen), target

        return PrefixLM(config), batch

    return prepare


Corrupt = Callable[[Material, np.ndarray, np.random.Generator], tuple]


def _denoised(corrupt: Corrupt) -> Callable[..., Made]:
    """An encoder that reads what `corrupt` left, and a decoder that answers."""

    def prepare(corpus: Material, config: BertConfig, batch_size: int, seed: int) -> Made:
        batch = denoising_batches(corpus, corrupt, batch_size, seed)
        return Denoiser(_as(DenoiserConfig, config)), batch

    return prepare


def denoising_batches(
    corpus: Material, corrupt: Corrupt, batch_size: int, seed: int = 0, task: int | None = None
) -> training.Batch:
    """((source, shown), target) by step, of rows corrupted anew each time they come.

    With a `task`, a token that names it stands in the place of [CLS], as T5's prefixes do (Raffel
    et al. 2020, §2.4), and the decoder's rows are filled up to the width of the source's, so that
    tasks can be mixed.
    """
    pick = training.shuffled(corpus.rows, batch_size=batch_size, seed=seed)

    def batch(step: int):
        source, shown, target = corrupt(corpus, *pick(step), np.random.default_rng([seed, step]))
        if task is not None:
            source[:, 0] = task
            missing = ((0, 0), (0, source.shape[1] - target.shape[1]))
            shown, target = np.pad(shown, missing), np.pad(target, missing)
        return (source, shown), target

    return batch


CORRUPTIONS: dict[str, Corrupt] = {
    "MASS": lambda corpus, ids, rng: mass_spans(ids, rng),
    "BART infilling": lambda corpus, ids, rng: text_infilling(ids, rng),
    "T5 span corruption": lambda corpus, ids, rng: span_corruption(ids, rng, corpus.sentinel_ids),
}


def _mixed(corpus: Material, config: BertConfig, batch_size: int, seed: int) -> Made:
    """The three corruptions in turn, as often as `temperature_mixing` of equal sizes says.

    The first sentinels name T5's spans, the last ones the tasks.
    """
    hidden = max(1, round(0.15 * (corpus.rows.shape[1] - 2)))  # the most that T5 hides in a row
    wanted = max(1, round(hidden / 3)) + 1 + len(CORRUPTIONS)
    if len(corpus.sentinel_ids) < wanted:
        raise ValueError(
            f"{len(corpus.sentinel_ids)} sentinels; spans, the end and the tasks need {wanted}"
        )
    tasks = zip(CORRUPTIONS.values(), reversed(corpus.sentinel_ids), strict=False)
    sources = [denoising_batches(corpus, c, batch_size, seed, task) for c, task in tasks]
    rates = temperature_mixing([len(corpus.rows)] * len(sources))
    return Denoiser(_as(DenoiserConfig, config)), mix(sources, rates, seed)


def _simcse(corpus: Material, config: BertConfig, batch_size: int, seed: int) -> Made:
    model = SimCSE(_as(SimCSEConfig, config, dropout=config.dropout or 0.1))
    return model, training.shuffled(corpus.rows, batch_size=batch_size, seed=seed)


OBJECTIVES: Mapping[str, Objective] = {
    "mlm": Objective("MLM", "Devlin et al. 2019", _masked),
    "nsp": Objective("MLM + NSP", "Devlin et al. 2019", _paired(make_pairs)),
    "sop": Objective("MLM + sentence order", "Lan et al. 2020", _paired(sentence_order_pairs)),
    "electra": Objective("ELECTRA", "Clark et al. 2020", _electra),
    "next_token": Objective(
        "next token", "Radford et al. 2018", _prefixed(lambda ids, rng: next_token(ids)), True
    ),
    "prefix_lm": Objective("prefix LM", "Raffel et al. 2020", _prefixed(prefix_lm)),
    "mass": Objective("MASS", "Song et al. 2019", _denoised(CORRUPTIONS["MASS"])),
    "bart": Objective(
        "BART infilling", "Lewis et al. 2020", _denoised(CORRUPTIONS["BART infilling"])
    ),
    "t5": Objective(
        "T5 span corruption", "Raffel et al. 2020", _denoised(CORRUPTIONS["T5 span corruption"])
    ),
    "mixed": Objective("MASS, BART, T5 mixed", "Raffel et al. 2020", _mixed),
    "simcse": Objective("SimCSE", "Gao et al. 2021", _simcse),
}


def prepare(
    name: str,
    corpus: Material,
    steps: int,
    config: BertConfig = ENCODER,
    batch_size: int = 32,
    rate: float = 2e-3,
    seed: int = 0,
    muon: bool = False,
    start: Callable[[Bert], None] = start_from_waves,
) -> Made:
    """A compiled model with the encoder `.bert`, and its batches, ready for `training.fit`.

    All encoders of one seed start from the same weights and one of the starts of chapter 6, so that
    step 0 is one point for all; `muon` as in `compile_for_gaps`. Raises `ValueError` for an
    objective that is not in `OBJECTIVES`, and for a mixture with too few sentinels.
    """
    if name not in OBJECTIVES:
        raise ValueError(f"no objective {name!r}; there are: {', '.join(OBJECTIVES)}")
    training.seed(seed)
    config = dataclasses.replace(
        config, vocab_size=corpus.vocab_size, context_length=corpus.rows.shape[1]
    )
    model, batch = OBJECTIVES[name].make(corpus, config, batch_size, seed)
    if model.bert.config.dropout != config.dropout:
        # Its dropout drew seeds too, before the blocks did: they would start otherwise.
        training.seed(seed)
        model.bert.set_weights(Bert(config).get_weights())
    start(model.bert)
    fit = compile_for_pairs if isinstance(model, PairedBert) else compile_for_gaps
    fit(model, steps, rate, max(1, min(100, steps // 10)), muon)
    return model, batch


class ProbeEach(keras.callbacks.Callback):
    """Probe the encoder after each interval; scores and seconds join the history.

    `measures` are functions of the encoder, by name. The clock stops while they run.
    """

    def __init__(self, measures: Mapping[str, Callable[[Bert], float]]):
        super().__init__()
        self.measures = measures

    def on_epoch_begin(self, epoch, logs=None):
        """Start the interval's clocks."""
        self.begun, self.worked = time.perf_counter(), time.process_time()

    def on_epoch_end(self, epoch, logs=None):
        """Stop them, then probe."""
        logs["seconds"] = time.perf_counter() - self.begun
        logs["processor seconds"] = time.process_time() - self.worked
        for name, measure in self.measures.items():
            logs[name] = float(measure(self.model.bert))


def interval(scores: Sequence[float]) -> tuple[float, float, float]:
    """(mean, low, high): the 95 % interval of the mean of some seeds by Student's t.

    x̄ ± t·s/√n with n − 1 degrees of freedom: t is 12.7 for two seeds, 4.30 for three, 2.78 for
    five. Raises `ValueError` for fewer than two.
    """
    scores = np.asarray(scores, float)
    if len(scores) < 2:
        raise ValueError(f"{len(scores)} seed(s): an interval needs at least two")
    from scipy.stats import t  # scipy is slow to import, and few need it

    mean = float(scores.mean())
    half = float(t.ppf(0.975, len(scores) - 1) * scores.std(ddof=1) / np.sqrt(len(scores)))
    return mean, mean - half, mean + half
