"""Which copies become sub-issues of which: the template's hierarchy, as far as it lies within the plan.

GitHub keeps sub-issues in the order in which they were added, and lists them only by their parent. So GitHub is asked
about the parents of a plan (`parents_to_ask`), and each ticket gets its place (`placed`).
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from monarch.core.ids import TicketId
from monarch.core.plan import Plan
from monarch.core.ticket import Ticket


@dataclass(frozen=True, slots=True)
class Nesting:
    """Issue `child` of the target belongs under its issue `parent`; both are numbers."""

    parent: int
    child: int


def nestings(
    plan: Plan,
    tickets: Iterable[Ticket],
    numbers: Mapping[TicketId, int],
    parents: Mapping[int, int | None],
) -> tuple[Nesting, ...]:
    """What is still to be nested, in the order of the template's sub-issues.

    A copy that has a parent stays where it is: either that is its place, or a person has put it under another parent.

    Args:
        tickets: those whose own place counts.
        numbers: the copies that are there; a ticket without a copy has no place, and gives none.
        parents: the parent of each of the target's issues that were seen; `None` for none.
    """
    by_number = {ticket.number: ticket.id for ticket in plan.everything}
    found = []
    for ticket in tickets:
        above = by_number.get(ticket.parent or 0)
        child, parent = numbers.get(ticket.id), None if above is None else numbers.get(above)
        if child is not None and parent not in {None, child} and parents.get(child) is None:
            found.append((ticket.place, Nesting(parent, child)))
    return tuple(nesting for _, nesting in sorted(found, key=lambda each: each[0]))


def parents_to_ask(plan: Plan) -> tuple[int, ...]:
    """The tickets whose sub-issues have an order within the plan, by number; the first parent if none has one.

    If anything is to be nested, at least one is asked: the answer shows whether the server has addresses for sub-issues.
    """
    children = Counter(ticket.parent for ticket in plan.tickets)
    parents = [ticket.number for ticket in plan.tickets if children[ticket.number]]
    return tuple(n for n in parents if children[n] > 1) or tuple(parents[:1])


def placed(plan: Plan, order: Mapping[int, Sequence[int]]) -> Plan:
    """The plan with each ticket's place. `order` has the ids of a parent's sub-issues by the parent's number."""
    places = {child: place for ids in order.values() for place, child in enumerate(ids)}
    tickets = (replace(ticket, place=places.get(ticket.id, 0)) for ticket in plan.tickets)
    return replace(plan, tickets=tuple(tickets))
