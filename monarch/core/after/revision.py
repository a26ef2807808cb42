"""Revision: what an update does with one copy, now that its ticket may say something else.

```
the copy says what the ticket says now                              nothing, but what its details need
it says what an earlier plan's ticket said (title and text)         the edit
anything else                                                       people's: left
```

An adopted issue (`core.target.adoption`) is none of these: it is left, and reported if its ticket says something else now.

The plans of earlier requests for that target, newest first, decide whether a copy is *still as Monarch wrote it*: a text
is ours if it is what Monarch writes for the ticket of one of them, whatever numbers its references have. Nothing else is
remembered. Once these plans have expired (30 days), a copy whose ticket was edited counts as people's.

Only details that the template has added since are added: labels, and a milestone or a type that it has changed. An earlier
plan says what the template had, not what the copy was given: sending the message again leaves copies as they are.
So a detail counts as added since if *any* plan that the copy may have been written by lacks it. The copy's timeline shows
what people have taken away or moved.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from monarch.core.after.edit import Edit
from monarch.core.after.touch import Happening, Touch
from monarch.core.copy.details import Details
from monarch.core.copy.render import finished, is_ours, title_of
from monarch.core.copy.style import Copying
from monarch.core.target.adoption import says_the_same
from monarch.core.target.logins import Us
from monarch.core.ticket import Issue, Milestone, Ticket


@dataclass(frozen=True, slots=True)
class Earlier:
    """A ticket as an earlier plan has it, and how its copies were written then."""

    ticket: Ticket
    copying: Copying


@dataclass(frozen=True, slots=True)
class LeftToPeople:
    """The copy differs from what the ticket says because people changed it."""

    touch: Touch


@dataclass(frozen=True, slots=True)
class DetailChanges:
    """What people have done to the details of a copy, by its timeline.

    `unlabelled` are the labels that they took away, in small letters.
    """

    unlabelled: frozenset[str] = frozenset()
    has_moved: bool = False
    has_retyped: bool = False


NONE: Final = DetailChanges()


def detail_changes(happenings: Iterable[Happening], us: Us) -> DetailChanges:
    """What people have done to the details of a copy."""
    others = [one for one in happenings if not us.wrote(one.actor)]
    return DetailChanges(
        frozenset(one.label.lower() for one in others if one.kind == "unlabeled"),
        any(one.kind in {"milestoned", "demilestoned"} for one in others),
        any(one.kind.startswith("issue_type") for one in others),
    )


def revision(
    issue: Issue,
    ticket: Ticket,
    copying: Copying,
    earlier: Sequence[Earlier],
    details: Details,
    us: Us,
    changed: DetailChanges = NONE,
) -> Edit | LeftToPeople:
    """Say what becomes of an open copy.

    `details` are what a new copy of the ticket would have in this target; `changed` matters only if the copy lacks some.
    """
    says_it = issue.title == title_of(ticket) and is_ours(issue.body, ticket, copying)
    if not us.wrote(issue.by) or says_the_same(issue, ticket):
        return Edit() if says_it or says_the_same(issue, ticket) else LeftToPeople(Touch.NOT_OURS)
    written = next((one for one in earlier if _was_written(issue, one)), None)
    if not says_it and written is None:
        is_adopted = any(says_the_same(issue, one.ticket) for one in earlier)
        return LeftToPeople(Touch.NOT_OURS if is_adopted else Touch.EDITED)
    edit = Edit()
    if _lacks(issue, ticket, details):
        before = [one.ticket for one in earlier if _was_written(issue, one)]
        before = before or [one.ticket for one in earlier]
        edit = _detailed(issue, ticket, before, details, changed)
    if says_it:
        return edit
    title, body = title_of(ticket), finished(ticket, copying)
    return replace(
        edit,
        title=title if title != issue.title else None,
        body=body if body != issue.body else None,
    )


def _was_written(issue: Issue, earlier: Earlier) -> bool:
    is_titled = issue.title == title_of(earlier.ticket)
    return is_titled and is_ours(issue.body, earlier.ticket, earlier.copying)


def _lacks(issue: Issue, ticket: Ticket, details: Details) -> bool:
    """Whether the copy lacks a detail of a new one. As a rule it does not, and no more texts are compared."""
    has = {label.name.lower() for label in issue.labels}
    is_labelled = has.issuperset(name.lower() for name in details.labels)
    has_rest = _title(ticket.milestone) in {"", _title(issue.milestone)}
    return not (is_labelled and has_rest and ticket.type in {"", issue.type})


def _detailed(
    issue: Issue, ticket: Ticket, before: Sequence[Ticket], details: Details, changed: DetailChanges
) -> Edit:
    """What the template has added beside the text."""
    if not before:
        return Edit()
    had = [{label.name.lower() for label in one.labels} for one in before]
    kept = frozenset.intersection(*map(frozenset, had)) | changed.unlabelled
    has = {label.name.lower() for label in issue.labels}
    added = [name for name in details.labels if name.lower() not in kept | has]
    names = tuple(label.name for label in issue.labels)
    wanted, now = _title(ticket.milestone), _title(issue.milestone)
    were, types = {_title(one.milestone) for one in before}, {one.type for one in before}
    is_moved = wanted not in {"", now} and now in {"", *were} and were != {wanted}
    is_retyped = ticket.type not in {"", issue.type} and issue.type in {"", *types}
    is_retyped = is_retyped and types != {ticket.type}
    return Edit(
        labels=(*names, *added) if added else None,
        milestone=details.milestone if is_moved and not changed.has_moved else None,
        type=details.type or None if is_retyped and not changed.has_retyped else None,
    )


def _title(milestone: Milestone | None) -> str:
    return "" if milestone is None else milestone.title
