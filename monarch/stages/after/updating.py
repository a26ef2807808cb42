"""Updating: edit the copies that are still as Monarch wrote them into what the template says now.

`stages.after.closing` handles tickets that the template has closed since, `stages.after.returning` those that it has
opened again.

An update of a portion edits every copy in its target, those of other portions too: a ticket may have moved to another
milestone since, and stands in no other request then. Only new tickets are those of its own portion.

It runs inside a crossing, once every new ticket has its copy and all numbers are known, and before the target is read back.
Each copy is read fresh and its edit is decided (with its timeline, where it would be given a label, a milestone or a
type). With the permission in hand it is read once more: the edit leaves only if GitHub shows the very same issue. An edit
goes on record as pending before it is sent, so that a late old one never comes over a newer one
(`stages.after.changes`). A second run does nothing: a copy that says what its ticket says is not edited.

What can still go wrong: a person edits a copy between that last reading and the write, a fraction of a second as a rule:
their edit is overwritten, and stays in the issue's history.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from monarch.core.after.acts import Change
from monarch.core.after.edit import Edit
from monarch.core.after.later import NOTHING
from monarch.core.after.revision import (
    NONE,
    DetailChanges,
    Earlier,
    LeftToPeople,
    detail_changes,
    revision,
)
from monarch.core.after.standing import Standing, standing
from monarch.core.after.touch import Left, Touch
from monarch.core.copy.details import Details, wished
from monarch.core.outcome import Absent, Found
from monarch.core.plan import Plan
from monarch.core.ticket import Issue, Ticket
from monarch.core.verdict import Acted, Done, Verdict
from monarch.stages.after.changes import ROUNDS, Became, Changes
from monarch.stages.after.closing import Closing
from monarch.stages.after.inspection import history_of
from monarch.stages.after.returning import Returning
from monarch.stages.crossing.context import Context
from monarch.stages.crossing.details import Detailing


class Updating:
    """The edits of one crossing; nothing where it is no update. `earlier` are the plans of before, newest first."""

    def __init__(self, context: Context, details: Detailing, earlier: Sequence[Plan]) -> None:
        self._tools, self._subject = context.tools, context.subject
        self._desk, self._watch = context.desk, context.watch
        self._details = details
        self._later = context.later
        self._earlier = earlier
        self._changes = Changes(context)
        self._closing = Closing(context, earlier)
        self._returning = Returning(context, earlier)
        self._changed: set[int] = set()
        self._left: list[Left] = []

    async def needing(self, created: tuple[Ticket, ...]) -> tuple[Ticket, ...]:
        """The tickets whose details have to be in the target: those to be created, and those whose copies are given any."""
        if not self._is_update:
            return created
        everything = self._subject.plan.everything
        return tuple([t for t in everything if t in created or await self._gives(t)])

    async def _gives(self, ticket: Ticket) -> bool:
        """Whether the copy, as the look shows it, would be given a label, a milestone or a type."""
        issue = self._watch.issues.get(self._watch.numbers.get(ticket.id, 0))
        if issue is None:
            return False
        if self._later.get(ticket.id, NOTHING).is_retired(issue.number):
            issue = replace(issue, state="open")
        edit = await self._decided(issue, ticket, wished(ticket, self._tools.style), NONE)
        return isinstance(edit, Edit) and edit.gives_details

    @property
    def _is_update(self) -> bool:
        return self._subject.entry.act.is_update

    async def run(self) -> Verdict | None:
        """Open what has come back, edit what is ours, in order, and close; `None`: all of that is as it should be.

        Raises:
            LeaseLost, Draining: see `Hold.check`.
        """
        if not self._is_update:
            return None
        return await self._returning.run() or await self._revise_all() or await self._closing.run()

    async def _revise_all(self) -> Verdict | None:
        left = {one.number for one in self._returning.left}

        async def revise(ticket: Ticket, number: int) -> Verdict | None:
            return None if number in left else await self._revise(ticket, number)

        return await self._watch.for_each_copy(self._subject.plan.everything, revise)

    def ended(self, verdict: Verdict) -> Verdict:
        """The verdict of the crossing, with what the update did."""
        if self._is_update and isinstance(verdict, Done):
            changed = len(self._changed | self._returning.opened) + self._closing.changed
            left = (*self._returning.left, *self._left, *self._closing.left)
            return Done(Acted(self._subject.entry.act, changed, left))
        return verdict

    async def _revise(self, ticket: Ticket, number: int) -> Verdict | None:
        for _ in range(ROUNDS):
            self._subject.hold.check()
            read = await self._tools.github.read_issue(self._subject.repository, number)
            if not isinstance(read, Found):
                return None if isinstance(read, Absent) else await self._desk.judge(read)
            edit = await self._edit(read.value, ticket)
            if isinstance(edit, LeftToPeople):
                self._left.append(Left(ticket.number, number, (edit.touch,)))
                return None
            if not isinstance(edit, Edit):
                return edit
            if edit.is_empty:
                # A worker that has died since has edited it: who ends the update reports that, too.
                if self._later.get(ticket.id, NOTHING).was_edited(number, self._subject.asked_ms):
                    self._changed.add(number)
                return None
            is_still = partial(self._changes.is_still, read.value)
            send = partial(self._tools.github.revise_issue, self._subject.repository, number, edit)
            answer = await self._changes.make(ticket.id, Change.EDIT, number, is_still, send)
            became = await self._changes.became(answer, number)
            if became is Became.CHANGED:
                self._changed.add(number)
            if became is not Became.OTHER:
                return None if isinstance(became, Became) else became
        self._left.append(Left(ticket.number, number, (Touch.CHANGED,)))
        return None

    async def _edit(self, issue: Issue, ticket: Ticket) -> Edit | LeftToPeople | Verdict | None:
        """What to do with a copy; `None`: nothing, since it is gone."""
        details = self._details.of(ticket, ())
        found = await self._decided(issue, ticket, details, NONE)
        if not isinstance(found, Edit) or not found.gives_details:
            return found
        history = await history_of(self._tools.github, self._subject.repository, issue.number)
        match history:
            case Found(happenings):
                changed = detail_changes(happenings, self._subject.us)
                return await self._decided(issue, ticket, details, changed)
            case Absent():
                return None
            case _:
                return await self._desk.judge(history)

    async def _decided(
        self, issue: Issue, ticket: Ticket, details: Details, changed: DetailChanges
    ) -> Edit | LeftToPeople:
        later = self._later.get(ticket.id, NOTHING)
        how = standing(issue, later, self._subject.us)
        closed = Touch.CLOSED
        if how is Standing.RECALLED:
            # If the ledger does not know this copy (Valkey was emptied), it is unknown who wanted it closed.
            if later.recall is None or later.recall.number != issue.number:
                return LeftToPeople(Touch.CLOSED)
            closed = Touch.RECALLED
        earlier = self._of(ticket)
        copying, us = self._watch.copying(self._subject.plan), self._subject.us
        found = await self._tools.aside(
            lambda: revision(issue, ticket, copying, earlier, details, us, changed)
        )
        if how is not Standing.OPEN and isinstance(found, Edit):
            return found if found.is_empty else LeftToPeople(closed)
        return found

    def _of(self, ticket: Ticket) -> tuple[Earlier, ...]:
        return tuple(
            Earlier(one, self._watch.copying(plan))
            for plan in self._earlier
            for one in plan.everything
            if one.id == ticket.id
        )
