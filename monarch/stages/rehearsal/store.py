"""Valkey for a dry run: its ledger, gate and logins are read, and writes to them are only remembered.

Every permission is granted: what a write would wait for (budget, gate, quiet time, another migration in this target)
belongs to the forecast, and does not change what the crossing would do.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, assert_never

from monarch.core.after.acts import Change
from monarch.core.delivery import Delivery, MigrationEntry
from monarch.core.entry_ids import entry_ms
from monarch.core.ids import Epoch, RequestId, TargetId, TicketId
from monarch.core.plan import Plan
from monarch.core.target.logins import Us
from monarch.core.target.permission import (
    Credential,
    Fact,
    GateClosed,
    Granted,
    Origin,
    Recorded,
    Taken,
    WasAnswered,
    WasChanged,
    WasCreated,
    WasFound,
    WasLooked,
    WasNotCreated,
    WasNoted,
    WasRecalled,
    WasRefused,
    WasStray,
    WasUnanswered,
    Wish,
)
from monarch.core.verdict import CREDENTIAL_PAUSE_S
from monarch.ports import Clock, GitHub, Plans
from monarch.ports.holdings import LedgerReading


@dataclass(frozen=True, slots=True)
class Sources:
    """Where a rehearsal reads. All but `github` read Valkey, and give an empty answer while it is away."""

    github: GitHub
    ledger: Callable[[TargetId], Awaitable[LedgerReading]]
    gate: Callable[[Credential], Awaitable[GateClosed | None]]
    us: Callable[[Credential], Awaitable[Us]]


DRY_RUN = RequestId(f"{2**53}-0")
"""The request of a dry run: younger than all that are on record."""


_TO_COME: Final = 1 << 62
"""When an act that is rehearsed begins, in milliseconds: nothing on record is a doing of it."""


class RememberingLedger:
    """See `ports.Ledger`, for one target.

    Attributes:
        known: what the ledger said when the target was taken.
        created, changed: the numbers of the copies that would be made, and of those that would be closed or opened again.
        found: tickets whose copies would be put on record as they are.
        notes: what people would read.
    """

    def __init__(self, sources: Sources, clock: Clock, known: TargetId | None) -> None:
        """`known` is the repository that the migration took before, if it took any."""
        self._read, self._clock, self._target = sources.ledger, clock, known
        self._grants = 0
        self.known = LedgerReading({}, 0)
        self.created: dict[TicketId, int] = {}
        self.changed: dict[TicketId, int] = {}
        self.found: set[TicketId] = set()
        self.notes: list[str] = []

    async def take(
        self, delivery: Delivery, target: TargetId, credential: Credential, name: str = ""
    ) -> Taken:
        """See `ports.Ledger`."""
        self.known = known = await self._read(target)
        return Taken(known.records, known.now_ms, Epoch(""), known.later)

    async def origin(self, delivery: Delivery) -> Origin:
        """See `ports.Ledger`."""
        entry = delivery.entry
        asked_ms = entry_ms(entry.request) if isinstance(entry, MigrationEntry) else 0
        return Origin(self._target, asked_ms, _TO_COME)

    async def permit(
        self, delivery: Delivery, target: TargetId, credential: Credential, wish: Wish
    ) -> Granted:
        """See `ports.Ledger`."""
        self._grants += 1
        now_ms = await self.now_ms()
        return Granted(f"rehearsed-{self._grants}", now_ms, now_ms + wish.life_ms)

    async def record(
        self,
        delivery: Delivery,
        target: TargetId,
        ticket: TicketId | None,
        credential: Credential,
        fact: Fact,
    ) -> Recorded:
        """See `ports.Ledger`."""
        match fact:
            case WasCreated(number) if ticket is not None:
                self.created[ticket] = number
            # What was seen to have taken effect is no write of this act, but one of before whose answer was lost.
            case WasChanged(
                Change.CLOSE | Change.RETIRE | Change.REOPEN, number, is_seen=False
            ) if ticket is not None:
                self.changed[ticket] = number
            case WasFound() if ticket is not None:
                self.found.add(ticket)
            case WasNoted(text):
                self.notes.append(text)
            case (
                WasCreated()
                | WasChanged()
                | WasFound()
                | WasRefused()
                | WasNotCreated()
                | WasUnanswered()
                | WasStray()
                | WasAnswered()
                | WasRecalled()
                | WasLooked()
            ):
                pass  # they happen only to writes that are sent, or change nothing that a plan says
            case _:
                assert_never(fact)
        return Recorded()

    async def now_ms(self) -> int:
        """See `ports.Ledger`."""
        return self.known.now_ms + round(1000 * self._clock.now())


class RememberingBudget:
    """See `ports.Budget`. A limit that one target of a dry run meets holds for the others: they do not call GitHub."""

    def __init__(self, sources: Sources) -> None:
        self._gate = sources.gate
        self._closed: dict[str, GateClosed] = {}

    async def gate(self, credential: Credential) -> GateClosed | None:
        """See `ports.Budget`."""
        return self._closed.get(credential.account) or await self._gate(credential)

    async def close(
        self, credential: Credential, wait_s: float | None, cause: str, refused: str | None = None
    ) -> GateClosed:
        """See `ports.Budget`."""
        pause_s = CREDENTIAL_PAUSE_S if wait_s is None else wait_s
        return self._closed.setdefault(credential.account, GateClosed(pause_s, cause))

    async def close_token(self, credential: Credential, wait_s: float, cause: str) -> GateClosed:
        """See `ports.Budget`."""
        return await self.close(credential, wait_s, cause)


class ReadLogins:
    """See `ports.Logins`: a dry run records no account."""

    def __init__(self, us: Callable[[Credential], Awaitable[Us]]) -> None:
        self._us = us

    async def us(self, credential: Credential) -> Us:
        """See `ports.Logins`."""
        return await self._us(credential)

    async def introduce(self, credential: Credential, author: object = None) -> Us:
        """See `ports.Logins`."""
        return await self._us(credential)


class OnePlan:
    """See `ports.Plans`: the plan of the dry run is that of `DRY_RUN`, all others are read."""

    def __init__(self, plan: Plan, others: Plans | None) -> None:
        self._plan, self._others = plan, others

    async def read(self, request: RequestId) -> Plan | None:
        """See `ports.Plans`."""
        if request == DRY_RUN:
            return self._plan
        return None if self._others is None else await self._others.read(request)
