"""What a stage receives: one entry, handed out once, under a fencing token."""

from dataclasses import dataclass
from enum import StrEnum

from monarch.core.after.acts import Act
from monarch.core.ids import CohortId, MigrationId, RequestId, TargetId, TicketId, migration_id


class Stream(StrEnum):
    """The three streams of work, in the order in which the data passes them."""

    REQUESTS = "requests"
    MIGRATIONS = "migrations"
    NOTICES = "notices"


@dataclass(frozen=True, slots=True)
class Token:
    """The fencing token: who holds which entry, at which delivery count.

    Valkey raises the count whenever it hands the entry to any consumer, so comparing is enough to tell an
    outdated token from the valid one, and no clock takes part.
    """

    stream: Stream
    consumer: str
    entry: str
    count: int


@dataclass(frozen=True, slots=True)
class RequestEntry:
    """A request as it was appended: not parsed, so that nothing can be lost before the planner.

    `source_id` is the repository that an update is about, whatever it is called now; `None`: the one with the name.
    """

    request: RequestId
    payload: bytes
    act: Act = Act.COPY
    source_id: TargetId | None = None


@dataclass(frozen=True, slots=True)
class MigrationEntry:
    """One target's share of a request.

    `order` is the target's place in the request, from 0; `run` counts replays, from 1. With `heal` it makes the deleted
    copies of these tickets again and touches nothing else; empty for an ordinary run. `act` is what it does in its
    target; for an update `bases` are earlier requests, whose plans say what Monarch wrote before.
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
    """Show the channel how this cohort stands. It carries no text: that is rendered when it is sent."""

    cohort: CohortId


@dataclass(frozen=True, slots=True)
class FormerNoticeEntry:
    """A notice of an older version, which reported each request by itself; its request now goes on a card."""

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
        attempts: failures counted so far; a snooze, a redelivery and a replay add none.
        since_progress: deliveries of this entry since its last recorded step, this one included; without those whose
            worker lost the lease and lived on.
        content: a digest of what makes the entry this one and no other; `""`: not known. A token names an entry by its
            id, and a Valkey whose memory goes back may give that again.
    """

    token: Token
    entry: Entry
    attempts: int = 0
    since_progress: int = 1
    content: str = ""
