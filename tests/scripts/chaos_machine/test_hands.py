"""The hands on workers: what is in one hand is in no other."""

import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import anyio.lowlevel
import pytest

from scripts.chaos_machine.hands import workers as hands
from scripts.chaos_machine.hands.deeds import Hand
from scripts.chaos_machine.hands.memory import MEMORY
from scripts.chaos_machine.store import Alone
from scripts.chaos_machine.timetable import Fault
from scripts.chaos_machine.watch import Watch
from scripts.chaos_machine.workers import Worker
from scripts.chaos_machine.world import World


class Willing(Worker):
    """A worker whose process does nothing, and ends when it is asked to."""

    def start(self) -> None:
        """Start a new life, which works at once."""
        self.lives += 1
        (self.logs / f"{self.name}.log").write_text('{"event": "worker.started"}')
        self.process = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
        self.state = "up"


class Looking:
    """A watch that sees, whenever a hand waits for it, which workers another hand could take."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.seen: list[list[int]] = []

    async def held_by(self, _: Worker) -> list[Any]:
        """Any hand waits here for Valkey."""
        self.seen.append([one.number for one in self.world.workers if one.state == "up"])
        # The other hands have their turn here, as they have while Valkey answers: a worker that ends at once would
        # otherwise be up again before they begin.
        await anyio.lowlevel.checkpoint()
        return []

    @asynccontextmanager
    async def handing_back(self, _: list[Any]) -> AsyncIterator[None]:
        """Nothing is held."""
        yield

    def lost(self, *_: object) -> list[Any]:
        """Nothing is lost."""
        return []

    thawed = lost


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Two workers that are up."""
    fleet: list[Worker] = [Willing(number, lambda _: {}, tmp_path, []) for number in range(2)]
    store = Alone(tmp_path / "valkey")
    built = World(cast("Any", None), tmp_path, store, cast("Any", None), None, fleet)
    for worker in fleet:
        worker.start()
    yield built
    for worker in fleet:
        worker.kill()


async def _replace_all(world: World, watch: Watch, _: Fault) -> None:
    await hands.replace_all(world, watch)


@pytest.mark.parametrize(
    ("hand", "kind", "left"),
    [
        (hands.kill, "worker.kill", [1]),
        (hands.terminate, "worker.term", [1]),
        (hands.freeze, "worker.freeze_long", [1]),
        (hands.kill_all, "workers.kill_all", []),
        (_replace_all, "clock.fast", []),
    ],
)
async def test_a_worker_in_one_hand_is_no_other_hands_victim(
    world: World, hand: Hand, kind: str, left: list[int]
) -> None:
    """A worker that is frozen while another hand waits for its end would be a slow exit of the product's."""
    looking = Looking(world)
    await hand(world, cast("Watch", looking), Fault(0.0, kind, 0, 0.0))

    assert looking.seen
    assert all(seen == left for seen in looking.seen)
    assert [one.state for one in world.workers] == ["up", "up"]


async def test_a_worker_that_is_asked_to_stop_during_the_wait_for_a_write_is_no_newcomer(
    world: World,
) -> None:
    """Seed 8: the newcomer was begun while a deployment waited for its predecessor's end, and was killed for it."""

    async def a_deployment_begins(**_: object) -> bool:
        for worker in world.workers:
            worker.state = "ending"
        return True

    async def nothing(*_: object, **__: object) -> int:
        return 1

    sandbox = SimpleNamespace(add_fault=nothing, wait=a_deployment_begins, remove_faults=nothing)
    world.sandbox = cast("Any", sandbox)
    hit = await MEMORY["memory.comes_back_empty"](
        world, Watch(world), Fault(0.0, "memory.comes_back_empty", 0, 0.0)
    )

    assert hit is None
    assert [(one.lives, one.has_life()) for one in world.workers] == [(1, True), (1, True)]
