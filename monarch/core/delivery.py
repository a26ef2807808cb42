"""What a stage receives: one entry, handed out once, under a fencing token."""

from dataclasses import dataclass
from enum import StrEnum

from monarch.core.after.acts import Act
from monarch.core.ids import CohortId, MigrationId, RequestId, TicketId, migration_id


class Stream(StrEnum):
    """The three streams of work, in the order in which the data passes them."""

    REQUESTS = "requests"
    MIGRATIONS = "migrations"
    NOTICES = "notices"


@dataclass(frozen=True, slots=True)
class Token:
    """The fencing token: who holds which entry, at which delivery count.

    Valkey counts a delivery up whenever it hands the entry to anybody, so a token that is out of date
    can be told from the valid one by comparing, and no clock takes part.
    """

    stream: Stream
    consumer: str
    entry: str
    count: int


@dataclass(frozen=True, slots=True)
class RequestEntry:
    """A request as it was appended: not parsed, so that nothing can be lost before the planner."""

    request: RequestId
    payload: bytes
    act: Act = Act.COPY


@dataclass(frozen=True, slots=True)
class MigrationEntry:
    """One target's share of a request.

    `order` is the target's place in the request, from 0; `run` counts replays, from 1. With `heal` it makes the copies
    of these tickets again, which somebody has deleted, and touches nothing else; empty for an ordinary run. `act` is what
    it does in its target; for an update `bases` are earlier requests, whose plans say what Monarch wrote before.
    """

    request: RequestId
    target: str
    order: int
    run: int
    heal: frozenset[TicketId] = frozenset()
    act: Act = Act.COPY
    bases: tuple[RequestId, ...] = ()

    @property
    def migration(self) -> MigrationId:
        """The id of the migration, the same for every run of it."""
        return migration_id(self.request, self.target)


@dataclass(frozen=True, slots=True)
class NoticeEntry:
    """Tell the channel how this cohort stands. It carries no text: that is rendered when said."""

    cohort: CohortId


@dataclass(frozen=True, slots=True)
class FormerNoticeEntry:
    """A notice of an older version, which told of each request by itself: this one is to be on a card."""

    request: RequestId


@dataclass(frozen=True, slots=True)
class NewerEntry:
    """An entry of a version that this code does not know: a rolling upgrade is under way."""

    version: int


@dataclass(frozen=True, slots=True)
class UnreadableEntry:
    """An entry that cannot be read at all, with what was expected and what came."""

    problem: str


Entry = (
    RequestEntry | MigrationEntry | NoticeEntry | FormerNoticeEntry | NewerEntry | UnreadableEntry
)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One handing-out of an entry.

    Attributes:
        token: the right to settle it.
        entry: what it asks for.
        attempts: failures that were counted so far; a snooze, a redelivery and a replay count none.
        since_progress: deliveries of this entry since its last recorded step, this one included; without those whose
            worker lost the lease and lived on.
    """

    token: Token
    entry: Entry
    attempts: int = 0
    since_progress: int = 1
