"""Reading back: look again and compare, so that "done" rests on what was seen, not on what was sent.

Between the comparison and the verdict comes the second pass, which needs all copies to exist. It runs even where tickets
were refused or strays were found: what is there is put right.
"""

from dataclasses import replace
from typing import Final

from monarch.core.advice import Advice
from monarch.core.after.acts import Act
from monarch.core.after.later import NOTHING
from monarch.core.after.standing import Standing, standing
from monarch.core.copy import notes
from monarch.core.ids import TicketId
from monarch.core.listed import numbered
from monarch.core.outcome import Code
from monarch.core.target.look import missing, strays_of, with_known
from monarch.core.target.step import CreatedAs, Fate, Refused
from monarch.core.ticket import Ticket
from monarch.core.verdict import Dead, Done, Migrated, Verdict
from monarch.stages.crossing.context import Context
from monarch.stages.crossing.other_writes import OtherWrites
from monarch.stages.crossing.second_pass import SecondPass

_NAMED: Final = 20
"""How many tickets a reason names at most."""

_REASONS: Final = 3
"""How many different reasons of refusals to report at most."""

_NOT_SHOWN: Final = Advice(
    "see whether GitHub hides them, as it does where it has flagged an account; if they never came to be, have them made as"
    " docs/operating.md says (“Copies that GitHub does not show”)"
)
_CHANGE: Final = Advice(
    "send the message again after that; or, where it is the target that refuses, change the target instead"
)


class ReadingBack:
    """The end of one crossing. Made once all tickets were brought."""

    def __init__(self, context: Context, writes: OtherWrites) -> None:
        self._context = context
        self._subject = context.subject
        self._desk, self._watch = context.desk, context.watch
        self._writes = writes
        self._deleted: set[TicketId] = set()
        tickets, records = context.subject.tickets, context.watch.records
        self._refused = {t.id: r for t in tickets if isinstance(r := records.get(t.id), Refused)}

    async def run(self) -> Verdict:
        """Read the target back, and say how the migration ends.

        Raises:
            LeaseLost, Draining: see `Hold.check`.
        """
        ended = (
            await self._watch.look()
            or await self._find_unseen()
            or self._compare()
            or await self._second_pass()
            or await self._desk.identity()
        )
        if ended is not None:
            return ended
        await self._note_closed()
        return self._judge()

    async def _find_unseen(self) -> Verdict | None:
        """Find copies on record that no marker shows: edited, deleted by a person, or never there.

        Of the whole plan, although a healing touches only its share: a report about a target covers all of it. And of
        other portions: a reference to a copy of theirs must not be lost with its marker.
        """
        for ticket in self._subject.plan.everything:
            record = self._watch.records.get(ticket.id)
            if not isinstance(record, CreatedAs) or ticket.id in self._watch.seen.copies:
                continue
            fate = await self._watch.find(ticket, record.number)
            if not isinstance(fate, Fate):
                return fate
            if fate is Fate.DELETED:
                self._deleted.add(ticket.id)
        return None

    def _compare(self) -> Verdict | None:
        seen = with_known(self._watch.seen, self._watch.numbers)
        lost = missing(self._subject.share, seen, self._refused, self._deleted)
        if not lost:
            return None
        numbers = numbered([ticket.number for ticket in lost], _NAMED)
        verdict = self._desk.fail(
            f"reading {self._subject.name} back did not show the copies of {numbers}"
        )
        if isinstance(verdict, Dead):
            return replace(verdict, code=Code.COPIES_MISSING, advice=_NOT_SHOWN)
        return verdict

    async def _second_pass(self) -> Verdict | None:
        return await SecondPass(self._context, self._writes).run()

    async def _note_closed(self) -> None:
        """Note which copies count as there and are closed by a recall or an update: this message leaves them so."""
        entry = self._subject.entry
        if entry.act is not Act.COPY or entry.heal:
            return
        closed = [copy for ticket in self._subject.tickets if (copy := self._closed_copy(ticket))]
        recalled = [number for number, is_retired in closed if not is_retired]
        retired = [number for number, is_retired in closed if is_retired]
        if recalled:
            await self._desk.note(notes.recalled(recalled))
        if retired:
            await self._desk.note(notes.retired(retired))

    def _closed_copy(self, ticket: Ticket) -> tuple[int, bool] | None:
        """The number of a copy that an act of ours keeps closed, and whether an update closed it with its ticket."""
        copy = self._watch.issues.get(self._watch.numbers.get(ticket.id, 0))
        later = self._context.later.get(ticket.id, NOTHING)
        if copy is None or standing(copy, later, self._subject.us) is not Standing.RECALLED:
            return None
        return copy.number, later.is_retired(copy.number)

    def _judge(self) -> Verdict:
        plan, name = self._subject.plan, self._subject.name
        strays = strays_of(self._subject.share, self._watch.seen)
        if strays:
            issues = ", ".join(f"#{stray.number} (a second #{stray.original})" for stray in strays)
            return Dead(
                Code.STRAYS,
                f"{name} holds second copies",
                advice=Advice(f"close {issues}"),
            )
        if self._refused:
            return Dead(Code.TICKETS_REFUSED, self._refusals(), advice=_CHANGE)
        deleted = sum(ticket.id not in self._watch.numbers for ticket in plan.tickets)
        return Done(Migrated(self._subject.repository.id, len(plan.tickets), deleted))

    def _refusals(self) -> str:
        """Each reason once, with the tickets that GitHub refused for it."""
        numbers: dict[str, list[int]] = {}
        for ticket in self._subject.plan.tickets:
            if refusal := self._refused.get(ticket.id):
                numbers.setdefault(refusal.reason, []).append(ticket.number)
        reasons = [f"{numbered(those, _NAMED)}: {why}" for why, those in numbers.items()]
        return f"GitHub refused {'; '.join(reasons[:_REASONS])}" + "; …" * (len(reasons) > _REASONS)
