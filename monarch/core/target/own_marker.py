"""The own marker: of the markers that one issue carries, the one that says what it is the copy of.

Monarch writes one marker into a copy. Where several tickets are named, a person has edited the issue, and one of the markers
is Monarch's. While the ledger remembers, nothing rests on which; once it is lost, the wrong one costs two tickets: the
copy's own is copied twice, and the other one never. So they are compared, and the first of these that tells them apart
decides:

```
1  how much it is believed       a marker that names another target is none of this one's
2  a signature of its own        for this target. It can be copied only from a copy of that ticket, so it does not count
                                 where another issue clearly is that copy
3  the title                     the issue has the title of the ticket; one whose title is not known, and of which no
                                 other issue clearly is the copy, comes before one that has another title
4  no other copy                 a ticket of which another issue clearly is the copy has no need of this one
5  the lower number              copies are made in the template's order, so a ticket that has no copy yet comes later
```

*Clearly*: the ledger says so, or one of our accounts has opened it and it names no other ticket.

What can still go wrong: whoever replaces the only marker of a copy, or forges one below it and takes away the title, the
signature and the copies between, has left nothing by which the copy could be known.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from monarch.core.copy.marker import Marker, read_markers
from monarch.core.ids import TicketId
from monarch.core.ticket import Issue


@dataclass(frozen=True, slots=True)
class Known:
    """What is known beside the markers of one issue.

    Attributes:
        rank: how much a marker of an issue is believed, the most first.
        is_signed: whether a marker is signed for this target.
        titles: those of copies, by ticket, as far as they are known.
        taken: the tickets of which another issue clearly is the copy.
    """

    rank: Callable[[Issue, Marker], int]
    is_signed: Callable[[Marker], bool]
    titles: Mapping[TicketId, str]
    taken: Collection[TicketId] = ()


def own_marker(issue: Issue, known: Known) -> Marker | None:
    """The marker that says what the issue is a copy of; `None` where it has none."""
    markers = read_markers(issue.body)
    return min(markers, key=lambda marker: _doubt(issue, marker, known), default=None)


def names_one(markers: Iterable[Marker]) -> bool:
    """Whether these name one ticket, however often."""
    return len({marker.ticket for marker in markers}) == 1


def _doubt(issue: Issue, marker: Marker, known: Known) -> tuple[int, bool, int, bool, int]:
    is_taken = marker.ticket in known.taken
    is_proven = known.is_signed(marker) and not is_taken
    misfit = _misfit(issue.title, known.titles.get(marker.ticket), is_taken=is_taken)
    return known.rank(issue, marker), not is_proven, misfit, is_taken, marker.number


def _misfit(title: str, of_copies: str | None, *, is_taken: bool) -> int:
    """How badly the title of the issue fits that of the ticket's copies, `None` where that is not known."""
    if title == of_copies:
        return 0
    return 1 if of_copies is None and not is_taken else 2
