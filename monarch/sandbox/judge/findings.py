"""The judgement of some targets by the state of the stand-in: what GitHub holds, not what Monarch says it did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from monarch.sandbox.judge.copies import doubled, firsts, lost, unordered
from monarch.sandbox.judge.texts import body_of_copy, ticket_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from monarch.sandbox.control.views import IssueView, RepositoryView, StateView


class Flaw(NamedTuple):
    """Something wrong in a target: the number of the ticket, and the one of the copy (0: there is none)."""

    target: str
    ticket: int
    copy: int = 0

    def __str__(self) -> str:
        """Name target and ticket."""
        return f"{self.target}: ticket {self.ticket}"


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found in some targets, all of them together.

    Attributes:
        copies: how many there are.
        lost: tickets without a copy.
        doubled: second copies.
        reported: those of them that Monarch itself has reported.
        altered: copies that are not what their tickets should have become, or copies of no ticket.
        unordered: the targets in which copies came out of order.
    """

    copies: int
    lost: tuple[Flaw, ...]
    doubled: tuple[Flaw, ...]
    reported: tuple[Flaw, ...]
    altered: tuple[Flaw, ...]
    unordered: tuple[str, ...]

    @property
    def is_well(self) -> bool:
        """Whether every ticket is there once, as it was, in its order."""
        return not (self.lost or self.doubled or self.altered or self.unordered)

    def __str__(self) -> str:
        """Say it in one line."""
        order = f"order broken in {', '.join(self.unordered)}" if self.unordered else "in order"
        return (
            f"{self.copies} copies: {len(self.lost)} lost, {len(self.doubled)} doubled,"
            f" {len(self.altered)} altered, {order}"
        )


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy in the stand-in, and the id of the ticket that its marker names."""

    issue: IssueView
    ticket: int | None

    @property
    def number(self) -> int:
        """Its number in the target."""
        return self.issue.number


def tickets_in(source: RepositoryView) -> list[IssueView]:
    """Return the tickets of a template in its order: open issues that are not pull requests."""
    return [issue for issue in source.issues if issue.state == "open" and not issue.pull_request]


def copies_in(target: RepositoryView) -> list[IssueView]:
    """Return what was created in a target, in the order of creation."""
    return [issue for issue in target.issues if issue.by_api]


def judge(
    state: StateView,
    source: str,
    targets: Iterable[str],
    strays: Collection[tuple[str, int]] = (),
) -> Findings:
    """Compare targets with their template; ``strays`` are the second copies that Monarch reported, by target and number."""
    parts = [_judged(state, source, target) for target in targets]
    twice = tuple(flaw for part in parts for flaw in part.doubled)
    return Findings(
        sum(part.copies for part in parts),
        tuple(flaw for part in parts for flaw in part.lost),
        twice,
        tuple(flaw for flaw in twice if (flaw.target, flaw.copy) in strays),
        tuple(flaw for part in parts for flaw in part.altered),
        tuple(name for part in parts for name in part.unordered),
    )


def _judged(state: StateView, source: str, target: str) -> Findings:
    wanted = {ticket.id: ticket for ticket in tickets_in(state.repositories[source])}
    copies = [Copy(issue, ticket_of(issue)) for issue in copies_in(state.repositories[target])]
    places = {ticket.id: ticket.number for ticket in wanted.values()}
    return Findings(
        len(copies),
        tuple(Flaw(target, places[ticket]) for ticket in lost(wanted, copies)),
        tuple(
            Flaw(target, places.get(copy.ticket or 0, 0), copy.number)
            for copy, _ in doubled(copies)
        ),
        (),
        tuple(_altered(state, source, target, copies)),
        (target,) if any(unordered(places, copies)) else (),
    )


def _altered(state: StateView, source: str, target: str, copies: list[Copy]) -> Iterator[Flaw]:
    template, here = state.repositories[source], state.repositories[target]
    wanted = {ticket.id: ticket for ticket in tickets_in(template)}
    made = firsts(copies)
    numbers = {one.number: made[one.id].number for one in wanted.values() if one.id in made}
    for copy in copies:
        ticket = wanted.get(copy.ticket or 0)
        if ticket is None:
            yield Flaw(target, 0, copy.number)
        elif (
            copy.issue.title != ticket.title
            or copy.issue.body != body_of_copy(ticket, here, source, numbers)
            or _details(here, copy.issue) != _details(template, ticket)
            or copy.issue.parent != _parent(target, ticket, numbers)
        ):
            yield Flaw(target, ticket.number, copy.number)


def _details(repository: RepositoryView, issue: IssueView) -> tuple[object, ...]:
    """Return the issue's type, its labels with their colours, and its milestone with its due date."""
    labels = [label for label in repository.labels if label.name in issue.labels]
    due = [
        (milestone.title, milestone.state, milestone.description, milestone.due_on)
        for milestone in repository.milestones
        if milestone.title == issue.milestone
    ]
    return issue.type, sorted(labels, key=lambda label: label.name), due


def _parent(target: str, ticket: IssueView, numbers: Mapping[int, int]) -> str | None:
    """Return what the copy should be a part of, as ``owner/repo#12``."""
    if ticket.parent is None:
        return None
    return f"{target}#{numbers.get(int(ticket.parent.partition('#')[2]), 0)}"
