"""The pure parts of the budget: what the ceilings are, the lengths of time around them, and when there is room.

Who has used how much of them is the store's to say (`ports.Ledger.permit`), because the fleet shares it. What is
learned of GitHub's hidden limits stands in `learning`, what follows for people in `forecast`.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TypeVar

from monarch.core.timing import SLOT_MS

LONG_WAIT_S = 30.0
"""A wait of up to this many seconds is waited in place, the lease renewed; a longer one is a snooze."""


POINTS = 900
"""A minute and account; a read costs one, a write five."""

KEPT_BACK = 20
"""Of the calls that GitHub allows an hour, so many are left to those who read back what they wrote."""


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
    """Every length of time that the budget knows, in milliseconds.

    One value, so that a bench may let all of it run faster (`faster`), and a script knows no number of its own.

    Attributes:
        minute_ms: the shorter of GitHub's windows.
        hour_ms: the longer one.
        margin_ms: so much longer we take each window: a write arrives there some time after it was permitted here, and
            that time is not always the same.
        poll_ms: so soon somebody asks again who found all slots taken.
        late_ms: so long somebody in line is waited for after the time at which he said that he would ask.
        returns_ms: so long it is waited for the next question of somebody whose write was answered.
        in_place_ms: up to this long a wait keeps its place, in_turn_ms: the same, for the first ones in line.
        slot_ms: a write in hand, and the right to be the probe, is believed in for so long; longer than a write takes.
        wait_ms: a limit that does not say for how long.
        longest_wait_ms: the same, doubled while it goes on, and no further.
        faults_ms: the gate's rest after GitHub left writes to two targets without an answer.
        quiet_ms: so long without a refusal, and a ceiling is raised.
        longest_quiet_ms: the same, doubled with each raise that was refuted, and no further.
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
    """Whether a wait is too long to keep a place and a target busy with it."""
    return wait_s > LONG_WAIT_S


Ms = TypeVar("Ms", int, float)


def room_ms(
    writes: Sequence[Ms], sent_ms: Ms | None, ceilings: Ceilings, pace: Pace, now_ms: Ms
) -> Ms:
    """How long until one more write fits, in milliseconds; 0 or less: now.

    This is the arithmetic of permit.lua, for a forecast.

    Args:
        writes: when those were permitted that count, ascending.
        sent_ms: when the last one was permitted, whether it counts or not; `None`: never.
        ceilings: the effective ones.
    """
    in_a_minute = _window_ms(writes, pace.minute_ms + pace.margin_ms, ceilings.per_minute, now_ms)
    in_an_hour = _window_ms(writes, pace.hour_ms + pace.margin_ms, ceilings.per_hour, now_ms)
    wait_ms = max(in_a_minute, in_an_hour)
    if ceilings.interval_ms and sent_ms is not None:
        return max(wait_ms, sent_ms + ceilings.interval_ms - now_ms)
    return wait_ms


def _window_ms(writes: Sequence[Ms], span_ms: int, ceiling: int, now_ms: Ms) -> Ms:
    """Windows slide: the oldest write that is in the way says when there is room."""
    if not ceiling or len(writes) < ceiling:
        return 0
    return max(0, writes[-ceiling] + span_ms - now_ms)


def least(*ceilings: int) -> int:
    """The lowest ceiling that is set, or 0 if none is."""
    return min((one for one in ceilings if one), default=0)


def load(writes: Sequence[int], span_ms: int, now_ms: int) -> int:
    """How many of `writes` (ascending) are in the window that ends now; nothing is of the future."""
    return len(writes) - bisect_right(writes, now_ms - span_ms)
