"""The microworld: a seeded bilingual (English, Chinese) world with gold annotations; synthetic.

Words (`lexicon`, `verbs`) → grammar (`grammar`) → sentences in parallel (`patterns`, `parallel`);
a world in time (`world`) → stories (`stories`) → questions (`questions`). Nothing here is real
text, and whatever shows it says so. No Keras; equal arguments give equal data on every machine.
"""

from .parallel import SentencePair, parallel, split_of
from .patterns import PATTERNS, Pattern
from .questions import Question, ask, questions, squad
from .stories import Document, Mention, Story, documents, stories, tell
from .world import Entity, Event, Fact, World, replay

__all__ = [
    "PATTERNS",
    "Document",
    "Entity",
    "Event",
    "Fact",
    "Mention",
    "Pattern",
    "Question",
    "SentencePair",
    "Story",
    "World",
    "ask",
    "documents",
    "parallel",
    "questions",
    "replay",
    "split_of",
    "squad",
    "stories",
    "tell",
]
