"""Refusals that have nothing to do with counts, where no ceiling is set: what they may cost, and what they do cost.

A lone 403 or 429 says nothing of a limit. The ideal is what the same fleet creates where nothing is refused.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product

from monarch.core.budget.ceilings import Ceilings
from scripts.budget_machine.door import Door
from scripts.budget_machine.engine import Engine
from scripts.budget_machine.fleet import Fleet
from scripts.budget_machine.hidden import HOUR_S, Moody

BEGAN_S = 1_000_000 * HOUR_S
ASKS_S = 5.0
"""What a refusal asks for where it says so."""

LEAST_CREATED = 0.95

SLOW = Ceilings(per_minute=0, per_hour=0)
FAST = Ceilings(per_minute=0, per_hour=0, interval_ms=0, at_once=4)


@dataclass(frozen=True)
class Mood:
    """After how many accepted writes there is a refusal, and how long it is looked at."""

    name: str
    refused_at: tuple[int, ...]
    hours: float = 1.0
    ceilings: Ceilings = SLOW


MOODS = (
    Mood("one at 1 write", (1,)),
    Mood("one at 5 writes", (5,)),
    Mood("one at 20 writes", (20,)),
    Mood("three in six hours", (1_000, 8_000, 15_000), 6.0),
    Mood("two in a row at 937 writes, at full speed", (937, 937), 2.0, FAST),
)


@dataclass(frozen=True)
class MoodCase:
    """A mood, and whether its refusals carry `Retry-After`."""

    mood: Mood
    hints: bool
    workers: int

    @property
    def name(self) -> str:
        """In a few words."""
        hints = f"Retry-After: {ASKS_S:.0f}" if self.hints else "no hint"
        return f"no ceilings, {self.mood.name}, {hints}, {self.workers} at work"


CASES = tuple(MoodCase(*one) for one in product(MOODS, (True, False), (1, 8)))


@dataclass(frozen=True)
class MoodResult:
    """What came of one case: `created` is the share of what the same fleet creates where nothing is refused."""

    case: MoodCase
    created: float
    refused: int

    @property
    def problems(self) -> list[str]:
        """The bound, where it was missed."""
        missed = self.created < LEAST_CREATED
        return [f"created {self.created:.1%} of what was possible"] if missed else []


def run(case: MoodCase, seed: int, hours: float | None = None) -> MoodResult:
    """The fleet with the refusals, and the same one without."""
    lasts_s = (hours or case.mood.hours) * HOUR_S
    ours = _door(case.workers, case.mood.ceilings, case.mood.refused_at, case.hints, seed, lasts_s)
    best = _undisturbed(case.workers, case.mood.ceilings, seed, lasts_s)
    return MoodResult(case, len(ours.created) / best, ours.rejected)


@cache
def _undisturbed(workers: int, ceilings: Ceilings, seed: int, lasts_s: float) -> int:
    """How much is created where nothing is refused."""
    return len(_door(workers, ceilings, (), True, seed, lasts_s).created)


def _door(
    workers: int,
    ceilings: Ceilings,
    refused_at: Sequence[int],
    hints: bool,  # noqa: FBT001 - one of the chances
    seed: int,
    lasts_s: float,
) -> Door:
    dice = random.Random(seed)  # noqa: S311 - chance, not secrecy
    engine = Engine(BEGAN_S)
    door = Door(engine, Moody(refused_at, ASKS_S), hints, dice)
    Fleet(door, dice, ceilings).start(workers)
    engine.run(BEGAN_S + lasts_s)
    return door
