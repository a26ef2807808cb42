"""Bounds what strangers can open: the number of connections, the time to a whole request, the time to take an answer.

A worker has few files (1,024 by default), and its connections to Valkey and GitHub need them, too, so idle connections
must not use them up. When a port is full, the connection that has been idle for longest makes room: a probe or a scrape,
which asks at once, still gets its answer.
"""

import asyncio
from itertools import count
from typing import Any, Final

from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

MOST: Final = 100
"""How many connections one port has at the same time."""

READERS: Final = 200
"""How many may read live views of the page at the same time, on top of these; further readers have to reload."""

REQUEST_WITHIN_S: Final = 5.0
"""How long a connection may be without a whole request in hand, in seconds."""

TAKEN_WITHIN_S: Final = 10.0
"""How long an answer may wait for its reader to take some of it, in seconds: the rest is in our memory."""

_numbers = count()


class BoundedProtocol(H11Protocol):
    """uvicorn's protocol, with the bounds that it does not have."""

    most: int = MOST

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.number = next(_numbers)
        self._idle: asyncio.TimerHandle | None = None
        self._untaken: asyncio.TimerHandle | None = None

    @property
    def is_idle(self) -> bool:
        """Whether no request is in hand: none has come whole, or the last one is answered."""
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is None or cycle.response_complete

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        """Accept a connection; over the bound, close the oldest idle one, or this one if there is no other."""
        super().connection_made(transport)
        self._wait_for_a_request()
        if len(self.connections) > self.most:
            ours = (each for each in self.connections if isinstance(each, BoundedProtocol))
            idle = [each for each in ours if each.is_idle]
            min(idle, key=lambda each: each.number).end()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the timer with the connection."""
        self._stop_waiting()
        self._stop_waiting_for_the_reader()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on; a whole request ends the wait for it, a part of one does not."""
        super().data_received(data)
        if not self.is_idle:
            self._stop_waiting()

    def on_response_complete(self) -> None:
        """The request is answered: wait for the next one."""
        super().on_response_complete()
        if self.is_idle:
            self._wait_for_a_request()

    def pause_writing(self) -> None:
        """The send buffer is full: the reader has `TAKEN_WITHIN_S` to take some of it."""
        super().pause_writing()
        self._untaken = self.loop.call_later(TAKEN_WITHIN_S, self.end)

    def resume_writing(self) -> None:
        """The reader took some."""
        self._stop_waiting_for_the_reader()
        super().resume_writing()

    def end(self) -> None:
        """Close at once, without an answer."""
        self._stop_waiting()
        self.transport.abort()
        self.connections.discard(self)

    def _wait_for_a_request(self) -> None:
        self._stop_waiting()
        self._idle = self.loop.call_later(REQUEST_WITHIN_S, self.end)

    def _stop_waiting(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None

    def _stop_waiting_for_the_reader(self) -> None:
        if self._untaken is not None:
            self._untaken.cancel()
            self._untaken = None


def bounded(most: int) -> type[BoundedProtocol]:
    """The protocol, with at most `most` connections at the same time."""
    return type("BoundedProtocol", (BoundedProtocol,), {"most": most})
