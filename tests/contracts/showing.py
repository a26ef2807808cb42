"""All that stands in a namespace, for a person who looks for what broke."""

from collections.abc import Awaitable, Sequence
from typing import cast

from valkey.asyncio import Valkey

from monarch.adapters.valkey.keys import GROUP, Keys
from monarch.core.delivery import Stream
from tests.contracts.shifting import literal

_Fields = Awaitable[dict[bytes, bytes]]
_Members = Awaitable[set[bytes]]
_Text = Awaitable[bytes | None]
_SHOWN = 300
"""Of a value so much is shown, in characters: a packed plan says nothing to people."""


async def show(client: Valkey, keys: Keys) -> str:
    """Every key of the namespace of `keys` with its value, and what is pending with whom; times are the server's."""
    seconds, micros = await client.time()
    lines = [f"the store's clock is at {int(seconds) * 1000 + int(micros) // 1000} ms"]
    found = client.scan_iter(match=f"{literal(keys.prefix)}*", count=1000)
    for key in sorted([raw.decode() async for raw in found]):
        lines.append(f"{key}:")
        lines += [f"    {str(line)[:_SHOWN]}" for line in await _values(client, key)]
    for stream in Stream:
        lines.append(f"pending in {stream}:")
        pending = await client.xpending_range(keys.stream(stream), GROUP, "-", "+", 1000)
        lines += [f"    {item}" for item in pending]
    return "\n".join(lines)


async def _values(client: Valkey, key: str) -> Sequence[object]:
    match await client.type(key):
        case b"stream":
            return list(await client.xrange(key))
        case b"zset":
            return list(await client.zrange(key, 0, -1, withscores=True))
        case b"hash":
            return list((await cast("_Fields", client.hgetall(key))).items())
        case b"set":
            return sorted(await cast("_Members", client.smembers(key)))
        case _:
            return [await cast("_Text", client.get(key))]
