"""Details: what tickets have beside their text, and which of that a target has.

There are four kinds: labels, milestones, issue types, assignees. A `Kind` says how one is found, compared and created;
what is done with it is the same for all:

```
tickets                      --needed--> what they have of a kind, each thing once
tickets, what the target has --missing-> what it lacks: made in it first, or noted if that is not possible
ticket, what it has then     --details_of--> what the ticket's copy is created with, in the target's own words
```

A thing is known by its name, or by its name without case if none is exactly the same. What a target has already stays as
it is, its colour and its due date too: it is the team's.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from typing import Any, Final, Generic, TypeVar, cast

from monarch.core.copy import notes
from monarch.core.copy.style import Style
from monarch.core.ticket import Label, Milestone, Ticket

T = TypeVar("T")

MAX_ASSIGNEES: Final = 10
"""How many people GitHub assigns to one issue at most."""


@dataclass(frozen=True, slots=True, eq=False)
class Kind(Generic[T]):
    """A kind of detail.

    Attributes:
        name: for people, singular and plural: `label`, `labels`.
        field: what GitHub calls it in an issue.
        slot: what `Stock` calls it.
        of: what a ticket has of this kind.
        name_of: what a thing is called.
        is_copied: whether an installation copies it.
        key: among the things that tickets name, those whose names have the same key are one.
        made: the thing once it was made, with the number in GitHub's answer (`None`: GitHub said that it was there);
            `None` if only a listing shows what it is.
        differs: the note on a thing whose namesake in the target (the second argument) differs, `""`: none.
        can_be_made: whether one can be created in a repository.
        is_organisations: whether only the repositories of organisations have any.
    """

    name: tuple[str, str]
    field: str
    slot: str
    of: Callable[[Ticket], Iterable[T]]
    name_of: Callable[[T], str]
    is_copied: Callable[[Style], bool] = lambda _style: True
    key: Callable[[str], str] = str.lower
    made: Callable[[T, int | None], T | None] = lambda thing, _number: thing
    differs: Callable[[T, T], str] = lambda _ours, _theirs: ""
    can_be_made: bool = False
    is_organisations: bool = False

    @property
    def plural(self) -> str:
        """What notes call it."""
        return self.name[1]

    def needed(self, tickets: Iterable[Ticket], style: Style) -> tuple[T, ...]:
        """What these tickets have, each once, in the order in which they name it; nothing if it is not copied."""
        first: dict[str, T] = {}
        for ticket in tickets if self.is_copied(style) else ():
            for thing in self.of(ticket):
                first.setdefault(self.key(self.name_of(thing)), thing)
        return tuple(first.values())

    def find(self, name: str, existing: Iterable[T]) -> T | None:
        """The thing of that name, or of that name in another case; `None` if there is neither."""
        there = tuple(existing)
        same = (thing for thing in there if self.name_of(thing) == name)
        alike = (thing for thing in there if self.name_of(thing).lower() == name.lower())
        return next(same, None) or next(alike, None)

    def missing(
        self, tickets: Iterable[Ticket], style: Style, existing: Iterable[T]
    ) -> tuple[T, ...]:
        """What is needed and is not among `existing`."""
        there = tuple(existing)
        needed = self.needed(tickets, style)
        return tuple(one for one in needed if self.find(self.name_of(one), there) is None)

    def remarks(self, needed: Iterable[T], existing: Iterable[T]) -> list[str]:
        """Notes on what a target with `existing` lacks of these, or has otherwise."""
        there, said, lacking = tuple(existing), [], []
        for one in needed:
            theirs = self.find(self.name_of(one), there)
            if theirs is None:
                lacking.append(one)
            else:
                said.append(self.differs(one, theirs))
        if lacking and not self.can_be_made:
            said.append(notes.lacking(self.plural, self.names(lacking)))
        return [note for note in said if note]

    def names(self, things: Iterable[T]) -> tuple[str, ...]:
        """What these are called."""
        return tuple(map(self.name_of, things))


def _numbered(milestone: Milestone, number: int | None) -> Milestone | None:
    return None if number is None else replace(milestone, number=number)


def _due(ours: Milestone, theirs: Milestone) -> str:
    same = ours.due_on[:10] == theirs.due_on[:10]
    return "" if same else notes.other_due(ours.title, ours.due_on, theirs.due_on)


LABELS: Final[Kind[Label]] = Kind(
    ("label", notes.LABELS),
    "labels",
    "labels",
    lambda ticket: ticket.labels,
    lambda label: label.name,
    lambda style: style.labels,
    can_be_made=True,
)
MILESTONES: Final[Kind[Milestone]] = Kind(
    ("milestone", notes.MILESTONES),
    "milestone",
    "milestones",
    lambda ticket: () if ticket.milestone is None else (ticket.milestone,),
    lambda milestone: milestone.title,
    lambda style: style.milestones,
    # Two milestones of a template may differ only in case.
    key=str,
    made=_numbered,
    differs=_due,
    can_be_made=True,
)
TYPES: Final[Kind[str]] = Kind(
    ("type", notes.TYPES),
    "type",
    "types",
    lambda ticket: (ticket.type,) if ticket.type else (),
    str,
    is_organisations=True,
)
ASSIGNEES: Final[Kind[str]] = Kind(
    ("assignee", notes.ASSIGNEES),
    "assignees",
    "assignees",
    lambda ticket: ticket.assignees,
    str,
    lambda style: style.assignees,
)
KINDS: Final[tuple[Kind[Any], ...]] = (LABELS, MILESTONES, TYPES, ASSIGNEES)
"""Every kind, in the order in which a target is prepared."""


@dataclass(frozen=True, slots=True)
class Stock:
    """What a target is known to have."""

    labels: tuple[Label, ...] = ()
    milestones: tuple[Milestone, ...] = ()
    types: tuple[str, ...] = ()
    assignees: tuple[str, ...] = ()

    def of(self, kind: Kind[T]) -> tuple[T, ...]:
        """What the target has of a kind."""
        return cast("tuple[T, ...]", getattr(self, kind.slot))

    def having(self, kind: Kind[T], things: tuple[T, ...]) -> "Stock":
        """The same, with these of a kind."""
        return replace(self, **cast("dict[str, Any]", {kind.slot: things}))


@dataclass(frozen=True, slots=True)
class Details:
    """What one copy is created with.

    Attributes:
        labels: names, as the target spells them.
        milestone: its number in the target, `None` for none.
        type: name of its issue type, `""` for none.
        assignees: logins.
    """

    labels: tuple[str, ...] = ()
    milestone: int | None = None
    type: str = ""
    assignees: tuple[str, ...] = ()

    @property
    def kinds(self) -> frozenset[str]:
        """The names of those that it has."""
        has = {
            "labels": bool(self.labels),
            "milestone": self.milestone is not None,
            "type": bool(self.type),
            "assignees": bool(self.assignees),
        }
        return frozenset(name for name, is_there in has.items() if is_there)


def details_of(
    ticket: Ticket, style: Style, stock: Stock, without: Collection[str] = ()
) -> Details:
    """What the copy of this ticket is created with: all that both the ticket and the target have.

    `without`: the fields that GitHub has refused for this ticket, by its own names (`labels`, `milestone`, `type`, `assignees`).
    """

    def had(kind: Kind[T]) -> tuple[T, ...]:
        names = kind.names(kind.needed([ticket], style)) if kind.field not in without else ()
        found = (kind.find(name, stock.of(kind)) for name in names)
        return tuple(one for one in found if one is not None)

    return Details(
        LABELS.names(had(LABELS)),
        next((milestone.number for milestone in had(MILESTONES)), None),
        next(iter(had(TYPES)), ""),
        had(ASSIGNEES)[:MAX_ASSIGNEES],
    )


def wished(ticket: Ticket, style: Style) -> Details:
    """What the copy of this ticket would have in a target that lacks nothing; the number of its milestone means nothing."""
    milestones = () if ticket.milestone is None else (replace(ticket.milestone, number=1),)
    types = (ticket.type,) if ticket.type else ()
    return details_of(ticket, style, Stock(ticket.labels, milestones, types, ticket.assignees))
