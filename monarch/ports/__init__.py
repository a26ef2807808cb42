"""What the stages need, as Protocols; each method's docstring is its promise.

`streams`: the work, `hands`: people, `outside`: GitHub and Slack.
Nothing here says how: adapters do it with Valkey, httpx and the system's clock, tests with doubles of what lies
outside that pass the same contract suites.

Errors form one small tree; everything else that an outside call can do is an Outcome, never an exception:

```
StoreError             Valkey did not do it, or it is not known whether it did: heal, back off, repeat.
│                      (Every script may be repeated: a repetition changes nothing or answers *lost*.)
└── StoreRefused       What stands in Valkey makes this call impossible (a key of another type, a malformed
                       value): repeating it alone will not help, so it counts as a failure.
```
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from monarch.core.budget.forecast import Forecast
from monarch.core.delivery import Delivery
from monarch.core.ids import RequestId, TargetId, TicketId
from monarch.core.plan import Plan
from monarch.core.target.permission import (
    Credential,
    Fact,
    GateClosed,
    Origin,
    Permission,
    Recorded,
    Taking,
    Wish,
)
from monarch.ports.cards import Cards
from monarch.ports.hands import Begun, Cancelling, Hands, Healing, NotDone, Paused, Replayed
from monarch.ports.logins import Logins
from monarch.ports.outside import GitHub, Gone, Posted, Refusals, Signing, Slack, Unanswered
from monarch.ports.streams import Audited, Held, Streams, Swept

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
    "NotDone",
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
    """Valkey could not be asked, or gave no usable answer; the message says what happened.

    `is_untouched`: the call certainly changed nothing there. Otherwise it may have.
    `remedy`: what a person has to do before Valkey does it, a sentence; `""` if that is not known, or it is away and may come
    back by itself. `is_answer`: it answered, with an error.
    """

    def __init__(
        self,
        message: str = "",
        *,
        is_untouched: bool = False,
        remedy: str = "",
        is_answer: bool = False,
    ) -> None:
        super().__init__(message)
        self.is_untouched = is_untouched
        self.remedy = remedy
        self.is_answer = is_answer

    @property
    def headline(self) -> str:
        """What is the matter with Valkey, in a few words, without a full stop."""
        refuses = self.remedy or self.is_answer
        return "Valkey refuses what it is asked" if refuses else "Valkey does not answer"

    @property
    def sentence(self) -> str:
        """What is the matter, why, and what to do about it."""
        advice = self.remedy or ("See `monarch doctor`." if self.is_answer else "")
        return f"{self.headline}: {str(self).rstrip('.')}" + (advice and f". {advice}")


class StoreRefused(StoreError):  # noqa: N818 - a word of the contract, like StoreError
    """Valkey answers and cannot do it, because of what its keys hold; the message says which.

    `key` is the one that holds something else, `""` if that is not known.
    """

    def __init__(
        self, message: str = "", *, is_untouched: bool = False, remedy: str = "", key: str = ""
    ) -> None:
        super().__init__(message, is_untouched=is_untouched, remedy=remedy)
        self.key = key


# ---------------------------------------------------------------------------------------------- time


class Clock(Protocol):
    """This worker's clocks. The wall clock decides nothing: ages and patience are counted by `Ledger.now_ms`."""

    def now(self) -> float:
        """Seconds since some fixed point; only goes forward, and runs on while the machine sleeps."""

    def wall_ms(self) -> int:
        """Milliseconds since 1970, as this machine has it, right or wrong: for what an answer corrects."""


# --------------------------------------------------------------------------------- ledger and budget


class Ledger(Protocol):
    """Per target: its lock, and what was intended, created or refused for each ticket."""

    async def take(
        self, delivery: Delivery, target: TargetId, credential: Credential, name: str = ""
    ) -> Taking:
        """Take the target's lock for this delivery and read its ledger, at once.

        `name` is what the target is called now, so that people are led to it; `""`: that is not said. The lock ends with
        the lease unless it is renewed with it. A newer delivery of the same migration takes it over from an older one.
        """

    async def origin(self, delivery: Delivery) -> Origin:
        """Where this migration comes from."""

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
        """Write a fact down, no matter who holds the lease by now: facts are not fenced.

        `ticket` is `None` if the fact is about none: a write of another kind, or a note.
        """

    async def now_ms(self) -> int:
        """The server's clock, in milliseconds since 1970, which also numbers requests."""


class Budget(Protocol):
    """The gate of each credential, shared by the fleet."""

    async def gate(self, credential: Credential) -> GateClosed | None:
        """The closed gate; `None` if calls may be made."""

    async def close(
        self, credential: Credential, wait_s: float | None, cause: str, refused: str | None = None
    ) -> GateClosed:
        """Close the account's gate for `wait_s` seconds; `None`: 60 s, doubling while it goes on.

        Args:
            refused: nonce of the write that a limit has refused, `None` if it was a read. From a write the fleet
                learns how much fits, and the gate stays closed for longer if writes are refused again and again. Call
                this before giving the write's slot back, so that no other write runs into the same limit.
        """

    async def close_token(self, credential: Credential, wait_s: float, cause: str) -> GateClosed:
        """Close the gate of this one token for `wait_s` seconds: it was refused."""


class Meter(Protocol):
    """What reading costs an account, shared by the fleet: points a minute, and the primary limit.

    Reading must go on without it: neither method ever raises, and if Valkey cannot be asked, a read passes. GitHub then
    says itself when it is too much.
    """

    async def admit(self, account: str) -> None:
        """Wait until one more read fits, and count it."""

    async def standing(self, account: str, remaining: int, reset_in_s: float) -> None:
        """Report what the newest answer said about the primary limit: calls left, and seconds until it begins anew.

        May be called for every answer; only what changes something is sent on.
        """


class Plans(Protocol):
    """The frozen tickets."""

    async def read(self, request: RequestId) -> Plan | None:
        """The plan of a request; `None` if there is none (any more)."""


# ------------------------------------------------------------------------------------------- requests


class Outlook(Protocol):
    """What lies ahead."""

    async def forecast(self, request: RequestId) -> Forecast | None:
        """When a request will be done, as things are now.

        `None` if that cannot be said: it is not planned yet, it has ended or was called off, the fleet is paused, or
        Valkey cannot be asked. It never raises: reports go out without a forecast.
        """


# --------------------------------------------------------------------------------------------- intake


@dataclass(frozen=True, slots=True)
class Hearing:
    """A message as one replica heard it. `id` names this hearing uniquely, also when its append is repeated.

    `late_ms` is how long ago it may have been published, in milliseconds: a replica that was frozen reads it when it thaws.
    """

    id: str
    payload: bytes
    late_ms: int = 0


class Ear(Protocol):
    """The subscription to the channel."""

    def listen(self) -> AbstractAsyncContextManager[AsyncIterator[Hearing | None]]:
        """Subscribe, and hear until the subscription breaks or goes quiet (then `StoreError`).

        `None` comes at least once a second while there is nothing to hear: the ear is alive.
        """

    async def unsubscribe(self) -> None:
        """Hear no more: what was published until now is still heard, and then the hearing ends.

        For good: a later `listen` hears only what comes with the subscribing.
        """


class Inbox(Protocol):
    """Where N replicas that hear one message append it once."""

    async def mirror(self, hearings: Sequence[Hearing]) -> tuple[RequestId | None, ...]:
        """Append each message as a request, in order; `None` if another replica has done so (an echo).

        When in doubt it appends. Calling it again with the same hearings appends nothing twice.

        Raises:
            StoreError: some of them are not appended, or may not be. Call again with all of them.
        """
