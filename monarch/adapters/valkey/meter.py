"""What reading costs, counted for the whole fleet: `ports.Meter`."""

import anyio

from monarch.adapters.valkey.keys import Keys
from monarch.adapters.valkey.scripts import Arg, Scripts
from monarch.core.budget.ceilings import Ceilings, Pace
from monarch.ports import StoreError

PATIENCE_S = 60.0
"""The longest wait of a read, in seconds: by then GitHub, too, has forgotten the points of any minute before."""

UNASKED_S = 5.0
"""How long reads pass unmetered after a failed call, in seconds, so that a Valkey that hangs cannot stall them."""

_LOW = 100
"""With this few calls left, every answer is news."""

_STEP = 250
"""Otherwise an answer is news when the count has fallen by this many calls."""


class ValkeyMeter:
    """`ports.Meter`. Never raises: reading must go on without it, and GitHub says itself when it is too much."""

    def __init__(
        self, scripts: Scripts, keys: Keys, ceilings: Ceilings, pace: Pace | None = None
    ) -> None:
        self._scripts = scripts
        self._keys = keys
        self._ceilings = ceilings
        self._pace = pace or Pace()
        self._reported: dict[str, int] = {}
        self._unasked_until = float("-inf")

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
        points = self._keys.points(account)
        minute_ms = self._pace.minute_ms + self._pace.margin_ms
        answer = await self._call("admit", points, self._ceilings.points, minute_ms)
        return answer / 1000 if isinstance(answer, int) else 0.0

    async def standing(self, account: str, remaining: int, reset_in_s: float) -> None:
        """See `ports.Meter.standing`."""
        known = self._reported.get(account)
        is_news = (
            known is None or remaining > known or remaining <= known - _STEP or remaining <= _LOW
        )
        if not is_news or reset_in_s <= 0:
            return
        self._reported[account] = remaining
        primary, reset_in_ms = self._keys.primary(account), round(reset_in_s * 1000)
        if await self._call("standing", primary, max(0, remaining), reset_in_ms) is None:
            self._reported.pop(account, None)

    async def _call(self, name: str, key: str, *args: Arg) -> object | None:
        """Run a script; `None` where Valkey cannot be asked, or could not a moment ago."""
        if anyio.current_time() < self._unasked_until:
            return None
        try:
            return await self._scripts.call(name, [key], *args)
        except StoreError:
            self._unasked_until = anyio.current_time() + UNASKED_S
            return None
