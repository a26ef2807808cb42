"""Taking back: a recall closes the copies that no person has touched, and undoing it opens exactly those again.

```
wait until pending changes have settled --> look --> see what came of them
    --> for each ticket: its turn (`stages.after.turns`) --> identity --> verdict
```

Wherever a recall ends, another one can take it up: what it has closed is in the ledger, and what it may have closed is
there as pending.
"""

from collections.abc import Sequence

from monarch.core.after.closed import versions_of
from monarch.core.after.later import settled_at_ms
from monarch.core.copy.style import Copying
from monarch.core.plan import Plan
from monarch.core.target.permission import Taken
from monarch.core.ticket import Ticket
from monarch.core.verdict import Acted, Done, Verdict
from monarch.stages.after.turns import Turns
from monarch.stages.crossing.context import Context
from monarch.stages.crossing.subject import Subject, Tools


class TakingBack:
    """One recall of one target, or the undoing of one, under its lock. Used once. `watch` is as in `Crossing`."""

    def __init__(
        self, tools: Tools, subject: Subject, taken: Taken, others: Sequence[Plan] = ()
    ) -> None:
        """`others` are the plans of other requests for that template, newest first."""
        context = Context.of(tools, subject, taken)
        self._subject = subject
        self._desk, self.watch = context.desk, context.watch
        self._act = subject.entry.act
        self._others = others
        self._later = taken.later
        self._turns = Turns(context, self._act)

    async def run(self) -> Verdict:
        """Go through all copies of the plan, in order.

        Raises:
            LeaseLost, Draining: see `Hold.check`; what was done is on record.
            StoreError: Valkey cannot be asked.
        """
        await self._desk.note_name()
        return (
            await self._look()
            or await self._see_all_pending()
            or await self._go_through()
            or await self._desk.identity()
            or Done(self._acted())
        )

    async def _look(self) -> Verdict | None:
        await self.watch.until(settled_at_ms(self._later.values()))
        return await self.watch.look()

    async def _see_all_pending(self) -> Verdict | None:
        """Learn what came of every change without an answer. It has settled by now."""
        for ticket in self._subject.tickets:
            ended = await self._turns.see_pending(ticket)
            if ended is not None:
                return ended
        return None

    async def _go_through(self) -> Verdict | None:
        return await self.watch.for_each_copy(
            self._subject.tickets,
            lambda ticket, number: self._turns.turn(ticket, number, *self._versions(ticket)),
        )

    def _acted(self) -> Acted:
        turns = self._turns
        changed = len(turns.changed) + len(turns.done_before)
        already = len(turns.done) - len(turns.done_before)
        return Acted(self._act, changed, tuple(turns.left), already)

    def _versions(self, ticket: Ticket) -> list[tuple[Ticket, Copying]]:
        """The versions that the copy may have been written from: the ticket as requested, or as an update changed it."""
        found = versions_of(ticket, (self._subject.plan, *self._others))
        return [(one, self.watch.copying(plan)) for one, plan in found]
