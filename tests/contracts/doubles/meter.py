"""`ports.Meter` in memory."""

import anyio

from monarch.core.budget.ceilings import Ceilings, Pace
from scripts.budget_machine.account import READ_POINTS
from tests.contracts.doubles.store import MemoryStore


class MemoryMeter:
    """Counts reads in a `MemoryStore`."""

    def __init__(
        self, store: MemoryStore, ceilings: Ceilings | None = None, pace: Pace | None = None
    ) -> None:
        self._store = store
        self._ceilings = ceilings or Ceilings()
        self._pace = pace or Pace()

    async def admit(self, account: str) -> None:
        """See `ports.Meter.admit`."""
        await anyio.lowlevel.checkpoint()
        known = self._store.account(account)
        now = self._store.now_ms()
        while wait_ms := known.points_wait(READ_POINTS, self._ceilings, self._pace, now):
            await anyio.sleep(wait_ms / 1000)
            now = self._store.now_ms()
        known.spend(READ_POINTS, self._ceilings, self._pace, now)

    async def standing(self, account: str, remaining: int, reset_in_s: float) -> None:
        """See `ports.Meter.standing`."""
        await anyio.lowlevel.checkpoint()
        known = self._store.account(account)
        reset_ms = self._store.now_ms() + round(reset_in_s * 1000)
        if known.calls is not None and abs(known.calls[1] - reset_ms) < SAME_COUNT_MS:
            known.calls = min(known.calls[0], remaining), reset_ms
        elif known.calls is None or reset_ms > known.calls[1]:
            known.calls = remaining, reset_ms


SAME_COUNT_MS = 15_000
"""Two resets that are closer are those of one count."""
