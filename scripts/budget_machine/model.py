"""The scripts' arithmetic in Python: one account's windows, slots, gate and probe. No time passes by itself.

Held equal to permit.lua, record.lua and gate.lua by tests/contracts/test_budget_model.py.
"""

import itertools
from dataclasses import dataclass, field

from monarch.core.budget import Ceilings, Pace, room_ms
from monarch.core.learning import Learned, Refusal, effective, learn, review
from monarch.core.learning import wait_ms as now_closed

PROBE_POLL_MS, SLOT_POLL_MS = 1_000, 100


@dataclass
class Account:
    """What Valkey holds of one account."""

    ceilings: Ceilings
    pace: Pace
    learned: Learned = field(default_factory=Learned)
    writes: dict[int, int] = field(default_factory=dict)
    slots: dict[int, int] = field(default_factory=dict)
    sent_ms: int | None = None
    until_ms: int | None = None
    probe_until_ms: int = 0
    changes: int = 0
    _nonces: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def permit(self, now: int) -> tuple[int | None, int]:
        """A nonce, or `None` and how long to wait, in milliseconds."""
        self._review(now)
        if self.until_ms is not None and self.until_ms > now:
            return None, self.until_ms - now
        if self.until_ms is not None and self.probe_until_ms > now:
            return None, PROBE_POLL_MS
        self._forget(now)
        known = effective(self.ceilings, self.learned)
        wait = room_ms(list(self.writes.values()), self.sent_ms, known, self.pace, now)
        if known.at_once and len(self.slots) >= known.at_once:
            wait = max(wait, SLOT_POLL_MS)
        if wait > 0:
            return None, wait
        nonce = next(self._nonces)
        self.writes[nonce] = self.sent_ms = now
        self.slots[nonce] = now + self.pace.slot_ms
        if self.until_ms is not None:
            self.probe_until_ms = now + self.pace.slot_ms
        return nonce, 0

    def accepted(self, nonce: int, now: int) -> None:
        """It was answered well: a half-open gate opens."""
        self.slots.pop(nonce, None)
        if self.until_ms is not None and self.until_ms <= now:
            self.until_ms, self.probe_until_ms = None, 0

    def refused(self, nonce: int, wait_ms: int | None, now: int) -> int:
        """A limit: the gate closes, something is learned, its place is given back. How long it stays closed."""
        self.probe_until_ms = 0
        self._forget(now)
        counted = [at for one, at in self.writes.items() if one != nonce and one not in self.slots]
        refusal = Refusal(now, wait_ms, counted)
        self._believe(learn(self.learned, refusal, self.ceilings, self.pace))
        wait = now_closed(self.learned, refusal, self.pace)
        self.until_ms = max(self.until_ms or 0, now + wait)
        self.slots.pop(nonce, None)
        self.writes.pop(nonce, None)
        return self.until_ms - now

    def _review(self, now: int) -> None:
        if self.learned.review_ms is not None and now >= self.learned.review_ms:
            writes = list(self.writes.values())
            self._believe(review(self.learned, writes, self.ceilings, self.pace, now))

    def _believe(self, learned: Learned) -> None:
        self.changes += learned != self.learned
        self.learned = learned

    def _forget(self, now: int) -> None:
        for nonce, at in list(self.writes.items()):
            if at > now - 2 * self.pace.hour_ms:
                break
            del self.writes[nonce]
        self.slots = {nonce: until for nonce, until in self.slots.items() if until > now}
