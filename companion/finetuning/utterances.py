"""Sentences drawn from an intent grammar, with their slots: what people say to a house. Chapter 10.

The grammar is `home_intents`, human-written: `[optional]`, `(one|other)`, `(both;in any order)`,
`{list:slot}`, `<rule>`. What comes out is grammar-sampled, not collected: the notebooks say so.
"""

import random
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from companion import corpora

from .fillings import OPEN, any_words, part_of
from .items import TaggedText, word_tags

_TOKEN = re.compile(r"[\[\](){}<>|;]|[^\[\](){}<>|;]+")
_CLOSE = {"[": "]", "(": ")"}


@dataclass(frozen=True)
class Utterance:
    """A sentence, its intent, its slots as (first character, one past, name), and its template."""

    text: str
    intent: str
    slots: tuple[tuple[int, int, str], ...]
    template: str


@cache
def parse(template: str) -> tuple:
    """A template as a tree: ("any", options), ("all", parts), ("slot", list, name), ….

    Raises `ValueError` for a bracket that is not closed.
    """
    tokens = _TOKEN.findall(template)
    tree, rest = _options(tokens, None, template)
    if rest:
        raise ValueError(f"{template!r} closes a bracket at {''.join(rest)!r} that is not open")
    return tree


def _options(tokens: list[str], close: str | None, template: str) -> tuple[tuple, list[str]]:
    """Options parted by | (one is chosen) or by ; (all come, in any order), up to `close`."""
    options: list[list] = [[]]
    ordered = True
    while tokens and tokens[0] != close:
        token, *tokens = tokens
        if token in "|;":
            ordered = ordered and token == "|"
            options.append([])
        elif token in _CLOSE:
            inner, tokens = _options(tokens, _CLOSE[token], template)
            if not tokens:
                raise ValueError(f"{template!r} does not close a {token}")
            tokens = tokens[1:]
            options[-1].append(("maybe", inner) if token == "[" else inner)
        elif token in "{<":
            name, *tokens = tokens
            if not tokens or tokens[0] != ("}" if token == "{" else ">"):
                raise ValueError(f"{template!r} does not close a {token}")
            tokens = tokens[1:]
            listed, _, slot = name.partition(":")
            leaf = ("slot", listed, slot or listed) if token == "{" else ("rule", name)
            options[-1].append(leaf)
        elif token in "])":
            return ("any", tuple(("all", tuple(o)) for o in options)), [token, *tokens]
        else:
            options[-1].append(("text", token))
    kind = "any" if ordered else "shuffled"
    return (kind, tuple(("all", tuple(option)) for option in options)), tokens


class Sampler:
    """Draws utterances of one language; with `held_out`, slots get values that training never has.

    With `free`, so many of the slots that take no number are filled with any words of a dictionary
    instead: a slot that is always one of twenty rooms is learnt by heart.

    >>> Sampler("en").draw(template, random.Random(0)).text
    'stop my timer for 40 seconds'
    """

    def __init__(self, language: str, held_out: bool = False, free: float = 0.0):
        self.language, self.held_out, self.free = language, held_out, free
        self.grammar: Mapping[str, Any] = corpora.grammar(language)
        self.values: dict[str, list[str]] = {}

    def draw(self, template: corpora.Template, rng: random.Random) -> Utterance:
        """One sentence of a template."""
        pieces: list[tuple[str, str]] = []
        self._walk(parse(template.text), rng, pieces)
        text, slots = _joined(pieces)
        return Utterance(text, template.intent, tuple(slots), template.id)

    def _walk(self, node: tuple, rng: random.Random, out: list[tuple[str, str]]) -> None:
        kind, *content = node
        match kind:
            case "text":
                out.append((content[0], ""))
            case "any":
                self._walk(_pick(rng, content[0]), rng, out)
            case "maybe":
                if rng.random() < 0.5:
                    self._walk(content[0], rng, out)
            case "all":
                for part in content[0]:
                    self._walk(part, rng, out)
            case "shuffled":
                parts = list(content[0])
                while parts:
                    self._walk(parts.pop(int(rng.random() * len(parts))), rng, out)
                    out.append((" ", ""))
            case "rule":
                self._walk(parse(self.grammar["expansion_rules"][content[0]]), rng, out)
            case "slot":
                listed, slot = content
                inner: list[tuple[str, str]] = []
                self._walk(parse(self._value(listed, rng)), rng, inner)
                out.append(("".join(word for word, _ in inner).strip(), slot))

    def _value(self, listed: str, rng: random.Random) -> str:
        declared = self.grammar["lists"].get(listed, {})
        if self.free and "range" not in declared and rng.random() < self.free:
            return _pick(rng, any_words(self.language))
        if listed not in self.values:
            whole = _all_values(listed, declared, self.language)
            self.values[listed] = part_of(whole, self.held_out)
        return _pick(rng, self.values[listed])


def _pick(rng: random.Random, options: Sequence):
    return options[int(rng.random() * len(options))]


def _all_values(listed: str, declared: Mapping[str, Any], language: str) -> list[str]:
    """The values of a list: the grammar's, its range's, or, where it takes anything, our own."""
    if "values" in declared:
        return [
            value["in"] if isinstance(value, Mapping) else value for value in declared["values"]
        ]
    if "range" in declared:
        bounds = declared["range"]
        return [str(n) for n in range(bounds["from"], bounds["to"] + 1, bounds.get("step", 1))]
    return list(OPEN[language][listed])


def _joined(pieces: Iterable[tuple[str, str]]) -> tuple[str, list[tuple[int, int, str]]]:
    """One text with single blanks, and where its slots stand."""
    text, slots = "", []
    for piece, slot in pieces:
        words = re.sub(r"\s+", " ", piece)
        if text.endswith(" ") or not text:
            words = words.lstrip()
        begin = len(text)
        text += words
        if slot and words.strip():
            slots.append((begin, len(text), slot))
    return text.rstrip(), slots


def utterances(
    templates: Iterable[corpora.Template],
    language: str,
    each: int,
    seed: int = 0,
    held_out: bool = False,
    free: float = 0.0,
    but: Iterable[str] = (),
) -> list[TaggedText]:
    """Up to `each` different sentences a template, as words with slot tags and an intent.

    Texts in `but`, and those that two intents or two sets of slots share, are left out: they have
    no one answer. `group` is the template.
    """
    sampler = Sampler(language, held_out, free)
    rng = random.Random(f"{language}:{seed}:{held_out}")
    made: dict[str, Utterance] = {}
    shared = set(but)
    for template in templates:
        if template.language != language:
            continue
        found = 0
        for _ in range(3 * each):
            one = sampler.draw(template, rng)
            if not one.text or found == each:
                continue
            other = made.setdefault(one.text, one)
            if (other.intent, other.slots) != (one.intent, one.slots):
                shared.add(one.text)
            found += other is one
    return [tagged(one) for text, one in made.items() if text not in shared]


def tagged(one: Utterance) -> TaggedText:
    """An utterance as words with BIO tags."""
    words, tags = word_tags(one.text, one.slots)
    return TaggedText(one.text, tuple(words), tuple(tags), one.intent, one.template)
