"""The own marker: of the markers in one issue, the one that says which ticket it is the copy of.

Monarch writes one marker into a copy. If an issue names several tickets, a person has edited it, and one of the markers is
Monarch's. While the ledger remembers, nothing depends on which; once it is lost, the wrong one costs two tickets: the copy's
own is copied twice, and the other one never. So the markers are compared, and the first of these that differs decides:

```
1  how much it is believed       a marker that names another target does not belong to this one
2  a signature of its own        for this target. It can be copied only from a copy of that ticket, so it does not count
                                 if another issue clearly is that copy
3  the title                     the issue has the title of the ticket; a ticket whose title is not known, and that no
                                 other issue clearly is the copy of, comes before a ticket with another title
4  no other copy                 a ticket that another issue clearly is the copy of does not need this one
5  the lower number              copies are made in the template's order, so a ticket that has no copy yet comes later
```

*Clearly*: the ledger says so, or one of our accounts has opened it and it names no other ticket.

What can still go wrong: a person who replaces the only marker of a copy, or forges one below it and takes away the title,
the signature and the copies between, leaves nothing to recognise the copy by.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from monarch.core.copy.marker import Marker, read_markers
from monarch.core.ids import TicketId
from monarch.core.ticket import Issue


@dataclass(frozen=True, slots=True)
class MarkerContext:
    """What is known beside the markers of one issue.

    Attributes:
        rank: how much a marker of an issue is believed, the most first.
        is_signed: whether a marker is signed for this target.
        titles: the titles of copies, by ticket, as far as they are known.
        taken: the tickets that another issue clearly is the copy of.
    """

    rank: Callable[[Issue, Marker], int]
    is_signed: Callable[[Marker], bool]
    titles: Mapping[TicketId, str]
    taken: Collection[TicketId] = ()


def own_marker(issue: Issue, known: MarkerContext) -> Marker | None:
    """The marker that says what the issue is a copy of; `None` if it has none."""
    markers = read_markers(issue.body)
    return min(markers, key=lambda marker: _doubt(issue, marker, known), default=None)


def names_one(markers: Iterable[Marker]) -> bool:
    """Whether these name one ticket, however often."""
    return len({marker.ticket for marker in markers}) == 1


def _doubt(issue: Issue, marker: Marker, known: MarkerContext) -> tuple[int, bool, int, bool, int]:
    is_taken = marker.ticket in known.taken
    is_proven = known.is_signed(marker) and not is_taken
    misfit = _misfit(issue.title, known.titles.get(marker.ticket), is_taken=is_taken)
    return known.rank(issue, marker), not is_proven, misfit, is_taken, marker.number


def _misfit(title: str, of_copies: str | None, *, is_taken: bool) -> int:
    """How badly the title of the issue fits that of the ticket's copies; `of_copies` is `None` if that is not known."""
    if title == of_copies:
        return 0
    return 1 if of_copies is None and not is_taken else 2
