"""The words of the microworld in English and Chinese. Every later file only combines them.

One `Lexeme` is one meaning. For each language it holds a table from the name of a form ("past",
"possessive", "at") to words; each word carries its part in the phrase ("noun", "prep"), so that
two languages can be aligned. Nothing here decides order or agreement: see `grammar`.
"""

from dataclasses import dataclass, field

Form = tuple[tuple[str, str], ...]  # ((word, part), ...)


@dataclass(frozen=True, eq=False)
class Lexeme:
    """One meaning with its forms in both languages.

    `kinds` says which patterns and verbs accept it; `number` and `person` drive agreement.
    """

    id: str
    kinds: frozenset[str]
    en: dict[str, Form]
    zh: dict[str, Form]
    number: str = "singular"
    person: int = 3
    gender: str = ""
    classifier: str = ""
    extra: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def forms(self, language: str, form: str) -> Form:
        """The words of one form; a form that the language does not mark is the plain one."""
        table = self.en if language == "en" else self.zh
        return table[form] if form in table else table.get("", ())

    def __repr__(self) -> str:
        return f"<{self.id}>"


def words(text: str, part: str = "word") -> Form:
    return tuple((word, part) for word in text.split())


def rows(table: str):
    """Split a table in a string into rows of fields, which `|` parts."""
    for line in table.strip().splitlines():
        yield [cell.strip() for cell in line.split("|")]


def plural_of(noun: str) -> str:
    """The regular English plural: box, boxes; story, stories; boy, boys."""
    if noun.endswith(("s", "x", "ch", "sh")):
        return noun + "es"
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return noun[:-1] + "ies"
    return noun + "s"


def index(lexemes) -> dict[str, Lexeme]:
    """A dictionary by id that refuses a second lexeme of the same id."""
    table: dict[str, Lexeme] = {}
    for lexeme in lexemes:
        if lexeme.id in table:
            raise ValueError(f"the lexicon holds {lexeme.id!r} twice; give one of them another id")
        table[lexeme.id] = lexeme
    return table


# People and pronouns -----------------------------------------------------------------------------

_PEOPLE = """
f|Anna 安娜, Mary 玛丽, Lucy 露西, Alice 爱丽丝, Emma 艾玛, Sara 萨拉, Lisa 丽莎, Helen 海伦
f|Julia 朱莉娅, Wang_Fang 王芳, Chen_Jing 陈静, Zhao_Min 赵敏, Sun_Li 孙丽, Zhou_Xue 周雪
m|Tom 汤姆, John 约翰, Peter 彼得, David 大卫, Jack 杰克, Paul 保罗, Mike 迈克, Henry 亨利
m|Mark 马克, Li_Ming 李明, Zhang_Wei 张伟, Liu_Yang 刘洋, Wu_Gang 吴刚, Huang_Lei 黄磊
"""
_PRONOUNS = """
I|I|me|my|我|singular|1|
you|you|you|your|你|singular|2|
he|he|him|his|他|singular|3|m
she|she|her|her|她|singular|3|f
we|we|us|our|我们|plural|1|
they|they|them|their|他们|plural|3|
"""


def _pronoun(subject, objective, possessive, zh, number, person, gender, ident):
    en = {"": subject, "object": objective, "possessive": possessive, "pronoun": subject}
    table = {form: words(text, "person") for form, text in en.items()}
    table["own"] = words(possessive, "own")
    chinese = {"": words(zh, "person"), "own": words("自己 的", "own")}
    chinese["possessive"] = words(f"{zh} 的", "person")
    return Lexeme(ident, frozenset({"pronoun"}), table, chinese, number, int(person), gender=gender)


PRONOUNS = index(
    _pronoun(s, o, p, zh, number, person, gender, ident)
    for ident, s, o, p, zh, number, person, gender in rows(_PRONOUNS)
)


def _person(name: str, zh: str, gender: str) -> Lexeme:
    pronoun = PRONOUNS["she" if gender == "f" else "he"]
    plain = words(name.replace("_", " "), "person")
    en = {"": plain, "possessive": (*plain, ("'s", "person"))}
    en["own"] = pronoun.en["own"]
    en["pronoun"] = pronoun.en[""]
    chinese = {"": words(zh, "person"), "possessive": words(f"{zh} 的", "person")}
    chinese["own"] = pronoun.zh["own"]
    chinese["pronoun"] = pronoun.zh[""]
    return Lexeme(name, frozenset({"person"}), en, chinese, gender=gender)


PEOPLE = index(
    _person(*entry.split(), gender)
    for gender, entries in rows(_PEOPLE)
    for entry in entries.split(", ")
)

# Nouns: kind of thing | word[:irregular plural] Chinese classifier ----------------------------

_NOUNS = """
fruit|apple 苹果 个, banana 香蕉 根, orange 橙子 个, pear 梨 个, peach 桃子 个, mango 芒果 个
fruit|watermelon 西瓜 个, strawberry 草莓 个, lemon 柠檬 个, tomato:tomatoes 西红柿 个
food|egg 鸡蛋 个, cake 蛋糕 个, sandwich 三明治 个, potato:potatoes 土豆 个, carrot 胡萝卜 根
food|dumpling 饺子 个, hamburger 汉堡 个, sausage 香肠 根, pancake 煎饼 张, cookie 饼干 块
reading|book 书 本, newspaper 报纸 份, magazine 杂志 本, dictionary 词典 本, textbook 课本 本
reading writing|novel 小说 本, report 报告 份, article 文章 篇
text writing|poem 诗 首, story 故事 个
reading writing mail|letter 信 封
mail small|postcard 明信片 张, gift 礼物 份, photo 照片 张, package 包裹 个
small|map 地图 张, ticket 票 张, coin 硬币 枚, stamp 邮票 张, ring 戒指 枚, key 钥匙 把
small|wallet 钱包 个, passport 护照 本
clothing|shirt 衬衫 件, coat 大衣 件, sweater 毛衣 件, skirt 裙子 条, dress 连衣裙 条
clothing|jacket 夹克 件, raincoat 雨衣 件, uniform 制服 套
accessory|hat 帽子 顶, scarf:scarves 围巾 条, tie 领带 条, mask 口罩 个
tableware|cup 杯子 个, bowl 碗 个, plate 盘子 个, bottle 瓶子 个, vase 花瓶 个
tool|knife:knives 刀 把, spoon 勺子 把, fork 叉子 把, hammer 锤子 把, brush 刷子 把, comb 梳子 把
tool|umbrella 雨伞 把, rope 绳子 根, ladder 梯子 架, towel 毛巾 条, candle 蜡烛 根, lamp 台灯 盏
stationery|pencil 铅笔 支, pen 钢笔 支, ruler 尺子 把, notebook 笔记本 个, envelope 信封 个
container|basket 篮子 个, box 盒子 个, bag 包 个, suitcase 行李箱 个
bedding|blanket 毯子 条, pillow 枕头 个
toy|ball 球 个, kite 风筝 只, doll 洋娃娃 个, balloon 气球 个, robot 机器人 个
toy|painting 画 幅
instrument|guitar 吉他 把, piano 钢琴 架, violin 小提琴 把, drum 鼓 面
furniture|table 桌子 张, chair 椅子 把, bed 床 张, sofa 沙发 张, desk 书桌 张, cabinet 柜子 个
furniture|door 门 扇, window 窗户 扇, mirror 镜子 面, bookshelf:bookshelves 书架 个
device|phone 手机 部, computer 电脑 台, camera 照相机 台, radio 收音机 台, television 电视机 台
device|fridge 冰箱 台, printer 打印机 台, watch 手表 块, fan 风扇 台, clock 钟 座
vehicle|car 汽车 辆, bicycle 自行车 辆, truck 卡车 辆, taxi 出租车 辆, motorcycle 摩托车 辆
vehicle|bus 公共汽车 辆, train 火车 列, plane 飞机 架, boat 船 条
animal|dog 狗 只, cat 猫 只, bird 鸟 只, horse 马 匹, cow 牛 头, pig 猪 头, rabbit 兔子 只
animal|duck 鸭子 只, monkey 猴子 只, panda 熊猫 只, goat 山羊 只, fox 狐狸 只, bear 熊 只
animal|tiger 老虎 只, lion 狮子 头, elephant 大象 头, wolf:wolves 狼 只, snake 蛇 条
animal small_animal|mouse:mice 老鼠 只, frog 青蛙 只, butterfly 蝴蝶 只, bee 蜜蜂 只
plant|tree 树 棵, flower 花 朵, rose 玫瑰 朵, sunflower 向日葵 棵
job|teacher 老师 位, doctor 医生 位, nurse 护士 位, engineer 工程师 位, driver 司机 位
job|farmer 农民 位, singer 歌手 位, cook 厨师 位, writer 作家 位, lawyer 律师 位, painter 画家 位
job|scientist 科学家 位, dentist 牙医 位, actor 演员 位, manager 经理 位, pilot 飞行员 位
job|journalist 记者 位, waiter 服务员 位, student 学生 名, soldier 士兵 名
"""


def _noun(kinds: str, entry: str) -> Lexeme:
    english, zh, classifier = entry.split()
    singular, _, irregular = english.partition(":")
    en = {
        "": ((singular, "noun"),),
        "singular": ((singular, "noun"),),
        "plural": ((irregular or plural_of(singular), "noun"),),
    }
    return Lexeme(
        singular, frozenset(kinds.split()), en, {"": ((zh, "noun"),)}, classifier=classifier
    )


NOUNS = index(
    _noun(kinds, entry) for kinds, entries in rows(_NOUNS) for entry in entries.split(", ")
)

# Places: kind | English preposition, noun; Chinese noun, localiser (方位词) or "-" --------------

_PLACES = """
home|in kitchen 厨房 里, in garden 花园 里, in bedroom 卧室 里, in garage 车库 里
home|on balcony 阳台 上, in bathroom 浴室 里, in living_room 客厅 里, in yard 院子 里
shop|at market 市场 上, at supermarket 超市 里, at bookshop 书店 里, at bakery 面包店 里
shop|at pharmacy 药店 里
public|in library 图书馆 里, at school 学校 里, in office 办公室 里, in classroom 教室 里
public|at hospital 医院 里, at museum 博物馆 里, at bank 银行 里, at restaurant 餐馆 里
public|at cinema 电影院 里, at hotel 酒店 里, at café 咖啡馆 里, at gym 健身房 里
public|in theatre 剧院 里, in laboratory 实验室 里, at factory 工厂 里
transit|at station 车站 -, at airport 机场 -, at harbour 港口 -
outdoor|in park 公园 里, on farm 农场 里, at zoo 动物园 里, in square 广场 上, in forest 森林 里
outdoor|in village 村子 里, at stadium 体育场 里
water|on beach 海滩 上, by lake 湖 边, at pool 游泳池 里, by river 河 边
"""
_CITIES = """
Beijing|北京
Shanghai|上海
Guangzhou|广州
Nanjing|南京
London|伦敦
Paris|巴黎
Tokyo|东京
Berlin|柏林
Rome|罗马
Moscow|莫斯科
Cairo|开罗
Sydney|悉尼
"""
_SPOTS = """
on|table|桌子|上
on|chair|椅子|上
on|bed|床|上
on|sofa|沙发|上
on|desk|书桌|上
on|bookshelf|书架|上
in|box|盒子|里
in|basket|篮子|里
in|bag|包|里
in|cabinet|柜子|里
in|suitcase|行李箱|里
under|table|桌子|下面
under|bed|床|下面
under|chair|椅子|下面
behind|door|门|后面
behind|sofa|沙发|后面
beside|window|窗户|旁边
beside|piano|钢琴|旁边
beside|mirror|镜子|旁边
"""


def _place(kind: str, entry: str) -> Lexeme:
    preposition, noun, zh, localiser = entry.split()
    plain = (("the", "place"), *words(noun.replace("_", " "), "place"))
    en = {"": plain, "at": ((preposition, "prep"), *plain)}
    name = ((zh, "place"),)
    # "Went to the lake" is 去了湖边: after 湖 and 河 the localiser belongs to the name.
    if localiser == "边":
        name, localiser = ((zh + "边", "place"),), "-"
        en[""] = plain
    inside = name if localiser == "-" else (*name, (localiser, "prep"))
    chinese = {"": name, "inside": inside, "at": (("在", "prep"), *inside)}
    return Lexeme(noun, frozenset({"place", kind}), en, chinese)


def _city(name: str, zh: str) -> Lexeme:
    en = {"": ((name, "place"),), "at": (("in", "prep"), (name, "place"))}
    chinese = {"": ((zh, "place"),), "at": (("在", "prep"), (zh, "place"))}
    return Lexeme(name, frozenset({"city"}), en, chinese)


def _spot(preposition: str, noun: str, zh: str, side: str) -> Lexeme:
    en = {"": ((preposition, "prep"), ("the", "place"), (noun, "place"))}
    inside = ((zh, "place"), (side, "prep"))
    return Lexeme(
        f"{preposition}_{noun}",
        frozenset({"spot", noun}),
        en,
        {"": inside, "at": (("在", "prep"), *inside)},
    )


PLACES = index(
    _place(kind, entry) for kind, entries in rows(_PLACES) for entry in entries.split(", ")
)
CITIES = index(_city(*row) for row in rows(_CITIES))
SPOTS = index(_spot(*row) for row in rows(_SPOTS))

# Adjectives: degrees | Chinese | how it stands before a noun | what it describes -----------------
# "direct": 新书; "de": 漂亮的裙子; "-": only as a predicate (很重).

_SIZED = "fruit container furniture toy animal plant clothing tableware"
_MADE = (
    "reading clothing accessory tableware tool stationery container toy instrument furniture "
    "device vehicle bedding"
)
_ADJECTIVES = f"""
big bigger biggest|大|direct|{_SIZED}
small smaller smallest|小|direct|{_SIZED} tool
new newer newest|新|direct|{_MADE}
old older oldest|旧|direct|{_MADE}
cheap cheaper cheapest|便宜|de|{_MADE} fruit
expensive|贵|-|{_MADE} fruit
heavy heavier heaviest|重|-|container furniture device instrument tool
light lighter lightest|轻|-|container device tool
beautiful|漂亮|de|clothing accessory toy plant vehicle tableware instrument
clean cleaner cleanest|干净|de|clothing accessory tableware furniture vehicle
dirty dirtier dirtiest|脏|direct|clothing accessory tableware vehicle
long longer longest|长|-|writing clothing
short shorter shortest|短|-|writing clothing
sweet sweeter sweetest|甜|-|fruit
fresh fresher freshest|新鲜|de|fruit
interesting|有意思|de|reading text toy
boring|无聊|de|reading text
difficult|难|-|reading text
useful|有用|de|tool device stationery
comfortable|舒服|de|clothing furniture bedding
cute cuter cutest|可爱|de|animal toy
clever cleverer cleverest|聪明|de|animal person
fast faster fastest|快|-|vehicle
slow slower slowest|慢|-|vehicle device
tasty tastier tastiest|好吃|de|food
thin thinner thinnest|瘦|-|animal person
tall taller tallest|高|-|person
young younger youngest|年轻|de|person
strong stronger strongest|强壮|de|person
brave braver bravest|勇敢|de|person
friendly friendlier friendliest|友好|de|person
patient|耐心|de|person
famous|有名|de|person
kind kinder kindest|善良|de|person
rich richer richest|有钱|de|person
polite politer politest|有礼貌|-|person
"""
_MOODS = """
happy|高兴
sad|难过
angry|生气
tired|累
excited|兴奋
worried|担心
surprised|惊讶
nervous|紧张
proud|自豪
disappointed|失望
"""
_COLOURS = """
red|红色
blue|蓝色
green|绿色
yellow|黄色
black|黑色
white|白色
brown|棕色
grey|灰色
purple|紫色
pink|粉色
"""


def _adjective(degrees: str, zh: str, attribute: str, kinds: str) -> Lexeme:
    plain, *rest = degrees.split()
    comparative, superlative = rest or (f"more {plain}", f"most {plain}")
    en = {"": words(plain), "comparative": words(comparative), "superlative": words(superlative)}
    before_noun = {"direct": words(zh), "de": words(f"{zh} 的"), "-": ()}[attribute]
    return Lexeme(
        plain,
        frozenset(kinds.split()),
        {form: tuple((word, "adjective") for word, _ in text) for form, text in en.items()},
        {
            "": words(zh, "adjective"),
            "attribute": tuple((word, "adjective") for word, _ in before_noun),
        },
    )


def plain(kind: str, en: str, zh: str) -> Lexeme:
    return Lexeme(en, frozenset({kind}), {"": words(en, kind)}, {"": words(zh, kind)})


ADJECTIVES = index(_adjective(*row) for row in rows(_ADJECTIVES))
MOODS = index(plain("mood", *row) for row in rows(_MOODS))
COLOURS = index(plain("colour", *row) for row in rows(_COLOURS))
COLOURED = frozenset(
    [
        "clothing",
        "accessory",
        "tableware",
        "stationery",
        "container",
        "bedding",
        "toy",
        "vehicle",
        "device",
    ]
)
