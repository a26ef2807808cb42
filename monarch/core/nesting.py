"""Which copies are to become sub-issues of which: the template's hierarchy, as far as it lies within the plan."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

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
    """What is still to be nested, in the plan's order, which is then the order of the sub-issues.

    A copy that has a parent stays where it is: under the right one it is in its place, and under another one a person
    has put it.

    Args:
        tickets: those of the plan whose own place counts.
        numbers: the copies that are there; a ticket without one has no place, and gives none.
        parents: the parent of each of the target's issues, as far as it was seen; `None` for none.
    """
    by_number = {ticket.number: ticket.id for ticket in plan.tickets}
    found = []
    for ticket in tickets:
        above = by_number.get(ticket.parent or 0)
        child, parent = numbers.get(ticket.id), None if above is None else numbers.get(above)
        if child is not None and parent not in {None, child} and parents.get(child) is None:
            found.append(Nesting(parent, child))
    return tuple(found)
