"""The tally of a look: how many copies of a plan a target holds, in the numbers that people are told."""

from collections.abc import Container, Mapping

from monarch.core.ids import TicketId
from monarch.core.look import Seen
from monarch.core.permission import WasLooked
from monarch.core.plan import Plan
from monarch.core.step import CreatedAs, LedgerRecord


def tally(
    plan: Plan,
    seen: Seen,
    records: Mapping[TicketId, LedgerRecord],
    shown: Container[int],
    gone: Container[int],
    healed: Container[TicketId],
) -> WasLooked:
    """Count what a look shows of a plan.

    Args:
        records: the target's ledger.
        shown: numbers of all issues that the look read: a copy on record is there though its marker was edited away.
        gone: numbers that it found deleted or moved away.
        healed: tickets whose deleted copies are about to be made again, so that they are not told as deleted.
    """
    on_record = {
        t.id: r.number for t in plan.tickets if isinstance(r := records.get(t.id), CreatedAs)
    }
    there = {t.id for t in plan.tickets if t.id in seen.copies or on_record.get(t.id, 0) in shown}
    deleted = {i for i, n in on_record.items() if n in gone and i not in healed} - there
    return WasLooked(len(there), len(deleted))
