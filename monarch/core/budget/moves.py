"""What a pause moves, and what it moves if a cohort goes first: pure.

Both are forecasts from the present load (core/budget/forecast.py) and the turns (core/budget/shares.py). A cohort counts as
first, with all that it has left, if a person has put one of its requests first.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from monarch.core.budget.forecast import Load, timetable
from monarch.core.budget.shares import Part

PAUSES_MIN: Final = (10, 60)
"""The pauses to forecast, in minutes."""


FORECAST_AT_MOST: Final = 50
"""How many cohorts the page shows these moves for, the oldest first: each is compared with all the others."""


@dataclass(frozen=True, slots=True)
class Shares:
    """Who has something to write, the oldest first, and how the account stands that they share.

    `is_least`: there are more open requests than were read. `paused_by`: who has paused the fleet: nothing is written.
    """

    parts: Sequence[Part]
    load: Load
    is_least: bool = False
    paused_by: str = ""


@dataclass(frozen=True, slots=True)
class Move:
    """When a cohort is done, in seconds from now: as it stands, and put first.

    `others_s` is how much later another cohort ends then, the one that it costs most.
    """

    cohort: str
    stands_s: float
    first_s: float
    others_s: float


@dataclass(frozen=True, slots=True)
class Moves:
    """When everything is done, in seconds from `now_ms` (milliseconds since 1970).

    `paused` is the same after a pause of so many minutes that begins now; empty where the fleet is paused already: then
    all the others are as if it were resumed now. `cohorts` are the first `FORECAST_AT_MOST` of them.
    """

    now_ms: int
    all_s: float
    paused: tuple[tuple[int, float], ...]
    cohorts: tuple[Move, ...]


def moves(shares: Shares) -> Moves:
    """Foretell what can be moved."""
    parts, load = shares.parts, shares.load
    whole = sum(part.left for part in parts)
    done_s = timetable(load, whole)
    before = {part.cohort: _turns(part, parts) for part in parts}
    return Moves(
        load.now_ms,
        done_s(whole),
        () if shares.paused_by else tuple((n, _after_pause_s(load, n, whole)) for n in PAUSES_MIN),
        tuple(
            Move(
                part.cohort,
                done_s(before[part.cohort]),
                done_s(_turns(replace(part, is_first=True), parts)),
                max(
                    (
                        done_s(before[one.cohort] + _costs(part, one)) - done_s(before[one.cohort])
                        for one in parts
                        if one.cohort != part.cohort
                    ),
                    default=0.0,
                ),
            )
            for part in parts[:FORECAST_AT_MOST]
        ),
    )


def _turns(mine: Part, parts: Sequence[Part]) -> int:
    """How many writes are done when its last one is: its own, those that go first, and those that take turns with it."""
    others = [one for one in parts if one.cohort != mine.cohort]
    ahead = 0 if mine.is_first else sum(one.left for one in others if one.is_first)
    by_turns = (one.left for one in others if one.is_first == mine.is_first)
    return mine.left + ahead + sum(min(left, mine.left) for left in by_turns)


def _costs(first: Part, other: Part) -> int:
    """How many more writes are done before the last one of another cohort if this one goes first."""
    if first.is_first:
        return 0
    took_turns = min(first.left, other.left)
    return took_turns if other.is_first else first.left - took_turns


def _after_pause_s(load: Load, minutes: int, writes: int) -> float:
    """The windows go on while the fleet is paused: it moves the end by as much as it is long at the most."""
    paused = replace(load, gate_ms=max(load.gate_ms, minutes * 60_000))
    return timetable(paused, writes)(writes)
