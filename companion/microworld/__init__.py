"""The microworld: a seeded bilingual (English, Chinese) world with gold annotations; synthetic.

Words (`lexicon`, `verbs`) → grammar (`grammar`) → sentences in parallel (`patterns`, `parallel`);
a world in time (`world`) → stories (`stories`) → questions (`questions`); who lives where
(`lives`) → what can be asked of it (`readings`) → what every name is to whom is asked about
(`roles`); reviews (`opinions`); pictures with captions (`pictures`). Nothing here is real, and
whatever shows it says so. No Keras; equal arguments give equal data on every machine.
"""

from .lives import Claim, Lives, lives
from .opinions import ASPECTS, Opinion, opinions
from .parallel import SentencePair, parallel, split_of
from .patterns import PATTERNS, Pattern
from .pictures import SHAPES, Scene, Thing, draw, scenes
from .questions import Question, ask, questions, squad
from .readings import READINGS, RELATIONS, VERDICTS, Reading, readings
from .roles import ROLES, Roles, roles
from .stories import Document, Mention, Story, documents, stories, tell
from .world import Entity, Event, Fact, World, replay

__all__ = [
    "ASPECTS",
    "PATTERNS",
    "READINGS",
    "RELATIONS",
    "ROLES",
    "SHAPES",
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
    "Roles",
    "Scene",
    "SentencePair",
    "Story",
    "Thing",
    "World",
    "ask",
    "documents",
    "draw",
    "lives",
    "opinions",
    "parallel",
    "questions",
    "readings",
    "replay",
    "roles",
    "scenes",
    "split_of",
    "squad",
    "stories",
    "tell",
]
