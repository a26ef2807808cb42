"""A dry run of an update: tickets to be copied, and copies that differ from their tickets, in the template's order."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from monarch.core.after.closed import closed_since
from monarch.core.after.edit import Edit
from monarch.core.after.revision import LeftToPeople
from monarch.core.after.touch import Left
from monarch.core.copy.render import finished, title_of
from monarch.core.copy.style import Style
from monarch.core.plan import Plan
from monarch.core.report.passage import Passage, PlannedWrites
from monarch.core.ticket import Issue, Ticket
from monarch.core.verdict import Acted, Done


@dataclass(frozen=True, slots=True)
class Foreseen:
    """One copy that differs from its ticket: `found` is its edit, or why it is left.

    `title` and `text` are what a copy of the ticket would say now.
    """

    ticket: Ticket
    issue: Issue
    found: Edit | LeftToPeople
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Foresight:
    """What an update would do to one target.

    `opened` are the closed copies that would be opened with their tickets, each as ticket and copy by their numbers.
    `closed` are the open copies of tickets that the template has closed since; those without a touch can be closed.
    `writes` is all that it would write, including labels and milestones that are made first, and the second pass.
    """

    new: tuple[Ticket, ...] = ()
    differing: tuple[Foreseen, ...] = ()
    opened: tuple[tuple[int, int], ...] = ()
    closed: tuple[Left, ...] = ()
    writes: PlannedWrites = field(default_factory=PlannedWrites)

    @property
    def edits(self) -> int:
        """How many copies would be edited."""
        return sum(isinstance(one.found, Edit) for one in self.differing)

    def closing(self, *, close: bool) -> int:
        """How many copies would be closed with their tickets."""
        return sum(not one.touches for one in self.closed) if close else 0

    def left(self, *, close: bool) -> int:
        """How many of the copies that it lists would stay as they are."""
        return len(self.differing) - self.edits + len(self.closed) - self.closing(close=close)


@dataclass(frozen=True, slots=True)
class TargetUpdate:
    """What an update would do to one target; `problem` says why that is unknown, else `""`.

    `named_now` is what the repository is called now, `""` if that is not known.
    """

    target: str
    foresight: Foresight = field(default_factory=Foresight)
    problem: str = ""
    named_now: str = ""

    @property
    def place(self) -> str:
        """The repository that links lead to."""
        return self.named_now or self.target


def foresight_of(passed: Passage, earlier: Sequence[Plan], style: Style) -> Foresight:
    """What the rehearsed update has done. It works on whole texts. `earlier` are the plans that it compared with."""
    tickets, numbers, copying = passed.plan.everything, passed.survey.numbers, passed.copying(style)
    left = {one.number: one for one in _left(passed)}
    found: dict[int, tuple[Issue, Edit | LeftToPeople]] = {
        number: (passed.survey.issues[number], LeftToPeople(one.touches[0]))
        for number, one in left.items()
        if number in numbers.values()
    }
    found |= {issue.number: (issue, edit) for issue, edit in passed.writes.revised}
    return Foresight(
        tuple(ticket for ticket in tickets if ticket.id in passed.created),
        tuple(
            Foreseen(ticket, *found[number], title_of(ticket), finished(ticket, copying))
            for ticket in tickets
            if (number := numbers.get(ticket.id)) in found
        ),
        tuple((one.number, passed.changed[one.id]) for one in tickets if one.id in passed.changed),
        tuple(_closed(passed, earlier, left)),
        passed.writes,
    )


def _left(passed: Passage) -> tuple[Left, ...]:
    match passed.verdict:
        case Done(Acted(left=left)):
            return left
        case _:
            return ()


def _closed(passed: Passage, earlier: Sequence[Plan], left: Mapping[int, Left]) -> Iterator[Left]:
    by_ticket = {one.ticket: one for one in left.values()}
    for ticket in (one.ticket for one in closed_since(passed.plan, earlier)):
        if ticket.id in passed.changed:
            yield Left(ticket.number, passed.changed[ticket.id], ())
        elif ticket.number in by_ticket:
            yield by_ticket[ticket.number]
