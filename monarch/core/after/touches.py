"""Touches: what people have done to a copy, going by the issue and by its timeline.

A copy that anyone has touched is theirs, and no recall closes it. Title and text are held against what Monarch writes
(`core.copy.render`), since GitHub's timeline does not show an edited text. Comments and reactions are counted on the issue.
All else stands in the timeline with its actor, so what our own account has done (the labels of a new copy, a sub-issue) is
told apart from what people did. An event that this code does not know counts as a touch: in doubt a copy is left alone.

An adopted issue that is still as the predecessor wrote it, by our account, counts as one that Monarch wrote.

GitHub writes *mentioned* and *subscribed* under the name of the person that a text mentions, so these say nothing about
what that person did. A bot that puts every new issue on a project board is no touch either.
"""

from collections.abc import Iterable
from typing import Final

from monarch.core.after.touch import Happening, Touch
from monarch.core.copy.render import is_ours, title_of
from monarch.core.copy.style import Copying
from monarch.core.target.adoption import is_the_predecessors, says_the_same
from monarch.core.target.logins import Us
from monarch.core.ticket import Issue, Ticket

_KINDS: Final = {
    **dict.fromkeys(("commented", "comment_deleted", "reviewed"), Touch.COMMENTED),
    **dict.fromkeys(("assigned", "unassigned"), Touch.ASSIGNED),
    **dict.fromkeys(("labeled", "unlabeled"), Touch.LABELLED),
    **dict.fromkeys(("milestoned", "demilestoned"), Touch.MILESTONED),
    **dict.fromkeys(("closed", "reopened", "marked_as_duplicate"), Touch.CLOSED),
    **dict.fromkeys(("cross-referenced", "referenced", "committed"), Touch.LINKED),
    **dict.fromkeys(("connected", "disconnected"), Touch.LINKED),
    **dict.fromkeys(("sub_issue_added", "sub_issue_removed"), Touch.LINKED),
    **dict.fromkeys(("parent_issue_added", "parent_issue_removed"), Touch.LINKED),
    **dict.fromkeys(("blocked_by_added", "blocked_by_removed"), Touch.LINKED),
    **dict.fromkeys(("blocking_added", "blocking_removed"), Touch.LINKED),
    "renamed": Touch.EDITED,
}

_HARMLESS: Final = frozenset({"mentioned", "subscribed", "unsubscribed"})
_OF_BOARDS: Final = ("added_to_project", "project_v2_item", "moved_columns")


def touches_shown(issue: Issue, ticket: Ticket, copying: Copying, us: Us) -> tuple[Touch, ...]:
    """What the issue itself shows, whatever state it is in."""
    is_predecessors = is_the_predecessors(issue, ticket)
    if not us.wrote(issue.by) or (says_the_same(issue, ticket) and not is_predecessors):
        return (Touch.NOT_OURS,)
    is_as_written = is_predecessors or (
        issue.title == title_of(ticket) and is_ours(issue.body, ticket, copying)
    )
    found = {
        Touch.EDITED: not is_as_written,
        Touch.COMMENTED: issue.comments > 0,
        Touch.REACTED: issue.reactions > 0,
    }
    return tuple(touch for touch, is_so in found.items() if is_so)


def touches_shown_beside(
    issue: Issue, versions: Iterable[tuple[Ticket, Copying]], us: Us
) -> tuple[Touch, ...]:
    """The same for a copy that may be of any of these versions of its ticket, at least one; what the first one shows counts."""
    first: tuple[Touch, ...] | None = None
    for ticket, copying in versions:
        found = touches_shown(issue, ticket, copying, us)
        first = found if first is None else first
        if not found:
            return ()
    return first or ()


def touches_in_timeline(happenings: Iterable[Happening], us: Us) -> tuple[Touch, ...]:
    """What the timeline shows, each kind once and in the order of `Touch`."""
    found = {_touch(one) for one in happenings if not us.wrote(one.actor)} - {None}
    return tuple(touch for touch in Touch if touch in found)


def _touch(happening: Happening) -> Touch | None:
    if happening.kind in _HARMLESS:
        return None
    is_bot = happening.actor is not None and happening.actor.is_bot
    if is_bot and happening.kind.startswith(_OF_BOARDS):
        return None
    return _KINDS.get(happening.kind, Touch.CHANGED)
