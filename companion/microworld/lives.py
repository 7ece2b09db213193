"""Who lives where and works as what: texts that mislead whoever only matches words. Synthetic.

Each text says of some people where they live and what they are, directly or as "the same as" that
of another, among sentences about what is not, what was and what does not matter. A combination of
person and city, or person and job, belongs to one split, as those of `parallel` do: what a test
text says is true of nobody in training.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

from .grammar import Filler, NounPhrase, join, realise
from .lexicon import CITIES, NOUNS, PEOPLE, PRONOUNS
from .parallel import SPLITS, split_of
from .sampling import nouns_of, pick, stream

TOPICS = ("home", "job")
_VALUES = {"home": tuple(CITIES), "job": tuple(noun.id for noun in nouns_of("job"))}
_SAY: dict[tuple[str, str], tuple[tuple[str, str], ...]] = {
    ("home", "is"): (
        ("{agent} lives in {value} .", "{agent} 住 在 {value} 。"),
        ("{agent} has a flat in {value} .", "{agent} 在 {value} 有 一 套 房子 。"),
    ),
    ("home", "not"): (
        ("{agent} does not live in {value} .", "{agent} 不 住 在 {value} 。"),
        ("{agent} has never lived in {value} .", "{agent} 从来 没有 在 {value} 住 过 。"),
    ),
    ("home", "was"): (
        ("{agent} used to live in {value} .", "{agent} 以前 住 在 {value} 。"),
        ("{agent} moved away from {value} .", "{agent} 从 {value} 搬走 了 。"),
    ),
    ("home", "same"): (
        ("{agent} lives in the same city as {other} .", "{agent} 和 {other} 住 在 一 个 城市 。"),
        ("{agent} is a neighbour of {other} .", "{agent} 是 {other} 的 邻居 。"),
    ),
    ("job", "is"): (
        ("{agent} is a {value} .", "{agent} 是 一 {classifier:value} {value} 。"),
        ("{agent} works as a {value} .", "{agent} 的 工作 是 {value} 。"),
    ),
    ("job", "not"): (("{agent} is not a {value} .", "{agent} 不 是 {value} 。"),),
    ("job", "was"): (("{agent} used to be a {value} .", "{agent} 以前 是 {value} 。"),),
    ("job", "same"): (
        ("{agent} has the same job as {other} .", "{agent} 和 {other} 做 同样 的 工作 。"),
        ("{agent} is a colleague of {other} .", "{agent} 是 {other} 的 同事 。"),
    ),
    ("taste", "is"): (("{agent} likes {value} .", "{agent} 喜欢 {value} 。"),),
    ("taste", "not"): (("{agent} does not like {value} .", "{agent} 不 喜欢 {value} 。"),),
}


@dataclass(frozen=True)
class Claim:
    """What one sentence says: of a person, on a topic, that it is, is not, was, or is the same.

    `value` is a city, a job or an animal; for "same" it is another person.
    """

    person: str
    topic: str
    form: str
    value: str


@dataclass(frozen=True)
class Lives:
    """A text, claim by claim: `sentences[i]` is the span of `claims[i]`, `values[i]` that of its
    value, `agents[i]` that of who it is about, a name or a pronoun. `truth[topic]` has each
    person's city or job, "" where the text leaves it open. `topics` are those that the text is
    about.
    """

    id: str
    text: str
    language: str
    people: tuple[str, ...]
    claims: tuple[Claim, ...]
    sentences: tuple[tuple[int, int], ...]
    values: tuple[tuple[int, int], ...]
    agents: tuple[tuple[int, int], ...]
    truth: dict[str, dict[str, str]] = field(hash=False)
    topics: tuple[str, ...] = TOPICS

    def told_by(self, topic: str, person: str) -> list[int]:
        """The claims from which a person's city or job follows, the last one naming it.

        Empty where the text leaves it open; two or more where it is "the same as" another's.
        """
        found: list[int] = []
        while True:
            for number, claim in enumerate(self.claims):
                if (claim.person, claim.topic) == (person, topic) and claim.form in ("is", "same"):
                    found.append(number)
                    break
            else:
                return []
            if claim.form == "is":
                return found
            person = claim.value


def lives(
    count: int,
    seed: int = 0,
    language: str = "en",
    split: str = "train",
    people: int = 4,
    brief: bool = False,
) -> list[Lives]:
    """`count` texts about so many people, of one split; synthetic.

    A `brief` text says one thing of each, and of all on one topic: what somebody who learns to read
    begins with. Raises `ValueError` for another language or split and a number of people outside 1
    to 12.
    """
    if language not in ("en", "zh") or split not in SPLITS or not 1 <= people <= 12:
        raise ValueError(
            f"language {language!r}, split {split!r}, {people} people: wanted en or zh, one of "
            f"{', '.join(SPLITS)}, and 1 to 12"
        )
    name = f"lives-{split}-{people}" + "-brief" * brief
    rng = stream(name, seed)
    return [_told(rng, f"{name}-{seed}-{i}", language, split, people, brief) for i in range(count)]


def _told(rng: Random, ident: str, language: str, split: str, people: int, brief: bool) -> Lives:
    truth, shared = _truth(rng, split, people)
    named = list(truth["home"])
    claims: list[list[Claim]] = []
    open_ones: dict[str, set[str]] = {topic: set() for topic in TOPICS}
    topics = (pick(rng, TOPICS),) if brief else TOPICS
    for person in named:
        block: list[Claim] = []
        for topic in topics:
            block += _claims(rng, person, topic, truth, shared, open_ones)
        if brief:
            block = block[:1]
        elif rng.random() < 0.3:
            animal = pick(rng, nouns_of("animal")).id
            block.append(Claim(person, "taste", pick(rng, ("is", "not")), animal))
        claims.append(_mixed(rng, block))
    told = [claim for block in _mixed(rng, claims) for claim in block]
    known = {
        topic: {p: "" if p in open_ones[topic] else truth[topic][p] for p in named}
        for topic in topics
    }
    text, sentences, values, agents = _written(rng, told, language)
    order = tuple(dict.fromkeys(claim.person for claim in told))
    spans = sentences, values, agents
    return Lives(ident, text, language, order, tuple(told), *spans, known, topics)


def _truth(rng: Random, split: str, people: int):
    """Cities and jobs by person, of one split; and whose are the same as an earlier person's."""
    while True:
        truth: dict[str, dict[str, str]] = {topic: {} for topic in TOPICS}
        shared: dict[str, dict[str, str]] = {topic: {} for topic in TOPICS}
        for person in _mixed(rng, list(PEOPLE)):
            options = {topic: _options(person, topic, split) for topic in TOPICS}
            if not all(options.values()):
                continue
            like = {
                topic: [p for p, value in truth[topic].items() if value in values]
                for topic, values in options.items()
            }
            if truth["home"] and not any(like.values()) and rng.random() < 0.7:
                continue  # in a text of strangers nothing would be "the same as"
            for topic, values in options.items():
                if like[topic] and rng.random() < 0.7:
                    shared[topic][person] = pick(rng, like[topic])
                    truth[topic][person] = truth[topic][shared[topic][person]]
                else:
                    truth[topic][person] = pick(rng, values)
            if len(truth["home"]) == people:
                return truth, shared


def _options(person: str, topic: str, split: str) -> list[str]:
    """The cities or jobs that a person can have in a split."""
    return [v for v in _VALUES[topic] if split_of(tuple(sorted((person, v)))) == split]


def _claims(rng: Random, person: str, topic: str, truth, shared, open_ones) -> Iterator[Claim]:
    """What is said of one person on one topic."""
    own, like = truth[topic][person], shared[topic].get(person)
    if rng.random() < 0.15:
        open_ones[topic].add(person)
    elif like is not None and like not in open_ones[topic]:
        yield Claim(person, topic, "same", like)
    else:
        yield Claim(person, topic, "is", own)
    for form in ("not", "was"):
        if rng.random() < 0.4:
            others = [value for value in _VALUES[topic] if value != own]
            yield Claim(person, topic, form, pick(rng, others))


def _mixed(rng: Random, items: list) -> list:
    rest, out = list(items), []
    while rest:
        out.append(rest.pop(int(rng.random() * len(rest))))
    return out


def filler_of(topic: str, value: str) -> Filler:
    """What stands in a sentence for a city, a job, an animal or a person."""
    if value in PEOPLE:
        return PEOPLE[value]
    if topic == "home":
        return CITIES[value]
    noun = NOUNS[value]
    return NounPhrase(noun, "generic") if topic == "taste" else NounPhrase(noun, "bare")


def _written(rng: Random, claims: list[Claim], language: str):
    """The text, its sentences' spans, and the spans of what they name and of who they are about."""
    text, sentences, values, agents = "", [], [], []
    before: Claim | None = None
    for claim in claims:
        template = pick(rng, _SAY[claim.topic, claim.form])[0 if language == "en" else 1]
        person = PEOPLE[claim.person]
        agent: Filler = person
        if rng.random() < 0.6 and before and _clear(before, claim):
            agent = PRONOUNS["she" if person.gender == "f" else "he"]
        value = filler_of(claim.topic, claim.value)
        words = realise(template, {"agent": agent, "value": value, "other": value}, language)
        written, spans = join([word for word, _, _ in words], language)
        text += " " if text and language == "en" else ""
        begin = len(text)
        text += written
        slots: dict[str, list[tuple[int, int]]] = {}
        for (_, slot, _), (first, past) in zip(words, spans, strict=True):
            name = "value" if slot == "other" else slot
            slots.setdefault(name, []).append((begin + first, begin + past))
        sentences.append((begin, len(text)))
        values.append((slots["value"][0][0], slots["value"][-1][1]))
        agents.append((slots["agent"][0][0], slots["agent"][-1][1]))
        before = claim
    return text, tuple(sentences), tuple(values), tuple(agents)


def _clear(before: Claim, claim: Claim) -> bool:
    """Whether he or she can only be the person of the sentence before."""
    if before.person != claim.person:
        return False
    return before.form != "same" or PEOPLE[before.value].gender != PEOPLE[claim.person].gender
