"""`stages.support.aside.Aside` in threads.

Python runs one thread at a time: the loop waits a few milliseconds for its turn, and not for the end of the work. More
threads would make it wait longer, and nothing faster.
"""

from collections.abc import Callable
from typing import Final, TypeVar

import anyio
from anyio import to_thread

T = TypeVar("T")

_AT_ONCE: Final = 2
"""So that a small text need not wait for all that a large crossing has to render."""


class Threads:
    """Does pure work beside the event loop."""

    def __init__(self) -> None:
        self._places = anyio.CapacityLimiter(_AT_ONCE)

    async def __call__(self, work: Callable[[], T]) -> T:
        """See `stages.support.aside.Aside`."""
        return await to_thread.run_sync(work, limiter=self._places)
