"""The kinds of task that give each word a tag, alone or beside a class of the text. Chapter 10.

Letters: B batch, T time, N tags.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

from companion import metrics
from companion.tokenization import WordPiece

from .heads import IntentSlotHead, TokenHead
from .items import TaggedText
from .kinds import OnEncoder, cross_entropy
from .learning import tag_weights
from .scores import Metric, f1_of_counts, mean_metric
from .starts import word_rows
from .tags import FORBIDDEN, CRFHead, CRFLoss, allowed_transitions, bio_spans, viterbi


def _span_counts(items: Sequence[TaggedText], answers: Sequence[Any]) -> np.ndarray:
    rows = []
    for item, answer in zip(items, answers, strict=True):
        tags = answer["tags"] if isinstance(answer, dict) else answer
        wanted, found = set(bio_spans(item.tags)), set(bio_spans(tags))
        rows.append([len(wanted & found), len(found), len(wanted)])
    return np.array(rows, float)


SPAN_F1 = Metric("span F1", _span_counts, f1_of_counts)


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

    def learned(self, model: keras.Model) -> dict[str, np.ndarray]:
        """The CRF's scores of neighbours, where there is one."""
        return {"learned": model.head.crf.get_weights()[0]} if self.crf else {}

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
        return {"intent": cross_entropy(), "tags": cross_entropy()}

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
