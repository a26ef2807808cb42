"""How the whole fleet stands at one moment, as Valkey shows it."""

from dataclasses import dataclass
from typing import Final

from monarch.core.budget.ceilings import Ceilings
from monarch.core.delivery import Stream

LOST_MEMORY: Final = "send again what was under way then; nothing is copied twice"
"""What to do about a Valkey that has lost its memory."""


@dataclass(frozen=True, slots=True)
class StreamSnapshot:
    """One stream of work.

    Attributes:
        length: entries that are not settled, parked ones not included.
        pending: entries handed out.
        undelivered: entries not handed out yet (the lag).
        oldest_pending_s: how long ago the oldest pending entry was appended, in seconds; 0 without one.
        oldest_undelivered_s: the same for entries not handed out.
        consumers: names that the group knows, living or not.
        released: how many of those handed out were handed back: no worker has them in hand.
    """

    stream: Stream
    length: int = 0
    pending: int = 0
    undelivered: int = 0
    oldest_pending_s: float = 0.0
    oldest_undelivered_s: float = 0.0
    consumers: int = 0
    released: int = 0


@dataclass(frozen=True, slots=True)
class AccountSnapshot:
    """What one account may still write, and whether its gate is closed.

    `minute_left` and `hour_left` are `None` if there is no ceiling; `gate_closed_s` is how long the gate stays closed
    from now, in seconds, 0 if it is open. `minute_learned` and `hour_learned` are what is believed about GitHub's hidden
    limits, 0 if nothing was learned. `gate_since_ms` is since when the gate is closed, in milliseconds since 1970;
    closings without a successful call between them count as one; `None` if it is open, or that is not known.
    `calls_left` is how many calls of any kind GitHub allows until its count begins anew, `None` if that is not known.
    `login` is its name at GitHub, `""` if that is not known.
    """

    account: str
    written_minute: int
    written_hour: int
    minute_left: int | None
    hour_left: int | None
    slots: int
    gate_closed_s: float
    gate_cause: str
    minute_learned: int = 0
    hour_learned: int = 0
    calls_left: int | None = None
    gate_since_ms: int | None = None
    login: str = ""


@dataclass(frozen=True, slots=True)
class RefusalSnapshot:
    """GitHub refuses the credential, for the repositories of `owner` (`*`: for all), since `since_ms`; `reason`: why."""

    owner: str
    since_ms: int
    reason: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The fleet.

    Attributes:
        at_ms: when, by the server's clock, in milliseconds since 1970.
        streams: the streams of work, in the order of the data.
        parked: entries that wait until they are due.
        parked_notices: how many of the 200 that are due first are for Slack.
        next_due_s: seconds until the first of them is due, `None` without one; negative: overdue.
        dead: dead letters.
        missed: repositories that no request named, as the last sweep for them found.
        accounts: those whose writes are counted or whose gate was used.
        workers: consumers that have read within the last minute.
        hides_workers: whether the user that this was read with may not see them: `workers` is 0 then, and it is not known.
        roles: what these do together; where one of them does not say (it is of an older version, or Valkey was emptied), by
            what is read; `None` if that is not known either.
        ceilings: the strictest of those that the living workers go by; `None` if none of them says.
        replicas: subscribers of the channel: `None` if Valkey does not say.
        epoch: names Valkey's present memory, `None` before the first worker.
        lost_ms: when Valkey lost its memory beside workers that are still there, within the last day, in milliseconds since
            1970; `None`: that is not known to have happened.
        paused: whether a person has paused the fleet.
        paused_by: who it was, `""` if it is not paused.
        requests: how many requests are known.
        paused_ms: since when it is paused, in milliseconds since 1970; `None` if it is not, or that is not known.
        refused: the owners for whose repositories GitHub refuses the credential.
        refuses_writes: why Valkey takes nothing new, `""` if it does, or does not say.
        lacks_rights: the rights that the user of Valkey lacks that this was read with, such as `INFO`; `""`: none, or
            Valkey does not say. Other processes may have another user.
        newer: entries that a newer version has written and that no worker here can read.
        oldest_open_s: how long ago the oldest request that has not ended was appended, in seconds; 0 without one.
        open_requests: how many requests have not ended, or have ended and Slack does not show it yet.
        hidden: the names of keys that the user of Valkey may not count in.
        broken_keys: keys that hold something else than Monarch's records, in the order in which they were met.
        oldest_parked_s: how long ago the oldest request with parked work was appended, in seconds, among the 200 entries
            that are due first; 0 without one.
    """

    at_ms: int
    streams: tuple[StreamSnapshot, ...]
    parked: int = 0
    parked_notices: int = 0
    next_due_s: float | None = None
    dead: int = 0
    missed: int = 0
    accounts: tuple[AccountSnapshot, ...] = ()
    workers: int = 0
    roles: frozenset[str] | None = None
    ceilings: Ceilings | None = None
    replicas: int | None = None
    epoch: str | None = None
    paused: bool = False
    paused_by: str = ""
    requests: int = 0
    paused_ms: int | None = None
    refused: tuple[RefusalSnapshot, ...] = ()
    refuses_writes: str = ""
    newer: int = 0
    oldest_open_s: float = 0.0
    open_requests: int = 0
    oldest_parked_s: float = 0.0
    broken_keys: tuple[str, ...] = ()
    hidden: frozenset[str] = frozenset()

    def is_unread(self, name: str) -> bool:
        """Whether what is counted in the key of this name, without the prefix, is not known.

        It holds something else, or the user of Valkey may not read it.
        """
        return name in self.hidden or any(
            key.partition("}:")[2] == name for key in self.broken_keys
        )

    lacks_rights: str = ""
    hides_workers: bool = False
    lost_ms: int | None = None

    @property
    def work(self) -> tuple[int, int]:
        """How many requests and migrations are in a worker's hands, and how many wait, parked ones included."""
        streams = [one for one in self.streams if one.stream is not Stream.NOTICES]
        in_hand = sum(one.pending - one.released for one in streams)
        parked = self.parked - self.parked_notices
        return in_hand, sum(one.length for one in streams) - in_hand + parked

    @property
    def writes_fail(self) -> bool:
        """Whether what is written with the user that this was read with is refused."""
        return bool(self.refuses_writes or self.lacks_rights)
