"""The desk of a crossing: it asks for permission, records facts, and judges failures.

Every write to GitHub passes here twice, before it is sent and after its answer, whether it makes an issue or not:

```
ask, grant --Granted--> the caller sends, once, while `may_send` --> record a fact, or give_up
```

A permission is asked for only once the lease outlives the write. `may_send` asks again right before the bytes leave,
and whether the permission is still young: it is good for a second from before its call was *sent*, because every worker
that waits for the write to settle counts from the end of that second (`core.timing`). What stays possible between that
and the bytes: docs/protocols.md, "The three windows".

Why this ends even on the slowest path: after a permission that was too old when needed, the next one lives longer, up
to 5 s, and the crossing reads the target once before it asks, so that a token and an open connection are ready. Each
such round takes as long as the permission lives, so it never spins; and `LATE_AT_MOST` of them in a row end the crossing
as a counted failure, which names the cause.
"""

from typing import Final, assert_never

import anyio

from monarch.core.advice import NO_ADVICE, Advice
from monarch.core.backoff import outage_s
from monarch.core.budget.ceilings import long_wait
from monarch.core.budget.line import AGAIN_S, EARLY_S
from monarch.core.copy import notes
from monarch.core.ids import Epoch, TicketId
from monarch.core.outcome import Code, Found, Permanent, RateLimited, ReadFailure, Transient
from monarch.core.target.permission import (
    AlreadyCreated,
    Cancelled,
    Fact,
    GateClosed,
    Granted,
    Intention,
    Lost,
    MustReconcile,
    Permission,
    Quiet,
    Recorded,
    Wait,
    WasAnswered,
    WasChanged,
    WasCreated,
    WasNotCreated,
    WasNoted,
    WasRefused,
    WasUnanswered,
    Wish,
)
from monarch.core.timing import LEASE_MARGIN_S, LONGEST_LIFE_MS, WRITE_DEADLINE_S, life_ms
from monarch.core.verdict import (
    IDENTITY_PAUSE_S,
    Snooze,
    Verdict,
    Waits,
    called_off,
    judge,
    judge_failure,
)
from monarch.ports import StoreError, StoreRefused
from monarch.stages.crossing.subject import Subject, Tools
from monarch.stages.lease import LeaseLost
from monarch.stages.support.gates import give_way, snooze_until_open

DETAIL_ATTEMPTS: Final = 3
"""How many failed attempts until a label, a reference or the like is given up. The ticket is never given up for it."""

RECORD_WITHIN_S: Final = 60.0
"""How long to retry recording a fact while Valkey is away, in seconds; after that its intent has to serve."""


LATE_AT_MOST: Final = 8
"""How many permissions in a row may be too old when the bytes would leave, until the crossing ends, counted."""

_TOO_OLD: Final = (
    f"{LATE_AT_MOST} permissions to write in a row were older than {{:g}} s when the write would have left: Valkey, GitHub,"
    " the network or this worker is too slow"
)

_WARM_S: Final = 2.0
"""How long a connection is taken to be open after a read, in seconds; idle ones are closed after five."""


class Desk:
    """One crossing's way to the ledger and to its verdict. `epoch` is the one that its looks belong to."""

    def __init__(self, tools: Tools, subject: Subject, epoch: Epoch) -> None:
        self._tools = tools
        self._subject = subject
        self._epoch = epoch
        self._noted: set[str] = set()
        self._good_until = 0.0
        self._life_ms = life_ms(0)
        self._is_late = False
        self._late = 0
        self._warm_until = 0.0

    # ------------------------------------------------------------------------------------- permission

    async def ask(
        self, ticket: TicketId, reconciled: str | None
    ) -> Granted | AlreadyCreated | MustReconcile | Verdict | None:
        """Ask once for the copy of a ticket.

        `None`: the wait is over, and the caller may ask again; a verdict ends the crossing.

        Raises:
            LeaseLost, Draining: see `Hold.check`.
        """
        ended = await self._be_ready() or await self._same_account()
        if ended is not None:
            return ended
        permission = await self._permit(Wish(self._epoch, ticket, reconciled, self._life_ms))
        if isinstance(permission, Granted | AlreadyCreated | MustReconcile):
            return permission
        return await self._put_off(permission)

    async def grant(self) -> Granted | Verdict:
        """Ask for a write of which the ledger keeps nothing, until it is granted or the crossing ends.

        No worker waits for such a write to settle, and the caller reads with the permission in hand: it lives longest.

        Raises:
            LeaseLost, Draining: see `Hold.check`.
        """
        while True:
            ended = await self._be_ready()
            if ended is not None:
                return ended
            permission = await self._permit(Wish(self._epoch, life_ms=LONGEST_LIFE_MS))
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

    async def ask_change(self, intention: Intention) -> Granted | MustReconcile | Verdict:
        """Ask to change an existing copy, until it is granted or an older change has to be reconciled first.

        A pending change settles 20 s after the last moment at which its bytes can leave. The permission lives as long as
        that of `grant`, because the caller reads the copy with it in hand.

        Raises:
            LeaseLost, Draining: see `Hold.check`.
        """
        wish = Wish(self._epoch, None, intention.reconciled, LONGEST_LIFE_MS, intention)
        while True:
            ended = await self._be_ready()
            if ended is not None:
                return ended
            permission = await self._permit(wish)
            match permission:
                case Granted() | MustReconcile():
                    return permission
                case AlreadyCreated():
                    message = f"{permission!r}, although no copy was asked for"
                    raise AssertionError(message)
                case _:
                    ended = await self._put_off(permission)
            if ended is not None:
                return ended

    def may_send(self) -> bool:
        """Whether the lease outlives a write that leaves now, and the permission is young enough for it to leave."""
        self._is_late = self._tools.clock.now() >= self._good_until
        return not self._is_late and self._subject.hold.outlives(WRITE_DEADLINE_S)

    async def _permit(self, wish: Wish) -> Permission:
        subject = self._subject
        await subject.hold.until_outlives(WRITE_DEADLINE_S + LEASE_MARGIN_S)
        self._good_until = self._tools.clock.now() + wish.life_ms / 1000
        return await self._tools.ledger.permit(
            subject.delivery, subject.repository.id, subject.credential, wish
        )

    async def _be_ready(self) -> Verdict | None:
        """After a permission that was too old: prepare all that a write needs, so that the next one only has to leave."""
        if self._is_late:
            self._is_late = False
            self._late += 1
            self._life_ms = max(self._life_ms, life_ms(self._late))
        if self._late >= LATE_AT_MOST:
            return self.fail(_TOO_OLD.format(self._life_ms / 1000))
        if self._late == 0 or self._tools.clock.now() < self._warm_until:
            return None
        return await self._warm_up()

    def excuse(self) -> str | None:
        """Why to do without a detail whose permissions were all too old; `None` if that is not so, or not yet.

        The details after it start with all tries again.
        """
        if self._late < LATE_AT_MOST or not self.has_patience_ended:
            return None
        self._late = 0
        return _TOO_OLD.format(self._life_ms / 1000)

    async def _warm_up(self) -> Verdict | None:
        """Read the target once, so that a token and an open connection are ready."""
        ended = await self.identity()
        self._warm_until = self._tools.clock.now() + _WARM_S
        return ended

    async def _same_account(self) -> Verdict | None:
        """Check that the account that signs is the one that this crossing has put on record; `None`: it is.

        An App may be installed or suspended at any moment. A copy by an account that is not on record would not be
        recognised if GitHub's answer to it were lost, so the crossing ends, uncounted, and the next one records the account.
        This makes no call: the client remembers who signs. What can still go wrong: the account changes in the few
        milliseconds between this and the bytes, and the answer to just that write is lost.
        """
        subject = self._subject
        answer = await self._tools.github.credential(subject.name)
        if not isinstance(answer, Found):
            return await self.judge(answer)
        if answer.value.account == subject.credential.account:
            return None
        reason = "another account signs for this repository now"
        return Snooze(reason, IDENTITY_PAUSE_S, kind=Waits.IDENTITY)

    async def _put_off(
        self, permission: Wait | GateClosed | Quiet | Cancelled | Lost
    ) -> Verdict | None:
        """What becomes of the delivery; `None` if the wait was short and is over."""
        match permission:
            case Wait(wait_s, in_place=True):
                await self._subject.hold.sleep(min(wait_s, AGAIN_S))
                return None
            case Wait(wait_s):
                reason = "the budget for writes is used up"
                return Snooze(reason, max(0.0, wait_s - EARLY_S), kind=Waits.BUDGET)
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
        """Wait here for some seconds; a longer wait gives place and target to others."""
        if long_wait(snooze.delay_s):
            return snooze
        await self._subject.hold.sleep(snooze.delay_s)
        return None

    # ------------------------------------------------------------------------------------------ facts

    async def record(self, ticket: TicketId | None, fact: Fact) -> Recorded:
        """Record a fact, even if the lease is lost, the worker is stopping, or Valkey is away for a while.

        Shielded, because a 201 that was read and not recorded would cost a reconciling wait; bounded, because nothing
        may keep a worker from stopping, and an intent that stays is safe.
        """
        tries = 0
        subject = self._subject
        if isinstance(fact, WasCreated | WasRefused | WasUnanswered | WasAnswered | WasChanged):
            self._late = 0
        with anyio.move_on_after(RECORD_WITHIN_S, shield=True):
            while True:
                try:
                    return await self._tools.ledger.record(
                        subject.delivery, subject.repository.id, ticket, subject.credential, fact
                    )
                except StoreError as error:
                    tries += 1
                    self._tools.telemetry.store_trouble(where="recording", error=error)
                    if subject.hold.is_draining or isinstance(error, StoreRefused):
                        raise
                    await anyio.sleep(outage_s(tries, self._tools.dice()))
        message = f"a fact could not be recorded within {RECORD_WITHIN_S:.0f} s; its intent stays"
        raise StoreError(message)

    async def note(self, text: str) -> None:
        """Report something to people, once, that fails nothing. `text` is a sentence without the target's name."""
        if text in self._noted:
            return
        self._noted.add(text)
        await self.record(None, WasNoted(text))
        self._tools.telemetry.migration_noted(target=self._subject.name, note=text)

    async def note_name(self) -> None:
        """Note that the target is called otherwise than in its request: all that people see bears that name."""
        if remark := notes.renamed(self._subject.entry.target, self._subject.name):
            await self.note(remark)

    # -------------------------------------------------------------------------------------- judgement

    async def give_up(
        self,
        ticket: TicketId | None,
        granted: Granted,
        outcome: RateLimited | Permanent | Transient,
    ) -> Verdict:
        """End the crossing after a write that certainly had no effect. The gate closes first, so that others stop at once."""
        verdict = await self.judge(outcome, granted.nonce)
        await self.record(ticket, WasNotCreated(granted.nonce))
        return verdict

    async def judge(self, outcome: ReadFailure, refused: str | None = None) -> Verdict:
        """What becomes of the delivery after a failed call; `refused` names the write, if it was one."""
        return await self.gone(outcome) or await self._judge(outcome, refused)

    @property
    def has_patience_ended(self) -> bool:
        """Whether one more failure of something that only a detail needs means to do without it."""
        return self._subject.delivery.attempts >= DETAIL_ATTEMPTS

    async def gone(self, outcome: object) -> Verdict | None:
        """After a "not found": whether the repository itself is missing; `None`: it is there."""
        missing = isinstance(outcome, Permanent) and outcome.code is Code.NOT_FOUND
        return await self.identity() if missing else None

    async def identity(self) -> Verdict | None:
        """Read the target's id once more; `None`: it is the repository that the crossing began with.

        Else the crossing ends, uncounted: what it has seen is not about the repository that was asked for. The next
        delivery looks the target up again. That cannot go on for ever: it finds the id again, or another repository
        under the name, or none, which is a failure like any other.
        """
        subject, tools = self._subject, self._tools
        answer = await tools.github.find_repository(subject.repository.id, subject.name)
        match answer:
            case Found():
                return None
            case Permanent(code=Code.NOT_FOUND, reason=reason):
                tools.telemetry.target_replaced(target=subject.name)
                return Snooze(reason, IDENTITY_PAUSE_S, kind=Waits.IDENTITY)
            case _:
                return await self._judge(answer)

    async def _judge(self, outcome: ReadFailure, refused: str | None = None) -> Verdict:
        tools, subject = self._tools, self._subject
        waits = await give_way(outcome, subject.credential, tools.budget, tools.telemetry, refused)
        return waits or judge(outcome, subject.delivery.attempts, tools.policy, tools.dice())

    def fail(self, reason: str, advice: Advice = NO_ADVICE) -> Verdict:
        """A transient failure, counted."""
        tools, attempts = self._tools, self._subject.delivery.attempts
        return judge_failure(reason, attempts, tools.policy, tools.dice(), advice)
