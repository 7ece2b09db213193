"""Sentence patterns about what people do with things: the rows that `patterns` reads.

A row is four lines: a name, its slots, English, Chinese. The order of the slots is the order in
which they are filled (a verb before its object); a slot that * marks is half of the combination by
which sentences are held out.
"""

CLAUSES = """
buy-past
  agent*=subject verb=verb thing*=object:some time=past
  {agent} {verb.past} {thing} {time}
  {agent} {time} {verb} 了 {thing}
past-fronted
  agent*=subject verb=verb thing*=object:some time=past
  {time} {agent} {verb.past} {thing}
  {time} {agent} {verb} 了 {thing}
past-place
  agent*=subject verb=verb:v thing*=object:some place=anywhere
  {agent} {verb.past} {thing} {place.at}
  {agent} {place.at} {verb} 了 {thing}
past-place-time
  agent*=subject verb=verb:v thing*=object:some place=anywhere time=past
  {agent} {verb.past} {thing} {place.at} {time}
  {agent} {time} {place.at} {verb} 了 {thing}
past-not
  agent*=subject verb=verb thing*=object:pointed time=past
  {agent} did not {verb.base} {thing} {time}
  {agent} {time} 没有 {verb} {thing}
past-question
  agent*=subject verb=verb:v thing*=object:some time=past
  did {agent} {verb.base} {thing} {time} ?
  {agent} {time} {verb} 了 {thing} 吗 ？
past-ba
  agent*=subject verb=verb:result thing*=object:known time=past
  {agent} {verb.past} {thing} {time}
  {agent} {time} 把 {thing} {verb.result} 了
past-passive
  verb=verb:result thing*=object:known agent*=someone
  {thing} {be.past:thing} {verb.participle} by {agent}
  {thing} 被 {agent} {verb.result} 了
passive-time
  verb=verb:result thing*=object:known agent*=someone time=past
  {thing} {be.past:thing} {verb.participle} by {agent} {time}
  {thing} {time} 被 {agent} {verb.result} 了
passive-not
  verb=verb:result thing*=object:known agent*=someone
  {thing} {be.past:thing} not {verb.participle} by {agent}
  {thing} 没有 被 {agent} {verb.result}
future-will
  agent*=subject verb=verb:v thing*=object:some time=future
  {agent} will {verb.base} {thing} {time}
  {agent} {time} 会 {verb} {thing}
future-going
  agent*=subject verb=verb:v thing*=object:some time=future
  {agent} {be.present:agent} going to {verb.base} {thing} {time}
  {agent} {time} 要 {verb} {thing}
future-fronted
  agent*=subject verb=verb:v thing*=object:some time=future
  {time} {agent} will {verb.base} {thing}
  {time} {agent} 会 {verb} {thing}
want-to
  agent*=subject verb=verb:v thing*=object:some
  {agent} {want.present:agent} to {verb.base} {thing}
  {agent} 想 {verb} {thing}
want-not
  agent*=subject verb=verb:v thing*=object:pointed
  {agent} {do:agent} not want to {verb.base} {thing}
  {agent} 不 想 {verb} {thing}
hope-to
  agent*=subject verb=verb:v thing*=object:some time=future
  {agent} {hope.present:agent} to {verb.base} {thing} {time}
  {agent} 希望 {time} 能 {verb} {thing}
must
  agent*=subject verb=verb:v thing*=object:some time=future
  {agent} must {verb.base} {thing} {time}
  {agent} {time} 必须 {verb} {thing}
need-not
  agent*=subject verb=verb:v thing*=object:pointed time=future
  {agent} {do:agent} not need to {verb.base} {thing} {time}
  {agent} {time} 不用 {verb} {thing}
decide
  agent*=subject verb=verb:v thing*=object:some
  {agent} decided to {verb.base} {thing}
  {agent} 决定 {verb} {thing}
already
  agent*=subject verb=verb:v thing*=object:some
  {agent} {have:agent} already {verb.participle} {thing}
  {agent} 已经 {verb} 了 {thing}
not-yet
  agent*=subject verb=verb:v thing*=object:pointed
  {agent} {have:agent} not {verb.participle} {thing} yet
  {agent} 还 没有 {verb} {thing}
never
  agent*=subject verb=verb:v thing*=object:generic place=anywhere
  {agent} {have:agent} never {verb.participle} {thing} {place.at}
  {agent} 从来 没有 {place.at} {verb} 过 {thing}
progressive
  agent*=subject verb=verb:d thing*=object:some place=anywhere
  {agent} {be.present:agent} {verb.ing} {thing} {place.at}
  {agent} 正 {place.at} {verb} {thing}
progressive-past
  agent*=subject other=other verb=verb:d thing*=object:some
  {agent} {be.past:agent} {verb.ing} {thing} when {other} arrived
  {other} 到 的 时候 ， {agent} 正在 {verb} {thing}
progressive-question
  agent*=subject verb=verb:d thing*=object:pointed
  {be.present:agent} {agent} {verb.ing} {thing} ?
  {agent} 在 {verb} {thing} 吗 ？
habit
  agent*=subject often=often verb=verb:v thing*=object:generic place=anywhere
  {agent} {often} {verb.present:agent} {thing} {place.at}
  {agent} {often} {place.at} {verb} {thing}
used-to
  agent*=subject often=often verb=verb:d thing*=object:generic place=anywhere
  {agent} {often} {verb.past} {thing} {place.at} in the past
  {agent} 以前 {often} {place.at} {verb} {thing}
give
  agent*=subject thing*=portable:known recipient=other time=past
  {agent} gave {thing} to {recipient.object} {time}
  {agent} {time} 把 {thing} 给 了 {recipient}
give-two
  agent*=subject thing*=portable:some recipient=other time=past
  {agent} gave {recipient.object} {thing} {time}
  {agent} {time} 给 了 {recipient} {thing}
give-not
  agent*=subject thing*=portable:known recipient=other
  {agent} did not give {thing} to {recipient.object}
  {agent} 没有 把 {thing} 给 {recipient}
give-future
  agent*=subject thing*=portable:some recipient=other time=future
  {agent} will give {recipient.object} {thing} {time}
  {agent} {time} 会 给 {recipient} {thing}
send
  agent*=subject thing*=noun:mail/some recipient=other time=past
  {agent} sent {recipient.object} {thing} {time}
  {agent} {time} 给 {recipient} 寄 了 {thing}
show
  agent*=subject thing*=portable:known recipient=other
  {agent} showed {thing} to {recipient.object}
  {agent} 把 {thing} 给 {recipient} 看 了
lend
  agent*=subject thing*=portable:some recipient=other
  {agent} lent {recipient.object} {thing}
  {agent} 借 给 了 {recipient} {thing}
borrow-from
  agent*=subject thing*=portable:some recipient=other time=past
  {agent} borrowed {thing} from {recipient.object} {time}
  {agent} {time} 向 {recipient} 借 了 {thing}
get-from
  agent*=subject thing*=portable:some recipient=other
  {agent} got {thing} from {recipient.object}
  {agent} 从 {recipient} 那里 得到 了 {thing}
buy-for
  agent*=subject thing*=portable:some recipient=other time=past
  {agent} bought {thing} for {recipient.object} {time}
  {agent} {time} 给 {recipient} 买 了 {thing}
ask-to
  agent*=subject recipient=other verb=verb:v thing*=object:some
  {agent} asked {recipient.object} to {verb.base} {thing}
  {agent} 让 {recipient} {verb} {thing}
help
  agent*=subject recipient=other verb=verb:d thing*=object:some
  {agent} helped {recipient.object} {verb.base} {thing}
  {agent} 帮 {recipient} {verb} 了 {thing}
who-gave
  thing*=portable:pointed recipient*=other
  who gave {recipient.object} {thing} ?
  谁 给 了 {recipient} {thing} ？
put
  agent*=subject thing*=portable:known spot=spot
  {agent} put {thing} {spot}
  {agent} 把 {thing} 放 在 了 {spot}
put-time
  agent*=subject thing*=portable:known spot=spot time=past
  {agent} put {thing} {spot} {time}
  {agent} {time} 把 {thing} 放 在 了 {spot}
please-put
  thing*=portable:known spot*=spot
  please put {thing} {spot}
  请 把 {thing} 放 在 {spot}
do-not-put
  thing*=portable:known spot*=spot
  do not put {thing} {spot} !
  不要 把 {thing} 放 在 {spot} ！
take-to
  agent*=subject thing*=portable:known place=anywhere time=past
  {agent} took {thing} to {place} {time}
  {agent} {time} 把 {thing} 带到 了 {place}
please-bring
  thing*=portable:known place*=anywhere time=future
  please bring {thing} to {place} {time}
  请 {time} 把 {thing} 带到 {place}
there-is
  place*=anywhere thing*=noun:furniture+container+toy+animal/count
  there {be.present:thing} {thing} {place.at}
  {place.inside} 有 {thing}
there-was
  place*=anywhere thing*=noun:furniture+container+toy+animal/count time=past
  there {be.past:thing} {thing} {place.at} {time}
  {time} {place.inside} 有 {thing}
there-spot
  spot*=spot thing*=portable:count
  there {be.present:thing} {thing} {spot}
  {spot} 有 {thing}
there-none
  place*=anywhere thing*=noun:furniture+device+animal+vehicle/generic
  there {be.present:thing} no {thing} {place.at}
  {place.inside} 没有 {thing}
thing-spot
  thing*=portable:known spot*=spot
  {thing} {be.present:thing} {spot}
  {thing} {spot.at}
thing-not-spot
  thing*=portable:known spot*=spot
  {thing} {be.past:thing} not {spot}
  {thing} 当时 不 {spot.at}
how-many
  agent*=subject thing*=portable:howmany
  {thing} {do:agent} {agent} have ?
  {agent} 有 {thing} ？
how-many-bought
  agent*=subject thing*=portable:howmany time=past
  {thing} did {agent} buy {time} ?
  {agent} {time} 买 了 {thing} ？
own
  agent*=subject thing*=noun:vehicle+device+instrument+animal/count
  {agent} {have:agent} {thing}
  {agent} 有 {thing}
own-not
  agent*=subject thing*=noun:vehicle+device+instrument+animal/generic
  {agent} {do:agent} not have any {thing}
  {agent} 没有 {thing}
own-only
  agent*=subject thing*=portable:number
  {agent} {have:agent} only {thing}
  {agent} 只 有 {thing}
belong
  thing*=portable:pointed agent*=someone
  {thing} {belong.present:thing} to {agent}
  {thing} 是 {agent} 的
wear
  agent*=someone thing*=noun:clothing+accessory/one time=today
  {agent} {be.past:agent} wearing {thing} {time}
  {agent} {time} {wear:thing} 着 {thing}
wear-often
  agent*=subject often=often thing*=noun:clothing+accessory/generic place=public
  {agent} {often} {wear.present:agent} {thing} {place.at}
  {agent} {often} {place.at} {wear:thing} {thing}
play
  agent*=subject thing*=noun:instrument/kind often=often place=home
  {agent} {often} practised {thing} {place.at} in the past
  {agent} 以前 {often} {place.at} 练 {thing}
play-well
  agent*=subject thing*=noun:instrument/kind
  {agent} can play {thing} very well
  {agent} {thing} {play:thing} 得 很 好
"""
