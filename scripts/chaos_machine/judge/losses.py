"""The deliveries that lost their worker, followed from one look at Valkey to the next. Pure.

How long one waits counts from the moment at which nobody had it any more: from the death of its worker, or from the
handback, which Valkey itself tells. Not all of that is Monarch's: see `Look`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from scripts.chaos_machine.record import Resume

RELEASED: Final = "released"
RELEASED_IDLE_S: Final = 86_400.0
"""What is handed back goes to the consumer of this name, and is idle for so long from the first moment on."""

AGAIN_S: Final = 0.5
"""Handed back so much later than it was: then somebody else has had it in between."""

MOMENT_S: Final = 0.5
"""What its dying worker has settled in its last moment is gone within so long, and nobody had to take it."""

GIVE_UP_S: Final = 120.0


class Pending(NamedTuple):
    """An entry in somebody's hands, for the so manieth time, and for how long without a sign of life."""

    entry: str
    consumer: str
    deliveries: int
    idle_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Look:
    """What one look found.

    Attributes:
        at: when, by the monotonic clock, in seconds.
        since: when the look before it was.
        pending: by entry; `None` where Valkey did not say.
        is_well: whether Valkey answered soon, and takes writes.
        has_place: whether a worker that works had a place left, and people had not paused the fleet.
    """

    at: float
    since: float
    pending: Mapping[str, Pending] | None
    is_well: bool = True
    has_place: bool = True


@dataclass
class Loss:
    """A delivery that lost its worker.

    Attributes:
        why: see `record.Resume`.
        held: in whose hands it was.
        at: since when it waits, by the monotonic clock; `None`: its worker is stopping and has not handed it back yet.
        ended: when that worker had ended; `None` while it has not.
        was_away: whether Valkey did not answer while the worker was stopping.
        thawed: when the frozen worker that had it was thawed; `None` while it was not.
    """

    why: str
    held: Pending
    at: float | None = None
    ended: float | None = None
    was_away: bool = False
    thawed: float | None = None
    excused_s: float = 0.0


@dataclass
class Losses:
    """All that wait for other hands."""

    waiting: list[Loss] = field(default_factory=list)

    def lost(self, why: str, held: Iterable[Pending], at: float) -> Sequence[Loss]:
        """From now on these want another worker."""
        losses = [Loss(why, one, at) for one in held]
        self.waiting += losses
        return losses

    def thawed(self, losses: Sequence[Loss], at: float) -> None:
        """Their worker moves again: what nobody has taken it may renew, and work on."""
        for loss in losses:
            loss.thawed = at

    def stopping(self, held: Iterable[Pending]) -> Sequence[Loss]:
        """These will be handed back, or settled, by a worker that was asked to stop."""
        losses = [Loss("stopped", one) for one in held]
        self.waiting += losses
        return losses

    def ended(self, losses: Sequence[Loss], at: float) -> None:
        """Their worker has ended: what it has not handed back now, it never will."""
        for loss in losses:
            loss.ended = at

    def seen(self, look: Look) -> list[Resume]:
        """Go on with all of them; those that are in other hands by now, and those that are given up."""
        for loss in self.waiting:
            if look.pending is not None:
                _begin(loss, look.pending.get(loss.held.entry), look)
            _excuse(loss, look)
        if look.pending is None:
            return []
        over = [one for one in self.waiting if not _waits(one, look)]
        self.waiting = [one for one in self.waiting if _waits(one, look)]
        return [resume for loss in over if (resume := _resumed(loss, look)) is not None]


def _begin(loss: Loss, holder: Pending | None, look: Look) -> None:
    """Since when it waits, once that is so."""
    if _is_its_own(loss, holder, look):
        if loss.at is None and loss.ended is not None:
            # Without an answer of Valkey it could hand back nothing: then it is as if it had died.
            loss.why, loss.at = ("left" if loss.was_away else "stopped"), loss.ended
        elif loss.why == "stopped" and loss.at is not None and loss.ended != loss.at:
            # It was handed back, and Valkey's memory went back behind that.
            loss.why, loss.at, loss.excused_s = "left", look.at, 0.0
    elif loss.at is None and holder is not None:
        back = _handed_back_at(holder, look)
        loss.at = look.since if back is None else back


def _excuse(loss: Loss, look: Look) -> None:
    if loss.at is None:
        loss.was_away = loss.was_away or not look.is_well
    elif not look.is_well or not look.has_place:
        loss.excused_s += max(0.0, look.at - max(loss.at, look.since))


def _waits(loss: Loss, look: Look) -> bool:
    if loss.at is None:
        return _holder(loss, look) is not None
    return _is_nobodys(loss, look) and look.at - loss.at - loss.excused_s < GIVE_UP_S


def _resumed(loss: Loss, look: Look) -> Resume | None:
    """`None` where its own worker has settled it: nobody had to take it."""
    is_gone = _holder(loss, look) is None
    if loss.at is None or (is_gone and look.at - loss.at < MOMENT_S):
        return None
    waited_s = None if _is_nobodys(loss, look) else round(look.at - loss.at, 2)
    return Resume(loss.why, loss.held.entry, waited_s, round(loss.excused_s, 2))


def _holder(loss: Loss, look: Look) -> Pending | None:
    return (look.pending or {}).get(loss.held.entry)


def _is_nobodys(loss: Loss, look: Look) -> bool:
    """With its own worker still, or handed back by that one, and by nobody since: whoever else handed it back had it."""
    holder = _holder(loss, look)
    if holder is None:
        return False
    back = _handed_back_at(holder, look)
    if back is None or loss.at is None:
        return _is_its_own(loss, holder, look)
    return loss.why == "stopped" and back - loss.at < AGAIN_S


def _is_its_own(loss: Loss, holder: Pending | None, look: Look) -> bool:
    """In the same hands at the same count, and without a sign of life: a thawed worker may renew it, or take it anew."""
    return (
        holder is not None
        and holder.consumer == loss.held.consumer
        and holder.deliveries <= loss.held.deliveries
        and (loss.thawed is None or look.at - holder.idle_s < loss.thawed)
    )


def _handed_back_at(holder: Pending, look: Look) -> float | None:
    """`None`: it is in somebody's hands."""
    return look.at - (holder.idle_s - RELEASED_IDLE_S) if holder.consumer == RELEASED else None
