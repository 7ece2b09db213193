"""Values for the slots that the intent grammar leaves open: rooms, devices, things to buy. Ch. 10.

The course's own, in English and Chinese. Whatever a list holds is dealt out by a hash, so that a
quarter of the values is never seen in training, in no list. `any_words` are words of a dictionary.
"""

import hashlib
from collections.abc import Sequence
from functools import cache

from companion import corpora
from companion.tokenization import Lexicon

_ENGLISH = """
area|kitchen, bedroom, living room, bathroom, garage, office, hallway, guest room, dining room
area|attic, nursery, laundry room, study, playroom, porch, conservatory, pantry, workshop, cellar
area|balcony, master bedroom, utility room, greenhouse, entrance, den, library, music room, sauna
area|terrace, shed
floor|first, second, third, ground, upper, lower, top, basement, fourth, main, middle, fifth
name|desk lamp, ceiling fan, coffee machine, front door, back door, heater, humidifier, radio
name|toaster, washing machine, bedside lamp, Christmas tree, garage door, speaker, fountain
name|aquarium, kettle, floor lamp, air purifier, router, robot, electric blanket, projector
name|thermostat, sprinkler, oven, porch light, water pump, dishwasher, dryer, printer, fireplace
name|soundbar, doorbell, camera, freezer
zone|home, work, school, the gym, the office, grandma's house, the park, the airport, the lake
zone|church
message|dinner is ready, the bus leaves in ten minutes, please come downstairs
message|I am on my way home, somebody is at the door, it is time for bed, the laundry is done
message|we need to leave now, your taxi is here, the movie starts soon, breakfast is on the table
message|call me when you can, the guests have arrived, put on your shoes
message|school is cancelled today, lunch will be late
search_query|Abbey Road, jazz for dinner, the latest news, songs by Queen, Mozart, rainy day piano
search_query|Thriller, Bohemian Rhapsody, relaxing guitar, the Beatles, workout hits
search_query|a bedtime story, Dark Side, classical morning, road trip classics, whale sounds
search_query|Kind of Blue, party anthems, Vivaldi
timer_name|pizza, laundry, tea, homework, nap, eggs, workout, bread, cake, parking, medicine, soup
timer_name|chicken, pasta, reading, meditation, dog walk, potatoes, coffee break, rice, oven
timer_name|shower
timer_command|turn off the lights, open the curtains, play some music, lock the front door
timer_command|stop the fan, close the garage, turn on the heater, start the vacuum
timer_command|pause the movie, water the plants, switch on the kettle, feed the cat
timer_command|turn up the radio, shut the blinds, ring the bell
item|milk, bread, apples, toothpaste, batteries, coffee, olive oil, dog food, rice, eggs, candles
item|paper towels, bananas, light bulbs, orange juice, a birthday card, onions, shampoo, chocolate
item|tea, call the dentist, pay the rent, water the roses, wash the car, book a table
item|fix the bike, clean the windows, return the library books, renew my passport, buy a present
item|mow the lawn
"""
_CHINESE = """
area|客厅, 厨房, 卧室, 书房, 阳台, 车库, 浴室, 餐厅, 走廊, 儿童房, 主卧, 次卧, 客房, 玄关, 卫生间
area|办公室, 地下室, 阁楼, 花园, 院子, 洗衣房, 储藏室, 衣帽间, 健身房, 茶室, 露台, 工作室, 琴房
floor|一, 二, 三, 四, 五, 顶, 底, 地下一, 六, 七
name|台灯, 风扇, 空调, 加湿器, 咖啡机, 电视机, 洗衣机, 净化器, 热水器, 音箱, 投影仪, 扫地机, 烤箱
name|电饭煲, 大门, 后门, 床头灯, 落地灯, 鱼缸, 路由器, 电热毯, 除湿机, 油烟机, 摄像头, 门铃, 冰箱
name|洗碗机, 壁灯, 吊灯, 暖风机, 饮水机, 喷泉, 按摩椅, 收音机, 打印机, 烘干机
zone|家, 公司, 学校, 健身房, 奶奶家, 公园, 机场, 超市, 医院, 图书馆
message|晚饭做好了, 快递到了, 我们要出门了, 该睡觉了, 客人来了, 请下楼, 车在门口等, 电影开始了
message|记得带伞, 洗衣机停了, 早餐在桌上, 我马上到家, 作业写完了吗, 今天不用上学, 水烧开了
message|外面下雪了
search_query|青花瓷, 轻音乐, 今天的新闻, 周杰伦的歌, 莫扎特, 睡前故事, 钢琴曲, 月亮代表我的心
search_query|相声, 评书
timer_name|披萨, 泡茶, 煮蛋, 写作业, 午睡, 跑步, 面条, 蛋糕, 洗衣服, 吃药, 煲汤, 停车, 看书, 冥想
timer_name|米饭
timer_command|关灯, 打开窗帘, 播放音乐, 锁门, 关掉风扇, 打开空调, 开始扫地, 暂停电影, 给花浇水
timer_command|烧水, 喂猫
item|牛奶, 面包, 苹果, 牙膏, 电池, 咖啡, 橄榄油, 狗粮, 大米, 鸡蛋, 蜡烛, 纸巾, 香蕉, 灯泡, 橙汁
item|洋葱, 给牙医打电话, 交房租, 洗车, 订餐厅, 修自行车, 擦窗户, 还书, 办护照, 买礼物, 剪草坪
item|洗发水, 巧克力
"""
HELD_OUT = 4  # one value in four
COMMON = 500  # occurrences in what jieba counted


def _read(table: str) -> dict[str, tuple[str, ...]]:
    values: dict[str, tuple[str, ...]] = {}
    for line in table.strip().splitlines():
        name, _, cells = line.partition("|")
        values[name] = values.get(name, ()) + tuple(cells.split(", "))
    return values


OPEN: dict[str, dict[str, tuple[str, ...]]] = {"en": _read(_ENGLISH), "zh-CN": _read(_CHINESE)}
for _values in OPEN.values():
    _values["shopping_list_item"] = _values["todo_list_item"] = _values.pop("item")


def part_of(values: Sequence[str], held_out: bool) -> list[str]:
    """The values of a list that training sees or, with `held_out`, those that it never sees.

    Lists of fewer than five values (on and off) have none to spare: both parts are the whole.
    """
    if len(values) < 5:
        return list(values)
    kept = [value for value in values if _is_held_out(value) == held_out]
    return kept or list(values)


@cache
def any_words(language: str) -> tuple[str, ...]:
    """Words that mean nothing in particular to a house, and none that is held out.

    Chinese: jieba's commoner words of two to four characters; English: whole words of BERT's
    vocabulary. A slot filled with them can only be told by the words around it.
    """
    if language == "zh-CN":
        found = Lexicon.jieba().frequencies.items()
        words = [word for word, count in found if count >= COMMON and 2 <= len(word) <= 4]
    else:
        vocabulary = corpora.path("bert_vocab_en", "vocab.txt").read_text(encoding="utf-8")
        words = [word for word in vocabulary.split() if word.isascii() and word.isalpha()]
        words = [word for word in words if len(word) > 3]
    return tuple(word for word in words if not _is_held_out(word))


def _is_held_out(value: str) -> bool:
    """By the value alone: were 37 kept from one list only, it would give the others away."""
    return hashlib.sha256(value.encode()).digest()[0] % HELD_OUT == 0
