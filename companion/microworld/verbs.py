"""Verbs, times and numbers of the microworld: the part of the lexicon that inflects or measures."""

from .lexicon import Lexeme, index, plain, plural_of, rows, words

# past participle -ing | Chinese | Chinese with its result (把, 被) or "-" | objects | abilities
# Abilities: v one can want or be asked to do it, d it lasts (正在).

_PORTABLE = (
    "fruit food reading mail small clothing accessory tableware tool stationery container toy "
    "bedding instrument device"
)
_TRANSITIVE = f"""
buy bought bought buying|买|-|{_PORTABLE} furniture vehicle|v
sell sold sold selling|卖|卖掉|reading clothing furniture vehicle device instrument fruit|v
eat ate eaten eating|吃|吃掉|fruit food|v d
order ordered ordered ordering|点|-|food|v
cut cut cut cutting|切|切开|fruit|v d
wash washed washed washing|洗|洗干净|clothing accessory tableware bedding fruit|v d
read read read reading|看|-|reading text|v d
write wrote written writing|写|-|writing|v d
translate translated translated translating|翻译|-|writing|v d
print printed printed printing|打印|-|writing|v d
borrow borrowed borrowed borrowing|借|借走|reading tool vehicle instrument|v
find found found finding|找到|找到|{_PORTABLE} animal|v
lose lost lost losing|丢|弄丢|small stationery accessory tool|
break broke broken breaking|打碎|打碎|tableware|
repair repaired repaired repairing|修|修好|device vehicle furniture|v d
clean cleaned cleaned cleaning|擦|擦干净|furniture tableware|v d
draw drew drawn drawing|画|-|animal plant vehicle|v d
steal stole stolen stealing|偷|偷走|small device vehicle instrument|
hide hid hidden hiding|藏|藏起来|small food toy reading|v
bring brought brought bringing|带来|带来|food reading toy tool container|v
throw_away threw_away thrown_away throwing_away|扔掉|扔掉|tableware clothing reading container|v
choose chose chosen choosing|选|-|clothing accessory toy furniture|v
make made made making|做|-|food toy clothing|v d
feed fed fed feeding|喂|-|animal|v d
see saw seen seeing|看见|-|animal vehicle|
catch caught caught catching|抓|抓住|small_animal|v
plant planted planted planting|种|-|plant|v d
pick picked picked picking|摘|摘下来|fruit|v d
receive received received receiving|收到|-|mail|
carry carried carried carrying|搬|搬走|furniture container|v d
"""
# past participle -ing | Chinese head, tail (separable: 游了两个小时泳) | where it is done
_INTRANSITIVE = """
sleep slept slept sleeping|睡 觉|bedroom living_room hotel
swim swam swum swimming|游 泳|pool lake river beach
run ran run running|跑 步|park stadium beach gym forest
dance danced danced dancing|跳 舞|square theatre park living_room
sing sang sung singing|唱 歌|theatre park classroom kitchen square
work worked worked working|工作|office hospital bank factory laboratory farm museum hotel
study studied studied studying|学习|library classroom café bedroom school
rest rested rested resting|休息|garden hotel living_room park balcony beach
chat chatted chatted chatting|聊 天|café kitchen garden restaurant yard station
exercise exercised exercised exercising|锻炼|gym park stadium yard
cook cooked cooked cooking|做 饭|kitchen restaurant village
walk walked walked walking|散 步|park garden forest beach lake river
fish fished fished fishing|钓 鱼|lake river harbour
camp camped camped camping|露营|forest lake river
queue queued queued queuing|排 队|bank supermarket cinema station museum bakery
wait waited waited waiting|等待|station airport hospital hotel square harbour
play played played playing|玩|park yard zoo garden beach square
meditate meditated meditated meditating|冥想|garden balcony park
"""
# Where some verbs with objects are done, by kind or name of place; the others are done anywhere.
_WHERE = """
buy|shop
sell|market square station school
eat|kitchen garden park restaurant classroom hotel beach
order|restaurant café hotel cinema
cut|kitchen restaurant garden
wash|kitchen bathroom yard river hotel
write|office library hotel café garden classroom
translate|office library hotel café classroom
print|office library school hotel
repair|garage yard factory garden
clean|home hotel classroom office
draw|home park museum classroom lake
feed|zoo farm park garden village
plant|garden yard park school village
pick|garden farm village
make|kitchen classroom yard
choose|shop
catch|outdoor garden
"""
# What animals do: they do not jog (跑步), they run (奔跑).
_ANIMAL = """
sleep slept slept sleeping|睡觉
run ran run running|奔跑
play played played playing|玩耍
rest rested rested resting|休息
eat ate eaten eating|吃 东西
drink drank drunk drinking|喝 水
"""
# Verbs that patterns name themselves; only English inflects.
_NAMED = """
like liked liked liking
want wanted wanted wanting
know knew known knowing
need needed needed needing
come came come coming
say said said saying
think thought thought thinking
live lived lived living
wear wore worn wearing
belong belonged belonged belonging
get got got getting
hope hoped hoped hoping
"""


def _inflect(principal: str) -> dict[str, tuple[tuple[str, str], ...]]:
    base, past, participle, ing = principal.split()
    head, *particle = base.split("_")
    third = " ".join([plural_of(head), *particle])  # the -s of verbs is spelt as that of nouns
    table = {"base": base, "third": third, "past": past, "participle": participle, "ing": ing}
    return {form: words(text.replace("_", " "), "verb") for form, text in table.items()}


def _transitive(principal: str, zh: str, result: str, kinds: str, abilities: str) -> Lexeme:
    chinese = {"": words(zh, "verb")}
    if result != "-":
        chinese["result"] = words(result, "verb")
    marks = {"transitive", *abilities.split()} | ({"result"} if result != "-" else set())
    en = _inflect(principal)
    name = principal.split()[0]
    extra = {"objects": tuple(kinds.split()), "where": _PLACES_OF.get(name, ())}
    return Lexeme(name, frozenset(marks), en, chinese, extra=extra)


def _intransitive(principal: str, zh: str, places: str) -> Lexeme:
    head, *tail = zh.split()
    chinese = {"": words("".join((head, *tail)), "verb"), "head": words(head, "verb")}
    chinese["tail"] = words(tail[0], "verb") if tail else ()
    return Lexeme(
        principal.split()[0],
        frozenset({"intransitive"}),
        _inflect(principal),
        chinese,
        extra={"places": tuple(places.split())},
    )


_PLACES_OF = {verb: tuple(places.split()) for verb, places in rows(_WHERE)}
TRANSITIVE = index(_transitive(*row) for row in rows(_TRANSITIVE))
INTRANSITIVE = index(_intransitive(*row) for row in rows(_INTRANSITIVE))
ANIMAL = index(
    Lexeme(row[0].split()[0], frozenset(), _inflect(row[0]), {"": words(row[1], "verb")})
    for row in rows(_ANIMAL)
)
NAMED = index(
    Lexeme(line.split()[0], frozenset(), _inflect(line), {}) for line in _NAMED.strip().splitlines()
)
# Which Chinese verb an English one becomes depends on the noun.
WEAR = {"clothing": "穿", "accessory": "戴"}
PLAY = {"guitar": "弹", "piano": "弹", "violin": "拉", "drum": "敲"}

# Times ------------------------------------------------------------------------------------------

_PAST = """
yesterday|昨天
last night|昨天 晚上
last week|上个星期
last month|上个月
last year|去年
this morning|今天 早上
on Monday|星期一
on Tuesday|星期二
on Wednesday|星期三
on Thursday|星期四
on Friday|星期五
two days ago|两 天 前
three weeks ago|三 个 星期 前
yesterday afternoon|昨天 下午
"""
_FUTURE = """
tomorrow|明天
tonight|今天 晚上
next week|下个星期
next month|下个月
next year|明年
tomorrow morning|明天 早上
this weekend|这个周末
on Saturday|星期六
on Sunday|星期天
this summer|今年 夏天
"""
_EVERY = """
every day|每天
every morning|每天 早上
every evening|每天 晚上
every weekend|每个周末
every week|每个星期
every summer|每年 夏天
every Sunday|每个星期天
"""
_OFTEN = """
often|经常
sometimes|有时候
usually|通常
always|总是
rarely|很少
"""
_WEATHER = """
hot|热
cold|冷
warm|暖和
cool|凉快
humid|潮湿
dry|干燥
"""
_DIGITS = "one 一, two 两, three 三, four 四, five 五, six 六, seven 七, eight 八, nine 九, ten 十"
_NUMBERS = """
eleven|十一
twelve|十二
thirteen|十三
fourteen|十四
fifteen|十五
sixteen|十六
eighteen|十八
twenty|二十
thirty|三十
forty|四十
fifty|五十
sixty|六十
eighty|八十
ninety|九十
"""
PAST = index(plain("time", *row) for row in rows(_PAST))
FUTURE = index(plain("time", *row) for row in rows(_FUTURE))
EVERY = index(plain("time", *row) for row in rows(_EVERY))
OFTEN = index(plain("frequency", *row) for row in rows(_OFTEN))
WEATHER = index(plain("weather", *row) for row in rows(_WEATHER))
DIGITS: dict[str, str] = dict(pair.split() for pair in _DIGITS.split(", "))
NUMBERS = index(plain("number", *row) for row in rows(_NUMBERS))


def _count(unit: str, zh_unit: str, low: int, high: int):
    """Amounts such as `two hours` 两 个 小时; one is left out (its noun would be singular)."""
    for en, zh in list(DIGITS.items())[low - 1 : high]:
        yield plain("amount", f"{en} {unit}", f"{zh} {zh_unit}")


HOURS = index(_count("hours", "个 小时", 2, 6))
YEARS = index(_count("years", "年", 2, 10))
TIMES = index(_count("times", "次", 3, 6))
CLOCK = index(
    plain("time", f"{en} in the {part}", f"{day} {zh} 点")
    for part, day, low, high in (("morning", "上午", 8, 10), ("afternoon", "下午", 1, 5))
    for en, zh in list(DIGITS.items())[low - 1 : high]
) | index(
    plain("time", f"{en} in the evening", f"晚上 {zh} 点") for en, zh in list(DIGITS.items())[5:9]
)
