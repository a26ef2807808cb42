"""The intake: hears the channel and appends what it hears. The only place where something can be lost, so the smallest.

It receives messages, decides nothing, not even whether they can be read, appends them to the stream in the order in
which it heard them, many in one round trip, and promises that what it heard is kept. A stopping worker first unsubscribes,
then hears what was published until then, and appends all of it; it counts and reports what it cannot append in time.

What can still go wrong: a worker that dies loses what it has heard and not appended, a moment's worth, unless another
worker heard it too; and Valkey cuts off a subscriber that leaves more unread than its output buffer may hold
(`client-output-buffer-limit pubsub`). Pub/sub itself loses what is published without a subscriber. Each gap in hearing
is logged and counted.
"""

from collections.abc import Callable, Sequence
from typing import Final

import anyio

from monarch.core.backoff import outage_s
from monarch.core.ids import RequestId
from monarch.ports import Clock, Ear, Hearing, Inbox, StoreError
from monarch.stages.support.backlog import Backlog
from monarch.telemetry import Telemetry

KEEPS_WITHIN_S: Final = 6.0
"""How long a stopping worker goes on appending what it has heard, in seconds: it has to be gone within 10 s."""

BEHIND_AFTER_S: Final = 5.0
"""How long there may be no room for what is heard, in seconds, before that is reported."""


class Intake:
    """Mirrors the channel into the stream of requests. `subscribed`: it hears now; `gaps`: how often it did not, so far."""

    def __init__(
        self,
        ear: Ear,
        inbox: Inbox,
        telemetry: Telemetry,
        clock: Clock,
        dice: Callable[[], float],
    ) -> None:
        self._ear = ear
        self._inbox = inbox
        self._telemetry = telemetry
        self._clock = clock
        self._dice = dice
        self._backlog = Backlog()
        self._in_hand: Sequence[Hearing] = ()
        self._deaf_since: float | None = None
        self._tries = 0
        self.subscribed = False
        self.gaps = 0

    async def run(self, draining: anyio.Event) -> None:
        """Hear until the worker stops, and append all of it; renew a subscription that breaks."""
        async with anyio.create_task_group() as ending:
            async with anyio.create_task_group() as working:
                ending.start_soon(self._end_with, draining, working.cancel_scope)
                working.start_soon(self._append_all)
                await self._hear_all(draining)
            ending.cancel_scope.cancel()
        left = len(self._backlog) + len(self._in_hand)
        if left:
            self._telemetry.messages_dropped(n=left)
        self._telemetry.loop_ended(name="intake")

    async def _end_with(self, draining: anyio.Event, working: anyio.CancelScope) -> None:
        """Once the worker stops: unsubscribe, hear what is still on its way, and give up in time."""
        await draining.wait()
        self._backlog.begin_end()
        with anyio.move_on_after(KEEPS_WITHIN_S):
            try:
                await self._ear.unsubscribe()
            except StoreError as error:
                self._telemetry.store_trouble(where="unsubscribing", error=error)
            await anyio.sleep_forever()
        working.cancel()

    # ------------------------------------------------------------------------------------------ hearing

    async def _hear_all(self, draining: anyio.Event) -> None:
        while not draining.is_set():
            try:
                await self._hear()
            except StoreError as error:
                self._lose(error)
                with anyio.move_on_after(outage_s(self._tries, self._dice())):
                    await draining.wait()
        self._backlog.end()

    async def _hear(self) -> None:
        async with self._ear.listen() as hearings:
            self._found()
            async for hearing in hearings:
                self._telemetry.loop_progressed(name="intake")
                if hearing is not None:
                    self._telemetry.message_heard(size_bytes=len(hearing.payload))
                    await self._put(hearing)

    async def _put(self, hearing: Hearing) -> None:
        with anyio.move_on_after(BEHIND_AFTER_S) as patience:
            await self._backlog.put(hearing)
        if patience.cancelled_caught:
            self._telemetry.hearing_behind(waiting=len(self._backlog))
            await self._backlog.put(hearing)

    def _found(self) -> None:
        if self._deaf_since is not None:
            gap_s = self._clock.now() - self._deaf_since
            self.gaps += 1
            self._telemetry.hearing_gap(seconds=gap_s, reason="subscribed again")
        self._deaf_since, self._tries, self.subscribed = None, 0, True

    def _lose(self, error: StoreError) -> None:
        self._telemetry.store_trouble(where="listening", error=error)
        if self._deaf_since is None:
            self._deaf_since = self._clock.now()
        self._tries += 1
        self.subscribed = False

    # ---------------------------------------------------------------------------------------- appending

    async def _append_all(self) -> None:
        """Append what is heard until nothing more comes."""
        while batch := await self._backlog.take():
            self._in_hand = batch
            for request in await self._mirror(batch):
                self._report(request)
            self._in_hand = ()

    async def _mirror(self, batch: Sequence[Hearing]) -> Sequence[RequestId | None]:
        """Append them, and repeat until it is done, since perhaps no other worker has heard them.

        The same hearing ids make a repetition harmless.
        """
        tries = 0
        while True:
            try:
                return await self._inbox.mirror(batch)
            except StoreError as error:
                tries += 1
                self._telemetry.store_trouble(where="appending messages", error=error)
                await anyio.sleep(outage_s(tries, self._dice()))

    def _report(self, request: RequestId | None) -> None:
        if request is None:
            self._telemetry.message_echoed()
        else:
            self._telemetry.message_mirrored(request=request)
