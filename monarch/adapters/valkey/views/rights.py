"""Whether our user may still do what Monarch does, asked of the server itself.

A user can lose a right at any time. Then nothing new is taken in, while every reading goes on and looks well. A script
may ask for the rights of the user who runs it (`acl_check_cmd`), without a right to do so.
"""

from collections.abc import Sequence
from typing import Any, Final

from valkey.asyncio import Valkey
from valkey.exceptions import NoPermissionError, ResponseError

NEEDED: Final = (
    *("DEL", "EXISTS", "GET", "INFO", "MGET", "PERSIST", "PEXPIRE", "PTTL", "SET", "TIME", "TYPE"),
    *("HDEL", "HEXISTS", "HGET", "HGETALL", "HINCRBY", "HLEN", "HMGET", "HSET", "HSETNX", "HVALS"),
    *("LLEN", "LPOP", "RPUSH", "SADD", "SCARD", "SMEMBERS", "SRANDMEMBER", "SREM"),
    *("ZADD", "ZCARD", "ZCOUNT", "ZLEXCOUNT", "ZPOPMIN", "ZRANGE", "ZRANGEBYLEX", "ZRANGEBYSCORE"),
    *("ZMSCORE", "ZREM", "ZREMRANGEBYRANK", "ZREMRANGEBYSCORE", "ZREVRANGE", "ZREVRANGEBYSCORE"),
    "ZSCORE",
    *("XACK", "XADD", "XAUTOCLAIM", "XCLAIM", "XDEL", "XLEN", "XPENDING", "XRANGE"),
    *("XREADGROUP", "XREVRANGE"),
)
"""What the scripts and the readings call, apart from `NEEDED_IN_FULL`."""

NEEDED_IN_FULL: Final = (
    *("XGROUP CREATE % group 0", "XGROUP DELCONSUMER % group consumer"),
    *("XINFO CONSUMERS % group", "XINFO GROUPS %", "XINFO STREAM %"),
    *(
        "EVALSHA sha 0",
        "XREAD streams % 0",
        "PUBSUB NUMSUB channel",
        "ROLE",
        "WAIT 1 1",
        "WAITAOF 1 0 1",
    ),
)
"""What has rights by its second word, and what takes no key there; `%` is one of our keys.

They are asked for with all their words: a user may have lost the whole command or the one with this second word alone.
"""

# Our key in every place: some commands take a key there, too (DEL), and others' keys may be forbidden.
_QUESTIONS: Final = (*(f"{command} % % % %" for command in NEEDED), *NEEDED_IN_FULL)

# A server that does not know a command raises an error for it, which says nothing about rights.
_ASK: Final = """
local lacking = {}
for _, question in ipairs(ARGV) do
  local words = {}
  for word in question:gmatch('%S+') do words[#words + 1] = word == '%' and KEYS[1] or word end
  local is_known, may = pcall(redis.acl_check_cmd, unpack(words))
  if is_known and not may then lacking[#lacking + 1] = question end
end
return lacking
"""


def ask_rights(pipe: Any, key: str) -> None:
    """Add the question to a pipeline; `key` is one of ours, which the question neither reads nor writes."""
    pipe.eval(_ASK, 1, key, *_QUESTIONS)


def rights_lacking(answer: Any) -> str:
    """The rights that our user lacks, such as `INFO`; `""`: none, or the server does not say."""
    lacking: Sequence[str] = ()
    if isinstance(answer, NoPermissionError):
        lacking = ("EVAL",)
    elif isinstance(answer, list):
        lacking = [_named(one.decode()) for one in answer]
    return ", ".join(lacking[:_SHOWN]) + (" and others" if len(lacking) > _SHOWN else "")


def _named(question: str) -> str:
    """`XINFO GROUPS` of `XINFO GROUPS %`: names are in upper case, and what they are given is not."""
    return " ".join(filter(str.isupper, question.split()))


_SHOWN: Final = 4

_ASK_CHANNELS: Final = """
local lacking = {}
for _, channel in ipairs(ARGV) do
  local words = {}
  if not redis.acl_check_cmd('SUBSCRIBE', channel) then words[#words + 1] = 'SUBSCRIBE' end
  if not redis.acl_check_cmd('PUBLISH', channel, 'message') then words[#words + 1] = 'PUBLISH' end
  if #words > 0 then lacking[#lacking + 1] = table.concat(words, ' and ') .. ' on ' .. channel end
end
return lacking
"""


async def channels_lacking(client: Valkey, key: str, *channels: str) -> tuple[str, ...]:
    """What our user may not do with these channels, such as `PUBLISH on name`; empty, too, where the server does not say.

    Args:
        client: of the user.
        key: one of ours, so that a cluster finds the node; it is neither read nor written.
        channels: those that are asked about.
    """
    try:
        asked: Any = client.eval(_ASK_CHANNELS, 1, key, *channels)
        answer = await asked
    except ResponseError:
        return ()
    return tuple(one.decode() for one in answer)
