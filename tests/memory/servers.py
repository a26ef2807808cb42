"""A real Valkey and the one in memory, asked the same by the same client; what they answer is made comparable."""

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from valkey.asyncio import Valkey
from valkey.exceptions import ResponseError

from monarch.adapters.valkey.client.connection import connected
from monarch.sandbox.valkey import EmbeddedValkey
from scripts.memory.client import MemoryClient
from scripts.memory.clock import LoopTime
from scripts.memory.server import Server

Word = str | bytes | int
Command = tuple[Word, ...]

_ENTRY: Final = re.compile(rb"\d{13,}-\d+")
_COARSE_MS: Final = 20_000
"""So much is told apart of times, in ms: the one is asked a moment after the other, also on a busy machine."""

GROUP: Final = "workers"


class Asked:
    """One of the two. `raw` replies, without the library's reading of them."""

    def __init__(self, client: Valkey) -> None:
        self._client = client
        self._entries: list[bytes] = []

    async def tell(self, commands: Sequence[Command]) -> list[Any]:
        """The replies to these commands; `{0}` in one of them is the first entry that was added, `{1}` the next."""
        return [await self._tell(command) for command in commands]

    async def _tell(self, command: Command) -> Any:
        words = [self._filled(word) for word in command]
        try:
            reply = await _raw(self._client, words)
        except ResponseError as error:
            return f"error: {error}"
        if words[0] == b"XADD":
            self._entries.append(reply)
        return self._comparable(_without_times(words[0], reply))

    def _filled(self, word: Word) -> bytes:
        text = word if isinstance(word, bytes) else str(word).encode()
        found = re.fullmatch(rb"(\(?)\{(\d+)\}", text)
        return found[1] + self._entries[int(found[2])] if found else text

    def _comparable(self, reply: Any) -> Any:
        """Entries by their order."""
        match reply:
            case bytes():
                return _ENTRY.sub(lambda found: b"{%d}" % self._place(found[0]), reply)
            case list() | tuple():
                return [self._comparable(one) for one in reply]
            case _:
                return reply

    def _place(self, entry: bytes) -> int:
        return self._entries.index(entry) if entry in self._entries else -1

    async def state(self, keys: Sequence[str]) -> dict[str, Any]:
        """What stands under these keys, and for how long."""
        found: dict[str, Any] = {}
        for key in keys:
            kind = await _raw(self._client, [b"TYPE", key.encode()])
            ends = await _raw(self._client, [b"PTTL", key.encode()])
            value = [self._comparable(await _raw(self._client, ask)) for ask in _ASK[kind](key)]
            found[key] = (kind, _about(ends), value)
        return found


def _about(ms: int) -> int | str:
    return ms if ms < 0 else f"about {round(ms / _COARSE_MS) * _COARSE_MS} ms"


def _without_times(name: bytes, reply: Any) -> Any:
    """The same, with what goes on while it is asked for made coarse."""
    match name, reply:
        case b"PTTL", int():
            return _about(reply)
        case b"XPENDING", list():
            return [[entry, who, _about(idle), count] for entry, who, idle, count in reply]
        case b"XINFO", list():
            return [
                [part if isinstance(part, bytes) else _part(one, at) for at, part in enumerate(one)]
                for one in reply
            ]
        case _:
            return reply


def _part(consumer: list[Any], at: int) -> Any:
    return _about(consumer[at]) if consumer[at - 1] in {b"idle", b"inactive"} else consumer[at]


def _sorted_set(key: str) -> list[list[bytes]]:
    return [[b"ZRANGE", key.encode(), b"0", b"-1", b"WITHSCORES"]]


def _stream(key: str) -> list[list[bytes]]:
    return [[b"XRANGE", key.encode(), b"-", b"+"]]


_ASK: Final = {
    b"none": lambda _key: [],
    b"string": lambda key: [[b"GET", key.encode()]],
    b"hash": lambda key: [[b"HGETALL", key.encode()]],
    b"set": lambda key: [[b"SCARD", key.encode()]],
    b"list": lambda key: [[b"LLEN", key.encode()]],
    b"zset": _sorted_set,
    b"stream": _stream,
}


async def _raw(client: Valkey, words: Sequence[bytes]) -> Any:
    client.response_callbacks.clear()
    return await client.execute_command(*words)  # type: ignore[no-untyped-call]  # valkey-py leaves it untyped


@asynccontextmanager
async def both(server: EmbeddedValkey) -> AsyncIterator[tuple[Asked, Asked]]:
    """The real one, emptied, and one in memory."""
    async with connected(server.url, "memory") as client:
        await client.flushall()
        yield Asked(client), Asked(MemoryClient(Server(LoopTime().now_ms)))
