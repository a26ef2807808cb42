"""Judges the demo by the stand-in's own state: what GitHub holds, not what Monarch says it did.

This module has its own rules to read the marker and to renumber references, so that a mistake of Monarch's
cannot hide itself. They are simpler than Monarch's: they need to be right for the demo's template only.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from monarch.cli.demo.example_world import SOURCE
from monarch.sandbox.control.views import IssueView, RepositoryView, StateView

_MARKER = re.compile(r"<!-- monarch: \S+#\d+ id=(\d+)(?: target=\d+)?(?: sig=\w+)? -->\Z")
_CODE = re.compile(r"(```.*?```|`[^`]*`)", re.DOTALL)
_REFERENCE = re.compile(r"(?<![\w#])#(\d+)\b")


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found in the targets of a request, all of them together."""

    copies: int
    lost: int
    doubled: int
    altered: int
    unordered: tuple[str, ...]

    @property
    def is_well(self) -> bool:
        """Whether every ticket is there once, as it was, in its order."""
        return not (self.lost or self.doubled or self.altered or self.unordered)

    def __str__(self) -> str:
        order = f"order broken in {', '.join(self.unordered)}" if self.unordered else "in order"
        return (
            f"{self.copies} copies: {self.lost} lost, {self.doubled} doubled,"
            f" {self.altered} altered, {order}"
        )


def tickets(state: StateView) -> list[IssueView]:
    """The template's tickets in its order: open issues that are not pull requests."""
    issues = state.repositories[SOURCE].issues
    return [issue for issue in issues if issue.state == "open" and not issue.pull_request]


def copies(state: StateView, team: str) -> list[IssueView]:
    """What was created in a team's repository, in the order of creation."""
    return [issue for issue in state.repositories[team].issues if issue.by_api]


def ticket_id(copy: IssueView) -> int | None:
    """The id of the ticket that a copy names; `None` if it names none."""
    found = _MARKER.search(copy.body or "")
    return int(found[1]) if found else None


def judge(state: StateView, teams: Sequence[str]) -> Findings:
    """Compare every team's repository with the template."""
    wanted = {ticket.id: ticket for ticket in tickets(state)}
    order = list(wanted)
    every = lost = doubled = altered = 0
    unordered: list[str] = []
    for team in teams:
        made = copies(state, team)
        named = [ticket_id(copy) for copy in made]
        times = Counter(named)
        every += len(made)
        copied = len([one for one in order if times[one]])
        lost += len(order) - copied
        doubled += len(made) - copied
        altered += _altered(state, team, wanted)
        if named != sorted(named, key=lambda one: one or 0):
            unordered.append(team)
    return Findings(every, lost, doubled, altered, tuple(unordered))


def _altered(state: StateView, team: str, wanted: Mapping[int, IssueView]) -> int:
    """How many of a team's copies are not what their tickets should have become."""
    made = copies(state, team)
    by_ticket = {ticket_id(copy): copy.number for copy in reversed(made)}
    numbers = {ticket.number: by_ticket.get(ticket.id, 0) for ticket in wanted.values()}
    template, repository = state.repositories[SOURCE], state.repositories[team]
    return sum(
        (ticket := wanted.get(ticket_id(copy) or 0)) is None
        or _words(copy.title, _MARKER.sub("", copy.body or ""))
        != _words(ticket.title, renumbered(ticket.body or "", numbers))
        or _details(repository, copy) != _details(template, ticket)
        or copy.parent != _parent(team, ticket, numbers)
        for copy in made
    )


def renumbered(body: str, numbers: Mapping[int, int]) -> str:
    """A ticket's text with the numbers that its references have in a team's repository."""

    def number_there(found: re.Match[str]) -> str:
        return f"#{numbers.get(int(found[1]), found[1])}"

    parts = _CODE.split(body)  # every second one is code
    parts[::2] = [_REFERENCE.sub(number_there, text) for text in parts[::2]]
    return "".join(parts)


def _words(title: str, body: str) -> tuple[str, str]:
    return title, body.rstrip("\r\n")


def _details(repository: RepositoryView, issue: IssueView) -> tuple[object, ...]:
    """The issue's type, its labels with their colours, and its milestone with its due date."""
    labels = [label for label in repository.labels if label.name in issue.labels]
    due = [
        (milestone.title, milestone.state, milestone.description, milestone.due_on)
        for milestone in repository.milestones
        if milestone.title == issue.milestone
    ]
    return issue.type, sorted(labels, key=lambda label: label.name), due


def _parent(team: str, ticket: IssueView, numbers: Mapping[int, int]) -> str | None:
    """What the copy should be a part of, as `owner/repo#12`."""
    if ticket.parent is None:
        return None
    return f"{team}#{numbers[int(ticket.parent.partition('#')[2])]}"
