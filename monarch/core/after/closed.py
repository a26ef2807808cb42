"""Tickets that the template has closed since their copies were made: what an update lists, and closes if it is asked to.

A ticket counts as closed if an earlier plan for that template has it and the current plan does not: it was closed, deleted
or moved away. A plan that left out some of the template's open tickets says nothing about this.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from monarch.core.ids import TicketId
from monarch.core.plan import Plan
from monarch.core.ticket import Ticket


@dataclass(frozen=True, slots=True)
class Closed:
    """A ticket as the newest plan that has it says, and the earlier plans that have it, newest first."""

    ticket: Ticket
    versions: tuple[tuple[Ticket, Plan], ...]


def closed_since(plan: Plan, earlier: Sequence[Plan]) -> tuple[Closed, ...]:
    """The tickets that the template has closed since, ascending by number. `earlier`: newest first."""
    if plan.lacks_others:
        return ()
    now = {ticket.id for ticket in plan.everything}
    versions: dict[TicketId, list[tuple[Ticket, Plan]]] = {}
    for one in earlier:
        for ticket in one.everything:
            if ticket.id not in now:
                versions.setdefault(ticket.id, []).append((ticket, one))
    found = [Closed(known[0][0], tuple(known)) for known in versions.values()]
    return tuple(sorted(found, key=lambda closed: closed.ticket.number))


def versions_of(ticket: Ticket, plans: Sequence[Plan]) -> tuple[tuple[Ticket, Plan], ...]:
    """The ticket as each of these plans has it, with the plan; plans without it are left out."""
    return tuple((one, plan) for plan in plans for one in plan.everything if one.id == ticket.id)
