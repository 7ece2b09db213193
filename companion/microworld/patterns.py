"""The sentence patterns: each says one kind of meaning in English and in Chinese.

The languages differ where they really do: Chinese puts time and place before the verb, disposes of
a known object with 把, marks the passive with 被, puts relative clauses before their noun and the
cause before its effect. The rows are in `clauses` and `statements`; a final stop is added where a
row has none.
"""

from dataclasses import dataclass

from .clauses import CLAUSES
from .statements import STATEMENTS


@dataclass(frozen=True)
class Pattern:
    """One way to say one kind of meaning in both languages.

    `slots` are (name, sampler, argument) in the order of filling; `focus` names the two slots
    whose pair of fillers decides the split.
    """

    name: str
    slots: tuple[tuple[str, str, str], ...]
    focus: tuple[str, ...]
    en: str
    zh: str

    def template(self, language: str) -> str:
        """The template of one language, "en" or "zh"."""
        return self.en if language == "en" else self.zh


def _ended(template: str, stop: str) -> str:
    return template if template[-1] in "?!？！" else f"{template} {stop}"


def _pattern(name: str, declared: str, en: str, zh: str) -> Pattern:
    cells = [cell.split("=") for cell in declared.split()]
    slots = tuple((slot.rstrip("*"), *sampler.partition(":")[::2]) for slot, sampler in cells)
    focus = tuple(slot.rstrip("*") for slot, _ in cells if slot.endswith("*"))
    if len(focus) != 2:
        raise ValueError(f"pattern {name!r} marks {len(focus)} slots with *; mark two")
    return Pattern(name, slots, focus, _ended(en, "."), _ended(zh, "。"))


def _read(table: str) -> tuple[Pattern, ...]:
    lines = [line.strip() for line in table.strip().splitlines()]
    return tuple(_pattern(*lines[i : i + 4]) for i in range(0, len(lines), 4))


PATTERNS: tuple[Pattern, ...] = _read(CLAUSES) + _read(STATEMENTS)
BY_NAME: dict[str, Pattern] = {pattern.name: pattern for pattern in PATTERNS}

# A plain statement may stand after an opener or be joined to a second one.
OPENERS: tuple[tuple[str, str], ...] = (
    ("{speaker} says that", "{speaker} 说"),
    ("{speaker} knows that", "{speaker} 知道"),
    ("{speaker} believes that", "{speaker} 相信"),
    ("{speaker} is sure that", "{speaker} 确信"),
    ("perhaps", "也许"),
    ("in fact ,", "其实"),
    ("of course ,", "当然 ，"),
    ("unfortunately ,", "可惜"),
    ("everyone knows that", "大家 都 知道"),
)
JOINTS: tuple[tuple[str, str], ...] = ((", and", "，"), (", but", "， 但是"))


def _plain(pattern: Pattern) -> bool:
    marks = set(pattern.en.split()) | set(pattern.zh.split())
    return pattern.en.endswith(".") and not marks & {",", "，", "please", "but", "that", "谁"}


PLAIN: tuple[Pattern, ...] = tuple(p for p in PATTERNS if _plain(p))
