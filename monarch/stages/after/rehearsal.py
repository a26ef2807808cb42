"""A rehearsal of an act: the same reading and the same decisions, copy by copy, and no write."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from monarch.core.after.acts import Act
from monarch.core.after.closed import closed_since
from monarch.core.copy.style import Copying, Style
from monarch.core.outcome import Absent, ReadFailure
from monarch.core.plan import Plan
from monarch.core.target.survey import Survey, copies, number_of
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
        found = await inspector.inspect(ticket, number, (ticket, copying))
        if isinstance(found, Inspected):
            turns.append(Turn(ticket, number, found))
        elif not isinstance(found, Absent):
            return found
    return tuple(turns)


async def rehearse_closing(
    github: GitHub,
    survey: Survey,
    plan: Plan,
    style: Style,
    earlier: Sequence[Plan],
    check: Callable[[], None],
) -> tuple[Turn, ...] | ReadFailure:
    """Go through the open copies of the tickets that the template has closed since, as an update that closes would."""
    repository, numbers = survey.repository, copies(plan, survey)
    inspector = Inspector(github, repository, survey.us, Act.RECALL, survey.later)
    turns: list[Turn] = []
    for one in closed_since(plan, earlier):
        number = number_of(one.ticket, survey)
        if number is None:
            continue
        check()
        versions = [
            (
                ticket,
                Copying(
                    of, repository.full_name, repository.id, style, numbers, survey.seen.highest
                ),
            )
            for ticket, of in one.versions
        ]
        found = await inspector.inspect(one.ticket, number, *versions)
        if isinstance(found, Inspected):
            if found.issue.state == "open":
                turns.append(Turn(one.ticket, number, found))
        elif not isinstance(found, Absent):
            return found
    return tuple(turns)
