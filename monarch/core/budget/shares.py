"""Whose share of the budget a write is: cohorts that have something to write take turns, write by write.

`_turns.lua` gives each cohort a virtual time, counted in writes. The cohort with the least time writes next, its oldest
request first and that request's targets in their order; of two with the same time, the older cohort. A write raises the
time of its cohort to one above the account's, which follows the cohorts that write. A cohort that comes, or comes back,
begins at the account's time: what it did not use meanwhile is gone, and it owes nothing.

**No cohort starves.** Between two writes of a cohort that stands in line and is due, each other cohort writes once at
most: its time is then above, and stays there until the first cohort has written. So each of K cohorts gets every K-th write.

**Order within a target holds.** A target belongs to one migration at a time, whichever cohort that is, and its
copies are made one after the other under its lock. Turns only say when the next one may be made.

Requests that a person has put first are a group of their own, before all others; their writes are charged to no cohort.
"""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ahead:
    """What stands before a request, in writes.

    Attributes:
        first: writes of requests that a person has put first; all go before it and take no turns.
        older: writes of older requests of its cohort; all go before it.
        others: what each other cohort has left to write; the request takes turns with them.
    """

    first: int = 0
    older: int = 0
    others: tuple[int, ...] = ()

    def before(self, own: int) -> int:
        """How many writes of others are done before the last one of `own`."""
        turns = self.older + own
        return self.first + self.older + sum(min(left, turns) for left in self.others)

    @property
    def sharing(self) -> int:
        """How many other cohorts have something to write."""
        return sum(left > 0 for left in self.others)


def ahead_of(
    mine: str, older: Iterable[int], first: Iterable[int], left: Iterable[tuple[str, int]]
) -> Ahead:
    """Put together what stands before a request.

    Args:
        mine: its cohort.
        older: what older requests of its cohort have left.
        first: what requests that a person has put first have left.
        left: the cohort of each other request, and what that request has left.
    """
    others: dict[str, int] = {}
    for cohort, writes in left:
        if cohort != mine:
            others[cohort] = others.get(cohort, 0) + writes
    return Ahead(sum(first), sum(older), tuple(others.values()))


@dataclass(frozen=True, slots=True)
class Part:
    """A cohort's part of the writes.

    Attributes:
        cohort: its id.
        left: how many writes it has left, those of requests that a person has put first included.
        of: it has one write in `of`; 0: none, until what a person has put first is done.
        is_first: a person has put one of its requests first.
    """

    cohort: str
    left: int
    of: int
    is_first: bool = False


def parts_of(left: Iterable[tuple[str, int, bool]]) -> tuple[Part, ...]:
    """Which cohorts write now, and which wait: every cohort that has something to write, in the given order.

    Args:
        left: the cohort of each open request, what that request has left to write, and whether a person has put it first.
    """
    writes: dict[str, int] = {}
    first: dict[str, int] = {}
    for cohort, n, is_first in left:
        writes[cohort] = writes.get(cohort, 0) + n
        first[cohort] = first.get(cohort, 0) + (n if is_first else 0)
    turns = [cohort for cohort, n in (first if any(first.values()) else writes).items() if n]
    return tuple(
        Part(cohort, n, len(turns) if cohort in turns else 0, first[cohort] > 0)
        for cohort, n in writes.items()
        if n
    )
