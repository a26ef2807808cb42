"""GitHub, as far as a write budget can feel it: a limit that nobody can read, and how it says no."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

MINUTE_S, HOUR_S = 60.0, 3600.0

Kind = Literal["sliding", "fixed"]


@dataclass(frozen=True)
class Limits:
    """So many writes a minute and an hour, from this second on."""

    per_minute: int
    per_hour: int
    since_s: float = 0.0


@dataclass
class Window:
    """Accepted writes within one window; times must not go back."""

    length_s: float
    kind: Kind
    _times: deque[float] = field(default_factory=deque)

    def wait_s(self, now: float, ceiling: int) -> float:
        """How long until one more fits; 0.0: now."""
        self._forget(now)
        too_many = len(self._times) + 1 - ceiling
        if too_many <= 0:
            return 0.0
        if self.kind == "fixed":
            return self._start(now) + self.length_s - now
        return self._times[too_many - 1] + self.length_s - now

    def add(self, now: float) -> None:
        """One more was accepted."""
        self._times.append(now)

    def _forget(self, now: float) -> None:
        while self._times and not self._counts(self._times[0], now):
            self._times.popleft()

    def _counts(self, at: float, now: float) -> bool:
        if self.kind == "fixed":
            return at >= self._start(now)
        return at > now - self.length_s

    def _start(self, now: float) -> float:
        return now // self.length_s * self.length_s


class Hidden:
    """One account's hidden limits, which may change with time.

    A stranger writes under the same account, evenly, since an hour before: a share of what is allowed in an hour. What
    he takes is taken.
    """

    def __init__(
        self, limits: Sequence[Limits], kind: Kind, stranger: float, began_s: float
    ) -> None:
        self._limits = limits
        self._minute, self._hour = Window(MINUTE_S, kind), Window(HOUR_S, kind)
        self._share = stranger
        self._stranger_at = began_s - HOUR_S

    def admit(self, now: float) -> float:
        """Try one write; 0.0: it was accepted, else how many seconds until one would be."""
        wait = self.wait_s(now)
        if not wait:
            self._add(now)
        return wait

    def wait_s(self, now: float) -> float:
        """How long until one more write fits; nothing is counted."""
        self._let_the_stranger_write(now)
        return self._wait_s(now)

    def _let_the_stranger_write(self, now: float) -> None:
        while self._share and self._stranger_at <= now:
            self._add(self._stranger_at)
            self._stranger_at += HOUR_S / (
                self._share * self._limits_at(self._stranger_at).per_hour
            )

    def _wait_s(self, now: float) -> float:
        limits = self._limits_at(now)
        return max(
            self._minute.wait_s(now, limits.per_minute), self._hour.wait_s(now, limits.per_hour)
        )

    def _limits_at(self, now: float) -> Limits:
        return ([one for one in self._limits if one.since_s <= now] or self._limits[:1])[-1]

    def _add(self, now: float) -> None:
        self._minute.add(now)
        self._hour.add(now)


class Moody:
    """No limit at all: it says no when so many writes were accepted, each time once, for reasons of its own.

    `refused_at` names how many writes were accepted before; the same number twice is two refusals in a row.
    """

    def __init__(self, refused_at: Sequence[int], asks_s: float) -> None:
        self._left = sorted(refused_at, reverse=True)
        self._asks_s = asks_s
        self._accepted = 0

    def admit(self, _now: float) -> float:
        """Try one write; 0.0: it was accepted, else what the refusal asks to wait, in seconds."""
        if self._left and self._accepted >= self._left[-1]:
            self._left.pop()
            return self._asks_s
        self._accepted += 1
        return 0.0


def ideal(hidden: Hidden, began_s: float, ended_s: float) -> int:
    """How many writes somebody makes who sees the limit, at least a second apart."""
    now, written = began_s, 0
    while now < ended_s:
        wait = hidden.admit(now)
        written += not wait
        now += wait or 1.0
    return written
