"""Parallel sentences, English and Chinese, with words, alignment and a split by combination.

Each pattern marks two slots whose fillers are its combination: who and what, what and where. A
hash of the two meanings, not of the sentence, puts it in train, validation or test, whichever
pattern says it. A test sentence therefore joins two words that no training sentence joins so,
while each word and each pattern is met in training.
"""

from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from random import Random

from .grammar import Words, realise, written
from .lexicon import PEOPLE, Lexeme
from .patterns import JOINTS, OPENERS, PATTERNS, PLAIN, Pattern
from .sampling import SAMPLERS, Fillers, pick, stream

SPLITS = ("train", "validation", "test")
_TRIES = 10_000  # one in ten or so fits, so that this many failures mean a broken pattern
_PEOPLE = tuple(PEOPLE.values())
_PLAIN = frozenset(PLAIN)


@dataclass(frozen=True)
class SentencePair:
    """One meaning in two languages; synthetic.

    `source` is English and `target` Chinese; the `_words` are their tokens, punctuation included.
    `alignment` holds (source word, target word) positions. `meaning` names every filler.
    """

    id: str
    source: str
    target: str
    source_words: tuple[str, ...]
    target_words: tuple[str, ...]
    alignment: tuple[tuple[int, int], ...]
    patterns: tuple[str, ...]
    meaning: tuple[tuple[str, str], ...]
    combinations: tuple[tuple[str, ...], ...]
    split: str


@cache
def split_of(combination: tuple[str, ...]) -> str:
    """train (80 %), validation (10 %) or test (10 %), from a hash of a sorted combination."""
    digest = blake2b("|".join(combination).encode(), digest_size=4).digest()
    bucket = int.from_bytes(digest, "big") % 10
    return "test" if bucket == 0 else "validation" if bucket == 1 else "train"


def fill(pattern: Pattern, rng: Random, split: str | None = None) -> Fillers | None:
    """Fillers for every slot of a pattern, or None if they clash or belong to another split."""
    fillers: Fillers = {}
    focus = pattern.focus
    for slot, sampler, argument in pattern.slots:
        filler = SAMPLERS[sampler](rng, argument, fillers)
        if filler is None:
            return None
        fillers[slot] = filler
        if split and slot == focus[-1] and split_of(combination(pattern, fillers)) != split:
            return None
    return fillers


def combination(pattern: Pattern, fillers: Fillers) -> tuple[str, ...]:
    """The two meanings that decide the split, in alphabetical order."""
    return tuple(sorted(fillers[slot].id for slot in pattern.focus))


def align(source: Words, target: Words) -> tuple[tuple[int, int], ...]:
    """Pairs of positions whose words come from the same part of the same filler."""
    places: dict[tuple[str, str], list[int]] = {}
    for j, (_, slot, part) in enumerate(target):
        if slot:
            places.setdefault((slot, part), []).append(j)
    return tuple(
        (i, j) for i, (_, slot, part) in enumerate(source) for j in places.get((slot, part), ())
    )


@dataclass(frozen=True)
class Clause:
    """A pattern with its fillers: one meaning, not yet said."""

    pattern: Pattern
    fillers: Fillers

    def describe(self) -> tuple[tuple[str, str], ...]:
        """Each slot with the name of what fills it."""
        return tuple((slot, _describe(filler)) for slot, filler in self.fillers.items())


@dataclass(frozen=True)
class Meaning:
    """A clause, or a clause after an opener, or two clauses and what joins them."""

    clauses: tuple[Clause, ...]
    opener: tuple[str, str] | None = None
    speaker: Lexeme | None = None
    joint: tuple[str, str] | None = None

    def say(self, language: str) -> Words:
        """The words of the whole sentence in one language."""
        side = 0 if language == "en" else 1
        first, *rest = self.clauses
        out = realise(first.pattern.template(language), first.fillers, language)
        if self.opener:
            out = realise(self.opener[side], {"speaker": self.speaker}, language) + out
        for clause in rest:
            more = realise(clause.pattern.template(language), clause.fillers, language)
            joint = [(word, "", word) for word in self.joint[side].split()]
            marked = [(word, slot and f"second {slot}", part) for word, slot, part in more]
            out = out[:-1] + joint + marked
        return out

    def describe(self) -> tuple[tuple[str, str], ...]:
        """The meaning as names: equal meanings, and only they, have equal descriptions."""
        out: list[tuple[str, str]] = []
        if self.opener:
            out.append(("opener", self.opener[0]))
            if "{speaker}" in self.opener[0]:
                out.append(("speaker", self.speaker.id))
        if self.joint:
            out.append(("joint", self.joint[0]))
        for clause in self.clauses:
            out += [("pattern", clause.pattern.name), *clause.describe()]
        return tuple(out)


def pair(meaning: Meaning, ident: str) -> SentencePair:
    """Say one meaning in both languages."""
    source, target = meaning.say("en"), meaning.say("zh")
    source_words = tuple(word for word, _, _ in source)
    target_words = tuple(word for word, _, _ in target)
    chosen = tuple(combination(clause.pattern, clause.fillers) for clause in meaning.clauses)
    return SentencePair(
        id=ident,
        source=written(source_words, "en"),
        target=written(target_words, "zh"),
        source_words=source_words,
        target_words=target_words,
        alignment=align(source, target),
        patterns=tuple(clause.pattern.name for clause in meaning.clauses),
        meaning=meaning.describe(),
        combinations=chosen,
        split=split_of(chosen[0]),
    )


def _describe(filler) -> str:
    determiner = getattr(filler, "determiner", None)
    if determiner is None:
        return filler.id
    parts = (determiner, filler.adjective, filler.colour, filler.noun)
    return " ".join(part if isinstance(part, str) else part.id for part in parts if part)


def parallel(count: int, seed: int = 0, split: str = "train") -> list[SentencePair]:
    """`count` different sentence pairs, English to Chinese, of one split; synthetic.

    The same arguments give the same pairs everywhere. Raises ValueError for an unknown split or a
    negative count.

    >>> parallel(1, seed=0)[0].split
    'train'
    """
    if split not in SPLITS:
        raise ValueError(f"split {split!r} is none of {', '.join(SPLITS)}")
    if count < 0:
        raise ValueError(f"count is {count}; ask for 0 or more pairs")
    rng = stream(f"parallel-{split}", seed)
    pairs: list[SentencePair] = []
    seen: set[tuple[tuple[str, str], ...]] = set()
    while len(pairs) < count:
        meaning = compose(rng, split)
        described = meaning.describe()
        if described not in seen:
            seen.add(described)
            pairs.append(pair(meaning, f"{split}-{seed}-{len(pairs)}"))
    return pairs


def compose(rng: Random, split: str) -> Meaning:
    """Draw a meaning all of whose clauses belong to the split."""
    first = _clause(rng, PATTERNS, split)
    chance = rng.random()
    if first.pattern not in _PLAIN or chance < 0.4:
        return Meaning((first,))
    if chance < 0.65:
        people = {name for filler in first.fillers.values() for name in filler.id.split("+")}
        speaker = pick(rng, [person for person in _PEOPLE if person.id not in people])
        return Meaning((first,), opener=pick(rng, OPENERS), speaker=speaker)
    return Meaning((first, _clause(rng, PLAIN, split)), joint=pick(rng, JOINTS))


def _clause(rng: Random, patterns: tuple[Pattern, ...], split: str) -> Clause:
    """One pattern, chosen evenly, with fillers; it is kept while its fillers clash."""
    pattern = pick(rng, patterns)
    for _ in range(_TRIES):
        fillers = fill(pattern, rng, split)
        if fillers is not None:
            return Clause(pattern, fillers)
    raise AssertionError(f"pattern {pattern.name!r} has nothing in the split {split!r}")
