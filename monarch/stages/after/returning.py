"""Returning: an update reopens copies that an update has closed, if the template has opened their tickets again.

It opens only those that an update closed with their tickets, by the ledger's word: what a person has recalled stays closed.
Each is inspected like a copy that is recalled (`stages.after.turns`), and is left and listed if people have touched it. An
open copy is like any other, and the update goes on to edit it.

The ledger may not know a copy that is closed as a recall closes one (Valkey was emptied). Who wanted that is unknown then,
so the copy is left and listed, too.
"""

from collections.abc import Sequence

from monarch.core.after.acts import Act, Change
from monarch.core.after.closed import versions_of
from monarch.core.after.later import NOTHING
from monarch.core.after.touch import Left
from monarch.core.copy import notes
from monarch.core.plan import Plan
from monarch.core.ticket import Ticket
from monarch.core.verdict import Verdict
from monarch.stages.after.turns import Turns
from monarch.stages.crossing.context import Context


class Returning:
    """The returns of one update. `earlier` are the older plans, newest first."""

    def __init__(self, context: Context, earlier: Sequence[Plan]) -> None:
        self._subject = context.subject
        self._desk, self._watch = context.desk, context.watch
        self._later = context.later
        self._plans = (context.subject.plan, *earlier)
        self._turns = Turns(context, Act.UPDATE)
        self._opened_before: list[int] = []

    @property
    def opened(self) -> frozenset[int]:
        """The numbers of the copies that were opened."""
        return frozenset(number for _, number in self._turns.changed)

    @property
    def left(self) -> tuple[Left, ...]:
        """Copies that stay closed, because people have touched them."""
        return tuple(self._turns.left)

    async def run(self) -> Verdict | None:
        """Open them in the order of their tickets; `None`: that is done.

        Raises:
            LeaseLost, Draining: see `Hold.check`.
        """
        ended = await self._watch.for_each_copy(self._subject.plan.everything, self._see_to)
        if ended is not None:
            return ended
        made = sorted((*self._opened_before, *(ticket for ticket, _ in self._turns.changed)))
        if made:
            # A worker that has lost its lease meanwhile says nothing: the next one has said it, and how it ended.
            self._subject.hold.check()
            await self._desk.note(notes.opened_too(made))
        return None

    async def _see_to(self, ticket: Ticket, number: int) -> Verdict | None:
        pending = self._later.get(ticket.id, NOTHING).pending
        if pending is not None and pending.change is not Change.EDIT:
            ended = await self._turns.see_pending(ticket)
            if ended is not None:
                return ended
        if self._turns.was_changed(ticket.id):
            self._opened_before.append(ticket.number)
        if not self._turns.is_retired(ticket.id, number):
            return None
        versions = versions_of(ticket, self._plans)
        written = [(one, self._watch.copying(plan)) for one, plan in versions]
        return await self._turns.turn(ticket, number, *written)
