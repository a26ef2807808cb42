"""Time for tests: the event loop's, whichever it is."""

import anyio

WALL_MS = 1_700_000_000_000
"""When the event loop's time 0 was, in ms since 1970."""


class VirtualClock:
    """`ports.Clock` on the event loop's time.

    Use it with trio's `MockClock(autojump_threshold=0)`: then waiting costs nothing, and `now` jumps to the
    next thing that is due. `skew_s` is how much this worker's wall clock is ahead of the truth.
    """

    def __init__(self) -> None:
        self.skew_s = 0.0

    def now(self) -> float:
        """The event loop's seconds."""
        return anyio.current_time()

    def wall_ms(self) -> int:
        """The same, counted from `WALL_MS`, which is where `MemoryStore` counts from as well; right or wrong."""
        return WALL_MS + round((anyio.current_time() + self.skew_s) * 1000)
