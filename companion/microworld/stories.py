"""A world's day told in English or Chinese, with exact annotations; always synthetic.

Every mention of a person, place, thing, job or time is a span of characters. A pronoun is used only
where it can mean one of them: the subject of the last sentence, with nobody of the same gender
beside them there; the one thing of the last sentence.
"""

from dataclasses import dataclass
from random import Random

from .grammar import Filler, NounPhrase, Words, join, realise
from .lexicon import PRONOUNS, Lexeme, words
from .sampling import stream
from .verbs import INTRANSITIVE
from .world import HOURS, Event, Fact, World, replay

LANGUAGES = ("en", "zh")
_TELL: dict[str, tuple[tuple[str, str], ...]] = {
    "be": (("{agent} was {place.at} .", "{agent} {place.at} 。"),),
    "lie": (("there was {thing} {place.at} .", "{place.inside} 有 {thing} 。"),),
    "job": (("{agent} was a {job} .", "{agent} 是 一 {classifier:job} {job} 。"),),
    "go": (
        ("{agent} went to {place} .", "{agent} 去 了 {place} 。"),
        ("{agent} walked to {place} .", "{agent} 走 到 了 {place} 。"),
    ),
    "take": (
        ("{agent} picked up {thing} .", "{agent} 拿起 了 {thing} 。"),
        ("{agent} took {thing} .", "{agent} 拿走 了 {thing} 。"),
    ),
    "drop": (("{agent} put down {thing} .", "{agent} 放下 了 {thing} 。"),),
    "leave": (("{agent} left {thing} {place.at} .", "{agent} 把 {thing} 留 {place.at} 了 。"),),
    "give": (
        ("{agent} gave {thing} to {recipient} .", "{agent} 把 {thing} 给 了 {recipient} 。"),
        (
            "{recipient} got {thing} from {agent} .",
            "{recipient} 从 {agent} 那里 拿到 了 {thing} 。",
        ),
    ),
    "not_go": (("{agent} did not go to {place} .", "{agent} 没有 去 {place} 。"),),
    "want_go": (("{agent} wanted to go to {place} .", "{agent} 想 去 {place} 。"),),
    "not_take": (("{agent} did not take {thing} .", "{agent} 没有 拿走 {thing} 。"),),
    "look_for": (
        (
            "{agent} looked for {thing} but did not find it .",
            "{agent} 找 过 {thing} ， 但是 没有 找到 。",
        ),
    ),
    "do": (("{agent} was {verb.ing} {place.at} .", "{agent} {place.at} {verb} 。"),),
}
_BEGINNING = ("be", "lie", "job")
_MOVES = ("go", "take", "drop", "leave", "give")  # "then he did not go" tells nothing
_NOT_FOR_IT = ("take", "drop", "lie")  # "picked up it" is not English
_IT = Lexeme("it", frozenset(), {"": words("it", "pronoun")}, {"": words("它", "pronoun")})
_NEVER_NAMED = frozenset({"prep"})  # "in" is no part of the name of the place


@dataclass(frozen=True)
class Mention:
    """Characters `start` to `end` of the text name an entity; TIME has the hour as its entity.

    `form` is "name" or "pronoun"; `event` is the number of the event that the sentence tells.
    """

    start: int
    end: int
    entity: str
    type: str
    form: str
    event: int


@dataclass(frozen=True)
class Story:
    """One day in one language; `events[i]` is told by `sentences[i]`, a span of `text`.

    `facts` are the relations that hold at the end. Synthetic.
    """

    id: str
    title: str
    text: str
    language: str
    sentences: tuple[tuple[int, int], ...]
    mentions: tuple[Mention, ...]
    events: tuple[Event, ...]
    facts: tuple[Fact, ...]
    world: World


@dataclass(frozen=True)
class Telling:
    """Choices that are made once for both languages: which words, which pronouns, the time."""

    templates: tuple[str, str]
    fillers: dict[str, Filler]
    opening: str = ""  # "time", "then" or nothing


def plan(world: World, rng: Random) -> list[Telling]:
    """Decide how each event is told; both languages follow the same plan."""
    told = []
    previous: Event | None = None
    hour, opening = -1, ""
    for event in world.events:
        options = _TELL[event.kind]
        chosen = 0 if len(options) == 1 or rng.random() < 0.6 else 1
        fillers = _fillers(world, event, rng)
        swap = rng.random() < 0.7
        if previous and swap and options[chosen][0].startswith("{agent}"):
            fillers.update(_pronouns(world, event, previous))
        chance = rng.random()
        if event.kind in _BEGINNING:
            opening = ""
        elif chance < 0.4 and event.hour > hour:
            opening, hour = "time", event.hour
        else:
            moved = event.kind in _MOVES and opening != "then"
            opening = "then" if moved and 0.4 <= chance < 0.6 else ""
        if opening:
            fillers["hour"] = HOURS[event.hour]
        told.append(Telling(options[chosen], fillers, opening))
        # In "Tom got it from Anna" the subject is not the agent: no pronoun may follow from it.
        previous = event if options[chosen][0].startswith("{agent}") else None
    return told


def _fillers(world: World, event: Event, rng: Random) -> dict[str, Filler]:
    fillers: dict[str, Filler] = {}
    for slot in ("agent", "thing", "recipient", "place", "job"):
        entity = getattr(event, slot)
        if entity:
            fillers[slot] = world.entities[entity].lexeme
    if event.kind == "lie":  # the first mention of a thing is indefinite
        thing = fillers["thing"]
        fillers["thing"] = NounPhrase(thing.noun, "a", None, thing.colour)
    if event.verb:
        fillers["verb"] = INTRANSITIVE[event.verb]
    return fillers


def _pronouns(world: World, event: Event, previous: Event) -> dict[str, Filler]:
    swapped: dict[str, Filler] = {}
    if event.agent and event.agent == previous.agent:
        gender = world.entities[event.agent].lexeme.gender
        beside = previous.recipient and world.entities[previous.recipient].lexeme
        if not beside or beside.gender != gender:
            swapped["agent"] = PRONOUNS["she" if gender == "f" else "he"]
    if event.thing and event.thing == previous.thing and event.kind not in _NOT_FOR_IT:
        swapped["thing"] = _IT
    return swapped


def _say(telling: Telling, language: str) -> Words:
    side = LANGUAGES.index(language)
    openings = {"time": ("at {hour} ,", "{hour} ，"), "then": ("then", "然后"), "": ("", "")}
    template = f"{openings[telling.opening][side]} {telling.templates[side]}"
    return realise(template, telling.fillers, language)


def _type(world: World, event: Event, slot: str) -> tuple[str, str]:
    if slot == "hour":
        return str(event.hour), "TIME"
    entity = world.entities[getattr(event, slot)]
    return entity.id, entity.type


def _mentions(world, event, number, sentence: Words, spans, fillers) -> list[Mention]:
    found = []
    for slot in ("hour", "agent", "thing", "recipient", "place", "job"):
        covered = [
            span
            for (_, name, part), span in zip(sentence, spans, strict=True)
            if name == slot and part not in _NEVER_NAMED
        ]
        if covered:
            entity, kind = _type(world, event, slot)
            filler = fillers[slot]
            named = filler is not _IT and filler not in PRONOUNS.values()
            form = "name" if named else "pronoun"
            found.append(Mention(covered[0][0], covered[-1][1], entity, kind, form, number))
    return sorted(found, key=lambda mention: mention.start)


def tell(world: World, language: str = "en") -> Story:
    """Tell a world's day; both languages tell the same events, sentence by sentence.

    Raises ValueError for a language other than "en" and "zh".
    """
    if language not in LANGUAGES:
        raise ValueError(f"language {language!r} is not told here; choose 'en' or 'zh'")
    gap = " " if language == "en" else ""
    text = ""
    sentences: list[tuple[int, int]] = []
    mentions: list[Mention] = []
    for i, telling in enumerate(plan(world, stream("plan", world.seed))):
        sentence = _say(telling, language)
        text += gap if text else ""
        written, spans = join([word for word, _, _ in sentence], language)
        offset = len(text)
        text += written
        moved = [(start + offset, end + offset) for start, end in spans]
        sentences.append((offset, len(text)))
        mentions += _mentions(world, world.events[i], i, sentence, moved, telling.fillers)
    first = world.entities[world.of_type("PERSON")[0]].lexeme
    name = join([word for word, _ in first.forms(language, "possessive")], language)[0]
    return Story(
        id=f"story-{world.seed}-{language}",
        title=f"{name} day" if language == "en" else f"{name}一天",
        text=text,
        language=language,
        sentences=tuple(sentences),
        mentions=tuple(mentions),
        events=tuple(world.events),
        facts=tuple(replay(world.events)),
        world=world,
    )


def stories(count: int, seed: int = 0, language: str = "en", length: int = 10) -> list[Story]:
    """`count` stories of `length` moves each, worlds seed·10⁶ … ; the same in both languages."""
    return [tell(World(seed * 1_000_000 + i, length), language) for i in range(count)]


@dataclass(frozen=True)
class Document:
    """A title and some days as paragraphs: raw text for language models. Synthetic."""

    id: str
    title: str
    text: str


def documents(count: int, seed: int = 0, language: str = "en") -> list[Document]:
    """`count` documents of five days each, about 3,600 characters in English."""
    made = []
    days = stories(5 * count, seed, language)
    for i in range(count):
        some = days[5 * i : 5 * i + 5]
        text = "\n".join(day.text for day in some) + "\n"
        made.append(Document(f"microworld-{language}-{seed}-{i}", some[0].title, text))
    return made
