"""Three other policies. Each worker is a process by itself: none of them shares anything.

predecessor   the service that Monarch replaces: a window of threads that grows by one with each success, up to 20, filled
              in a burst every 3 s; a 403 lets its thread sleep for half an hour, a 429 is tried again after 10 s. What
              GitHub asks for is never read.
every 1 s,    one write at a time, so far apart, with GitHub's documented reaction: wait for `Retry-After`, else for a
every 3 s     minute, doubling while it goes on.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass

from scripts.budget_machine.door import UNSAID_WAIT_S, Answer, Door
from scripts.budget_machine.engine import Process

POLL_S, MOST, ASLEEP_S, AGAIN_S = 3.0, 20, 1800.0, 10.0
LONGEST_S = 900.0

Rival = Callable[[Door, random.Random, int], None]


@dataclass
class _Window:
    """One process of the predecessor."""

    door: Door
    status: int
    size: int = 1
    busy: int = 0

    def polling(self) -> Process:
        while True:
            for _ in range(min(self.size, MOST) - self.busy):
                self.busy += 1
                self.door.engine.start(self._one())
            yield POLL_S

    def _one(self) -> Process:
        while True:
            answer = Answer()
            yield from self.door.write(answer)
            if answer.is_created:
                self.size = min(self.size + 1, MOST)
                break
            if self.status == 429:  # noqa: PLR2004 - HTTP's own number
                self.size = max(1, self.size // 2)
                yield AGAIN_S
                break
            yield ASLEEP_S
        self.busy -= 1


def predecessor(status: int) -> Rival:
    """With refusals that are 403 or 429."""

    def start(door: Door, dice: random.Random, workers: int) -> None:
        for _ in range(workers):
            door.engine.start(_Window(door, status).polling(), dice.random())

    return start


def every(seconds: float) -> Rival:
    """Writes so many seconds apart, with the documented reaction."""

    def worker(door: Door) -> Process:
        unsaid_s = UNSAID_WAIT_S
        while True:
            began, answer = door.engine.now, Answer()
            yield from door.write(answer)
            if answer.is_created:
                unsaid_s = UNSAID_WAIT_S
                yield max(0.0, began + seconds - door.engine.now)
            elif answer.retry_after_s is not None:
                yield max(float(answer.retry_after_s), seconds)
            else:
                yield unsaid_s
                unsaid_s = min(2 * unsaid_s, LONGEST_S)

    def start(door: Door, dice: random.Random, workers: int) -> None:
        for _ in range(workers):
            door.engine.start(worker(door), dice.random())

    return start
