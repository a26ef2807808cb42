"""The line of deliveries that wait to write while a budget is scarce.

Cohorts take turns (core/budget/shares.py); within one it is the oldest request's turn, its targets in their order.

Each delivery that has to wait for a write of an account stands in that account's line until it asks again. permit.lua
grants no write while an earlier waiter is due to ask. This module is its arithmetic.

**A dead waiter blocks no other for long.** The line waits for it from the moment at which it said that it would ask again,
and for `Pace.late_ms` (2 s) longer, by the server's clock; then it is out of the line. Until that moment there was no room
for it either, and if room appears before, others may have it.

**Throughput does not fall.** The line counts only where a write would have been granted. What is lost is the time in which
the waiter whose turn it is does not come: 2 s if its worker died, `Pace.returns_ms` (250 ms) if it was just answered and
has nothing more to write, which is over before the interval between two writes is. A write under way delays no other: its
delivery is not in the line.

A parked entry is not in the line: it comes back `EARLY_S` before there is room for it, in the order of ages, so it is in
the line when the room appears. The first two of a line are not parked for a minute's window: they would come back at the end
of the stream, behind younger ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from monarch.core.budget.ceilings import Pace
from monarch.core.delivery import MigrationEntry

NEXT: Final = 2
"""How many at the head of a line keep their place through a minute's window."""

EARLY_S: Final = 20.0
"""How long before there is room a parked delivery comes back, in seconds: by then it has looked at its target."""

AGAIN_S: Final = 10.0
"""After how many seconds at most a delivery that waits in place asks again: a person may have called it off meanwhile."""

SOON_MS: Final = 50
"""How long before its time the line already waits for a waiter: two clocks that wake at once are not equally quick."""

_STEPS: Final = 10


@dataclass(frozen=True, slots=True)
class Place:
    """A place in line: how many stand before it, and whether one of them is due to ask."""

    ahead: int = 0
    is_held: bool = False


def turn_of(entry: MigrationEntry) -> str:
    """The name in line; names sort as their turns come."""
    return f"{padded(entry.request)}:{entry.order:04d}:{entry.target}"


def padded(entry: str) -> str:
    """An entry's id, so that text sorts as ages do."""
    ms, _, sequence = entry.partition("-")
    return f"{ms:>015}-{sequence:>06}"


def place(asks_ms: Sequence[int], pace: Pace, now_ms: int) -> Place:
    """The place behind waiters that ask again at these times, all of them before it in the order of turns."""
    alive = [at for at in asks_ms if at + pace.late_ms >= now_ms]
    return Place(len(alive), any(at - SOON_MS <= now_ms for at in alive))


def wait_in_line_ms(wait_ms: int, at: Place, pace: Pace) -> int:
    """How long to wait at this place if the budget alone asks for `wait_ms`; 0: it may write.

    The further back a waiter is, the later it asks again: those before it will have had their turn.
    """
    wait_ms = max(wait_ms, pace.poll_ms if at.is_held else 0)
    if wait_ms <= 0 or at.ahead < NEXT:
        return max(0, wait_ms)
    return wait_ms + pace.poll_ms * min(at.ahead - 1, _STEPS)


def waits_in_place(wait_ms: int, at: Place, pace: Pace) -> bool:
    """Whether a wait is short enough to keep a place and a target for it; else the delivery is parked."""
    longest_ms = pace.in_turn_ms if at.ahead < NEXT else pace.in_place_ms
    return wait_ms <= longest_ms
