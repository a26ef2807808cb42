"""What happens to issues: each change is written into the issue's timeline, with who did it.

GitHub's words for it are those of its description of `GET …/timeline`. An edited text leaves no event there, and neither
does a reaction.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from monarch.sandbox.github.state.model import Issue


@dataclass
class Happening:
    """One event: GitHub's word for it, who did it, when (seconds since the epoch), and what else it says."""

    event: str
    actor: str | None
    at: float
    about: dict[str, Any] = field(default_factory=dict)


def happened(issue: Issue, event: str, actor: str | None, at: float, **about: object) -> None:
    """Write an event into an issue's timeline."""
    issue.timeline.append(Happening(event, actor, at, about))


def renamed(issue: Issue, title: str, actor: str | None, at: float) -> None:
    """Record that an issue gets another title, before it does."""
    if title != issue.title:
        happened(issue, "renamed", actor, at, rename={"from": issue.title, "to": title})


def relabelled(issue: Issue, keys: Iterable[str], actor: str | None, at: float) -> None:
    """Record which labels an issue gets and loses, by their keys, before it does."""
    after = list(keys)
    for key in after:
        if key not in issue.labels:
            happened(issue, "labeled", actor, at, label=key)
    for key in issue.labels:
        if key not in after:
            happened(issue, "unlabeled", actor, at, label=key)


def reassigned(issue: Issue, logins: Iterable[str], actor: str | None, at: float) -> None:
    """Record who is assigned to an issue and who no longer is, before that changes."""
    after = list(logins)
    for login in after:
        if login not in issue.assignees:
            happened(issue, "assigned", actor, at, assignee=login)
    for login in issue.assignees:
        if login not in after:
            happened(issue, "unassigned", actor, at, assignee=login)


def moved(issue: Issue, milestone: int | None, actor: str | None, at: float) -> None:
    """Record that an issue goes from one milestone to another, before it does."""
    if milestone == issue.milestone:
        return
    if issue.milestone is not None:
        happened(issue, "demilestoned", actor, at, milestone=issue.milestone)
    if milestone is not None:
        happened(issue, "milestoned", actor, at, milestone=milestone)
