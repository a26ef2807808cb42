"""One consumer on a bench, with a handler that does as the test says."""

from collections.abc import Awaitable, Callable, Sequence

import anyio

from monarch.core.delivery import Delivery, Stream
from monarch.core.verdict import Done, Said, Verdict
from monarch.stages.consumer import Consumer
from monarch.stages.lease import Hold, Holds
from monarch.stages.reclaimer import Reclaimer
from tests.contracts.doubles.flaky import Flaky
from tests.stages.house import House, dice

DONE = Done(Said())

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
    """A consumer of notices, with holds and a reclaimer of its own; beside one of requests, if wanted."""

    def __init__(
        self,
        house: House,
        handle: Handle | None = None,
        *,
        places: int = 2,
        name: str = "worker-1",
        streams: Sequence[Stream] = (Stream.NOTICES,),
    ) -> None:
        self.house = house
        self.handler = Scripted(handle)
        self.streams = Flaky(house.streams(name), "streams")
        self.holds = Holds(self.streams, house.telemetry, house.clock, lease_s=house.lease_s)
        self.consumers = [
            Consumer(
                stream,
                self.handler,
                self.streams,
                self.holds,
                house.telemetry,
                house.clock,
                dice,
                house.policy,
                places=places,
            )
            for stream in streams
        ]
        self.consumer = self.consumers[0]
        self.reclaimer = Reclaimer(
            self.streams,
            self.consumers,
            house.telemetry,
            house.clock,
            dice,
        )
        self.draining = anyio.Event()

    def give(self, times: int = 1) -> None:
        """Put so many notices into the stream."""
        for _ in range(times):
            self.house.store.append(Stream.NOTICES, {b"v": b"1", b"request": b"1-1"})

    async def run(
        self, until: Callable[[], Awaitable[None]], *, renewing: bool = True, sweeping: bool = True
    ) -> None:
        """Run until something is so."""
        async with anyio.create_task_group() as tasks:
            if renewing:
                tasks.start_soon(self.holds.renew_forever)
            if sweeping:
                tasks.start_soon(self.reclaimer.run, tasks, self.draining)
            for consumer in self.consumers:
                tasks.start_soon(consumer.run, tasks)
            await until()
            tasks.cancel_scope.cancel()

    async def until_quiet(self) -> None:
        """Until there is no work anywhere."""
        await self.house.until_quiet()

    def drain(self) -> None:
        """Stop as SIGTERM stops it."""
        self.draining.set()
        self.holds.drain()
