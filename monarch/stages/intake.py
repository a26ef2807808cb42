"""The intake: hears the channel and appends what it hears. The only place where something can be lost, so the smallest.

It receives messages, decides nothing, not even whether they can be read, appends each to the stream, and promises that a
message which it heard is in the stream before it hears the next one. What is published while nobody is subscribed is
lost by pub/sub itself; each gap in hearing is logged and counted.
"""

from collections.abc import Callable

import anyio

from monarch.core.backoff import outage_s
from monarch.core.ids import RequestId
from monarch.ports import Clock, Ear, Hearing, Inbox, StoreError
from monarch.telemetry import Telemetry


class Intake:
    """Mirrors the channel into the stream of requests. `subscribed` tells whether it hears now."""

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
        self._deaf_since: float | None = None
        self._tries = 0
        self.subscribed = False

    async def run(self, draining: anyio.Event) -> None:
        """Hear until the worker stops; a subscription that breaks is made again."""
        while not draining.is_set():
            try:
                await self._hear(draining)
            except StoreError as error:
                self._lose(str(error))
                with anyio.move_on_after(outage_s(self._tries, self._dice())):
                    await draining.wait()
        self._telemetry.loop_ended(name="intake")

    async def _hear(self, draining: anyio.Event) -> None:
        async with self._ear.listen() as hearings:
            self._found()
            self._telemetry.loop_progressed(name="intake")
            async for hearing in hearings:
                self._telemetry.loop_progressed(name="intake")
                if hearing is not None:
                    await self._mirror(hearing)
                if draining.is_set():
                    return

    async def _mirror(self, hearing: Hearing) -> None:
        """Append it; repeated until it is done, since nobody else may have heard it.

        The same hearing id makes a repetition harmless.
        """
        self._telemetry.message_heard(size_bytes=len(hearing.payload))
        tries = 0
        while True:
            try:
                return self._report(await self._inbox.mirror(hearing))
            except StoreError as error:
                tries += 1
                self._telemetry.store_trouble(where="appending a message", error=str(error))
                await anyio.sleep(outage_s(tries, self._dice()))

    def _report(self, request: RequestId | None) -> None:
        if request is None:
            self._telemetry.message_echoed()
        else:
            self._telemetry.message_mirrored(request=request)

    def _found(self) -> None:
        if self._deaf_since is not None:
            gap_s = self._clock.now() - self._deaf_since
            self._telemetry.hearing_gap(seconds=gap_s, reason="subscribed again")
        self._deaf_since, self._tries, self.subscribed = None, 0, True

    def _lose(self, reason: str) -> None:
        self._telemetry.store_trouble(where="listening", error=reason)
        if self._deaf_since is None:
            self._deaf_since = self._clock.now()
        self._tries += 1
        self.subscribed = False
