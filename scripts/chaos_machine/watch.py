"""Watches the run: Monarch's own log as it is written, and the deliveries that lost their worker."""

import time
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import anyio
from valkey.exceptions import ValkeyError

from scripts.chaos_machine.record import Event, Resume
from scripts.chaos_machine.workers import Worker
from scripts.chaos_machine.world import World

STREAM: Final = "{monarch}:migrations"
EVENTS: Final = "{monarch}:events"
PROBE: Final = "#!lua flags=allow-oom\nreturn redis.call('SET', KEYS[1], '1')"
LOOK_EVERY_S: Final = 0.25
SLOW_S: Final = 0.5
"""A Valkey that takes longer to answer was away meanwhile, in seconds: it was frozen, or another took over."""

GIVE_UP_S: Final = 120.0
PLACES: Final = 8
"""Deliveries that a worker works on at once: the default of MONARCH_CONCURRENCY."""

WARM_S: Final = 3.0
"""A process is taken for a worker so long after its start, in seconds."""


class Pending(NamedTuple):
    """An entry in somebody's hands, for the so manieth time."""

    entry: str
    consumer: str
    deliveries: int


@dataclass
class Loss:
    """A delivery that lost its worker at `at`, by the monotonic clock."""

    why: str
    held: "Pending"
    at: float
    excused_s: float = 0.0


@dataclass
class Watch:
    """Looks at Valkey, and changes nothing of Monarch's."""

    world: World
    losses: list[Loss] = field(default_factory=list)
    _looked_at: float = 0.0

    async def held_by(self, worker: Worker) -> list[Pending]:
        """What a worker holds now; nothing where Valkey does not say."""
        pid = [str(worker.pid)]
        return [one for one in await self._pending() or [] if one.consumer.split(".")[-2:-1] == pid]

    def lost(self, why: str, worker: Worker, held: list[Pending]) -> None:
        """From now on these deliveries want another worker."""
        del worker
        now = time.monotonic()
        self.losses += [Loss(why, one, now) for one in held]

    # --------------------------------------------------------------------------------- the losses

    async def follow_losses(self) -> None:
        """Look until cancelled when each lost delivery is in other hands."""
        self._looked_at = time.monotonic()
        while True:
            await anyio.sleep(LOOK_EVERY_S)
            if self.losses:
                await self._look()
            self._looked_at = time.monotonic()

    async def _look(self) -> None:
        asked = time.monotonic()
        takes_writes, pending = await self._takes_writes(), await self._pending()
        now = time.monotonic()
        is_well = takes_writes and pending is not None and now - asked < SLOW_S
        if not is_well or not self._has_free_place(pending or []):
            for loss in self.losses:
                loss.excused_s += now - max(loss.at, self._looked_at)
        if pending is not None:
            holders = {one.entry: one for one in pending}
            self.losses = [loss for loss in self.losses if not self._is_over(loss, holders, now)]

    def _is_over(self, loss: Loss, holders: dict[str, Pending], now: float) -> bool:
        """In other hands, or in the same ones anew: a thawed worker may take its own orphan, at another count."""
        waited_s = now - loss.at
        holder = holders.get(loss.held.entry)
        is_waiting = holder is not None and (
            holder.consumer == "released"
            or (holder.consumer == loss.held.consumer and holder.deliveries <= loss.held.deliveries)
        )
        if is_waiting and waited_s - loss.excused_s < GIVE_UP_S:
            return False
        if holder is None and waited_s < 2 * LOOK_EVERY_S:
            return True  # settled by its old worker in its last moment: nobody had to take it
        told = None if is_waiting else round(waited_s, 2)
        excused_s = round(loss.excused_s, 2)
        self.world.diary.resumes.append(Resume(loss.why, loss.held.entry, told, excused_s))
        return True

    def _has_free_place(self, pending: list[Pending]) -> bool:
        now = time.time()
        ready = [w for w in self.world.workers if w.state == "up" and now - w.since > WARM_S]
        busy = [one.consumer.split(".")[-2:-1] for one in pending]
        return any(busy.count([str(worker.pid)]) < PLACES for worker in ready)

    async def _takes_writes(self) -> bool:
        """Whether Valkey takes what Monarch's own scripts write; a primary without its replica does not."""
        try:
            return bool(await self.world.client.eval(PROBE, 1, "chaos:probe"))
        except (ValkeyError, OSError):
            return False

    async def _pending(self) -> list[Pending] | None:
        """Every pending entry; `None` where Valkey does not say."""
        try:
            found: list[dict[str, Any]] = await self.world.client.xpending_range(
                STREAM, "workers", "-", "+", 1000
            )
        except (ValkeyError, OSError):
            return None
        return [
            Pending(one["message_id"].decode(), one["consumer"].decode(), one["times_delivered"])
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
                self._write_down(last, _texts(fields))
            await anyio.sleep(LOOK_EVERY_S)

    def _write_down(self, entry: str, fields: dict[str, str]) -> None:
        at, name = int(entry.partition("-")[0]) / 1000, fields.pop("event", "")
        self.world.diary.events.append(Event(at, name, fields))


def _texts(fields: dict[bytes, bytes]) -> dict[str, str]:
    return {k.decode("utf-8", "replace"): v.decode("utf-8", "replace") for k, v in fields.items()}
