"""A survey: what is read of a target to tell what a migration has done to it.

First the look, then what the ledger's copies became that it does not show (`unseen`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from monarch.core.after.later import Later
from monarch.core.ids import TicketId
from monarch.core.plan import Plan
from monarch.core.target.logins import Us
from monarch.core.target.look import Seen
from monarch.core.target.step import (
    CreatedAs,
    Fate,
    LedgerRecord,
)
from monarch.core.ticket import Issue, Repository, Ticket


@dataclass(frozen=True, slots=True)
class Survey:
    """What was read of one target.

    Attributes:
        seen: what a complete look shows.
        issues: what it read, by number.
        records: the target's ledger; empty where it cannot be asked.
        fates: of the copies on record that the look does not show, by number.
        looked_at_ms: when the look began, by the clock of the records.
        later: what the ledger says of copies after they were created.
        us: who we are towards the target.
    """

    repository: Repository
    seen: Seen = field(default_factory=Seen)
    issues: Mapping[int, Issue] = field(default_factory=dict)
    records: Mapping[TicketId, LedgerRecord] = field(default_factory=dict)
    fates: Mapping[int, Fate] = field(default_factory=dict)
    looked_at_ms: int = 0
    later: Mapping[TicketId, Later] = field(default_factory=dict)
    us: Us = field(default_factory=Us)


def unseen(
    tickets: Iterable[Ticket], seen: Seen, records: Mapping[TicketId, LedgerRecord]
) -> tuple[tuple[Ticket, int], ...]:
    """The copies on record that a look does not show, each with its number: their fates are to be asked for."""
    return tuple(
        (ticket, record.number)
        for ticket in tickets
        if isinstance(record := records.get(ticket.id), CreatedAs) and ticket.id not in seen.copies
    )


def copies(plan: Plan, survey: Survey) -> dict[TicketId, int]:
    """The numbers of the plan's copies: what the look shows, and those on record that are there without their marker."""
    own = {ticket.id for ticket in plan.everything}
    numbers = {i: n for i, n in survey.seen.copies.items() if i in own}
    for ticket, number in unseen(plan.everything, survey.seen, survey.records):
        if survey.fates.get(number) is Fate.THERE:
            numbers[ticket.id] = number
    return numbers
