"""What one crossing over remembering ports came to."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from monarch.core.ids import TicketId
from monarch.core.outcome import Code
from monarch.core.plan import Plan
from monarch.core.report.writes import Writes
from monarch.core.target.step import Fate, LedgerRecord
from monarch.core.ticket import Issue, Repository
from monarch.core.verdict import Dead, Done, Retry, Snooze, Verdict, Waits


@dataclass(frozen=True, slots=True)
class Passage:
    """A target, and what was remembered of its crossing.

    Attributes:
        verdict: how the crossing ended.
        writes: what it would write.
        records: the target's ledger as it was before; empty where it could not be asked.
        is_busy: whether a migration writes to the target right now.
        created: the numbers of the copies that would be made.
        changed: the numbers of the copies that would be closed or opened again, in order.
        found: tickets whose copies would be put on record as they are.
        notes: what people would be told.
        numbers: the copies that are there then.
        fates: of copies on record that no look shows, by number.
        issues: what the last look shows, by number; `highest` is the highest number in use.
    """

    repository: Repository
    plan: Plan
    verdict: Verdict
    writes: Writes
    records: Mapping[TicketId, LedgerRecord]
    is_busy: bool
    created: Mapping[TicketId, int]
    changed: Mapping[TicketId, int]
    found: frozenset[TicketId]
    notes: tuple[str, ...]
    numbers: Mapping[TicketId, int]
    fates: Mapping[int, Fate]
    issues: Mapping[int, Issue]
    highest: int


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why a migration would not end well, for people; `code` where it would be given up for it."""

    reason: str
    code: Code | None = None


def obstacle(passed: Passage | Verdict, patience_s: float | None = None) -> Obstacle | None:
    """What is in the way, by how a rehearsal ended; `None`: nothing.

    Args:
        passed: a verdict where the target could not even be reached.
        patience_s: how long a request waits for a target that is not there, in seconds; `None`: it does not.
    """
    verdict = passed.verdict if isinstance(passed, Passage) else passed
    match verdict:
        case Done():
            return None
        case Dead(code):
            late = _LATE.format(patience_s) if code is Code.NOT_FOUND and patience_s else ""
            return Obstacle(verdict.sentence + late, code)
        case Retry(reason):
            return Obstacle(f"{reason}; a request would try again")
        case Snooze(reason, kind=Waits.CREDENTIAL):
            return Obstacle(reason, Code.CREDENTIAL)
        case Snooze(reason, wait_s):
            return Obstacle(f"GitHub is not to be asked now: {reason}; try again in {wait_s:.0f} s")
        case _:
            return Obstacle(verdict.reason)


_LATE: Final = " (if it is just being generated, a request waits {:.0f} s for it)"
