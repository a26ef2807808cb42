"""Closing: an update lists the tickets that the template has closed since, and closes their untouched copies on request.

It closes a copy as a recall does (`stages.after.turns`): so a later message does not make it again, and the undoing of a
recall opens it. The ledger says that it was closed with its ticket, so `stages.after.returning` opens it with its
ticket. Without such a request it lists those that the look shows as open.
"""

from collections.abc import Sequence

from monarch.core.after.acts import Act
from monarch.core.after.closed import Closed, closed_since
from monarch.core.after.touch import Left
from monarch.core.copy import notes
from monarch.core.plan import Plan
from monarch.core.verdict import Verdict
from monarch.stages.after.turns import Turns
from monarch.stages.crossing.context import Context


class Closing:
    """The tickets of one update that the template has closed since. `earlier` are the plans of before, newest first."""

    def __init__(self, context: Context, earlier: Sequence[Plan]) -> None:
        self._subject = context.subject
        self._desk, self._watch = context.desk, context.watch
        self._closed = closed_since(context.subject.plan, earlier)
        self._turns = Turns(context, Act.UPDATE_AND_CLOSE)
        self._closed_before: list[int] = []
        self._open: list[int] = []

    @property
    def changed(self) -> int:
        """How many copies were closed."""
        return len(self._turns.changed)

    @property
    def left(self) -> tuple[Left, ...]:
        """Copies that people have touched; one that they have closed is as it should be."""
        turns = self._turns
        return tuple(one for one in turns.left if one.number not in turns.left_closed)

    async def run(self) -> Verdict | None:
        """Close the copies in the order of their tickets, or list them; `None`: that is done.

        Raises:
            LeaseLost, Draining: see `Hold.check`.
        """
        closed = {one.ticket: one for one in self._closed}
        ended = await self._watch.for_each_copy(
            closed, lambda ticket, number: self._see_to(closed[ticket], number)
        )
        if ended is not None:
            return ended
        if self._open:
            await self._desk.note(notes.closed_since(self._open))
        made = sorted((*self._closed_before, *(ticket for ticket, _ in self._turns.changed)))
        if made:
            await self._desk.note(notes.closed_too(made))
        return None

    async def _see_to(self, one: Closed, number: int) -> Verdict | None:
        if self._subject.entry.act is Act.UPDATE_AND_CLOSE:
            return await self._close(one, number)
        if self._watch.issues[number].state == "open":
            self._open.append(one.ticket.number)
        return None

    async def _close(self, one: Closed, number: int) -> Verdict | None:
        ended = await self._turns.see_pending(one.ticket)
        if ended is not None:
            return ended
        if self._turns.was_changed(one.ticket.id):
            self._closed_before.append(one.ticket.number)
        versions = [(ticket, self._watch.copying(plan)) for ticket, plan in one.versions]
        return await self._turns.turn(one.ticket, number, *versions)
