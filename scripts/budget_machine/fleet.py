"""Our policy: workers that share one account, by the adapters and scripts that are shipped."""

import random
from dataclasses import dataclass, field

from monarch.core.budget.ceilings import Ceilings, Pace, long_wait
from monarch.core.budget.forecast import Load, forecast_s, write_ms
from monarch.core.budget.learning import proven
from monarch.core.budget.line import AGAIN_S, EARLY_S
from monarch.core.target.permission import GateClosed, Granted, Wait
from scripts.budget_machine.account import Account, Writer
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
    promises: list[Promise] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.account = Account(self.ceilings, self.pace, self._now_ms)

    def start(self, workers: int) -> None:
        """Set them to work, within a second."""
        for n in range(workers):
            self.door.engine.start(self._work(self.account.writer(n)), self.dice.random())

    def _work(self, writer: Writer) -> Process:
        while True:
            yield self._round_trip()
            match writer.ask():
                case Granted(nonce):
                    yield from self._write(writer, nonce)
                case GateClosed(wait_s):
                    yield self._parked(wait_s) if long_wait(wait_s) else wait_s
                case Wait(wait_s, in_place=True):
                    yield min(wait_s, AGAIN_S)
                case Wait(wait_s):
                    yield self._parked(max(0.0, wait_s - EARLY_S))
                case other:
                    raise SystemExit(f"permit.lua answered {other}")

    def _write(self, writer: Writer, nonce: str) -> Process:
        answer = Answer()
        yield from self.door.write(answer)
        yield self._round_trip()
        if answer.is_created:
            writer.answered(nonce)
            return
        self.account.refused(nonce, answer.retry_after_s, "a limit")
        # As in production: the gate is closed before the slot is given back.
        yield self._round_trip()
        writer.came_to_nothing(nonce)

    def _parked(self, wait_s: float) -> float:
        """Promoted by a sweep, and the target is looked at before anything else."""
        return wait_s + self.dice.uniform(0.0, 2.5) + self.dice.uniform(0.5, 1.5)

    def _round_trip(self) -> float:
        return self.dice.uniform(0.001, 0.004)

    def _now_ms(self) -> int:
        return round(self.door.engine.now * 1000)

    def foretell(self) -> None:
        """Say when each of `SIZES` would be done, to be compared with what comes."""
        spent, pace = self.account.spent(), self.pace
        load = Load(
            spent.now_ms,
            spent.writes,
            proven(self.ceilings, spent.learned),
            spent.gate_ms,
            write_ms(spent.writes),
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
