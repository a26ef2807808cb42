"""The pure half of a look: what to ask for, and what the answers show.

A look is the listing of a repository, every number that it skips, and the numbers after the highest:

```
listing --gaps--> GET each gap --begin_probe--> GET probe.number --after_probe--> … until probe.is_over
                                                                   all issues --see--> Seen
```

The number of reads is bounded, and the bounds are safe for sources and targets alike. A listing leaves out what is new, for
seconds as a rule, minutes at worst. So above a hidden issue there are at most the numbers that were used and deleted within
these minutes, and the newest `NEWEST_GAPS` hold it, however many numbers were deleted in earlier years.
A number on record in the ledger was used, wherever reading onwards ends, so what lies between is a gap. Reading onwards
begins after the listing all the same: new issues are there, even if a ledger should name a number that does not exist.

Absence is evidence only after all of it. Listings lag, and have shown a newer issue without an older
one; reading an issue by its number was always fresh (max-sixty/tend#836, kamp-us/phoenix#6208).
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, TypeVar, assert_never

from monarch.core.ids import TicketId
from monarch.core.outcome import Absent, Found
from monarch.core.plan import Plan
from monarch.core.target.evidence import Evidence, weigh
from monarch.core.ticket import Issue, Ticket

T = TypeVar("T")

NEWEST_GAPS: Final = 500
"""How many skipped numbers are read at most, the newest: what listings leave out is new."""

PROBE_MISSES: Final = 5
"""After this many numbers in a row that were never used, no issue follows."""

PROBE_GONE: Final = 30
"""After this many deleted issues in a row beyond the listing the repository is asked whether its issues are on: GitHub
answers 410 for every number, used or not, if they are switched off, and also for each of thirty that were deleted."""

PROBE_MOST: Final = 3000
"""How many numbers are read beyond the listing at most."""


@dataclass(frozen=True, slots=True)
class Stray:
    """A second copy of `ticket`, for a person to close; `original` is the number of the first."""

    ticket: TicketId
    number: int
    url: str
    original: int


@dataclass(frozen=True, slots=True)
class Seen:
    """What a complete look shows, the same for every plan except for what may be adopted.

    Attributes:
        copies: the number of each ticket's copy, by the best evidence (`core.target.evidence`).
        strays: further copies by our own accounts that are open; people are asked to close them, so a closed one is none.
        planted: numbers of issues that carry a marker which is not believed.
        highest: the highest number that is known to be used, 0 in an empty repository.
        adopted: those of the tickets whose copies only say the same (`core.target.adoption`) and are not on record yet.
    """

    copies: Mapping[TicketId, int] = field(default_factory=dict)
    strays: tuple[Stray, ...] = ()
    planted: tuple[int, ...] = ()
    highest: int = 0
    adopted: frozenset[TicketId] = frozenset()


# ------------------------------------------------------------------------------------ what to ask for


def gaps(numbers: Iterable[int], newest: int = NEWEST_GAPS) -> tuple[int, ...]:
    """The numbers that a listing skips below its highest, ascending; of many, the `newest` highest."""
    return _missing_below(frozenset(numbers), newest)


def unreached(probe: "Probe", on_record: int, newest: int = NEWEST_GAPS) -> tuple[int, ...]:
    """The numbers up to the highest `on_record` that a probe has not reached; of many, the `newest` highest."""
    return tuple(range(max(probe.number, on_record + 1 - newest), on_record + 1))


def skipped(highest: int, created: int, newest: int = NEWEST_GAPS) -> tuple[int, ...]:
    """The numbers between the highest known and one just created: issues of others, to be read at once."""
    return tuple(range(max(highest + 1, created - newest), created))


@dataclass(frozen=True, slots=True)
class Probe:
    """Where reading onwards from the highest number stands.

    Attributes:
        number: the next number to read.
        read: how many were read.
        misses: numbers in a row, before it, that were never used.
        gone: used numbers in a row, before those, whose issue cannot be read (410 or moved).
    """

    number: int
    read: int = 0
    misses: int = 0
    gone: int = 0

    @property
    def is_over(self) -> bool:
        """Whether no issue can follow."""
        return self.misses >= PROBE_MISSES

    def is_exhausted(self, most: int = PROBE_MOST) -> bool:
        """Whether it has read `most` numbers without reaching the end: then it is no evidence of absence."""
        return self.read >= most and not self.is_over

    @property
    def is_unclear(self) -> bool:
        """Whether to ask the repository now if its issues are switched off."""
        return self.gone > 0 and self.gone % PROBE_GONE == 0 and self.misses == 0


def begin_probe(highest: int) -> Probe:
    """Begin after the highest number that the listing showed, or that is on record; 0 if there is none."""
    return Probe(highest + 1)


def after_probe(probe: Probe, answer: Found[T] | Absent) -> Probe:
    """Go on from what `GET /issues/{probe.number}` answered."""
    following = Probe(probe.number + 1, probe.read + 1)
    match answer:
        case Absent(taken=False):
            return replace(following, misses=probe.misses + 1, gone=probe.gone)
        case Absent():
            return replace(following, gone=probe.gone + 1)
        case Found():
            return following
        case _:
            assert_never(answer)


# ------------------------------------------------------------------------------ what the answers show


def see(issues: Iterable[Issue], evidence: Evidence, highest: int = 0) -> Seen:
    """Put the issues of a complete look together.

    Args:
        issues: pull requests included; if a number comes twice, the later answer counts.
        evidence: what makes an issue a copy.
        highest: the highest number known from elsewhere (a probe); a used number needs no issue.
    """
    once = {issue.number: issue for issue in issues}
    claims = weigh(once.values(), evidence)
    strays = tuple(
        Stray(ticket, number, once[number].url, claims.copies[ticket])
        for number, ticket in claims.seconds
        if once[number].state == "open"
    )
    return Seen(claims.copies, strays, claims.planted, max((highest, *once)), claims.adopted)


def with_known(seen: Seen, known: Mapping[TicketId, int]) -> Seen:
    """Add copies that a read by number has confirmed although their marker is gone."""
    return replace(seen, copies={**known, **seen.copies})


def strays_of(plan: Plan, seen: Seen) -> tuple[Stray, ...]:
    """The strays that belong to this plan."""
    own = {ticket.id for ticket in plan.tickets}
    return tuple(stray for stray in seen.strays if stray.ticket in own)


def missing(
    plan: Plan, seen: Seen, refused: Collection[TicketId], deleted: Collection[TicketId]
) -> tuple[Ticket, ...]:
    """The tickets that should have a copy and have none, in order.

    `refused` were refused by GitHub, the copies of `deleted` were deleted by a person; they have none
    and are not missing.
    """
    excused = {*refused, *deleted}
    return tuple(t for t in plan.tickets if t.id not in seen.copies and t.id not in excused)


def in_order(plan: Plan, seen: Seen) -> bool:
    """Whether the copies ascend in the template's order."""
    numbers = [seen.copies[t.id] for t in plan.tickets if t.id in seen.copies]
    return numbers == sorted(numbers)


def _missing_below(numbers: frozenset[int], newest: int) -> tuple[int, ...]:
    found: list[int] = []
    for number in range(max(numbers, default=0) - 1, 0, -1):
        if len(found) == newest:
            break
        if number not in numbers:
            found.append(number)
    return tuple(reversed(found))
