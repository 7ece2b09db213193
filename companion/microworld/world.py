"""A small world: people, places and things, and a day of events that changes who is where.

Everything follows from a seed. `World.events` is the truth; `replay` says what it makes true, and
which events one must have read to know it. Does *not* put anything into words: see `stories`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from random import Random

from .grammar import NounPhrase
from .lexicon import COLOURS, PEOPLE, PLACES, Lexeme
from .sampling import nouns_of, pick, stream
from .verbs import CLOCK, INTRANSITIVE

_THINGS = ("cup", "hat", "umbrella", "box", "ball", "kite", "pen", "notebook", "towel", "basket")
HOURS = tuple(CLOCK.values())  # a day from eight in the morning to nine in the evening
_FREE = ("go", "take", "take")
_CARRYING = ("go", "go", "go", "go", "take", "drop", "leave", "give", "give", "give")
_DISTRACTIONS = ("not_go", "want_go", "look_for", "do", "not_take")


@dataclass(frozen=True)
class Entity:
    """Somebody or something of a world; `type` is PERSON, PLACE, THING or JOB."""

    id: str
    type: str
    lexeme: Lexeme | NounPhrase


@dataclass(frozen=True)
class Event:
    """What happened, or did not (`not_go`, `want_go`, …), with ids of entities.

    `be`, `lie` and `job` say how the day began; the others are moves. `hour` indexes `HOURS`.
    """

    kind: str
    agent: str = ""
    thing: str = ""
    recipient: str = ""
    place: str = ""
    job: str = ""
    verb: str = ""
    hour: int = 0


@dataclass(frozen=True)
class Fact:
    """Something that is true at the end: (subject, relation, object) and the events behind it.

    Relations: `in` (a person or thing, a place), `has` (a person, a thing), `works_as`.
    """

    subject: str
    relation: str
    object: str
    support: tuple[int, ...]


class World:
    """A world drawn from a seed: four people, five places, four things, `length` moves of a day.

    Two of the things are of one kind and differ in colour only, so that "the cup" is not enough.

    >>> World(0).events == World(0).events
    True
    """

    def __init__(self, seed: int = 0, length: int = 10):
        if length < 1:
            raise ValueError(f"length is {length}; a day needs at least one move")
        rng = stream("world", seed)
        self.seed = seed
        people = sample(rng, tuple(PEOPLE.values()), 4)
        places = sample(rng, tuple(PLACES.values()), 5)
        entities = [Entity(person.id, "PERSON", person) for person in people]
        entities += [Entity(place.id, "PLACE", place) for place in places]
        entities += [Entity(_name(thing), "THING", thing) for thing in _things(rng)]
        jobs = sample(rng, nouns_of("job"), 2)
        entities += [Entity(job.id, "JOB", NounPhrase(job, "bare")) for job in jobs]
        self.entities = {entity.id: entity for entity in entities}
        self.events = self._beginning(rng)
        self._at = {e.agent: e.place for e in self.events if e.kind == "be"}
        self._lies = {e.thing: e.place for e in self.events if e.kind == "lie"}
        self._held: dict[str, str] = {}
        for move in range(length):
            self.events.append(self._next(rng, move * len(HOURS) // max(length, len(HOURS))))

    def of_type(self, kind: str) -> list[str]:
        """The ids of the entities of one type, in the order in which they were drawn."""
        return [entity.id for entity in self.entities.values() if entity.type == kind]

    def _beginning(self, rng: Random) -> list[Event]:
        people, places = self.of_type("PERSON"), self.of_type("PLACE")
        told = [Event("be", agent=person, place=pick(rng, places[:3])) for person in people]
        for thing in self.of_type("THING"):  # mostly where somebody can find it
            place = pick(rng, told).place if rng.random() < 0.8 else pick(rng, places)
            told.append(Event("lie", thing=thing, place=place or places[0]))
        workers = sample(rng, people, 2)
        jobs = self.of_type("JOB")
        told += [Event("job", agent=who, job=job) for who, job in zip(workers, jobs, strict=True)]
        return told

    def _next(self, rng: Random, hour: int) -> Event:
        """Draw moves until one is possible; walking somewhere else always is."""
        while True:
            again = rng.random() < 0.4  # a story stays with somebody for a while
            agent = self.events[-1].agent if again else pick(rng, self.of_type("PERSON"))
            moves = _CARRYING if agent in self._held.values() else _FREE
            kind = pick(rng, moves if rng.random() < 0.8 else _DISTRACTIONS)
            event = self._try(rng, kind, agent, hour)
            if event:
                return event

    def _try(self, rng: Random, kind: str, agent: str, hour: int) -> Event | None:
        here = self._at[agent]
        mine = [thing for thing, holder in self._held.items() if holder == agent]
        lying = [thing for thing, place in self._lies.items() if place == here]
        away = [thing for thing in self.of_type("THING") if thing not in mine + lying]
        near = [other for other, place in self._at.items() if place == here and other != agent]
        if kind in ("go", "not_go", "want_go"):
            place = pick(rng, [place for place in self.of_type("PLACE") if place != here])
            if kind == "go":
                self._at[agent] = place
            return Event(kind, agent, place=place, hour=hour)
        if kind == "do":
            verbs = [v for v, verb in INTRANSITIVE.items() if here in verb.extra["places"]]
            verb = pick(rng, verbs) if verbs else ""
            return Event(kind, agent, place=here, verb=verb, hour=hour) if verb else None
        options = {"take": lying, "not_take": lying, "look_for": away}.get(kind, mine)
        if not options or (kind == "give" and not near):
            return None
        thing = pick(rng, options)
        if kind == "take":
            del self._lies[thing]
            self._held[thing] = agent
        elif kind in ("drop", "leave"):
            del self._held[thing]
            self._lies[thing] = here
        elif kind == "give":
            self._held[thing] = pick(rng, near)
            return Event(kind, agent, thing, recipient=self._held[thing], hour=hour)
        return Event(kind, agent, thing, place=here if kind == "leave" else "", hour=hour)


def sample(rng: Random, options, count: int) -> list:
    """`count` different options, in the order drawn."""
    rest = list(options)
    return [rest.pop(int(rng.random() * len(rest))) for _ in range(count)]


def _things(rng: Random) -> list[NounPhrase]:
    nouns = [
        noun
        for noun in nouns_of("tableware accessory tool container toy stationery")
        if noun.id in _THINGS
    ]
    first, second, third = sample(rng, nouns, 3)
    colours = sample(rng, tuple(COLOURS.values()), 3)
    chosen = ((first, colours[0]), (first, colours[1]), (second, colours[2]), (third, None))
    return [NounPhrase(noun, "the", None, colour) for noun, colour in chosen]


def _name(thing: NounPhrase) -> str:
    return f"{thing.colour.id} {thing.noun.id}" if thing.colour else thing.noun.id


def replay(events: Iterable[Event]) -> list[Fact]:
    """What is true after the events, each fact with the events that a reader needs to infer it.

    A thing is where it lies, or where the person is who holds it: two events at least.
    """
    at: dict[str, tuple[str, int]] = {}
    things: dict[str, tuple[str, str, tuple[int, ...]]] = {}  # thing -> (lies|held, where, support)
    facts: list[Fact] = []
    for i, event in enumerate(events):
        if event.kind in ("be", "go", "do"):
            at[event.agent] = (event.place, i)
        elif event.kind in ("lie", "leave"):
            things[event.thing] = ("lies", event.place, (i,))
        elif event.kind == "drop":
            place, known = at[event.agent]
            things[event.thing] = ("lies", place, (known, i))
        elif event.kind in ("take", "give"):
            things[event.thing] = ("held", event.recipient or event.agent, (i,))
        elif event.kind == "job":
            facts.append(Fact(event.agent, "works_as", event.job, (i,)))
    facts += [Fact(person, "in", place, (i,)) for person, (place, i) in at.items()]
    for thing, (state, where, support) in things.items():
        if state == "held":
            facts.append(Fact(where, "has", thing, support))
            where, known = at[where]
            support = tuple(sorted((*support, known)))
        facts.append(Fact(thing, "in", where, support))
    return facts
