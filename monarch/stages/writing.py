"""One write: ask permission, send once, write down what became of it.

It receives a ticket that is to be created, and promises that whatever happens after the permission is in the ledger: as
created, as refused, as certainly not created, or still as intended, which is *nobody knows*.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, assert_never

import anyio

from monarch.core.backoff import outage_s
from monarch.core.budget import long_wait
from monarch.core.delivery import Delivery, MigrationEntry
from monarch.core.ids import Epoch, TicketId
from monarch.core.outcome import (
    Created,
    Permanent,
    RateLimited,
    Scope,
    Transient,
    Unknown,
    Withheld,
    WriteOutcome,
)
from monarch.core.permission import (
    AlreadyCreated,
    Cancelled,
    Credential,
    Fact,
    GateClosed,
    Granted,
    Lost,
    MustReconcile,
    Quiet,
    Recorded,
    Wait,
    WasCreated,
    WasNotCreated,
    WasRefused,
    WasUnanswered,
)
from monarch.core.plan import Plan
from monarch.core.render import render
from monarch.core.step import CreatedAs, Intended, LedgerRecord, Refused
from monarch.core.style import Copying
from monarch.core.ticket import Repository, Ticket
from monarch.core.verdict import Policy, Snooze, Verdict, Waits, judge
from monarch.ports import Budget, Clock, GitHub, Ledger, StoreError, StoreRefused
from monarch.stages.giving_way import called_off, give_way, snooze_until_open
from monarch.stages.hold import Hold, LeaseLost
from monarch.telemetry import Telemetry

WRITE_DEADLINE_S: Final = 10.0
"""Within so many seconds a write is answered, or nobody knows (design, section 6.2)."""

RECORD_WITHIN_S: Final = 60.0
"""So long a fact is tried to be written down while Valkey is away, in seconds; then its intent must do."""

_MARGIN_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Tools:
    """What a crossing works with."""

    github: GitHub
    ledger: Ledger
    budget: Budget
    telemetry: Telemetry
    clock: Clock
    dice: Callable[[], float]
    policy: Policy


@dataclass(frozen=True, slots=True)
class Subject:
    """What a crossing is about."""

    delivery: Delivery
    hold: Hold
    entry: MigrationEntry
    plan: Plan
    repository: Repository
    credential: Credential

    @property
    def own_login(self) -> str:
        """The login that our copies are written under, `""` where GitHub does not tell."""
        return self.credential.login or ""


class Writer:
    """Creates the tickets of one crossing.

    It keeps `records`, the ledger as known here, up to date.
    """

    def __init__(
        self, tools: Tools, subject: Subject, records: dict[TicketId, LedgerRecord]
    ) -> None:
        self._tools = tools
        self._subject = subject
        self._records = records
        self._unanswered: dict[TicketId, int] = {}

    def unanswered(self, ticket: Ticket) -> int:
        """How many writes of this ticket were left without an answer in this crossing."""
        return self._unanswered.get(ticket.id, 0)

    async def write(self, ticket: Ticket, epoch: Epoch, reconciled: str | None) -> Verdict | None:
        """Try to create one ticket; `None` where the records say what comes next.

        Raises:
            LeaseLost, Draining: nothing was sent.
        """
        hold = self._subject.hold
        await hold.until_outlives(WRITE_DEADLINE_S + _MARGIN_S)
        permission = await self._tools.ledger.permit(
            self._subject.delivery,
            self._subject.repository.id,
            ticket.id,
            self._subject.credential,
            epoch,
            reconciled,
        )
        match permission:
            case Granted():
                return await self._send(ticket, permission)
            case AlreadyCreated(number):
                self._records[ticket.id] = CreatedAs(number, 0)
            case MustReconcile(intended):
                self._records[ticket.id] = intended
            case Wait(wait_s):
                return await self._wait(
                    Snooze("the budget for writes is used up", wait_s, kind=Waits.BUDGET)
                )
            case GateClosed():
                return await self._wait(snooze_until_open(permission))
            case Quiet(wait_s):
                return Snooze(
                    "Valkey's memory went back; looking again before writing",
                    wait_s,
                    kind=Waits.EPOCH,
                )
            case Cancelled(by):
                return called_off(by)
            case Lost():
                raise LeaseLost
            case _:
                assert_never(permission)
        return None

    async def _wait(self, snooze: Snooze) -> Snooze | None:
        """A wait of seconds is waited; a longer one gives place and target to others."""
        if long_wait(snooze.delay_s):
            return snooze
        await self._subject.hold.sleep(snooze.delay_s)
        return None

    async def _send(self, ticket: Ticket, granted: Granted) -> Verdict | None:
        subject, tools = self._subject, self._tools
        self._records[ticket.id] = Intended(granted.at_ms, granted.nonce)
        began = tools.clock.now()
        outcome = await tools.github.create_issue(
            subject.repository,
            render(ticket, Copying(subject.plan, subject.repository.full_name)),
            lambda: subject.hold.outlives(WRITE_DEADLINE_S),
        )
        seconds = tools.clock.now() - began
        tools.telemetry.write_finished(outcome=type(outcome).__name__, seconds=seconds)
        return await self._note(ticket, granted, outcome, seconds)

    async def _note(
        self, ticket: Ticket, granted: Granted, outcome: WriteOutcome, seconds: float
    ) -> Verdict | None:
        """Write down what became of it, and say what becomes of the delivery; `None`: go on."""
        match outcome:
            case Created(number):
                await self._note_created(ticket, granted, number, seconds)
                return None
            case Withheld():
                await self._withdraw(ticket, granted)
                return None
            case Unknown(reason):
                await self.record(ticket, WasUnanswered(granted.nonce))
                self._unanswered[ticket.id] = self.unanswered(ticket) + 1
                self._tools.telemetry.ticket_unknown(
                    target=self._subject.repository.full_name, ticket=ticket.number, reason=reason
                )
                return None
            case Permanent(Scope.TICKET, _, reason):
                await self._note_refused(ticket, granted, reason)
                return None
            case RateLimited() | Permanent() | Transient():
                return await self._give_up(ticket, granted, outcome)
            case _:
                assert_never(outcome)

    async def _give_up(
        self, ticket: Ticket, granted: Granted, outcome: RateLimited | Permanent | Transient
    ) -> Verdict:
        """It was certainly not created, and this crossing ends. The gate first, so that others stop at once."""
        tools, subject = self._tools, self._subject
        waits = await give_way(outcome, subject.credential, tools.budget, tools.telemetry)
        await self._withdraw(ticket, granted)
        return waits or judge(outcome, subject.delivery.attempts, tools.policy, tools.dice())

    async def _note_created(
        self, ticket: Ticket, granted: Granted, number: int, seconds: float
    ) -> None:
        name, telemetry = self._subject.repository.full_name, self._tools.telemetry
        is_first = not any(isinstance(r, CreatedAs) for r in self._records.values())
        recorded = await self.record(ticket, WasCreated(number, granted.nonce))
        self._records[ticket.id] = CreatedAs(number, granted.at_ms)
        telemetry.ticket_copied(target=name, ticket=ticket.number, number=number, seconds=seconds)
        if recorded.stray is not None:
            telemetry.stray_found(target=name, number=number, kept=recorded.stray)
        if is_first:
            appended_ms = int(self._subject.entry.request.partition("-")[0])
            telemetry.first_copy(seconds=max(0.0, (granted.at_ms - appended_ms) / 1000 + seconds))

    async def _note_refused(self, ticket: Ticket, granted: Granted, reason: str) -> None:
        run = self._subject.entry.run
        await self.record(ticket, WasRefused(granted.nonce, run, reason))
        self._records[ticket.id] = Refused(run, granted.at_ms, reason)
        self._tools.telemetry.ticket_refused(
            target=self._subject.repository.full_name, ticket=ticket.number, reason=reason
        )

    async def _withdraw(self, ticket: Ticket, granted: Granted) -> None:
        await self.record(ticket, WasNotCreated(granted.nonce))
        self._records.pop(ticket.id, None)

    async def record(self, ticket: Ticket, fact: Fact) -> Recorded:
        """Write a fact down, though the lease be lost, the worker stopping, or Valkey away for a while.

        Shielded, because a 201 that was read and not recorded would cost a reconciling wait; bounded, because nothing
        may keep a worker from stopping, and an intent that stays is safe.
        """
        tries = 0
        subject = self._subject
        with anyio.move_on_after(RECORD_WITHIN_S, shield=True):
            while True:
                try:
                    return await self._tools.ledger.record(
                        subject.delivery, subject.repository.id, ticket.id, subject.credential, fact
                    )
                except StoreError as error:
                    tries += 1
                    self._tools.telemetry.store_trouble(where="recording", error=str(error))
                    if subject.hold.is_draining or isinstance(error, StoreRefused):
                        raise
                    await anyio.sleep(outage_s(tries, self._tools.dice()))
        message = f"a fact could not be recorded within {RECORD_WITHIN_S:.0f} s; its intent stays"
        raise StoreError(message)
