"""The kinds of task: how items become rows, what stands on the encoder, how an answer is read.

Chapter 10. A kind knows no corpus and no method of training. Those here stand on an encoder;
`writing` has the one that needs a decoder too. Letters: B batch, T time, C classes, N tags.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

from companion import backend, metrics, training
from companion.tokenization import WordPiece

from .answers import best_span
from .heads import ClassificationHead, IntentSlotHead, SpanHead, TokenHead
from .items import Asked, Example, TaggedText, words_of
from .learning import class_weights, rate_of, tag_weights
from .scores import Metric, by_kind, f1_of_counts, mean_metric
from .starts import Start, blank_start, new_model, text_rows, word_rows
from .tags import FORBIDDEN, CRFHead, CRFLoss, allowed_transitions, bio_spans, viterbi
from .turns import predict, turns


def _span_counts(items: Sequence[TaggedText], answers: Sequence[Any]) -> np.ndarray:
    rows = []
    for item, answer in zip(items, answers, strict=True):
        tags = answer["tags"] if isinstance(answer, dict) else answer
        wanted, found = set(bio_spans(item.tags)), set(bio_spans(tags))
        rows.append([len(wanted & found), len(found), len(wanted)])
    return np.array(rows, float)


SPAN_F1 = Metric("span F1", _span_counts, f1_of_counts)
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
        return _cross_entropy()

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
            return self.answers(said, tokenizer, items, longest)

        return read


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
class Tagging(OnEncoder):
    """A BIO tag a word, read at its first token; Devlin et al. 2019, §5.3.

    Of all paths of tags the likeliest that is allowed is taken (`viterbi`), so that I-PER never
    follows O. With `crf` a path is learnt as a whole, and not token by token: which tags are
    neighbours counts too.
    """

    tags: tuple[str, ...]
    crf: bool = False
    metrics: tuple[Metric, ...] = field(default=(SPAN_F1,), repr=False)

    @classmethod
    def of(cls, items: Sequence[TaggedText], **options) -> "Tagging":
        """The kind whose tags are B- and I- of the items' types, and O."""
        return cls(tags_of(items), **options)

    def head(self) -> keras.layers.Layer:
        """What stands on the encoder."""
        return (CRFHead if self.crf else TokenHead)(len(self.tags), name="head")

    def loss(self, model: keras.Model):
        """What training makes small."""
        return CRFLoss(model.head.crf) if self.crf else super().loss(model)

    def rows(self, tokenizer: WordPiece, items: Sequence[TaggedText], longest: int) -> np.ndarray:
        """Ids (items, time)."""
        return _tagged_rows(tokenizer, items, longest)[0]

    def targets(self, tokenizer, items: Sequence[TaggedText], ids, longest: int) -> dict:
        """The number of each token's tag, 0 where none is asked for, and weights that say where.

        With `crf` no weights, and −1 where none is asked for.
        """
        labels = tag_numbers(tokenizer, items, ids, longest, self.tags)
        if self.crf:
            return {"tags": labels}
        return {"tags": np.maximum(labels, 0), "weights of tags": tag_weights(ids, labels)}

    def answers(
        self, said: Sequence[np.ndarray], tokenizer, items, longest: int, learned=0.0
    ) -> list[list]:
        """The tags of each item's words; a word behind the cut is O.

        `learned` are the scores of neighbours, (tags, tags), that a CRF adds to what is said.
        """
        return read_tags(said, tokenizer, items, longest, self.tags, learned)

    def reader(
        self, model: keras.Model, tokenizer: WordPiece, longest: int
    ) -> Callable[[Sequence[TaggedText]], list[list]]:
        """The function from items to the model's tags."""
        if not self.crf:
            return super().reader(model, tokenizer, longest)

        def read(items):
            said = predict(model, self.rows(tokenizer, items, longest))
            (learned,) = model.head.crf.get_weights()
            return self.answers(said, tokenizer, items, longest, learned)

        return read

    def errors(self, items: Sequence[TaggedText], answers: Sequence[Any]) -> dict[str, Any]:
        """Precision, recall and F₁ of each type of span."""
        return span_table(items, answers)


@dataclass(frozen=True)
class IntentSlots(OnEncoder):
    """A class for the text and a tag a word, by two heads; Chen et al. 2019, §3.2."""

    labels: tuple[str, ...]
    tags: tuple[str, ...]
    pooling: str = "mean"

    @classmethod
    def of(cls, items: Sequence[TaggedText], **options) -> "IntentSlots":
        """The kind whose classes and tags are those of the items."""
        return cls(tuple(sorted({item.label for item in items})), tags_of(items), **options)

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """Accuracy of the intent, F₁ of the slots, and how many items are right in both."""
        right = mean_metric("intent accuracy", lambda i, a: float(i.label == a["intent"]))
        whole = mean_metric(
            "both right",
            lambda i, a: float(i.label == a["intent"] and list(i.tags) == list(a["tags"])),
        )
        return (right, Metric("slot F1", _span_counts, f1_of_counts), whole)

    def head(self) -> keras.layers.Layer:
        """What stands on the encoder."""
        return IntentSlotHead(len(self.labels), len(self.tags), self.pooling, name="head")

    def loss(self, model: keras.Model):
        """What training makes small: the sum of both."""
        return {"intent": _cross_entropy(), "tags": _cross_entropy()}

    def rows(self, tokenizer: WordPiece, items: Sequence[TaggedText], longest: int) -> np.ndarray:
        """Ids (items, time)."""
        return _tagged_rows(tokenizer, items, longest)[0]

    def targets(self, tokenizer, items: Sequence[TaggedText], ids, longest: int) -> dict:
        """The intents' numbers; the tags' and their weights."""
        number = {label: i for i, label in enumerate(self.labels)}
        labels = tag_numbers(tokenizer, items, ids, longest, self.tags)
        return {
            "intent": np.array([number[item.label] for item in items], np.int32),
            "tags": np.maximum(labels, 0),
            "weights of tags": tag_weights(ids, labels),
        }

    def answers(self, said: Sequence[dict], tokenizer, items, longest: int) -> list[dict]:
        """{"intent": …, "tags": […]} of each item."""
        tags = read_tags([one["tags"] for one in said], tokenizer, items, longest, self.tags)
        intents = [self.labels[int(one["intent"].argmax())] for one in said]
        return [{"intent": i, "tags": t} for i, t in zip(intents, tags, strict=True)]

    def errors(self, items: Sequence[TaggedText], answers: Sequence[dict]) -> dict[str, Any]:
        """The commonest confusions of intents, and the table of slots."""
        pairs = Counter(
            f"{item.label} taken for {answer['intent']}"
            for item, answer in zip(items, answers, strict=True)
            if item.label != answer["intent"]
        )
        slots = span_table(items, [answer["tags"] for answer in answers])
        return {"intents confused": dict(pairs.most_common(10)), "slots": slots}


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
        """First and last token of each answer, (items, 2); both [CLS], 0, where there is none."""
        _, places, words = self._cut(tokenizer, items, longest)
        ends = np.zeros((len(items), 2), np.int32)
        for row, item, firsts, spans in zip(ends, items, places, words, strict=True):
            past = item.start + len(item.answer)
            inside = [i for i, (a, b) in enumerate(spans) if item.start <= a and b <= past]
            if item.answer and inside and inside[-1] < len(firsts):
                row[:] = firsts[inside[0]], firsts[inside[-1]]
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


def tags_of(items: Sequence[TaggedText]) -> tuple[str, ...]:
    """O, and B- and I- of every type that the items have."""
    types = sorted({tag[2:] for item in items for tag in item.tags if tag != "O"})
    return ("O", *(f"{prefix}-{kind}" for kind in types for prefix in "BI"))


def _tagged_rows(tokenizer: WordPiece, items: Sequence[TaggedText], longest: int):
    """`word_rows` of the items; with their second texts where they have some."""
    seconds = [item.second for item in items] if items[0].second else None
    return word_rows(tokenizer, [item.words for item in items], longest, seconds)


def tag_numbers(
    tokenizer: WordPiece, items: Sequence[TaggedText], ids: np.ndarray, longest: int, tags
) -> np.ndarray:
    """The number of each word's tag at its first token, −1 at every other token. (items, time)"""
    number = {tag: i for i, tag in enumerate(tags)}
    labels = np.full(ids.shape, -1, np.int32)
    _, places = _tagged_rows(tokenizer, items, longest)
    for row, item, firsts in zip(labels, items, places, strict=True):
        row[firsts] = [number[tag] for tag in item.tags[: len(firsts)]]
        row[0] = -1  # [CLS], the place of words without a token
    return labels


def read_tags(
    said: Sequence[np.ndarray],
    tokenizer: WordPiece,
    items: Sequence[TaggedText],
    longest: int,
    tags,
    learned: np.ndarray | float = 0.0,
) -> list[list[str]]:
    """The likeliest allowed tags of each item's words; words that were cut off or dropped are O.

    `learned` (tags, tags) are scores of neighbours, as a `CRF` has them.
    """
    allowed = learned + np.where(allowed_transitions(tags), 0.0, FORBIDDEN)
    beginning = np.where([tag[0] == "I" for tag in tags], FORBIDDEN, 0.0)
    _, places = _tagged_rows(tokenizer, items, longest)
    found = []
    for logits, item, firsts in zip(said, items, places, strict=True):
        read, kept = ["O"] * len(item.words), np.flatnonzero(firsts)  # 0 is [CLS]: no word's own
        if len(kept):
            scores = np.array(logits, float)[firsts[kept]]
            scores[0] += beginning
            for word, tag in zip(kept, viterbi(scores, allowed), strict=True):
                read[word] = tags[tag]
        found.append(read)
    return found


def span_table(items: Sequence[TaggedText], answers: Sequence[Sequence[str]]) -> dict[str, Any]:
    """Precision, recall and F₁ of each type of span, rounded."""
    found = metrics.span_scores([list(item.tags) for item in items], answers)
    names = ("precision", "recall", "F1")
    return {
        kind: {name: round(value, 4) for name, value in zip(names, scores, strict=True)}
        for kind, scores in found.items()
    }


def _cross_entropy():
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True)
