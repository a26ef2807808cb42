"""Updating: the copies that are still as Monarch wrote them are edited into what the template says now.

It runs inside a crossing, once every new ticket has its copy and all numbers are known, and before the target is read back.
Each copy is read fresh, its edit is decided, and with the permission in hand it is read once more: only where GitHub shows
the very same issue the edit leaves. An edit goes on record as pending before it is sent, so that a late old one never comes
over a newer one (`stages.after.changes`). Done twice it does nothing: a copy that says what its ticket says is not edited.

What can still go wrong: a person edits a copy between that last reading and the write, a fraction of a second as a rule:
their edit is overwritten, and stays in the issue's history.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

from monarch.core.after.acts import Act, Change
from monarch.core.after.edit import Edit
from monarch.core.after.later import NOTHING, Later
from monarch.core.after.revision import Earlier, Theirs, revision
from monarch.core.after.standing import Standing, standing
from monarch.core.after.touch import Left, Touch
from monarch.core.copy import notes
from monarch.core.copy.style import Copying
from monarch.core.ids import TicketId
from monarch.core.outcome import Absent, Accepted, AlreadyThere, Code, Found, Permanent, Scope
from monarch.core.plan import Plan
from monarch.core.ticket import Issue, Ticket
from monarch.core.verdict import Acted, Done, Verdict, judge
from monarch.stages.after.changes import Changes
from monarch.stages.crossing.desk import Desk
from monarch.stages.crossing.details import Detailing
from monarch.stages.crossing.other_writes import Nothing
from monarch.stages.crossing.subject import Subject, Tools
from monarch.stages.crossing.watch import Watch

ROUNDS: Final = 3
_GONE: Final = frozenset({Code.NOT_FOUND, Code.ISSUES_DISABLED})


class Updating:
    """The edits of one crossing; nothing where it is no update. `earlier` are the plans of before, newest first."""

    def __init__(
        self,
        tools: Tools,
        subject: Subject,
        desk: Desk,
        watch: Watch,
        details: Detailing,
        later: Mapping[TicketId, Later],
        earlier: Sequence[Plan],
    ) -> None:
        self._tools = tools
        self._subject = subject
        self._desk = desk
        self._watch = watch
        self._details = details
        self._later = later
        self._earlier = earlier
        self._changes = Changes(tools, subject, desk, watch.until)
        self._changed = 0
        self._left: list[Left] = []

    @property
    def needing(self) -> tuple[Ticket, ...]:
        """The tickets whose details have to be there before their copies are edited."""
        return self._subject.tickets if self._is_update else ()

    @property
    def _is_update(self) -> bool:
        return self._subject.entry.act is Act.UPDATE

    async def run(self) -> Verdict | None:
        """Edit what is ours, in order; `None`: all of it is as it should be.

        Raises:
            LeaseLost, Draining: see `Hold.check`.
        """
        if not self._is_update:
            return None
        for ticket in self._subject.tickets:
            number = self._watch.numbers.get(ticket.id)
            ended = None if number is None else await self._revise(ticket, number)
            if ended is not None:
                return ended
        closed = self._closed_since()
        if closed:
            await self._desk.note(notes.closed_since(closed))
        return None

    def ended(self, verdict: Verdict) -> Verdict:
        """The verdict of the crossing, with what the update did."""
        if self._is_update and isinstance(verdict, Done):
            return Done(Acted(Act.UPDATE, self._changed, tuple(self._left)))
        return verdict

    async def _revise(self, ticket: Ticket, number: int) -> Verdict | None:
        for _ in range(ROUNDS):
            self._subject.hold.check()
            answer = await self._tools.github.read_issue(self._subject.repository, number)
            if isinstance(answer, Absent):
                return None
            if not isinstance(answer, Found):
                return await self._desk.judge(answer)
            edit = await self._edit(answer.value, ticket)
            if not isinstance(edit, Edit):
                if edit is not None:
                    self._left.append(Left(ticket.number, number, (edit.touch,)))
                return None
            if edit.is_empty:
                return None
            is_still = partial(self._is_still, answer.value)
            send = partial(self._tools.github.revise_issue, self._subject.repository, number, edit)
            done = await self._changes.make(ticket.id, Change.EDIT, number, is_still, send)
            match done:
                case Accepted() | AlreadyThere():
                    self._changed += 1
                    return None
                case Permanent(Scope.TICKET, code) if code in _GONE:
                    return None
                case Permanent():
                    tools, attempts = self._tools, self._subject.delivery.attempts
                    return judge(done, attempts, tools.policy, tools.dice())
                case Nothing():
                    continue
                case _:
                    return done
        self._left.append(Left(ticket.number, number, (Touch.CHANGED,)))
        return None

    async def _edit(self, issue: Issue, ticket: Ticket) -> Edit | Theirs | None:
        """What is to be done with a copy; `None`: nothing, since a recall has closed it."""
        how = standing(issue, self._later.get(ticket.id, NOTHING), self._subject.us)
        if how is Standing.RECALLED:
            return None
        earlier = self._of(ticket)
        copying, details = self._copying(self._subject.plan), self._details.of(ticket, ())
        us = self._subject.us
        found = await self._tools.aside(
            lambda: revision(issue, ticket, copying, earlier, details, us)
        )
        if how is Standing.CLOSED and isinstance(found, Edit):
            return found if found.is_empty else Theirs(Touch.CLOSED)
        return found

    def _of(self, ticket: Ticket) -> tuple[Earlier, ...]:
        return tuple(
            Earlier(one, self._copying(plan))
            for plan in self._earlier
            for one in plan.everything
            if one.id == ticket.id
        )

    async def _is_still(self, read: Issue) -> bool | Verdict:
        answer = await self._tools.github.read_issue(self._subject.repository, read.number)
        match answer:
            case Found(issue):
                return issue == read
            case Absent():
                return False
            case _:
                return await self._desk.judge(answer)

    def _closed_since(self) -> list[int]:
        """Tickets of the newest earlier plan that the template has closed since, by their numbers there."""
        now = {ticket.id for ticket in self._subject.plan.everything}
        before = self._earlier[0].tickets if self._earlier else ()
        return [ticket.number for ticket in before if ticket.id not in now]

    def _copying(self, plan: Plan) -> Copying:
        subject, watch = self._subject, self._watch
        return Copying(
            plan,
            subject.name,
            subject.repository.id,
            self._tools.style,
            dict(watch.numbers),
            watch.seen.highest,
        )
