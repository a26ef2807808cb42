"""A rehearsal of an act: the same reading and the same decisions, copy by copy, and no write."""

from collections.abc import Callable
from dataclasses import dataclass

from monarch.core.after.acts import Act
from monarch.core.copy.style import Copying, Style
from monarch.core.outcome import Absent, ReadFailure
from monarch.core.plan import Plan
from monarch.core.target.survey import Survey, copies
from monarch.core.ticket import Ticket
from monarch.ports import GitHub
from monarch.stages.after.inspection import Inspected, Inspector


@dataclass(frozen=True, slots=True)
class Turn:
    """One copy, and what the act would do with it."""

    ticket: Ticket
    number: int
    found: Inspected


async def rehearse(
    github: GitHub,
    survey: Survey,
    plan: Plan,
    style: Style,
    act: Act,
    check: Callable[[], None],
) -> tuple[Turn, ...] | ReadFailure:
    """Go through the copies of a plan as the act would, in order; those that are gone are left out.

    `check` is asked between calls, and ends the reading by raising.
    """
    numbers, repository = copies(plan, survey), survey.repository
    copying = Copying(
        plan, repository.full_name, repository.id, style, numbers, survey.seen.highest
    )
    inspector = Inspector(github, repository, survey.us, act, survey.later)
    turns: list[Turn] = []
    for ticket in plan.tickets:
        number = numbers.get(ticket.id)
        if number is None:
            continue
        check()
        found = await inspector.inspect(ticket, number, copying)
        if isinstance(found, Inspected):
            turns.append(Turn(ticket, number, found))
        elif not isinstance(found, Absent):
            return found
    return tuple(turns)
