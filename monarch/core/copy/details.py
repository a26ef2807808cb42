"""Details: what tickets have beside their text (labels, a milestone, an issue type), and what a target has of it.

```
tickets, what the target has --wanted_labels, wanted_milestones--> what is to be created in it first
ticket, what it has then     --details_of--> what the ticket's copy is created with, in the target's own words
```

A label is the same label whatever its case, as GitHub has it; so is an issue type. A milestone is known by its title,
and by its title without case where none is just the same. What a target has already stays as it is, its colour and
its due date too: it is the team's.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import TypeVar

from monarch.core.copy.style import Style
from monarch.core.ticket import Label, Milestone, Ticket

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Stock:
    """What a target is known to have."""

    labels: tuple[Label, ...] = ()
    milestones: tuple[Milestone, ...] = ()
    types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Details:
    """What one copy is created with.

    Attributes:
        labels: names, as the target spells them.
        milestone: its number in the target, `None` for none.
        type: name of its issue type, `""` for none.
    """

    labels: tuple[str, ...] = ()
    milestone: int | None = None
    type: str = ""


def needed_labels(tickets: Iterable[Ticket], style: Style) -> tuple[Label, ...]:
    """The labels of these tickets, each once, in the order in which they are named; none where none are copied."""
    labels = (label for ticket in tickets for label in ticket.labels)
    return _once(labels, lambda label: _same(label.name)) if style.labels else ()


def needed_milestones(tickets: Iterable[Ticket], style: Style) -> tuple[Milestone, ...]:
    """Their milestones, likewise."""
    milestones = (ticket.milestone for ticket in tickets if ticket.milestone is not None)
    return _once(milestones, lambda milestone: milestone.title) if style.milestones else ()


def needed_types(tickets: Iterable[Ticket]) -> tuple[str, ...]:
    """Their issue types, likewise."""
    return _once((ticket.type for ticket in tickets if ticket.type), _same)


def wanted_labels(
    tickets: Iterable[Ticket], style: Style, existing: Iterable[Label]
) -> tuple[Label, ...]:
    """What `needed_labels` names and is not among `existing`."""
    there = {_same(label.name) for label in existing}
    return tuple(one for one in needed_labels(tickets, style) if _same(one.name) not in there)


def wanted_milestones(
    tickets: Iterable[Ticket], style: Style, existing: Iterable[Milestone]
) -> tuple[Milestone, ...]:
    """What `needed_milestones` names and is not among `existing`."""
    there = tuple(existing)
    needed = needed_milestones(tickets, style)
    return tuple(one for one in needed if find_milestone(one.title, there) is None)


def unknown_types(tickets: Iterable[Ticket], existing: Iterable[str]) -> tuple[str, ...]:
    """The issue types of these tickets that are not among `existing`; no repository can be given one."""
    there = {_same(name) for name in existing}
    return tuple(name for name in needed_types(tickets) if _same(name) not in there)


def find_milestone(title: str, existing: Iterable[Milestone]) -> Milestone | None:
    """The milestone of that title, or of the same one in another case; `None` where there is neither."""
    there = tuple(existing)
    same = (m for m in there if m.title == title)
    alike = (m for m in there if _same(m.title) == _same(title))
    return next(same, None) or next(alike, None)


def details_of(
    ticket: Ticket, style: Style, stock: Stock, without: Collection[str] = ()
) -> Details:
    """What the copy of this ticket is created with: all that it has and the target has, too.

    `without` are GitHub's names of fields that it has refused for this ticket (`labels`, `milestone`, `type`).
    """
    spelled = {_same(label.name): label.name for label in stock.labels}
    types = {_same(name): name for name in stock.types}
    labels = needed_labels([ticket], style) if "labels" not in without else ()
    milestones = needed_milestones([ticket], style) if "milestone" not in without else ()
    found = [find_milestone(m.title, stock.milestones) for m in milestones]
    return Details(
        tuple(spelled[_same(label.name)] for label in labels if _same(label.name) in spelled),
        next((milestone.number for milestone in found if milestone is not None), None),
        types.get(_same(ticket.type), "") if "type" not in without else "",
    )


def _once(things: Iterable[T], key: Callable[[T], str]) -> tuple[T, ...]:
    """Of those with the same key the first."""
    first: dict[str, T] = {}
    for thing in things:
        first.setdefault(key(thing), thing)
    return tuple(first.values())


def _same(name: str) -> str:
    """Two names with the same one are the same name to GitHub."""
    return name.lower()
