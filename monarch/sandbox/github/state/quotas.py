"""GitHub's rate limits per budget: the primary one, and the secondary ones, which no call shows.

Promises: a call is either admitted or rejected with a reason and a wait; rejections are counted
and spend nothing. Numbers come from the settings at the moment of the call.
Source: docs.github.com, "Rate limits for the REST API".
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Literal

from monarch.sandbox.control.settings import Settings  # read by dataclass users
from monarch.sandbox.github.state.limits import Ceiling, Window

MINUTE_S, HOUR_S = 60.0, 3600.0
ANONYMOUS_PER_HOUR = 60
READ_POINTS, WRITE_POINTS = 1, 5

Reason = Literal["primary", "content", "points", "concurrent"]


@dataclass(frozen=True)
class Rejection:
    """Why a call is turned away, and for how many (real) seconds."""

    reason: Reason
    wait_s: float


@dataclass(frozen=True)
class Standing:
    """What the ``X-RateLimit-*`` headers say; ``reset`` in whole seconds since the epoch."""

    limit: int
    used: int
    reset: int

    @property
    def remaining(self) -> int:
        """Return the calls left in this window."""
        return max(0, self.limit - self.used)


@dataclass
class Meter:
    """One budget's spending. The primary window starts with the first call in it."""

    started_at: float = float("-inf")
    used: int = 0
    content: Window = field(default_factory=Window)
    points: Window = field(default_factory=Window)


class Quotas:
    """The meters of all budgets; ``None`` is the one of anonymous calls."""

    def __init__(self) -> None:
        """Start with nothing spent."""
        self._meters: defaultdict[str | None, Meter] = defaultdict(Meter)
        self.rejected: Counter[str] = Counter()

    def standing(self, budget: str | None, settings: Settings, now: float) -> Standing | None:
        """Return the primary limit as it stands, or ``None`` if there is none."""
        limit = settings.primary_per_hour
        if limit is None:
            return None
        meter, length_s = self._meters[budget], HOUR_S / settings.time_scale
        if now >= meter.started_at + length_s:
            meter.started_at, meter.used = now, 0
        limit = ANONYMOUS_PER_HOUR if budget is None else limit
        return Standing(limit, meter.used, math.ceil(meter.started_at + length_s))

    def admit(
        self, budget: str | None, method: str, under_way: int, settings: Settings, now: float
    ) -> Rejection | None:
        """Spend one call, or reject it.

        Args:
            budget: whose; ``None`` for anonymous calls.
            method: reads cost fewer points than writes.
            under_way: calls on this budget at this moment, this one included.
            settings: the ceilings.
            now: seconds since the epoch.

        """
        rejection = (
            self._primary(budget, settings, now)
            or self._concurrent(under_way, settings)
            or self._points(budget, method, settings, now)
        )
        if rejection is not None:
            return self._count(rejection)
        self._meters[budget].used += 1
        self._meters[budget].points.spend(now, _points_of(method))
        return None

    def spend(self, budget: str, calls: int, content: int, settings: Settings, now: float) -> None:
        """Record what another program did on a budget; nothing of it is rejected."""
        self.standing(budget, settings, now)
        meter = self._meters[budget]
        meter.used += calls
        for _ in range(content):
            meter.content.spend(now)

    def give_back(self, budget: str | None) -> None:
        """Undo one call: a 304 does not use the primary limit."""
        self._meters[budget].used = max(0, self._meters[budget].used - 1)

    def admit_content(
        self, budget: str | None, kind: str, settings: Settings, now: float
    ) -> Rejection | None:
        """Reject the creation of one more thing if a content ceiling is reached; spend nothing."""
        if kind not in settings.content_kinds:
            return None
        window = self._meters[budget].content
        waits = [window.wait_s(now, ceiling) for ceiling in _content_ceilings(settings)]
        longest = max(waits, default=0.0)
        return self._count(Rejection("content", longest)) if longest > 0 else None

    def created(self, budget: str | None, kind: str, settings: Settings, now: float) -> None:
        """Note that a thing was created."""
        if kind in settings.content_kinds:
            self._meters[budget].content.spend(now)

    def _count(self, rejection: Rejection) -> Rejection:
        self.rejected[rejection.reason] += 1
        return rejection

    def _primary(self, budget: str | None, settings: Settings, now: float) -> Rejection | None:
        standing = self.standing(budget, settings, now)
        if standing is None or standing.remaining > 0:
            return None
        return Rejection("primary", standing.reset - now)

    def _concurrent(self, under_way: int, settings: Settings) -> Rejection | None:
        most = settings.concurrent
        if most is None or under_way <= most:
            return None
        return Rejection("concurrent", MINUTE_S / settings.time_scale)

    def _points(
        self, budget: str | None, method: str, settings: Settings, now: float
    ) -> Rejection | None:
        if settings.points_per_minute is None:
            return None
        ceiling = Ceiling(settings.points_per_minute, MINUTE_S / settings.time_scale)
        wait_s = self._meters[budget].points.wait_s(now, ceiling, _points_of(method))
        return Rejection("points", wait_s) if wait_s > 0 else None


def _points_of(method: str) -> int:
    return READ_POINTS if method in {"GET", "HEAD", "OPTIONS"} else WRITE_POINTS


def _content_ceilings(settings: Settings) -> list[Ceiling]:
    lengths = ((settings.content_per_minute, MINUTE_S), (settings.content_per_hour, HOUR_S))
    return [
        Ceiling(limit, length_s / settings.time_scale, settings.content_window)
        for limit, length_s in lengths
        if limit is not None
    ]
