"""Sentences drawn from an intent grammar, with their slots: what people say to a house. Chapter 10.

The grammar is `home_intents`, human-written: `[optional]`, `(one|other)`, `(both;in any order)`,
`{list:slot}`, `<rule>`. What comes out is grammar-sampled, not collected: the notebooks say so.
"""

import itertools
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
    """Draws utterances of one language, slots filled with the values of one part of each list.

    No value of the part "test" is in "train" or "validation": numbers, and what differs from home
    to home. What the grammar itself lists is the same in all parts; each word of it stands for a
    code (a colour, a class of things), and whoever does not know the list cannot say the code.
    With `free`, so many of the slots that take no number are filled with any words of a dictionary
    instead: a slot that is always one of some rooms is learnt by heart.

    >>> Sampler("en").draw(template, random.Random(0)).text
    'stop my timer for 40 seconds'
    """

    def __init__(self, language: str, part: str = "train", free: float = 0.0):
        self.language, self.part, self.free = language, part, free
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
            whole = self._whole(listed)
            closed = "values" in declared  # the grammar's words for codes: colours, classes, states
            self.values[listed] = whole if closed else part_of(whole, self.part)
        return _pick(rng, self.values[listed])

    def _whole(self, listed: str) -> list[str]:
        declared = self.grammar["lists"].get(listed, {})
        return _all_values(listed, declared, self.language)

    def readings(self, template: corpora.Template, utterance: Utterance) -> set[tuple]:
        """All ways in which the template yields this text: sets of slots, blanks not counted.

        More than one, and the grammar itself does not say where a slot ends. A slot holds a value
        of its list, of whatever part, or what it holds in this utterance.
        """
        told: dict[str, set[str]] = {}
        for begin, end, slot in utterance.slots:
            told.setdefault(slot, set()).add(_compact(utterance.text[begin:end]))
        text = _compact(utterance.text)
        found = self._ends(parse(template.text), text, 0, told)
        return {tuple(sorted(slots)) for end, slots in found if end == len(text)}

    def _ends(self, node: tuple, text: str, at: int, told: Mapping[str, set[str]]) -> set[tuple]:
        """Where the node may end that begins at `at`, each with the slots on the way."""
        kind, *content = node
        match kind:
            case "text":
                words = _compact(content[0])
                return {(at + len(words), ())} if text.startswith(words, at) else set()
            case "any":
                return set().union(*(self._ends(one, text, at, told) for one in content[0]))
            case "maybe":
                return {(at, ())} | self._ends(content[0], text, at, told)
            case "all":
                found = {(at, ())}
                for part in content[0]:
                    found = {
                        (end, slots + more)
                        for begin, slots in found
                        for end, more in self._ends(part, text, begin, told)
                    }
                return found
            case "shuffled":
                orders = itertools.permutations(content[0])
                return set().union(*(self._ends(("all", o), text, at, told) for o in orders))
            case "rule":
                rule = parse(self.grammar["expansion_rules"][content[0]])
                return self._ends(rule, text, at, told)
            case _:  # a slot
                listed, slot = content
                ends = {at + len(v) for v in told.get(slot, ()) if text.startswith(v, at)}
                for value in self._whole(listed):
                    ends |= {end for end, _ in self._ends(parse(value), text, at, told)}
                return {(end, ((at, end, slot),) if end > at else ()) for end in ends}


def _compact(text: str) -> str:
    return re.sub(r"\s", "", text)


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
    part: str = "train",
    free: float = 0.0,
    but: Iterable[str] = (),
) -> list[TaggedText]:
    """Up to `each` different sentences a template, as words with slot tags and an intent.

    Texts in `but` are left out, and those that have no one answer: two intents or two sets of slots
    share them, or their own template reads them in two ways. `group` is the template.
    """
    sampler = Sampler(language, part, free)
    rng = random.Random(f"{language}:{seed}:{part}")
    made: dict[str, Utterance] = {}
    shared = set(but)
    for template in templates:
        if template.language != language:
            continue
        found = 0
        for _ in range(3 * each):
            one = sampler.draw(template, rng)
            if not one.text or found == each or len(sampler.readings(template, one)) > 1:
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
