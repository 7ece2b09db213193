"""Sentence patterns that describe, compare, move, join and ask: `clauses` explains the rows."""

STATEMENTS = """
adjective
  thing*=anything:pointed quality*=quality
  {thing} {be.present:thing} very {quality}
  {thing} 很 {quality}
adjective-not
  thing*=anything:pointed quality*=quality
  {thing} {be.present:thing} not {quality} at all
  {thing} 一点儿 也 不 {quality}
adjective-too
  agent=someone thing*=anything:pointed quality*=quality
  {agent} {think.present:agent} {thing} {be.present:thing} too {quality}
  {agent} 觉得 {thing} 太 {quality} 了
colour
  thing*=coloured:pointed colour*=colour
  {thing} {be.present:thing} {colour}
  {thing} 是 {colour} 的
colour-question
  thing*=coloured:pointed place*=anywhere
  what colour {be.present:thing} {thing} {place.at} ?
  {place.inside} 的 {thing} 是 什么 颜色 的 ？
owner-adjective
  agent*=someone thing*=anything:bare quality=quality
  {agent.possessive} {thing} {be.present:thing} very {quality}
  {agent.possessive} {thing} 很 {quality}
owner-where
  agent*=someone thing*=portable:bare
  where {be.present:thing} {agent.possessive} {thing} ?
  {agent.possessive} {thing} 在 哪里 ？
owner-spot
  agent*=someone thing*=portable:bare spot=spot time=past
  {agent.possessive} {thing} {be.past:thing} {spot} {time}
  {agent.possessive} {thing} {time} {spot.at}
owner-stolen
  agent*=someone thing*=noun:small+device+vehicle/bare place=anywhere time=past
  {agent.possessive} {thing} {be.past:thing} stolen {place.at} {time}
  {agent.possessive} {thing} {time} {place.at} 被 偷 了
compare-things
  agent*=someone other=someone thing*=anything:bare quality=quality
  {agent.possessive} {thing} {be.present:thing} {quality.comparative} than {other.possessive}
  {agent.possessive} {thing} 比 {other.possessive} {quality}
compare-people
  agent*=someone other*=someone trait=trait
  {agent} {be.present:agent} {trait.comparative} than {other}
  {agent} 比 {other} {trait}
compare-equal
  agent*=someone other*=someone trait=trait
  {agent} {be.present:agent} as {trait} as {other}
  {agent} 和 {other} 一样 {trait}
compare-less
  agent*=someone other*=someone trait=trait
  {agent} {be.present:agent} not as {trait} as {other}
  {agent} 没有 {other} 那么 {trait}
superlative
  agent*=someone trait=trait job*=job city=city
  {agent} {be.present:agent} the {trait.superlative} {job.singular} in {city}
  {agent} 是 {city} 最 {trait} 的 {job}
feel
  agent*=subject mood=mood time*=past
  {agent} {be.past:agent} very {mood} {time}
  {agent} {time} 很 {mood}
is-job
  agent*=someone job*=job
  {agent} {be.present:agent} a {job}
  {agent} 是 一 {classifier:job} {job}
works-as
  agent*=someone job*=job city=city
  {agent} works as a {job} in {city}
  {agent} 在 {city} 当 {job}
was-job
  agent*=someone job*=job
  {agent} used to be a {job}
  {agent} 以前 是 {job}
want-job
  agent*=someone job*=job city=city
  {agent} {want.present:agent} to be a {job} in {city}
  {agent} 想 在 {city} 当 {job}
lived-for
  agent*=subject city*=city years=years
  {agent} {have:agent} lived in {city} for {years}
  {agent} 在 {city} 住 了 {years} 了
come-from
  agent*=subject city*=city
  {agent} {come.present:agent} from {city}
  {agent} 来自 {city}
been-to
  agent*=subject city*=city times=times
  {agent} {have:agent} been to {city} {times}
  {agent} 去 过 {city} {times}
go
  agent*=subject place*=anywhere time=past
  {agent} went to {place} {time}
  {agent} {time} 去 了 {place}
go-with
  agent*=someone place*=anywhere other=other time=past
  {agent} went to {place} with {other.object} {time}
  {agent} {time} 和 {other} 一起 去 了 {place}
go-by
  agent*=subject thing=noun:ride/bare city*=city time=past
  {agent} went to {city} by {thing} {time}
  {agent} {time} 坐 {thing} 去 了 {city}
go-to-do
  agent*=subject verb*=activity place=where time=past
  {agent} went to {place} to {verb.base} {time}
  {agent} {time} 去 {place} {verb} 了
go-future
  agent*=subject city*=city time=future other=other
  {agent} will go to {city} with {other.object} {time}
  {agent} {time} 会 和 {other} 一起 去 {city}
go-not
  agent*=subject place*=anywhere time=past
  {agent} did not go to {place} {time}
  {agent} {time} 没有 去 {place}
lets-go
  verb*=activity place*=where time=future
  let us {verb.base} {place.at} {time} !
  我们 {time} {place.at} {verb} 吧 ！
activity-habit
  agent*=subject verb*=activity place=where every=every
  {agent} {verb.present:agent} {place.at} {every}
  {agent} {every} {place.at} {verb}
activity-now
  agent*=subject verb*=activity place=where
  {agent} {be.present:agent} {verb.ing} {place.at}
  {agent} 正 {place.at} {verb}
activity-for
  agent*=subject verb*=activity hours=hours time=past place=where
  {agent} {verb.past} {place.at} for {hours} {time}
  {agent} {time} {place.at} {verb.head} 了 {hours} {verb.tail}
activity-like
  agent*=subject verb*=activity place=where
  {agent} {like.present:agent} {verb.ing} {place.at}
  {agent} 喜欢 {place.at} {verb}
activity-not
  agent*=subject verb*=activity place=where often=often time=every
  {agent} {do:agent} not like {verb.ing} {place.at} {time}
  {agent} 不 喜欢 {time} {place.at} {verb}
activity-people
  job*=job verb*=activity place=where every=every
  the {job.plural} {verb.base} {place.at} {every}
  {job} 们 {every} {place.at} {verb}
because-lost
  agent*=someone thing*=noun:small+accessory+stationery/one mood=upset
  {agent} {be.past:agent} very {mood} because {agent.pronoun} lost {thing}
  因为 丢 了 {thing} ， 所以 {agent} 很 {mood}
because-activity
  agent*=someone verb*=tiring hours=hours
  {agent} {be.past:agent} tired because {agent.pronoun} {verb.past} for {hours}
  因为 {verb.head} 了 {hours} {verb.tail} ， 所以 {agent} 很 累
if-rain
  agent*=subject verb=verb:d thing*=object:generic place=home time=future
  if it rains {time} , {agent} will {verb.base} {thing} {place.at}
  如果 {time} 下 雨 ， {agent} 就 会 {place.at} {verb} {thing}
after
  agent*=someone verb=verb:v thing*=object:some place=anywhere
  after {agent} {verb.past} {thing} , {agent.pronoun} went to {place}
  {agent} {verb} 了 {thing} 以后 ， 就 去 了 {place}
before
  agent*=someone verb=verb:v thing*=object:some place=anywhere
  {agent} {verb.past} {thing} before {agent.pronoun} went to {place}
  去 {place} 以前 ， {agent} {verb} 了 {thing}
while
  agent*=someone verb=activity other=someone action=verb:d thing*=object_of_action:some
  while {agent} {be.past:agent} {verb.ing} , {other} {be.past:other} {action.ing} {thing}
  {agent} {verb} 的 时候 ， {other} 在 {action} {thing}
although
  agent*=someone thing*=coloured:the quality=quality
  although {thing} {be.past:thing} not {quality} , {agent} still bought it
  虽然 {thing} 不 {quality} ， 但是 {agent} 还是 买 了 它
like-but
  agent*=subject thing*=noun:animal+fruit+food/generic second=noun:animal+fruit+food/generic
  {agent} {like.present:agent} {thing} but {do:agent} not like {second}
  {agent} 喜欢 {thing} ， 但是 不 喜欢 {second}
both-like
  agent*=someone other=someone thing*=noun:animal+fruit+food+reading/generic
  both {agent} and {other} like {thing}
  {agent} 和 {other} 都 喜欢 {thing}
relative-object
  verb=verb:v thing*=object:the agent*=someone time=past quality=quality
  {thing} that {agent} {verb.past} {time} {be.present:thing} very {quality}
  {agent} {time} {verb} 的 {thing} 很 {quality}
relative-spot
  thing*=portable:the agent*=someone spot=spot time=past
  {thing} that {agent} bought {time} {be.present:thing} {spot}
  {agent} {time} 买 的 {thing} {spot.at}
relative-subject
  job*=job verb=verb:v thing*=object:some city=city
  the {job} who {verb.past} {thing} lives in {city}
  {verb} 了 {thing} 的 那 {classifier:job} {job} 住 在 {city}
know-like
  agent*=someone other=someone thing*=noun:animal+fruit+food+instrument/generic
  {agent} {know.present:agent} that {other} {like.present:other} {thing}
  {agent} 知道 {other} 喜欢 {thing}
say-seen
  agent=someone other*=someone thing*=noun:animal/count place=outdoor
  {agent} said that {other} had seen {thing} {place.at}
  {agent} 说 {other} {place.at} 看见 了 {thing}
cost
  thing*=priced:point1 number*=number agent=someone time=past
  {agent} bought {thing} for {number} yuan {time}
  {agent} {time} 花 {number} 块 钱 买 了 {thing}
age
  agent*=someone number*=age city=city
  {agent} from {city} {be.present:agent} {number} years old
  {city} 的 {agent} {number} 岁
weather
  city*=city weather*=weather time=past
  it was very {weather} in {city} {time}
  {city} {time} 很 {weather}
rain
  city*=city time*=past
  it rained heavily in {city} {time}
  {city} {time} 下 了 大 雨
animal-now
  thing*=noun:animal/pointed verb=animal_activity place*=outdoor
  {thing} {be.present:thing} {verb.ing} {place.at}
  {thing} 正 {place.at} {verb}
animal-count
  thing*=noun:animal/number verb=animal_activity place*=outdoor time=past
  {thing} {be.past:thing} {verb.ing} {place.at} {time}
  {time} 有 {thing} {place.at} {verb}
what-did
  agent*=subject verb=verb:what place*=anywhere time=past
  what did {agent} {verb.base} {place.at} {time} ?
  {agent} {time} {place.at} {verb} 了 什么 ？
when-did
  agent*=subject verb=verb:v thing*=object:pointed
  when did {agent} {verb.base} {thing} ?
  {agent} 是 什么 时候 {verb} {thing} 的 ？
why-did
  agent*=subject verb=verb:v thing*=object:pointed time=past
  why did {agent} {verb.base} {thing} {time} ?
  {agent} {time} 为什么 {verb} {thing} ？
who-did
  verb*=verb:result thing*=object:known time=past
  who {verb.past} {thing} {time} ?
  {time} 谁 把 {thing} {verb.result} 了 ？
can-you-lend
  thing*=portable:some time*=future
  can you lend me {thing} {time} ?
  你 {time} 能 借 给 我 {thing} 吗 ？
exclaim
  thing*=anything:bare quality*=attribute
  what a {quality} {thing} !
  多 {quality} 的 {thing} 啊 ！
gets-up
  agent*=subject clock*=clock every=daily
  {agent} {get.present:agent} up at {clock} {every}
  {agent} {every} {clock} 起床
"""
