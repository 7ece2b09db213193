"""How slots are filled: one small function per sampler that the pattern rows name.

A sampler gets a source of random numbers, its argument, and the fillers chosen so far; it returns
a filler, or None where nothing fits (the caller then starts the sentence anew).
"""

import random
from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from typing import TypeVar

from . import lexicon, verbs
from .grammar import Filler, NounPhrase, both, can_have_colour
from .lexicon import Lexeme

T = TypeVar("T")
Fillers = dict[str, Filler]

_SOME = ("a", "a", "a", "two", "three", "four", "five", "six", "ten", "several", "many", "that")
_DETERMINERS: dict[str, tuple[str, ...]] = {
    "some": (*_SOME, "this", "these", "those"),
    "known": ("the", "the", "this", "that", "these", "those"),
    "pointed": ("this", "that", "these", "those"),
    "point1": ("this", "that"),
    "count": ("a", "a", "two", "three", "four", "five", "several", "many"),
    "number": ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    "one": ("a",),
    "the": ("the",),
    "bare": ("bare",),
    "generic": ("generic",),
    "howmany": ("how many",),
    "kind": ("kind",),
}
_PORTABLE = (
    "reading mail small clothing accessory tableware tool stationery container toy bedding "
    "fruit food"
)
_ANYTHING = f"{_PORTABLE} furniture vehicle device animal plant instrument"
_WHAT = frozenset(
    [
        "buy",
        "eat",
        "sell",
        "find",
        "draw",
        "make",
        "order",
        "see",
        "borrow",
        "lose",
        "bring",
        "choose",
        "hide",
    ]
)
_TIRING = ["swim", "run", "dance", "work", "study", "exercise", "cook", "walk", "queue", "wait"]
_UPSET = ["sad", "angry", "worried", "nervous", "disappointed"]
_DAILY = ("every day", "every weekend", "every Sunday")


def stream(purpose: str, seed: int) -> random.Random:
    """A generator of random numbers for one purpose; equal on every machine and in every run."""
    return random.Random(f"{purpose}:{seed}")  # a string seed is hashed with SHA-512


def pick(rng: random.Random, options: Sequence[T]) -> T:
    """One of the options; only `random()` itself is promised to stay the same over versions."""
    return options[int(rng.random() * len(options))]


@cache
def nouns_of(kinds: str) -> tuple[Lexeme, ...]:
    """The nouns of one of the kinds, in the order of the lexicon."""
    wanted = set(kinds.split())
    return tuple(noun for noun in lexicon.NOUNS.values() if noun.kinds & wanted)


@cache
def _coloured(kinds: str) -> tuple[Lexeme, ...]:
    return tuple(noun for noun in nouns_of(kinds) if can_have_colour(noun))


@cache
def _adjectives(noun: Lexeme, attributive: bool) -> tuple[Lexeme, ...]:
    fitting = (a for a in lexicon.ADJECTIVES.values() if a.kinds & noun.kinds)
    return tuple(a for a in fitting if a.zh["attribute"] or not attributive)


@cache
def _verbs(argument: str) -> tuple[Lexeme, ...]:
    chosen = verbs.TRANSITIVE.values()
    if argument == "what":
        return tuple(verb for verb in chosen if verb.id in _WHAT)
    return tuple(verb for verb in chosen if not argument or argument in verb.kinds)


@cache
def _places(allowed: tuple[str, ...]) -> tuple[Lexeme, ...]:
    places = lexicon.PLACES.values()
    return tuple(p for p in places if not allowed or p.id in allowed or p.kinds & set(allowed))


def _people_used(fillers: Fillers) -> set[str]:
    return {name for filler in fillers.values() for name in filler.id.split("+")}


def _someone(rng, argument, fillers):
    person = pick(rng, _PEOPLE)
    return None if person.id in _people_used(fillers) else person


def _subject(rng, argument, fillers):
    chance = rng.random()
    if chance < 0.6:
        return _someone(rng, argument, fillers)
    if chance < 0.8:
        return pick(rng, _PRONOUNS)
    first, second = pick(rng, _PEOPLE), pick(rng, _PEOPLE)
    return None if first is second else _both(first, second)


def _other(rng, argument, fillers):
    """A second person: by name, or by a pronoun if the first is named (never "I gave me")."""
    first = fillers.get("agent")
    if rng.random() < 0.2 and (first is None or "person" in first.kinds):
        return pick(rng, _PRONOUNS)
    return _someone(rng, argument, fillers)


def _phrase(rng, noun: Lexeme, determiners: str, fillers: Fillers) -> NounPhrase | None:
    spot = fillers.get("spot")
    if noun.id in {f.id for f in fillers.values()} or (spot and noun.id in spot.kinds):
        return None
    adjective = colour = None
    if determiners not in ("bare", "generic", "howmany", "kind"):
        fitting = _adjectives(noun, True)
        if fitting and rng.random() < 0.35:
            adjective = pick(rng, fitting)
        if rng.random() < 0.35 and can_have_colour(noun):
            colour = pick(rng, _COLOURS)
    return NounPhrase(noun, pick(rng, _DETERMINERS[determiners]), adjective, colour)


def _noun(rng, argument, fillers):
    kinds, determiners = argument.split("/")
    if kinds == "ride":
        return NounPhrase(pick(rng, _RIDES), "bare")
    return _phrase(rng, pick(rng, nouns_of(kinds.replace("+", " "))), determiners, fillers)


def _object(rng, argument, fillers, verb="verb"):
    kinds = " ".join(fillers[verb].extra["objects"])
    return _phrase(rng, pick(rng, nouns_of(kinds)), argument, fillers)


def _anywhere(rng, argument, fillers):
    verb = fillers.get("verb")
    return pick(rng, _places(verb.extra.get("where", ()) if verb else ()))


def _where(rng, argument, fillers):
    return lexicon.PLACES[pick(rng, fillers["verb"].extra["places"])]


def _quality(rng, argument, fillers):
    """An adjective that suits the thing and does not repeat the one it has."""
    phrase = fillers["thing"]
    fitting = _adjectives(phrase.noun, argument == "attribute")
    if phrase.adjective or not fitting:
        return None  # "this big dog is very small" is grammar without sense
    return pick(rng, fitting)


def _colour(rng, argument, fillers):
    return None if fillers["thing"].colour else pick(rng, _COLOURS)


def _from(*lexemes: Lexeme) -> Callable:
    return lambda rng, argument, fillers: pick(rng, lexemes)


def _nouns(kinds: str, coloured: bool = False) -> Callable:
    choices = _coloured(kinds) if coloured else nouns_of(kinds)
    return lambda rng, argument, fillers: _phrase(rng, pick(rng, choices), argument, fillers)


_both = lru_cache(maxsize=None)(both)
_PEOPLE = tuple(lexicon.PEOPLE.values())
_PRONOUNS = tuple(lexicon.PRONOUNS.values())
_COLOURS = tuple(lexicon.COLOURS.values())
_RIDES = tuple(lexicon.NOUNS[noun] for noun in ("train", "bus", "plane", "taxi", "boat"))
_DAYS = ("yesterday", "this morning", "last night", "on Monday", "on Friday", "yesterday afternoon")

SAMPLERS: dict[str, Callable[[random.Random, str, Fillers], Filler | None]] = {
    "subject": _subject,
    "someone": _someone,
    "other": _other,
    "verb": lambda rng, argument, fillers: pick(rng, _verbs(argument)),
    "object": _object,
    "object_of_action": lambda *given: _object(*given, verb="action"),
    "noun": _noun,
    "portable": _nouns(_PORTABLE),
    "anything": _nouns(_ANYTHING),
    "priced": _nouns(f"{_PORTABLE} instrument"),
    "coloured": _nouns(_ANYTHING, coloured=True),
    "quality": _quality,
    "attribute": lambda rng, argument, fillers: _quality(rng, "attribute", fillers),
    "colour": _colour,
    "trait": _from(*(a for a in lexicon.ADJECTIVES.values() if "person" in a.kinds)),
    "mood": _from(*lexicon.MOODS.values()),
    "job": _from(*nouns_of("job")),
    "activity": _from(*verbs.INTRANSITIVE.values()),
    "animal_activity": _from(*verbs.ANIMAL.values()),
    "tiring": _from(*(verbs.INTRANSITIVE[verb] for verb in _TIRING)),
    "upset": _from(*(lexicon.MOODS[mood] for mood in _UPSET)),
    "daily": _from(*(verbs.EVERY[time] for time in _DAILY)),
    "where": _where,
    "anywhere": _anywhere,
    "home": _from(*_places(("home",))),
    "public": _from(*_places(("public", "outdoor"))),
    "outdoor": _from(*_places(("outdoor", "garden", "yard"))),
    "city": _from(*lexicon.CITIES.values()),
    "spot": _from(*lexicon.SPOTS.values()),
    "past": _from(*verbs.PAST.values()),
    "today": _from(*(verbs.PAST[day] for day in _DAYS)),
    "future": _from(*verbs.FUTURE.values()),
    "every": _from(*verbs.EVERY.values()),
    "often": _from(*verbs.OFTEN.values()),
    "clock": _from(*(time for time in verbs.CLOCK.values() if "morning" in time.id)),
    "weather": _from(*verbs.WEATHER.values()),
    "hours": _from(*verbs.HOURS.values()),
    "years": _from(*verbs.YEARS.values()),
    "times": _from(*verbs.TIMES.values()),
    "number": _from(*verbs.NUMBERS.values()),
    "age": _from(*verbs.NUMBERS.values()),
}
