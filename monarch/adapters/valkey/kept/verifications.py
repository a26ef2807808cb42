"""What was found when a target was last read for people: kept, so that the page can show it, and from when it is.

A copy of what GitHub showed at one moment, for people. No decision ever depends on it: a healing or a recall reads GitHub
anew.
"""

import zlib
from typing import Final

from pydantic import TypeAdapter, ValidationError
from valkey.asyncio import Valkey

from monarch.adapters.valkey.client.connection import classified
from monarch.adapters.valkey.keys import Keys
from monarch.core.ids import MigrationId
from monarch.core.report.verification import Verification
from monarch.ports.holdings import KeptLook

_LOOK = TypeAdapter(KeptLook)
_MOST: Final = 1 << 24
"""How many bytes a verification may have, unpacked."""


class Verifications:
    """Keeps verifications. Both methods raise `StoreError` where Valkey cannot be asked."""

    def __init__(self, client: Valkey, keys: Keys, retention_ms: int) -> None:
        self._client = client
        self._keys = keys
        self._retention_ms = retention_ms

    async def keep(self, migration: MigrationId, found: Verification) -> None:
        """Keep what was found just now, replacing what was found before."""
        with classified("keeping what a target holds"):
            seconds, micros = await self._client.time()
            look = KeptLook(int(seconds) * 1000 + int(micros) // 1000, found)
            await self._client.set(
                self._keys.verified(migration), encode_look(look), px=self._retention_ms
            )


def encode_look(look: KeptLook) -> bytes:
    """As compressed JSON, its version before it."""
    return b"1:" + zlib.compress(_LOOK.dump_json(look))


def decode_look(packed: bytes | None) -> KeptLook | None:
    """What was kept; `None` if nothing was, or if this code cannot read it."""
    version, _, body = (packed or b"").partition(b":")
    if version != b"1":
        return None
    try:
        return _LOOK.validate_json(zlib.decompressobj().decompress(body, _MOST))
    except (zlib.error, ValidationError):
        return None
