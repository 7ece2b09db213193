"""What an exercise is, as data: cases, a probe, a reference, relations, mistakes, hints.

This file defines the words that `companion.checks` is written in; `judge` gives them meaning.
It imports nothing of the course and no Keras.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from types import CodeType
from typing import Any

import numpy as np

Case = dict[str, Any]  # the keyword arguments of one call, as the probe wants them
Output = Mapping[str, Any]  # what a probe returns: names -> arrays, numbers, strings, flat lists


@dataclass(frozen=True)
class Mistake:
    """A wrong answer that learners really give, and what to say to them."""

    name: str  # stable id, `no-scale`
    variant: Any  # the wrong answer itself: a function, a class or a number
    hint: str  # one sentence: what is wrong and what to do


@dataclass(frozen=True)
class Relation:
    """A metamorphic relation: how the output must change when the case changes in a known way."""

    name: str
    derive: Callable[[Case, np.random.Generator], Case]  # another case, made from this one
    holds: Callable[[Output, Output], bool]  # (output, derived output) -> does it hold?
    hint: str


@dataclass(frozen=True)
class Variant:
    """The same exercise with other givens: what its statement says, what is right, what is wrong.

    `statement` has passages of the exercise's text (or of its answer cell) and what stands there
    instead; each passage is there once. The mistakes have the names of the exercise's own.
    """

    statement: Mapping[str, str]
    reference: Any
    mistakes: Sequence[Mistake]
    hints: Sequence[str]


@dataclass(frozen=True)
class Exercise:
    """One exercise. `name` is what the learner defines: a function, a class or a number.

    `cases(rng, size)` draws one case; size runs over `range(sizes)` and small sizes come first.
    Together the cases must contain the regimes in which each mistake shows. `probe(answer, case)`
    runs beside the learner's code and returns arrays, numbers, strings or lists of them by name.
    """

    name: str
    kind: str  # predict | fill | implement | debug | measure
    title: str
    minutes: int
    difficulty: int  # 1-3
    cases: Callable[[np.random.Generator, int], Case]
    probe: Callable[[Any, Case], Output]
    reference: Any
    mistakes: Sequence[Mistake]
    hints: Sequence[str]  # a ladder: concept, shape, line
    relations: Sequence[Relation] = ()
    sizes: int = 8
    tolerance: float = 1e-6  # absolute and relative
    starter: Any = None  # a debug exercise: the broken answer as given, which is "not attempted"
    modules: Sequence[str] = ()  # modules of `companion` that the answer may import
    vary: Callable[[np.random.Generator], Variant] | None = None  # draws other givens
    statement: Mapping[str, str] = field(default_factory=dict)  # of a variant: see `Variant`

    def __post_init__(self):
        """Refuse an exercise that could not name anybody's misconception."""
        if len(self.mistakes) < 3:
            raise ValueError(f"{self.name}: {len(self.mistakes)} mistakes; an exercise needs 3")
        if len(self.hints) < 3:
            raise ValueError(f"{self.name}: {len(self.hints)} hints; the ladder has 3 rungs")
        if not 1 <= self.difficulty <= 3:
            raise ValueError(f"{self.name}: difficulty {self.difficulty}; it is 1, 2 or 3")

    def fingerprint(self) -> str:
        """A short hash of what the exercise demands: it changes when a pass may no longer hold.

        Code counts as the byte code of this Python, so another Python may ask for a new check.
        """
        parts = [self.name, self.kind, repr(self.sizes), repr(self.tolerance)]
        parts += [_code(thing) for thing in (self.cases, self.probe, self.reference)]
        parts += [r.name + _code(r.derive) + _code(r.holds) for r in self.relations]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def _code(thing: Any, depth: int = 3) -> str:
    """What a function does, as text without addresses; a class by its methods; a value by itself.

    Of a partial or a closure what it holds counts too, `depth` levels deep.
    """
    if isinstance(thing, partial):
        held = [thing.func, *thing.args, *(v for _, v in sorted(thing.keywords.items()))]
        return "".join(_code(part, depth - 1) for part in held) if depth else ""
    if isinstance(thing, type):
        members = sorted(vars(thing).items())
        return thing.__qualname__ + "".join(_code(m, 0) for _, m in members if callable(m))
    code = thing if isinstance(thing, CodeType) else getattr(thing, "__code__", None)
    if code is None:
        return getattr(thing, "__qualname__", "") if callable(thing) else repr(thing)
    constants = [_code(c, 0) if isinstance(c, CodeType) else repr(c) for c in code.co_consts]
    cells = getattr(thing, "__closure__", None) or () if depth else ()
    held = "".join(_code(c.cell_contents, depth - 1) for c in cells if callable(c.cell_contents))
    return f"{code.co_code.hex()}{code.co_names}{constants}{held}"
