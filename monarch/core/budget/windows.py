"""One of GitHub's windows: what is believed about its limit, and what a refusal says about it.

Everything here is about one window alone; `learning` judges which of the two was hit.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from monarch.core.budget.ceilings import Pace

FIRST_STEP = 10
"""Percent of a first raise. A raise that is refuted costs one refusal, however large it was."""

_STEEPER = 3
"""How many times as large a raise is after one that held."""

_LARGEST_STEP = 100
"""Percent of the largest raise."""

_LITTLE = 4
"""A load below one part in this many of the ceiling proves little: a stranger may have used the rest."""

_NEARLY = 95
"""Percent of a ceiling that is kept after a refusal at less than it has held lately."""

_LEAST_FULL = 10
"""No limit of a minute is believed to be lower: half of the lowest that was ever observed."""


@dataclass(frozen=True, slots=True)
class Limit:
    """What is believed about one window.

    Attributes:
        ceiling: how many writes fit; 0: nothing was learned.
        base: how many are known to fit. Less than `ceiling` while a raise is on trial.
        changed_ms: when the ceiling was set, by the server's clock.
        quiet_ms: how long after that it is reviewed.
        step: percent of its next raise.
    """

    ceiling: int = 0
    base: int = 0
    changed_ms: int = 0
    quiet_ms: int = 0
    step: int = 0

    @property
    def is_on_trial(self) -> bool:
        """Whether it was raised beyond what is known to fit."""
        return self.ceiling > self.base

    @property
    def due_ms(self) -> int:
        """When it is to be looked at again."""
        return self.changed_ms + self.quiet_ms


UNKNOWN = Limit()


@dataclass(frozen=True, slots=True)
class Lone:
    """A refusal without support yet: no ceiling is set or known, and no other refusal agrees with it.

    Attributes:
        load: writes that were in the window, the refused one not counted.
        at_ms: when it was, by the server's clock; 0: there was none.
    """

    load: int = 0
    at_ms: int = 0


NONE = Lone()


@dataclass(frozen=True, slots=True)
class Window:
    """One window at the moment of a refusal.

    Attributes:
        limit: what was believed about it.
        known: its ceiling until now, whether set, learned, or what the interval lets through; 0: none.
        is_bound: whether its ceiling is set or learned: then a limit is no surprise.
        lone: its refusal that waits for another one that agrees.
        load: writes that are in it, the refused one not counted.
        peak: its highest load since the refusal before this one.
        peak_ever: its highest remembered load.
        quiet_ms: how long until a ceiling that is learned now may be raised.
        now_ms: the moment.
    """

    limit: Limit
    known: int
    is_bound: bool
    lone: Lone
    load: int
    peak: int
    peak_ever: int
    quiet_ms: int
    now_ms: int

    # ---------------------------------------------------------------------------------- what it says

    @property
    def is_idle(self) -> bool:
        """Whether so little is in it that it cannot have been full (of a minute)."""
        return self.load < min(_LEAST_FULL, self.known or _LEAST_FULL)

    @property
    def is_telling(self) -> bool:
        """Whether so much is in it that a refusal may be about its limit."""
        return self.load >= self.known // _LITTLE

    @property
    def is_new(self) -> bool:
        """Whether what was tried is more than it was ever seen to hold."""
        return self.load >= self.peak_ever

    @property
    def is_refuted(self) -> bool:
        """Whether its ceiling was on trial, and what was tried is more than what is known to fit."""
        return self.limit.is_on_trial and self.load >= self.limit.base

    @property
    def has_held_more(self) -> bool:
        """Whether more than this was accepted since the last refusal: then it was hardly this window's limit."""
        return self.load < self.peak

    def agrees(self, pace: Pace) -> bool:
        """Whether the last lone refusal says the same: no more fits than was in the window then.

        If the window has held more since, two refusals within an hour are a reason to go slower, and no more than that.
        """
        age_ms = self.now_ms - self.lone.at_ms
        if self.has_held_more:
            return age_ms <= pace.hour_ms
        return age_ms <= 2 * pace.hour_ms and self.load <= self.lone.load * 5 // 4 + 1

    def is_stuck(self, before: int) -> bool:
        """Whether the last refusal came at this very load (`before`), far below what is believed about the window."""
        close = max(3, self.load // 20)
        return self.load < self.known * 9 // 10 and abs(self.load - before) <= close

    # ----------------------------------------------------------------------- what is believed after it

    def lowered(self, pace: Pace) -> Limit:
        """It was hit: what was accepted fits. If that is far below the ceiling, do not go all the way down at once."""
        if self.is_refuted:
            longer = min(2 * self.limit.quiet_ms, pace.longest_quiet_ms)
            return Limit(self.load, self.load, self.now_ms, longer, FIRST_STEP)
        if self.has_held_more:
            # A stranger wrote, too, or it was the other window.
            return self._at_least((self.known if self.is_bound else self.peak) * _NEARLY // 100)
        return self.settled()

    def hit_with(self, kept: int, pace: Pace) -> Limit:
        """It was hit, and `kept` writes are still in it after the time that GitHub asked for: that many do fit.

        That is believed unless it is much less than what is in it: an answer may always ask for the same time.
        """
        if self.is_refuted or not self.load // 2 <= kept < self.load - 2:
            return self.lowered(pace)
        return replace(self.settled(), ceiling=kept, base=kept)

    def followed(self, pace: Pace) -> Limit:
        """It was hit after next to nothing was accepted: keep the limit while the load is below half of it, else lower it."""
        return self.limit if self.load < self.known // 2 else self.lowered(pace)

    def settled(self) -> Limit:
        """It was hit at this load, whatever it has held since."""
        return self._at_least(self.known // _LITTLE)

    def _at_least(self, least: int) -> Limit:
        fits = max(self.load, least, 1)
        return Limit(fits, fits, self.now_ms, self.quiet_ms, FIRST_STEP)


def peak(writes: Sequence[int], span_ms: int, since_ms: int) -> int:
    """The highest load that a window reached by a write after `since_ms`; 0 without one.

    `writes` is when they were permitted, ascending.
    """
    highest, first = 0, 0
    for last, at in enumerate(writes):
        while writes[first] <= at - span_ms:
            first += 1
        if at > since_ms:
            highest = max(highest, last - first + 1)
    return highest


def reviewed(
    limit: Limit, writes: Sequence[int], span_ms: int, setting: int, quiet_ms: int, now_ms: int
) -> Limit:
    """What is believed after a quiet time; the same value if that is not over.

    `quiet_ms` is how long that is after a raise that held, which makes the next one larger and sooner. A raise that was not
    tried yet is left alone, since raising it further would be a guess upon a guess.
    """
    if not limit.ceiling or now_ms < limit.due_ms:
        return limit
    if not limit.is_on_trial:
        return _raised(limit.ceiling, limit.quiet_ms, limit.step, setting, now_ms)
    if peak(writes, span_ms, limit.changed_ms) <= limit.base:
        return Limit(limit.ceiling, limit.base, now_ms, limit.quiet_ms, limit.step)
    step = min(_STEEPER * limit.step, _LARGEST_STEP)
    return _raised(limit.ceiling, quiet_ms, step, setting, now_ms)


def _raised(proven: int, quiet_ms: int, step: int, setting: int, now_ms: int) -> Limit:
    if setting and proven >= setting:
        return UNKNOWN
    ceiling = proven + max(1, proven * step // 100)
    return Limit(min(ceiling, setting or ceiling), proven, now_ms, quiet_ms, step)
