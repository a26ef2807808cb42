"""Whether our user may still do what Monarch does, asked of the server itself.

A user can lose a right at any time. Then nothing new is taken in, while every reading goes on and looks well. A script
may ask for the rights of the user who runs it (`acl_check_cmd`), without a right to do so.
"""

from collections.abc import Sequence
from typing import Any, Final

from valkey.asyncio import Valkey
from valkey.exceptions import NoPermissionError, ResponseError

NEEDED: Final = (
    *("DEL", "EXISTS", "GET", "INFO", "PERSIST", "PEXPIRE", "PTTL", "SET", "TIME", "TYPE"),
    *("HDEL", "HEXISTS", "HGET", "HGETALL", "HINCRBY", "HLEN", "HMGET", "HSET", "HSETNX"),
    *("LLEN", "LPOP", "RPUSH", "SADD", "SCARD", "SMEMBERS", "SRANDMEMBER", "SREM"),
    *("ZADD", "ZCARD", "ZCOUNT", "ZLEXCOUNT", "ZPOPMIN", "ZRANGE", "ZRANGEBYLEX", "ZRANGEBYSCORE"),
    *("ZREM", "ZREMRANGEBYRANK", "ZREMRANGEBYSCORE", "ZREVRANGE", "ZSCORE"),
    *("XACK", "XADD", "XAUTOCLAIM", "XCLAIM", "XDEL", "XPENDING", "XRANGE", "XREADGROUP"),
)
"""What the scripts call and what reads the streams; XGROUP and XINFO have rights by their second word and are left out."""

# Our key in every place: some commands take a key there, too (DEL), and others' keys may be forbidden.
_ASK: Final = """
local lacking = {}
for _, command in ipairs(ARGV) do
  if not redis.acl_check_cmd(command, KEYS[1], KEYS[1], KEYS[1], KEYS[1]) then lacking[#lacking + 1] = command end
end
return lacking
"""


def ask_rights(pipe: Any, key: str) -> None:
    """Add the question to a pipeline; `key` is one of ours, which the question neither reads nor writes."""
    pipe.eval(_ASK, 1, key, *NEEDED)


def rights_lacking(answer: Any) -> str:
    """The rights that our user lacks, such as `INFO`; `""`: none, or the server does not say."""
    lacking: Sequence[str] = ()
    if isinstance(answer, NoPermissionError):
        lacking = ("EVAL",)
    elif isinstance(answer, list):
        lacking = [one.decode() for one in answer]
    return ", ".join(lacking[:_SHOWN]) + (" and others" if len(lacking) > _SHOWN else "")


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
