"""The line of those who wait to write, where a budget is scarce.

Cohorts take turns (core/budget/shares.py); within one it is the oldest request's turn, its targets in their order.

Each delivery that was told to wait for a write of an account stands in that account's line until it asks again. permit.lua
grants no write while an earlier waiter is due to ask; `_turns.lua` has the arithmetic, and why it is safe stands here.

**A dead waiter blocks nobody for long.** It is waited for from the moment at which it said that it would ask again, and for
`Pace.late_ms` (2 s) longer, by the server's clock; then it is out of the line. Until that moment there was no room for it
either, and if room appears before, others may have it.

**Throughput does not fall.** The line is asked only where a write would have been granted. What is lost is the time in
which the one whose turn it is does not come: 2 s where his worker died, `Pace.returns_ms` (250 ms) where he was just
answered and has nothing more to write, which is over before the interval between two writes is. Writes under way hold up
nobody: whoever has one is not in the line.

A parked entry is not in the line: it comes back `EARLY_S` before there is room for it, in the order of ages, so it stands
in it when the room appears. The first two of a line are not parked for a minute's window: they would come back at the end
of the stream, behind younger ones.
"""

from typing import Final

from monarch.core.delivery import MigrationEntry

EARLY_S: Final = 20.0
"""Whoever is parked for the budget comes back so long before there is room: by then it has looked at its target."""

AGAIN_S: Final = 10.0
"""Whoever waits in place asks again after so many seconds at the latest: a person may have called it off meanwhile."""


def turn_of(entry: MigrationEntry) -> str:
    """The name in line; names sort as their turns come."""
    return f"{padded(entry.request)}:{entry.order:04d}:{entry.target}"


def padded(entry: str) -> str:
    """An entry's id, so that text sorts as ages do."""
    ms, _, sequence = entry.partition("-")
    return f"{ms:>015}-{sequence:>06}"
