"""What Valkey keeps for the sweep for missed repositories."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Protocol

from monarch.core.ids import RequestId, TargetId
from monarch.core.missed.judging import Asked, Missed
from monarch.core.missed.sighting import Memory, Sighting


class Missing(Protocol):
    """What was asked for, what was seen, and what was found. Every method may be repeated."""

    async def turn(self, every_ms: int, *, heard_nothing: bool) -> bool:
        """Take the fleet's turn at sweeping: one worker has it, once in `every_ms`.

        `heard_nothing`: the channel was not heard until now, by any worker; then it is a turn if the last one is 15 s ago.
        """

    async def is_heard_by_one(self) -> bool:
        """Whether one worker at most hears the channel now: before it began to, nobody did."""

    async def now_ms(self) -> int:
        """The server's clock, in milliseconds since 1970."""

    async def memory(self, owner: str) -> Memory:
        """What is remembered of an owner; nothing at first, and where it cannot be read."""

    async def remember(self, owner: str, memory: Memory) -> None:
        """Put it in the place of what was remembered."""

    async def asked(self, sightings: Iterable[Sighting]) -> Asked:
        """Every source that was asked for, and which of these repositories were."""

    async def unplanned(self) -> Sequence[tuple[int, bytes]] | None:
        """The messages that no planner has read yet, with their times in milliseconds; `None`: more than are looked at."""

    async def found(self, owner: str, missed: Sequence[Missed]) -> frozenset[TargetId]:
        """Put on record which repositories of `owner` are missed now; those that were not on record before are returned.

        Their event is written in the same step.
        """

    async def take_telling(self, repositories: Collection[TargetId]) -> Mapping[TargetId, bool]:
        """Take it upon this worker to tell a channel of these; those are returned of which it is to be told.

        True: a worker took that before, and has died since; its channel may know.
        """

    async def was_told(self, repositories: Collection[TargetId]) -> None:
        """Their channel was told, or will not hear it, or nobody knows: none tells it again."""

    async def give_telling_back(self, repositories: Collection[TargetId]) -> None:
        """Their channel certainly was not told: the next sweep tells it."""

    async def submit(self, missed: Missed, by: str) -> RequestId:
        """Ask for its tickets, durably; once for each repository in a day, whoever asks."""
