"""Foresight: what an update would do with the copies of one target, decided as the update decides it. Nothing is written."""

from collections.abc import Sequence
from dataclasses import dataclass

from monarch.core.after.edit import Edit
from monarch.core.after.later import NOTHING
from monarch.core.after.revision import Earlier, Theirs, revision
from monarch.core.after.standing import Standing, standing
from monarch.core.after.touch import Touch
from monarch.core.copy.details import Details
from monarch.core.copy.style import Copying, Style
from monarch.core.plan import Plan
from monarch.core.target.survey import Survey, copies, to_be_created
from monarch.core.ticket import Issue, Ticket


@dataclass(frozen=True, slots=True)
class Foreseen:
    """One copy that differs from its ticket: `found` is its edit, or why it is left."""

    ticket: Ticket
    issue: Issue
    found: Edit | Theirs


@dataclass(frozen=True, slots=True)
class Foresight:
    """What an update would do: tickets to be copied, and copies that differ, in the template's order."""

    new: tuple[Ticket, ...] = ()
    differing: tuple[Foreseen, ...] = ()


def foresee(plan: Plan, survey: Survey, style: Style, earlier: Sequence[Plan]) -> Foresight:
    """Go through the copies of a plan as the update would. `earlier` are the plans of before, newest first."""
    numbers = copies(plan, survey)

    def copying(of: Plan) -> Copying:
        name, target = survey.repository.full_name, survey.repository.id
        return Copying(of, name, target, style, numbers, survey.seen.highest)

    found = []
    for ticket in plan.tickets:
        issue = survey.issues.get(numbers.get(ticket.id, 0))
        if issue is None:
            continue
        how = standing(issue, survey.later.get(ticket.id, NOTHING), survey.us)
        if how is Standing.RECALLED:
            continue
        olds = [Earlier(t, copying(p)) for p in earlier for t in p.everything if t.id == ticket.id]
        made = revision(issue, ticket, copying(plan), olds, _details(ticket, style), survey.us)
        if isinstance(made, Edit) and made.is_empty:
            continue
        is_ours = isinstance(made, Edit) and how is Standing.OPEN
        left = made if isinstance(made, Theirs) else Theirs(Touch.CLOSED)
        found.append(Foreseen(ticket, issue, made if is_ours else left))
    new = to_be_created(plan, survey.seen, survey.records, survey.looked_at_ms)
    return Foresight(new, tuple(found))


def _details(ticket: Ticket, style: Style) -> Details:
    """What a copy would have if the target had all of it: a milestone's number there is not asked for."""
    return Details(
        tuple(label.name for label in ticket.labels) if style.labels else (),
        1 if ticket.milestone is not None and style.milestones else None,
        ticket.type,
    )
