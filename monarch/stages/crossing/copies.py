"""One copy: ask permission, send once, write down what became of it.

It receives a ticket that is to be created, and promises that whatever happens after the permission is in the ledger: as
created, as refused, as certainly not created, or still as intended, which means *unknown*.
"""

from collections.abc import Collection
from dataclasses import replace
from typing import Final, assert_never

from monarch.core.copy import notes
from monarch.core.copy.render import Draft, render
from monarch.core.ids import TicketId
from monarch.core.outcome import (
    Code,
    Created,
    Permanent,
    RateLimited,
    Scope,
    Transient,
    Unknown,
    Withheld,
    WriteOutcome,
)
from monarch.core.target.permission import (
    AlreadyCreated,
    Granted,
    MustReconcile,
    WasCreated,
    WasNotCreated,
    WasRefused,
    WasUnanswered,
)
from monarch.core.target.step import CreatedAs, Intended, Refused
from monarch.core.ticket import Author, Ticket
from monarch.core.verdict import Snooze, Verdict, Waits
from monarch.stages.crossing.context import Context
from monarch.stages.crossing.details import Detailing

DISPENSABLE: Final = frozenset({"labels", "milestone", "type", "assignees"})
"""Fields, as GitHub names them, that a copy can be created without."""


class Writer:
    """Creates the copies of one crossing.

    It keeps the records of `watch` up to date. `author` is the account that GitHub named as the author of its newest copy.
    """

    def __init__(self, context: Context, details: Detailing) -> None:
        self._tools, self._subject = context.tools, context.subject
        self._desk, self._watch = context.desk, context.watch
        self._details = details
        self._drafted: tuple[object, Draft] | None = None
        self._without: dict[TicketId, frozenset[str]] = {}
        self._never: frozenset[str] = frozenset()
        self._suspicion = ""
        self._is_introduced = False
        self.author: Author | None = None

    async def write(self, ticket: Ticket, reconciled: str | None) -> Verdict | None:
        """Try once to create the copy, or wait for permission; `None`: look at its record and go on.

        Raises:
            LeaseLost, Draining: see `Hold.check`.
        """
        # Draft before asking: a permission is good for a second, and a long text takes longer to draft.
        draft = await self._draft(ticket, self._left_out(ticket))
        if not self._is_introduced:
            # Once, and only for an account that writes: until an account has a name, weaker evidence counts.
            await self._tools.logins.introduce(self._subject.credential)
            self._is_introduced = True
        permission = await self._desk.ask(ticket.id, reconciled)
        match permission:
            case Granted():
                return await self._send(ticket, draft, permission)
            case AlreadyCreated(number):
                self._watch.records[ticket.id] = CreatedAs(number, 0)
            case MustReconcile(intended):
                self._watch.records[ticket.id] = intended
            case _:
                return permission
        return None

    async def _draft(self, ticket: Ticket, without: Collection[str]) -> Draft:
        """The copy as far as numbers are known by now: the rest is for the second pass.

        A ticket that waits for permission is drafted again and again, so the newest draft is kept.
        """
        details = self._details.of(ticket, without)
        copying = self._watch.copying(self._subject.plan)
        asked = (ticket.id, copying, details)
        if self._drafted is None or self._drafted[0] != asked:
            draft = await self._tools.aside(lambda: render(ticket, copying, details))
            self._drafted = asked, draft
        return self._drafted[1]

    async def _send(self, ticket: Ticket, draft: Draft, granted: Granted) -> Verdict | None:
        tools = self._tools
        self._watch.records[ticket.id] = Intended(granted.until_ms, granted.nonce)
        outcome, seconds = await tools.timed(
            tools.github.create_issue(self._subject.repository, draft, self._desk.may_send)
        )
        if draft.labels and isinstance(outcome, Permanent) and _may_be_about_labels(outcome):
            # A label that does not exist (any more) would have to be made. Since 2026 GitHub refuses the whole call for
            # that if the account may not push. A call without labels shows whether it may open issues at all.
            outcome = replace(outcome, scope=Scope.TICKET, fields=("labels",))
        ended = await self._note(ticket, granted, outcome, seconds)
        if self._suspicion and isinstance(outcome, Created | Unknown):
            await self._confirm(ticket)
        return ended

    async def _note(
        self, ticket: Ticket, granted: Granted, outcome: WriteOutcome, seconds: float
    ) -> Verdict | None:
        """Write down what became of it, and say what becomes of the delivery; `None`: go on."""
        match outcome:
            case Created(number) if number <= self._watch.seen.highest:
                return await self._note_strange(ticket, granted, outcome, seconds)
            case Created():
                await self._note_created(ticket, granted, outcome, seconds)
                return None
            case Withheld():
                await self._withdraw(ticket, granted)
                return None
            case Unknown(reason):
                await self._desk.record(ticket.id, WasUnanswered(granted.nonce))
                self._watch.unanswered[ticket.id] += 1
                self._watch.unknown[ticket.id] = reason
                self._tools.telemetry.ticket_unknown(
                    target=self._subject.name, ticket=ticket.number, reason=reason
                )
                return None
            case Permanent(Scope.TICKET):
                await self._note_refused(ticket, granted, outcome)
                return None
            case RateLimited() | Permanent() | Transient():
                self._watch.records.pop(ticket.id, None)
                return await self._desk.give_up(ticket.id, granted, outcome)
            case _:
                assert_never(outcome)

    async def _note_strange(
        self, ticket: Ticket, granted: Granted, created: Created, seconds: float
    ) -> Verdict | None:
        """A number that was used before: numbers only rise, so this was not created in our target, or we are wrong.

        Ask the target for its id. Believe the answer only if the target is still the same repository.
        """
        ended = await self._desk.identity()
        match ended:
            case None:
                await self._note_created(ticket, granted, created, seconds)
            case Snooze(kind=Waits.IDENTITY):
                await self._desk.record(ticket.id, WasNotCreated(granted.nonce))
            case _:
                await self._desk.record(ticket.id, WasUnanswered(granted.nonce))
        return ended

    async def _note_created(
        self, ticket: Ticket, granted: Granted, created: Created, seconds: float
    ) -> None:
        name, telemetry, number = self._subject.name, self._tools.telemetry, created.number
        is_first = not any(isinstance(r, CreatedAs) for r in self._watch.records.values())
        fact = WasCreated(number, granted.nonce, created.issue_id)
        recorded = await self._desk.record(ticket.id, fact)
        self._watch.records[ticket.id] = CreatedAs(number, granted.at_ms, created.issue_id)
        self.author = created.author
        telemetry.ticket_copied(target=name, ticket=ticket.number, number=number, seconds=seconds)
        if recorded.stray is not None:
            telemetry.stray_found(target=name, number=number, kept=None)
        if is_first:
            waited_s = (granted.at_ms - self._subject.asked_ms) / 1000
            telemetry.first_copy(seconds=max(0.0, waited_s + seconds))
        for what in created.dropped:
            await self._desk.note(notes.dropped(what))

    async def _note_refused(self, ticket: Ticket, granted: Granted, refusal: Permanent) -> None:
        """Record a refusal for good, unless it is only about a detail that the copy can be created without."""
        before = self._left_out(ticket)
        after = before | frozenset(refusal.fields)
        if before < after <= DISPENSABLE:
            had = self._details.of(ticket, before).kinds
            self._without[ticket.id] = after
            # A wrong type or a missing right is the target's: do not let it refuse other tickets, too.
            is_right = refusal.code is Code.FORBIDDEN
            self._never |= after & had & {"type", *(["labels"] if is_right else [])}
            await self._withdraw(ticket, granted)
            note = notes.refused_fields([one for one in refusal.fields if one in had], refusal)
            if is_right:
                self._suspicion = note
            elif had.intersection(refusal.fields):
                await self._desk.note(note)
            return
        run = self._subject.entry.run
        await self._desk.record(ticket.id, WasRefused(granted.nonce, run, refusal.sentence))
        self._watch.records[ticket.id] = Refused(run, granted.at_ms, refusal.sentence)
        self._tools.telemetry.ticket_refused(
            target=self._subject.name, ticket=ticket.number, reason=refusal.sentence
        )

    async def _confirm(self, ticket: Ticket) -> None:
        """Note that labels were forbidden, if the ticket that was copied without them, or may have been, has some.

        Not before: what is forbidden for another reason is so without labels as well. A worker that dies before this leaves
        the note to the next ticket that has labels; where there is none, it is lost.
        """
        if self._details.of(ticket, ()).labels:
            await self._desk.note(self._suspicion)

    def _left_out(self, ticket: Ticket) -> frozenset[str]:
        return self._without.get(ticket.id, frozenset()) | self._never

    async def _withdraw(self, ticket: Ticket, granted: Granted) -> None:
        await self._desk.record(ticket.id, WasNotCreated(granted.nonce))
        self._watch.records.pop(ticket.id, None)


def _may_be_about_labels(refusal: Permanent) -> bool:
    """Whether the same without labels may be taken. A refusal of the caller may be over by then: the labels would be lost."""
    return refusal.code is Code.FORBIDDEN and not refusal.keeps_out
