"""`ports.Ear` on a channel in memory: whoever is subscribed hears, and nobody else."""

import itertools
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from monarch.ports import Hearing

QUIET_S = 1.0


class MemoryChannel:
    """A channel of pub/sub; make one `MemoryEar` for each replica."""

    def __init__(self) -> None:
        self._subscribed: set[MemoryObjectSendStream[bytes]] = set()
        self._change = anyio.Event()

    def publish(self, payload: bytes) -> int:
        """Send it to whoever is subscribed; how many those are."""
        for subscribed in self._subscribed:
            subscribed.send_nowait(payload)
        return len(self._subscribed)

    async def until_subscribed(self, ears: int) -> None:
        """Wait until so many hear."""
        while len(self._subscribed) < ears:
            await self._change.wait()

    def join(self) -> tuple[MemoryObjectSendStream[bytes], MemoryObjectReceiveStream[bytes]]:
        """Subscribe."""
        sending, receiving = anyio.create_memory_object_stream[bytes](100)
        self._subscribed.add(sending)
        before, self._change = self._change, anyio.Event()
        before.set()
        return sending, receiving

    def leave(self, sending: MemoryObjectSendStream[bytes]) -> None:
        """Hear no more."""
        self._subscribed.discard(sending)
        sending.close()


class MemoryEar:
    """The subscription of one replica."""

    def __init__(self, channel: MemoryChannel, replica: str) -> None:
        self._channel = channel
        self._replica = replica
        self._heard = itertools.count(1)
        self._sending: MemoryObjectSendStream[bytes] | None = None
        self._is_ending = False

    @asynccontextmanager
    async def listen(self) -> AsyncIterator[AsyncIterator[Hearing | None]]:
        """See `ports.Ear.listen`."""
        await anyio.lowlevel.checkpoint()
        sending, receiving = self._channel.join()
        self._sending = sending
        if self._is_ending:
            self._channel.leave(sending)
        try:
            with receiving:
                async with aclosing(self._hearings(receiving)) as hearings:
                    yield hearings
        finally:
            self._channel.leave(sending)

    async def unsubscribe(self) -> None:
        """See `ports.Ear.unsubscribe`."""
        await anyio.lowlevel.checkpoint()
        self._is_ending = True
        if self._sending is not None:
            self._channel.leave(self._sending)

    async def _hearings(
        self, receiving: MemoryObjectReceiveStream[bytes]
    ) -> AsyncGenerator[Hearing | None, None]:
        while True:
            hearing = None
            with anyio.move_on_after(QUIET_S):
                try:
                    payload = await receiving.receive()
                except anyio.EndOfStream:
                    return
                hearing = Hearing(f"{self._replica}-{next(self._heard)}", payload)
            yield hearing
