"""What Valkey keeps for the sweep for missed repositories."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Protocol

from monarch.core.ids import RequestId, TargetId
from monarch.core.missed.judging import AskedFor, Missed
from monarch.core.missed.sighting import Memory, Sighting


class Missing(Protocol):
    """What was asked for, what was seen, and what was found. Every method may be repeated."""

    async def turn(self, every_ms: int, *, heard_nothing: bool) -> bool:
        """Take the fleet's turn at sweeping: one worker has it, once in `every_ms`.

        `heard_nothing`: no worker heard the channel until now; then a turn is due 15 s after the last one.
        """

    async def has_one_subscriber(self) -> bool:
        """Whether at most one worker hears the channel now: before it began, no worker did."""

    async def now_ms(self) -> int:
        """The server's clock, in milliseconds since 1970."""

    async def memory(self, owner: str) -> Memory:
        """What is remembered about an owner; nothing at first, and if it cannot be read."""

    async def remember(self, owner: str, memory: Memory) -> None:
        """Replace what was remembered about an owner."""

    async def asked(self, sightings: Iterable[Sighting]) -> AskedFor:
        """Every source that was asked for, and which of these repositories were."""

    async def unplanned(self) -> Sequence[tuple[int, bytes]] | None:
        """The messages that no planner has read yet, with their times in milliseconds; `None`: too many to read."""

    async def found(self, owner: str, missed: Sequence[Missed]) -> frozenset[TargetId]:
        """Put on record which repositories of `owner` are missed now; return those that were not on record before.

        Their event is written in the same step.
        """

    async def take_report(self, repositories: Collection[TargetId]) -> Mapping[TargetId, bool]:
        """Take on reporting these to their channel; return those that this worker has to report.

        True: a worker took that on before and has died since; the channel may have the message.
        """

    async def was_reported(self, repositories: Collection[TargetId]) -> None:
        """Their channel got the message, or never will, or may have: no worker posts it again."""

    async def return_report(self, repositories: Collection[TargetId]) -> None:
        """Their channel certainly did not get the message: the next sweep posts it."""

    async def submit(self, missed: Missed, by: str) -> RequestId:
        """Ask for its tickets, durably; once a day for each repository, no matter who asks."""
