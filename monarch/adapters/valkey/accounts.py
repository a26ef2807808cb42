"""Which accounts the fleet writes with."""

from typing import Final

from valkey.asyncio import Valkey

from monarch.adapters.valkey.connection import classified
from monarch.adapters.valkey.keys import Keys

ACCOUNTS_FOR_MS: Final = 60_000
"""How long a list of accounts is used before it is made anew, in milliseconds: that looks at all keys."""


class Accounts:
    """Nothing lists them, so the names of keys do; rarely, since they are many."""

    def __init__(self, client: Valkey, keys: Keys) -> None:
        self._client = client
        self._keys = keys
        self._found: tuple[str, ...] = ()
        self._found_at_ms: int | None = None

    async def known(self, now_ms: int) -> tuple[str, ...]:
        """Who writes, or has a gate; a token that was refused has one of its own, named `token:<fingerprint>`."""
        at_ms = self._found_at_ms
        if at_ms is None or not at_ms <= now_ms < at_ms + ACCOUNTS_FOR_MS:
            found = {*await self._named("budget:"), *await self._named("gate:")}
            self._found, self._found_at_ms = tuple(sorted(found)), now_ms
        return self._found

    async def _named(self, kind: str) -> list[str]:
        start = self._keys.prefix + kind
        with classified("looking for accounts"):
            keys = [key async for key in self._client.scan_iter(match=f"{start}*", count=1000)]
        return [key.decode("utf-8", "replace").removeprefix(start) for key in keys]
