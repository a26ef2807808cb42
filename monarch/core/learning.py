"""What the fleet believes of GitHub's hidden limits, and how an answer changes it.

No header and no endpoint tells the limits on content; documented are 80 a minute and 500 an hour "in general", observed
were 20 and 150, and they change. What tells is the refusal itself: so many writes were accepted in the last minute and
hour, and one more was not. For each window a *ceiling* is kept: `learn` lowers it to what was accepted, `review` raises it
again when it was quiet for long. Both are pure; whoever applies them compares and sets, so a fleet learns once from each
refusal.

**Which window was hit?** The first that fits decides:

1. *The minute was suspected, waited for, and refused with nothing accepted between:* it was the hour, and what the minute
   was suspected of is taken back.
2. *GitHub asks to wait for longer than a minute:* the hour.
3. *The hour was refused at this very load before*, far below its ceiling, with some accepted between: the hour.
4. *Nearly nothing is in the minute:* the hour, though by how much is not always told.
5. *A raise was tried beyond what is proven:* it is refuted.
6. *Anything else:* the minute, because that is cheap to disprove. Its wait empties it, so the next refusal is told by 1
   or 4. A wrong guess at the hour would be dear: it may stop everybody for most of one.

**How long?** What GitHub asks for, else a minute, doubling. While only few are accepted between two refusals the door is
hardly open, whatever it asks for, and the wait goes on doubling. What must leave the windows first, the script waits for.

**How far up?** By a tenth after a quiet hour; three times as much after a raise that held; after one that was refuted
the next try comes twice as late. A raise that is refuted costs one refusal, so that is one now and then, and a limit that
went up is found within a day.

What can still go wrong: a stranger who writes in bursts under the same account makes ceilings that are too low for when
he is gone, for some hours. Where the windows do not slide but begin anew at fixed times, up to twice the limit is accepted
across such a boundary, so it takes some refusals more until the ceiling is right. Limits far below what was ever observed
(60 an hour) are respected, but cost some refusals in a hundred. A limit on points or on calls at once that refuses a write
is learned as one on content; the raises undo it.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace

from monarch.core.budget import Ceilings, Pace
from monarch.core.windows import UNKNOWN, Limit, Window, at_refusal, reviewed

_FEW = 5
"""So few writes between two refusals say nothing of a ceiling."""

_HARDLY, _WELL = 10, 25
"""With less than the first accepted between two refusals the door is hardly open, with as many as the second it was."""


@dataclass(frozen=True, slots=True)
class Learned:
    """What is believed of one account.

    Attributes:
        version: grows with each change; what was read is only written over while it is the newest.
        refused_ms: when GitHub refused last, 0: never.
        refused_load: what was in the hour then.
        strikes: refusals since the door was well open, the last one included.
        minute_before: what was believed of the minute before the last refusal made it the suspect; `None` where it
            did not.
    """

    version: int = 0
    minute: Limit = UNKNOWN
    hour: Limit = UNKNOWN
    refused_ms: int = 0
    refused_load: int = 0
    strikes: int = 0
    minute_before: Limit | None = None

    @property
    def review_ms(self) -> int | None:
        """When a ceiling is to be looked at again; `None`: none was learned."""
        return min((one.due_ms for one in (self.minute, self.hour) if one.ceiling), default=None)


@dataclass(frozen=True, slots=True)
class Refusal:
    """GitHub refused a write.

    Attributes:
        wait_ms: how long it asked to wait, `None` where it did not say.
        writes: when those were permitted that it has accepted, or may have, ascending; of the last two hours.
    """

    now_ms: int
    wait_ms: int | None
    writes: Sequence[int]

    def accepted_after(self, then_ms: int) -> int:
        """How many of the writes are later."""
        return len(self.writes) - bisect_right(self.writes, then_ms)


def effective(ceilings: Ceilings, learned: Learned) -> Ceilings:
    """The ceilings that count: what is set, or what was learned where that is less."""
    return replace(
        ceilings,
        per_minute=_least(ceilings.per_minute, learned.minute.ceiling),
        per_hour=_least(ceilings.per_hour, learned.hour.ceiling),
    )


def proven(ceilings: Ceilings, learned: Learned) -> Ceilings:
    """The ceilings that are known to fit, for whoever looks ahead: a raise that is on trial does not count."""
    known = replace(
        learned, minute=_without_trial(learned.minute), hour=_without_trial(learned.hour)
    )
    return effective(ceilings, known)


def _without_trial(limit: Limit) -> Limit:
    return replace(limit, ceiling=min(limit.ceiling, limit.base or limit.ceiling))


def _least(*ceilings: int) -> int:
    return min((one for one in ceilings if one), default=0)


def learn(learned: Learned, refusal: Refusal, ceilings: Ceilings, pace: Pace) -> Learned:
    """What is believed after a refusal."""
    minute, hour = _windows(learned, refusal, ceilings, pace)
    accepted = refusal.accepted_after(learned.refused_ms)
    believed = _judge(learned, refusal, minute, hour, accepted, pace)
    return replace(
        believed,
        version=learned.version + 1,
        refused_ms=refusal.now_ms,
        refused_load=hour.load,
        strikes=_strikes(learned.strikes, accepted),
    )


def _windows(
    learned: Learned, refusal: Refusal, ceilings: Ceilings, pace: Pace
) -> tuple[Window, Window]:
    known, now, since = effective(ceilings, learned), refusal.now_ms, learned.refused_ms
    by_interval = pace.minute_ms // known.interval_ms if known.interval_ms else 0
    reachable = _least(known.per_minute, by_interval)
    writes = refusal.writes
    return (
        at_refusal(learned.minute, reachable, writes, pace.minute_ms, since, now),
        at_refusal(learned.hour, known.per_hour, writes, pace.hour_ms, since, now),
    )


def _judge(
    learned: Learned, refusal: Refusal, minute: Window, hour: Window, accepted: int, pace: Pace
) -> Learned:
    """Lower what was hit, by the rules at the head of this module, in their order."""
    suspected, after = learned.minute_before, replace(learned, minute_before=None)
    if suspected is not None and not accepted:
        return replace(after, minute=suspected, hour=hour.lowered(pace))
    if _asks_for_long(refusal, pace):
        return replace(after, hour=hour.followed(pace) if accepted < _FEW else hour.lowered(pace))
    if accepted >= _FEW and hour.is_stuck(learned.refused_load):
        return replace(after, hour=hour.settled(pace))
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
    """How long nobody calls after a refusal, in milliseconds; `learned` is what is believed after it."""
    doublings = min(max(learned.strikes - 1, 0), 20)
    doubled = min(pace.wait_ms << doublings, pace.longest_wait_ms)
    if refusal.wait_ms is None:
        return doubled
    return refusal.wait_ms if learned.strikes == 1 else max(refusal.wait_ms, doubled)


def review(
    learned: Learned, writes: Sequence[int], ceilings: Ceilings, pace: Pace, now_ms: int
) -> Learned:
    """What is believed after a quiet time: ceilings that were not refused for long are raised.

    The same value where nothing is due.
    """
    minute = reviewed(learned.minute, writes, pace.minute_ms, ceilings.per_minute, pace, now_ms)
    hour = reviewed(learned.hour, writes, pace.hour_ms, ceilings.per_hour, pace, now_ms)
    if (minute, hour) == (learned.minute, learned.hour):
        return learned
    return replace(learned, version=learned.version + 1, minute=minute, hour=hour)
