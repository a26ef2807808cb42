"""What the stages need, as Protocols; each method's promise stands in its docstring. People are in `hands`, GitHub and Slack in `outside`.

Nothing here says how: adapters do it with Valkey, httpx and the system's clock, tests with doubles of what lies
outside that pass the same contract suites.

Errors form one small tree; everything else that an outside call can do is an Outcome, never an exception:

```
StoreError             Valkey did not do it, or nobody knows whether it did: heal, back off, repeat.
│                      (Every script may be repeated: a repetition changes nothing or answers *lost*.)
└── StoreRefused       What stands in Valkey makes this call impossible (a key of another type, a value that
                       is none): repeating it alone will not help, so it counts as a failure.
```
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from monarch.core.budget.forecast import Forecast
from monarch.core.delivery import Delivery, Stream, Token
from monarch.core.ids import RequestId, TargetId, TicketId
from monarch.core.plan import Plan
from monarch.core.target.permission import (
    Credential,
    Fact,
    GateClosed,
    Permission,
    Recorded,
    Taking,
    Wish,
)
from monarch.core.verdict import Verdict
from monarch.ports.cards import Cards
from monarch.ports.hands import Begun, Cancelling, Hands, Healing, NotCancelled, Paused, Replayed
from monarch.ports.logins import Logins
from monarch.ports.outside import GitHub, Gone, Posted, Refusals, Signing, Slack, Unanswered

__all__ = [
    "Audited",
    "Begun",
    "Budget",
    "Cancelling",
    "Cards",
    "Clock",
    "Ear",
    "GitHub",
    "Gone",
    "Hands",
    "Healing",
    "Hearing",
    "Held",
    "Inbox",
    "Ledger",
    "Logins",
    "Meter",
    "NotCancelled",
    "Paused",
    "Plans",
    "Posted",
    "Refusals",
    "Replayed",
    "Signing",
    "Slack",
    "StoreError",
    "StoreRefused",
    "Streams",
    "Swept",
    "Unanswered",
]


class StoreError(Exception):
    """Valkey could not be asked, or gave no answer that can be used; the message says what happened.

    `is_untouched`: it certainly changed nothing there. Otherwise nobody knows.
    """

    def __init__(self, message: str = "", *, is_untouched: bool = False) -> None:
        super().__init__(message)
        self.is_untouched = is_untouched


class StoreRefused(StoreError):  # noqa: N818 - a word of the contract, like StoreError
    """Valkey is there and cannot do it, because of what stands in its keys; the message says which."""


# ---------------------------------------------------------------------------------------------- time


class Clock(Protocol):
    """This worker's clocks. Nothing is decided by the wall clock: ages and patience are counted by `Ledger.now_ms`."""

    def now(self) -> float:
        """Seconds since some fixed point; only goes forward, and runs on while the machine sleeps."""

    def wall_ms(self) -> int:
        """Milliseconds since 1970, as this machine has it, right or wrong: for what is corrected by an answer."""


# ------------------------------------------------------------------------------------ streams of work


@dataclass(frozen=True, slots=True)
class Held:
    """What a worker renews: its delivery, and the target whose lock goes with it (`None`: none yet)."""

    token: Token
    target: TargetId | None


@dataclass(frozen=True, slots=True)
class Swept:
    """What one sweep of the reclaimer found.

    Attributes:
        deliveries: taken over; they go into the same loop as any other.
        promoted: parked entries that were due and are in their streams again.
        trimmed: entries that somebody else removed while they were pending; what they carried was put back
            where it is known, and dead-lettered where it is not.
        paused_by: who has paused the fleet, `""` where it runs. Then nothing but notices is taken over.
        left: the streams in which more could be taken over than there were places for.
    """

    deliveries: tuple[Delivery, ...]
    promoted: int
    trimmed: int
    paused_by: str = ""
    left: frozenset[Stream] = frozenset()


@dataclass(frozen=True, slots=True)
class Audited:
    """What one audit found: how much was put back, given up with a reason, and how many consumers removed."""

    restored: int = 0
    given_up: int = 0
    consumers: int = 0


class Streams(Protocol):
    """The streams of work, seen by one consumer."""

    async def receive(self, stream: Stream, places: int) -> tuple[Delivery, ...]:
        """Wait up to 2 s for up to `places` new entries of `stream`; empty where none came.

        Heals a missing stream or group by making it again from the beginning.

        Raises:
            StoreError: Valkey cannot be read; back off and call again.
        """

    async def renew(self, held: Sequence[Held]) -> frozenset[Token]:
        """Start the leases of all of `held` anew, and say which of them are lost.

        Renewing checks and extends in one step: a lost delivery is never taken back.
        """

    async def settle(self, delivery: Delivery, verdict: Verdict) -> bool:
        """Carry the verdict out, whole and once; `False` where the delivery was lost (nothing changed).

        Also releases the target's lock and wakes one delivery that waits for it.
        """

    async def sweep(self, places: Mapping[Stream, int]) -> Swept:
        """Take over what is idle for longer than the lease, and promote what is due.

        Reclaims at most `places` deliveries of each stream, and names the streams with more.
        """

    async def audit(self) -> Audited:
        """Look for work that somebody removed from where it stood, and for consumers that are no more.

        One worker of the fleet does so every few seconds; for the others it is nothing.
        """

    async def retire(self) -> None:
        """The last that it does: hand back all that it still holds, heard of or not, and remove this consumer."""


# --------------------------------------------------------------------------------- ledger and budget


class Ledger(Protocol):
    """Per target: its lock, and what was intended, created or refused for each ticket."""

    async def take(self, delivery: Delivery, target: TargetId, credential: Credential) -> Taking:
        """Take the target's lock for this delivery and read its ledger, at once.

        The lock ends with the lease unless it is renewed with it. A newer delivery of the same
        migration takes it over from an older one.
        """

    async def target_of(self, delivery: Delivery) -> TargetId | None:
        """The repository that this migration took last; `None`: it has not taken any.

        That is the one that was asked for, whatever bears its name by now.
        """

    async def permit(
        self, delivery: Delivery, target: TargetId, credential: Credential, wish: Wish
    ) -> Permission:
        """Ask to write once; a `Granted` has already recorded the intent and taken the budget."""

    async def record(
        self,
        delivery: Delivery,
        target: TargetId,
        ticket: TicketId | None,
        credential: Credential,
        fact: Fact,
    ) -> Recorded:
        """Write a fact down, whoever holds the lease by now: facts are not fenced.

        `ticket` is `None` where the fact is about none: a write of another kind, or a note.
        """

    async def now_ms(self) -> int:
        """The server's clock, in milliseconds since 1970: the one that requests are numbered by."""


class Budget(Protocol):
    """The gate of each credential, shared by the fleet."""

    async def gate(self, credential: Credential) -> GateClosed | None:
        """Whether the gate is closed; `None` where calls may be made."""

    async def close(
        self, credential: Credential, wait_s: float | None, cause: str, refused: str | None = None
    ) -> GateClosed:
        """Close the account's gate for `wait_s` seconds; `None`: 60 s, doubling while it goes on.

        Args:
            refused: nonce of the write that a limit has refused, `None` where it was a read. From a write the fleet
                learns how much fits, and the gate stays closed for longer where it is refused again and again. To be
                called before the write's slot is given back, so that nobody runs into the same.
        """

    async def close_token(self, credential: Credential, wait_s: float, cause: str) -> GateClosed:
        """Close the gate of this one token for `wait_s` seconds: it was refused."""


class Meter(Protocol):
    """What reading costs an account, shared by the fleet: points a minute, and the primary limit.

    Reading must go on without it: neither method ever raises, and where Valkey cannot be asked a read passes. GitHub
    then says itself when it is too much.
    """

    async def admit(self, account: str) -> None:
        """Wait until one more read fits, and count it."""

    async def standing(self, account: str, remaining: int, reset_in_s: float) -> None:
        """Tell what the newest answer said of the primary limit: calls left, and seconds until it begins anew.

        May be called for every answer; only what changes something is sent on.
        """


class Plans(Protocol):
    """The frozen tickets."""

    async def read(self, request: RequestId) -> Plan | None:
        """The plan of a request; `None` where there is none (any more)."""


# ------------------------------------------------------------------------------------------- requests


class Outlook(Protocol):
    """What lies ahead."""

    async def forecast(self, request: RequestId) -> Forecast | None:
        """When a request will be done, as things are now.

        `None` where nobody can tell: it is not planned yet, it has ended or was called off, the fleet is paused, or
        Valkey cannot be asked. People are told without it, so it never raises.
        """


# --------------------------------------------------------------------------------------------- intake


@dataclass(frozen=True, slots=True)
class Hearing:
    """A message as one replica heard it. `id` is unique to this hearing, whoever repeats its append."""

    id: str
    payload: bytes


class Ear(Protocol):
    """The subscription to the channel."""

    def listen(self) -> AbstractAsyncContextManager[AsyncIterator[Hearing | None]]:
        """Subscribe, and hear until the subscription breaks or goes quiet (then `StoreError`).

        `None` comes at least once a second while there is nothing to hear: the ear is alive.
        """

    async def unsubscribe(self) -> None:
        """Hear no more: what was published until now is still heard, and then the hearing ends.

        For good: whoever listens later hears out what comes with the subscribing, and no more.
        """


class Inbox(Protocol):
    """Where N replicas that hear one message append it once."""

    async def mirror(self, hearings: Sequence[Hearing]) -> tuple[RequestId | None, ...]:
        """Append each message as a request, in order; `None` where another replica has done so (an echo).

        When in doubt it appends. Calling it again with the same hearings appends nothing twice.

        Raises:
            StoreError: some of them are not appended, or nobody knows whether they are. Call again with all of them.
        """
