"""When will it be done? The windows of permit.lua, replayed for the writes to come, and the words for it.

A forecast assumes that only workers of the fleet use the account, that cohorts take turns (core/budget/shares.py), and that
ceilings and pace stay as they are. Labels, milestones and links are counted as a plan shows them (`beside`): a target that
has some takes less. Writes that are not known yet (references to put right), failures and their patience come on top.
"""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from math import ceil, floor
from typing import Final, Protocol

from monarch.core.budget.ceilings import Ceilings, Pace, room_ms
from monarch.core.moments import date_of

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 3_600_000

REPLAYED: Final = 10_000
"""How many writes are replayed one by one; each further write takes its long-run share."""

WRITE_MS: Final = 700.0
"""How long a write takes if nothing was measured, in milliseconds: about what GitHub needs for an issue."""

_SAMPLE: Final = 200
_FEW: Final = 5
"""Fewer gaps than this say nothing about the pace."""

_PAUSE_MS: Final = 5_000
"""A longer gap between two writes was a wait, or there was nothing to do."""


@dataclass(frozen=True, slots=True)
class Load:
    """How an account stands at one moment; times in milliseconds.

    Attributes:
        now_ms: on the clock of `writes`.
        writes: when the writes of the last hour were permitted, ascending.
        ceilings: the effective ones.
        gate_ms: how long the gate stays closed, 0 if it is open.
        write_ms: the least time between two writes if no ceiling is in the way (`write_ms`).
        minute_ms: how long the shorter window is, hour_ms: the longer one.
    """

    now_ms: int
    writes: Sequence[int]
    ceilings: Ceilings
    gate_ms: int = 0
    write_ms: float = WRITE_MS
    minute_ms: int = MINUTE_MS
    hour_ms: int = HOUR_MS


@dataclass(frozen=True, slots=True)
class Forecast:
    """The work is done in `seconds` from `now_ms` (milliseconds since 1970).

    `is_least`: there are more older requests than were read, so it takes at least that long. `sharing`: the number of
    other cohorts that it takes turns with.
    """

    seconds: float
    now_ms: int
    is_least: bool = False
    sharing: int = 0


def write_ms(writes: Sequence[int]) -> float:
    """The time between two writes while the fleet is at work, from the newest of `writes` (ascending)."""
    newest = writes[-_SAMPLE:]
    gaps = [after - before for before, after in itertools.pairwise(newest)]
    at_work = [gap for gap in gaps if gap <= _PAUSE_MS]
    return sum(at_work) / len(at_work) if len(at_work) >= _FEW else WRITE_MS


def forecast_s(load: Load, writes: int) -> float:
    """In how many seconds the last of `writes` more writes is done; 0 if there is none.

    `writes` counts those of older requests and one's own. More of them, or more in `load.writes`, never take less time.
    """
    return timetable(load, writes)(writes)


def timetable(load: Load, most: int) -> Callable[[int], float]:
    """`forecast_s` of that load, for any number of writes up to `most`: the windows are replayed once for all numbers."""
    permitted = _permitted_ms(load, min(most, REPLAYED))

    def done_s(writes: int) -> float:
        if writes <= 0:
            return 0.0
        replayed = min(writes, REPLAYED)
        done_ms = permitted[replayed - 1] + load.write_ms
        return (done_ms - load.now_ms + (writes - replayed) * _in_the_long_run_ms(load)) / 1000

    return done_s


def _permitted_ms(load: Load, writes: int) -> list[float]:
    """When each of `writes` more writes is permitted: the windows' own arithmetic, repeated for each."""
    pace = Pace(minute_ms=load.minute_ms, hour_ms=load.hour_ms, margin_ms=0)
    ceilings = replace(load.ceilings, interval_ms=0)
    apart_ms = _apart_ms(load)
    times: list[float] = list(load.writes)
    at: float = load.now_ms + load.gate_ms
    for _ in range(writes):
        if times:
            at = max(at, times[-1] + apart_ms)
        at += max(0.0, room_ms(times, None, ceilings, pace, at))
        times.append(at)
    return times[len(load.writes) :]


def _in_the_long_run_ms(load: Load) -> float:
    spans = ((load.minute_ms, load.ceilings.per_minute), (load.hour_ms, load.ceilings.per_hour))
    return max(_apart_ms(load), *(span / ceiling if ceiling else 0.0 for span, ceiling in spans))


def _apart_ms(load: Load) -> float:
    return max(float(load.ceilings.interval_ms), load.write_ms)


# ------------------------------------------------------------------------------------------- words

_SOON_S: Final = 30.0
_HOUR_S: Final = 3600.0
_DAY_S: Final = 86_400.0


class ShowsTime(Protocol):
    """How a moment is written."""

    def __call__(self, moment: datetime, *, with_date: bool) -> str:
        """The time of day of `moment` (in UTC), and its date where the day could be mistaken."""


def utc(moment: datetime, *, with_date: bool) -> str:
    """`14:05 UTC`, `2026-11-27 14:05 UTC`."""
    return moment.strftime("%Y-%m-%d %H:%M UTC" if with_date else "%H:%M UTC")


def in_words(forecast: Forecast | None, show: ShowsTime = utc) -> str:
    """`about 12 min left (until 14:05 UTC)`, `done at about 16:20 UTC`; `""` for what is done in half a minute.

    If it is the least, `at least 12 min left`, `not done before 16:20 UTC`.

    The time of day stands beside what is left, because a message may be read later than it was written.
    """
    if forecast is None or forecast.seconds < _SOON_S:
        return ""
    seconds = forecast.seconds
    if seconds < _HOUR_S:
        step_min = 1 if seconds < _HOUR_S / 3 else 5
        minutes = max(1, round(seconds / 60 / step_min) * step_min)
        if forecast.is_least:
            return f"at least {minutes} min left"
        return f"about {minutes} min left (until {_clock(forecast, step_min, show)})"
    # Hours ahead, minutes would be false precision.
    then = _clock(forecast, 5 if seconds < 6 * _HOUR_S else 15, show)
    return f"not done before {then}" if forecast.is_least else f"done at about {then}"


def sharing_words(forecast: Forecast | None) -> str:
    """With whom a request takes turns to write; `""` if with no one."""
    if forecast is None or not forecast.sharing:
        return ""
    others = "another cohort" if forecast.sharing == 1 else f"{forecast.sharing} other cohorts"
    return f"takes turns with {others}: one write in {forecast.sharing + 1}"


def _clock(forecast: Forecast, step_min: int, show: ShowsTime) -> str:
    """The time of day, to `step_min` minutes, with the date where the day could be mistaken.

    The least is rounded down, since it may be done just then; all else is rounded up.
    """
    rounded = floor if forecast.is_least else ceil
    minutes = rounded((forecast.now_ms / 1000 + forecast.seconds) / 60 / step_min) * step_min
    then = date_of(minutes * 60_000)
    return show(then, with_date=forecast.seconds > _DAY_S - _HOUR_S)
