"""What one crossing over remembering ports came to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from monarch.core.after.edit import Edit
from monarch.core.copy.dependencies import Blocking
from monarch.core.copy.style import Copying, Style
from monarch.core.copy.sub_issues import Nesting
from monarch.core.ids import TicketId
from monarch.core.outcome import Code
from monarch.core.plan import Plan
from monarch.core.span import span
from monarch.core.target.survey import Survey
from monarch.core.ticket import Issue
from monarch.core.verdict import Dead, Done, Retry, Snooze, Verdict, Waits


@dataclass(slots=True)
class PlannedWrites:
    """What one crossing would write to its target.

    Attributes:
        created: titles of the copies, by the numbers that they would get.
        labels, milestones: what would be made, by name.
        edited: numbers of the copies whose references would be put right.
        revised: copies as they are, and what an update would replace of each.
        nested, blocked: sub-issues and dependencies, by number.
    """

    created: dict[int, str] = field(default_factory=dict)
    labels: list[str] = field(default_factory=list)
    milestones: list[str] = field(default_factory=list)
    edited: list[int] = field(default_factory=list)
    revised: list[tuple[Issue, Edit]] = field(default_factory=list)
    nested: list[Nesting] = field(default_factory=list)
    blocked: list[Blocking] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Passage:
    """A target, and what was remembered about its crossing.

    Attributes:
        survey: what the last look shows; its ledger is as it was before.
        verdict: how the crossing ended.
        writes: what it would write.
        is_busy: whether a migration writes to the target right now.
        created: the numbers of the copies that would be made.
        changed: the numbers of the copies that would be closed or opened again, in order.
        found: tickets whose copies would be put on record as they are.
        notes: the notes that people would get.
    """

    plan: Plan
    survey: Survey
    verdict: Verdict
    writes: PlannedWrites
    is_busy: bool
    created: Mapping[TicketId, int]
    changed: Mapping[TicketId, int]
    found: frozenset[TicketId]
    notes: tuple[str, ...]

    def copying(self, style: Style) -> Copying:
        """What the text of the copies depends on."""
        repository, seen = self.survey.repository, self.survey.seen
        numbers = dict(self.survey.numbers)
        return Copying(self.plan, repository.full_name, repository.id, style, numbers, seen.highest)


@dataclass(frozen=True, slots=True)
class BadEnd:
    """Why a migration would not end well, for people; `code` if it would be given up for that."""

    reason: str
    code: Code | None = None


def obstacle(passed: Passage | Verdict, patience_s: float | None = None) -> BadEnd | None:
    """What is in the way, from how a rehearsal ended; `None`: nothing.

    Args:
        passed: a verdict if the target could not even be reached.
        patience_s: how long a request waits for a missing target, in seconds; `None`: it does not.
    """
    verdict = passed.verdict if isinstance(passed, Passage) else passed
    match verdict:
        case Done():
            return None
        case Dead(code):
            late = _LATE.format(patience_s) if code is Code.NOT_FOUND and patience_s else ""
            return BadEnd(verdict.sentence + late, code)
        case Retry(reason):
            return BadEnd(f"{reason}; a request would try again")
        case Snooze(reason, kind=Waits.CREDENTIAL):
            return BadEnd(reason, Code.CREDENTIAL)
        case Snooze(reason, wait_s):
            return BadEnd(f"GitHub is not to be asked now: {reason}; try again in {span(wait_s)}")
        case _:
            return BadEnd(verdict.reason)


def source_obstacle(verdict: Verdict, source: str) -> str:
    """What is in the way of reading the source, which is named once; `""`: nothing."""
    way, prefix = obstacle(verdict), f"the source {source}: "
    return "" if way is None else f"{prefix}{way.reason.removeprefix(prefix)}"


_LATE: Final = " (if it is just being generated, a request waits {:.0f} s for it)"
