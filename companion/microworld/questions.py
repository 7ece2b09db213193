"""Questions about a story, with answers that are spans of its text (SQuAD v1.1 and v2).

Some need several sentences (the cup is where the person went who had been given it), some have no
answer in the story although it speaks of everything they name. Always synthetic.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from .grammar import join, realise
from .sampling import pick, stream
from .stories import Mention, Story, stories

_WHERE = ("where was {it} at the end of the day ?", "一 天 结束 的 时候 ， {it} 在 哪里 ？")
_ASK: dict[str, tuple[str, str]] = {
    "where_person": _WHERE,
    "where_thing": _WHERE,
    "who_has": ("who had {it} at the end of the day ?", "一 天 结束 的 时候 ， 谁 拿 着 {it} ？"),
    "job": ("what was {possessor} job ?", "{it} 是 做 什么 工作 的 ？"),
    "who_gave": ("who gave {it} to {recipient} ?", "谁 把 {it} 给 了 {recipient} ？"),
    "what_gave": ("what did {it} give to {recipient} ?", "{it} 给 了 {recipient} 什么 ？"),
    "when_went": ("when did {it} go to {place} ?", "{it} 是 什么 时候 去 {place} 的 ？"),
}


@dataclass(frozen=True)
class Question:
    """A question; `answer_start` is −1 and `answer` empty where the story does not say.

    `entity` is the gold answer as an id ("" if none), `support` the events one must have read.
    """

    id: str
    kind: str
    question: str
    answer: str
    answer_start: int
    entity: str
    support: tuple[int, ...]
    context: str
    story: Story

    @property
    def is_impossible(self) -> bool:
        """Whether the story leaves it open (SQuAD v2)."""
        return self.answer_start < 0


Found = tuple[str, dict[str, str], str, tuple[int, ...]]  # kind, entities asked, answer, support


def _about_facts(story: Story) -> Iterator[Found]:
    for fact in story.facts:
        if fact.relation == "in":
            person = story.world.entities[fact.subject].type == "PERSON"
            kind = "where_person" if person else "where_thing"
            yield kind, {"it": fact.subject}, fact.object, fact.support
        elif fact.relation == "has":
            yield "who_has", {"it": fact.object}, fact.subject, fact.support
        else:
            yield "job", {"it": fact.subject}, fact.object, fact.support


def _about_gifts(story: Story) -> Iterator[Found]:
    gifts = [(i, event) for i, event in enumerate(story.events) if event.kind == "give"]
    by_thing = Counter((event.thing, event.recipient) for _, event in gifts)
    by_people = Counter((event.agent, event.recipient) for _, event in gifts)
    for i, event in gifts:
        asked = {"recipient": event.recipient}
        if by_thing[event.thing, event.recipient] == 1:
            yield "who_gave", {**asked, "it": event.thing}, event.agent, (i,)
        if by_people[event.agent, event.recipient] == 1:
            yield "what_gave", {**asked, "it": event.agent}, event.thing, (i,)
        # Given back or given on: the same thing never came to a third person.
        for other in story.world.of_type("PERSON"):
            if (event.thing, other) not in by_thing:
                yield "who_gave", {"it": event.thing, "recipient": other}, "", ()


def _about_times(story: Story) -> Iterator[Found]:
    told = {mention.event: mention for mention in story.mentions if mention.type == "TIME"}
    visits = Counter((e.agent, e.place) for e in story.events if e.kind == "go")
    for i, event in enumerate(story.events):
        asked = {"it": event.agent, "place": event.place}
        if event.kind == "go" and visits[event.agent, event.place] == 1 and i in told:
            yield "when_went", asked, told[i].entity, (i,)
        if event.kind in ("not_go", "want_go") and (event.agent, event.place) not in visits:
            yield "when_went", asked, "", ()


def _ask(kind: str, asked: dict[str, str], story: Story) -> str:
    fillers = {slot: story.world.entities[entity].lexeme for slot, entity in asked.items()}
    language = story.language
    template = _ASK[kind][0 if language == "en" else 1]
    template = template.replace("{possessor}", "{it.possessive}")
    return join([word for word, _, _ in realise(template, fillers, language)], language)[0]


def _span(story: Story, entity: str, support: tuple[int, ...], kind: str) -> Mention:
    """The mention that answers: in a supporting sentence if it is named there, else before it."""
    wanted = "TIME" if kind == "when_went" else None
    named = [
        m
        for m in story.mentions
        if m.entity == entity and m.form == "name" and (m.type == "TIME") == (wanted == "TIME")
    ]
    inside = [mention for mention in named if mention.event in support]
    before = [mention for mention in named if mention.event <= max(support)]
    return (inside or before)[-1]


def ask(story: Story) -> list[Question]:
    """Every question that the generator can ask about a story, once, in a fixed order."""
    made: dict[str, Question] = {}
    found = [*_about_facts(story), *_about_gifts(story), *_about_times(story)]
    for kind, asked, entity, support in found:
        text = _ask(kind, asked, story)
        if text in made:
            continue
        answer, start = "", -1
        if entity:
            mention = _span(story, entity, support, kind)
            answer, start = story.text[mention.start : mention.end], mention.start
        ident = f"{story.id}-{len(made)}"
        made[text] = Question(ident, kind, text, answer, start, entity, support, story.text, story)
    return list(made.values())


def questions(count: int, seed: int = 0, language: str = "en") -> list[Question]:
    """`count` questions, at most four a story, two of three with an answer; synthetic."""
    rng = stream("questions", seed)
    chosen: list[Question] = []
    batch = 0
    while len(chosen) < count:
        for story in stories(16, seed * 1000 + batch, language):
            pool = ask(story)
            for _ in range(4):
                impossible = rng.random() < 1 / 3
                fitting = [q for q in pool if q.is_impossible == impossible]
                if fitting:
                    kind = pick(rng, sorted({question.kind for question in fitting}))
                    question = pick(rng, [q for q in fitting if q.kind == kind])
                    pool.remove(question)
                    chosen.append(question)
        batch += 1
    return chosen[:count]


def squad(asked: list[Question], version: str = "v2.0") -> dict:
    """The questions as SQuAD JSON (Rajpurkar et al. 2016, 2018): "1.1" leaves out the open ones."""
    if version not in ("1.1", "v2.0"):
        raise ValueError(f"version {version!r} is not a version of SQuAD; choose '1.1' or 'v2.0'")
    contexts: dict[str, list[Question]] = {}
    for question in asked:
        if version == "v2.0" or not question.is_impossible:
            contexts.setdefault(question.story.id, []).append(question)
    data = []
    for group in contexts.values():
        story = group[0].story
        qas = [_entry(question, version) for question in group]
        paragraph = {"context": story.text, "qas": qas}
        data.append({"title": f"{story.title} (synthetic)", "paragraphs": [paragraph]})
    return {"version": version, "data": data}


def _entry(question: Question, version: str) -> dict:
    answers = [{"text": question.answer, "answer_start": question.answer_start}]
    entry = {"id": question.id, "question": question.question}
    entry["answers"] = [] if question.is_impossible else answers
    if version == "v2.0":
        entry["is_impossible"] = question.is_impossible
    return entry
