"""Letting time pass in a real Valkey, without waiting: every time that it holds is moved into the past.

What the server's clock is compared with is all data: idle times, scores, fields, expiries. So moving the data is the
same as moving the clock, and the scripts cannot tell.
"""

import re
from collections.abc import Awaitable, Callable
from typing import Any, cast

from valkey.asyncio import Valkey

from monarch.adapters.valkey.keys import GROUP, Keys
from monarch.core.delivery import Stream, Token

_Fields = Awaitable[dict[bytes, bytes]]
_Text = Awaitable[bytes | None]
_TIMES = {
    *("until", "closed_at", "probe_until", "quiet_until", "reset", "clock"),
    "consumers_until",
    *("minute_lone_ms", "hour_lone_ms"),
    *("opened_ms", "joined_ms"),
    *("sent", "minute_changed", "hour_changed", "before_changed", "refused_ms", "review"),
}
"""Fields of hashes."""

_SCORED = ("parked", "budget:", "slots:", "asks:")


def literal(prefix: str) -> str:
    """A pattern of `SCAN` that matches this and nothing else: parametrised tests have brackets in their names."""
    return re.sub(r"([\[\]*?])", r"\\\1", prefix)


async def shift(client: Valkey, keys: Keys, by_ms: int) -> None:
    """Let `by_ms` have passed for everything in the namespace of `keys`."""
    for stream in Stream:
        await _age(client, keys.stream(stream), by_ms)
    async for raw in client.scan_iter(match=f"{literal(keys.prefix)}*", count=1000):
        key = raw.decode()
        name = key.removeprefix(keys.prefix)
        if name.startswith(_SCORED) and name != "parked:entries":
            await _shift_scores(client, key, by_ms)
        elif name in {"epoch", "audited"} or name.startswith(
            ("card:", "gate:", "inbox:", "learned:", "primary:")
        ):
            await _shift_fields(client, key, by_ms)
        elif name.startswith("points:"):
            await _shift_names(client, key, by_ms)
        elif name.startswith("ledger:"):
            await _shift_intents(client, key, by_ms)
        await _shift_expiry(client, key, by_ms)


async def run_out(client: Valkey, keys: Keys, is_held: Callable[[Token], bool], by_ms: int) -> None:
    """Let `by_ms` have passed for those pending entries alone that no worker holds and renews."""
    for stream in Stream:
        name = keys.stream(stream)
        for item in await client.xpending_range(name, GROUP, "-", "+", 1000):
            consumer, entry = item["consumer"].decode(), item["message_id"].decode()
            if not is_held(Token(stream, consumer, entry, item["times_delivered"])):
                await _age_one(client, name, item, by_ms)


async def end_sayings(client: Valkey, keys: Keys, is_held: Callable[[Token], bool]) -> None:
    """End the locks on telling whose delivery no worker holds."""
    async for key in client.scan_iter(match=f"{literal(keys.prefix)}saying:*", count=1000):
        holder = await cast("_Text", client.get(key))
        if holder is not None:
            consumer, entry, count = holder.decode().split(" ")
            if not is_held(Token(Stream.NOTICES, consumer, entry, int(count))):
                await client.delete(key)


async def _age(client: Valkey, stream: str, by_ms: int) -> None:
    if not await client.exists(stream):
        return
    for item in await client.xpending_range(stream, GROUP, "-", "+", 1000):
        await _age_one(client, stream, item, by_ms)


async def _age_one(client: Valkey, stream: str, item: dict[str, Any], by_ms: int) -> None:
    # JUSTID, since else an entry that is gone would be deleted; the count is set again by RETRYCOUNT.
    await client.xclaim(
        stream,
        GROUP,
        item["consumer"],
        0,
        [item["message_id"]],
        idle=item["time_since_delivered"] + by_ms,
        retrycount=item["times_delivered"],
        justid=True,
    )


async def _shift_scores(client: Valkey, key: str, by_ms: int) -> None:
    members = await client.zrange(key, 0, -1, withscores=True)
    if members:
        await client.zadd(key, {member: score - by_ms for member, score in members})


async def _shift_fields(client: Valkey, key: str, by_ms: int) -> None:
    fields = await cast("_Fields", client.hgetall(key))
    for name, value in fields.items():
        if name.decode() in _TIMES or name.startswith(b"at:"):
            await _set(client, key, name, int(value) - by_ms)


async def _shift_names(client: Valkey, key: str, by_ms: int) -> None:
    fields = await cast("_Fields", client.hgetall(key))
    if fields:
        await cast("Awaitable[int]", client.hdel(key, *(name.decode() for name in fields)))
    for name, value in fields.items():
        await _set(client, key, str(int(name) - by_ms).encode(), value)


async def _shift_intents(client: Valkey, key: str, by_ms: int) -> None:
    fields = await cast("_Fields", client.hgetall(key))
    for name, value in fields.items():
        found = re.fullmatch(rb"intended until (\d+) (\S+)", value)
        if found:
            await _set(
                client, key, name, f"intended until {int(found[1]) - by_ms} {found[2].decode()}"
            )


async def _shift_expiry(client: Valkey, key: str, by_ms: int) -> None:
    left = await client.pttl(key)
    if left > 0:
        await client.pexpire(key, max(left - by_ms, 0))


async def _set(client: Valkey, key: str, name: bytes, value: Any) -> None:
    await cast("Awaitable[int]", client.hset(key, name.decode(), value))
