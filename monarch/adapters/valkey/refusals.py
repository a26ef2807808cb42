"""Whether GitHub refuses the fleet's credential: `ports.Refusals`. _refused.lua says what is kept, and for how long."""

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from valkey.asyncio import Valkey

from monarch.adapters.valkey.client.connection import classified
from monarch.adapters.valkey.keys import Keys
from monarch.adapters.valkey.scripts import Scripts
from monarch.adapters.valkey.views.raw import texts
from monarch.telemetry import RefusalSnapshot

TURN_MS: Final = 50_000
"""How long no worker asks again, in milliseconds. A little less than the minute between two questions of one worker."""

ALL: Final = "*"
"""The refusal is about the credential itself, and not about the repositories of one owner."""

REFUSED_FOR_MS: Final = 180_000
"""A refusal of the credential is over if it was not confirmed for longer, in milliseconds; work asks once a minute."""


def refusals_of(record: Mapping[Any, Any], now_ms: int) -> tuple[RefusalSnapshot, ...]:
    """The refusals that are in force, as Valkey holds them, by owner; one that cannot be read counts as none."""
    found = []
    for owner, packed in sorted(texts(record).items()):
        with suppress(ValueError, TypeError, KeyError):
            one = json.loads(packed)
            if now_ms - int(one["at"]) < REFUSED_FOR_MS:
                found.append(RefusalSnapshot(owner, int(one["since"]), str(one["reason"])))
    return tuple(found)


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

    async def note(self, reason: str | None, account: str = "") -> None:
        """See `ports.Refusals.note`."""
        await self._scripts.call("refuse", [self._keys.refused], ALL, reason or "", account)
