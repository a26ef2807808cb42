"""The workers, the subscribers, and what is parked until when."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from monarch.core.delivery import Stream
from monarch.core.span import span
from monarch.ports.hearing import Gap
from monarch.ports.readings import Parked, WorkerLine
from monarch.telemetry import Snapshot
from monarch.web.views.formats import counted

SILENT_S: Final = 10.0
"""A worker that was silent for longer, in seconds, may be stuck, or dead: it asks for work every 3 s at least."""


@dataclass(frozen=True, slots=True)
class WorkerRow:
    """A worker. `seen_ms` is its last sign of life if it is silent, `None` if it is well.

    `since_ms` is when it began, `None` where that is not known. `heard_ms` and `gap` as in `WorkerLine`; `gap_s` says how
    long the gap was.
    """

    name: str
    host: str
    pid: str
    seen_ms: int | None
    held: tuple[str, ...]
    targets: tuple[str, ...]
    version: str
    since_ms: int | None
    heard_ms: int | None
    gap: Gap | None
    gap_s: str


@dataclass(frozen=True, slots=True)
class WorkersPage:
    """`listening` is `None` where Valkey does not say who is subscribed; `waits` names each stream and what waits in it.

    `heard_ms` is when one of the workers last heard a message, `None`: none has, as far as is known.
    """

    workers: tuple[WorkerRow, ...]
    listening: int | None
    more_listen: bool
    fewer_listen: bool
    heard_ms: int | None
    parked: tuple[Parked, ...]
    parked_count: int
    waits: tuple[tuple[str, int, int], ...]
    epoch: str


def workers_page(
    snapshot: Snapshot, workers: Sequence[WorkerLine], parked: Sequence[Parked]
) -> WorkersPage:
    """Make the page of workers."""
    return WorkersPage(
        tuple(_worker(one, snapshot.at_ms) for one in workers),
        snapshot.replicas,
        (snapshot.replicas or 0) > snapshot.workers,
        snapshot.replicas is not None and snapshot.replicas < snapshot.workers,
        max((one.heard_ms for one in workers if one.heard_ms), default=None),
        tuple(parked),
        snapshot.parked,
        tuple(
            (one.stream.value, one.undelivered + one.released, one.pending - one.released)
            for one in snapshot.streams
        ),
        snapshot.epoch or "",
    )


def _worker(one: WorkerLine, now_ms: int) -> WorkerRow:
    # Rounded to the second, so that an unchanged page stays the same.
    seen_ms = round((now_ms - one.silent_s * 1000) / 1000) * 1000
    held = ((stream.value, one.held.get(stream, 0)) for stream in Stream)
    return WorkerRow(
        one.name,
        one.host,
        one.pid,
        seen_ms if one.silent_s > SILENT_S else None,
        tuple(counted(n, name.removesuffix("s")) for name, n in held if n),
        one.targets,
        one.version,
        one.since_ms,
        one.heard_ms,
        one.gap,
        span((one.gap.until_ms - one.gap.since_ms) / 1000) if one.gap else "",
    )
