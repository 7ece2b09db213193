"""The kinds of task: how items become rows, what stands on the encoder, how an answer is read.

Chapter 10. A kind knows no corpus and no method of training. Those here and in `tagging` stand on
an encoder; `writing` has the one that needs a decoder too. Letters: B batch, T time, C classes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from companion import backend, metrics, training
from companion.tokenization import WordPiece

from .answers import best_span
from .heads import ClassificationHead, SpanHead
from .items import Asked, Example, words_of
from .learning import class_weights, rate_of
from .scores import Metric, by_kind, f1_of_counts, mean_metric
from .starts import Start, blank_start, new_model, text_rows, word_rows
from .tags import FORBIDDEN
from .turns import predict, turns

ACCURACY = mean_metric("accuracy", lambda item, answer: float(item.label == answer))


class OnEncoder:
    """What the kinds below share: an encoder, a head of the kind's own, batches of two widths."""

    def start(self, texts: Sequence[str], numbers: Mapping[str, Any]) -> Start:
        """Where a task without a checkpoint starts: new weights, and a vocabulary of its texts."""
        return blank_start(texts, **numbers)

    def model(self, start: Start, method: str) -> keras.Model:
        """The network, of which the method lets a part move."""
        return new_model(start, self.head(), method)

    def compile(self, model: keras.Model, rate: float, steps: int, muon: bool = False) -> None:
        """Adam, or Muon for new networks and those that it trained; the rate climbs and falls."""
        schedule = rate_of(rate, steps)
        optimizer = training.muon(schedule) if muon else backend.Adam(schedule)
        model.compile(optimizer, self.loss(model))

    def loss(self, model: keras.Model):
        """What training makes small."""
        return cross_entropy()

    def batches(
        self, tokenizer: WordPiece, items: Sequence[Any], longest: int, batch_size: int, seed: int
    ) -> training.Batch:
        """Batches as a function of the step; see `turns`."""
        ids = self.rows(tokenizer, items, longest)
        return turns(ids, self.targets(tokenizer, items, ids, longest), batch_size, seed)

    def reader(
        self, model: keras.Model, tokenizer: WordPiece, longest: int
    ) -> Callable[[Sequence[Any]], list[Any]]:
        """The function from items to the model's answers."""

        def read(items):
            said = predict(model, self.rows(tokenizer, items, longest))
            return self.answers(said, tokenizer, items, longest, **self.learned(model))

        return read

    def learned(self, model: keras.Model) -> dict[str, Any]:
        """What `answers` takes of the model beside what it says."""
        return {}


@dataclass(frozen=True)
class Classification(OnEncoder):
    """One class a text or a pair of texts; Devlin et al. 2019, figure 4 a and b.

    With `weighted`, every class weighs the same in the loss. `nothing` is the class that says that
    there is nothing to find: with it the first score is F₁ of the others ("micro"). With
    `both_ends`, the middle of a long text is cut out and not its end.
    """

    labels: tuple[str, ...]
    pooling: str = "mean"
    weighted: bool = False
    nothing: str | None = None
    both_ends: bool = False

    @classmethod
    def of(cls, items: Sequence[Example], **options) -> "Classification":
        """The kind whose classes are those of the items."""
        return cls(tuple(sorted({item.label for item in items})), **options)

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """Accuracy; F₁ of the classes first where one of them means nothing."""
        if self.nothing is None:
            return (ACCURACY,)
        return (Metric("F1", self._found_counts, f1_of_counts), ACCURACY)

    def _found_counts(self, items, answers):
        none = self.nothing
        return np.array(
            [
                [item.label == answer != none, answer != none, item.label != none]
                for item, answer in zip(items, answers, strict=True)
            ],
            float,
        )

    def head(self) -> keras.layers.Layer:
        """What stands on the encoder."""
        return ClassificationHead(len(self.labels), pooling=self.pooling, name="head")

    def rows(self, tokenizer: WordPiece, items: Sequence[Example], longest: int) -> np.ndarray:
        """Ids (items, time)."""
        seconds = [item.second for item in items] if items[0].second else None
        texts = [item.text for item in items]
        return text_rows(tokenizer, texts, longest, seconds, self.both_ends)

    def targets(self, tokenizer, items: Sequence[Example], ids, longest: int) -> dict:
        """The number of each item's class, and its weight if classes are weighed."""
        number = {label: i for i, label in enumerate(self.labels)}
        wanted = {"label": np.array([number[item.label] for item in items], np.int32)}
        if self.weighted:
            weights = class_weights([item.label for item in items])
            of_items = np.array([weights[item.label] for item in items], "float32")
            wanted["weights of label"] = of_items
        return wanted

    def answers(self, said: Sequence[np.ndarray], tokenizer, items, longest: int) -> list[str]:
        """The likeliest class of each item."""
        return [self.labels[int(logits.argmax())] for logits in said]

    def errors(self, items: Sequence[Example], answers: Sequence[str]) -> dict[str, Any]:
        """The table of confusions: a row a true class, a column a class that was said."""
        table = metrics.confusion_matrix([item.label for item in items], answers, self.labels)
        return {
            "columns, what was said": list(self.labels),
            **dict(zip(self.labels, table.tolist(), strict=True)),
        }


@dataclass(frozen=True)
class Answering(OnEncoder):
    """The span of a text that answers a question, or none; Devlin et al. 2019, §4.2 and §4.3."""

    longest_answer: int = 8

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """Exact match and F₁ of words, by SQuAD's rules."""
        return (
            mean_metric("EM", lambda i, a: metrics.exact_match(a, [i.answer] if i.answer else [])),
            mean_metric("F1", lambda i, a: metrics.answer_f1(a, [i.answer] if i.answer else [])),
        )

    def head(self) -> keras.layers.Layer:
        """What stands on the encoder."""
        return SpanHead(name="head")

    def rows(self, tokenizer: WordPiece, items: Sequence[Asked], longest: int) -> np.ndarray:
        """Ids (items, time) of [CLS] question [SEP] text [SEP]."""
        return self._cut(tokenizer, items, longest)[0]

    def targets(self, tokenizer, items: Sequence[Asked], ids, longest: int) -> dict:
        """First and last token of each answer, (items, 2); both [CLS], 0, where there is none.

        An answer's ends are its words that have tokens. One that is cut off, be it in part, or
        whose words the tokenizer dropped, is none.
        """
        _, places, words = self._cut(tokenizer, items, longest)
        ends = np.zeros((len(items), 2), np.int32)
        for row, item, firsts, spans in zip(ends, items, places, words, strict=True):
            past = item.start + len(item.answer)
            inside = [i for i, (a, b) in enumerate(spans) if item.start <= a and b <= past]
            if item.answer and inside and inside[-1] < len(firsts):
                kept = firsts[inside][firsts[inside] > 0]  # at 0 a dropped word has [CLS]
                row[:] = (kept[0], kept[-1]) if len(kept) else 0
        return {"ends": ends}

    def answers(self, said: Sequence[np.ndarray], tokenizer, items, longest: int) -> list[str]:
        """The characters from the first to the last word of the best span."""
        _, places, words = self._cut(tokenizer, items, longest)
        found = []
        for logits, item, firsts, spans in zip(said, items, places, words, strict=True):
            kept = np.append(0, firsts)  # [CLS], then the text's words: nothing else may answer
            start, end = np.asarray(logits, float)[:, kept]
            start[1:][firsts == 0] = end[1:][firsts == 0] = FORBIDDEN  # dropped words
            best = best_span(start, end, self.longest_answer, none_at=0)
            found.append(
                "" if best is None else item.text[spans[best[0] - 1][0] : spans[best[1] - 1][1]]
            )
        return found

    def errors(self, items: Sequence[Asked], answers: Sequence[str]) -> dict[str, Any]:
        """Right answers of each kind of question."""
        return by_kind(items, answers, self.metrics[0])

    def _cut(self, tokenizer, items, longest):
        words = [words_of(item.text) for item in items]
        texts = [[i.text[a:b] for a, b in w] for i, w in zip(items, words, strict=True)]
        ids, places = word_rows(tokenizer, texts, longest, [item.question for item in items])
        return ids, places, words


def cross_entropy():
    """Of classes, from logits."""
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True)
