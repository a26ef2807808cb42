"""The four cases of fair order, what each of them took, and the goal.

First come, first served is the order within one cohort, so for that case the small request is sent in the cohort of the large one.
"""

import math
from dataclasses import asdict, dataclass
from typing import Any

GOAL = 2.5
"""The small request may take so many times as long as it takes alone."""

BEGUN = 5
"""The small request comes when the large one has made so many copies."""


@dataclass(frozen=True)
class Case:
    """Which of the two requests are sent, and whether the small one belongs to the cohort of the large one."""

    name: str
    large: bool = False
    small: bool = False
    same_cohort: bool = False


SMALL_ALONE = Case("small alone", small=True)
LARGE_ALONE = Case("large alone", large=True)
FAIR = Case("fair order", large=True, small=True)
SERVED = Case("first come, first served", large=True, small=True, same_cohort=True)
CASES = (SMALL_ALONE, LARGE_ALONE, FAIR, SERVED)


@dataclass(frozen=True)
class Setup:
    """How large the two requests are, and how many workers there are."""

    teams: int
    tickets: int
    workers: int

    @property
    def large(self) -> list[str]:
        """The targets of the large request."""
        return [f"school/team-{n:02}" for n in range(self.teams)]

    @property
    def writes(self) -> int:
        """How many copies both requests are together."""
        return (self.teams + 1) * self.tickets


@dataclass(frozen=True)
class Took:
    """Seconds from publishing to the end, at the speed of production; `None` for what was not sent."""

    small_s: float | None = None
    large_s: float | None = None


@dataclass(frozen=True)
class Result:
    """What came of all four cases.

    Attributes:
        spare: so many times as long as the goal allows the large request may take: for the machine, where time is real.
    """

    setup: Setup
    took: dict[Case, Took]
    spare: float = 1.0

    @property
    def times_as_long(self) -> float:
        """How many times as long as alone the small request took with the large one before it."""
        return _of(self.took[FAIR].small_s) / _of(self.took[SMALL_ALONE].small_s)

    @property
    def lost_s(self) -> float:
        """So much longer the large request took, because the small one came."""
        return round(_of(self.took[FAIR].large_s) - _of(self.took[LARGE_ALONE].large_s), 1)

    @property
    def allowed_s(self) -> float:
        """The large request may take so long: as alone, and a second for each write of the small one, to the second."""
        return math.ceil((_of(self.took[LARGE_ALONE].large_s) + self.setup.tickets) * self.spare)

    @property
    def problems(self) -> list[str]:
        """The halves of the goal that were missed."""
        found = []
        if self.times_as_long > GOAL:
            found.append(f"the small one took {self.times_as_long:.1f} times as long as alone")
        if _of(self.took[FAIR].large_s) > self.allowed_s:
            found.append(f"the large one lost {self.lost_s:.0f} s to {self.setup.tickets} writes")
        return found

    def document(self) -> dict[str, Any]:
        """As one JSON document."""
        return {
            **asdict(self.setup),
            "cases": {case.name: asdict(took) for case, took in self.took.items()},
            "times_as_long": self.times_as_long,
            "lost_s": self.lost_s,
            "problems": self.problems,
        }

    def lines(self) -> list[str]:
        """For people."""
        setup = self.setup
        rows = [
            f"  {case.name:<24}  small {_told(took.small_s)}  large {_told(took.large_s)}"
            for case, took in self.took.items()
        ]
        return [
            f"{setup.teams} teams x {setup.tickets} tickets, then 1 team; {setup.workers} workers;",
            "seconds at the speed of production",
            *rows,
            f"the small one took {self.times_as_long:.1f} times as long as alone (goal: {GOAL})",
            f"the large one lost {self.lost_s:.0f} s to {setup.tickets} writes",
            *(f"MISSED {problem}" for problem in self.problems),
        ]


def _of(seconds: float | None) -> float:
    if seconds is None:
        message = "a request that was not sent took no time"
        raise ValueError(message)
    return seconds


def _told(seconds: float | None) -> str:
    return f"{'-':>7}" if seconds is None else f"{seconds:7.0f}"
