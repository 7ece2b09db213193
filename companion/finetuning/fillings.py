"""Values for the slots that the intent grammar leaves open: rooms, devices, things to buy. Ch. 10.

The course's own, in English and Chinese: long lists, since of twenty rooms one learns the twenty
rooms, and of a hundred what rooms are called. Whatever a list holds is dealt out by a hash, so that
three of eight values are never seen in training, in no list. No room and no thing is called by a
word that the grammar itself says ("fan" is a whole class of things, and so is the "lamp" of a desk
lamp), and no room before a class makes another class (garage, door): such texts have no one answer.
`any_words` are words of a dictionary.
"""

import hashlib
from collections.abc import Sequence
from functools import cache

from companion import corpora
from companion.tokenization import Lexicon

_ENGLISH = """
area|kitchen, bedroom, living room, bathroom, office, hallway, guest room, dining room, attic
area|nursery, laundry room, study, playroom, porch, conservatory, pantry, workshop, cellar
area|balcony, master bedroom, utility room, greenhouse, entrance, den, library, music room, sauna
area|terrace, shed, lounge, backyard, front yard, garden, patio, sunroom, mudroom, foyer, corridor
area|home office, home theater, game room, gym, wine cellar, spare room, kids room, boiler room
area|storage room, basement, loft, carport, driveway, pool house, dressing room, closet, staircase
area|landing, vestibule, parlor, breakfast nook, workroom, studio, barn, stable, courtyard
area|veranda, powder room, shower room, family room, sitting room, cloakroom, tool shed
area|server room, hall, meeting room, reading corner, wardrobe, roof deck, guest house, orangery
area|larder, pottery, foundry, bakery, chapel, cabin, treehouse, gazebo, pergola, pier, boathouse
area|dungeon, vault, archive, classroom, ballroom, infirmary, kennel, henhouse, cowshed, tack room
area|lobby
floor|first, second, third, ground, upper, lower, top, fourth, main, middle, fifth, sixth, seventh
floor|eighth, ninth, tenth, bottom, mezzanine, eleventh, twelfth, fifteenth, twentieth, uppermost
name|coffee machine, heater, humidifier, radio, toaster, washing machine, Christmas tree, speaker
name|fountain, aquarium, kettle, air purifier, router, robot, electric blanket, projector
name|thermostat, sprinkler, oven, water pump, dishwasher, dryer, printer, fireplace, soundbar
name|doorbell, camera, freezer, television, laptop, monitor, microwave, fridge, boiler, radiator
name|dehumidifier, espresso maker, rice cooker, blender, mixer, juicer, grill, stove, cooker hood
name|air fryer, leaf blower, irrigation pump, pond filter, chandelier, spotlight, lantern, torch
name|amplifier, turntable, game console, tablet, smart plug, power strip, extractor, hair dryer
name|towel warmer, hot tub, steam iron, sewing machine, treadmill, exercise bike, scale
name|baby monitor, pet feeder, cat fountain, bird feeder, weather station, smoke detector, siren
name|motion sensor, water heater, air conditioner, bug zapper, massage chair, recliner
name|alarm clock, electric fence, charger, car charger, solar inverter, battery pack, generator
name|server, modem, cider press, slow cooker, pressure cooker, bread maker, ice maker
name|milk frother, food processor, deep freezer, wine cooler, space heater, swamp cooler
name|heat pump, sump pump, water softener, garbage disposal, towel rail, wine fridge, egg boiler
name|pasta maker, popcorn machine, wok, griddle, violin, piano, keyboard, drum machine
name|synthesizer, microphone, headphones, subwoofer, webcam, hard drive, scanner, plotter, watch
name|phone, drone, scooter, tractor, wheelchair, elevator, hammock, jukebox, telescope, metronome
name|gas meter, water meter, smart meter, valve, intercom
zone|home, work, school, the gym, the office, grandma's house, the park, the airport, the lake
zone|church, the station, the beach, the hotel, the cinema, kindergarten, the hospital, the mall
zone|the museum, the stadium, the farm, the cabin, downtown, college, the bakery, the bank
message|dinner is ready, the bus leaves in ten minutes, please come downstairs
message|I am on my way home, somebody is at the door, it is time for bed, the laundry is done
message|we need to leave now, your taxi is here, the movie starts soon, breakfast is on the table
message|call me when you can, the guests have arrived, put on your shoes
message|school is cancelled today, lunch will be late, the parcel is here, grandpa is calling
message|please feed the dog, it is raining outside, bring an umbrella, the soup is getting cold
message|homework first, nobody leaves the house, we are out of milk, the water is boiling
message|your friends are waiting, turn that noise down, happy birthday, good night everybody
message|the train is late, someone stole my pen, wash your hands, the cake is in the oven
message|mind the wet floor, the baby is asleep, supper at eight, I am at work, the lift is broken
message|we have visitors, the dog ran away, take out the trash, it stopped raining
message|we are nearly there, grandma has landed, the film was great, charge your phone
search_query|Abbey Road, jazz for dinner, the latest news, songs by Queen, Mozart, rainy day piano
search_query|Thriller, Bohemian Rhapsody, relaxing guitar, the Beatles, workout hits
search_query|a bedtime story, Dark Side, classical morning, road trip classics, whale sounds
search_query|Kind of Blue, party anthems, Vivaldi, Yellow Submarine, summer hits, Johnny Cash
search_query|cello suites, African drums, the evening concert, country roads, Moonlight Sonata
search_query|children's songs, deep sleep music, eighties rock, Nina Simone, Chopin, sea shanties
search_query|a history podcast, the weather report, Billie Jean, Carmen
timer_name|pizza, laundry, tea, homework, nap, eggs, workout, bread, cake, parking, medicine, soup
timer_name|chicken, pasta, reading, meditation, dog walk, potatoes, coffee break, rice, roast
timer_name|shower, cookies, steak, yoga, piano practice, beans, lentils, stew, pie, quiz, chess
timer_name|lasagna, turkey, muffins, break, sprint, sunbath, face mask, hair dye, bath, porridge
timer_name|ironing, dumplings, noodles, salmon, waffles, jam, brownies, boiled rice, risotto
timer_name|popcorn, curry, cupcakes, croissants, tofu, sauna session, stretching, push ups, plank
timer_name|swim, jog, drawing class, flute practice, vocabulary, spelling, essay, speech
timer_name|phone call, meeting, interview, contact lenses, plaster, glue, varnish, compost, dough
timer_name|yeast
timer_command|turn off the lights, open the curtains, play some music, lock the front door
timer_command|stop the fan, close the garage, turn on the heater, start the vacuum
timer_command|pause the movie, water the plants, switch on the kettle, feed the cat
timer_command|turn up the radio, shut the blinds, ring the bell, dim the lamp
timer_command|start the dishwasher, stop the sprinkler, mute the television, open the gate
timer_command|lower the shades, call a taxi, send the robot home, heat the oven, arm the alarm
timer_command|read the news, turn the pump on, charge the car, cool the bedroom, play a song
timer_command|open the skylight, turn off the stereo, stop the mixer, start the coffee machine
timer_command|let the dog out, wake the kids, lock up, play the radio, close the blinds
timer_command|boost the heating, shut down the computer, record the match, turn the oven off
timer_command|run the pump, bring me coffee
item|milk, bread, apples, toothpaste, batteries, coffee, olive oil, dog food, rice, eggs, candles
item|paper towels, bananas, light bulbs, orange juice, a birthday card, onions, shampoo, chocolate
item|tea, call the dentist, pay the rent, water the roses, wash the car, book a table
item|fix the bike, clean the windows, return the library books, renew my passport, buy a present
item|mow the lawn, butter, cheese, yogurt, flour, sugar, salt, pepper, honey, cereal, tomatoes
item|carrots, potatoes, lettuce, garlic, lemons, grapes, chicken breast, fish, soap, sponges
item|dish soap, trash bags, stamps, envelopes, flowers, a new pen, cat litter, napkins, tissues
item|visit grandma, empty the bins, do the taxes, paint the fence, sweep the floor
item|iron the shirts, pick up the kids, order pizza, back up the photos, charge the camera
item|write to Anna, plan the holiday, cancel the meeting, sharpen the knives, sort the mail
"""
_CHINESE = """
area|客厅, 厨房, 卧室, 书房, 阳台, 浴室, 餐厅, 走廊, 儿童房, 主卧, 次卧, 客房, 玄关, 卫生间
area|办公室, 地下室, 阁楼, 花园, 洗衣房, 储藏室, 衣帽间, 健身房, 茶室, 露台, 工作室, 琴房, 洗手间
area|厕所, 门厅, 过道, 楼梯间, 杂物间, 保姆房, 老人房, 婴儿房, 影音室, 游戏室, 会议室, 画室, 车棚
area|前院, 后院, 天台, 屋顶, 酒窖, 地窖, 仓库, 工具房, 锅炉房, 机房, 更衣室, 淋浴间, 化妆间
area|起居室, 休息室, 会客厅, 大厅, 前厅, 饭厅, 佛堂, 温室, 菜园, 泳池, 桑拿房, 棋牌室, 台球室
area|教室, 宿舍, 实验室, 图书室, 值班室, 储物间, 设备间, 厨房间, 主卫, 次卫, 小卧室, 大卧室
area|西厢房, 东厢房, 南阳台, 北阳台, 生活阳台, 茶水间, 阅览室, 音乐室, 舞蹈室, 书画室, 客餐厅
area|门廊, 车间, 库房, 药房, 病房, 诊室, 产房, 厂房, 机库, 鸡舍, 羊圈, 凉亭
floor|一, 二, 三, 四, 五, 顶, 底, 地下一, 六, 七, 八, 九, 十, 十一, 十二, 地下二, 地下三, 负一
floor|负二, 负三, 十五, 十八, 二十, 三十, 十三, 十四, 十六, 十七, 地面, 中间, 夹
name|加湿器, 咖啡机, 电视机, 洗衣机, 净化器, 热水器, 音箱, 投影仪, 扫地机, 烤箱, 电饭煲, 鱼缸
name|路由器, 电热毯, 除湿机, 油烟机, 摄像头, 门铃, 冰箱, 洗碗机, 暖风机, 饮水机, 喷泉, 按摩椅
name|收音机, 打印机, 烘干机, 微波炉, 电磁炉, 电水壶, 豆浆机, 榨汁机, 面包机, 电烤炉, 消毒柜, 酒柜
name|冰柜, 浴霸, 排气扇, 取暖器, 电暖器, 地暖, 壁炉, 锅炉, 水泵, 喷头, 洒水器, 充电桩, 充电器
name|排插, 机顶盒, 电脑, 显示器, 平板, 游戏机, 功放, 唱片机, 录音机, 麦克风, 扬声器, 闹钟, 灯带
name|蚊香器, 喂食器, 猫砂盆, 吸尘器, 拖地机, 擦窗机, 洗地机, 吹风机, 熨斗, 缝纫机, 跑步机, 体重秤
name|晾衣架, 毛巾架, 马桶, 电饼铛, 空气炸锅, 破壁机, 打蛋器, 磨豆机, 制冰机, 干衣机, 电子琴
name|望远镜, 相框, 香薰机, 浴缸, 花洒, 保险箱, 报警器, 探测器, 监控, 对讲机, 服务器, 交换机
name|新风机, 圣诞树, 扫描仪, 电子秤, 洗脚盆, 足浴盆, 电饭锅, 压力锅, 炖锅, 酸奶机, 面条机, 绞肉机
name|料理机, 爆米花机, 刨冰机, 电蚊拍, 驱虫器, 空调扇, 冷风机, 油汀, 壁挂炉, 净水器, 软水机
name|洗鞋机, 挂烫机, 除螨仪, 干手机, 垃圾桶, 鞋柜, 衣柜, 书柜, 沙发, 电动床, 升降桌, 婴儿床, 摇篮
name|钢琴, 电视盒, 音响, 耳机, 话筒, 相机, 手表, 手环, 手机, 笔记本, 硬盘, 键盘, 天线, 网关, 水表
name|电表, 气表, 烟感, 水阀, 气阀, 马达, 发电机, 电动车, 滑板车, 遥控车, 无人机, 鱼池, 水泵房
name|假山, 花洒头
zone|家, 公司, 学校, 健身房, 奶奶家, 公园, 机场, 超市, 医院, 图书馆, 车站, 酒店, 电影院, 幼儿园
zone|外婆家, 银行, 商场, 工厂, 邮局, 体育馆, 博物馆, 老家, 单位, 菜市场
message|晚饭做好了, 快递到了, 我们要出门了, 该睡觉了, 客人来了, 请下楼, 车在门口等, 电影开始了
message|记得带伞, 洗衣机停了, 早餐在桌上, 我马上到家, 作业写完了吗, 今天不用上学, 水烧开了
message|外面下雪了, 快来吃水果, 爷爷来电话了, 别忘了吃药, 祝你生日快乐, 大家晚安, 小声一点
message|狗还没有喂, 明天要早起, 钥匙放在桌上, 火车晚点了, 谁拿了我的书, 去洗手, 该练琴了
message|妈妈今天加班, 汤快凉了, 有人找你, 饭在锅里, 我晚点回来, 记得关灯, 电梯坏了, 今天停水
message|小狗跑了, 妹妹发烧了, 我买了西瓜, 外卖放门口了, 老师打来电话, 别吵醒宝宝
message|准备好出发, 爸爸出差了, 雨停了, 有包裹要签收, 把衣服收进来
search_query|青花瓷, 轻音乐, 今天的新闻, 周杰伦的歌, 莫扎特, 睡前故事, 钢琴曲, 月亮代表我的心
search_query|相声, 评书, 茉莉花, 邓丽君, 京剧选段, 儿歌, 摇滚乐, 贝多芬, 夜曲, 天气预报, 古筝曲
search_query|小提琴, 民谣, 英文歌, 历史故事, 笑话, 二泉映月, 十面埋伏, 圣诞歌, 白噪音
timer_name|披萨, 泡茶, 煮蛋, 写作业, 午睡, 跑步, 面条, 蛋糕, 洗衣服, 吃药, 煲汤, 停车, 看书, 冥想
timer_name|米饭, 包子, 饺子, 烤鸡, 炖肉, 泡面, 煮粥, 蒸鱼, 敷面膜, 练琴, 瑜伽, 洗澡, 散步, 背单词
timer_name|下棋, 浇花, 考试, 炒菜, 晨跑, 排练, 收衣服, 煎饼, 绿豆汤, 面包, 红薯, 牛排, 馒头, 休息
timer_name|遛狗, 泡脚, 晒被子, 腌肉, 游泳, 跳绳, 写信, 画画, 听课, 开会, 烫头发, 染发, 炸鸡
timer_name|烤面包, 煎牛排, 豆浆, 米粉, 馄饨, 年糕, 火锅, 咖啡, 洗碗, 拖地, 晾衣服, 练字, 背书
timer_name|弹吉他, 打坐, 拉伸, 俯卧撑, 仰卧起坐, 采访, 直播, 演讲, 比赛, 小睡, 值日, 喝水, 滴眼药
timer_command|关灯, 打开窗帘, 播放音乐, 锁门, 关掉风扇, 打开空调, 开始扫地, 暂停电影, 给花浇水
timer_command|烧水, 喂猫, 关窗, 打开电视, 关闭热水器, 启动洗衣机, 拉上窗帘, 停止喷水, 调低音量
timer_command|叫出租车, 播报新闻, 打开加湿器, 关掉烤箱, 喂鱼, 给车充电, 开灯, 读故事, 打电话
timer_command|关闭电脑, 打开门锁, 放一首歌, 停止播放, 打开投影仪, 关掉音箱, 启动扫地机, 喂狗
timer_command|煮咖啡, 打开浴霸, 关掉电热毯, 打开净化器, 拉开窗帘, 关上院门, 调高温度, 调低温度
timer_command|提醒我吃药, 叫醒孩子, 检查炉子, 打开路由器
item|牛奶, 面包, 苹果, 牙膏, 电池, 咖啡, 橄榄油, 狗粮, 大米, 鸡蛋, 蜡烛, 纸巾, 香蕉, 灯泡, 橙汁
item|洋葱, 给牙医打电话, 交房租, 洗车, 订餐厅, 修自行车, 擦窗户, 还书, 办护照, 买礼物, 剪草坪
item|洗发水, 巧克力, 酱油, 食盐, 白糖, 豆腐, 土豆, 白菜, 西红柿, 黄瓜, 牛肉, 鱼, 虾, 面粉, 茶叶
item|酸奶, 啤酒, 饼干, 洗衣液, 香皂, 毛巾, 垃圾袋, 信封, 鲜花, 钢笔, 猫粮, 接孩子, 倒垃圾, 报税
item|刷墙, 拖地, 熨衬衫, 备份照片, 写信, 订机票, 取快递, 预约体检, 磨刀, 整理书架, 买车票
"""
# Of eight values of a list two are kept for tests, and one to choose settings by.
PARTS = {0: "test", 1: "test", 2: "validation"}
DEALT = 8
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


def part_of(values: Sequence[str], part: str) -> list[str]:
    """The values of a list that the part "train", "validation" or "test" draws from."""
    return [value for value in values if _part(value) == part]


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
    return tuple(word for word in words if _part(word) == "train")


def _part(value: str) -> str:
    """By the value alone: were 37 kept from one list only, it would give the others away."""
    return PARTS.get(hashlib.sha256(value.encode()).digest()[0] % DEALT, "train")
