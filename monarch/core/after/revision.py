"""Revision: what an update does with one copy, now that its ticket may say something else.

```
the copy says what the ticket says now                              nothing, but what its details need
it says what an earlier plan's ticket said (title and text)         the edit
anything else                                                       people's: left
```

Whether a copy is *still as Monarch wrote it* is told by the plans of earlier requests for that target, newest first: a text
is ours if it is what Monarch writes for the ticket of one of them, whatever numbers its references have. Nothing is
remembered beside these plans. Once they have expired (30 days), a copy whose ticket was edited counts as people's.

Of details only what the template has added since is added: labels that the earlier ticket had not, a milestone or a type
that it has changed and people have not. A label that people took away is not put back.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from monarch.core.after.edit import Edit
from monarch.core.after.touch import Touch
from monarch.core.copy.details import Details
from monarch.core.copy.render import finished, is_ours, title_of
from monarch.core.copy.style import Copying
from monarch.core.target.adoption import says_the_same
from monarch.core.target.logins import Us
from monarch.core.ticket import Issue, Ticket


@dataclass(frozen=True, slots=True)
class Earlier:
    """A ticket as an earlier plan has it, and how its copies were written then."""

    ticket: Ticket
    copying: Copying


@dataclass(frozen=True, slots=True)
class Theirs:
    """The copy differs from what the ticket says, and people have made it so."""

    touch: Touch


def revision(
    issue: Issue,
    ticket: Ticket,
    copying: Copying,
    earlier: Sequence[Earlier],
    details: Details,
    us: Us,
) -> Edit | Theirs:
    """Say what becomes of an open copy. `details` are what a new copy of the ticket would have in this target."""
    says_it = issue.title == title_of(ticket) and is_ours(issue.body, ticket, copying)
    if not us.wrote(issue.by) or says_the_same(issue, ticket):
        return Edit() if says_it or says_the_same(issue, ticket) else Theirs(Touch.NOT_OURS)
    written = next((one for one in earlier if _was_written(issue, one)), None)
    if not says_it and written is None:
        return Theirs(Touch.EDITED)
    before = written or next(iter(earlier), None)
    edit = Edit() if before is None else _detailed(issue, ticket, before.ticket, details)
    if says_it:
        return edit
    title, body = title_of(ticket), finished(ticket, copying)
    return Edit(
        title if title != issue.title else None,
        body if body != issue.body else None,
        edit.labels,
        edit.milestone,
        edit.type,
    )


def _was_written(issue: Issue, earlier: Earlier) -> bool:
    is_titled = issue.title == title_of(earlier.ticket)
    return is_titled and is_ours(issue.body, earlier.ticket, earlier.copying)


def _detailed(issue: Issue, ticket: Ticket, before: Ticket, details: Details) -> Edit:
    """What the template has added beside the text."""
    had = {label.name.lower() for label in before.labels}
    has = {label.name.lower() for label in issue.labels}
    added = [name for name in details.labels if name.lower() not in had | has]
    names = tuple(label.name for label in issue.labels)
    was = "" if before.milestone is None else before.milestone.title
    wanted = "" if ticket.milestone is None else ticket.milestone.title
    now = "" if issue.milestone is None else issue.milestone.title
    is_moved = wanted not in {"", was, now} and now == was
    is_retyped = ticket.type not in {"", before.type, issue.type} and issue.type == before.type
    return Edit(
        labels=(*names, *added) if added else None,
        milestone=details.milestone if is_moved else None,
        type=details.type or None if is_retyped else None,
    )
