"""How a copy stands: open, recalled, or closed by anyone else.

A recall is known from two places, and the ledger comes first. If it says that a recall closed a copy, that copy is
*recalled* as long as GitHub shows it closed as not planned; if it says that the recall was undone, it is not. If the ledger
says neither (Valkey was emptied, or nothing was ever recalled), GitHub's word counts: closed as not planned by one of our
accounts. Markers prove nothing here: they name a copy and never say what was done to it.

What can still go wrong: a person whose own token Monarch signs with closes a copy as not planned by hand, and the ledger
says nothing about it. That copy looks recalled, since GitHub shows the same of both.
"""

from enum import Enum, auto
from typing import Final

from monarch.core.after.acts import Change
from monarch.core.after.later import Later, Pending
from monarch.core.target.logins import Us
from monarch.core.ticket import Issue

NOT_PLANNED: Final = "not_planned"
"""The reason that GitHub shows of an issue that was closed by a recall."""


class Standing(Enum):
    """How a copy stands."""

    OPEN = auto()
    RECALLED = auto()
    CLOSED = auto()
    """By anyone but a recall."""


def standing(issue: Issue, later: Later, us: Us) -> Standing:
    """Say how a copy stands; `later` is what the ledger says about it."""
    if issue.state == "open":
        return Standing.OPEN
    if issue.state_reason != NOT_PLANNED:
        return Standing.CLOSED
    recall = later.recall
    if recall is None or recall.number != issue.number:
        is_recalled = us.wrote(issue.closed_by)
    else:
        is_recalled = not recall.is_reopened
    return Standing.RECALLED if is_recalled else Standing.CLOSED


def took_effect(pending: Pending, issue: Issue, us: Us) -> bool:
    """Whether an unanswered change that has settled is what GitHub shows of the issue now.

    GitHub may not say who did it; then the intent on record is enough.
    """
    if pending.number != issue.number:
        return False
    if pending.change is Change.REOPEN:
        return issue.state == "open"
    is_not_planned = issue.state == "closed" and issue.state_reason == NOT_PLANNED
    return is_not_planned and (issue.closed_by is None or us.wrote(issue.closed_by))
