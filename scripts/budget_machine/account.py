"""One account's budget, gate and points in memory: the arithmetic of permit.lua, record.lua, gate.lua and believe.lua.

No time passes by itself, so the simulation of `scripts/bench budget` runs on it, too. What holds it equal to the scripts
is the contract suite, and tests/contracts/test_budget_model.py.
"""

from dataclasses import dataclass, field

from monarch.core.budget.ceilings import Ceilings, Pace, room_ms
from monarch.core.budget.learning import Learned, Refusal, effective, learn, review, wait_ms
from monarch.core.budget.turns import place, wait_in_line_ms, waits_in_place
from monarch.core.ids import TargetId

READ_POINTS, WRITE_POINTS = 1, 5


@dataclass(frozen=True, slots=True)
class InLine:
    """How long to wait for a write, in milliseconds, and whether with place and target kept."""

    wait_ms: int
    in_place: bool = True


@dataclass(slots=True)
class Account:
    """Budget, slots and gate of one account, or the gate of one token.

    Attributes:
        writes: when those were permitted that count, by their nonce; ascending.
        calls: those that GitHub allows, and when its count begins anew (ms); `None`: nobody knows.
        learned_by: the refused write that the fleet learned from last.
        line: when each of those asks again (ms) who wait for a write, by their turn.
    """

    writes: dict[str, int] = field(default_factory=dict)
    slots: dict[str, int] = field(default_factory=dict)
    points: dict[int, int] = field(default_factory=dict)
    faults: set[TargetId] = field(default_factory=set)
    learned: Learned = field(default_factory=Learned)
    closed_until_ms: int | None = None
    cause: str = ""
    probe: str = ""
    probe_until_ms: int = 0
    sent_ms: int | None = None
    calls: tuple[int, int] | None = None
    learned_by: str = ""
    line: dict[str, int] = field(default_factory=dict)
    _times: list[int] | None = None

    # -------------------------------------------------------------------------------------------- writes

    def permit(
        self, nonce: str, ceilings: Ceilings, pace: Pace, now: int, turn: str = ""
    ) -> InLine | None:
        """Take a write from an open budget: `None`; else how long to wait, and whether in place.

        `turn` is the caller's name in line.
        """
        wait_ms = self._wait_ms(ceilings, pace, now)
        if self.review(ceilings, pace, now):
            wait_ms = self._wait_ms(ceilings, pace, now)
        waits = self._in_line(wait_ms, turn, ceilings, pace, now)
        if waits is not None:
            return waits
        self.spend(WRITE_POINTS, ceilings, pace, now)
        self.writes[nonce] = self.sent_ms = now
        self._times = None
        self.slots[nonce] = now + pace.slot_ms
        if self.closed_until_ms is not None:
            self.probe, self.probe_until_ms = nonce, now + pace.slot_ms
        return None

    def _in_line(
        self, wait_ms: int, turn: str, ceilings: Ceilings, pace: Pace, now: int
    ) -> InLine | None:
        """Stand in line, or leave it: parked, or because it is the caller's turn (`None`)."""
        known = effective(ceilings, self.learned)
        is_half_open = self.closed_until_ms is not None and self.probe_until_ms > now
        limits = (known.per_minute, known.per_hour, known.interval_ms, known.at_once, known.points)
        if not is_half_open and not any(limits):
            return InLine(wait_ms) if wait_ms > 0 else None
        self.line = {name: at for name, at in self.line.items() if at + pace.late_ms >= now}
        at = place([when for name, when in self.line.items() if name < turn], pace, now)
        wait_ms = wait_in_line_ms(wait_ms, at, pace)
        in_place = waits_in_place(wait_ms, at, pace)
        self.line.pop(turn, None)
        if wait_ms > 0 and in_place:
            self.line[turn] = now + wait_ms
        return InLine(wait_ms, in_place) if wait_ms > 0 else None

    def returns(self, turn: str, pace: Pace, now: int) -> None:
        """Its write was answered: it asks again at once, if it has more to write."""
        if self.line:
            self.line[turn] = now + pace.returns_ms - pace.late_ms

    def _wait_ms(self, ceilings: Ceilings, pace: Pace, now: int) -> int:
        self._forget(pace, now)
        known = effective(ceilings, self.learned)
        waits = [
            room_ms(self._all_times(), self.sent_ms, known, pace, now),
            self.points_wait(WRITE_POINTS, ceilings, pace, now),
        ]
        if self.closed_until_ms is not None and self.probe_until_ms > now:
            waits.append(pace.minute_ms // 60)
        if known.at_once and len(self.slots) >= known.at_once:
            waits.append(pace.poll_ms)
        return max(waits)

    def _forget(self, pace: Pace, now: int) -> None:
        # A minute late is as good, and sixty times as cheap where a day is simulated.
        oldest = now - 2 * pace.hour_ms
        if self.writes and next(iter(self.writes.values())) <= oldest - pace.minute_ms:
            self.writes = {nonce: at for nonce, at in self.writes.items() if at > oldest}
            self._times = None
        self.slots = {nonce: until for nonce, until in self.slots.items() if until > now}

    def _all_times(self) -> list[int]:
        """Made once for each change: a simulation asks far more often than it writes."""
        if self._times is None:
            self._times = list(self.writes.values())
        return self._times

    def ended(self, nonce: str) -> None:
        """A write is not under way any more: its slot is free, and if it was the probe another may go first."""
        self.slots.pop(nonce, None)
        if nonce == self.probe:
            self.probe_until_ms = 0

    def withdraw(self, nonce: str) -> None:
        """It certainly came to nothing: its place in the windows is free again."""
        self.writes.pop(nonce, None)
        self._times = None

    def answered(self, now: int) -> None:
        """A write was answered: that opens a gate which is half-open, and none that is closed."""
        self.faults.clear()
        if self.closed_until_ms is None or self.closed_until_ms > now:
            return
        self.closed_until_ms, self.cause, self.probe_until_ms = None, "", 0

    # ---------------------------------------------------------------------------------------------- gate

    def wait_ms(self, now: int) -> int:
        """How long the gate stays closed; 0 where it is open or half-open."""
        return max(0, (self.closed_until_ms or 0) - now)

    def close(self, now: int, wait_ms: int, cause: str) -> int:
        """Close the gate, never for shorter than it is."""
        self.closed_until_ms = max(self.closed_until_ms or 0, now + wait_ms)
        self.cause, self.probe_until_ms = cause, 0
        return self.closed_until_ms - now

    # ------------------------------------------------------------------------------------------ learning

    def refused(
        self, nonce: str, asked_ms: int | None, cause: str, ceilings: Ceilings, pace: Pace, now: int
    ) -> int | None:
        """Learn from a refused write and close the gate; `None` where it says nothing of what is written."""
        if self.calls is not None and self.calls[0] <= 0 and self.calls[1] > now:
            return None
        if self.learned_by == nonce:
            return self.wait_ms(now)
        refusal = Refusal(now, asked_ms, self.accepted(nonce, now))
        self.learned_by = nonce
        self.learned = learn(self.learned, refusal, ceilings, pace)
        return self.close(now, wait_ms(self.learned, refusal, pace), cause)

    def accepted(self, without: str, now: int) -> list[int]:
        """When those were permitted that were answered, or left without an answer."""
        in_hand = {nonce for nonce, until in self.slots.items() if until > now} | {without}
        return [at for nonce, at in self.writes.items() if nonce not in in_hand]

    def review(self, ceilings: Ceilings, pace: Pace, now: int) -> bool:
        """Raise what was not refused for long, where that is due; whether anything changed."""
        due = self.learned.review_ms
        if due is None or due > now:
            return False
        before = self.learned
        self.learned = review(before, self.accepted("", now), ceilings, pace, now)
        return self.learned != before

    # -------------------------------------------------------------------------------------------- points

    def points_wait(self, weight: int, ceilings: Ceilings, pace: Pace, now: int) -> int:
        """How long until so many points fit, in milliseconds."""
        if not ceilings.points:
            return 0
        minute_ms = pace.minute_ms + pace.margin_ms
        length = minute_ms / 60
        ends = {began: began + length + minute_ms for began in self.points}
        self.points = {began: n for began, n in self.points.items() if ends[began] > now}
        spent = weight + sum(self.points.values())
        for began in sorted(self.points):
            if spent <= ceilings.points:
                return 0
            spent -= self.points[began]
            if spent <= ceilings.points:
                return max(1, round(ends[began] - now))
        return 0 if spent <= ceilings.points else minute_ms

    def spend(self, weight: int, ceilings: Ceilings, pace: Pace, now: int) -> None:
        """Count points."""
        if ceilings.points:
            length = (pace.minute_ms + pace.margin_ms) / 60
            bucket = round(now // length * length)
            self.points[bucket] = self.points.get(bucket, 0) + weight
