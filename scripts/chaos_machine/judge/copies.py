"""From GitHub's state to tickets and copies: by titles, texts and authors, never by a marker. Pure.

No ticket ever has a title that another one has. A copy is what one of Monarch's accounts has created; its ticket is the
one whose title it was *created* with, whatever people make of it afterwards. What the predecessor has left under such an
account and with such a title is the copy, too: Monarch is to adopt it.
"""

import re
from collections.abc import Collection, Mapping
from typing import Final

from monarch.sandbox.control.views import IssueView, RepositoryView
from scripts.chaos_machine.record import Copy, Ticket, Turn

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
    # Each once, where it came last: the text of now ends the row.
    texts = tuple(reversed(dict.fromkeys(plain(body or "") for body in reversed(bodies))))
    former = tuple(title for title, _ in issue.former if title != issue.title)
    return Ticket(
        issue.id,
        issue.number,
        issue.title,
        texts,
        issue.made_at,
        is_open,
        former,
        issue.milestone or "",
        frozenset(issue.labels),
        _reopened_at(issue) if is_open else None,
    )


def _reopened_at(issue: IssueView) -> float | None:
    return max((one.at for one in issue.timeline if one.event == "reopened"), default=None)


def by_title(tickets: Mapping[str, tuple[Ticket, ...]]) -> dict[str, int]:
    """The id of each ticket by every title that it has had."""
    return {
        title: ticket.id
        for those in tickets.values()
        for ticket in those
        for title in (*ticket.former, ticket.title)
    }


def copies_of(
    target: RepositoryView, titles: Mapping[str, int], logins: Collection[str]
) -> tuple[Copy, ...]:
    """Everything in a repository that Monarch created under one of its logins, or that it is to adopt."""
    made = [(issue, False) for issue in target.issues] + [(one, True) for one in target.removed]
    return tuple(
        _copy(issue, titles, logins, is_removed=is_removed)
        for issue, is_removed in sorted(made, key=lambda pair: pair[0].number)
        if issue.author in logins and (issue.by_api or first_of(issue)[0] in titles)
    )


def first_of(issue: IssueView) -> tuple[str, str | None]:
    """The title and the text that it was created with."""
    return issue.former[0] if issue.former else (issue.title, issue.body)


def _copy(
    issue: IssueView, titles: Mapping[str, int], logins: Collection[str], *, is_removed: bool
) -> Copy:
    title, body = first_of(issue)
    turns = tuple(
        Turn(one.at, one.event == "closed", one.actor in logins)
        for one in issue.timeline
        if one.event in {"closed", "reopened"}
    )
    return Copy(
        issue.number,
        titles.get(title),
        issue.title,
        plain(body or ""),
        plain(issue.body or ""),
        issue.made_at,
        is_removed,
        turns,
        not issue.by_api,
        frozenset(issue.labels),
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
