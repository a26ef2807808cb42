"""The fleet's pause, as this worker knows it: each sweep reports it, the consumers of requests and migrations obey it.

Valkey is authoritative. A worker learns of a change within one sweep; what it receives before is handed back, uncounted.
Until the first sweep has answered, the pause is unknown, and nothing is taken on.
"""

from typing import Final

import anyio

UNKNOWN: Final = "not known yet"


class Pause:
    """Whether anything new may be taken on."""

    def __init__(self) -> None:
        self._by = UNKNOWN
        self._changed = anyio.Event()

    @property
    def is_on(self) -> bool:
        """Whether nothing new is taken on."""
        return bool(self._by)

    def update(self, by: str) -> bool:
        """Note who has paused the fleet, by Valkey's word; `""`: not paused. Returns whether that is worth a report."""
        before, self._by = self._by, by
        if before == by:
            return False
        was, self._changed = self._changed, anyio.Event()
        was.set()
        return before != UNKNOWN or bool(by)

    async def changes(self) -> None:
        """Wait for a change."""
        await self._changed.wait()
