"""What a request would do, target by target: the answer of a dry run."""

from dataclasses import dataclass

from monarch.core.outcome import Code
from monarch.core.portions.message import WHOLE, Portion
from monarch.core.report.rehearsal import Rehearsal


@dataclass(frozen=True, slots=True)
class TargetPlan:
    """What the request would do to one target. `asked` is how the request names it."""

    asked: str
    rehearsal: Rehearsal
    code: Code | None = None


@dataclass(frozen=True, slots=True)
class DryRun:
    """What a request would do.

    Attributes:
        portion: the part of the template that is asked for, and from when on.
        problem: why it would do nothing at all, `""` if it would do something.
        seconds: when it would be done, from now; without Valkey as if the budget were unused.
        wait_s: how many of these seconds it waits for its date.
        ahead: how many writes of other requests are done before the last of these; at least that many with `is_least`.
            What will be ahead of a request that waits for its date is not known: 0.
        paused_by: who has paused the fleet, `""` if it runs. `seconds` is as if it went on now, or by that date.
        without_store: why Valkey could not be asked, `""` if it was. Then no copy is known to be deleted or refused.
        left_out: what the template has and no copy will.
    """

    source: str
    tickets: int = 0
    targets: tuple[TargetPlan, ...] = ()
    problem: str = ""
    seconds: float = 0.0
    wait_s: float = 0.0
    ahead: int = 0
    is_least: bool = False
    paused_by: str = ""
    without_store: str = ""
    left_out: tuple[str, ...] = ()
    portion: Portion = WHOLE

    @property
    def is_barred(self) -> bool:
        """Whether something is in the way of each target."""
        return bool(self.targets) and all(target.rehearsal.problem for target in self.targets)

    @property
    def writes(self) -> int:
        """How many writes it takes."""
        return sum(target.rehearsal.writes for target in self.targets)
