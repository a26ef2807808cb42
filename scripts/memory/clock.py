"""A server's clock on the event loop's time, so that it can be virtual."""

from typing import Final

import anyio

WALL_MS: Final = 1_700_000_000_000
"""When the event loop's time 0 was, in ms since 1970."""


class LoopTime:
    """The event loop's time, and what a test has let pass beside it. Without a loop it stands at its beginning."""

    def __init__(self) -> None:
        self._skipped_ms = 0

    def now_ms(self) -> int:
        """Now, in ms since 1970."""
        try:
            loop_s = anyio.current_time()
        except anyio.NoEventLoopError:
            loop_s = 0.0
        return WALL_MS + round(loop_s * 1000) + self._skipped_ms

    def skip(self, seconds: float) -> None:
        """Let so many seconds have passed."""
        self._skipped_ms += round(seconds * 1000)
