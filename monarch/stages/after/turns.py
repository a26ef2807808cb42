"""Turns: close, open or leave copies one by one, for a recall, for its undoing, and for an update.

```
pending change --settled--> see what came of it
copy --> inspect (issue and timeline) --> permission --> still the very same issue? --> change, else inspect anew
```

A copy is changed only if GitHub shows the very same issue with the permission in hand, its counts and `updated_at`
included; after some rounds it is left: a person is at work on it.

What can still go wrong: a person touches a copy between that last reading and the write, a fraction of a second as a rule.
Then a copy ends closed that a person has just commented on; it stays readable and can be opened again.
"""

from dataclasses import replace
from functools import partial

from monarch.core.after.acts import Act, Change
from monarch.core.after.course import CHANGES, Course
from monarch.core.after.later import NOTHING, Recalled
from monarch.core.after.standing import took_effect
from monarch.core.after.touch import Left, Touch
from monarch.core.copy.style import Copying
from monarch.core.ids import TicketId
from monarch.core.outcome import Absent, Found
from monarch.core.target.permission import WasChanged, WasNotCreated, WasRecalled
from monarch.core.ticket import Ticket
from monarch.core.timing import SETTLING_MS
from monarch.core.verdict import Verdict
from monarch.stages.after.changes import ROUNDS, Became, Changes
from monarch.stages.after.inspection import Inspected, Inspector
from monarch.stages.crossing.context import Context


class Turns:
    """The turns of one act in one target.

    Attributes:
        changed: copies that were changed, each after its ticket, by their numbers.
        done: copies that are so already.
        done_before: those of them that this very act has changed: its worker has died since.
        left: copies that belong to people, and stay as they are.
        left_closed: the numbers of those of them that were closed when they were read.
    """

    def __init__(self, context: Context, act: Act) -> None:
        """`act` as in `core.after.course`."""
        self._tools, self._subject = context.tools, context.subject
        self._desk, self._watch = context.desk, context.watch
        self._act = act
        self._change = CHANGES[act]
        self._later = dict(context.later)
        self._changes = Changes(context)
        tools, subject = context.tools, context.subject
        self._inspector = Inspector(
            tools.github, subject.repository, subject.us, act, self._later, tools.aside
        )
        self.changed: list[tuple[int, int]] = []
        self.done: list[tuple[int, int]] = []
        self.done_before: list[tuple[int, int]] = []
        self.left: list[Left] = []
        self.left_closed: set[int] = set()

    def was_changed(self, ticket: TicketId) -> bool:
        """Whether the ledger says that this very act has changed a ticket's copy: its worker has died since."""
        recall = self._later.get(ticket, NOTHING).recall
        if recall is None or recall.at_ms < self._subject.since_ms:
            return False
        return recall.is_reopened is not self._change.closes

    def is_retired(self, ticket: TicketId, number: int) -> bool:
        """Whether the ledger says that an update closed this copy with its ticket."""
        return self._later.get(ticket, NOTHING).is_retired(number)

    async def see_pending(self, ticket: Ticket) -> Verdict | None:
        """Learn what came of a change without an answer, once it has settled.

        Raises:
            LeaseLost, Draining: see `Hold.check`.
        """
        later = self._later.get(ticket.id, NOTHING)
        pending = later.pending
        if pending is None:
            return None
        await self._watch.until(pending.at_ms + SETTLING_MS)
        self._subject.hold.check()
        answer = await self._tools.github.read_issue(self._subject.repository, pending.number)
        if not isinstance(answer, Found | Absent):
            return await self._desk.judge(answer)
        if isinstance(answer, Found) and took_effect(pending, answer.value, self._subject.us):
            fact = WasChanged(pending.change, pending.number, pending.nonce, is_seen=True)
            await self._desk.record(ticket.id, fact)
            self._note(ticket, pending.change, pending.number, pending.at_ms)
        else:
            await self._desk.record(ticket.id, WasNotCreated(pending.nonce))
            self._later[ticket.id] = replace(later, pending=None)
        return None

    def _note(self, ticket: Ticket, change: Change, number: int, at_ms: int) -> None:
        """Note what the ledger says after a change; `at_ms`: its write left then, so one of an earlier act is not this one's."""
        is_reopened, with_ticket = change is Change.REOPEN, change is Change.RETIRE
        recall = Recalled(number, at_ms, is_reopened, with_ticket)
        before = self._later.get(ticket.id, NOTHING)
        self._later[ticket.id] = replace(before, pending=None, recall=recall)

    async def turn(
        self, ticket: Ticket, number: int, *versions: tuple[Ticket, Copying]
    ) -> Verdict | None:
        """Change one copy, written for one of these versions of its ticket, or leave it.

        Raises:
            LeaseLost, Draining: see `Hold.check`.
        """
        for _ in range(ROUNDS):
            self._subject.hold.check()
            found = await self._inspector.inspect(ticket, number, *versions)
            if isinstance(found, Absent):
                return None
            if not isinstance(found, Inspected):
                return await self._desk.judge(found)
            if not found.is_to_be_changed:
                self._count(ticket, found)
                await self._take_over(ticket, found)
                return None
            is_still = partial(self._changes.is_still, found.issue)
            answer = await self._changes.make(ticket.id, self._change, number, is_still)
            became = await self._changes.became(answer, number)
            if became is Became.CHANGED:
                self._note(ticket, self._change, number, self._watch.now_ms())
                self.changed.append((ticket.number, number))
            if became is not Became.OTHER:
                return None if isinstance(became, Became) else became
        self.left.append(Left(ticket.number, number, (Touch.CHANGED,)))
        return None

    async def _take_over(self, ticket: Ticket, found: Inspected) -> None:
        """Record that a person has recalled a copy that an update closed with its ticket: no update opens it again."""
        number = found.issue.number
        is_recalled = self._act is Act.RECALL and found.course is Course.DONE
        if is_recalled and self.is_retired(ticket.id, number):
            await self._desk.record(ticket.id, WasRecalled(number))

    def _count(self, ticket: Ticket, found: Inspected) -> None:
        if found.course is Course.DONE:
            self.done.append((ticket.number, found.issue.number))
            if self.was_changed(ticket.id):
                self.done_before.append(self.done[-1])
        elif found.is_left:
            self.left.append(Left(ticket.number, found.issue.number, found.touches))
            if found.issue.state == "closed":
                self.left_closed.add(found.issue.number)
