"""What every city, job and animal of a text is to whom a question is about: many answers at once.

One question tells a learner one thing about a text. Who reads to the end knows more: which city is
the person's own, which was, which is somebody else's. Here each of them is said, as roles are in
semantic role labelling (Gildea & Jurafsky 2002), so that one text teaches many things. Synthetic.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .lives import Claim, Lives, lives
from .readings import READINGS
from .sampling import pick, stream

WHO = ("first", "second", "like first", "like second")  # roles of who a sentence is about
WHAT = ("own", "other", "both", "was", "not", "same", "taste")  # of what it says of them
ROLES = WHO + WHAT
_ASKING = ("answers", "relations", "verdicts")  # readings that ask about one or two people


@dataclass(frozen=True)
class Roles:
    """A text, what is asked about it (`second`), and spans (first, one past, role) of the text.

    Who a sentence is about, by name or pronoun, is the "first" or the "second" who is asked about,
    or "like first" where a city or job is the first one's because it is this person's. What it
    names is the first one's "own", the "other" one's where two are asked about, or that of "both";
    what the text says the first one "was" or is "not", or has a "taste" for or against; and "same"
    is the person whose city or job one of the two shares. What is none of these has no span.
    """

    id: str
    text: str
    second: str
    spans: tuple[tuple[int, int, str], ...]
    group: str


def roles(
    count: int,
    seed: int = 0,
    language: str = "en",
    split: str = "train",
    people: int = 3,
    each: int = 2,
    brief: bool = False,
) -> list[Roles]:
    """`count` of them, at most `each` of a text; arguments as of `readings`; synthetic."""
    name = f"roles-{split}-{people}" + "-brief" * brief
    rng, made = stream(name, seed), []
    batch = 0
    while len(made) < count:
        for life in lives(64, seed * 100_000 + batch, language, split, people, brief):
            for _ in range(each):
                asked = list(READINGS[pick(rng, _ASKING)](life, rng))
                if asked:
                    one = pick(rng, asked)
                    spans = tuple(_spans(life, one.people))
                    made.append(Roles(one.id, life.text, one.second, spans, life.id))
        batch += 1
    return made[:count]


def _spans(life: Lives, people: Sequence[str]) -> Iterator[tuple[int, int, str]]:
    for claim, agent, value in zip(life.claims, life.agents, life.values, strict=True):
        for span, role in ((agent, _who(life, claim, people)), (value, _what(life, claim, people))):
            if role:
                yield *span, role


def _who(life: Lives, claim: Claim, people: Sequence[str]) -> str:
    """What the subject of a claim is to the people."""
    names = dict(zip(people, WHO, strict=False))
    if claim.person in names:
        return names[claim.person]
    for person, name in names.items():
        told = life.told_by(claim.topic, person) if claim.topic in life.topics else []
        if claim.person in (life.claims[number].person for number in told):
            return f"like {name}"
    return ""


def _what(life: Lives, claim: Claim, people: Sequence[str]) -> str:
    """What the value of a claim is to the people."""
    if claim.form == "same":
        return "same" if claim.person in people else ""
    if claim.form == "is" and claim.topic in life.truth:
        truth = life.truth[claim.topic]
        has = [truth[person] == claim.value for person in people]
        if all(has) and len(has) > 1:
            return "both"
        return "own" if has[0] else "other" if any(has) else ""
    if claim.person != people[0]:
        return ""
    return "taste" if claim.topic == "taste" else claim.form
