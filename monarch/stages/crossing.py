"""One crossing of a target: look, then for each ticket decide and act, then look again and compare.

Pure and effectful lines alternate: `next_action` decides for one ticket, ledger and GitHub act. Each step is on record
before and after its effect, so that a crossing which ends anywhere is taken up by another one.

Why nothing is doubled: a create needs `permit`, which is fenced and grants only over an empty field of the ledger or over
the very intent that was reconciled by a look; that look began 20 s after the intent or later; and all of it happened
under the target's lock and in one epoch. What can still go wrong stands in the design's promise 2.
"""

from typing import Final, assert_never

import anyio

from monarch.core.ids import Epoch, TicketId
from monarch.core.look import Seen, missing, see, skipped, strays_of, with_known
from monarch.core.outcome import Absent, Code, Found, ReadFailure
from monarch.core.permission import Taken, WasFound, WasStray
from monarch.core.quote import quote
from monarch.core.step import (
    SETTLING_MS,
    Adopt,
    Create,
    CreatedAs,
    Intended,
    LedgerRecord,
    Reconcile,
    Refused,
    Skip,
    Stop,
    UnreadableRecord,
    first_look_at_ms,
    next_action,
)
from monarch.core.ticket import Ticket
from monarch.core.verdict import Dead, Done, Migrated, Verdict, judge, judge_failure
from monarch.ports import StoreError
from monarch.stages.giving_way import give_way
from monarch.stages.hold import LeaseLost
from monarch.stages.looking import Sight, look
from monarch.stages.writing import Subject, Tools, Writer

_UNANSWERED: Final = 2
"""So many unanswered writes of one ticket end the crossing as a counted failure."""


class Crossing:
    """One pass over one target, under its lock. Used once."""

    def __init__(self, tools: Tools, subject: Subject, taken: Taken) -> None:
        self._tools = tools
        self._subject = subject
        self._records: dict[TicketId, LedgerRecord] = dict(taken.records)
        self._epoch: Epoch = taken.epoch
        # The server's clock, as far as it is known here: a little behind, so waits are never too short.
        self._server_ms, self._asked_at = taken.now_ms, tools.clock.now()
        self._writer = Writer(tools, subject, self._records)
        self._seen = Seen()
        self._numbers: frozenset[int] = frozenset()
        self._looked_at_ms = 0
        self._reported: set[int] = set()

    async def run(self) -> Verdict:
        """Bring every ticket of the plan into the target, in order.

        Raises:
            LeaseLost, Draining: see `Hold.check`; what was done is on record.
            StoreError: Valkey cannot be asked.
        """
        try:
            return await self._cross_as_owner()
        except LeaseLost:
            await self._look_behind()
            raise

    async def _cross_as_owner(self) -> Verdict:
        """However it ends: nobody walks away from an open write without knowing whose the target is now."""
        try:
            verdict = await self._cross()
        except StoreError:
            await self._know_whose()
            raise
        await self._know_whose()
        return verdict

    async def _know_whose(self) -> None:
        """A worker that was frozen learns only by its next renewal that it has lost its lease, and who looks then?"""
        if self._has_open():
            await self._subject.hold.until_outlives(0)

    async def _cross(self) -> Verdict:
        blocked = await self._look()
        if blocked is not None:
            return blocked
        for ticket in self._subject.plan.tickets:
            ended = await self._bring(ticket)
            if ended is not None:
                return ended
        return await self._read_back()

    async def _bring(self, ticket: Ticket) -> Verdict | None:
        """Bring one ticket; `None` where it is settled and the next one follows."""
        while True:
            self._subject.hold.check()
            record, seen = self._records.get(ticket.id), self._seen.copies.get(ticket.id)
            action = next_action(record, seen, self._looked_at_ms, self._subject.entry.run)
            match action:
                case Skip():
                    return None
                case Adopt(number):
                    await self._adopt(ticket, number)
                    return None
                case Reconcile(at_ms):
                    ended = await self._reconcile(ticket, at_ms)
                case Create(reconciled):
                    ended = await self._create(ticket, reconciled)
                case Stop(unreadable):
                    ended = self._fail(_unreadable(ticket, unreadable))
                case _:
                    assert_never(action)
            if ended is not None:
                return ended

    async def _adopt(self, ticket: Ticket, number: int) -> None:
        await self._writer.record(ticket, WasFound(number))
        self._records[ticket.id] = CreatedAs(number, self._now_ms())
        self._tools.telemetry.ticket_present(
            target=self._subject.repository.full_name, ticket=ticket.number, number=number
        )

    async def _reconcile(self, ticket: Ticket, at_ms: int) -> Verdict | None:
        """An intent that nobody answered for: wait until it has happened or will not, and look."""
        if self._writer.unanswered(ticket) >= _UNANSWERED:
            reason = (
                f"GitHub left {_UNANSWERED} writes of ticket #{ticket.number} without an answer"
            )
            return self._fail(reason)
        await self._until(at_ms)
        return await self._look()

    async def _create(self, ticket: Ticket, reconciled: str | None) -> Verdict | None:
        highest = self._seen.highest
        ended = await self._writer.write(ticket, self._epoch, reconciled)
        record = self._records.get(ticket.id)
        if ended is None and isinstance(record, CreatedAs):
            await self._read_skipped(highest, record.number)
        return ended

    # ------------------------------------------------------------------------------------------- looking

    async def _look(self) -> Verdict | None:
        """Look, not before every intent of the plan has happened or will not; `None` where it was complete."""
        records = [r for t in self._subject.plan.tickets if (r := self._records.get(t.id))]
        await self._until(first_look_at_ms(records))
        looked_at_ms = self._now_ms()
        sight = await look(
            self._tools.github,
            self._subject.repository,
            self._subject.own_login,
            self._subject.hold.check,
        )
        if isinstance(sight, ReadFailure):
            return await self._judge(sight)
        self._seen, self._numbers, self._looked_at_ms = sight.seen, sight.numbers, looked_at_ms
        await self._report(self._seen)
        return None

    async def _look_behind(self) -> None:
        """Look for what became of a write of ours without an answer, now that the target is in other hands.

        Whoever has it may have looked before GitHub acted, and be done: a process that was frozen right before the
        bytes left is the only one that knows of them. To look and to report needs no lease. At once, and when GitHub
        can act no more.
        """
        if not self._has_open():
            return
        for wait_s in (0.0, SETTLING_MS / 1000):
            await anyio.sleep(wait_s)
            sight = await look(
                self._tools.github,
                self._subject.repository,
                self._subject.own_login,
                lambda: None,
            )
            if isinstance(sight, Sight):
                await self._report(sight.seen)

    def _has_open(self) -> bool:
        return any(self._is_open(ticket) for ticket in self._subject.plan.tickets)

    def _is_open(self, ticket: Ticket) -> bool:
        """Whether we have written it, and nobody knows what came of it."""
        return self._writer.unanswered(ticket) > 0 and isinstance(
            self._records.get(ticket.id), Intended
        )

    async def _read_skipped(self, highest: int, created: int) -> None:
        """Read the numbers that somebody else took meanwhile: a copy by a zombie would be among them.

        What cannot be read now is seen by the look at the end.
        """
        found = []
        for number in skipped(highest, created):
            answer = await self._tools.github.read_issue(self._subject.repository, number)
            if isinstance(answer, Found):
                found.append(answer.value)
        beside = see(found, self._subject.own_login)
        copies = {**beside.copies, **self._seen.copies}
        self._seen = Seen(copies, self._seen.strays, self._seen.planted, max(highest, created))

    async def _report(self, seen: Seen) -> None:
        repository, telemetry = self._subject.repository.full_name, self._tools.telemetry
        tickets = {ticket.id: ticket for ticket in self._subject.plan.tickets}
        for stray in strays_of(self._subject.plan, seen):
            if stray.number not in self._reported:
                await self._writer.record(tickets[stray.ticket], WasStray(stray.number))
                telemetry.stray_found(target=repository, number=stray.number, kept=stray.original)
        for number in seen.planted:
            if number not in self._reported:
                telemetry.marker_planted(target=repository, number=number)
        self._reported |= {stray.number for stray in seen.strays} | set(seen.planted)

    # -------------------------------------------------------------------------------------- reading back

    async def _read_back(self) -> Verdict:
        """Look again and compare: "done" is said of what was seen, not of what was done."""
        blocked = await self._look()
        if blocked is not None:
            return blocked
        known: dict[TicketId, int] = {}
        deleted: set[TicketId] = set()
        for ticket in self._subject.plan.tickets:
            record = self._records.get(ticket.id)
            if not isinstance(record, CreatedAs) or ticket.id in self._seen.copies:
                continue
            answer = await self._read_copy(record.number)
            if isinstance(answer, ReadFailure):
                return await self._judge(answer)
            if answer is None:
                deleted.add(ticket.id)
            elif answer:
                known[ticket.id] = record.number
        return self._compare(with_known(self._seen, known), deleted)

    async def _read_copy(self, number: int) -> bool | ReadFailure | None:
        """Whether a copy that no marker shows is there after all; `None` where somebody has deleted it."""
        if number in self._numbers:
            return True
        self._subject.hold.check()
        answer = await self._tools.github.read_issue(self._subject.repository, number)
        match answer:
            case Found():
                return True
            case Absent(taken):
                return None if taken else False
            case _:
                return answer

    def _compare(self, seen: Seen, deleted: set[TicketId]) -> Verdict:
        plan, name = self._subject.plan, self._subject.repository.full_name
        refused = {
            t.id: r for t in plan.tickets if isinstance(r := self._records.get(t.id), Refused)
        }
        lost = missing(plan, seen, refused, deleted)
        if lost:
            numbers = ", ".join(f"#{ticket.number}" for ticket in lost[:20])
            return self._fail(f"reading {name} back did not show the copies of {numbers}")
        strays = strays_of(plan, seen)
        if strays:
            issues = ", ".join(f"#{stray.number} (a second #{stray.original})" for stray in strays)
            return Dead(
                Code.STRAYS,
                f"{name} holds second copies: close {issues}, then replay it (`monarch dead replay`)",
            )
        if refused:
            numbers = ", ".join(f"#{t.number}" for t in plan.tickets if t.id in refused)
            why = next(iter(refused.values())).reason
            text = f"GitHub refused {numbers}: {why}; change the template and send the message again, or the target and replay it (`monarch dead replay`)"
            return Dead(Code.TICKETS_REFUSED, text)
        return Done(Migrated(self._subject.repository.id, len(plan.tickets), len(deleted)))

    # ------------------------------------------------------------------------------------------- the rest

    async def _judge(self, outcome: ReadFailure) -> Verdict:
        tools, subject = self._tools, self._subject
        waits = await give_way(outcome, subject.credential, tools.budget, tools.telemetry)
        return waits or judge(outcome, subject.delivery.attempts, tools.policy, tools.dice())

    def _fail(self, reason: str) -> Verdict:
        tools = self._tools
        return judge_failure(reason, self._subject.delivery.attempts, tools.policy, tools.dice())

    def _now_ms(self) -> int:
        return self._server_ms + int((self._tools.clock.now() - self._asked_at) * 1000)

    async def _until(self, at_ms: int) -> None:
        wait_s = (at_ms - self._now_ms()) / 1000
        if wait_s > 0:
            await self._subject.hold.sleep(wait_s)


def _unreadable(ticket: Ticket, record: UnreadableRecord) -> str:
    return (
        f'the ledger says "{quote(record.text, 80)}" of ticket #{ticket.number}, which this version cannot read and the'
        " target shows no copy: let the newer version run it, or correct that field of the ledger, then "
        "replay it (`monarch dead replay`)"
    )
