"""One consumer on a bench, with a handler that does as the test says."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from itertools import count

import anyio

from monarch.core.delivery import Delivery, Stream
from monarch.core.verdict import Done, Said, Verdict
from monarch.stages.consumer import Consumer
from monarch.stages.lease import Hold, Holds
from monarch.stages.pause import Pause
from monarch.stages.reclaimer import Reclaimer
from tests.contracts.doubles.flaky import Flaky
from tests.stages.house import House, dice

DONE = Done(Said())
BOTH = (Stream.NOTICES, Stream.REQUESTS)

Handle = Callable[[Delivery, Hold], Awaitable[Verdict]]


class Scripted:
    """A handler that calls a function, and remembers what it was given."""

    def __init__(self, handle: Handle | None = None) -> None:
        self.handled: list[Delivery] = []
        self.running = 0
        self.most = 0
        self.change = anyio.Event()
        self._handle = handle

    async def handle(self, delivery: Delivery, hold: Hold) -> Verdict:
        """See `consumer.Handler.handle`."""
        self.handled.append(delivery)
        self._run(1)
        try:
            return DONE if self._handle is None else await self._handle(delivery, hold)
        finally:
            self._run(-1)

    def _run(self, more: int) -> None:
        self.running += more
        self.most = max(self.most, self.running)
        before, self.change = self.change, anyio.Event()
        before.set()

    async def until_handled(self, times: int) -> None:
        """Wait until so many deliveries were given to it."""
        while len(self.handled) < times:
            await self.change.wait()

    async def until_idle(self) -> None:
        """Wait until it works on nothing."""
        while self.running:
            await self.change.wait()


class Bench:
    """Consumers of some streams, with holds and a reclaimer of their own. Requests heed a pause, handled apart, if told."""

    def __init__(
        self,
        house: House,
        handle: Handle | None = None,
        *,
        places: int = 2,
        name: str = "worker-1",
        streams: Sequence[Stream] = (Stream.NOTICES,),
        pauses: bool = False,
        reclaims: bool = True,
    ) -> None:
        self.house, self.places, self.pause = house, places, Pause()
        self.handler = Scripted(handle)
        self.requests = Scripted(handle) if pauses else self.handler
        self.streams = Flaky(house.streams(name), "streams")
        self.holds = Holds(self.streams, house.telemetry, house.clock, lease_s=house.lease_s)
        self.consumers = [
            self._consumer(Stream.REQUESTS, self.requests, self.pause if pauses else None)
            if stream is Stream.REQUESTS
            else self._consumer(stream, self.handler, None)
            for stream in (BOTH if pauses else streams)
        ]
        self.consumer = self.consumers[0]
        self.reclaimer = Reclaimer(
            self.streams,
            self.consumers,
            house.telemetry,
            house.clock,
            dice,
            reclaims=reclaims,
            pause=self.pause,
        )
        self.draining = anyio.Event()
        self._ids = count(1)

    def _consumer(self, stream: Stream, handler: Scripted, pause: Pause | None) -> Consumer:
        return Consumer(
            stream,
            handler,
            self.streams,
            self.holds,
            self.house.telemetry,
            self.house.clock,
            dice,
            self.house.policy,
            places=self.places,
            pause=pause,
        )

    def give(self, times: int = 1, stream: Stream = Stream.NOTICES) -> None:
        """Put so many entries into the stream."""
        for _ in range(times):
            request = f"1-{next(self._ids)}".encode()
            fields = {b"v": b"1", b"payload": b"{}", b"request": request}
            self.house.store.append(stream, fields)

    @asynccontextmanager
    async def running(self, *, renewing: bool = True, sweeping: bool = True) -> AsyncIterator[None]:
        """It runs beside what the test does meanwhile."""
        async with anyio.create_task_group() as tasks:
            if renewing:
                tasks.start_soon(self.holds.renew_forever)
            if sweeping:
                tasks.start_soon(self.reclaimer.run, tasks, self.draining)
            for consumer in self.consumers:
                tasks.start_soon(consumer.run, tasks)
            yield
            tasks.cancel_scope.cancel()

    async def run(self, until: Callable[[], Awaitable[None]], **what: bool) -> None:
        """Run until something is so."""
        async with self.running(**what):
            await until()

    async def until_quiet(self) -> None:
        """Until there is no work anywhere."""
        await self.house.until_quiet()

    def drain(self) -> None:
        """Stop as SIGTERM stops it."""
        self.draining.set()
        self.holds.drain()
