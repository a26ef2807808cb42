"""Our policy: workers that share one account, by the pure functions of production and the arithmetic of its scripts."""

import itertools
import random
from dataclasses import dataclass, field

from monarch.core.budget.ceilings import Ceilings, Pace, long_wait
from monarch.core.budget.forecast import Load, forecast_s, write_ms
from monarch.core.budget.learning import proven
from monarch.core.budget.turns import AGAIN_S, EARLY_S
from scripts.budget_machine.account import Account
from scripts.budget_machine.door import Answer, Door
from scripts.budget_machine.engine import Process

SIZES = (40, 100, 250, 600)
"""Requests whose end is forecast again and again."""

FORECAST_EVERY_S = 600.0


@dataclass(frozen=True)
class Promise:
    """At `at_s` it was told that `size` more writes take `takes_s`, when `written` had been made."""

    at_s: float
    written: int
    size: int
    takes_s: float


@dataclass
class Fleet:
    """So many workers with endless work."""

    door: Door
    dice: random.Random
    ceilings: Ceilings = field(default_factory=Ceilings)
    pace: Pace = field(default_factory=Pace)
    account: Account = field(default_factory=Account)
    promises: list[Promise] = field(default_factory=list)
    _nonces: "itertools.count[int]" = field(default_factory=itertools.count)

    def start(self, workers: int) -> None:
        """Set them to work, within a second."""
        for n in range(workers):
            self.door.engine.start(self._work(f"{n:04d}"), self.dice.random())

    def _work(self, turn: str) -> Process:
        while True:
            yield self._round_trip()
            nonce, now = str(next(self._nonces)), self._now_ms()
            gate_s = self.account.wait_ms(now) / 1000
            if gate_s:
                yield self._parked(gate_s) if long_wait(gate_s) else gate_s
                continue
            waits = self.account.permit(nonce, self.ceilings, self.pace, now, turn)
            if waits is None:
                yield from self._write(nonce, turn)
            elif waits.in_place:
                yield min(waits.wait_ms / 1000, AGAIN_S)
            else:
                yield self._parked(max(0.0, waits.wait_ms / 1000 - EARLY_S))

    def _write(self, nonce: str, turn: str) -> Process:
        answer = Answer()
        yield from self.door.write(answer)
        yield self._round_trip()
        if answer.is_created:
            self.account.ended(nonce)
            self.account.answered(self._now_ms())
            self.account.returns(turn, self.pace, self._now_ms())
            return
        asked_ms = None if answer.retry_after_s is None else answer.retry_after_s * 1000
        now = self._now_ms()
        self.account.refused(nonce, asked_ms, "a limit", self.ceilings, self.pace, now)
        # As in production: the gate is closed before the slot is given back.
        yield self._round_trip()
        self.account.ended(nonce)
        self.account.withdraw(nonce)

    def _parked(self, wait_s: float) -> float:
        """Promoted by a sweep, and the target is looked at before anything else."""
        return wait_s + self.dice.uniform(0.0, 2.5) + self.dice.uniform(0.5, 1.5)

    def _round_trip(self) -> float:
        return self.dice.uniform(0.001, 0.004)

    def _now_ms(self) -> int:
        return round(self.door.engine.now * 1000)

    def foretell(self) -> None:
        """Say when each of `SIZES` would be done, to be compared with what comes."""
        now, account = self._now_ms(), self.account
        writes, pace = account.accepted("", now), self.pace
        load = Load(
            now,
            writes,
            proven(self.ceilings, account.learned),
            account.wait_ms(now),
            write_ms(writes),
            pace.minute_ms + pace.margin_ms,
            pace.hour_ms + pace.margin_ms,
        )
        for size in SIZES:
            takes_s = forecast_s(load, size)
            self.promises.append(
                Promise(self.door.engine.now, len(self.door.created), size, takes_s)
            )

    def errors(self, ended_s: float) -> list[float]:
        """How wrong each forecast was, of those that came to their end and took longer than a minute; 0.1: a tenth."""
        found = []
        for promise in self.promises:
            last = promise.written + promise.size - 1
            if last < len(self.door.created) and self.door.created[last] < ended_s:
                took_s = self.door.created[last] - promise.at_s
                if took_s > 60:  # noqa: PLR2004 - a minute, in seconds
                    found.append(abs(promise.takes_s - took_s) / took_s)
        return found
