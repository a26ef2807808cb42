"""Open requests: which of them go before a request, and which cohort a new one joins."""

from collections.abc import Sequence
from dataclasses import dataclass

from monarch.core.budget.beside import NOTHING_BESIDE, Beside
from monarch.core.budget.shares import Ahead, ahead_of
from monarch.core.entry_ids import entry_order
from monarch.core.ids import RequestId


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """A request that has not ended: what it copies into each target, and how many migrations have not ended."""

    request: RequestId
    tickets: int
    unsettled: int
    is_cancelled: bool
    cohort: str = ""
    is_first: bool = False
    joins_by: tuple[str, ...] = ()
    beside: Beside = NOTHING_BESIDE

    @property
    def writes(self) -> int:
        """How many there are, if nothing is copied yet."""
        return 0 if self.is_cancelled else (self.tickets + self.beside.both) * self.unsettled

    def saved(self, copied: int, there: int) -> int:
        """How many writes a target takes less: it has `copied` tickets from this request, and `there` from elsewhere."""
        settled = min(self.tickets, copied + there)
        if not settled:
            return 0
        # A target where all was there before has what stands beside it, too.
        is_there = settled == self.tickets and not copied
        return settled + (self.beside.both if is_there else self.beside.before)


def cohort_joined(joins_by: tuple[str, ...], found: Sequence[OpenRequest]) -> str:
    """The cohort that a new request joins: that of the newest open one of its kind; `""` if it begins one."""
    same = [one for one in found if one.joins_by == joins_by]
    return max(same, key=lambda one: entry_order(one.request)).cohort if same else ""


def ahead_in(
    found: Sequence[OpenRequest], left: Sequence[int], request: RequestId | None, joined: str
) -> Ahead:
    """What comes before a request; `None`: before a new one of the cohort `joined`.

    `left` is what each open request still has to write.
    """
    mine = next((one for one in found if one.request == request), None)
    rows = [(one, n) for one, n in zip(found, left, strict=True) if one is not mine]
    first = [n for one, n in rows if one.is_first and not _is_before(mine, one)]
    if mine is not None and mine.is_first:
        return Ahead(sum(first))
    rest = [(one, n) for one, n in rows if not one.is_first]
    cohort = joined if mine is None else mine.cohort
    older = [n for one, n in rest if one.cohort == cohort and not _is_before(mine, one)]
    return ahead_of(cohort, older, first, [(one.cohort, n) for one, n in rest])


def _is_before(mine: OpenRequest | None, other: OpenRequest) -> bool:
    """Whether my request goes before the other one in the same group."""
    if mine is None or (other.is_first and not mine.is_first):
        return False
    return entry_order(mine.request) < entry_order(other.request)
