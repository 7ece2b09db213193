"""What can be asked of `lives`: answers, relations, entailment, summaries, replies. Synthetic.

Each kind has traps for whoever matches words: what is not or was true overlaps with the question
as much as what is; some answers take two or three sentences; some texts leave it open.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

from .grammar import join, realise
from .lexicon import PEOPLE, PRONOUNS
from .lives import Claim, Lives, filler_of, lives
from .sampling import pick, stream

_ASK = {
    "home": ("where does {agent} live ?", "{agent} 住 在 哪里 ？"),
    "job": ("what is {agent.possessive} job ?", "{agent.possessive} 工作 是 什么 ？"),
}
_STATE = {
    ("home", "is"): ("{agent} lives in {value} .", "{agent} 住 在 {value} 。"),
    ("home", "not"): ("{agent} does not live in {value} .", "{agent} 不 住 在 {value} 。"),
    ("home", "same"): ("{agent} and {value} live in one city .", "{agent} 和 {value} 住 得 近 。"),
    ("job", "is"): ("{agent} is a {value} .", "{agent} 是 {value} 。"),
    ("job", "not"): ("{agent} is not a {value} .", "{agent} 不 是 {value} 。"),
    ("job", "same"): ("{agent} and {value} have one job .", "{agent} 和 {value} 是 同行 。"),
}
_REPLY = {
    ("home", "own"): ("{agent} lives in {value} .", "{agent} 住 在 {value} 。"),
    ("home", "too"): ("{agent} lives in {value} , too .", "{agent} 也 住 在 {value} 。"),
    ("home", ""): ("i do not know where {agent} lives .", "我 不 知道 {agent} 住 在 哪里 。"),
    ("job", "own"): ("{agent} is a {value} .", "{agent} 是 {value} 。"),
    ("job", "too"): ("{agent} is a {value} , too .", "{agent} 也 是 {value} 。"),
    ("job", ""): ("i do not know {agent.possessive} job .", "我 不 知道 {agent} 做 什么 。"),
}
_AND = ("and {agent} ?", "{agent} 呢 ？")
_LIVE = (" and ", "和")
RELATIONS = ("lives in", "lived in", "works as", "worked as", "likes", "none")
VERDICTS = ("yes", "no", "open")


@dataclass(frozen=True)
class Reading:
    """A text, what is asked about it (`second`), and the gold answer.

    `kind` says how hard it is: the topic, and how many sentences (hops) the answer takes. `start`
    is the place of an answer that stands in the text, else −1. `group` is the text's. `people` are
    those who are asked about.
    """

    id: str
    kind: str
    text: str
    second: str
    answer: str
    start: int
    group: str
    people: tuple[str, ...] = ()


def _say(template: tuple[str, str], language: str, **fillers) -> str:
    words = realise(template[0 if language == "en" else 1], fillers, language)
    return join([word for word, _, _ in words], language)[0]


def _name(entity: str, topic: str, language: str) -> str:
    """A filler's name within a sentence."""
    words = filler_of(topic, entity).forms(language, "")
    return (" " if language == "en" else "").join(word for word, _ in words)


def _hops(life: Lives, topic: str, person: str) -> str:
    return f"{topic}, {len(life.told_by(topic, person))} hops"


def answers(life: Lives, rng: Random) -> Iterator[Reading]:
    """Where does somebody live, what is their job: a span of the text, or nothing (SQuAD v2)."""
    for topic in life.topics:
        for person in life.people:
            told = life.told_by(topic, person)
            begin, end = life.values[told[-1]] if told else (-1, -1)
            question = _say(_ASK[topic], life.language, agent=PEOPLE[person])
            yield _reading(
                life,
                (person,),
                _hops(life, topic, person),
                question,
                life.text[begin:end] if told else "",
                begin,
            )


def relations(life: Lives, rng: Random) -> Iterator[Reading]:
    """What joins a person and a city, job or animal of the text: one of `RELATIONS`.

    "none" where the text denies it, or says it of somebody else.
    """
    names = {("home", "was"): "lived in", ("job", "was"): "worked as", ("taste", "is"): "likes"}
    for person in life.people:
        for topic, value in sorted({(c.topic, c.value) for c in life.claims if c.form != "same"}):
            own = {
                c.form
                for c in life.claims
                if (c.person, c.topic, c.value) == (person, topic, value)
            }
            if life.truth.get(topic, {}).get(person) == value:
                label = {"home": "lives in", "job": "works as"}[topic]
            else:
                found = [names[topic, form] for form in sorted(own) if (topic, form) in names]
                label = found[0] if found else "none"
            if label == "none" and not own and rng.random() < 0.8:
                continue  # pairs that no sentence joins are many, and easy
            pair = f"{_name(person, '', life.language)} ; {_name(value, topic, life.language)}"
            kind = label if label != "none" else f"none, {len(own)}"
            yield _reading(life, (person,), kind, pair, label)


def verdicts(life: Lives, rng: Random) -> Iterator[Reading]:
    """Does a statement follow ("yes"), contradict ("no"), or may it be either ("open")?"""
    for topic in life.topics:
        truth = life.truth[topic]
        for person in life.people:
            claims = [c for c in life.claims if (c.person, c.topic) == (person, topic)]
            stated = [c.value for c in claims if c.form in ("not", "was")]
            others = [c.value for c in life.claims if c.topic == topic and c.form != "same"]
            pool = [value for value in (truth[person], *stated, *others) if value]
            if not pool:
                continue
            value, form = pick(rng, pool), pick(rng, ("is", "is", "not"))
            verdict = _verdict(truth[person], value, claims)
            if form == "not":
                verdict = {"yes": "no", "no": "yes", "open": "open"}[verdict]
            said = _say(
                _STATE[topic, form], life.language,
                agent=PEOPLE[person], value=filler_of(topic, value),
            )  # fmt: skip
            kind = f"{verdict}, {_hops(life, topic, person)}"
            yield _reading(life, (person,), kind, said, verdict)
            if len(life.people) < 2:
                continue
            other = pick(rng, [p for p in life.people if p != person])
            both = truth[person] and truth[other]
            verdict = ("yes" if truth[person] == truth[other] else "no") if both else "open"
            said = _say(
                _STATE[topic, "same"], life.language, agent=PEOPLE[person], value=PEOPLE[other]
            )
            yield _reading(life, (person, other), f"{verdict}, two people", said, verdict)


def _verdict(own: str, value: str, claims: list[Claim]) -> str:
    """Whether somebody has this city or job."""
    if own:
        return "yes" if own == value else "no"
    denied = {claim.value for claim in claims if claim.form in ("not", "was")}
    return "no" if value in denied else "open"


def summaries(life: Lives, rng: Random) -> Iterator[Reading]:
    """Who lives where, city by city in the order of the text: no sentence of it says so."""
    cities: dict[str, list[str]] = {}
    for person in life.people:
        if city := life.truth.get("home", {}).get(person):
            cities.setdefault(city, []).append(person)
    side = 0 if life.language == "en" else 1
    sentences = []
    for city, people in cities.items():
        names = [_name(person, "", life.language) for person in people]
        who = (", ", "、")[side].join(names[:-1]) + _LIVE[side] * (len(names) > 1) + names[-1]
        where = _name(city, "home", life.language)
        verb = "live" if len(names) > 1 else "lives"
        sentences.append((f"{who} {verb} in {where}.", f"{who}住在{where}。")[side])
    if sentences:
        kind = f"{max(map(len, cities.values()))} in one city"
        who = tuple(person for people in cities.values() for person in people)
        yield _reading(life, who, kind, "", (" ", "")[side].join(sentences))


def replies(life: Lives, rng: Random) -> Iterator[Reading]:
    """A question, its reply, and "and Tom?": what is the next reply?"""
    language, gap = life.language, " " if life.language == "en" else ""
    for topic in life.topics if len(life.people) > 1 else ():
        truth = life.truth[topic]
        first = pick(rng, life.people)
        second = pick(rng, [p for p in life.people if p != first])
        before = _reply(topic, first, truth[first], "", language)
        turns = (
            _say(_ASK[topic], language, agent=PEOPLE[first]),
            before,
            _say(_AND, language, agent=PEOPLE[second]),
        )
        reply = _reply(topic, second, truth[second], truth[first], language)
        yield _reading(life, (second,), _hops(life, topic, second), gap.join(turns), reply)


def _reply(topic: str, person: str, value: str, before: str, language: str) -> str:
    how = "" if not value else "too" if value == before else "own"
    pronoun = PRONOUNS["she" if PEOPLE[person].gender == "f" else "he"]
    fillers = {"agent": pronoun} | ({"value": filler_of(topic, value)} if value else {})
    return _say(_REPLY[topic, how], language, **fillers)


def _reading(
    life: Lives, people: tuple[str, ...], kind: str, second: str, answer: str, start: int = -1
) -> Reading:
    return Reading(f"{life.id}: {second}", kind, life.text, second, answer, start, life.id, people)


READINGS: dict[str, Callable[[Lives, Random], Iterator[Reading]]] = {
    "answers": answers,
    "relations": relations,
    "verdicts": verdicts,
    "summaries": summaries,
    "replies": replies,
}


def readings(
    what: str,
    count: int,
    seed: int = 0,
    language: str = "en",
    split: str = "train",
    people: int = 3,
    each: int = 4,
    brief: bool = False,
) -> list[Reading]:
    """`count` readings of one of `READINGS`, at most `each` of a text, `brief` or not; synthetic.

    Of what a text offers, the kind met least so far comes first (what stands before its comma, then
    the whole of it), so that kinds come evenly. Raises `ValueError` for another name.
    """
    if what not in READINGS:
        raise ValueError(f"no readings are called {what!r}; there are: {', '.join(READINGS)}")
    name = f"readings-{what}-{split}-{people}" + "-brief" * brief
    rng, made = stream(name, seed), []
    met: Counter[str] = Counter()

    def often(reading: Reading) -> tuple[int, int]:
        return met[reading.kind.partition(",")[0]], met[reading.kind]

    batch = 0
    while len(made) < count:
        for life in lives(64, seed * 100_000 + batch, language, split, people, brief):
            offered = list(READINGS[what](life, rng))
            for _ in range(min(each, len(offered))):
                fewest = min(map(often, offered))
                one = pick(rng, [other for other in offered if often(other) == fewest])
                offered.remove(one)
                met.update({one.kind, one.kind.partition(",")[0]})
                made.append(one)
        batch += 1
    return made[:count]
