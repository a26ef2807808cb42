"""One crossing of a target: look, then for each ticket decide and act, then look again and compare.

```
look --> details --> for each ticket: next_action --> act --> (healing) reopen --> look --> compare --> second pass --> verdict
looks    details     core.target.step, copies                 read_back            second_pass
```

Pure and effectful lines alternate: `next_action` decides for one ticket, ledger and GitHub act. Each step is on record
before and after its effect, so wherever a crossing ends, another one can take it up.

Why nothing is doubled: a create needs `permit`, which is fenced and grants only over an empty field of the ledger, over
a refusal, over the very intent that a look has reconciled, or (healing) over the record of the very copy that a look
showed to be deleted; the look began 20 s after the intent or later; and all of it happened under the target's lock and
in one epoch.
What can still go wrong: docs/protocols.md, "The three windows".
"""

from collections.abc import Sequence
from typing import Final, assert_never

from monarch.core.advice import Advice
from monarch.core.plan import Plan
from monarch.core.redact import quote
from monarch.core.target.permission import Taken, WasFound
from monarch.core.target.step import (
    Action,
    Adopt,
    Create,
    CreatedAs,
    Fate,
    Heal,
    Inspect,
    Reconcile,
    Refused,
    Skip,
    Stop,
    UnreadableRecord,
    next_action,
)
from monarch.core.ticket import Ticket
from monarch.core.verdict import Verdict
from monarch.ports import StoreError
from monarch.stages.after.reopening import Reopening
from monarch.stages.after.updating import Updating
from monarch.stages.crossing.context import Context
from monarch.stages.crossing.copies import Writer
from monarch.stages.crossing.details import Detailing
from monarch.stages.crossing.other_writes import UNANSWERED, OtherWrites
from monarch.stages.crossing.read_back import ReadingBack
from monarch.stages.crossing.subject import Subject, Tools
from monarch.stages.lease import LeaseLost


class Crossing:
    """One pass over one target, under its lock. Used once. `watch` is all that it knows so far."""

    def __init__(
        self, tools: Tools, subject: Subject, taken: Taken, earlier: Sequence[Plan] = ()
    ) -> None:
        """`earlier` are the older plans that an update compares with, newest first."""
        self._context = context = Context.of(tools, subject, taken)
        self._tools, self._subject = tools, subject
        self._desk, self.watch = context.desk, context.watch
        self._others = OtherWrites(context)
        self._details = Detailing(context, self._others)
        self._reopening = Reopening(context)
        self._updating = Updating(context, self._details, earlier)
        self._writer = Writer(context, self._details)

    async def run(self) -> Verdict:
        """Bring every ticket of the plan into the target, in order.

        Raises:
            LeaseLost, Draining: see `Hold.check`; what was done is on record.
            StoreError: Valkey cannot be asked.
        """
        try:
            return await self._cross_as_owner()
        except LeaseLost:
            if self.watch.has_open:
                await self.watch.look_behind()
            raise

    async def _cross_as_owner(self) -> Verdict:
        """Cross; however that ends, leave no open write behind without knowing who owns the target now."""
        try:
            verdict = await self._cross()
        except StoreError:
            await self._confirm_owner()
            raise
        await self._confirm_owner()
        return verdict

    async def _confirm_owner(self) -> None:
        """Confirm the lease: a frozen worker learns of its loss only by a renewal, and only then looks (see `run`)."""
        if self.watch.has_open:
            await self._subject.hold.until_outlives(0)

    async def _cross(self) -> Verdict:
        await self._desk.note_name()
        return self._updating.ended(
            await self.watch.look()
            or await self._inspect_all()
            or await self._details.prepare(await self._updating.needing(self._to_be_created()))
            or await self._bring_all()
            or await self._reopening.run()
            or await self._updating.run()
            or await self._read_back()
        )

    async def _read_back(self) -> Verdict:
        return await ReadingBack(self._context, self._others).run()

    # ------------------------------------------------------------------------------ ticket by ticket

    async def _inspect_all(self) -> Verdict | None:
        """Learn what became of the copies that are to be healed, before deciding what to create."""
        for ticket in self._subject.tickets:
            action = self._next(ticket)
            ended = await self._inspect(ticket, action) if isinstance(action, Inspect) else None
            if ended is not None:
                return ended
        return None

    async def _inspect(self, ticket: Ticket, action: Inspect) -> Verdict | None:
        fate = await self.watch.find(ticket, action.number)
        return None if isinstance(fate, Fate) else fate

    def _to_be_created(self) -> tuple[Ticket, ...]:
        return tuple(t for t in self._subject.tickets if isinstance(self._next(t), Create))

    async def _bring_all(self) -> Verdict | None:
        for ticket in self._subject.tickets:
            ended = await self._bring(ticket)
            if ended is not None:
                return ended
        return None

    def _next(self, ticket: Ticket) -> Action:
        shown = self.watch.seen
        record, seen = self.watch.records.get(ticket.id), shown.copies.get(ticket.id)
        entry, healing = self._subject.entry, None
        if entry.heal:
            number = record.number if isinstance(record, CreatedAs) else 0
            healing = Heal(self.watch.fates.get(number))
        return next_action(
            record,
            seen,
            self.watch.looked_at_ms,
            entry.run,
            healing,
            self._subject.asked_ms,
            says_the_same=ticket.id in shown.adopted,
        )

    async def _bring(self, ticket: Ticket) -> Verdict | None:
        """Bring one ticket; `None` where it is settled and the next one follows."""
        while True:
            self._subject.hold.check()
            action = self._next(ticket)
            match action:
                case Skip():
                    return None
                case Adopt(number):
                    await self._adopt(ticket, number)
                    return None
                case Reconcile(at_ms):
                    ended = await self._reconcile(ticket, at_ms)
                case Create(reconciled):
                    before = self.watch.records.get(ticket.id)
                    ended = await self._create(ticket, reconciled)
                    after = self.watch.records.get(ticket.id)
                    # Once in a crossing, whatever a clock that was set back makes of the moments on record. A refusal of
                    # an earlier run may still be there where the writer has only waited.
                    if ended is None and isinstance(after, Refused) and after is not before:
                        return None
                case Inspect():
                    ended = await self._inspect(ticket, action)
                case Stop(unreadable):
                    ended = self._desk.fail(_unreadable(ticket, unreadable), _NEWER)
                case _:
                    assert_never(action)
            if ended is not None:
                return ended

    async def _adopt(self, ticket: Ticket, number: int) -> None:
        seen = self.watch.issues.get(number)
        issue = 0 if seen is None else seen.id
        await self._desk.record(ticket.id, WasFound(number, issue))
        self.watch.records[ticket.id] = CreatedAs(number, self.watch.now_ms(), issue)
        telemetry, is_same = self._tools.telemetry, ticket.id in self.watch.seen.adopted
        tell = telemetry.ticket_adopted if is_same else telemetry.ticket_present
        tell(target=self._subject.name, ticket=ticket.number, number=number)

    async def _reconcile(self, ticket: Ticket, at_ms: int) -> Verdict | None:
        """Settle an intent without an answer: wait until it has happened or cannot happen any more, and look."""
        if self.watch.unanswered[ticket.id] >= UNANSWERED:
            what = f"what became of {UNANSWERED} writes of ticket #{ticket.number}"
            why = self.watch.unknown.get(ticket.id, "GitHub did not answer")
            return self._desk.fail(f"it is unknown {what}: {why}")
        await self.watch.until(at_ms)
        return await self.watch.look()

    async def _create(self, ticket: Ticket, reconciled: str | None) -> Verdict | None:
        ended = await self._writer.write(ticket, reconciled)
        record = self.watch.records.get(ticket.id)
        if ended is None and isinstance(record, CreatedAs):
            await self.watch.created(ticket, record.number)
            return await self.watch.learn(self._writer.author)
        return ended


def _unreadable(ticket: Ticket, record: UnreadableRecord) -> str:
    return (
        f'the ledger says "{quote(record.text, 80)}" of ticket #{ticket.number}, which this version cannot read and the'
        " target shows no copy"
    )


_NEWER: Final = Advice("let the newer version run it, or correct that field of the ledger")
