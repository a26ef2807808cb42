"""Taking back: a recall closes the copies that nobody has touched, and the undoing of it opens exactly those again.

```
wait until pending changes have settled --> look --> see what came of them
    --> for each ticket: inspect --> change, if it is still as it was inspected --> identity --> verdict
```

A recall that ends anywhere is taken up by another one: what it has closed stands in the ledger, and what it may have
closed stands there as pending. A copy is inspected (issue and timeline), and read once more with the permission in hand.
It is changed only if GitHub shows the very same issue then, its counts and `updated_at` included; else it is inspected
anew, and after some rounds it is left: somebody is at work on it.

What can still go wrong: somebody touches a copy between that last reading and the write, a fraction of a second as a rule.
Then a copy ends closed that a person has just commented on; it stays readable and can be opened again.
"""

from dataclasses import replace
from functools import partial
from typing import Final

from monarch.core.after.acts import Change
from monarch.core.after.course import CHANGES, Course
from monarch.core.after.later import NOTHING, Recalled, settled_at_ms
from monarch.core.after.standing import took_effect
from monarch.core.after.touch import Left, Touch
from monarch.core.copy.style import Copying
from monarch.core.ids import TicketId
from monarch.core.outcome import Absent, Accepted, AlreadyThere, Code, Found, Permanent, Scope
from monarch.core.target.permission import Taken, WasChanged, WasNotCreated
from monarch.core.target.step import CreatedAs, Fate, LedgerRecord
from monarch.core.ticket import Issue, Ticket
from monarch.core.verdict import Acted, Done, Verdict, judge
from monarch.stages.after.changes import Changes
from monarch.stages.after.inspection import Inspected, Inspector
from monarch.stages.crossing.desk import Desk
from monarch.stages.crossing.other_writes import Nothing
from monarch.stages.crossing.subject import Subject, Tools
from monarch.stages.crossing.watch import Watch

ROUNDS: Final = 3
"""A copy that has changed so often between inspection and write is left: somebody is at work on it."""

_GONE: Final = frozenset({Code.NOT_FOUND, Code.ISSUES_DISABLED})


class TakingBack:
    """One recall of one target, or the undoing of one, under its lock. Used once."""

    def __init__(self, tools: Tools, subject: Subject, taken: Taken) -> None:
        self._tools = tools
        self._subject = subject
        self._act = subject.entry.act
        self._change = CHANGES[self._act]
        self._records: dict[TicketId, LedgerRecord] = dict(taken.records)
        self._later = dict(taken.later)
        self._desk = Desk(tools, subject, taken.epoch)
        self._watch = Watch(tools, subject, self._desk, self._records, taken.now_ms)
        self._changes = Changes(tools, subject, self._desk, self._watch.until)
        self._inspector = Inspector(
            tools.github, subject.repository, subject.us, self._act, self._later, tools.aside
        )
        self._changed = 0
        self._left: list[Left] = []

    async def run(self) -> Verdict:
        """Go through all copies of the plan, in order.

        Raises:
            LeaseLost, Draining: see `Hold.check`; what was done is on record.
            StoreError: Valkey cannot be asked.
        """
        return (
            await self._look()
            or await self._see_all_pending()
            or await self._go_through()
            or await self._desk.identity()
            or Done(Acted(self._act, self._changed, tuple(self._left)))
        )

    async def _look(self) -> Verdict | None:
        await self._watch.until(settled_at_ms(self._later.values()))
        return await self._watch.look()

    # ---------------------------------------------------------------------------------- what was pending

    async def _see_all_pending(self) -> Verdict | None:
        """Learn what came of every change that nobody has answered for. It has settled by now."""
        for ticket in self._subject.tickets:
            ended = await self._see_pending(ticket)
            if ended is not None:
                return ended
        return None

    async def _see_pending(self, ticket: Ticket) -> Verdict | None:
        later = self._later.get(ticket.id, NOTHING)
        pending = later.pending
        if pending is None:
            return None
        self._subject.hold.check()
        answer = await self._tools.github.read_issue(self._subject.repository, pending.number)
        if not isinstance(answer, Found | Absent):
            return await self._desk.judge(answer)
        if isinstance(answer, Found) and took_effect(pending, answer.value, self._subject.us):
            fact = WasChanged(pending.change, pending.number, pending.nonce, is_seen=True)
            await self._desk.record(ticket.id, fact)
            self._note(ticket, pending.change, pending.number)
        else:
            await self._desk.record(ticket.id, WasNotCreated(pending.nonce))
            self._later[ticket.id] = replace(later, pending=None)
        return None

    def _note(self, ticket: Ticket, change: Change, number: int) -> None:
        """The ledger's word after a change."""
        recall = Recalled(number, self._watch.now_ms(), change is Change.REOPEN)
        before = self._later.get(ticket.id, NOTHING)
        self._later[ticket.id] = replace(before, pending=None, recall=recall)

    # ----------------------------------------------------------------------------------- copy by copy

    async def _go_through(self) -> Verdict | None:
        for ticket in self._subject.tickets:
            number = await self._number(ticket)
            if isinstance(number, int):
                ended = await self._turn(ticket, number)
            else:
                ended = number
            if ended is not None:
                return ended
        return None

    async def _number(self, ticket: Ticket) -> int | Verdict | None:
        """The number of a ticket's copy; `None` where it has none (any more)."""
        record = self._records.get(ticket.id)
        if ticket.id not in self._watch.numbers and isinstance(record, CreatedAs):
            # Its marker was edited away, or it is gone.
            fate = await self._watch.find(ticket, record.number)
            if not isinstance(fate, Fate):
                return fate
        return self._watch.numbers.get(ticket.id)

    async def _turn(self, ticket: Ticket, number: int) -> Verdict | None:
        """Change one copy, or leave it."""
        for _ in range(ROUNDS):
            self._subject.hold.check()
            found = await self._inspector.inspect(ticket, number, self._copying)
            if isinstance(found, Absent):
                return None
            if not isinstance(found, Inspected):
                return await self._desk.judge(found)
            if not found.is_to_be_changed:
                self._count(ticket, found)
                return None
            is_still = partial(self._is_still, found.issue)
            answer = await self._changes.make(ticket.id, self._change, number, is_still)
            match answer:
                case Accepted() | AlreadyThere():
                    self._note(ticket, self._change, number)
                    self._changed += 1
                    return None
                case Permanent(Scope.TICKET, code) if code in _GONE:
                    return None
                case Permanent():
                    tools = self._tools
                    attempts = self._subject.delivery.attempts
                    return judge(answer, attempts, tools.policy, tools.dice())
                case Nothing():
                    continue
                case _:
                    return answer
        self._left.append(Left(ticket.number, number, (Touch.CHANGED,)))
        return None

    async def _is_still(self, inspected: Issue) -> bool | Verdict:
        """Whether GitHub shows the very issue that was inspected."""
        answer = await self._tools.github.read_issue(self._subject.repository, inspected.number)
        match answer:
            case Found(issue):
                return issue == inspected
            case Absent():
                return False
            case _:
                return await self._desk.judge(answer)

    def _count(self, ticket: Ticket, found: Inspected) -> None:
        if found.course is Course.DONE:
            self._changed += 1
        elif found.is_left:
            self._left.append(Left(ticket.number, found.issue.number, found.touches))

    @property
    def _copying(self) -> Copying:
        subject, watch = self._subject, self._watch
        return Copying(
            subject.plan,
            subject.name,
            subject.repository.id,
            self._tools.style,
            watch.numbers,
            watch.seen.highest,
        )
