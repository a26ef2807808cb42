"""What a policy sees of GitHub, and what is measured while it knocks."""

import math
import random
from dataclasses import dataclass, field

from scripts.budget_machine.engine import Engine, Process
from scripts.budget_machine.hidden import Hidden, Moody

UNSAID_WAIT_S = 60.0
"""GitHub's documents: where a refusal does not say for how long, at least a minute."""


@dataclass
class Answer:
    """To one write. `retry_after_s` is what a refusal asks for; `None` where it does not say, or for a 201."""

    is_created: bool = False
    retry_after_s: int | None = None


@dataclass
class Door:
    """The way to GitHub.

    Attributes:
        hints: whether refusals carry `Retry-After`.
        hint_unit_s: how finely it is told.
        created: when writes were accepted.
        early: refusals within the time that the last one had asked to wait.
        hammered_s: the longest time in which each refusal came within what the one before had asked for.
    """

    engine: Engine
    hidden: Hidden | Moody
    hints: bool
    dice: random.Random
    hint_unit_s: int = 1
    created: list[float] = field(default_factory=list)
    rejected: int = 0
    early: int = 0
    hammered_s: float = 0.0
    _closed_until: float = 0.0
    _spell_began: float = 0.0

    def write(self, answer: Answer) -> Process:
        """One write, there and back; `answer` is filled in."""
        takes_s = min(max(self.dice.lognormvariate(-1.05, 0.4), 0.1), 4.0)
        there = self.dice.uniform(0.2, 0.6)
        yield takes_s * there
        self._arrive(answer)
        yield takes_s * (1 - there)

    def _arrive(self, answer: Answer) -> None:
        now = self.engine.now
        wait_s = self.hidden.admit(now)
        if not wait_s:
            answer.is_created = True
            self.created.append(now)
            return
        self.rejected += 1
        if now < self._closed_until:
            self.early += 1
            self.hammered_s = max(self.hammered_s, now - self._spell_began)
        else:
            self._spell_began = now
        # Whole seconds, as the header has them.
        unit_s = self.hint_unit_s
        answer.retry_after_s = math.ceil(wait_s / unit_s) * unit_s if self.hints else None
        asked_s = UNSAID_WAIT_S if answer.retry_after_s is None else answer.retry_after_s
        self._closed_until = max(self._closed_until, now + asked_s)
