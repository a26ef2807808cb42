"""A survey: what is read of a target before it is told what a migration would do to it, or has done.

These decisions drive what is read: first the look, then what the ledger's copies became that it does not
show (`unseen`), then what the tickets need that are to be created (`to_be_created`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from monarch.core.after.later import Later
from monarch.core.copy.details import Stock
from monarch.core.ids import TicketId
from monarch.core.outcome import Permanent
from monarch.core.plan import Plan
from monarch.core.target.logins import Us
from monarch.core.target.look import Seen
from monarch.core.target.step import (
    Action,
    Create,
    CreatedAs,
    Fate,
    LedgerRecord,
    Reconcile,
    next_action,
)
from monarch.core.ticket import Issue, Repository, Ticket

FIRST_RUN = 1
"""A new request begins with it."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What was read of one target.

    Attributes:
        seen: what a complete look shows.
        issues: what it read, by number.
        records: the target's ledger; empty where it cannot be asked.
        fates: of the copies on record that the look does not show, by number.
        looked_at_ms: when the look began, by the clock of the records.
        stock: what the target has of what `to_be_created` needs.
        is_busy: whether a migration writes to it right now.
        later: what the ledger says of copies after they were created.
        us: who we are towards the target.
        withheld: what of it is not to be had, by its kind (a word of `core.copy.notes`), and why.
    """

    repository: Repository
    seen: Seen = field(default_factory=Seen)
    issues: Mapping[int, Issue] = field(default_factory=dict)
    records: Mapping[TicketId, LedgerRecord] = field(default_factory=dict)
    fates: Mapping[int, Fate] = field(default_factory=dict)
    looked_at_ms: int = 0
    stock: Stock = field(default_factory=Stock)
    withheld: Mapping[str, Permanent] = field(default_factory=dict)
    is_busy: bool = False
    later: Mapping[TicketId, Later] = field(default_factory=dict)
    us: Us = field(default_factory=Us)


def first_action(
    ticket: Ticket, seen: Seen, records: Mapping[TicketId, LedgerRecord], looked_at_ms: int
) -> Action:
    """What a request that is made now would do for this ticket.

    Where an issue says the same nothing is created, whether a write under way comes to anything or not.
    """
    record, number = records.get(ticket.id), seen.copies.get(ticket.id)
    return next_action(record, number, looked_at_ms, FIRST_RUN, asked_ms=looked_at_ms)


def to_be_created(
    plan: Plan, seen: Seen, records: Mapping[TicketId, LedgerRecord], looked_at_ms: int
) -> tuple[Ticket, ...]:
    """The tickets whose copies would be created: what they need is to be asked of the target.

    One that may be under way is among them: nobody knows before it is settled, and then it may be.
    """
    return tuple(
        ticket
        for ticket in plan.tickets
        if isinstance(first_action(ticket, seen, records, looked_at_ms), Create | Reconcile)
    )


def unseen(
    plan: Plan, seen: Seen, records: Mapping[TicketId, LedgerRecord]
) -> tuple[tuple[Ticket, int], ...]:
    """The copies on record that a look does not show, each with its number: their fates are to be asked for."""
    return tuple(
        (ticket, record.number)
        for ticket in plan.everything
        if isinstance(record := records.get(ticket.id), CreatedAs) and ticket.id not in seen.copies
    )


def copies(plan: Plan, survey: Survey) -> dict[TicketId, int]:
    """The numbers of the plan's copies: what the look shows, and those on record that are there without their marker."""
    own = {ticket.id for ticket in plan.everything}
    numbers = {i: n for i, n in survey.seen.copies.items() if i in own}
    for ticket, number in unseen(plan, survey.seen, survey.records):
        if survey.fates.get(number) is Fate.THERE:
            numbers[ticket.id] = number
    return numbers
