"""Tasks whose answer is a text: a summary, a reply. Chapter 5's Transformer writes it. Chapter 10.

The source is read whole; the target is written word by word, greedily. Letters: B batch, S source,
T target.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from companion import backend, metrics, training
from companion.bert import narrow
from companion.tokenization import WordPiece
from companion.transformer import (
    SmoothedCrossEntropy,
    Transformer,
    TransformerConfig,
    greedy,
    padded,
    shift_right,
)

from .items import Rewrite
from .learning import rate_of
from .scores import Metric, by_kind, mean_metric
from .starts import Start, text_rows
from .turns import rounded_up

# Sources that are answered together, and what their width is a multiple of: few shapes to compile.
BATCH, WIDTH_STEP = 64, 64
WORTH_COMPILING = 16  # fewer texts are written before the compiler has done its work
EXACT = mean_metric("exact", lambda item, answer: float(_words(item.target) == _words(answer)))
ROUGE_L = mean_metric("ROUGE-L", lambda item, answer: metrics.rouge_l(answer, item.target))


def _words(text: str) -> list[str]:
    return metrics.rouge_words(text)


@dataclass(frozen=True)
class Writing:
    """A text for a text: p(target | source), Vaswani et al. 2017, trained by teacher forcing.

    `longest_target` is in tokens. With `exact_first`, what counts first is that the whole answer is
    right: of short replies a wrong one shares most words with the right one.
    """

    longest_target: int = 48
    exact_first: bool = False

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """ROUGE-L, and the share of answers that are right to the word."""
        return (EXACT, ROUGE_L) if self.exact_first else (ROUGE_L, EXACT)

    def start(self, texts: Sequence[str], numbers: Mapping[str, Any]) -> Start:
        """New weights, and a vocabulary of the texts."""
        sizes = dict(numbers)
        vocab_size = sizes.pop("vocab_size", 2000)
        tokenizer = WordPiece.train([narrow(text) for text in texts], vocab_size)
        return Start(TransformerConfig(vocab_size=len(tokenizer), **sizes), None, tokenizer)

    def model(self, start: Start, method: str) -> Transformer:
        """The network; it is trained from scratch, there being nothing to start from."""
        if method != "scratch":
            raise ValueError(f"method is {method!r}; a task that writes is trained from scratch")
        return Transformer(start.config)

    def compile(self, model: Transformer, rate: float, steps: int, muon: bool = False) -> None:
        """Adam, β₂ = 0.98 as in the paper's §5.3, or Muon; its rate climbs and falls."""
        schedule = rate_of(rate, steps)
        optimizer = training.muon(schedule) if muon else backend.Adam(schedule, beta_2=0.98)
        model.compile(optimizer, SmoothedCrossEntropy(0.0))

    def batches(
        self,
        tokenizer: WordPiece,
        items: Sequence[Rewrite],
        longest: int,
        batch_size: int,
        seed: int,
    ) -> training.Batch:
        """((source, shown), target) as a function of the step."""
        source, target = self.rows(tokenizer, items, longest), self.targets(tokenizer, items)
        pick = training.shuffled(source, target, batch_size=batch_size, seed=seed)
        begin = tokenizer.special_tokens["[CLS]"]

        def batch(step: int):
            shown, wanted = pick(step)
            return (shown, shift_right(wanted, begin)), wanted

        return batch

    def rows(self, tokenizer: WordPiece, items: Sequence[Rewrite], longest: int) -> np.ndarray:
        """Sources (items, time): what came before, if anything did, and the text."""
        seconds = [item.second for item in items] if items[0].second else None
        return text_rows(tokenizer, [item.text for item in items], longest, seconds)

    def targets(self, tokenizer: WordPiece, items: Sequence[Rewrite]) -> np.ndarray:
        """What is to be written, and [SEP]: (items, longest_target), padded.

        Raises `ValueError` for a target that is too long: half of it would be learned as all.
        """
        end = tokenizer.special_tokens["[SEP]"]
        rows = [[*tokenizer.encode_ordinary(narrow(item.target)), end] for item in items]
        if (most := max(map(len, rows))) > self.longest_target:
            raise ValueError(f"a target has {most} tokens; longest_target is {self.longest_target}")
        return padded(rows, self.longest_target)

    def reader(
        self, model: Transformer, tokenizer: WordPiece, longest: int
    ) -> Callable[[Sequence[Rewrite]], list[str]]:
        """The function from items to what the model writes; of many, by a step compiled once."""
        special, compiled = tokenizer.special_tokens, backend.compile(model.step)
        ends = {"start_id": special["[CLS]"], "end_id": special["[SEP]"]}

        def read(items):
            source, found = self.rows(tokenizer, items, longest), []
            for begin in range(0, len(source), BATCH):
                part, step = source[begin : begin + BATCH], None
                count = len(part)
                if len(source) >= WORTH_COMPILING:
                    part, step = _filled(part, model.config.context_length), compiled
                written = greedy(model, part, max_length=self.longest_target, step=step, **ends)
                found += [tokenizer.decode(ids) for ids in written[:count]]
            return found

        return read

    def errors(self, items: Sequence[Rewrite], answers: Sequence[str]) -> dict[str, Any]:
        """The share of right answers by kind of item."""
        return by_kind(items, answers, EXACT)


def _filled(part: np.ndarray, limit: int) -> np.ndarray:
    """Sources filled up to one of few shapes, with copies of the first and with padding."""
    width = rounded_up(part.shape[1], WIDTH_STEP, limit)
    rows = np.concatenate([part, np.repeat(part[:1], BATCH - len(part), axis=0)])
    return np.pad(rows, ((0, 0), (0, width - rows.shape[1])))
