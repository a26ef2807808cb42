"""Watches the run: Monarch's own log as it is written, and the deliveries that lost their worker."""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import anyio
from valkey.exceptions import ValkeyError

from monarch.sandbox.fleet import GROUP, pid_of, texts
from scripts.chaos_machine.judge.losses import Look, Loss, Losses, Pending
from scripts.chaos_machine.record import Event
from scripts.chaos_machine.workers import Worker
from scripts.chaos_machine.world import World

STREAM: Final = "{monarch}:migrations"
EVENTS: Final = "{monarch}:events"
PAUSED: Final = "{monarch}:paused"
PROBE: Final = """#!lua flags=allow-oom
redis.call('SET', KEYS[1], '1')
return redis.call('EXISTS', KEYS[2])"""
"""Writes as Monarch's own scripts do; a primary without its replica does not take that. Gives whether people paused."""

LOOK_EVERY_S: Final = 0.25
SLOW_S: Final = 0.5
"""A Valkey that takes longer to answer was away meanwhile, in seconds: it was frozen, or another took over."""

PLACES: Final = 8
"""Deliveries that a worker works on at once: the default of MONARCH_CONCURRENCY."""


@dataclass
class Watch:
    """Looks at Valkey, and changes nothing of Monarch's."""

    world: World
    losses: Losses = field(default_factory=Losses)
    _looked_at: float = 0.0

    async def held_by(self, worker: Worker) -> list[Pending]:
        """What a worker holds now; nothing where Valkey does not say."""
        found = await self._pending() or []
        return [one for one in found if pid_of(one.consumer) == worker.pid]

    def lost(self, why: str, held: list[Pending]) -> Sequence[Loss]:
        """From now on these deliveries want another worker."""
        return self.losses.lost(why, held, time.monotonic())

    def thawed(self, losses: Sequence[Loss]) -> None:
        """The frozen worker that had these moves again."""
        self.losses.thawed(losses, time.monotonic())

    @asynccontextmanager
    async def handing_back(self, held: list[Pending]) -> AsyncIterator[None]:
        """The worker that holds these is asked to stop within, and has ended at the end."""
        losses = self.losses.stopping(held)
        yield
        self.losses.ended(losses, time.monotonic())

    # --------------------------------------------------------------------------------- the losses

    async def follow_losses(self) -> None:
        """Look until cancelled when each lost delivery is in other hands."""
        self._looked_at = time.monotonic()
        while True:
            await anyio.sleep(LOOK_EVERY_S)
            if self.losses.waiting:
                self.world.diary.resumes += self.losses.seen(await self._look())
            self._looked_at = time.monotonic()

    async def _look(self) -> Look:
        asked = time.monotonic()
        paused, pending = await self._is_paused(), await self._pending()
        now = time.monotonic()
        is_well = paused is not None and pending is not None and now - asked < SLOW_S
        has_place = not paused and self._has_free_place(pending or [])
        by_entry = None if pending is None else {one.entry: one for one in pending}
        return Look(now, self._looked_at, by_entry, is_well, has_place)

    def _has_free_place(self, pending: list[Pending]) -> bool:
        busy = [pid_of(one.consumer) for one in pending]
        working = [worker for worker in self.world.workers if worker.works]
        return any(busy.count(worker.pid) < PLACES for worker in working)

    async def _is_paused(self) -> bool | None:
        """Whether people have paused the fleet; `None` where Valkey takes no writes."""
        try:
            return bool(await self.world.client.eval(PROBE, 2, "chaos:probe", PAUSED))
        except (ValkeyError, OSError):
            return None

    async def _pending(self) -> list[Pending] | None:
        """Every pending entry; `None` where Valkey does not say."""
        try:
            found: list[dict[str, Any]] = await self.world.client.xpending_range(
                STREAM, GROUP, "-", "+", 1000
            )
        except (ValkeyError, OSError):
            return None
        return [
            Pending(
                one["message_id"].decode(),
                one["consumer"].decode(),
                one["times_delivered"],
                one["time_since_delivered"] / 1000,
            )
            for one in found
        ]

    # --------------------------------------------------------------------------------- the events

    async def follow_events(self) -> None:
        """Write down Monarch's log as it grows, until cancelled: Valkey itself keeps only the newest."""
        last = "0"
        while True:
            try:
                found = await self.world.client.xread({EVENTS: last}, count=500)
            except (ValkeyError, OSError):
                found = []
            for entry, fields in found[0][1] if found else []:
                last = entry.decode()
                self._write_down(last, texts(fields))
            await anyio.sleep(LOOK_EVERY_S)

    def _write_down(self, entry: str, fields: dict[str, str]) -> None:
        at, name = int(entry.partition("-")[0]) / 1000, fields.pop("event", "")
        self.world.diary.events.append(Event(at, name, fields))
