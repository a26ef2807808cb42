"""What reading costs an account, counted by the fleet: `ports.Meter`.

Each read asks Valkey, and reads that begin at once go in one batch; so there is no shortcut that could exceed a limit.
What may come on top is what nobody counts here: asking who an account is, an App's tokens, and other programs.
"""

from collections.abc import Sequence
from typing import Final, cast

import anyio

from monarch.adapters.valkey.keys import Keys
from monarch.adapters.valkey.scripts import Arg, Scripts
from monarch.ports import StoreError

POINTS_A_MINUTE: Final = 900
"""GitHub's: a read costs 1, a write 5 (docs.github.com, "Rate limits for the REST API"). `_points.lua` has it, too."""

LONGEST_WAIT_S: Final = 60.0
"""Nobody waits longer than this without asking anew, nor longer in all for the primary limit: then GitHub itself is
asked, and what it answers closes the gate."""

UNASKED_S: Final = 5.0
"""After a failure reads pass for so long without asking Valkey: one that hangs holds up nothing for longer."""

LOW: Final = 100
"""From here on every call that others used counts."""

MUCH: Final = 25
"""Above that, so many of them: the fleet's own calls are counted as they are let through."""

_HOUR_MS: Final = 3_600_000


class ValkeyMeter:
    """`ports.Meter`.

    Args:
        points: a minute, 0 for no ceiling: a server without limits. The primary limit is kept all the same, where
            answers tell of one.
        minute_s: how long that minute is; another one only where time is scaled.
    """

    def __init__(
        self,
        scripts: Scripts,
        keys: Keys,
        *,
        points: int = POINTS_A_MINUTE,
        minute_s: float = 60.0,
    ) -> None:
        self._scripts = scripts
        self._keys = keys
        self._points = points
        self._minute_ms = round(minute_s * 1000)
        self._left: dict[str, int] = {}
        """Calls of the hour that Valkey knew to be left, by account, when it was last asked."""
        self._unasked_until = float("-inf")

    async def admit(self, account: str) -> None:
        """See `ports.Meter.admit`."""
        began = anyio.current_time()
        while True:
            is_patient = anyio.current_time() < began + LONGEST_WAIT_S
            wait_s = await self._ask(account, is_patient=is_patient)
            if wait_s <= 0:
                return
            await anyio.sleep(min(wait_s, LONGEST_WAIT_S))

    async def standing(self, account: str, remaining: int, reset_in_s: float) -> None:
        """See `ports.Meter.standing`. A window is an hour: none that claims to be longer is believed."""
        known = self._left.get(account)
        is_news = known is None or remaining < known - (MUCH if remaining > LOW else 0)
        ms = min(round(reset_in_s * 1000), _HOUR_MS)
        if not is_news or ms <= 0:
            return
        # The reset is told in whole seconds.
        left = await self._call("primary", [self._keys.primary(account)], remaining, ms + 1000)
        if left is not None:
            self._left[account] = cast("int", left)

    async def _ask(self, account: str, *, is_patient: bool) -> float:
        """Seconds until a read fits; 0: it does and is counted, or nobody can tell."""
        keys = [self._keys.points(account), self._keys.primary(account)]
        answer = await self._call("points", keys, self._points, self._minute_ms, int(is_patient))
        if answer is None:
            return 0.0
        wait_ms, left = cast("tuple[int, int]", answer)
        if left < 0:
            self._left.pop(account, None)
        else:
            self._left[account] = left
        return wait_ms / 1000

    async def _call(self, name: str, keys: Sequence[str], *args: Arg) -> object | None:
        """Run a script; `None` where Valkey cannot be asked, or could not a moment ago."""
        if anyio.current_time() < self._unasked_until:
            return None
        try:
            return await self._scripts.call(name, keys, *args)
        except StoreError:
            self._unasked_until = anyio.current_time() + UNASKED_S
            return None
