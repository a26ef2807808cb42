"""What a template has and no copy will have: reported once for each request, in `monarch plan` before and in its ending.

The list of the template's issues shows nearly all of it, so knowing it costs no call.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from monarch.core.listed import numbered
from monarch.core.plan import Plan
from monarch.core.ticket import Issue, Ticket

_SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class Unread:
    """Issues whose sub-issues, or blockers, GitHub did not show, by number."""

    parents: frozenset[int] = frozenset()
    blocked: frozenset[int] = frozenset()


def with_left_out(plan: Plan, issues: Iterable[Issue], unread: Unread) -> Plan:
    """The plan with a line for each kind of thing that its tickets have and no copy will. `issues` are the source's."""
    wanted = {ticket.id for ticket in plan.tickets}
    tickets = [issue for issue in issues if issue.id in wanted]
    read = [ticket for ticket in plan.tickets if ticket.number not in unread.blocked]
    outside = _outside(read) if plan.blocks else ()
    return replace(plan, left_out=(*left_out(tickets), *outside, *_unread(plan.tickets, unread)))


def left_out(tickets: Sequence[Issue]) -> tuple[str, ...]:
    """A line for each kind of thing that these issues have and that is not copied."""
    names = list(dict.fromkeys(name for one in tickets for name in one.fields))
    kinds = {
        "comments": [one.number for one in tickets if one.comments],
        "locks": [one.number for one in tickets if one.is_locked],
        f"issue fields ({', '.join(names[:_SHOWN])})": [
            one.number for one in tickets if one.fields
        ],
    }
    return tuple(f"{kind} of {numbered(those, _SHOWN)}" for kind, those in kinds.items() if those)


def _outside(tickets: Sequence[Ticket]) -> tuple[str, ...]:
    """The same for dependencies on closed issues, and on those of other repositories."""
    those = [one.number for one in tickets if one.blockers > len(one.blocked_by)]
    return (
        (f"dependencies of {numbered(those, _SHOWN)} on issues that are no open tickets",)
        if those
        else ()
    )


def _unread(tickets: Sequence[Ticket], unread: Unread) -> tuple[str, ...]:
    """The same for relations that GitHub did not show."""
    kinds = {"the order of the sub-issues": unread.parents, "dependencies": unread.blocked}
    found = {
        kind: [one.number for one in tickets if one.number in those]
        for kind, those in kinds.items()
    }
    return tuple(
        f"{kind} of {numbered(those, _SHOWN)}, which GitHub did not show"
        for kind, those in found.items()
        if those
    )
