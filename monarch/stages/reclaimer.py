"""The reclaimer: a timer that brings stalled and parked work back into the same loop.

It receives nothing, decides nothing but the moment, sweeps, and promises that a delivery whose worker died is worked on
again within one lease and a sweep, given a free place. Each worker has one; no lock is needed, because to claim an entry
starts its idle time anew, so two sweeps never get the same one.
"""

from collections.abc import Callable, Sequence
from typing import Final

import anyio
from anyio.abc import TaskGroup

from monarch.ports import Clock, StoreError, Streams
from monarch.stages.consumer import Consumer
from monarch.telemetry import Telemetry

EVERY_S: Final = 2.0
JITTER: Final = 0.25
"""A sweep comes every 2 s, give or take a quarter, so that a fleet does not sweep in step."""


class Reclaimer:
    """Sweeps for the consumers of one worker."""

    def __init__(
        self,
        streams: Streams,
        consumers: Sequence[Consumer],
        telemetry: Telemetry,
        clock: Clock,
        dice: Callable[[], float],
    ) -> None:
        self._streams = streams
        self._consumers = {consumer.stream: consumer for consumer in consumers}
        self._telemetry = telemetry
        self._clock = clock
        self._dice = dice

    async def run(self, tasks: TaskGroup, draining: anyio.Event) -> None:
        """Sweep until the worker stops; what is found is worked on in `tasks`."""
        while not draining.is_set():
            try:
                await self._sweep(tasks)
                self._telemetry.loop_progressed(name="reclaimer")
            except StoreError as error:
                self._telemetry.store_trouble(where="sweeping", error=str(error))
            with anyio.move_on_after(EVERY_S * (1 - JITTER + 2 * JITTER * self._dice())):
                await draining.wait()
        self._telemetry.loop_ended(name="reclaimer")

    async def _sweep(self, tasks: TaskGroup) -> None:
        places = {stream: consumer.free for stream, consumer in self._consumers.items()}
        sent_at = self._clock.now()
        swept = await self._streams.sweep(places)
        self._telemetry.entries_promoted(n=swept.promoted)
        self._telemetry.entries_trimmed(n=swept.trimmed)
        for delivery in swept.deliveries:
            self._telemetry.delivery_reclaimed(
                token=delivery.token, since_progress=delivery.since_progress
            )
            self._consumers[delivery.token.stream].accept((delivery,), sent_at, tasks)
