"""Which copies block which: the template's dependencies, as far as they lie within the plan.

A list of issues says how many issues block each one, but not which ones. So GitHub is asked about each blocked one
(`blocked`), and each ticket gets its blockers (`with_blockers`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from monarch.core.ids import TicketId
from monarch.core.plan import Plan
from monarch.core.ticket import Issue, Ticket


@dataclass(frozen=True, slots=True)
class Blocking:
    """Issue `blocked` of the target waits for its issue `blocker`; both are numbers."""

    blocked: int
    blocker: int


def blocked(plan: Plan) -> tuple[int, ...]:
    """The tickets that anything blocks, by number."""
    return tuple(ticket.number for ticket in plan.tickets if ticket.blockers)


def with_blockers(plan: Plan, blockers: Mapping[int, Sequence[int]]) -> Plan:
    """The plan with each ticket's blockers. `blockers` has the ids of a ticket's blockers by its number."""
    within = {ticket.id for ticket in plan.tickets}
    tickets = (
        replace(
            ticket,
            blocked_by=tuple(
                TicketId(one) for one in blockers.get(ticket.number, ()) if one in within
            ),
        )
        for ticket in plan.tickets
    )
    return replace(plan, tickets=tuple(tickets))


def blockings(
    tickets: Iterable[Ticket], numbers: Mapping[TicketId, int], issues: Mapping[int, Issue]
) -> tuple[Blocking, ...]:
    """What may still have to be set, in the order of the template.

    A copy that has as many blockers as its ticket is not looked at again: they are its own, or a person has chosen others.

    Args:
        tickets: those whose own blockers count.
        numbers: the copies that are there; a ticket without a copy blocks nothing.
        issues: the issues of the target that were seen, by number.
    """
    found: list[Blocking] = []
    for ticket in tickets:
        here = numbers.get(ticket.id)
        those = [numbers[one] for one in ticket.blocked_by if one in numbers]
        seen = issues.get(here or 0)
        if here is not None and (seen is None or seen.blockers < len(those)):
            found += [Blocking(here, one) for one in those if one != here]
    return tuple(found)
