"""Messages that were heard and not yet appended: in order, bounded, handed on in batches.

The hearing side puts messages in and waits while there is no room, so that a surplus waits in the socket and then in
Valkey's output buffer. The appending side takes all that fits into one round trip.
"""

from collections import deque
from typing import Final

import anyio

from monarch.ports import Hearing

MOST: Final = 1024
"""How many messages wait here at most."""

MOST_BYTES: Final = 64 * 1024 * 1024
"""How many bytes wait here at most; a larger message has the place to itself."""

BATCH: Final = 256
BATCH_BYTES: Final = 8 * 1024 * 1024
"""How many bytes one round trip appends at most: a Valkey that writes to disk answers well within its timeout."""


class Backlog:
    """The messages between hearing and appending."""

    def __init__(self) -> None:
        self._waiting: deque[Hearing] = deque()
        self._bytes = 0
        self._is_ending = False
        self._is_over = False
        self._changed = anyio.Event()

    def __len__(self) -> int:
        """How many wait."""
        return len(self._waiting)

    async def put(self, hearing: Hearing) -> None:
        """Put one in, as soon as there is room."""
        while not self._has_room(hearing):
            await self._changed.wait()
        self._waiting.append(hearing)
        self._bytes += len(hearing.payload)
        self._change()

    async def take(self) -> tuple[Hearing, ...]:
        """The oldest messages, as soon as there are any; empty once it is over and none is left."""
        while not self._waiting and not self._is_over:
            await self._changed.wait()
        batch: list[Hearing] = []
        size = 0
        while self._waiting and len(batch) < BATCH:
            size += len(self._waiting[0].payload)
            if batch and size > BATCH_BYTES:
                break
            batch.append(self._waiting.popleft())
        self._bytes -= sum(len(hearing.payload) for hearing in batch)
        self._change()
        return tuple(batch)

    def begin_end(self) -> None:
        """Nothing more is published to us: make room for all that is on its way, so that none of it is lost uncounted."""
        self._is_ending = True
        self._change()

    def end(self) -> None:
        """Nothing more comes."""
        self._is_over = True
        self._change()

    def _has_room(self, hearing: Hearing) -> bool:
        fits = len(self._waiting) < MOST and self._bytes + len(hearing.payload) <= MOST_BYTES
        return fits or self._is_ending or not self._waiting

    def _change(self) -> None:
        before, self._changed = self._changed, anyio.Event()
        before.set()
