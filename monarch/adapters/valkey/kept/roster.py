"""Which workers have begun: the version of each, and since when, for people. Nothing is decided by it.

A worker enters itself when it begins and leaves when it stops. One that was killed stays until so many others have begun
that it is among the oldest; whoever shows the roster asks the consumer groups which of them live.
"""

from collections.abc import Awaitable
from typing import Final, NamedTuple, cast

from valkey.asyncio import Valkey

from monarch.adapters.valkey.client.connection import classified
from monarch.adapters.valkey.keys import Keys
from monarch.adapters.valkey.views.request import whole

KEPT: Final = 200
"""So many workers stay on the roster, the newest."""


class Entered(NamedTuple):
    """A worker's line. `since_ms`: by the server's clock, in milliseconds since 1970."""

    since_ms: int
    version: str


class Roster:
    """Every method raises `StoreError` where Valkey cannot be asked; each may be repeated."""

    def __init__(self, client: Valkey, keys: Keys) -> None:
        self._client = client
        self._key = keys.workers

    async def enter(self, name: str, version: str) -> None:
        """This worker begins; one that entered before keeps its moment."""
        with classified("entering the roster of workers"):
            seconds, micros = await self._client.time()
            now_ms = int(seconds) * 1000 + int(micros) // 1000
            await cast(
                "Awaitable[bool]", self._client.hsetnx(self._key, name, f"{now_ms} {version}")
            )
        known = await self.all()
        if len(known) > KEPT:
            oldest = sorted(known, key=lambda one: known[one].since_ms)[: len(known) - KEPT]
            with classified("shortening the roster of workers"):
                await cast("Awaitable[int]", self._client.hdel(self._key, *oldest))

    async def leave(self, name: str) -> None:
        """This worker has stopped."""
        with classified("leaving the roster of workers"):
            await cast("Awaitable[int]", self._client.hdel(self._key, name))

    async def all(self) -> dict[str, Entered]:
        """Everybody who is on it, by name; what cannot be read has begun at 0."""
        with classified("reading the roster of workers"):
            found = await cast("Awaitable[dict[bytes, bytes]]", self._client.hgetall(self._key))
        return {name.decode("utf-8", "replace"): _entered(line) for name, line in found.items()}


def _entered(line: bytes) -> Entered:
    since, _, version = line.decode("utf-8", "replace").partition(" ")
    return Entered(whole(since) or 0, version)
