"""Judges the demo by the stand-in's own state: what GitHub holds, not what Monarch says it did.

The marker is read here by a rule of its own, so that a mistake of Monarch's cannot hide itself.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from monarch.cli._demo_world import SOURCE
from monarch.sandbox.views import IssueView, StateView

_MARKER = re.compile(r"<!-- monarch: \S+#\d+ id=(\d+) -->\Z")


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
    """The template's tickets in its order: open issues that are no pull requests."""
    issues = state.repositories[SOURCE].issues
    return [issue for issue in issues if issue.state == "open" and not issue.pull_request]


def copies(state: StateView, team: str) -> list[IssueView]:
    """What was created in a team's repository, in the order of creation."""
    return [issue for issue in state.repositories[team].issues if issue.by_api]


def ticket_id(copy: IssueView) -> int | None:
    """The id of the ticket that a copy names; `None` where it names none."""
    found = _MARKER.search(copy.body or "")
    return int(found[1]) if found else None


def judge(state: StateView, teams: Sequence[str]) -> Findings:
    """Hold every team's repository against the template."""
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
        altered += sum(not _is_same(wanted, copy) for copy in made)
        if named != sorted(named, key=lambda one: one or 0):
            unordered.append(team)
    return Findings(every, lost, doubled, altered, tuple(unordered))


def _is_same(wanted: dict[int, IssueView], copy: IssueView) -> bool:
    """Whether a copy is its ticket, word for word, with the marker below."""
    ticket = wanted.get(ticket_id(copy) or 0)
    if ticket is None or copy.title != ticket.title:
        return False
    above = _MARKER.sub("", copy.body or "")
    return above.rstrip("\r\n") == (ticket.body or "").rstrip("\r\n")
