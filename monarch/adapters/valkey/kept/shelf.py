"""What the page keeps between two requests, so that any worker can show it: receipts of presses, and who looks at targets.

`verifications` has what a look found, once. Nothing else depends on this: if it is lost, people press, or look, again.
"""

import secrets
from typing import Final

from valkey.asyncio import Valkey

from monarch.adapters.valkey.client.connection import classified
from monarch.adapters.valkey.keys import Keys
from monarch.core.ids import RequestId

RECEIPT_MS: Final = 86_400_000
LOOKED_MS: Final = 7 * 86_400_000
LOOKING_MS: Final = 30_000
"""How long a look counts as under way, in milliseconds, unless it says again that it is."""


class Shelf:
    """Every method raises `StoreError` where Valkey cannot be asked."""

    def __init__(self, client: Valkey, keys: Keys) -> None:
        self._client = client
        self._keys = keys

    async def keep_receipt(self, content: bytes) -> str:
        """Keep a receipt for a day; returns its name, which cannot be guessed."""
        name = secrets.token_urlsafe(12)
        with classified("keeping a receipt"):
            await self._client.set(self._keys.receipt(name), content, px=RECEIPT_MS)
        return name

    async def receipt(self, name: str) -> bytes | None:
        """A kept receipt."""
        with classified("reading a receipt"):
            found: bytes | None = await self._client.get(self._keys.receipt(name))
        return found

    async def begin_look(self, request: RequestId, said: bytes) -> bytes | None:
        """Record that a look begins; if one is under way, return what that one said."""
        with classified("beginning a look"):
            before: bytes | None = await self._client.set(
                self._keys.looking(request), said, px=LOOKING_MS, nx=True, get=True
            )
        return before

    async def go_on_looking(self, request: RequestId) -> None:
        """Record that the look is still under way."""
        with classified("looking"):
            await self._client.pexpire(self._keys.looking(request), LOOKING_MS)

    async def end_look(self, request: RequestId, content: bytes) -> None:
        """End the look, and keep for a week who looked and how it went."""
        with classified("keeping a look"):
            async with self._client.pipeline(transaction=True) as both:
                both.set(self._keys.looked(request), content, px=LOOKED_MS)
                both.delete(self._keys.looking(request))
                await both.execute()

    async def look(self, request: RequestId) -> tuple[bytes | None, bytes | None]:
        """What the look under way said, and what the last finished look left."""
        with classified("reading a look"):
            under_way, last = await self._client.mget(
                self._keys.looking(request), self._keys.looked(request)
            )
        return under_way, last
