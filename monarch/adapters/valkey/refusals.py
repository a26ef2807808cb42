"""Whether GitHub refuses the fleet's credential: `ports.Refusals`. _refused.lua says what is kept, and for how long."""

from typing import Final

from valkey.asyncio import Valkey

from monarch.adapters.valkey.client.connection import classified
from monarch.adapters.valkey.keys import Keys
from monarch.adapters.valkey.scripts import Scripts

TURN_MS: Final = 50_000
"""How long no worker asks again, in milliseconds. A little less than the minute between two questions of one worker."""

ALL: Final = "*"
"""The refusal is about the credential itself, and not about the repositories of one owner."""


class ValkeyRefusals:
    """`ports.Refusals`."""

    def __init__(self, client: Valkey, scripts: Scripts, keys: Keys) -> None:
        self._client = client
        self._scripts = scripts
        self._keys = keys

    async def turn(self) -> bool:
        """See `ports.Refusals.turn`."""
        with classified("taking a turn at asking GitHub"):
            return bool(await self._client.set(self._keys.asking, b"1", nx=True, px=TURN_MS))

    async def note(self, reason: str | None) -> None:
        """See `ports.Refusals.note`."""
        await self._scripts.call("refuse", [self._keys.refused], ALL, reason or "")
