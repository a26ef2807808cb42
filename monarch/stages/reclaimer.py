"""The reclaimer: a timer that brings stalled and parked work back into the same loop.

It receives nothing, decides only the moment, sweeps, and promises that a delivery whose worker died is worked on again
within one lease and a sweep, given a free place. Each worker has one; no lock is needed, because claiming an entry
restarts its idle time, so two sweeps never get the same entry. If a sweep had to leave entries because there was no free
place, the consumer asks for another sweep as soon as it has one, so that nothing new overtakes what was left.

Each sweep also reports whether the fleet is paused, and from time to time the fleet audits itself: work that was removed
from its place by hand is put back, or given up with a reason.
"""

from collections.abc import Callable, Sequence
from typing import Final

import anyio
from anyio.abc import TaskGroup

from monarch.core.delivery import NewerEntry, Stream
from monarch.ports import Clock, StoreError, Streams
from monarch.stages.consumer import Consumer
from monarch.stages.pause import Pause
from monarch.telemetry import Telemetry

EVERY_S: Final = 2.7
JITTER: Final = 0.1
"""A sweep comes every 2.7 s, plus or minus a tenth of that, so that a fleet does not sweep in step.

That is 3 s at most: of the 5 s beyond the lease that promise 7 allows for a takeover, 2 s are left for everything else.
"""

AUDIT_EVERY_S: Final = 15.0
"""How often each worker asks for an audit, in seconds; the store keeps a fleet from auditing more than it needs."""


class Reclaimer:
    """Sweeps for the consumers of one worker.

    Args:
        reclaims: without it, it only learns of a pause and promotes what is due.
        pause: what it reports a pause to; `None`: it does not report.
    """

    def __init__(
        self,
        streams: Streams,
        consumers: Sequence[Consumer],
        telemetry: Telemetry,
        clock: Clock,
        dice: Callable[[], float],
        *,
        reclaims: bool = True,
        pause: Pause | None = None,
    ) -> None:
        self._streams = streams
        self._consumers = {consumer.stream: consumer for consumer in consumers} if reclaims else {}
        self._telemetry = telemetry
        self._clock = clock
        self._dice = dice
        self._reclaims = reclaims
        self._pause = pause
        self._audit_at = clock.now()
        self._asked = anyio.Event()
        for consumer in self._consumers.values():
            consumer.set_sweep(self._sweep_soon)

    def _sweep_soon(self) -> None:
        self._asked.set()

    async def run(self, tasks: TaskGroup, draining: anyio.Event) -> None:
        """Sweep until the worker stops; handlers of what it finds run in `tasks`."""
        while not draining.is_set():
            try:
                await self._sweep(tasks)
                await self._audit()
                self._telemetry.loop_progressed(name="reclaimer")
            except StoreError as error:
                self._telemetry.store_trouble(where="sweeping", error=error)
            await self._until_due(draining)
        self._tell(frozenset())
        self._telemetry.loop_ended(name="reclaimer")

    async def _until_due(self, draining: anyio.Event) -> None:
        """Wait until the timer has run out, a consumer asks, or the worker stops."""
        with anyio.move_on_after(EVERY_S * (1 - JITTER + 2 * JITTER * self._dice())):
            async with anyio.create_task_group() as waiting:

                async def end_with(event: anyio.Event) -> None:
                    await event.wait()
                    waiting.cancel_scope.cancel()

                waiting.start_soon(end_with, draining)
                waiting.start_soon(end_with, self._asked)

    async def _sweep(self, tasks: TaskGroup) -> None:
        left: frozenset[Stream] = frozenset()
        try:
            left = await self._take_over(tasks)
        finally:
            self._tell(left)

    async def _take_over(self, tasks: TaskGroup) -> frozenset[Stream]:
        places = {stream: consumer.free for stream, consumer in self._consumers.items()}
        sent_at = self._clock.now()
        swept = await self._streams.sweep(places)
        if self._pause is not None and self._pause.update(swept.paused_by):
            self._telemetry.fleet_paused(by=swept.paused_by)
        self._telemetry.entries_promoted(n=swept.promoted)
        self._telemetry.entries_trimmed(n=swept.trimmed)
        for delivery in swept.deliveries:
            # An entry of a newer version comes round until newer code takes it; the consumer reports it, once.
            if not isinstance(delivery.entry, NewerEntry):
                self._telemetry.delivery_reclaimed(
                    token=delivery.token, since_progress=delivery.since_progress
                )
            self._consumers[delivery.token.stream].accept((delivery,), sent_at, tasks)
        return swept.left

    def _tell(self, left: frozenset[Stream]) -> None:
        """Answer the consumers that have asked so far."""
        self._asked = anyio.Event()
        for stream, consumer in self._consumers.items():
            consumer.swept(left=stream in left)

    async def _audit(self) -> None:
        if not self._reclaims or self._clock.now() < self._audit_at:
            return
        audited = await self._streams.audit()
        self._audit_at = self._clock.now() + AUDIT_EVERY_S
        self._telemetry.audited(restored=audited.restored, given_up=audited.given_up)
