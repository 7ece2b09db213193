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

ROLES = ("own", "other", "both", "was", "not", "same", "taste")
_ASKING = ("answers", "relations", "verdicts")  # readings that ask about one or two people


@dataclass(frozen=True)
class Roles:
    """A text, what is asked about it (`second`), and spans (first, one past, role) of the text.

    "own": a city or job that the person has, whoever's sentence names it; "other": that the second
    person has, where two are asked about; "both": that both have. "was", "not" and "taste": what
    the text says the person had, has not, likes or dislikes. What is none of these has no span.
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
    for claim, (begin, end) in zip(life.claims, life.values, strict=True):
        if role := _role(life, claim, people):
            yield begin, end, role


def _role(life: Lives, claim: Claim, people: Sequence[str]) -> str:
    """What the value of a claim is to the people; empty where it is nothing to them."""
    if claim.form == "is" and claim.topic in life.truth:
        truth = life.truth[claim.topic]
        has = [truth[person] == claim.value for person in people]
        if all(has) and len(has) > 1:
            return "both"
        return "own" if has[0] else "other" if any(has) else ""
    if claim.person != people[0]:
        return ""
    return "taste" if claim.topic == "taste" else claim.form
