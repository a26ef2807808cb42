"""A dry run of an update: tickets to be copied, and copies that differ from theirs, in the template's order."""

from dataclasses import dataclass

from monarch.core.after.edit import Edit
from monarch.core.after.revision import Theirs
from monarch.core.copy.render import finished, title_of
from monarch.core.copy.style import Copying, Style
from monarch.core.report.passage import Passage
from monarch.core.ticket import Issue, Ticket
from monarch.core.verdict import Acted, Done


@dataclass(frozen=True, slots=True)
class Foreseen:
    """One copy that differs from its ticket: `found` is its edit, or why it is left.

    `title` and `text` are what a copy of the ticket would say now.
    """

    ticket: Ticket
    issue: Issue
    found: Edit | Theirs
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Foresight:
    """What an update would do to one target."""

    new: tuple[Ticket, ...] = ()
    differing: tuple[Foreseen, ...] = ()


def foresight_of(passed: Passage, style: Style) -> Foresight:
    """What the rehearsed update has done. It works on whole texts."""
    numbers, repository = dict(passed.numbers), passed.repository
    copying = Copying(
        passed.plan, repository.full_name, repository.id, style, numbers, passed.highest
    )
    found: dict[int, tuple[Issue, Edit | Theirs]] = {
        issue.number: (issue, edit) for issue, edit in passed.writes.revised
    }
    match passed.verdict:
        case Done(Acted(left=left)):
            found |= {
                one.number: (passed.issues[one.number], Theirs(one.touches[0])) for one in left
            }
    tickets = passed.plan.tickets
    return Foresight(
        tuple(ticket for ticket in tickets if ticket.id in passed.created),
        tuple(
            Foreseen(ticket, *found[number], title_of(ticket), finished(ticket, copying))
            for ticket in tickets
            if (number := numbers.get(ticket.id)) in found
        ),
    )
