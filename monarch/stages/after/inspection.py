"""Inspection: the state of one copy and who has touched it, read fresh. A dry run and the act itself both use it.

```
GET the issue --> how it stands, what is to be done --> touches on the issue --> GET its timeline --> touches in it
```

The timeline is read only where the issue itself shows no touch, and only of a copy that would be changed.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from monarch.core.after.acts import Act
from monarch.core.after.course import Course, course
from monarch.core.after.later import NOTHING, Later
from monarch.core.after.standing import standing
from monarch.core.after.touch import Happening, Touch
from monarch.core.after.touches import touches_in_timeline, touches_shown_beside
from monarch.core.copy.style import Copying
from monarch.core.ids import TicketId
from monarch.core.outcome import Absent, Found, Permanent, ReadFailure, Transient
from monarch.core.target.logins import Us
from monarch.core.ticket import Issue, Repository, Ticket
from monarch.ports import GitHub
from monarch.stages.after.changes import GONE
from monarch.stages.support.aside import Aside, on_the_loop


@dataclass(frozen=True, slots=True)
class Inspected:
    """One copy as it was read. `touches` are looked for only if it would be changed, or is left."""

    issue: Issue
    course: Course
    touches: tuple[Touch, ...] = ()

    @property
    def is_to_be_changed(self) -> bool:
        """Whether the act changes it."""
        return self.course is Course.CHANGE and not self.touches

    @property
    def is_left(self) -> bool:
        """Whether it belongs to people, and stays as it is."""
        return self.course is Course.LEFT or (self.course is Course.CHANGE and bool(self.touches))


class Inspector:
    """Inspects the copies of one target for one act. `later` is the ledger's word, kept up to date by its owner."""

    def __init__(
        self,
        github: GitHub,
        repository: Repository,
        us: Us,
        act: Act,
        later: Mapping[TicketId, Later],
        aside: Aside = on_the_loop,
    ) -> None:
        self._github = github
        self._repository = repository
        self._us = us
        self._act = act
        self._later = later
        self._aside = aside

    async def inspect(
        self, ticket: Ticket, number: int, *versions: tuple[Ticket, Copying]
    ) -> Inspected | Absent | ReadFailure:
        """Read copy `number` of a ticket, written for one of these versions of it; `Absent` where it is gone."""
        answer = await self._github.read_issue(self._repository, number)
        if not isinstance(answer, Found):
            return answer
        issue, later = answer.value, self._later.get(ticket.id, NOTHING)
        if later.unreadable:
            return Inspected(issue, Course.LEFT, (Touch.CHANGED,))
        how = standing(issue, later, self._us)
        what = course(self._act, how, later, number)
        if what in {Course.DONE, Course.NOTHING}:
            return Inspected(issue, what)
        us = self._us
        shown = await self._aside(lambda: touches_shown_beside(issue, versions, us))
        if what is Course.LEFT:
            return Inspected(issue, what, (*shown, Touch.CLOSED))
        if shown:
            return Inspected(issue, what, shown)
        touches = await self._touches_since(number)
        return Inspected(issue, what, touches) if isinstance(touches, tuple) else touches

    async def _touches_since(self, number: int) -> tuple[Touch, ...] | Absent | ReadFailure:
        answer = await history_of(self._github, self._repository, number)
        return touches_in_timeline(answer.value, self._us) if isinstance(answer, Found) else answer


async def history_of(
    github: GitHub, repository: Repository, number: int
) -> Found[tuple[Happening, ...]] | Absent | ReadFailure:
    """What happened to an issue; `Absent` only if GitHub shows neither its history nor the issue."""
    answer = await github.read_timeline(repository, number)
    if not (isinstance(answer, Permanent) and answer.code in GONE):
        return answer
    shown = await github.read_issue(repository, number)
    if isinstance(shown, Found):
        return Transient(f"GitHub shows #{number} and not its history: {answer.reason}")
    return shown
