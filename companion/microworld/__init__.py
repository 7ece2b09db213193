"""The microworld: a seeded bilingual (English, Chinese) world with gold annotations; synthetic.

Words (`lexicon`, `verbs`) → grammar (`grammar`) → sentences in parallel (`patterns`, `parallel`);
a world in time (`world`) → stories (`stories`) → questions (`questions`); who lives where
(`lives`) → what can be asked of it (`readings`); reviews (`opinions`). Nothing here is real text,
and whatever shows it says so. No Keras; equal arguments give equal data on every machine.
"""

from .lives import Claim, Lives, lives
from .opinions import ASPECTS, Opinion, opinions
from .parallel import SentencePair, parallel, split_of
from .patterns import PATTERNS, Pattern
from .questions import Question, ask, questions, squad
from .readings import READINGS, RELATIONS, VERDICTS, Reading, readings
from .stories import Document, Mention, Story, documents, stories, tell
from .world import Entity, Event, Fact, World, replay

__all__ = [
    "ASPECTS",
    "PATTERNS",
    "READINGS",
    "RELATIONS",
    "VERDICTS",
    "Claim",
    "Document",
    "Entity",
    "Event",
    "Fact",
    "Lives",
    "Mention",
    "Opinion",
    "Pattern",
    "Question",
    "Reading",
    "SentencePair",
    "Story",
    "World",
    "ask",
    "documents",
    "lives",
    "opinions",
    "parallel",
    "questions",
    "readings",
    "replay",
    "split_of",
    "squad",
    "stories",
    "tell",
]
