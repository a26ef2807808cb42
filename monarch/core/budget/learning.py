"""What the fleet believes about GitHub's hidden limits, and how an answer changes it.

No header and no endpoint shows the limits on content. GitHub documents 80 a minute and 500 an hour "in general"; 20 and 150
were observed; and they change. Only a refusal shows them: so many writes were accepted in the last minute and hour, and one
more was not. Each window has a *ceiling*: `learn` lowers it to what was accepted, `review` raises it again after a quiet
time. Both are pure; the caller applies the result by compare-and-set, so a fleet learns once from each refusal.

**Which window was hit?** The first that fits decides:

1. *The minute was suspected, waited for, and refused with nothing accepted between:* it was the hour, and the suspicion of
   the minute is taken back.
2. *GitHub asks to wait for longer than a minute:* the hour.
3. *The hour was refused at this very load before*, far below its ceiling, with some accepted between: the hour.
4. *Nearly nothing is in the minute:* the hour, though it is not always clear by how much.
5. *A raise was tried beyond what is proven:* it is refuted.
6. *Anything else:* the minute, because that is cheap to disprove. Its wait empties it, so 1 or 4 decide the
   next refusal. A wrong guess at the hour would be dear: it may stop the whole fleet for most of an hour.

**Is it believed?** In proportion to what supports it. Where a ceiling of the window is set or was learned, a limit is no
surprise, and one refusal lowers it. Where there is none, one refusal alone proves nothing: it may have nothing to do with
counts. Neither does a refusal that counts for the hour only because the minute was nearly empty, nor one that asks for a long
wait while little of the hour's ceiling was used, or for one of less than half the time until our own writes leave the
hour: these may be about anything. Each is kept as a *lone* one, the gate closes for as long as GitHub asked, and then the
fleet tries. A second refusal that agrees makes a ceiling of it: after writes were accepted again, no more of them fitted
than before. So do some refusals in a row with hardly anything accepted between. What is learned from one refusal alone
delays no write for longer than twice its wait.

**How long?** What GitHub asks for, else a minute, doubling. While only few are accepted between two refusals, the door is
hardly open, whatever GitHub asks for, and the wait goes on doubling. The script waits for what must leave the windows first.

**How far up?** By a tenth after a quiet hour; three times as much after a raise that held; after a raise that was refuted
the next try comes twice as late. A refuted raise costs one refusal, so refusals stay rare, and a limit that went up is
found within a day.

What can still go wrong: a stranger who writes in bursts under the same account leaves ceilings that are too low for some
hours after the bursts end. If the windows do not slide but begin anew at fixed times, up to twice the limit is accepted
across such a boundary, so it takes some more refusals until the ceiling is right. Limits far below what was ever observed
(60 an hour) are respected, but cost some refusals in a hundred. A limit on points or on calls at once that refuses a write
is learned as one on content; the raises undo it.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace

from monarch.core.budget.ceilings import Ceilings, Pace, least, load
from monarch.core.budget.windows import NONE, UNKNOWN, Limit, Lone, Window, peak, reviewed

_FEW = 5
"""Fewer writes than this between two refusals say nothing about a ceiling."""

_HARDLY, _WELL = 10, 25
"""With fewer than the first accepted between two refusals the door is hardly open; with the second or more it was open."""

_IN_A_ROW, _PERSISTENT, _LEAST_PERSISTENT = 2, 5, 50
"""How many refusals in a row are believed without another that agrees: the first if a ceiling of the hour is set or
learned, the second if none is and at least the third many writes were in the hour.
"""

_MINUTES_QUIET = 3
"""How many times as rarely the minute's ceiling is raised: the hour's binds, a higher minute only uses it up sooner."""


@dataclass(frozen=True, slots=True)
class Learned:
    """What is believed about one account.

    Attributes:
        version: grows with each change; a change applies only to the version that it was made from.
        refused_ms: when GitHub refused last, 0: never.
        refused_load: how many writes were in the hour then.
        strikes: refusals since the door was well open, the last one included.
        minute_before: what was believed about the minute before the last refusal made it the suspect; `None` if it
            did not.
        minute_lone, hour_lone: a refusal that waits for another one that agrees.
    """

    version: int = 0
    minute: Limit = UNKNOWN
    hour: Limit = UNKNOWN
    refused_ms: int = 0
    refused_load: int = 0
    strikes: int = 0
    minute_before: Limit | None = None
    minute_lone: Lone = NONE
    hour_lone: Lone = NONE

    @property
    def review_ms(self) -> int | None:
        """When a ceiling is to be looked at again; `None`: none was learned."""
        return min((one.due_ms for one in (self.minute, self.hour) if one.ceiling), default=None)


@dataclass(frozen=True, slots=True)
class Refusal:
    """GitHub refused a write.

    Attributes:
        wait_ms: how long it asked to wait, `None` if it did not say.
        writes: when the writes that it has accepted, or may have, were permitted, ascending; of the last two hours.
    """

    now_ms: int
    wait_ms: int | None
    writes: Sequence[int]

    def kept(self, span_ms: int) -> int:
        """How many of the writes are still in a window of that length when the time that GitHub asked for is over."""
        return self.accepted_after(self.now_ms + (self.wait_ms or 0) - span_ms)

    def accepted_after(self, then_ms: int) -> int:
        """How many of the writes are later."""
        return len(self.writes) - bisect_right(self.writes, then_ms)


def effective(ceilings: Ceilings, learned: Learned) -> Ceilings:
    """The ceilings that count: those that are set, or those that were learned if they are lower."""
    return replace(
        ceilings,
        per_minute=least(ceilings.per_minute, learned.minute.ceiling),
        per_hour=least(ceilings.per_hour, learned.hour.ceiling),
    )


def proven(ceilings: Ceilings, learned: Learned) -> Ceilings:
    """The ceilings that are known to fit, for a forecast: a raise that is on trial does not count."""
    known = replace(
        learned, minute=_without_trial(learned.minute), hour=_without_trial(learned.hour)
    )
    return effective(ceilings, known)


def _without_trial(limit: Limit) -> Limit:
    return replace(limit, ceiling=min(limit.ceiling, limit.base or limit.ceiling))


def learn(learned: Learned, refusal: Refusal, ceilings: Ceilings, pace: Pace) -> Learned:
    """What is believed after a refusal."""
    minute, hour = _windows(learned, refusal, ceilings, pace)
    accepted = refusal.accepted_after(learned.refused_ms)
    judged = _judge(learned, refusal, minute, hour, accepted, pace)
    strikes = _strikes(learned.strikes, accepted)
    is_new, is_guess = accepted >= _FEW, minute.is_idle and not hour.limit.ceiling
    minute_support = minute.is_bound or (is_new and minute.agrees(pace))
    hour_support = (
        (
            hour.is_bound
            and (_fits(refusal, hour, pace) if _asks_for_long(refusal, pace) else not is_guess)
        )
        or _persists(hour, strikes)
        or (is_new and (hour.agrees(pace) or hour.is_stuck(learned.refused_load)))
    )
    minute_limit, minute_lone = _believed(minute, judged.minute, judged.minute_lone, minute_support)
    hour_limit, hour_lone = _believed(hour, judged.hour, judged.hour_lone, hour_support)
    return replace(
        judged,
        version=learned.version + 1,
        minute=minute_limit,
        hour=hour_limit,
        refused_ms=refusal.now_ms,
        refused_load=hour.load,
        strikes=strikes,
        minute_lone=minute_lone,
        hour_lone=hour_lone,
    )


def _fits(refusal: Refusal, hour: Window, pace: Pace) -> bool:
    """Whether the wait that GitHub asks for is one until there is room in the hour, as far as our own writes show.

    Room counts that comes within twice the wait: a window that begins anew at a fixed time empties before our own first
    write leaves the hour. What one refusal teaches so delays a write by no more than GitHub itself asked for.
    """
    twice = replace(refusal, wait_ms=2 * (refusal.wait_ms or 0))
    return hour.is_telling and twice.kept(pace.hour_ms) < hour.load


def _persists(hour: Window, strikes: int) -> bool:
    """Whether `strikes` refusals in a row are a limit of the hour."""
    if hour.is_bound:
        return strikes >= _IN_A_ROW
    return strikes >= _PERSISTENT and hour.load >= _LEAST_PERSISTENT


def _believed(
    window: Window,
    judged: Limit,
    lone: Lone,
    is_supported: bool,  # noqa: FBT001 - a predicate's answer
) -> tuple[Limit, Lone]:
    """What is believed about a window after this judgement, and the refusal that waits for another one."""
    if judged == window.limit:
        return judged, lone
    if is_supported:
        return judged, NONE
    return window.limit, Lone(window.load, window.now_ms)


def _windows(
    learned: Learned, refusal: Refusal, ceilings: Ceilings, pace: Pace
) -> tuple[Window, Window]:
    known, now, since = effective(ceilings, learned), refusal.now_ms, learned.refused_ms
    by_interval = pace.minute_ms // known.interval_ms if known.interval_ms else 0
    reachable = least(known.per_minute, by_interval)

    def window(
        limit: Limit, lone: Lone, ceiling: int, reaches: int, span_ms: int, quiet_ms: int
    ) -> Window:
        writes = refusal.writes
        return Window(
            limit,
            known=reaches,
            is_bound=ceiling > 0,
            lone=lone,
            load=load(writes, span_ms, now),
            peak=peak(writes, span_ms, since),
            peak_ever=peak(writes, span_ms, 0),
            quiet_ms=quiet_ms,
            now_ms=now,
        )

    minute, hour = known.per_minute, known.per_hour
    minutes_quiet_ms = _MINUTES_QUIET * pace.quiet_ms
    return (
        window(
            learned.minute,
            learned.minute_lone,
            minute,
            reachable,
            pace.minute_ms,
            minutes_quiet_ms,
        ),
        window(learned.hour, learned.hour_lone, hour, hour, pace.hour_ms, pace.quiet_ms),
    )


def _judge(
    learned: Learned, refusal: Refusal, minute: Window, hour: Window, accepted: int, pace: Pace
) -> Learned:
    """Lower what was hit, by the rules at the head of this module, in their order."""
    suspected, after = learned.minute_before, replace(learned, minute_before=None)
    if suspected is not None and not accepted:
        return replace(after, minute=suspected, minute_lone=NONE, hour=hour.lowered(pace))
    if _asks_for_long(refusal, pace):
        if accepted < _FEW:
            return replace(after, hour=hour.followed(pace))
        return replace(after, hour=hour.hit_with(refusal.kept(pace.hour_ms), pace))
    if accepted >= _FEW and hour.is_stuck(learned.refused_load):
        return replace(after, hour=hour.settled())
    if minute.is_idle:
        return replace(after, hour=hour.followed(pace))
    if minute.is_refuted or hour.is_refuted:
        too_full = minute.is_refuted or minute.is_new
        return replace(
            after,
            minute=minute.lowered(pace) if too_full else learned.minute,
            hour=hour.lowered(pace) if hour.is_refuted else learned.hour,
        )
    return replace(after, minute=minute.lowered(pace), minute_before=learned.minute)


def _asks_for_long(refusal: Refusal, pace: Pace) -> bool:
    """Longer than any minute could take, whole seconds and a margin included."""
    return refusal.wait_ms is not None and refusal.wait_ms > pace.minute_ms + 3 * pace.margin_ms


def _strikes(before: int, accepted: int) -> int:
    if not before or accepted >= _WELL:
        return 1
    return before if accepted >= _HARDLY else before + 1


def wait_ms(learned: Learned, refusal: Refusal, pace: Pace) -> int:
    """How long no worker calls after a refusal, in milliseconds; `learned` is what is believed after it."""
    doublings = min(max(learned.strikes - 1, 0), 20)
    doubled = min(pace.wait_ms << doublings, pace.longest_wait_ms)
    if refusal.wait_ms is None:
        return doubled
    return refusal.wait_ms if learned.strikes == 1 else max(refusal.wait_ms, doubled)


def review(
    learned: Learned, writes: Sequence[int], ceilings: Ceilings, pace: Pace, now_ms: int
) -> Learned:
    """What is believed after a quiet time: ceilings without a refusal for long enough are raised.

    The same value if nothing is due.
    """
    quiet_ms = pace.quiet_ms
    minute = reviewed(
        learned.minute,
        writes,
        pace.minute_ms,
        ceilings.per_minute,
        _MINUTES_QUIET * quiet_ms,
        now_ms,
    )
    hour = reviewed(learned.hour, writes, pace.hour_ms, ceilings.per_hour, quiet_ms, now_ms)
    if (minute, hour) == (learned.minute, learned.hour):
        return learned
    return replace(learned, version=learned.version + 1, minute=minute, hour=hour)
