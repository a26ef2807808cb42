"""Tickets against copies: which tickets are lost, which copies are doubled, and which come out of order. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


class Copied(Protocol):
    """An issue in a target."""

    @property
    def number(self) -> int:
        """Its number in the target."""

    @property
    def ticket(self) -> int | None:
        """The id of the ticket that it is a copy of; ``None``: of no ticket."""


C = TypeVar("C", bound=Copied)


def lost(owed: Iterable[int], copies: Iterable[Copied]) -> list[int]:
    """Return the ids of the owed tickets that have no copy. "Done" is false while there is one."""
    made = {copy.ticket for copy in copies}
    return [ticket for ticket in owed if ticket not in made]


def firsts(copies: Iterable[C]) -> dict[int, C]:
    """Return the first copy of each ticket, in the order of creation."""
    found: dict[int, C] = {}
    for copy in copies:
        if copy.ticket is not None:
            found.setdefault(copy.ticket, copy)
    return found


def doubled(copies: Iterable[C]) -> list[tuple[C, C]]:
    """Return every second copy of a ticket, each with the first one."""
    made = list(copies)
    first = firsts(made)
    return [
        (copy, first[copy.ticket])
        for copy in made
        if copy.ticket is not None and copy is not first[copy.ticket]
    ]


def unordered(places: Mapping[int, int], copies: Iterable[C]) -> Iterator[tuple[C, int]]:
    """Yield each first copy that was made after the copy of a later ticket, and that ticket's place.

    Args:
        places: where each ticket stands in its template, by its id; copies of other tickets have no order.
        copies: in the order of creation.
    """
    highest = 0
    for ticket, copy in firsts(copies).items():
        place = places.get(ticket)
        if place is not None and place < highest:
            yield copy, highest
        highest = max(highest, place or 0)
