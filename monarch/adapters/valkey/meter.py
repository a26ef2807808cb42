"""What reading costs, counted for the whole fleet: `ports.Meter`."""

import anyio

from monarch.adapters.valkey.keys import Keys
from monarch.adapters.valkey.scripts import Scripts
from monarch.core.budget import Ceilings, Pace
from monarch.ports import StoreError

PATIENCE_S = 60.0
"""Longer than this no read waits, in seconds: then the points of any minute before are forgotten at GitHub as well."""

_LOW = 100
"""With so few calls left each answer is news."""

_STEP = 250
"""Otherwise so many calls less are."""


class ValkeyMeter:
    """`ports.Meter`. Never raises: reading must go on without it, and GitHub says itself when it is too much."""

    def __init__(
        self, scripts: Scripts, keys: Keys, ceilings: Ceilings, pace: Pace | None = None
    ) -> None:
        self._scripts = scripts
        self._keys = keys
        self._ceilings = ceilings
        self._pace = pace or Pace()
        self._told: dict[str, int] = {}

    async def admit(self, account: str) -> None:
        """See `ports.Meter.admit`."""
        if not self._ceilings.points:
            return
        with anyio.move_on_after(PATIENCE_S):
            wait_s = await self._wait_s(account)
            while wait_s > 0:
                await anyio.sleep(wait_s)
                wait_s = await self._wait_s(account)

    async def _wait_s(self, account: str) -> float:
        """How long one more read has to wait; 0 where it is counted, or cannot be."""
        try:
            answer = await self._scripts.call(
                "admit",
                [self._keys.points(account)],
                self._ceilings.points,
                self._pace.minute_ms,
            )
        except StoreError:
            return 0.0
        return answer / 1000 if isinstance(answer, int) else 0.0

    async def standing(self, account: str, remaining: int, reset_in_s: float) -> None:
        """See `ports.Meter.standing`."""
        told = self._told.get(account)
        is_news = told is None or remaining > told or remaining <= told - _STEP or remaining <= _LOW
        if not is_news or reset_in_s <= 0:
            return
        self._told[account] = remaining
        try:
            await self._scripts.call(
                "standing",
                [self._keys.primary(account)],
                max(0, remaining),
                round(reset_in_s * 1000),
            )
        except StoreError:
            self._told.pop(account, None)
