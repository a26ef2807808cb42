"""The fleet's pause, as this worker knows it: told by each sweep, heeded by the consumers of requests and migrations.

Valkey is authoritative. A worker learns of a change within one sweep; what it receives before is handed back, uncounted.
Until the first sweep has answered nobody knows, and nothing is taken on.
"""

from typing import Final

import anyio

UNTOLD: Final = "not known yet"


class Pause:
    """Whether anything new may be taken on."""

    def __init__(self) -> None:
        self._by = UNTOLD
        self._changed = anyio.Event()

    @property
    def is_on(self) -> bool:
        """Whether nothing new is taken on."""
        return bool(self._by)

    def told(self, by: str) -> bool:
        """Valkey says who has paused the fleet, `""`: nobody. Returns whether that is news worth telling."""
        before, self._by = self._by, by
        if before == by:
            return False
        was, self._changed = self._changed, anyio.Event()
        was.set()
        return before != UNTOLD or bool(by)

    async def changes(self) -> None:
        """Wait until something else is known."""
        await self._changed.wait()
