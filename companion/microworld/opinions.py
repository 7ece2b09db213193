"""Reviews that praise one thing and blame another: what is said of *which*? Always synthetic.

A review judges several aspects of a hotel. Half of the judgements are turned round by a negation or
by what was expected, so that neither the adjective nor the review as a whole gives the answer. A
combination of a noun and an adjective belongs to one split.
"""

from dataclasses import dataclass
from random import Random

from .parallel import SPLITS, split_of
from .sampling import pick, stream

# aspect | nouns | good | bad; English and Chinese, word by word
_ASPECTS = """
food|soup 汤, noodles 面条, breakfast 早餐, fish 鱼, cake 蛋糕|\
tasty 好吃, fresh 新鲜, delicious 美味|\
salty 咸, cold 凉, bland 没味道
service|waiter 服务员, manager 经理, cook 厨师, driver 司机|\
friendly 友好, polite 有礼貌, quick 麻利|\
rude 粗鲁, slow 慢, careless 粗心
room|bed 床, bathroom 浴室, carpet 地毯, window 窗户|clean 干净, comfortable 舒服, new 新|\
dirty 脏, old 旧, broken 破
place|street 街道, garden 花园, view 风景, square 广场|quiet 安静, beautiful 漂亮, safe 安全|\
noisy 吵, ugly 难看, dangerous 危险
price|bill 账单, ticket 门票, menu 套餐, parking 停车|cheap 便宜, fair 公道, reasonable 合理|\
expensive 贵, unfair 不公道, high 高
"""
# How it is said, and whether that turns the adjective round.
_SAY = (
    ("the {noun} was {adjective}", "{noun}很{adjective}", False),
    ("i found the {noun} {adjective}", "我觉得{noun}{adjective}", False),
    ("the {noun} was really {adjective}", "{noun}真{adjective}", False),
    ("the {noun} was not {adjective} at all", "{noun}一点儿也不{adjective}", True),
    ("i would not call the {noun} {adjective}", "我不会说{noun}{adjective}", True),
    ("the {noun} was anything but {adjective}", "{noun}哪里算得上{adjective}", True),
    ("the {noun} used to be {adjective} , but no longer", "{noun}以前{adjective}，现在不了", True),
)
_JOIN = ((" . ", "。"), (" , but ", "，但是"), (" and ", "，"))


@dataclass(frozen=True)
class Opinion:
    """A review, an aspect of what it judges, and "positive", "negative" or "not mentioned"."""

    id: str
    text: str
    aspect: str
    label: str
    kind: str
    group: str


@dataclass(frozen=True)
class _Aspect:
    name: str
    nouns: tuple[tuple[str, str], ...]
    adjectives: tuple[tuple[str, str, bool], ...]  # English, Chinese, whether it praises


def _cells(text: str) -> tuple[tuple[str, str], ...]:
    return tuple(tuple(cell.split(" ", 1)) for cell in text.split(", "))


def _read(line: str) -> _Aspect:
    name, nouns, good, bad = line.split("|")
    judged = [(*a, True) for a in _cells(good)] + [(*a, False) for a in _cells(bad)]
    return _Aspect(name, _cells(nouns), tuple(judged))


ASPECTS = tuple(_read(line) for line in _ASPECTS.strip().splitlines())
NAMES_ZH = dict(
    zip((a.name for a in ASPECTS), ("饭菜", "服务", "房间", "环境", "价格"), strict=True)
)


def opinions(
    count: int, seed: int = 0, language: str = "en", split: str = "train", judged: int = 3
) -> list[Opinion]:
    """`count` questions about reviews that judge so many aspects, two a review; synthetic.

    Labels are drawn evenly. Raises `ValueError` for another language or split, and a number of
    aspects outside 1 to 5.
    """
    if language not in ("en", "zh") or split not in SPLITS or not 1 <= judged <= len(ASPECTS):
        raise ValueError(
            f"language {language!r}, split {split!r}, {judged} aspects: wanted en or zh, one of "
            f"{', '.join(SPLITS)}, and 1 to {len(ASPECTS)}"
        )
    rng, made = stream(f"opinions-{split}-{judged}", seed), []
    while len(made) < count:
        ident = f"opinions-{split}-{judged}-{seed}-{len(made)}"
        text, said = _review(rng, language, split, judged)
        met = {label: sum(o.label == label for o in made[-60:]) for label in _LABELS}
        options = [(a.name, *said.get(a.name, ("not mentioned", ""))) for a in ASPECTS]
        for number in range(2):
            fewest = min(met[label] for _, label, _ in options)
            chosen = pick(rng, [option for option in options if met[option[1]] == fewest])
            options.remove(chosen)
            name, label, how = chosen
            met[label] += 1
            aspect = name if language == "en" else NAMES_ZH[name]
            made.append(Opinion(f"{ident}-{number}", text, aspect, label, how or label, ident))
    return made[:count]


_LABELS = ("positive", "negative", "not mentioned")


def _review(rng: Random, language: str, split: str, judged: int):
    """A review, and (label, how it is said) by aspect."""
    side = 0 if language == "en" else 1
    rest, text, said = list(ASPECTS), "", {}
    while len(said) < judged:
        aspect = pick(rng, rest)
        options = [
            (noun, adjective)
            for noun in aspect.nouns
            for adjective in aspect.adjectives
            if split_of(tuple(sorted((noun[0], adjective[0])))) == split
        ]
        rest.remove(aspect)
        if not options:
            continue
        noun, adjective = pick(rng, options)
        turned = rng.random() < 0.5
        template = pick(rng, [t for t in _SAY if t[2] == turned])
        text += pick(rng, _JOIN)[side] if text else ""
        text += template[side].format(noun=noun[side], adjective=adjective[side])
        label = "positive" if adjective[2] != turned else "negative"
        said[aspect.name] = (label, "turned round" if turned else "plain")
    return text + (" ." if language == "en" else "。"), said
