"""Windows that count: how long a caller must wait to stay under a ceiling.

Pure: the time is an argument (seconds since the epoch), nothing is read and nothing waits.
A window remembers what was spent; the ceiling that it is compared with may change at any time.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Literal

MEMORY_S = 2 * 3600.0
"""How long spending is remembered: longer than any ceiling's window."""


@dataclass(frozen=True)
class Ceiling:
    """At most ``limit`` within ``length_s`` seconds.

    A *sliding* window looks back from now; a *fixed* one starts at each multiple of its length.
    """

    limit: int
    length_s: float
    kind: Literal["sliding", "fixed"] = "sliding"


@dataclass
class Window:
    """What was spent, and when; oldest first."""

    spent: deque[tuple[float, int]] = field(default_factory=deque)

    def spend(self, now: float, weight: int = 1) -> None:
        """Note that something was spent."""
        while self.spent and self.spent[0][0] < now - MEMORY_S:
            self.spent.popleft()
        self.spent.append((now, weight))

    def used(self, now: float, ceiling: Ceiling) -> int:
        """Return how much counts against the ceiling now."""
        return sum(weight for at, weight in self.spent if _counts(at, now, ceiling))

    def wait_s(self, now: float, ceiling: Ceiling, weight: int = 1) -> float:
        """Return after how many seconds ``weight`` more fits under the ceiling; 0.0 if it does.

        For what can never fit (a ceiling below the weight) the answer is one whole window.
        """
        excess = self.used(now, ceiling) + weight - ceiling.limit
        if excess <= 0:
            return 0.0
        if ceiling.kind == "fixed":
            return _window_start(now, ceiling) + ceiling.length_s - now
        return self._until_freed(now, ceiling, excess)

    def _until_freed(self, now: float, ceiling: Ceiling, excess: int) -> float:
        for at, weight in self.spent:
            if _counts(at, now, ceiling):
                excess -= weight
                if excess <= 0:
                    return at + ceiling.length_s - now
        return ceiling.length_s


def _counts(at: float, now: float, ceiling: Ceiling) -> bool:
    if ceiling.kind == "fixed":
        return at >= _window_start(now, ceiling)
    return at + ceiling.length_s > now


def _window_start(now: float, ceiling: Ceiling) -> float:
    return now // ceiling.length_s * ceiling.length_s
