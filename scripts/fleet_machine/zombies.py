"""Rounds of zombies: many workers at once, frozen at random moments and seams for longer than their lease.

A round is one fleet. Each of its zombies has one migration in hand when it is frozen, healthy workers take over what the
zombies hold, and each zombie is woken at a random time after its lease: before another one has its delivery, in the
middle of that one's work, or when all is over. `scripts/bench zombies` runs many rounds and prints what came of them.
"""

import random
import signal
import tempfile
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from monarch.sandbox.fleet import pid_of
from monarch.sandbox.judge.findings import Findings
from monarch.sandbox.process import running_sandbox
from monarch.sandbox.valkey import EmbeddedValkey
from scripts.fleet_machine.fleet import Fleet, a_fleet, a_message, a_seed
from scripts.fleet_machine.trouble import (
    LEASE_S,
    Process,
    is_frozen,
    judged,
    spawn_troubled,
    thaw,
)
from scripts.fleet_machine.troubled_worker import SEAMS

TICKETS: Final = 6
LATENCY_S: Final = 0.1
"""How long each call takes, so that random moments hit calls under way."""

CROSSING_S: Final = 3.0
"""About how long a crossing then takes."""

START_WITHIN_S: Final = 150.0
FREEZE_WITHIN_S: Final = 10.0
LONGEST_S: Final = 15.0
"""A freeze lasts for the lease, and up to this much longer."""

AT_RANDOM: Final = "random moment"
HEALTHY: Final = 2


@dataclass
class Zombie:
    """A worker to be frozen, and how that went; times in seconds by the monotonic clock, `None`: not yet.

    Attributes:
        moment: the seam where it freezes itself, or `AT_RANDOM`.
        delay_s: how long after it got its delivery it is frozen at random.
        length_s: for how long it stays frozen.
        taken_over: whether its delivery was in other hands when it woke.
    """

    moment: str
    delay_s: float
    length_s: float
    worker: Process
    target: str = ""
    held_at: float | None = None
    frozen_at: float | None = None
    woken_at: float | None = None
    taken_over: bool = False


@dataclass
class Round:
    """What came of a round."""

    zombies: list[Zombie]
    findings: Findings


async def a_round(dice: random.Random, zombies: int) -> Round:
    """Run a fleet with so many zombies to its end, and judge it by the stand-in's ground truth."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="monarch-zombies-")))
        server = stack.enter_context(EmbeddedValkey(folder / "valkey"))
        sandbox = await stack.enter_async_context(running_sandbox())
        fleet = stack.enter_context(a_fleet(server, sandbox, folder))
        return await _run(fleet, dice, zombies)


async def _run(fleet: Fleet, dice: random.Random, count: int) -> Round:
    targets = [f"team/t{number}" for number in range(count)]
    await fleet.sandbox.seed(a_seed(TICKETS, targets))
    await fleet.sandbox.settings(latency_seconds=LATENCY_S)
    zombies = _zombies(fleet, dice, count)
    for target in targets:
        fleet.publish(a_message([target]))
    give_up = time.monotonic() + FREEZE_WITHIN_S
    fleet.until(lambda: _freeze(fleet, zombies) or time.monotonic() > give_up)
    fleet.start(HEALTHY, MONARCH_LEASE_SECONDS=str(LEASE_S), MONARCH_WRITES_AT_ONCE="100")
    frozen = [zombie for zombie in zombies if zombie.frozen_at is not None]
    fleet.until(lambda: _wake(fleet, frozen))
    fleet.until_ended(count, within_s=120)
    state = await fleet.sandbox.state()
    fleet.until(lambda: _all_reported(judged(fleet, state, targets)))
    fleet.until_ended(count)
    return Round(frozen, judged(fleet, await fleet.sandbox.state(), targets))


def _zombies(fleet: Fleet, dice: random.Random, count: int) -> list[Zombie]:
    """Half of them freeze themselves at a seam, the others are frozen at a random moment."""
    moments = [dice.choice(SEAMS) if n % 2 else AT_RANDOM for n in range(count)]
    troubles = [
        "" if moment == AT_RANDOM else f"freeze@{moment}#{_passage(moment, dice)}"
        for moment in moments
    ]
    workers = spawn_troubled(fleet, troubles, MONARCH_CONCURRENCY="1")
    fleet.until(lambda: fleet.subscribed() == count, within_s=START_WITHIN_S)
    return [
        Zombie(
            moment, dice.uniform(0, CROSSING_S), LEASE_S + 1 + dice.uniform(0, LONGEST_S), worker
        )
        for moment, worker in zip(moments, workers, strict=True)
    ]


def _passage(moment: str, dice: random.Random) -> int:
    """Some seams are passed once in a crossing, a look twice, the others for each ticket."""
    once = {"handled": 1, "taken": 1, "settling": 1, "looked": 2}
    return dice.randint(1, once.get(moment, TICKETS))


def _freeze(fleet: Fleet, zombies: list[Zombie]) -> bool:
    """Freeze whoever's moment has come; whether all are frozen."""
    now = time.monotonic()
    held = {pid_of(consumer): team for consumer, team, _ in fleet.pending()}
    for zombie in zombies:
        if zombie.frozen_at is not None or zombie.worker.pid not in held:
            continue
        zombie.target = held[zombie.worker.pid]
        zombie.held_at = zombie.held_at or now
        if zombie.moment == AT_RANDOM and now - zombie.held_at >= zombie.delay_s:
            zombie.worker.send_signal(signal.SIGSTOP)
        if is_frozen(zombie.worker):
            zombie.frozen_at = now
    return all(zombie.frozen_at is not None for zombie in zombies)


def _wake(fleet: Fleet, frozen: list[Zombie]) -> bool:
    """Wake whoever's time has come; whether all are awake."""
    now = time.monotonic()
    for zombie in frozen:
        if zombie.woken_at is None and now - (zombie.frozen_at or now) >= zombie.length_s:
            zombie.taken_over = fleet.at_work_on(zombie.target) is not zombie.worker
            thaw(zombie.worker)
            zombie.woken_at = now
    return all(zombie.woken_at is not None for zombie in frozen)


def _all_reported(found: Findings) -> bool:
    return len(found.reported) == len(found.doubled)
