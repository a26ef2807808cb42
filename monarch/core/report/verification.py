"""Verification: what a plan's targets hold of it, ticket by ticket, from what was read just now.

```
survey of a target, plan, style --verify--> Finding for each ticket, and the copies that belong to no ticket
```

A copy is *edited* if its title or its text is neither what Monarch would write nor what it wrote at first, when not all
numbers were known. An adopted copy (`core.target.adoption`) is *edited* if it does not say what the ticket says. Beside
that a copy may be *closed*, *recalled* (closed by a recall, which a healing undoes), or *doubled* by strays. A ticket is
*missing* if it has no copy, no matter who deleted it, unless GitHub has refused it.

Numbers alone are no edit: a copy that was deleted and healed has another number, and what refers to the old one still says
what Monarch wrote.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, assert_never

from monarch.core.after.closed import versions_of
from monarch.core.after.later import NOTHING
from monarch.core.after.standing import Standing, standing
from monarch.core.copy.marker import read_markers
from monarch.core.copy.render import Touched, is_ours, render, rewriting, title_of
from monarch.core.copy.style import Copying, Style
from monarch.core.ids import TicketId
from monarch.core.plan import Plan
from monarch.core.target.adoption import says_the_same
from monarch.core.target.look import strays_of
from monarch.core.target.step import CreatedAs, Fate, Refused
from monarch.core.target.survey import Survey
from monarch.core.ticket import Issue, Ticket


class Mark(StrEnum):
    """What can be said of one ticket in one target."""

    PRESENT = "present"
    MISSING = "missing"
    REFUSED = "refused"
    EDITED = "edited"
    RECALLED = "recalled"
    CLOSED = "closed"
    DOUBLED = "doubled"
    REFERS = "refers to old numbers"


SIGNS: Final = {
    Mark.MISSING: "!",
    Mark.DOUBLED: "2",
    Mark.REFUSED: "-",
    Mark.EDITED: "e",
    Mark.RECALLED: "x",
    Mark.CLOSED: "c",
    Mark.REFERS: "r",
    Mark.PRESENT: ".",
}
"""The sign for each ticket in a matrix; if it has several marks, the first of these."""


COUNTED: Final = (
    Mark.PRESENT,
    Mark.MISSING,
    Mark.DOUBLED,
    Mark.REFUSED,
    Mark.EDITED,
    Mark.RECALLED,
    Mark.CLOSED,
)
"""The marks that are counted, in this order."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One ticket in one target.

    Attributes:
        ticket: its number in the source.
        number: that of its copy, `None` if there is none.
        marks: all that hold, the weightiest first; never empty.
        strays: numbers of further copies of it that are open.
        reason: why it is missing or refused, as far as that is known.
    """

    ticket: int
    id: TicketId
    title: str
    number: int | None
    marks: tuple[Mark, ...]
    strays: tuple[int, ...] = ()
    reason: str = ""

    @property
    def is_bad(self) -> bool:
        """Whether a person has to do something."""
        return bool({Mark.MISSING, Mark.DOUBLED} & set(self.marks))


@dataclass(frozen=True, slots=True)
class Extra:
    """A copy of a ticket that the source did not have, or had closed, when the plan was made.

    `ticket` is its number there. A copy of another portion of the template does not count.
    """

    number: int
    ticket: int


@dataclass(frozen=True, slots=True)
class Verification:
    """One target, whole: a finding for each ticket, in the plan's order."""

    target: str
    findings: tuple[Finding, ...]
    extra: tuple[Extra, ...] = ()

    def marked(self, mark: Mark) -> tuple[Finding, ...]:
        """The findings with this mark."""
        return tuple(one for one in self.findings if mark in one.marks)

    @property
    def recalled(self) -> tuple[TicketId, ...]:
        """The tickets whose copies a recall has closed."""
        return tuple(one.id for one in self.marked(Mark.RECALLED))

    @property
    def missing(self) -> tuple[TicketId, ...]:
        """The tickets whose copies are missing."""
        return tuple(one.id for one in self.marked(Mark.MISSING))


def verify(plan: Plan, survey: Survey, style: Style, others: Sequence[Plan] = ()) -> Verification:
    """Compare a target with the plan.

    `others` are the plans of other requests for that template: what an update has brought in is not a person's edit.
    """
    return _Comparison(plan, survey, style, others).run()


class _Comparison:
    def __init__(self, plan: Plan, survey: Survey, style: Style, others: Sequence[Plan]) -> None:
        self._plan, self._survey, self._others = plan, survey, others
        self._numbers = numbers = dict(survey.numbers)
        name, target = survey.repository.full_name, survey.repository.id
        self._copying = Copying(plan, name, target, style, numbers, survey.seen.highest)
        self._strays: dict[TicketId, list[int]] = {}
        for stray in strays_of(plan, survey.seen):
            self._strays.setdefault(stray.ticket, []).append(stray.number)

    def run(self) -> Verification:
        """Compare ticket by ticket."""
        findings = tuple(self._find(ticket) for ticket in self._plan.tickets)
        return Verification(self._survey.repository.full_name, findings, tuple(self._extra()))

    def _find(self, ticket: Ticket) -> Finding:
        number = self._numbers.get(ticket.id)
        if number is None:
            return self._without_copy(ticket)
        issue = self._survey.issues.get(number)
        strays = tuple(sorted(self._strays.get(ticket.id, ())))
        marks = [Mark.DOUBLED] if strays else []
        if issue is not None:
            marks += self._text_marks(issue, ticket)
            marks += self._state_marks(issue, ticket)
        return Finding(
            ticket.number,
            ticket.id,
            ticket.title,
            number,
            tuple(marks) or (Mark.PRESENT,),
            strays,
        )

    def _state_marks(self, issue: Issue, ticket: Ticket) -> list[Mark]:
        how = standing(issue, self._survey.later.get(ticket.id, NOTHING), self._survey.us)
        match how:
            case Standing.OPEN:
                return []
            case Standing.RECALLED:
                return [Mark.RECALLED]
            case Standing.CLOSED:
                return [Mark.CLOSED]
            case _:
                assert_never(how)

    def _text_marks(self, issue: Issue, ticket: Ticket) -> list[Mark]:
        if ticket.id in self._survey.seen.copies and says_the_same(issue, ticket):
            return []
        is_titled = issue.title == render(ticket, self._copying).title
        if not is_titled or not is_ours(issue.body, ticket, self._copying):
            return [] if self._is_updated(issue, ticket) else [Mark.EDITED]
        refers = isinstance(rewriting(issue.body, ticket, self._copying), Touched)
        return [Mark.REFERS] if refers else []

    def _is_updated(self, issue: Issue, ticket: Ticket) -> bool:
        """Whether the copy is what Monarch writes for the ticket of another request."""
        return any(
            issue.title == title_of(one)
            and is_ours(issue.body, one, replace(self._copying, plan=plan))
            for one, plan in versions_of(ticket, self._others)
        )

    def _without_copy(self, ticket: Ticket) -> Finding:
        record, mark, reason = self._survey.records.get(ticket.id), Mark.MISSING, ""
        match record:
            case Refused():
                mark, reason = Mark.REFUSED, record.reason
            case CreatedAs(number) if self._survey.fates.get(number) is Fate.DELETED:
                reason = f"#{number} was deleted, or moved to another repository"
            case CreatedAs(number):
                reason = f"GitHub does not show #{number}"
        return Finding(ticket.number, ticket.id, ticket.title, None, (mark,), (), reason)

    def _extra(self) -> Iterable[Extra]:
        own, source = {ticket.id for ticket in self._plan.everything}, self._plan.source.lower()
        for ticket, number in sorted(self._survey.seen.copies.items(), key=lambda one: one[1]):
            issue = self._survey.issues.get(number)
            markers = () if issue is None else read_markers(issue.body)
            marker = next((one for one in markers if one.ticket == ticket), None)
            if ticket in own or marker is None:
                continue
            if marker.source.lower() == source:
                yield Extra(number, marker.number)
