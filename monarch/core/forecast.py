"""When will it be done? An honest answer, from what was written, what may be written and what is ahead.

The windows are walked through write by write, by the arithmetic that permits them: so it knows what stands in them now,
and when that leaves. It knows what was learned of GitHub's hidden limits, and nothing of what will be learned: right after
a fleet has met an account for the first time it may be wrong by as much as the limits are lower than the documented ones.
A ceiling that is on trial is not believed in yet.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from statistics import median

from monarch.core.budget import Ceilings, Pace, room_ms
from monarch.core.learning import Learned, effective
from monarch.core.windows import Limit

_WALKED = 20_000
"""So many writes are walked through one by one, some milliseconds; the rest goes on at the same pace."""

_RECENT = 30
"""So many writes tell how long one takes."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """An account's budget, as of one moment.

    Attributes:
        ceilings: what is believed to fit.
        writes: when those were permitted that count, ascending, in milliseconds.
        closed_ms: how long nobody calls.
    """

    ceilings: Ceilings
    pace: Pace = field(default_factory=Pace)
    now_ms: int = 0
    writes: Sequence[int] = ()
    closed_ms: int = 0


def proven(ceilings: Ceilings, learned: Learned) -> Ceilings:
    """The ceilings that are known to fit: a raise that is on trial does not count."""
    known = replace(
        learned, minute=_without_trial(learned.minute), hour=_without_trial(learned.hour)
    )
    return effective(ceilings, known)


def _without_trial(limit: Limit) -> Limit:
    return replace(limit, ceiling=min(limit.ceiling, limit.base or limit.ceiling))


def forecast_s(outlook: Outlook, writes: int) -> float:
    """How long so many writes take from now on, in seconds; 0.0 for none."""
    if writes <= 0:
        return 0.0
    walked = min(writes, _WALKED)
    times = _walk(outlook, walked)
    took_s = (times[-1] - outlook.now_ms) / 1000
    if writes == walked:
        return took_s
    return took_s + (writes - walked) * (times[-1] - times[-walked]) / walked / 1000


def _walk(outlook: Outlook, writes: int) -> list[int]:
    """When each of the next writes is permitted, after those that were."""
    pace, ceilings = outlook.pace, outlook.ceilings
    every_ms = max(ceilings.interval_ms, _usual_gap_ms(outlook))
    spaced = replace(ceilings, interval_ms=every_ms)
    horizon = outlook.now_ms - pace.hour_ms - pace.margin_ms
    times = [at for at in outlook.writes if at > horizon]
    now = outlook.now_ms + outlook.closed_ms
    for _ in range(writes):
        last = times[-1] if times else None
        now += max(0, room_ms(_tail(times, ceilings), last, spaced, pace, now))
        times.append(now)
    return times


def _tail(times: list[int], ceilings: Ceilings) -> list[int]:
    """As many of the last ones as can be in the way."""
    return times[-max(ceilings.per_minute, ceilings.per_hour, 1) :]


def _usual_gap_ms(outlook: Outlook) -> int:
    """How long lies between two writes where no window is in the way: GitHub takes its time, too."""
    recent = outlook.writes[-_RECENT:]
    longest = outlook.pace.minute_ms // 6
    gaps = [after - at for at, after in pairwise(recent)]
    usual = [gap for gap in gaps if gap <= longest]
    return round(median(usual)) if usual else 0
