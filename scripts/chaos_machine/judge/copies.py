"""From GitHub's state to tickets and copies: by titles, texts and authors, never by a marker. Pure.

Each ticket has a title of its own, which nobody changes in the source. A copy is what one of Monarch's accounts has
created; its ticket is the one whose title it was *created* with, whatever people make of it afterwards.
"""

import re
from collections.abc import Collection, Mapping
from typing import Final

from monarch.sandbox.control.views import IssueView, RepositoryView
from scripts.chaos_machine.record import Copy, Ticket

_LAST_MARKER: Final = re.compile(r"\s*<!-- monarch: [^>]*-->\s*\Z")
_GOES_ON: Final = re.compile(r"\n\n\*[^*\n]*#[^*\n]*\*\Z")
"""The last paragraph of a text that was cut: in italics, and with a reference to the ticket."""

_LONG: Final = 10_000
"""A shorter text, as `plain` gives it, needs no cutting, whatever its references become."""

_REFERENCE: Final = re.compile(
    r"(?:https?://\S*/issues/|(?:[\w.-]+/[\w.-]+)?#)\d+|\[#\d+\]\([^)]*\)|\[[^\]]*#\d+\]\([^)]*\)"
)


def tickets_of(source: RepositoryView) -> tuple[Ticket, ...]:
    """Every issue that is or was a ticket of this source."""
    there = [_ticket(issue, is_open=issue.state == "open") for issue in _people(source.issues)]
    gone = [_ticket(issue, is_open=False) for issue in _people(source.removed)]
    return tuple(sorted(there + gone, key=lambda ticket: ticket.number))


def _people(issues: tuple[IssueView, ...]) -> list[IssueView]:
    return [issue for issue in issues if not issue.pull_request and not issue.by_api]


def _ticket(issue: IssueView, *, is_open: bool) -> Ticket:
    bodies = (*(body for _, body in issue.former), issue.body)
    texts = tuple(dict.fromkeys(plain(body or "") for body in bodies))
    return Ticket(issue.id, issue.number, issue.title, texts, issue.made_at, is_open)


def by_title(tickets: Mapping[str, tuple[Ticket, ...]]) -> dict[str, int]:
    """The id of each ticket by its title."""
    return {ticket.title: ticket.id for those in tickets.values() for ticket in those}


def copies_of(
    target: RepositoryView, titles: Mapping[str, int], logins: Collection[str]
) -> tuple[Copy, ...]:
    """Everything in a repository that Monarch created under one of its logins."""
    made = [(issue, False) for issue in target.issues] + [(one, True) for one in target.removed]
    return tuple(
        _copy(issue, titles, is_removed=is_removed)
        for issue, is_removed in sorted(made, key=lambda pair: pair[0].number)
        if issue.by_api and issue.author in logins
    )


def _copy(issue: IssueView, titles: Mapping[str, int], *, is_removed: bool) -> Copy:
    title, body = issue.former[0] if issue.former else (issue.title, issue.body)
    return Copy(
        issue.number,
        titles.get(title),
        issue.title,
        plain(body or ""),
        plain(issue.body or ""),
        issue.made_at,
        is_removed,
    )


def plain(text: str) -> str:
    """A text without the marker that ends it, and with all references alike: their numbers are the target's own."""
    return _REFERENCE.sub("#", _LAST_MARKER.sub("", text)).strip()


def is_text_of(text: str, ticket: Ticket) -> bool:
    """Whether a plain text is one of the ticket's, or what fits of a long one and a paragraph that says where it goes on."""
    begins, cuts = _GOES_ON.subn("", text)
    return text in ticket.bodies or (
        cuts > 0 and any(len(b) > _LONG and b.startswith(begins.rstrip()) for b in ticket.bodies)
    )
