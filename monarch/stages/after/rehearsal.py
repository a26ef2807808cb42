"""A rehearsal of an act: the same reading and the same decisions, copy by copy, and no write."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from monarch.core.after.acts import Act
from monarch.core.after.closed import closed_since, versions_of
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
    others: Sequence[Plan],
    check: Callable[[], None],
) -> tuple[Turn, ...] | ReadFailure:
    """Go through the copies of a plan as the act would, in order; those that are gone are left out.

    `others` are the plans of other requests for that template, newest first. `check` is asked between calls, and ends the
    reading by raising.
    """
    numbers = copies(plan, survey)
    subjects = [
        (ticket, numbers[ticket.id], versions_of(ticket, (plan, *others)))
        for ticket in plan.tickets
        if ticket.id in numbers
    ]
    return await _inspected(github, survey, style, act, subjects, check)


async def rehearse_closing(
    github: GitHub,
    survey: Survey,
    plan: Plan,
    style: Style,
    earlier: Sequence[Plan],
    check: Callable[[], None],
) -> tuple[Turn, ...] | ReadFailure:
    """Go through the open copies of the tickets that the template has closed since, as an update that closes would."""
    subjects = [
        (one.ticket, number, one.versions)
        for one in closed_since(plan, earlier)
        if (number := number_of(one.ticket, survey)) is not None
    ]
    found = await _inspected(github, survey, style, Act.RECALL, subjects, check)
    if not isinstance(found, tuple):
        return found
    return tuple(turn for turn in found if turn.found.issue.state == "open")


async def _inspected(
    github: GitHub,
    survey: Survey,
    style: Style,
    act: Act,
    subjects: Sequence[tuple[Ticket, int, Sequence[tuple[Ticket, Plan]]]],
    check: Callable[[], None],
) -> tuple[Turn, ...] | ReadFailure:
    """Inspect copies: each its ticket, its number, and what it may have been written for."""
    repository, shown = survey.repository, survey.seen
    inspector = Inspector(github, repository, survey.us, act, survey.later)
    name, target = repository.full_name, repository.id
    turns: list[Turn] = []
    for ticket, number, versions in subjects:
        check()
        written = [
            (one, Copying(plan, name, target, style, shown.copies, shown.highest))
            for one, plan in versions
        ]
        found = await inspector.inspect(ticket, number, *written)
        if isinstance(found, Inspected):
            turns.append(Turn(ticket, number, found))
        elif not isinstance(found, Absent):
            return found
    return tuple(turns)
