"""The tally of a look: each ticket is there, deleted, or neither."""

from hypothesis import given
from hypothesis import strategies as st

from monarch.core.ids import TicketId
from monarch.core.target.look import Seen
from monarch.core.target.permission import WasLooked
from monarch.core.target.step import CreatedAs, Intended, LedgerRecord
from monarch.core.target.tally import tally
from tests.core.builders import a_plan

NUMBERS = st.sets(st.integers(1, 8))


def ids(*tickets: int) -> set[TicketId]:
    """The ids of tickets by their numbers."""
    return {TicketId(100 + ticket) for ticket in tickets}


def test_what_is_seen_is_there_and_what_is_on_record_and_gone_is_deleted() -> None:
    """1 and 2 are there; 3 is deleted, 4 is healed, 5 was never answered, 6 is another plan's."""
    records: dict[TicketId, LedgerRecord] = {
        TicketId(102): CreatedAs(12, 0),
        TicketId(103): CreatedAs(13, 0),
        TicketId(104): CreatedAs(14, 0),
        TicketId(105): Intended(0, "n"),
        TicketId(106): CreatedAs(16, 0),
    }
    seen = Seen(copies={TicketId(101): 11, TicketId(102): 12, TicketId(109): 19})

    counted = tally(a_plan(1, 2, 3, 4, 5), seen, records, {13, 14, 16}, ids(4))

    assert counted == WasLooked(there=2, deleted=1)


@given(NUMBERS, NUMBERS, NUMBERS, NUMBERS)
def test_no_ticket_is_counted_twice(
    seen: set[int], on_record: set[int], gone: set[int], healed: set[int]
) -> None:
    """However the ledger and the look contradict each other."""
    plan = a_plan(1, 2, 3, 4, 5)
    records: dict[TicketId, LedgerRecord] = {TicketId(100 + n): CreatedAs(n, 0) for n in on_record}
    copies = Seen(copies={TicketId(100 + n): n for n in seen})

    counted = tally(plan, copies, records, gone, ids(*healed))

    assert counted.there == len(seen & {1, 2, 3, 4, 5})
    assert counted.there + counted.deleted <= len(plan.tickets)
