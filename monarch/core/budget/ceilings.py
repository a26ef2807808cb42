"""The pure parts of the budget: what the ceilings are, the lengths of time around them, and when there is room.

The store says how much of them is used (`ports.Ledger.permit`), because the fleet shares them. `learning` holds what is
learned about GitHub's hidden limits, `forecast` what follows for people.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import TypeVar

from monarch.core.timing import SLOT_MS

LONG_WAIT_S = 30.0
"""Up to this many seconds a delivery waits in place, its lease renewed; a longer wait is a snooze."""


POINTS = 900
"""Points per minute and account; a read costs one, a write five."""

KEPT_BACK = 20
"""How many of the calls that GitHub allows per hour are kept for reading back what was written."""


@dataclass(frozen=True, slots=True)
class Ceilings:
    """The most that one account may write; 0 stands for "no ceiling".

    GitHub's documented ones for writes that create content are the defaults: 80 a minute, 500 an hour,
    one second between them, one at a time (docs.github.com, "Rate limits for the REST API" and "Best
    practices for using the REST API").
    """

    per_minute: int = 80
    per_hour: int = 500
    interval_ms: int = 1000
    at_once: int = 1

    @property
    def points(self) -> int:
        """Points a minute: GitHub's documented 900, none where no ceiling is set (an Enterprise Server without limits)."""
        return POINTS if self.per_minute or self.per_hour else 0


@dataclass(frozen=True, slots=True)
class Pace:
    """Every duration of the budget, in milliseconds.

    One value, so that a bench can speed all of it up (`faster`), and a script has no number of its own.

    Attributes:
        minute_ms: the shorter of GitHub's windows.
        hour_ms: the longer one.
        margin_ms: added to each window: a write arrives at GitHub some time after it was permitted here, and that time
            varies.
        poll_ms: delay before a waiter that found all slots taken asks again.
        late_ms: how long the line waits for a waiter after the time at which it said that it would ask.
        returns_ms: how long the line waits for the next question of a waiter whose write was just answered.
        in_place_ms: the longest wait that keeps its place; in_turn_ms: the same for the first waiters in line.
        slot_ms: how long a write in hand, and the right to be the probe, counts; longer than a write takes.
        wait_ms: the wait for a limit that does not say how long.
        longest_wait_ms: the most that `wait_ms` grows to; it doubles while the limit goes on.
        faults_ms: how long the gate stays closed after GitHub left writes to two targets without an answer.
        quiet_ms: the time without a refusal after which a ceiling is raised.
        longest_quiet_ms: the most that `quiet_ms` grows to; it doubles with each raise that was refuted.
    """

    minute_ms: int = 60_000
    hour_ms: int = 3_600_000
    margin_ms: int = 1_000
    poll_ms: int = 100
    late_ms: int = 2_000
    returns_ms: int = 250
    in_place_ms: int = 30_000
    in_turn_ms: int = 90_000
    slot_ms: int = SLOT_MS
    wait_ms: int = 60_000
    longest_wait_ms: int = 900_000
    faults_ms: int = 15_000
    quiet_ms: int = 3_600_000
    longest_quiet_ms: int = 28_800_000

    def faster(self, times: float) -> "Pace":
        """The same, so many times as fast."""
        shorter = {one.name: round(getattr(self, one.name) / times) for one in fields(self)}
        return Pace(**shorter)


def long_wait(wait_s: float) -> bool:
    """Whether a wait is too long to keep a place and a target busy."""
    return wait_s > LONG_WAIT_S


Ms = TypeVar("Ms", int, float)


def room_ms(
    writes: Sequence[Ms], sent_ms: Ms | None, ceilings: Ceilings, pace: Pace, now_ms: Ms
) -> Ms:
    """How long until one more write fits, in milliseconds; 0 or less: now.

    This is the arithmetic of permit.lua, for a forecast.

    Args:
        writes: when the writes that count were permitted, ascending.
        sent_ms: when the last write was permitted, whether it counts or not; `None`: never.
        ceilings: the effective ones.
    """
    in_a_minute = _window_ms(writes, pace.minute_ms + pace.margin_ms, ceilings.per_minute, now_ms)
    in_an_hour = _window_ms(writes, pace.hour_ms + pace.margin_ms, ceilings.per_hour, now_ms)
    wait_ms = max(in_a_minute, in_an_hour)
    if ceilings.interval_ms and sent_ms is not None:
        return max(wait_ms, sent_ms + ceilings.interval_ms - now_ms)
    return wait_ms


def _window_ms(writes: Sequence[Ms], span_ms: int, ceiling: int, now_ms: Ms) -> Ms:
    """Windows slide: there is room when the oldest write in the way has left."""
    if not ceiling or len(writes) < ceiling:
        return 0
    return max(0, writes[-ceiling] + span_ms - now_ms)


def strictest(several: Iterable[Ceilings]) -> Ceilings | None:
    """What all of these allow; `None` if there are none."""
    found = list(several)
    if not found:
        return None
    return Ceilings(
        per_minute=least(*(one.per_minute for one in found)),
        per_hour=least(*(one.per_hour for one in found)),
        interval_ms=max(one.interval_ms for one in found),
        at_once=least(*(one.at_once for one in found)),
    )


def least(*ceilings: int) -> int:
    """The lowest ceiling that is set, or 0 if none is."""
    return min((one for one in ceilings if one), default=0)


def load(writes: Sequence[int], span_ms: int, now_ms: int) -> int:
    """How many of `writes` (ascending) are in the window that ends now; none is later than now."""
    return len(writes) - bisect_right(writes, now_ms - span_ms)
