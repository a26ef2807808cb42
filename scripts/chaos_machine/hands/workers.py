"""The hands on workers: they are killed, stopped and frozen.

A hand takes a worker that is `up`, and changes its state before it waits for anything. So no other hand takes it
meanwhile: who starts a new life while another hand waits for the end of the old one has the new one killed for it.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final

import anyio

from scripts.chaos_machine.timetable import Fault
from scripts.chaos_machine.watch import Watch
from scripts.chaos_machine.workers import Worker
from scripts.chaos_machine.world import World

STARTS_WITHIN_S: Final = 30.0


async def kill(world: World, watch: Watch, fault: Fault) -> str | None:
    """SIGKILL, and a new one after a while."""
    worker = world.victim(fault.victim)
    if worker is None:
        return None
    name = worker.name
    await _kill_one(watch, worker)
    await anyio.sleep(fault.length_s)
    worker.start()
    return name


async def _kill_one(watch: Watch, worker: Worker) -> None:
    _take([worker])
    held = await watch.held_by(worker)
    worker.kill()
    watch.lost("killed", held)


async def kill_all(world: World, watch: Watch, fault: Fault) -> str | None:
    """The same to all of them."""
    victims = [one for one in world.workers if one.state == "up"]
    names = ", ".join(one.name for one in victims)
    _take(victims)
    for worker in victims:
        await _kill_one(watch, worker)
    await anyio.sleep(fault.length_s)
    for worker in victims:
        worker.start()
    return names or None


async def terminate(world: World, watch: Watch, fault: Fault) -> str | None:
    """SIGTERM, and a new one after a while."""
    worker = world.victim(fault.victim)
    if worker is None:
        return None
    name = worker.name
    await stop_one(watch, worker)
    await anyio.sleep(fault.length_s)
    worker.start()
    return name


async def stop_one(watch: Watch, worker: Worker) -> None:
    """SIGTERM; returns when it has ended."""
    _take([worker])
    async with watch.handing_back(await watch.held_by(worker)):
        await worker.stop()


async def roll(world: World, watch: Watch, fault: Fault | None = None) -> str | None:  # noqa: ARG001 - every hand takes it
    """A rolling restart: one after the other is stopped and started."""
    names = []
    for worker in world.workers:
        if worker.state == "up":
            names.append(worker.name)
            await stop_one(watch, worker)
            worker.start()
            # One at a time: where all are loading their modules at once, there is nobody to hand anything to.
            await worker.until_works(STARTS_WITHIN_S)
    return ", ".join(names) or None


async def freeze(world: World, watch: Watch, fault: Fault) -> str | None:
    """SIGSTOP, and SIGCONT after a while."""
    worker = world.victim(fault.victim)
    if worker is None:
        return None
    worker.state = "frozen"
    is_long = fault.kind == "worker.freeze_long"
    held = await watch.held_by(worker) if is_long else []
    worker.freeze()
    losses = watch.lost("frozen", held)
    await anyio.sleep(fault.length_s)
    worker.thaw()
    watch.thawed(losses)
    return worker.name


async def replace_all(world: World, watch: Watch) -> None:
    """Stop all at once and start all anew: a deployment that takes no care; returns when they work."""
    replaced = [one for one in world.workers if one.state == "up"]
    _take(replaced)

    async def replace(worker: Worker) -> None:
        await stop_one(watch, worker)
        worker.start()
        await worker.until_works(STARTS_WITHIN_S)

    async with anyio.create_task_group() as group:
        for worker in replaced:
            group.start_soon(replace, worker)


@contextmanager
def all_frozen(world: World, but: Worker | None = None) -> Iterator[None]:
    """Within, nobody of the fleet moves; not long enough for a lease to end."""
    frozen = [one for one in world.workers if one.state == "up" and one is not but]
    for worker in frozen:
        worker.freeze()
    try:
        yield
    finally:
        for worker in frozen:
            worker.thaw()


def _take(workers: Iterable[Worker]) -> None:
    for worker in workers:
        worker.state = "ending"
