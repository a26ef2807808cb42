"""What the bench runs, and what must come of it."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import product
from statistics import median

from scripts.budget_machine.door import Door
from scripts.budget_machine.engine import Engine
from scripts.budget_machine.fleet import FORECAST_EVERY_S, Fleet
from scripts.budget_machine.hidden import HOUR_S, Hidden, Kind, Limits, ideal
from scripts.budget_machine.rivals import Rival, every, predecessor

HOURS = 6.0
BEGAN_S = 1_000_000 * HOUR_S
"""At the full hour: a fixed window begins with the bench. (In its middle the ideal has one window more, once.)"""

LEAST_CREATED, MOST_REJECTED, MOST_WRONG = 0.90, 0.02, 0.15

HIDDEN: dict[str, Sequence[Limits]] = {
    "80/500": [Limits(80, 500)],
    "40/300": [Limits(40, 300)],
    "20/150": [Limits(20, 150)],
    "80/500, after 1 h 20/150": [Limits(80, 500), Limits(20, 150, BEGAN_S + HOUR_S)],
}
"""So many a minute and an hour."""


@dataclass(frozen=True)
class Case:
    """One hidden limit, and how it behaves. `stranger` is the share of it that somebody else takes."""

    limits: str
    stranger: float
    kind: Kind
    hints: bool
    workers: int

    @property
    def name(self) -> str:
        """In a few words."""
        stranger = ", a stranger" if self.stranger else ""
        hints = "Retry-After" if self.hints else "no hint"
        return f"{self.limits}{stranger}, {self.kind}, {hints}, {self.workers} at work"

    def hidden(self) -> Hidden:
        """A fresh one."""
        return Hidden(HIDDEN[self.limits], self.kind, self.stranger, BEGAN_S)


KINDS: tuple[Kind, ...] = ("sliding", "fixed")
CASES = [Case(*one) for one in product(HIDDEN, (0.0, 1 / 3), KINDS, (True, False), (1, 8))]

RIVALS: dict[str, list[Rival]] = {
    "predecessor": [predecessor(403), predecessor(429)],
    "every 1 s": [every(1.0)],
    "every 3 s": [every(3.0)],
}
"""Of several ways to run a rival the better one counts."""


@dataclass(frozen=True)
class Score:
    """What came of one policy. `created` and `rejected` are shares: of the ideal, and of what was sent."""

    created: float
    rejected: float
    early: int
    hammered_s: float

    @property
    def together(self) -> float:
        """Both figures in one: what was got, less what was asked for in vain."""
        return self.created - self.rejected


@dataclass(frozen=True)
class Result:
    """One case. `wrong` is the median error of the forecasts, `None` where none came to its end."""

    case: Case
    ideal: int
    ours: Score
    rivals: dict[str, Score]
    errors: list[float] = field(repr=False)
    ceilings: tuple[int, int] = (0, 0)

    @property
    def wrong(self) -> float | None:
        """The median error of the forecasts."""
        return median(self.errors) if self.errors else None

    @property
    def problems(self) -> list[str]:
        """The bounds that were missed."""
        ours, found = self.ours, []
        if ours.created < LEAST_CREATED:
            found.append(f"created {ours.created:.1%} of the ideal")
        if ours.rejected > MOST_REJECTED:
            found.append(f"rejected {ours.rejected:.1%} of what was sent")
        if ours.early:
            found.append(f"{ours.early} refusals within the time that the last one asked to wait")
        found += [
            f"no better than {name}"
            for name, theirs in self.rivals.items()
            if theirs.together >= ours.together
        ]
        return found


def run(case: Case, seed: int, hours: float = HOURS) -> Result:
    """Ours and all rivals, each on a fresh clock."""
    ends_s = BEGAN_S + hours * HOUR_S
    best = ideal(case.hidden(), BEGAN_S, ends_s)
    fleet, ours = _ours(case, seed, ends_s, best)
    rivals = {
        name: max((_theirs(case, one, seed, ends_s, best) for one in ways), key=_together)
        for name, ways in RIVALS.items()
    }
    learned = fleet.account.spent().learned
    ceilings = learned.minute.ceiling, learned.hour.ceiling
    return Result(case, best, ours, rivals, fleet.errors(ends_s), ceilings)


def _together(score: Score) -> float:
    return score.together


def _ours(case: Case, seed: int, ends_s: float, best: int) -> tuple[Fleet, Score]:
    dice = random.Random(seed)  # noqa: S311 - chance, not secrecy
    engine = Engine(BEGAN_S)
    fleet = Fleet(Door(engine, case.hidden(), case.hints, dice), dice)
    fleet.start(case.workers)
    engine.run(ends_s, fleet.foretell, FORECAST_EVERY_S)
    return fleet, score(fleet.door, ends_s, best)


def _theirs(case: Case, rival: Rival, seed: int, ends_s: float, best: int) -> Score:
    dice = random.Random(seed)  # noqa: S311 - chance, not secrecy
    engine = Engine(BEGAN_S)
    door = Door(engine, case.hidden(), case.hints, dice)
    rival(door, dice, case.workers)
    engine.run(ends_s)
    return score(door, ends_s, best)


def score(door: Door, ends_s: float, best: int) -> Score:
    """What came of a policy until then."""
    created = sum(at < ends_s for at in door.created)
    sent = created + door.rejected
    return Score(created / best, door.rejected / max(sent, 1), door.early, door.hammered_s)
