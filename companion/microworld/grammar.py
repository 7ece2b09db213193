"""From a pattern and its fillers to words: agreement, articles, plurals and classifiers.

A template is a line of words and slots, `{agent} {verb.present:agent} {thing} {time}`. A slot
names a filler (or a verb of the lexicon), then the form it takes, then the filler it agrees with.
Does *not* decide which fillers go together: see `patterns`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from .lexicon import COLOURED, Form, Lexeme, words
from .verbs import DIGITS, NAMED, PLAY, WEAR

# How a determiner reads: English, Chinese, and whether the Chinese noun keeps its classifier.
_DETERMINERS: dict[str, tuple[str, str, bool]] = {
    "a": ("a", "一", True),
    "the": ("the", "", False),
    "this": ("this", "这", True),
    "that": ("that", "那", True),
    "these": ("these", "这些", False),
    "those": ("those", "那些", False),
    "many": ("many", "很多", False),
    "several": ("several", "几", True),
    "how many": ("how many", "几", True),
    "generic": ("", "", False),  # dogs; 狗
    "bare": ("", "", False),  # singular: by train; 坐火车
    "kind": ("the", "", False),  # plays the piano; 弹钢琴
    **{en: (en, zh, True) for en, zh in DIGITS.items() if en != "one"},
}
SINGULAR = frozenset({"a", "the", "this", "that", "bare", "kind"})
_BE = {"present": {"I": "am", "third": "is", "": "are"}, "past": {"I": "was", "third": "was"}}
_AUXILIARIES = {"have": {"third": "has", "": "have"}, "do": {"third": "does", "": "do"}}
_NOT_VOWELS = ("uni", "use", "eu", "one", "once")
_SILENT_H = ("hour", "honest", "heir")


@dataclass(frozen=True)
class NounPhrase:
    """A noun with its determiner, adjective and colour; it has forms as a `Lexeme` has."""

    noun: Lexeme
    determiner: str
    adjective: Lexeme | None = None
    colour: Lexeme | None = None

    person = 3

    @property
    def id(self) -> str:
        """The meaning that the split counts: the noun's."""
        return self.noun.id

    @property
    def number(self) -> str:
        """`singular` or `plural`; it rules the noun's ending and the verb."""
        return "singular" if self.determiner in SINGULAR else "plural"

    def forms(self, language: str, form: str) -> Form:
        """The words in one language; `form` may be "" or "noun" (without determiner)."""
        return _phrase(self, language, form)


Filler = Lexeme | NounPhrase


@cache
def _phrase(phrase: NounPhrase, language: str, form: str) -> Form:
    english, chinese, counted = _DETERMINERS[phrase.determiner]
    noun, adjective, colour = phrase.noun, phrase.adjective, phrase.colour
    if language == "en":
        determiner = words(english, "determiner")
        described = (adjective.en[""] if adjective else ()) + (colour.en[""] if colour else ())
        described += noun.en[phrase.number]
    else:
        determiner = words(chinese, "determiner")
        if counted:
            determiner += ((noun.classifier, "determiner"),)
        described = _chinese_description(adjective, colour) + noun.zh[""]
    return described if form == "noun" else determiner + described


def _chinese_description(adjective: Lexeme | None, colour: Lexeme | None) -> Form:
    """Stacked modifiers lose the 的 of the colour: 一条漂亮的红色裙子, but 一条红色的裙子."""
    if adjective and colour:
        linked = adjective.zh["attribute"]
        if linked[-1][0] != "的":
            linked = (*linked, ("的", "adjective"))
        return linked + colour.zh[""]
    if adjective:
        return adjective.zh["attribute"]
    return (*colour.zh[""], ("的", "colour")) if colour else ()


def both(first: Lexeme, second: Lexeme) -> Lexeme:
    """Two people as one plural subject: Anna and Tom, 安娜和汤姆."""
    return Lexeme(
        f"{first.id}+{second.id}",
        frozenset({"pair"}),
        {
            "": (*first.en[""], ("and", "person"), *second.en[""]),
            "own": words("their", "own"),
            "pronoun": words("they", "person"),
        },
        {
            "": (*first.zh[""], ("和", "person"), *second.zh[""]),
            "own": words("自己 的", "own"),
            "pronoun": words("他们", "person"),
        },
        number="plural",
    )


def agreement(filler: Filler) -> str:
    """The cell of the English present tense: "third" (he runs), "I" (am) or "" (they run)."""
    if filler.number == "plural" or filler.person == 2:
        return ""
    return "I" if filler.person == 1 else "third"


@dataclass(frozen=True)
class Item:
    """One place of a template: a literal word, or a slot with its form and what it agrees with."""

    word: str
    slot: str = ""
    form: str = ""
    agrees: str = ""


_ITEM = re.compile(r"\{(\w+)(?:\.(\w+))?(?::(\w+))?\}")


@cache
def parse(template: str) -> tuple[Item, ...]:
    """Read a template; raises ValueError for a slot that is not closed."""
    items = []
    for cell in template.split():
        match = _ITEM.fullmatch(cell)
        if match is None and ("{" in cell or "}" in cell):
            raise ValueError(f"{cell!r} is not a slot; write {{name}}, {{name.form:agrees}}")
        items.append(Item("", *(g or "" for g in match.groups())) if match else Item(cell))
    return tuple(items)


def _english_verb(item: Item, fillers: Mapping[str, Filler]) -> Form:
    cell = agreement(fillers[item.agrees])
    if item.slot == "be":
        table = _BE[item.form]
        return ((table.get(cell) or ("are" if item.form == "present" else "were"), "be"),)
    if item.slot in _AUXILIARIES:
        table = _AUXILIARIES[item.slot]
        return ((table["third" if cell == "third" else ""], item.slot),)
    verb = fillers.get(item.slot) or NAMED[item.slot]
    return verb.en["third" if cell == "third" else "base"]


def _chinese_verb(item: Item, fillers: Mapping[str, Filler]) -> Form:
    """穿 a shirt but 戴 a hat; 弹 a piano but 拉 a violin: the noun chooses the verb."""
    filler = fillers[item.agrees]
    noun = filler.noun if isinstance(filler, NounPhrase) else filler
    if item.slot == "play":
        return ((PLAY[noun.id], "play"),)
    if item.slot == "wear":
        return next(((zh, "wear"),) for kind, zh in WEAR.items() if kind in noun.kinds)
    if item.slot == "classifier":
        return ((noun.classifier, "determiner"),)
    raise ValueError(f"no Chinese verb depends on its noun by the name {item.slot!r}")


Words = list[tuple[str, str, str]]  # (word, slot or "", part)


def realise(template: str, fillers: Mapping[str, Filler], language: str) -> Words:
    """The words of one sentence, each with the slot it came from and its part there."""
    out: Words = []
    for item in parse(template):
        slot = item.slot
        if not slot:
            out.append((item.word, "", item.word))
            continue
        if item.agrees:
            make = _english_verb if language == "en" else _chinese_verb
            form = make(item, fillers)
        else:
            form = (fillers.get(slot) or NAMED[slot]).forms(language, item.form)
        out.extend([(word, slot, part) for word, part in form])
    return _articles(out) if language == "en" else out


def _articles(sentence: Words) -> Words:
    """An English `a` before a vowel sound becomes `an`."""
    for i, (word, slot, part) in enumerate(sentence[:-1]):
        if word == "a" and starts_with_vowel(sentence[i + 1][0]):
            sentence[i] = ("an", slot, part)
    return sentence


@cache
def starts_with_vowel(word: str) -> bool:
    """Whether a word begins with a vowel *sound*: an hour, a uniform."""
    word = word.lower()
    return (word[0] in "aeiou" and not word.startswith(_NOT_VOWELS)) or word.startswith(_SILENT_H)


_ATTACHED = re.compile(r" (?=[.,?!]|'s)")


def written(tokens: Sequence[str], language: str) -> str:
    """The written sentence alone: `join` without the spans, for where speed matters."""
    if language == "zh":
        return "".join(tokens)
    text = _ATTACHED.sub("", " ".join(tokens))
    return text[0].upper() + text[1:]


_CLOSING = frozenset(".,?!；，。？！")


def join(tokens: Sequence[str], language: str) -> tuple[str, list[tuple[int, int]]]:
    """The written sentence and each word's (start, end) in it. English starts with a capital."""
    pieces: list[str] = []
    spans = []
    position = 0
    for i, word in enumerate(tokens):
        if language == "en":
            if i and word not in _CLOSING and word != "'s":
                pieces.append(" ")
                position += 1
            if i == 0:
                word = word[0].upper() + word[1:]
        pieces.append(word)
        spans.append((position, position + len(word)))
        position += len(word)
    return "".join(pieces), spans


def can_have_colour(noun: Lexeme) -> bool:
    return bool(noun.kinds & COLOURED)
