"""The hands on Valkey's memory and on how soon it answers. Each is done while a write to GitHub is under way."""

import shutil
from typing import Any, Final

import anyio
from valkey.exceptions import ValkeyError

from monarch.adapters.valkey.client.connection import connected
from monarch.adapters.valkey.client.sockets import place
from monarch.sandbox import faults
from monarch.sandbox.faults import Match
from monarch.sandbox.valkey import HOST, EmbeddedValkey
from scripts.chaos_machine.hands.deeds import Hand
from scripts.chaos_machine.hands.workers import all_frozen
from scripts.chaos_machine.sender import send_again
from scripts.chaos_machine.store import Alone, Watched
from scripts.chaos_machine.timetable import Fault
from scripts.chaos_machine.watch import Watch
from scripts.chaos_machine.world import World

CREATES: Final = Match(api="github", method="POST", path_regex="/issues$")
ACTS_AFTER_S: Final = 17.0
"""So late GitHub acts on a write that is under way then, in seconds since it received it."""

MET_WITHIN_S: Final = 20.0
STEP_S: Final = 0.1
SYNCED_WITHIN_S: Final = 20.0


async def _write_under_way(world: World) -> int:
    """Have GitHub act late on the next write, and wait until it has received one; returns the rule."""
    rule = await world.sandbox.add_fault(faults.Delay(seconds=ACTS_AFTER_S), match=CREATES)
    await world.sandbox.wait(fault=rule, hits=1, timeout_seconds=MET_WITHIN_S)
    return rule


async def _answer_late(world: World, _: Watch, fault: Fault) -> str | None:
    """Valkey does at once what it is asked, and answers seconds later; GitHub acts late on what is sent after that."""
    if not isinstance(world.store, Alone) or world.store.relay is None:
        return None
    world.store.relay.hold_back(fault.length_s)
    # What is sent before the end of that was permitted before it began, and answered at once.
    await anyio.sleep(fault.length_s - STEP_S)
    delay = faults.Delay(seconds=20.0 - fault.length_s + 1.0)
    rule = await world.sandbox.add_fault(delay, match=CREATES, times=2)
    await world.sandbox.wait(fault=rule, hits=2, timeout_seconds=MET_WITHIN_S)
    await world.sandbox.remove_faults(rule)
    return f"{fault.length_s:.1f} s"


async def _restore(world: World, _: Watch, fault: Fault) -> str | None:
    """An older memory is put into the running server, as by a backup: its run goes on, what it knew last is gone."""
    if not isinstance(world.store, Alone):
        return None
    primary = world.store.primary
    backup = EmbeddedValkey(world.folder / f"backup-{world.diary.lives}")
    backup.start({"replicaof": f"{HOST} {primary.port}"})
    try:
        async with connected(place(backup.url), "chaos") as copy:
            if not await _is_synced(copy):
                return None
            await _detach(copy)
        rule = await _write_under_way(world)
        await anyio.sleep(fault.length_s)
        world.diary.lives += 1
        await world.client.execute_command("REPLICAOF", HOST, str(backup.port))
        is_synced = await _is_synced(world.client)
        await _detach(world.client)
    finally:
        backup.stop()
    await world.sandbox.remove_faults(rule)
    await send_again(world)
    return f"back by {fault.length_s:.0f} s" if is_synced else "it did not get there"


async def _detach(client: Any) -> None:
    await client.execute_command("REPLICAOF", "NO", "ONE")


async def _is_synced(client: Any) -> bool:
    with anyio.move_on_after(SYNCED_WITHIN_S):
        while True:
            info = await client.info("replication")
            if info.get("master_link_status") == "up":
                return True
            await anyio.sleep(STEP_S)
    return False


async def _revert(world: World, _: Watch, fault: Fault) -> str | None:
    """The server dies, and its disk is put back to what it was some seconds before, as a snapshot of a machine is."""
    if not isinstance(world.store, Alone):
        return None
    server, snapshot = world.store.primary, world.folder / f"snapshot-{world.diary.lives}"
    server.freeze()
    shutil.copytree(server.directory, snapshot)
    server.thaw()
    rule = await _write_under_way(world)
    await anyio.sleep(fault.length_s)
    world.diary.lives += 1
    server.kill()
    shutil.rmtree(server.directory)
    snapshot.rename(server.directory)
    server.start()
    await world.sandbox.remove_faults(rule)
    await send_again(world)
    return f"back by {fault.length_s:.0f} s"


async def _come_back_empty(world: World, _: Watch, fault: Fault) -> str | None:
    """The server dies and starts without a memory; a newcomer is there before anybody else has come back."""
    if not isinstance(world.store, Alone):
        return None
    server = world.store.primary
    rule = await _write_under_way(world)
    # Only now: the wait is long, and who was up before it may be in other hands.
    newcomer = world.victim(fault.victim)
    if newcomer is None:
        await world.sandbox.remove_faults(rule)
        return None
    newcomer.kill()
    with all_frozen(world):
        server.kill()
        shutil.rmtree(server.directory)
        world.diary.lives += 1
        server.start()
        newcomer.start()
        await newcomer.until_works(MET_WITHIN_S / 2)
        await anyio.sleep(fault.length_s)
    await world.sandbox.remove_faults(rule)
    await send_again(world)
    return f"{newcomer.name} was the first"


async def _fail_over_and_back(world: World, _: Watch, fault: Fault) -> str | None:  # noqa: ARG001 - every hand takes it
    """The replica takes over and gives it back before any worker has seen the other server."""
    if not isinstance(world.store, Watched):
        return None
    rule = await _write_under_way(world)
    with all_frozen(world):
        for _there_and_back in range(2):
            await world.store.fail_over(coordinated=True)
            await world.store.settle()
    await world.sandbox.remove_faults(rule)
    return ""


def _or_missed(hand: Hand) -> Hand:
    """A server that does not answer meanwhile was nobody to be hit."""

    async def guarded(world: World, watch: Watch, fault: Fault) -> str | None:
        try:
            return await hand(world, watch, fault)
        except (ValkeyError, OSError):
            return None

    return guarded


MEMORY: Final[dict[str, Hand]] = {
    "valkey.answers_late": _answer_late,
    "memory.restored": _or_missed(_restore),
    "memory.reverted": _revert,
    "memory.comes_back_empty": _come_back_empty,
    "memory.failover_and_back": _fail_over_and_back,
}
