"""Which copies become sub-issues of which."""

from hypothesis import given
from hypothesis import strategies as st

from monarch.core.copy.sub_issues import Nesting, nestings
from monarch.core.ids import TicketId
from monarch.core.plan import Plan
from monarch.core.ticket import Ticket


def a_plan(*parents: int | None) -> Plan:
    """Tickets from #1 on, each with the number of its parent in the source."""
    tickets = (
        Ticket(TicketId(100 + n), n, f"T{n}", "", "", None, "", parent=parent)
        for n, parent in enumerate(parents, start=1)
    )
    return Plan("org/template", tuple(tickets))


def copies(plan: Plan, first: int) -> dict[TicketId, int]:
    """The plan's tickets copied in a row, from this number on."""
    return {ticket.id: first + nth for nth, ticket in enumerate(plan.tickets)}


def test_a_hierarchy_is_kept_in_order() -> None:
    """In the target's own numbers, whichever come first in the template."""
    plan = a_plan(3, 3, None, 2)

    found = nestings(plan, plan.tickets, copies(plan, 11), {})

    assert found == (Nesting(13, 11), Nesting(13, 12), Nesting(12, 14))


def test_a_parent_outside_the_plan_is_none() -> None:
    """It has no copy: closed, or in no plan at all."""
    plan = a_plan(99, None)

    assert nestings(plan, plan.tickets, copies(plan, 1), {}) == ()


def test_what_has_a_parent_stays_there() -> None:
    """Under the right one nothing is to be done; another one is a person's doing."""
    plan = a_plan(None, 1, 1)

    assert nestings(plan, plan.tickets, copies(plan, 1), {2: 1, 3: 40}) == ()


def test_only_the_tickets_in_question_are_moved() -> None:
    """Healing one ticket moves no other one."""
    plan = a_plan(None, 1, 1)

    assert nestings(plan, plan.tickets[2:], copies(plan, 1), {}) == (Nesting(1, 3),)


@given(
    st.lists(st.none() | st.integers(1, 6), max_size=6),
    st.sets(st.integers(101, 106)),
    st.dictionaries(st.integers(1, 6), st.none() | st.integers(1, 9)),
)
def test_nobody_is_put_below_itself_or_below_what_is_not_there(
    above: list[int | None], copied: set[int], parents: dict[int, int | None]
) -> None:
    """Each child once, both with a copy, and none that has a parent already."""
    plan = a_plan(*above)
    numbers = {id_: n for id_, n in copies(plan, 1).items() if id_ in copied}

    found = nestings(plan, plan.tickets, numbers, parents)

    assert len({one.child for one in found}) == len(found)
    for one in found:
        assert one.parent != one.child
        assert {one.parent, one.child} <= set(numbers.values())
        assert parents.get(one.child) is None
