"""The desk of a crossing: where it asks for permission, writes facts down, and has failures judged.

Every write to GitHub passes here twice, before it is sent and after it was answered, whether it makes an issue or not:

```
ask, grant --Granted--> the caller sends, once, while `may_send` --> record a fact, or give_up
```

A permission is asked for only once the lease outlives the write, and `may_send` asks again right before the bytes
leave. What stays possible between that and the bytes is stated in the design's promise 2.
"""

from typing import Final, assert_never

import anyio

from monarch.core.backoff import outage_s
from monarch.core.budget import long_wait
from monarch.core.ids import Epoch, TicketId
from monarch.core.outcome import Permanent, RateLimited, ReadFailure, Transient
from monarch.core.permission import (
    AlreadyCreated,
    Cancelled,
    Fact,
    GateClosed,
    Granted,
    Lost,
    MustReconcile,
    Permission,
    Quiet,
    Recorded,
    Wait,
    WasNotCreated,
    WasNoted,
)
from monarch.core.verdict import Snooze, Verdict, Waits, judge, judge_failure
from monarch.ports import StoreError, StoreRefused
from monarch.stages.giving_way import called_off, give_way, snooze_until_open
from monarch.stages.hold import LeaseLost
from monarch.stages.subject import Subject, Tools

WRITE_DEADLINE_S: Final = 10.0
"""Within so many seconds a write is answered, or nobody knows (design, section 6.2)."""

RECORD_WITHIN_S: Final = 60.0
"""So long a fact is tried to be written down while Valkey is away, in seconds; then its intent must do."""

_MARGIN_S: Final = 1.0


class Desk:
    """One crossing's way to the ledger and to its verdict. `epoch` is the one that its looks belong to."""

    def __init__(self, tools: Tools, subject: Subject, epoch: Epoch) -> None:
        self._tools = tools
        self._subject = subject
        self._epoch = epoch
        self._noted: set[str] = set()

    # ------------------------------------------------------------------------------------- permission

    async def ask(
        self, ticket: TicketId, reconciled: str | None
    ) -> Granted | AlreadyCreated | MustReconcile | Verdict | None:
        """Ask once for the copy of a ticket.

        `None`: it was waited, and may be asked for again; a verdict ends the crossing.

        Raises:
            LeaseLost, Draining: see `Hold.check`.
        """
        permission = await self._permit(ticket, reconciled)
        if isinstance(permission, Granted | AlreadyCreated | MustReconcile):
            return permission
        return await self._put_off(permission)

    async def grant(self) -> Granted | Verdict:
        """Ask for a write of which the ledger keeps nothing, until it is granted or the crossing ends.

        Raises:
            LeaseLost, Draining: see `Hold.check`.
        """
        while True:
            permission = await self._permit(None, None)
            match permission:
                case Granted():
                    return permission
                case AlreadyCreated() | MustReconcile():
                    message = f"{permission!r}, although no ticket was asked for"
                    raise AssertionError(message)
                case _:
                    ended = await self._put_off(permission)
            if ended is not None:
                return ended

    def may_send(self) -> bool:
        """Whether the lease outlives a write that leaves now."""
        return self._subject.hold.outlives(WRITE_DEADLINE_S)

    async def _permit(self, ticket: TicketId | None, reconciled: str | None) -> Permission:
        subject = self._subject
        await subject.hold.until_outlives(WRITE_DEADLINE_S + _MARGIN_S)
        return await self._tools.ledger.permit(
            subject.delivery,
            subject.repository.id,
            ticket,
            subject.credential,
            self._epoch,
            reconciled,
        )

    async def _put_off(
        self, permission: Wait | GateClosed | Quiet | Cancelled | Lost
    ) -> Verdict | None:
        """What becomes of the delivery; `None` where the wait was short, and is over."""
        match permission:
            case Wait(wait_s):
                reason = "the budget for writes is used up"
                return await self._wait(Snooze(reason, wait_s, kind=Waits.BUDGET))
            case GateClosed():
                return await self._wait(snooze_until_open(permission))
            case Quiet(wait_s):
                reason = "Valkey's memory went back; looking again before writing"
                return Snooze(reason, wait_s, kind=Waits.EPOCH)
            case Cancelled(by):
                return called_off(by)
            case Lost():
                raise LeaseLost
            case _:
                assert_never(permission)

    async def _wait(self, snooze: Snooze) -> Snooze | None:
        """A wait of seconds is waited; a longer one gives place and target to others."""
        if long_wait(snooze.delay_s):
            return snooze
        await self._subject.hold.sleep(snooze.delay_s)
        return None

    # ------------------------------------------------------------------------------------------ facts

    async def record(self, ticket: TicketId | None, fact: Fact) -> Recorded:
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
                        subject.delivery, subject.repository.id, ticket, subject.credential, fact
                    )
                except StoreError as error:
                    tries += 1
                    self._tools.telemetry.store_trouble(where="recording", error=str(error))
                    if subject.hold.is_draining or isinstance(error, StoreRefused):
                        raise
                    await anyio.sleep(outage_s(tries, self._tools.dice()))
        message = f"a fact could not be recorded within {RECORD_WITHIN_S:.0f} s; its intent stays"
        raise StoreError(message)

    async def note(self, text: str) -> None:
        """Tell people of something that fails nothing, once. `text` is a sentence without the target's name."""
        if text in self._noted:
            return
        self._noted.add(text)
        await self.record(None, WasNoted(text))
        self._tools.telemetry.migration_noted(target=self._subject.name, note=text)

    # -------------------------------------------------------------------------------------- judgement

    async def give_up(
        self,
        ticket: TicketId | None,
        granted: Granted,
        outcome: RateLimited | Permanent | Transient,
    ) -> Verdict:
        """A write that had certainly no effect ends the crossing. The gate first, so that others stop at once."""
        verdict = await self.judge(outcome, granted.nonce)
        await self.record(ticket, WasNotCreated(granted.nonce))
        return verdict

    async def judge(self, outcome: ReadFailure, refused: str | None = None) -> Verdict:
        """What a failed call makes of the delivery; `refused` names the write, where it was one."""
        tools, subject = self._tools, self._subject
        waits = await give_way(outcome, subject.credential, tools.budget, tools.telemetry, refused)
        return waits or judge(outcome, subject.delivery.attempts, tools.policy, tools.dice())

    def fail(self, reason: str) -> Verdict:
        """A failure that may pass, counted."""
        tools = self._tools
        return judge_failure(reason, self._subject.delivery.attempts, tools.policy, tools.dice())
