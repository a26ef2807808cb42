"""The line of deliveries that wait to write while a budget is scarce.

Cohorts take turns (core/budget/shares.py); within one it is the oldest request's turn, its targets in their order.

Each delivery that has to wait for a write of an account stands in that account's line until it asks again. permit.lua
grants no write while an earlier waiter is due to ask. `_turns.lua` has the arithmetic; why it is safe stands here.

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

from typing import Final

from monarch.core.delivery import MigrationEntry

EARLY_S: Final = 20.0
"""How long before there is room a parked delivery comes back, in seconds: by then it has looked at its target."""

AGAIN_S: Final = 10.0
"""After how many seconds at most a delivery that waits in place asks again: a person may have called it off meanwhile."""


def turn_of(entry: MigrationEntry) -> str:
    """The name in line; names sort as their turns come."""
    return f"{padded(entry.request)}:{entry.order:04d}:{entry.target}"


def padded(entry: str) -> str:
    """An entry's id, so that text sorts as ages do."""
    ms, _, sequence = entry.partition("-")
    return f"{ms:>015}-{sequence:>06}"
