"""The watch for missed repositories: it sweeps, reports what it found, and asks for it where that is switched on.

One worker of the fleet sweeps, every ten minutes, and soon after a time in which no worker heard the channel. Two that
sweep at once do no harm: each repository is reported once and asked for once, whichever worker finds it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import anyio

from monarch.core.missed.judging import Missed, SweepWindow
from monarch.ports import StoreError
from monarch.ports.missed import Missing
from monarch.stages.missed.sweeper import Options, Sweep, SweepTools, sweep
from monarch.stages.missed.tell import Teller
from monarch.telemetry import Telemetry

EVERY_MS: Final = 600_000
LOOKS_EVERY_S: Final = 5.0
"""How often a worker checks whether it is its turn, in seconds."""

AGAIN_MS: Final = 30_000
"""Delay after a sweep that did not finish, in milliseconds; it doubles each time, up to `EVERY_MS`."""

YOUNG_MS: Final = 60_000
"""A message comes seconds after its repository; one for a repository younger than this may still come, in milliseconds."""

ASKED_MOST: Final = 100
"""How many to ask for after one sweep; the next sweep goes on."""

BY: Final = "Monarch"


@dataclass(frozen=True, slots=True)
class Duty:
    """What to watch.

    Attributes:
        window_ms: how old a repository may be, in milliseconds.
        submits: also ask for what was missed, besides reporting it.
    """

    owners: Sequence[str]
    window_ms: int
    submits: bool = False


class MissedWatch:
    """Watches for one worker.

    Args:
        gaps: how often this worker did not hear the channel, so far.
    """

    def __init__(
        self,
        reading: SweepTools,
        options: Options,
        duty: Duty,
        telemetry: Telemetry,
        teller: Teller,
        gaps: Callable[[], int],
    ) -> None:
        self._reading = reading
        self._missing: Missing = reading.missing
        self._options = options
        self._duty = duty
        self._telemetry = telemetry
        self._teller = teller
        self._gaps = gaps
        self._gaps_swept = 0
        self._is_first = True
        self._failures = 0
        self._again_ms: int | None = None

    async def run(self, draining: anyio.Event) -> None:
        """Sweep whenever it is this worker's turn, until it stops; a sweep that is under way is abandoned."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._watch_on)
            await draining.wait()
            tasks.cancel_scope.cancel()

    async def _watch_on(self) -> None:
        while True:
            try:
                await self.look()
            except StoreError as error:
                where = "sweeping for missed repositories"
                self._telemetry.store_trouble(where=where, error=error)
            await anyio.sleep(LOOKS_EVERY_S)

    async def look(self) -> bool:
        """Sweep if it is due; whether it was.

        Raises:
            StoreError: Valkey cannot be asked. This worker goes on soon, or the next one whose turn it is.
        """
        is_due = await self._is_due()
        if is_due:
            now_ms = await self._missing.now_ms()
            # If this sweep ends on its way, this remains set.
            self._again_ms = now_ms + self._pause_ms()
            self._failures += 1
            self._again_ms = await self._sweep_all(now_ms)
        return is_due

    def _pause_ms(self) -> int:
        """The delay after a failed sweep, by how many have failed in a row before it."""
        return min(EVERY_MS, AGAIN_MS << min(self._failures, 10))

    async def _is_due(self) -> bool:
        """Whether it is this worker's turn, or time to look again at what was too young or not read to the end."""
        gaps = self._gaps()
        heard_nothing = gaps != self._gaps_swept or (
            self._is_first and await self._missing.has_one_subscriber()
        )
        if await self._missing.turn(EVERY_MS, heard_nothing=heard_nothing):
            self._gaps_swept, self._is_first = gaps, False
            return True
        self._is_first = self._is_first and heard_nothing
        return self._again_ms is not None and await self._missing.now_ms() >= self._again_ms

    async def _sweep_all(self, now_ms: int) -> int | None:
        """Sweep each owner once; returns when to look again before another turn, in ms since 1970.

        That is when the first of the young is old enough, or some time after a sweep that came to no end.
        """
        again = []
        pause_ms = self._again_ms
        is_whole = True
        for owner in self._duty.owners:
            window = SweepWindow(now_ms - self._duty.window_ms, now_ms, YOUNG_MS)
            found = await sweep(self._reading, owner, window, self._options)
            await self._report(found)
            is_whole = is_whole and not found.problem
            again += [pause_ms] if found.problem else [found.ripe_ms]
        if is_whole:
            self._failures = 0
        return min((ms for ms in again if ms is not None), default=None)

    async def _report(self, found: Sweep) -> None:
        self._telemetry.sweeps.swept(
            owner=found.owner,
            repositories=found.repositories,
            missed=len(found.missed),
            unread=found.unread,
            reads=found.reads,
            problem=found.problem,
        )
        if found.problem:
            # What was missed before counts as still missed.
            return
        fresh = await self._missing.found(found.owner, found.missed)
        for one in found.missed:
            if one.repository.id in fresh:
                self._telemetry.sweeps.missed(
                    repository=one.repository.full_name, source=one.origin.full_name
                )
        await self._teller.tell(found.missed)
        if self._duty.submits:
            await self._submit(found.missed[:ASKED_MOST])

    async def _submit(self, missed: Sequence[Missed]) -> None:
        for one in missed:
            request = await self._missing.submit(one, BY)
            self._telemetry.sweeps.submitted(
                request=request, repository=one.repository.full_name, by=BY
            )
