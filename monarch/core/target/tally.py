"""The tally of a look: how many copies of a plan a target holds, in the numbers that reports show."""

from collections.abc import Container, Mapping

from monarch.core.ids import TicketId
from monarch.core.plan import Plan
from monarch.core.target.look import Seen
from monarch.core.target.permission import WasLooked
from monarch.core.target.step import CreatedAs, LedgerRecord


def tally(
    plan: Plan,
    seen: Seen,
    records: Mapping[TicketId, LedgerRecord],
    gone: Container[int],
    healed: Container[TicketId],
) -> WasLooked:
    """Count what a look shows of a plan.

    Args:
        records: the target's ledger.
        gone: numbers that the look found deleted or moved away.
        healed: tickets whose deleted copies are about to be made again, so that they do not count as deleted.
    """
    there = sum(ticket.id in seen.copies for ticket in plan.tickets)
    deleted = sum(
        isinstance(record := records.get(ticket.id), CreatedAs)
        and record.number in gone
        and ticket.id not in seen.copies
        and ticket.id not in healed
        for ticket in plan.tickets
    )
    return WasLooked(there, deleted)
